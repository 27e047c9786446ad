"""Suppression: how many rows a second go through the command, with 10,000 decoys among 1,000,000 rows."""

import json
import sys
from collections.abc import Sequence
from filecmp import cmp
from pathlib import Path

from measuring import Desk, apart, desk

ROWS, DECOYS = 1_000_000, 10_000
RATE = 200_000
"""Rows a second that are promised, for CSV of five to ten columns."""


def main() -> None:
    with desk() as at:
        scale = 10 if at.quick else 1
        rows, decoys = ROWS // scale, DECOYS // scale
        at.with_customers(rows)
        copy = at.folder / "copy.csv"
        at.run("share", "customers", "--to", "Mailing house", "--decoys", str(decoys), "--out", copy)
        apart(_narrow, at.folder, ("customers", "copy"), "mails", [2])
        apart(_narrow, at.folder, ("customers", "copy"), "phones", [3, 4])
        apart(_as_json, at.folder, ("customers", "copy"))
        rows += decoys
        promised = rows / RATE
        _suppress(at, rows, "CSV, 7 columns", "copy.csv", "customers.csv", seconds=promised)
        _suppress(at, rows, "CSV, e-mail addresses alone", "copy-mails.csv", "customers-mails.csv")
        _suppress(at, rows, "CSV, phone numbers and cities", "copy-phones.csv", "customers-phones.csv")
        _suppress(at, rows, "JSON lines", "copy.jsonl", "customers.jsonl")


def _suppress(
    at: Desk, rows: int, what: str, given: str, left: str, *, seconds: float = float("inf")
) -> None:
    """One job whose output must be the table without decoys, to the byte."""
    token, out = at.folder / f"{given}.token", at.folder / f"out-{given}"
    job = ("--data-set", "customers", "--purpose", what, "--rows", str(rows), "--token", token)
    at.run("suppress", "job", "add", given, *job)
    cost = at.run("suppress", "run", given, at.folder / given, "--out", out, "--token", token)
    if not cmp(out, at.folder / left, shallow=False):
        sys.exit(f"{given}: not the table without decoys")
    at.say(what, cost, items=rows, megabytes=out.stat().st_size / 1e6, seconds=seconds)
    out.unlink()


def _narrow(folder: Path, names: Sequence[str], suffix: str, places: Sequence[int]) -> None:
    """The tables with some of their columns. No cell of theirs has a delimiter in it."""
    for name in names:
        with (folder / f"{name}.csv").open() as source, (folder / f"{name}-{suffix}.csv").open("w") as out:
            for line in source:
                cells = line.rstrip("\n").split(",")
                out.write(",".join(cells[at] for at in places) + "\n")


def _as_json(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        with (folder / f"{name}.csv").open() as source, (folder / f"{name}.jsonl").open("w") as out:
            header = next(source).rstrip("\n").split(",")
            for line in source:
                out.write(json.dumps(dict(zip(header, line.rstrip("\n").split(","), strict=True))) + "\n")


if __name__ == "__main__":
    main()
