"""tar archives of every dialect: v7, ustar, pax, GNU.

The standard library's reader keeps an extended header of any size in memory and needs quadratic time for
some; this one reads forward only, in constant memory, and looks at nothing but names and sizes. Links and
devices have no content of their own. A sparse file comes as the parts of it that are stored.

Format: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar
Format".
"""

from collections.abc import Iterator
from dataclasses import dataclass

from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member
from trapstreet.plugins.formats._stream import Stream

title = "tar archive"
rank = 20
container = True
begins = b""

_BLOCK = 512
_EXTENDED = 1 << 20  # bytes of an extended header: a path is some 4 KB
_NO_CONTENT = b"123456"  # links, devices, directories, pipes; some writers give them a size all the same


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    size: int
    kind: bytes
    more_sparse: bool


def recognises(data: Stream) -> bool:
    return _entry(data.peek(_BLOCK)) is not None


def parts(data: Stream, path: str) -> Iterator[Member | Unread]:
    name, size = "", None
    while header := data.peek(_BLOCK):
        if _is_zero(header):  # the end, unless another archive was appended
            data.read(_BLOCK)
            continue
        entry = _entry(header)
        if entry is None:
            yield from _rest(data, path)
            return
        data.read(_BLOCK)
        if entry.kind in b"xLgK" and entry.size <= _EXTENDED:
            extended = data.read(entry.size + -entry.size % _BLOCK)[: entry.size]
            if entry.kind == b"x":
                found = _pax(extended)
                name, size = found.get("path", name), _pax_size(found)
            elif entry.kind == b"L":
                name = _text(extended)
            continue
        if entry.kind in b"xLgK":
            why = f"an extended header of the tar archive has {entry.size:,} bytes; it was read as a file"
            yield Unread(path, why, partly=True)
            name, size = "", None
        yield from _member(
            data, path, entry, name=name or entry.name, size=entry.size if size is None else size
        )
        name, size = "", None
    data.read(1)  # raises what ended the stream, if something did


def _member(data: Stream, path: str, entry: _Entry, *, name: str, size: int) -> Iterator[Member]:
    more = entry.more_sparse
    while more:
        more = data.read(_BLOCK)[504:505] == b"\1"
    if entry.kind in _NO_CONTENT and (not size or _ends_or_goes_on(data.peek(_BLOCK))):
        return
    content = data.part(size)
    yield Member(f"{path}!/{name}", Stream(content, data.budget))
    for _ in content:  # what the reader left
        pass
    data.read(-size % _BLOCK)


def _rest(data: Stream, path: str) -> Iterator[Member | Unread]:
    why = "the tar archive is damaged in the middle; what follows was read as it stands"
    yield Unread(path, why, partly=True)
    yield Member(f"{path}!/(rest)", Stream(iter(data), data.budget))


def _ends_or_goes_on(block: bytes) -> bool:
    return _is_zero(block) or _entry(block) is not None


def _is_zero(block: bytes) -> bool:
    return block.count(0) == len(block)


def _entry(header: bytes) -> _Entry | None:
    """The header's fields, None if it is none: the checksum or a number is wrong."""
    if len(header) < _BLOCK:
        return None
    size, checksum = _number(header[124:136]), _number(header[148:156])
    if size is None or checksum != sum(header) - sum(header[148:156]) + 8 * ord(" "):
        return None
    name = _text(header[:100])
    if header[257:263] == b"ustar\0" and header[345]:
        name = f"{_text(header[345:500])}/{name}"
    kind = header[156:157]
    return _Entry(name, size, kind, kind == b"S" and header[482] == 1)


def _number(field: bytes) -> int | None:
    """Octal digits, or GNU's base 256 where the first bit is set; None if it is neither, or negative."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:])
    digits = field.strip(b" \0")
    try:
        return int(digits, 8) if digits.isdigit() else None if digits else 0
    except ValueError:
        return None


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _pax(records: bytes) -> dict[str, str]:
    """Records "LENGTH KEY=VALUE\\n"; reading ends at the first that is none."""
    found = {}
    while records:
        length, _, _ = records[:20].partition(b" ")
        if not length.isdigit() or not len(length) < int(length) <= len(records):
            break
        record, records = records[len(length) + 1 : int(length) - 1], records[int(length) :]
        key, _, value = record.partition(b"=")
        found[key.decode("utf-8", "replace")] = _text(value)
    return found


def _pax_size(found: dict[str, str]) -> int | None:
    size = found.get("size", "")
    return int(size) if size.isascii() and size.isdigit() and len(size) < 20 else None
