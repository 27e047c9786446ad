"""What people are told of files and folders that do not take a change, or do not give it back."""

import os
from collections.abc import Sequence

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.words import counted, printable
from trapstreet.plugins.changes._posix.making import Left, Stopped
from trapstreet.plugins.changes._posix.turns import Elsewise

_MOST_NAMED = 5


def stopped(by: Stopped) -> TrapstreetError:
    """Of a change that was stopped: by which path and why, and what is not as before."""
    what = f"{printable(by.path)}: {_why(by.why)}"
    if by.left:
        return _told(by.why, f"{what}; {_named(by.left)}", _UNDO)
    return _told(by.why, f"{what}; nothing was changed", _hint(by.why))


def not_back(left: Sequence[Left]) -> TrapstreetError:
    """Of what could not be given back."""
    (_, why), *_ = left
    return _told(why, _named(left), f"{_hint(why)}, and then {_UNDO}")


_UNDO = "to give that back: trapstreet access apply DIR --undo"


def _named(left: Sequence[Left]) -> str:
    shown = [f"{printable(path)}: {_why(why)}" for path, why in left[:_MOST_NAMED]]
    more = [f"{len(left) - _MOST_NAMED:,} more"] if len(left) > _MOST_NAMED else []
    paths = counted(len(left), "path")
    return f"{paths} could not be given back (all else was): {', '.join([*shown, *more])}"


def _why(error: Elsewise | OSError) -> str:
    if isinstance(error, Elsewise):
        return "it was moved or replaced meanwhile"
    return error.strerror or type(error).__name__


def _hint(error: Elsewise | OSError) -> str:
    if isinstance(error, Elsewise):
        return "make a new plan"
    if isinstance(error, PermissionError):
        return "look with lsattr whether it is immutable" if os.geteuid() == 0 else "run it as root"
    return "look whether it can be written"


def _told(error: Elsewise | OSError, what: str, hint: str) -> TrapstreetError:
    if isinstance(error, Elsewise):
        return UnusableInput(what, hint=hint)
    if isinstance(error, PermissionError):
        return AccessDenied(what, hint=hint)
    return Unreachable(what, hint=hint)
