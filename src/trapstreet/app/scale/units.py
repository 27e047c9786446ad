"""What is listed, cut into units of work: neighbours, some 512 MB together."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import msgspec

from trapstreet.core.model.objects import Ref, Unread
from trapstreet.core.ports import Source
from trapstreet.plugins.sources import listed

SIZE = 512 << 20
OBJECTS = 4096
"""A unit has no more, unless one object alone is larger; one that is half full ends where a folder does."""

_UNKNOWN = 1 << 20
"""Bytes that an object counts whose size nobody knows."""

Item = Ref | Unread


class _Wire(msgspec.Struct, array_like=True):
    """An item as bytes: names may be no valid text (PEP 383, lone surrogates)."""

    path: bytes
    why: bytes | None = None
    partly: bool = False
    version: bytes = b""
    size: int | None = None
    modified: int | None = None
    readers: bytes = b""
    handle: bytes = b""


@dataclass(frozen=True, slots=True)
class Unit:
    """Objects of one location that are read together, with what its listing could not look at among them.

    begin     how many items of all locations were listed before it: units are told in this order
    location  its number among those of the scan
    """

    begin: int
    location: int
    items: tuple[Item, ...]

    @property
    def size(self) -> int:
        """Bytes of its objects, as far as the source tells."""
        return sum(each.size or 0 for each in self.items if isinstance(each, Ref))

    def halves(self) -> "tuple[Unit, Unit]":
        """Two units that are this one; it has two items and more."""
        middle = len(self.items) // 2
        first, rest = self.items[:middle], self.items[middle:]
        return Unit(self.begin, self.location, first), Unit(self.begin + middle, self.location, rest)

    def key(self) -> bytes | None:
        """32 bytes that are others where an object is; None where a source cannot tell if one has changed."""
        if not all(isinstance(each, Unread) or each.version for each in self.items):
            return None
        return hashlib.sha256(msgspec.msgpack.encode((self.location, [*map(_wire, self.items)]))).digest()

    def encoded(self) -> bytes:
        return msgspec.msgpack.encode((self.begin, self.location, [*map(_wire, self.items)]))

    @classmethod
    def decoded(cls, data: bytes) -> "Unit":
        """What `encoded` gave. Raises msgspec.MsgspecError for anything else."""
        begin, location, items = msgspec.msgpack.decode(data, type=tuple[int, int, list[_Wire]])
        return cls(begin, location, tuple(map(_item, items)))


class Listing:
    """What lies at the locations, in their order; with the sources, open until this is closed."""

    def __init__(self, locations: Sequence[str]) -> None:
        """Raises, before anything is read, where a location cannot be reached."""
        self.sources: list[tuple[str, Source]] = []
        self._found: list[Iterator[Item]] = []
        try:
            for location in locations:
                shown, source, found = listed(location)
                self.sources.append((shown, source))
                self._found.append(found)
        except BaseException:
            self.close()
            raise

    def units(self) -> Iterator[Unit]:
        """In the order of what is listed, made while it is: one is kept at a time."""
        begin = 0
        for number, found in enumerate(self._found):
            for items in _cut(found):
                yield Unit(begin, number, items)
                begin += len(items)

    def close(self) -> None:
        for _, source in self.sources:
            with suppress(OSError):
                source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def _cut(found: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    items: list[Item] = []
    size, folder = 0, ""
    for each in found:
        own, lies = _size(each), each.path.rpartition("/")[0]
        full = size + own > SIZE or len(items) >= OBJECTS
        half = size >= SIZE // 2 or len(items) >= OBJECTS // 2
        if items and (full or (half and lies != folder)):
            yield tuple(items)
            items, size = [], 0
        items.append(each)
        size, folder = size + own, lies
    if items:
        yield tuple(items)


def _size(item: Item) -> int:
    if isinstance(item, Unread):
        return 0
    return _UNKNOWN if item.size is None else item.size


def _wire(item: Item) -> _Wire:
    path = _bytes(item.path)
    if isinstance(item, Unread):
        return _Wire(path, _bytes(item.why), item.partly)
    texts = [_bytes(each) for each in (item.version, item.readers, item.handle)]
    return _Wire(path, None, False, texts[0], item.size, item.modified, texts[1], texts[2])


def _item(wire: _Wire) -> Item:
    if wire.why is not None:
        return Unread(_text(wire.path), _text(wire.why), wire.partly)
    version, readers, handle = map(_text, (wire.version, wire.readers, wire.handle))
    return Ref(_text(wire.path), version, wire.size, wire.modified, readers, handle)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
