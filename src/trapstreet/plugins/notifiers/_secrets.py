"""Secrets in files that only their owner may read."""

import os
import stat
from pathlib import Path

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected

_LONGEST = 1 << 16


def secret(file: Path, *, what: str) -> Protected[str]:
    """The text of a file without white space round it. Raises UnusableInput where others may read it too.

    what  stands for it in errors: "the password"
    """
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            data = opened.read(_LONGEST + 1)
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
