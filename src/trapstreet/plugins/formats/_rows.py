"""Rows of a database as lines of text, and the documents that lie in its cells."""

from collections.abc import Iterable, Iterator, Sequence

from trapstreet.core.model.table import cell_text
from trapstreet.plugins.formats._parsed import BLOCK, cut
from trapstreet.plugins.formats.text import mended

Value = str | int | float | bytes | None

_DOCUMENTS = (
    *(b"PK\x03\x04", b"%PDF-", b"{\\rtf", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"SQLite format 3\0", b"PAR1"),
    *(b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"),
    *(b"\xff\xd8\xff", b"\x89PNG\r\n", b"II*\0", b"MM\0*"),
)
_SMALLEST = 32


def is_document(value: object) -> bool:
    """True for bytes that are a file of their own."""
    return isinstance(value, bytes) and len(value) >= _SMALLEST and value.startswith(_DOCUMENTS)


class Lines:
    """A line of tab-separated cells for each row, in blocks; texts and bytes both come as bytes.

    documents  whether a cell held one, which is left out, once all lines are read
    """

    def __init__(self, rows: Iterable[Sequence[Value]]) -> None:
        self._rows = rows
        self.documents = False

    def __iter__(self) -> Iterator[bytes]:
        rows: list[Sequence[Value]] = []
        block: list[bytes] = []
        size = 0
        for row in self._rows:
            line = b"\t".join([value if type(value) is bytes else cell(value).encode() for value in row])
            rows.append(row)
            block.append(line)
            size += len(line) + 1
            if size >= BLOCK:
                yield from cut(self._joined(rows, block))
                rows, block, size = [], [], 0
        if block:
            yield from cut(self._joined(rows, block))

    def _joined(self, rows: list[Sequence[Value]], block: list[bytes]) -> bytes:
        raw = b"\n".join([*block, b""])
        if b"\0" in raw or any(begins in raw for begins in _DOCUMENTS):  # rare: each cell by itself
            self.documents = self.documents or any(is_document(value) for row in rows for value in row)
            each = ("\t".join(map(cell, row)) for row in rows)
            raw = "\n".join([*each, ""]).encode("utf-8", "surrogateescape").replace(b"\0", b" ")
        return mended(raw)


def cell(value: Value) -> str:
    """The value as people write it; bytes as the characters that they are, if they are any."""
    if isinstance(value, bytes):
        return "" if is_document(value) else mended(value).decode("utf-8", "surrogateescape")
    return cell_text(value) or ""
