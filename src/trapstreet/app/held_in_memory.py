"""Bytes as a file that never touches a disk."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from trapstreet.core.model.objects import SourceObject

_BLOCK = 1 << 20


@contextmanager
def in_memory(content: bytes | SourceObject, *, most: int | None = None) -> Iterator[IO[bytes]]:
    """An open file without a name that holds the content, in memory.

    most  bytes that an object may have, whatever its source says; None: any
    Raises OSError, for a larger one, too.
    """
    with os.fdopen(os.memfd_create("trapstreet"), "w+b") as held:
        if isinstance(content, bytes):
            held.write(content)
        else:
            with content.open() as file:
                while block := file.read(_BLOCK):
                    held.write(block)
                    if most is not None and held.tell() > most:
                        raise OSError(errno.EFBIG, f"larger than {most >> 20} MB: give the file itself")
        held.flush()
        held.seek(0)
        yield held
