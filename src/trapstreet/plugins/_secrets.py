"""Files that only their owner may read: secrets, and what plugins keep for themselves."""

import os
import stat
import tempfile
from pathlib import Path

from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.protected import Protected

_LONGEST = 1 << 16


def secret(file: Path, *, what: str) -> Protected[str]:
    """The file's only line, without white space round it.

    what  stands for it in errors: "the password"
    Raises UnusableInput where it is missing or not one line, or others may read it too, and AccessDenied
    where it may not be read.
    """
    text = secret_text(file, what=what)
    if not text.reveal().isprintable():
        raise UnusableInput(f"{file} does not hold {what} alone", hint="it is one line of text")
    return text


def secret_text(file: Path, *, what: str) -> Protected[str]:
    """As `secret`, where it may have several lines."""
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            data = opened.read(_LONGEST + 1)
    except PermissionError as error:
        raise AccessDenied(
            f"not allowed to read {what} from {file}", hint="give it to the user that this runs as"
        ) from error
    except OSError as error:
        raise UnusableInput(
            f"{what} cannot be read from {file}: {(error.strerror or 'no file').lower()}",
            hint="write it there, and chmod 600",
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise UnusableInput(f"others may read {file}", hint=f"chmod 600 {file}")
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:  # no cause: its message would show what the file holds
        text = ""
    if not text or len(data) > _LONGEST:
        raise UnusableInput(f"{file} does not hold {what}", hint="it is the only text in its file, in UTF-8")
    return Protected(text)


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
