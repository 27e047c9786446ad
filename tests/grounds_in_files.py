"""Customers and orders in files, for `ground_contract` and for what files do their own way."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from ground_contract import CUSTOMERS, ORDERS, REAL_CUSTOMERS, REAL_ORDERS, Field
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Cell, Row
from trapstreet.plugins.tables import open_ground, open_table

Write = Callable[[Path, Sequence[str], Sequence[Row]], None]


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([columns, *rows])


def write_jsonl(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    lines = (json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    cells = zip(*rows, strict=True)
    pq.write_table(pa.table(dict(zip(columns, map(list, cells), strict=True))), path, row_group_size=3)


def write_xlsx(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Kunden & Co")
        dates = book.add_format({"num_format": "dd.mm.yyyy"})
        for at, row in enumerate([columns, *rows]):
            for column, cell in enumerate(row):
                write = sheet.write_string if isinstance(cell, str) else sheet.write
                if cell not in (None, ""):
                    write(at, column, cell, dates if hasattr(cell, "year") else None)
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)
        book.add_worksheet("Other").write(0, 0, "shared with the other sheet")


WRITERS: dict[str, Write] = {
    ".csv": write_csv,
    ".jsonl": write_jsonl,
    ".parquet": write_parquet,
    ".xlsx": write_xlsx,
}


def field_in_files(folder: Path, *suffixes: str) -> Field:
    """Customers in a file of the first kind, orders in one of the last."""
    columns = (CUSTOMERS, ORDERS)
    paths = [
        folder / f"{name}{suffix}"
        for name, suffix in zip(("customers", "orders"), (suffixes[0], suffixes[-1]), strict=True)
    ]

    def put(number: int, rows: Sequence[Row]) -> None:
        WRITERS[paths[number].suffix](paths[number], columns[number], rows)

    def rows(number: int) -> list[Row]:
        return [row for batch in open_table(str(paths[number])).batches() for row in batch.rows]

    def edit(number: int, key: int, column: str, cell: Cell) -> None:
        at = columns[number].index(column)
        put(
            number,
            [(*row[:at], cell, *row[at + 1 :]) if str(row[0]) == str(key) else row for row in rows(number)],
        )

    for number, real in enumerate((REAL_CUSTOMERS, REAL_ORDERS)):
        put(number, real)
    return Field(
        open=lambda: open_ground(str(paths[0]), key=["id"], links=[Link(str(paths[1]), "customer_id")]),
        edit=edit,
        add=lambda number, row: put(number, [*rows(number), row]),
        drop=lambda number, key: put(number, [row for row in rows(number) if str(row[0]) != str(key)]),
        run=lambda script: run_script(script, folder, libraries="pyarrow" in script),
    )


def run_script(script: str, folder: Path, *, libraries: bool = False) -> str:
    """Run it in a Python that has nothing of ours, nor any library unless it says so; what it printed."""
    path = folder / "script.py"
    path.write_text(script, encoding="utf-8")
    isolated = ["-I"] if libraries else ["-I", "-S"]
    ran = subprocess.run(
        [sys.executable, *isolated, path], capture_output=True, text=True, check=False, cwd=folder
    )
    path.unlink()
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _pair(*suffixes: str) -> object:
    return pytest.param(suffixes, id="+".join(suffixes))


FILES = [_pair(".csv"), _pair(".jsonl", ".parquet"), _pair(".parquet", ".csv")]
