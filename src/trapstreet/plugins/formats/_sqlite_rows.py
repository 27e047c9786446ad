"""The rows of a damaged SQLite database, out of every page that has any, whatever leads there.

Pages of indexes are read too: a table without row numbers is one, and they hold values of rows that are lost.
Pages and rows that contradict themselves are searched for rows byte by byte.

Format: "Database File Format", sections 1.6 (b-tree pages, overflow), 2.1 (records), sqlite.org.
"""

from collections.abc import Iterator

from trapstreet.plugins.formats import _sqlite_free as free
from trapstreet.plugins.formats._parsed import BLOCK

_TABLE, _INDEX, _INDEX_ABOVE = 13, 10, 2
_SEARCHED = 32 << 20  # bytes byte by byte, at 0.5 MB/s


def all_rows(image: bytes | bytearray) -> Iterator[bytes]:
    """The rows a line each, in blocks. Linear in the size of the database, of which every page is there."""
    size = free.page_size(image)
    if not size:
        return
    block = bytearray()
    for line in _Pages(memoryview(image), size).lines():
        block += line + b"\n"
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


class _Pages:
    def __init__(self, image: memoryview, size: int) -> None:
        self._image = image
        self._size = size
        self._usable = size - image[20]
        self._encoding = free.encoding(image)
        self._overflow = set[int]()  # each goes with one row only, or a few rows could share a large one
        self._left = _SEARCHED

    def lines(self) -> Iterator[bytes]:
        """Rows of sound pages first: what they fill other pages with is not searched.

        A page above others may have been a page of rows, and hold some whose new page is damaged.
        """
        strange = []
        for number in range(1, len(self._image) // self._size + 1):
            page = self._page(number)
            kind = page[free.HEADER if number == 1 else 0]
            if kind in (_TABLE, _INDEX, _INDEX_ABOVE):
                yield from self._cells(page, free.HEADER if number == 1 else 0)
            else:
                strange.append(number)
        for number in strange:
            if number not in self._overflow:
                yield from self._searched(self._page(number))

    def _page(self, number: int) -> memoryview:
        return self._image[(number - 1) * self._size : number * self._size]

    def _cells(self, page: memoryview, at: int) -> Iterator[bytes]:
        kind, cells = page[at], int.from_bytes(page[at + 3 : at + 5])
        begin = at + (12 if kind == _INDEX_ABOVE else 8)
        sound = cells <= (len(page) - begin) // 2
        places = range(begin, begin + 2 * cells if sound else begin, 2)
        for cell in dict.fromkeys(int.from_bytes(page[place : place + 2]) for place in places):
            line = self._cell(page, kind, cell)
            sound = sound and line is not None
            if line:
                yield line
        if not sound:
            yield from self._searched(page)

    def _cell(self, page: memoryview, kind: int, at: int) -> bytes | None:
        """The row of the cell that begins there, None if it contradicts itself."""
        try:
            size, at = free.varint(page, at + 4 if kind == _INDEX_ABOVE else at)
            if kind == _TABLE:
                _, at = free.varint(page, at)
        except IndexError:
            return None
        here = self._local(size, kind)
        if size > len(self._image) or at + here > len(page):
            return None
        payload = page[at : at + here]
        if here < size:
            payload = memoryview(bytes(payload) + self._behind(page[at + here : at + here + 4], size - here))
        return free.record(payload, size, self._encoding)

    def _local(self, size: int, kind: int) -> int:
        """How many bytes of a row lie in its own page."""
        most = self._usable - 35 if kind == _TABLE else (self._usable - 12) * 64 // 255 - 23
        if size <= most:
            return size
        least = (self._usable - 12) * 32 // 255 - 23
        here = least + (size - least) % (self._usable - 4)
        return here if here <= most else least

    def _behind(self, pointer: memoryview, size: int) -> bytes:
        """What the pages behind the pointer hold of a row, as far as they are there."""
        pieces, number = [], int.from_bytes(pointer)
        while size > 0 and 0 < number <= len(self._image) // self._size and number not in self._overflow:
            self._overflow.add(number)
            page = self._page(number)
            pieces.append(bytes(page[4 : min(self._usable, 4 + size)]))
            size -= len(pieces[-1])
            number = int.from_bytes(page[:4])
        return b"".join(pieces)

    def _searched(self, page: memoryview) -> Iterator[bytes]:
        if self._left < len(page) or not any(page):
            return
        self._left -= len(page)
        yield from free.strewn_rows(page, self._encoding)
