"""A link put into a PDF in place: every other byte of it stays (ISO 32000-1, 7.5).

This is for files with one plain cross-reference table, as LibreOffice, Chromium and macOS write them. Others
are written anew by a library, which shows in the manner of writing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_TABLE = re.compile(rb"xref\s+0 (\d+)\s*?\r?\n((?:\d{10} \d{5} [nf](?: \r| \n|\r\n))+)trailer\b")
_ENTRY = re.compile(rb"(\d{10})( \d{5} n)")
_SIZE = re.compile(rb"(/Size\s+)(\d+)")
_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")


class Elsewhere(Exception):
    """What is looked for stands in a place or in a manner that this cannot change."""


class Edit(NamedTuple):
    """Bytes to put in the place of others."""

    start: int
    end: int
    new: bytes


class Plain:
    """A PDF whose objects can be changed in place. Raises Elsewhere for other kinds of files."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        end = _END.search(data)
        table = _TABLE.match(data, int(end[1])) if end else None
        size = _SIZE.search(data, table.end()) if table else None
        if not end or not table or not size or data.count(b"%%EOF") != 1:
            raise Elsewhere
        self._end, self._table, self._size = end, table, size
        entries = table[2].split(b"\n" if b"\n" in table[2] else b"\r")
        self._offsets: Mapping[int, int] = {
            number: int(entry[:10]) for number, entry in enumerate(entries) if entry[17:18] == b"n"
        }
        if len(self._offsets) > int(table[1]) or int(size[2]) != int(table[1]):
            raise Elsewhere

    def readdressed(self, old: bytes, new: bytes) -> bytes:
        """The file with the address of each link to `old` replaced."""
        whole = re.compile(rb"/URI\s*\(" + re.escape(old) + rb"\)")
        return self._with(
            [Edit(at.end() - 1 - len(old), at.end() - 1, new) for at in whole.finditer(self._data)]
        )

    def with_annotation(self, page: int, annotation: bytes) -> bytes:
        """The file with an annotation more on the page whose object has that number."""
        number = int(self._size[2])
        edit = self._among_annotations(page, b"%d 0 R" % number)
        at = self._table.start()
        return self._with([edit, Edit(at, at, b"%d 0 obj\n%b\nendobj\n" % (number, annotation))], added=at)

    def _among_annotations(self, page: int, reference: bytes) -> Edit:
        start, text = self._object(page)
        array = re.search(rb"/Annots\s*(?:\[|(\d+) 0 R)", text)
        if array and array[1]:
            start, text = self._object(int(array[1]))
            array = re.match(rb"\d+ 0 obj\s*\[", text)
            if not array:
                raise Elsewhere
        if array:
            return Edit(start + array.end(), start + array.end(), b" " + reference)
        opening = text.find(b"<<") + 2
        return Edit(start + opening, start + opening, b"/Annots[ " + reference + b" ]")

    def _object(self, number: int) -> tuple[int, bytes]:
        """Where an object without a stream begins, and its text."""
        start = self._offsets.get(number, 0)
        text = self._data[start : self._data.find(b"endobj", start)]
        if not re.match(rb"%d \d+ obj\b" % number, text) or b"stream" in text:
            raise Elsewhere
        return start, text

    def _with(self, edits: Sequence[Edit], *, added: int | None = None) -> bytes:
        """The file with its edits, in order, and a table that fits; `added` is where a new object was put."""
        if not edits:
            raise Elsewhere

        def moved(old: int) -> int:
            return old + sum(len(edit.new) - edit.end + edit.start for edit in edits if edit.start < old)

        table = _ENTRY.sub(lambda entry: b"%010d%b" % (moved(int(entry[1])), entry[2]), self._table[0])
        begin, trailer = self._table.start(), self._data[self._table.end() : self._end.start()]
        if added is not None:
            count = int(self._table[1]) + 1
            entry = b"%010d 00000 n" % moved(added) + self._table[2][18:20]
            table = table.replace(b"0 %d" % (count - 1), b"0 %d" % count, 1)
            table = table.removesuffix(b"trailer") + entry + b"trailer"
            trailer = _SIZE.sub(lambda size: size[1] + b"%d" % count, trailer, count=1)
        body, at = bytearray(), 0
        for edit in sorted(edits):
            body += self._data[at : edit.start] + edit.new
            at = edit.end
        body += self._data[at:begin]
        end = self._end[0].replace(self._end[1], b"%d" % len(body), 1)
        return bytes(body) + table + trailer + end
