"""Tables of made-up customers for tests."""

import csv
from pathlib import Path

from trapstreet.app.demo.people import customers, write_rows


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
