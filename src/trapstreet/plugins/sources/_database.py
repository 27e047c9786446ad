"""What databases have in common: tables that are listed by pages, and rows as text."""

import base64
import csv
import io
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from trapstreet.core.model.protected import Protected

CONNECT_SECONDS = 10
SILENT_SECONDS = 120.0
"""That a server may think before it sends on: it may have to pass over much that was deleted."""
PAGE = 1000
BLOCK = 1 << 16
EVERY_USER = "every user of the database"


@dataclass(frozen=True, slots=True)
class Server:
    """Where a database is, and who logs in.

    database  "" where none was named;  ca  whom to trust for TLS, which is verified then
    minutes   that the reading of one table may take
    """

    host: str
    port: int | None
    database: str
    user: str
    password: Protected[str] | None
    ca: Path | None
    minutes: int


class Table(NamedTuple):
    """A table, or a view where these are wanted. version and readers as in `Ref`; why: what keeps it from
    being read, "" where nothing does."""

    schema: str
    name: str
    version: str = ""
    readers: str = ""
    why: str = ""


class Engine(Protocol):
    """A kind of database. Nothing is kept open between two calls."""

    def tables(self, after: tuple[str, str], *, views: bool) -> Iterator[Sequence[Table]]:
        """Pages of the tables behind one, by schema and name. Raises TrapstreetError."""
        ...

    def rows(self, schema: str, name: str) -> Generator[bytes, None, None]:
        """A table as CSV with the names of its columns, as one moment has it. Raises OSError; closing it ends
        the connection."""
        ...


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Rows as blocks of CSV. Bytes that are UTF-8 are that text, others base64; NULL is empty."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_text(cell) if isinstance(cell, bytes) else cell for cell in row])
        if written.tell() >= BLOCK:
            yield written.getvalue().encode("utf-8", "surrogateescape")
            written.seek(0)
            written.truncate()
    yield written.getvalue().encode("utf-8", "surrogateescape")


def _text(cell: bytes) -> str:
    try:
        return cell.decode()
    except UnicodeDecodeError:
        return base64.b64encode(cell).decode()
