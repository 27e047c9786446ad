"""Errors of the system and the registry in the product's own words, for whoever tells them to people."""

import errno
import os
import sys

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable

_FULL = (errno.ENOSPC, errno.EDQUOT)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


def known_error(error: Exception) -> TrapstreetError | None:
    """The error in the product's own words, None if it is a bug."""
    match error:
        case TrapstreetError():
            return error
        case OSError() if error.errno in _FULL:
            return Unreachable(_where("the disk is full", error), hint="make room and run it again")
        case OSError() if error.errno == errno.EFBIG:
            hint = "raise the limit (ulimit -f), or use another disk"
            return Unreachable(_where("no larger file may be written", error), hint=hint)
        case OSError() if error.errno in _DENIED:
            return AccessDenied(_where("not allowed", error), hint="check owner and permissions")
        case OSError() if error.errno is not None:
            return Unreachable(_where(os.strerror(error.errno).lower(), error), hint="check the place")
        case _:
            return _database_error(error)


def _database_error(error: Exception) -> TrapstreetError | None:
    """Errors of the registry that are no bug: away, locked, full. Their first line names no cell."""
    drivers = sys.modules.get("django.db.utils")
    if drivers is None or not isinstance(error, (drivers.OperationalError, drivers.InterfaceError)):
        return None
    said = (str(error).strip().splitlines() or ["no answer"])[0]
    return Unreachable(
        f"the registry: {said}", hint="nothing was half-written; make room, or mend it, and run it again"
    )


def _where(what: str, error: OSError) -> str:
    return f"{what}: {os.fsdecode(error.filename)}" if isinstance(error.filename, (str, bytes)) else what
