"""What a SQLite database no longer needs but still holds: free pages, and the space between its rows.

Rows are told apart again where their headers are still there: in free pages, and of single rows that were
deleted mostly. Whatever else is left comes as it lies, its values without anything between them.

Format: "Database File Format", sections 1.5 (the freelist), 1.6 (b-tree pages), 2.1 (records), sqlite.org.
"""

import struct
from collections.abc import Iterator

from trapstreet.plugins.formats._parsed import BLOCK

_PAGE = struct.Struct(">BHHH")  # kind, first free block, cells, where the cells begin
_INTERIOR, _LEAVES, _ROWS = (2, 5), (10, 13), 13
HEADER = 100
_KEPT = 8  # bytes; less is no text
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # of values by their types; from 12 on the type tells the size
_BYTES, _TEXT = 12, 13
_ENCODINGS = {2: "utf-16-le", 3: "utf-16-be"}
_LOST = 5  # bytes at most between the first free block's own header and what is left of a row's
_COLUMNS = 200
_MOST_COLUMNS = 2000  # of a table, unless SQLite was compiled otherwise


def left_over(image: bytes | bytearray) -> Iterator[bytes]:
    """The unused stretches that are not empty, one a line, in blocks. Linear in the size of the database."""
    view = memoryview(image)
    block = bytearray()
    for stretch in _stretches(view, encoding(view)):
        text = bytes(stretch).strip(b"\0")
        if len(text) >= _KEPT:
            block += text + b"\n"
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def page_size(image: bytes | bytearray | memoryview) -> int:
    """Bytes of a page, 0 if the header says none that there may be."""
    size = int.from_bytes(image[16:18]) if len(image) >= HEADER else 0
    size = 1 << 16 if size == 1 else size
    return 0 if size < 512 or size & (size - 1) else size


def encoding(image: memoryview) -> str:
    """Of the texts, "" for UTF-8."""
    return _ENCODINGS.get(int.from_bytes(image[56:60]), "")


def _stretches(image: memoryview, encoding: str) -> Iterator[memoryview | bytes]:
    size = page_size(image)
    if not size:
        return
    trunks, free = _free_pages(image, size)
    for number in range(1, len(image) // size + 1):
        page = image[(number - 1) * size : number * size]
        if number in trunks:
            yield from strewn_rows(page, encoding)
            yield page
        elif number not in free:
            yield from _unused(page, HEADER if number == 1 else 0, encoding)
        elif page[0] == _ROWS:
            yield from _rows(page, encoding)
            yield from _unused(page, 0, encoding)
        else:
            yield page


def _free_pages(image: memoryview, size: int) -> tuple[set[int], set[int]]:
    """Numbers of the pages that list the free ones, and of those; a list in a circle ends where it began."""
    trunks, free = set[int](), set[int]()
    trunk = int.from_bytes(image[32:36])
    while 0 < trunk <= len(image) // size and trunk not in trunks:
        trunks.add(trunk)
        page = image[(trunk - 1) * size : trunk * size]
        count = min(int.from_bytes(page[4:8]), size // 4 - 2)
        free.update(struct.unpack(f">{count}L", page[8 : 8 + 4 * count]))
        trunk = int.from_bytes(page[:4])
    return trunks, free


def _unused(page: memoryview, at: int, encoding: str) -> Iterator[memoryview | bytes]:
    kind, block, cells, content = _PAGE.unpack_from(page, at)
    if kind not in _INTERIOR + _LEAVES:
        return
    yield page[at + (12 if kind in _INTERIOR else 8) + 2 * cells : content or 1 << 16]
    while 0 < block <= len(page) - 4:
        following, length = struct.unpack_from(">HH", page, block)
        stretch = page[block + 4 : block + length]
        yield _deleted(stretch, encoding) or stretch
        if following <= block:
            return
        block = following


def _rows(page: memoryview, encoding: str) -> Iterator[bytes]:
    """The rows of a page as it was when it became free."""
    _, _, cells, _ = _PAGE.unpack_from(page)
    for number in range(min(cells, len(page) // 4)):
        row = _row(page, int.from_bytes(page[8 + 2 * number : 10 + 2 * number]), encoding)
        if row:
            yield row[0]


def strewn_rows(page: memoryview, encoding: str) -> Iterator[bytes]:
    """The rows of a page on which nothing says where they begin; 0.5 MB/s."""
    at = 0
    while at < len(page):
        row = _row(page, at, encoding)
        if row:
            yield row[0]
        at = row[1] if row else at + 1


def _row(page: memoryview, at: int, encoding: str) -> tuple[bytes, int] | None:
    """The row that begins there, and where it ends; None if its sizes contradict each other."""
    try:
        size, at = varint(page, at)
        _, at = varint(page, at)
        header, begin = varint(page, at)
        end, types = at + header, list[int]()
        while begin < end and len(types) < _COLUMNS:
            type_, begin = varint(page, begin)
            types.append(type_)
    except IndexError:
        return None
    if begin != end or header + sum(map(_size, types)) != size or not any(map(_is_text, types)):
        return None
    return _line(page[end : at + size], types, encoding), min(at + size, len(page))


def record(payload: memoryview, size: int, encoding: str) -> bytes | None:
    """The row of a record, as far as that is there; None if its sizes contradict each other."""
    try:
        header, at = varint(payload, 0)
        types = list[int]()
        while at < header and len(types) < _MOST_COLUMNS:
            type_, at = varint(payload, at)
            types.append(type_)
    except IndexError:
        return None
    if at != header or header + sum(map(_size, types)) != size:
        return None
    return _line(payload[header:], types, encoding)


def _deleted(stretch: memoryview, encoding: str) -> bytes:
    """The row that filled this stretch, b"" if it cannot be told: its header lost its first bytes."""
    for start in range(min(_LOST, len(stretch))):
        types, size, at = list[int](), 0, start
        while at + size < len(stretch) and len(types) < _COLUMNS:
            try:
                type_, at = varint(stretch, at)
            except IndexError:
                break
            types.append(type_)
            size += _size(type_)
            if at + size == len(stretch) and any(map(_is_text, types)):
                return _line(stretch[at:], types, encoding)
    return b""


def _line(values: memoryview, types: list[int], encoding: str) -> bytes:
    cells, at = [], 0
    for type_ in types:
        raw = bytes(values[at : at + _size(type_)])
        at += _size(type_)
        if encoding and _is_text(type_):
            cells.append(raw.decode(encoding, "replace").encode())
        elif type_ >= _BYTES:
            cells.append(raw)
        elif type_ == 7 and len(raw) == 8:
            (number,) = struct.unpack(">d", raw)
            cells.append(b"%.17g" % number)
        else:
            cells.append(b"%d" % int.from_bytes(raw, signed=True) if raw else b"")
    return b"\t".join(cells)


def _size(type_: int) -> int:
    return (type_ - _BYTES) // 2 if type_ >= _BYTES else _SIZES[type_] if type_ < len(_SIZES) else 0


def _is_text(type_: int) -> bool:
    return type_ >= _TEXT and type_ % 2 == 1


def varint(raw: memoryview, at: int) -> tuple[int, int]:
    """Seven bits a byte, the highest first; the ninth byte has eight. And where what follows begins."""
    value = 0
    for _ in range(8):
        byte, at = raw[at], at + 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    return value << 8 | raw[at], at + 1
