"""Scanning: how much text a second the whole command goes through, and in how much memory."""

import os
from functools import partial
from pathlib import Path

from measuring import CUSTOMERS, SEED, Desk, apart, desk, timed, write_customers
from texts import dense, prose
from trapstreet.app.demo.people import customers
from trapstreet.app.search import matcher_of
from trapstreet.app.workspace import Workspace
from trapstreet.index import ReferenceMatcher

SORTS = ("prose", "customers, 1 % ours", "customers, all ours")
FOUND = 1
MIB = 1 << 20
TIMES = 8
"""How often the largest file holds the text."""


def main() -> None:
    with desk() as at:
        at.begin()
        table = at.folder / "customers.csv"
        write_customers(table, CUSTOMERS)
        at.run("register", table, "--name", "customers")
        apart(_write, at, (2 if at.quick else 32) * MIB)
        for sort in SORTS:
            _scan(at, sort, "one core")
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        for sort in SORTS:
            _scan(at, sort, "all cores")
        sort = SORTS[1]
        text = _file(at, sort).read_bytes()
        with _file(at, sort).open("ab") as file:
            for _ in range(TIMES - 1):
                file.write(text)
        _scan(at, sort, f"all cores, {TIMES} times the text")
        os.sched_setaffinity(0, {at.core})
        apart(_refer, at, (1 if at.quick else 4) * MIB)


def _file(at: Desk, sort: str) -> Path:
    return at.folder / f"{sort.replace(' ', '-')}.txt"


def _write(at: Desk, size: int) -> None:
    ours = list(customers(CUSTOMERS, seed=SEED))
    texts = (prose(size), dense(size, ours, every=100), dense(size, ours, every=1))
    for sort, text in zip(SORTS, texts, strict=True):
        _file(at, sort).write_bytes(text)


def _scan(at: Desk, sort: str, how: str) -> None:
    path = _file(at, sort)
    cost = at.run("scan", path, status=0 if sort == "prose" else FOUND)
    size = path.stat().st_size / 1e6
    at.say(f"scan, {how}: {sort}", cost, megabytes=size)


def _refer(at: Desk, size: int) -> None:
    """What an install without a compiler has instead of the kernel."""
    workspace = Workspace.open(at.workspace)
    lookup, _ = matcher_of(workspace)
    matcher = ReferenceMatcher(lookup, workspace.ring.fingerprint_key)
    for sort in SORTS:
        text = _file(at, sort).read_bytes()[:size]
        cost = timed(partial(_matched, matcher, text))
        at.say(f"reference matcher: {sort}", cost, megabytes=len(text) / 1e6)


def _matched(matcher: ReferenceMatcher, text: bytes) -> int:
    return sum(len(matches) for matches in matcher.matches([text]))


if __name__ == "__main__":
    main()
