"""Tables of made-up customers for tests."""

import csv
from collections.abc import Iterator
from pathlib import Path

from trapstreet.app.demo.people import customers, write_rows
from trapstreet.core.model.table import Batch


def customer_file(
    path: Path, count: int, *, seed: int = 7, rows: list[tuple[str, ...]] | None = None
) -> Path:
    """A CSV file of customers, or of the rows given."""
    write_rows(path, customers(count, seed=seed) if rows is None else rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_batches(rows: list[tuple[str, ...]], size: int = 8192) -> Iterator[Batch]:
    """The rows as a table's reader gives them."""
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        yield Batch(part, list(range(start + 2, start + 2 + len(part))))
