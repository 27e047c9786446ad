"""Objects made of bytes, and everything that the formats make of them."""

import io

from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.core.model.protected import Protected
from trapstreet.plugins import formats
from trapstreet.plugins.formats._stream import Limits


def source(data: bytes, path: str = "heap/dump.bin", *, size: int | None = -1) -> SourceObject:
    known = len(data) if size == -1 else size
    return SourceObject("heap", path, known, lambda: io.BytesIO(data))


def read(
    obj: SourceObject, limits: Limits | None = None, *, passwords: tuple[str, ...] = ()
) -> tuple[dict[str, bytes], list[Unread]]:
    """The texts by their paths, and what was not read."""
    texts: dict[str, bytes] = {}
    unread = []
    for found in formats.read(obj, limits or Limits(), passwords=tuple(map(Protected, passwords))):
        if isinstance(found, Unread):
            unread.append(found)
        else:
            assert found.path not in texts
            texts[found.path] = b"".join(found.chunks)
    return texts, unread
