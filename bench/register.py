"""Registering a CSV file: 68,000 rows in 3 s, 1,000,000 in 60 s and 500 MB, 10,000,000 in 600 s and 2 GB.

The index takes at most 11 bytes a key, and 48 a record without its digest (name, e-mail address, phone and
ticket number). --quick leaves out the 10 million.
"""

from itertools import count
from pathlib import Path

import numpy as np

from measuring import CUSTOMERS, Cost, Desk, apart, best_of, desk, write_customers
from strangers import write_company
from trapstreet.index import Segment

MILLION = 1_000_000
MOST_PER_KEY = 11
MOST_PER_RECORD = 48
_TABLE = ("filter", "directory", "entries")


def main() -> None:
    with desk() as at:
        at.begin()
        table = at.folder / "customers.csv"
        write_customers(table, CUSTOMERS)
        names = (f"customers-{number}" for number in count())
        at.say("register 68,000 rows", best_of(3, lambda: _register(at, table, next(names))), seconds=3)
        _say_sizes(at)
        at.say(
            "register them again, nothing changed", best_of(3, lambda: _register(at, table, "customers-0"))
        )
        write_customers(table, MILLION)
        at.say("register 1,000,000 rows", _register(at, table, "million"), seconds=60, mb=500)
        _say_sizes(at)
        if not at.quick:
            apart(write_company, table, 10 * MILLION)  # the demo's country has too few phone numbers
            at.say("register 10,000,000 rows", _register(at, table, "millions"), seconds=600, mb=2_000)
            _say_sizes(at)


def _register(at: Desk, table: Path, name: str) -> Cost:
    return at.run("register", table, "--name", name)


def _say_sizes(at: Desk) -> None:
    """How large the index is that was written last."""
    paths = at.workspace.glob("index/*/version-*.segment")
    segment = Segment(max(paths, key=lambda path: path.stat().st_mtime))
    arrays = segment.header.arrays
    sizes = {name: np.dtype(kind).itemsize * length for name, (_, kind, length) in arrays.items()}
    keys, records = sum(segment.header.keys.values()), len(segment.record_ids)
    _say_size(at, "  bytes a key", sum(sizes[name] for name in _TABLE) / keys, MOST_PER_KEY)
    kept = sum(size for name, size in sizes.items() if name != "digests")
    _say_size(at, "  bytes a record without its digest", kept / records, MOST_PER_RECORD)


def _say_size(at: Desk, what: str, size: float, most: float) -> None:
    kept = size <= most
    print(f"{what:52}{size:7.2f} B  promised {most} B: {'kept' if kept else 'MISSED'}", flush=True)
    if not kept:
        at.missed.append(what.strip())


if __name__ == "__main__":
    main()
