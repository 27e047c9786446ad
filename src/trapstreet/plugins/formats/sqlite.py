"""SQLite databases, each table as a text of tab-separated lines.

The tables are read by SQLite in a disposable child, from memory: a journal or write-ahead log beside the file
is not seen (found by a scan, it is read as plain text). What its schema calls may run there: else SQLite
refuses all of a database with one CHECK (json_valid(…)), which programs write for each column of JSON. What
lies in free pages and between the rows, rows that were deleted among them, is a text of its own at the
database's path. Of a damaged database the rows of all pages are a text besides, `!/rows`, and the whole is
read as plain text.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats import _parsed as parsed
from trapstreet.plugins.formats._rows import Lines, Value, is_document
from trapstreet.plugins.formats._sqlite_free import left_over, page_size
from trapstreet.plugins.formats._sqlite_rows import all_rows
from trapstreet.plugins.formats._stream import Refused, Stream

if TYPE_CHECKING:
    import sqlite3

title = "SQLite database"
rank = 25
container = True
begins = b"S"

_MAGIC = b"SQLite format 3\0"
_LARGEST = 512 << 20
_PATIENCE, _SLOW = 120, 1 << 20  # seconds, and bytes a second
_DAMAGED = "the database is damaged"
_TABLES = (
    "SELECT 'sqlite_master' UNION ALL SELECT name FROM sqlite_master WHERE rootpage > 0 AND type = 'table'"
)


def recognises(data: Stream) -> bool:
    return data.peek(16) == _MAGIC


def parts(data: Stream, path: str) -> Iterator[Text | Member | Unread]:
    from trapstreet.sandbox import Limits

    size = data.file().seek(0, os.SEEK_END)
    if size > _LARGEST:
        raise Refused(f"read as plain text: a database of more than {_LARGEST >> 20} MB", partly=True)
    seconds = _PATIENCE + size // _SLOW
    limits = Limits(cpu=seconds, waiting=5.0 * seconds)
    yield from parsed.parts(f"{__name__}:tables", data, path, digest=parsed.file_hash(data), limits=limits)


def tables(file: BinaryIO) -> Iterator[object]:
    """In the child: every table with the documents in its cells, then what is left over between them.

    Raises UnusableInput, after all rows that can be found, if the database is damaged.
    """
    image = bytearray(file.read())
    image[18:20] = b"\1\1"  # without its write-ahead log it is a database like others
    whole = _is_whole(image)
    if not whole and (size := page_size(image)):
        image += bytes(-len(image) % size)
        image[28:32] = (len(image) // size).to_bytes(4)  # or SQLite refuses what is there
    damaged = yield from _tables(image)
    if whole and not damaged:
        yield [parsed.TEXT, "", b""]
        yield from left_over(image)
        return
    yield [parsed.TEXT, "!/rows", b""]
    yield from all_rows(image)
    yield from left_over(image)
    raise UnusableInput(_DAMAGED, hint="")


def _tables(image: bytearray) -> Generator[object, None, bool]:
    """Every table as far as SQLite reads it; whether one of them is damaged, or the list of them."""
    import sqlite3

    damaged = False
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.text_factory = bytes
        try:
            database.deserialize(image)
            names = [name.decode("utf-8", "replace") for (name,) in database.execute(_TABLES)]
        except sqlite3.Error:
            return True
        for name in names:
            try:
                yield from _table(database, name)
            except sqlite3.Error:
                damaged = True
                yield [parsed.UNREAD, f"!{name}", "a damaged table, read as far as it goes"]
    return damaged


def _is_whole(image: bytearray) -> bool:
    """Whether there are as many pages as the header says, where it does."""
    page = int.from_bytes(image[16:18])
    return len(image) >= int.from_bytes(image[28:32]) * (1 << 16 if page == 1 else page)


def _table(database: "sqlite3.Connection", name: str) -> Iterator[object]:
    """The table's rows, then the documents in its cells by row and column.

    Raises sqlite3.Error behind the last row that can be read.
    """
    query = 'SELECT * FROM "{}"'.format(name.replace('"', '""'))  # noqa: S608 - a name has no other place
    rows = _Readable(database.execute(query))
    lines = Lines(rows)
    yield [parsed.TEXT, f"!{name}", b""]
    yield from lines
    if lines.documents:
        for number, row in enumerate(_Readable(database.execute(query)), 1):
            for column, value in enumerate(row, 1):
                if isinstance(value, bytes) and is_document(value):
                    yield from parsed.member(f"!{name}/{number}/{column}", value)
    if rows.error:
        raise rows.error


class _Readable:
    """The rows as far as they can be read, and the error that they ended with."""

    def __init__(self, cursor: "sqlite3.Cursor") -> None:
        self._cursor = cursor
        self.error: sqlite3.Error | None = None

    def __iter__(self) -> Iterator[tuple[Value, ...]]:
        import sqlite3

        try:
            yield from self._cursor
        except sqlite3.Error as error:
            self.error = error
