"""A table in memory with awkward cells, and how tables are written and compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from trapstreet.core.model.table import Batch, Row, cell_text
from trapstreet.plugins.tables import Table, create_table

COLUMNS = ("ref", "name", "note", "born", "score")
AWKWARD: list[Row] = [
    ("TS-0001", "Jörg Müller", "plain", date(1980, 2, 29), 1),
    ("TS-0002", 'Anne "Annie" O\'Neil', 'comma, semicolon; "quote"; tab\tpipe|', date(1999, 12, 31), 2.5),
    ("TS-0003", "名前 😀 e\u0301", "two\nlines", None, None),
    ("0007", "=1+1", '=HYPERLINK("x")', date(2001, 1, 1), 0),
    ("TS-0005", " padded ", "\\backslash\\", date(2001, 1, 2), -3),
    ("TS-0006", "NULL", None, date(2001, 1, 3), 123456789),
    ("+353 1 555 0199", "@handle", "x" * 3000, date(2001, 1, 4), 0.1),
]


@dataclass
class Given:
    """A table in memory."""

    columns: tuple[str, ...]
    rows: Sequence[Row]
    format: str = "given"
    label: str = "given"

    def batches(self, size: int = 8192) -> Iterator[Batch]:
        for at in range(0, len(self.rows), size):
            part = self.rows[at : at + size]
            yield Batch(part, range(at + 1, at + 1 + len(part)))


def write(where: str | Path, given: Table) -> None:
    """The table is written there."""
    with create_table(where, like=given) as writer:
        for batch in given.batches():
            writer.write(batch)


def texts(rows: Sequence[Row]) -> list[list[str]]:
    """Cells as text; CSV has no NULL and a sheet no empty text, so the two count as one here."""
    return [[cell_text(cell) or "" for cell in row] for row in rows]


def rows_of(table: Table, size: int = 8192) -> list[Row]:
    """All rows."""
    return [row for batch in table.batches(size) for row in batch.rows]
