"""SQLite databases, each table as a text of tab-separated lines.

The tables are read by SQLite in a disposable child, from memory: a journal or write-ahead log beside the file
is not seen (found by a scan, it is read as plain text). What lies in free pages and between the rows, rows
that were deleted among them, is a text of its own at the database's path.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats import Member, Text
from trapstreet.plugins.formats import _parsed as parsed
from trapstreet.plugins.formats._rows import Lines, is_document
from trapstreet.plugins.formats._sqlite_free import left_over
from trapstreet.plugins.formats._stream import Refused, Stream

if TYPE_CHECKING:
    import sqlite3

title = "SQLite database"
rank = 25
container = True

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
        raise Refused(f"partly read, as plain text: a database of more than {_LARGEST >> 20} MB")
    seconds = _PATIENCE + size // _SLOW
    limits = Limits(cpu=seconds, waiting=5.0 * seconds)
    yield from parsed.parts(f"{__name__}:tables", data, path, digest=parsed.file_hash(data), limits=limits)


def tables(file: BinaryIO) -> Iterator[object]:
    """In the child: every table with the documents in its cells, then what is left over between them.

    Raises UnusableInput, after all tables, if one of them is damaged.
    """
    import sqlite3

    image = bytearray(file.read())
    image[18:20] = b"\1\1"  # without its write-ahead log it is a database like others
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.text_factory = bytes
        try:
            database.deserialize(image)
            database.execute("PRAGMA trusted_schema = OFF")
            names = [name.decode("utf-8", "replace") for (name,) in database.execute(_TABLES)]
        except sqlite3.Error as error:
            raise UnusableInput(_DAMAGED, hint="") from error
        whole = _is_whole(image)
        for name in names:
            try:
                yield from _table(database, name)
            except sqlite3.Error:
                whole = False
                yield [parsed.UNREAD, f"!{name}", "a damaged table, read as far as it goes"]
    if not whole:
        raise UnusableInput(_DAMAGED, hint="")
    yield [parsed.TEXT, "", b""]
    yield from left_over(image)


def _is_whole(image: bytearray) -> bool:
    """Whether there are as many pages as the header says, where it does."""
    page = int.from_bytes(image[16:18])
    return len(image) >= int.from_bytes(image[28:32]) * (1 << 16 if page == 1 else page)


def _table(database: "sqlite3.Connection", name: str) -> Iterator[object]:
    """The table's rows, then the documents in its cells by row and column."""
    query = 'SELECT * FROM "{}"'.format(name.replace('"', '""'))  # noqa: S608 - a name has no other place
    lines = Lines(database.execute(query))
    yield [parsed.TEXT, f"!{name}", b""]
    yield from lines
    if lines.documents:
        for number, row in enumerate(database.execute(query), 1):
            for column, value in enumerate(row, 1):
                if is_document(value):
                    yield from parsed.member(f"!{name}/{number}/{column}", value)
