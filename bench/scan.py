"""Scanning: how much text a second the whole command goes through, and in how much memory."""

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from shutil import rmtree

from measuring import CUSTOMERS, SEED, Desk, apart, desk, timed
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
HEAPS = ((SORTS[0], 250, 100_000), (SORTS[0], 300_000, 1_000), (SORTS[1], 300_000, 200))
"""Folders of many files: what is in them, the bytes of each, how many there are."""


def main() -> None:
    with desk() as at:
        at.with_customers()
        apart(_write, at, (2 if at.quick else 32) * MIB)
        every = range(os.cpu_count() or 1)
        for cores, how in (({at.core}, "one core"), (every, "all cores")):
            os.sched_setaffinity(0, cores)
            for sort in SORTS:
                _scan(at, sort, how)
        for sort, size, count in HEAPS:
            _many(at, sort, size, count // (20 if at.quick else 1), every)
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


def _many(at: Desk, sort: str, size: int, count: int, every: Iterable[int]) -> None:
    """A folder of so many files, on one core and on all."""
    apart(_cut, at, sort, size, count)
    for cores, how in (({at.core}, "one core"), (every, "all cores")):
        os.sched_setaffinity(0, cores)
        cost = at.run("scan", at.folder / "heap", status=FOUND if sort == SORTS[1] else 0)
        what = f"{how}: {count:,} files of {size:,}, {sort}"
        at.say(what, cost, items=count, megabytes=count * size / 1e6)
    rmtree(at.folder / "heap")


def _cut(at: Desk, sort: str, size: int, count: int) -> None:
    """Files of a text, from its beginning again when it has come to its end."""
    text = _file(at, sort).read_bytes()
    for number in range(count):
        path = at.folder / "heap" / f"{number // 1000}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        begin = number * size % (len(text) - size)
        path.write_bytes(text[begin : begin + size])


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
