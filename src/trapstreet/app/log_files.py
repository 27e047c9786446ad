"""The files of access logs, opened for reading."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.plugins.accesslogs import DAMAGED, HEAD_BYTES, unpacked


@contextmanager
def readable(path: Path) -> Iterator[BinaryIO]:
    """A log, unpacked. Raises Unreachable, UnusableInput, AccessDenied."""
    try:
        with unpacked(path) as stream:
            yield stream
    except FileNotFoundError as error:
        raise Unreachable(f"there is no file {printable(str(path))}", hint="name a log") from error
    except IsADirectoryError as error:
        raise UnusableInput(f"{printable(str(path))} is a folder", hint="name the logs in it") from error
    except PermissionError as error:
        raise AccessDenied(f"may not read {printable(str(path))}", hint="run it as who may") from error


def head_of(path: Path) -> tuple[bytes, bool]:
    """The beginning of a log, and whether what it is packed in breaks off there."""
    head = b""
    with readable(path) as stream:
        try:
            while len(head) < HEAD_BYTES and (line := stream.readline(HEAD_BYTES)):
                head += line
        except DAMAGED:
            return head, True
    return head[:HEAD_BYTES], False
