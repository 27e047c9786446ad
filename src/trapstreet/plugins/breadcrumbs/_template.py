"""A template of the owner's: read whole, within limits."""

import os

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput

MOST = 64 << 20
"""Bytes of a template at most."""


def read(path: str) -> bytes:
    """The file's bytes. Raises UnusableInput for what is no file or too large, Unreachable, AccessDenied."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # waits for no pipe
            data: bytes = file.read(MOST + 1)
    except PermissionError as error:
        raise AccessDenied(f"{path}: not allowed to read it", hint="check its permissions") from error
    except IsADirectoryError as error:
        raise UnusableInput(f"{path} is a folder", hint="give a file") from error
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise Unreachable(f"{path}: {why}", hint="check the path") from error
    if not data:
        raise UnusableInput(f"{path or '--template'} is empty", hint="give a file of your own")
    if len(data) > MOST:
        raise UnusableInput(f"{path} has more than {MOST >> 20} MB", hint="take a smaller template")
    return data
