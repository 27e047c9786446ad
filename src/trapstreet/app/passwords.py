"""The passwords to try where something is encrypted."""

from pathlib import Path

from trapstreet.core.model.protected import Protected
from trapstreet.plugins._secrets import secret_text

Passwords = tuple[Protected[str], ...]
"""What to try where something is encrypted."""


def passwords_in(file: Path | None) -> Passwords:
    """The passwords in a file that only its owner may read, one a line; none without a file.

    Raises UnusableInput, or AccessDenied.
    """
    if file is None:
        return ()
    lines = secret_text(file, what="the passwords").reveal().replace("\r\n", "\n").split("\n")
    return tuple(Protected(line) for line in dict.fromkeys(lines) if line)
