"""Standard input, given as "-": one object of unknown size that can be read once."""

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.objects import SourceObject, Unread


def claims(location: str) -> bool:
    return location == "-"


def objects(location: str) -> Iterator[SourceObject | Unread]:
    """The one object. Raises Unreachable if standard input was closed when the program began: by now 0 may be
    the number of another file."""
    if sys.__stdin__ is None:
        raise Unreachable("standard input is closed", hint="pipe something into it")
    return iter([SourceObject(location, location, None, _open)])


def _open() -> BinaryIO:
    os.set_blocking(0, True)  # else a slow writer would look like the end
    return open(0, "rb", buffering=0, closefd=False)
