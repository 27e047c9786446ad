"""Files that nobody else may read: passwords and tokens, and what a listener remembers."""

import os
import tempfile
from pathlib import Path

from trapstreet.core.model.errors import AccessDenied, UnusableInput

_MOST = 1 << 16


def secret(path: Path) -> str:
    """The file's only line. Raises UnusableInput where it is missing, empty or readable by others,
    AccessDenied where it may not be read."""
    try:
        if path.stat().st_mode & 0o077:
            raise UnusableInput(f"others may read {path}", hint=f"chmod 600 {path}")
        with path.open("rb") as file:
            data = file.read(_MOST)
    except FileNotFoundError as error:
        raise UnusableInput(f"there is no file {path}", hint="write the secret into it, chmod 600") from error
    except PermissionError as error:
        raise AccessDenied(f"not allowed to read {path}", hint="give it to the trap's user") from error
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read", hint="it is a text file with one line") from error
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:  # no cause: its message would show what the file holds
        text = ""
    if not text or not text.isprintable():
        raise UnusableInput(f"{path} does not hold one line of text", hint="write the secret into it")
    return text


def replace(path: Path, data: bytes) -> None:
    """The file holds the data, mode 0600, on disk when this returns; a crash leaves the old state.

    It belongs to whom its folder belongs to, since a trap begins as root and goes on as somebody else.
    Raises OSError.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            if os.geteuid() == 0:
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
            os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
