"""The matcher beside its peers, on the same bytes; what it finds, and what it must not find.

    apt-get install ripgrep
    make bench-deps
    .venv/bin/python bench/matcher.py [--quick] FOLDER

FOLDER holds archives of foreign text (foreign.py downloads them there: 330 MB). The full size takes 12 GB of
memory, and some 40 minutes.
"""

import gzip
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from foreign import ForeignText, fetch, foreign_texts
from indexes import Index
from layouts import LAYOUTS, laid_out
from measuring import CUSTOMERS, SEED, Desk, desk
from peers import Peer, peers, values_of
from strangers import Company, strangers
from texts import SORTS, made
from trapstreet.app.demo.people import customers
from trapstreet.core.model.objects import Unread
from trapstreet.index import Matcher
from trapstreet.index.kernel import KernelMatcher
from trapstreet.watch.domain.public import Public
from trapstreet.watch.service import Scan, scan

MIB = 1 << 20
SEARCH = ", search"
ROUNDS = 5
SLICE_SECONDS = 1.5
"""CPU time that a slow peer may take for its slice of a text."""

OURS = f"{CUSTOMERS:,} records, search"
MANY = "100,000,000 records, search"
PROMISED = {
    (OURS, "customers, 1 % ours"): 450,
    (OURS, "customers, all ours"): 260,
    (OURS, "JSON"): 900,
    (OURS, "logs"): 550,
    (OURS, "prose"): 1_900,
    (OURS, "source code"): 3_200,
    (MANY, "customers, 1 % ours"): 200,
    (MANY, "JSON"): 450,
    (MANY, "logs"): 350,
    (MANY, "prose"): 1_600,
    (MANY, "source code"): 2_600,
}
"""MB/s of one core, in decimal megabytes, by index and text: of the search alone, as the prototype's."""

BYTES_PER_KEY = 11
RECALL = 0.999
PLANTED = 5_000
TWO_THREADS = 1.8
PACKED = 1.3


@dataclass
class Kernel:
    """The kernel's matcher as one of the candidates."""

    name: str
    matcher: KernelMatcher
    settings: str = "1 thread"
    whole: bool = True

    def prepare(self, _values: Sequence[str]) -> None:
        """Its index was made before."""

    def search(self, text: bytes) -> tuple[float, int]:
        began = time.process_time()
        hits = sum(len(matches) for matches in self.matcher.matches([text]))
        return time.process_time() - began, hits


@dataclass
class Search(Kernel):
    """What of it the kernel's first function takes: candidates, hashes, look-up."""

    settings: str = "1 thread, without confirming and without Python"

    def __post_init__(self) -> None:
        self._seconds = 0.0
        for plan in self.matcher._plans:
            scan, plan._library = plan._library.ts_scan, copy(plan._library)
            plan._library.ts_scan = partial(self._watched, scan)

    def _watched(self, scan: Callable[..., int], *arguments: Any) -> int:
        began = time.process_time()
        status = scan(*arguments)
        self._seconds += time.process_time() - began
        return status

    def search(self, text: bytes) -> tuple[float, int]:
        self._seconds = 0.0
        _, hits = super().search(text)
        return self._seconds, hits


def main() -> None:
    folder = Path(sys.argv.pop()) if len(sys.argv) > 1 and not sys.argv[-1].startswith("-") else None
    if folder is None:
        sys.exit("usage: matcher.py [--quick] FOLDER")
    with desk() as at:
        others = peers(at.folder)
        fetch(folder)
        _false_records(at, folder)  # first: a child's peak memory begins at its parent's
        at.with_customers()
        rows = list(customers(CUSTOMERS, seed=SEED))
        index = Index(at.workspace, rows)
        _speeds(at, index, rows, others)
        _threads(at, index, rows)
        _packed(at, index, rows)
        _recall(at, index, rows)


def _speeds(at: Desk, index: Index, rows: Sequence[tuple[str, ...]], others: Sequence[Peer]) -> None:
    kernels = _kernels(at, index)
    candidates: list[Peer] = [*kernels, *others]
    for each in others:
        began = time.perf_counter()
        each.prepare(values_of(rows))
        print(f"{each.name:28}{time.perf_counter() - began:7.2f} s to prepare  {each.settings}", flush=True)
    for sort in SORTS:
        text = made(sort, (4 if at.quick else 32) * MIB, rows)
        measured = _interleaved(candidates, text, 2 if at.quick else ROUNDS)
        if len({hits for _, hits, _ in measured[: len(kernels)]}) > 1:
            at.missed.append(f"{sort}: the same hits in every index")
        for each, (rate, hits, size) in zip(candidates, measured, strict=True):
            promised = PROMISED.get((each.name, sort), 0)
            what = f"{sort}: {each.name}"
            slice_ = "" if size == len(text) else f"on the first {size // MIB} MiB"
            _held(at, f"{what:52}{rate:8.0f} MB/s {hits:10,} hits {slice_}", what, rate, promised)


def _kernels(at: Desk, index: Index) -> list[Kernel]:
    """The customers alone, among many records, and beside other data sets."""
    many = 1_000_000 if at.quick else 100_000_000
    lookups = {
        f"{CUSTOMERS:,} records": index.lookup,
        f"{many:,} records": index.among(many),
        "10 data sets of 68,000": index.beside(10),
        "100 data sets of 68,000": index.beside(100),
    }
    (table,) = lookups[f"{many:,} records"].tables
    size = table.filter.nbytes + table.directory.nbytes + table.entries.nbytes
    per_key = size / len(table.entries)
    what = f"index of {many:,} records"
    _held(at, f"{what:52}{per_key:8.2f} bytes a key", what, -per_key, -BYTES_PER_KEY)
    return [
        kind(name + what, KernelMatcher(each, index.key_of))
        for name, each in lookups.items()
        for kind, what in ((Search, SEARCH), (Kernel, ""))
    ]


def _interleaved(candidates: Sequence[Peer], text: bytes, rounds: int) -> list[tuple[float, int, int]]:
    """(MB/s, hits, bytes searched) of each: medians of rounds in which each has a turn, after a warm-up."""
    slices = [text if each.whole else text[: _affordable(each, text)] for each in candidates]
    hits = [each.search(part)[1] for each, part in zip(candidates, slices, strict=True)]
    seconds: list[list[float]] = [[] for _ in candidates]
    for _ in range(rounds):
        for own, each, part in zip(seconds, candidates, slices, strict=True):
            own.append(each.search(part)[0])
    return [
        (len(part) / 1e6 / median(own), found, len(part))
        for own, found, part in zip(seconds, hits, slices, strict=True)
    ]


def _affordable(peer: Peer, text: bytes) -> int:
    """As many MiB of the text as the peer searches in SLICE_SECONDS, one at least."""
    seconds, _ = peer.search(text[:MIB])
    return min(len(text), max(1, int(SLICE_SECONDS / seconds)) * MIB)


def _threads(at: Desk, index: Index, rows: Sequence[tuple[str, ...]]) -> None:
    """Wall time with one thread and with two, each free to use another core, in turns."""
    cores = set(range(os.cpu_count() or 1))
    matchers = [KernelMatcher(index.lookup, index.key_of, threads=threads) for threads in (1, 2)]
    for sort in ("customers, 1 % ours", "prose"):
        text = 4 * made(sort, (4 if at.quick else 32) * MIB, rows)
        os.sched_setaffinity(0, cores)
        turns = [[_wall(matcher, text) for matcher in matchers] for _ in range(ROUNDS + 1)][1:]
        os.sched_setaffinity(0, {at.core})
        one, two = (median(column) for column in zip(*turns, strict=True))
        what = f"{sort}: two threads"
        rates = f"{len(text) / 1e6 / one:.0f} and {len(text) / 1e6 / two:.0f} MB/s"
        _held(at, f"{what:52}{one / two:8.2f} times one thread ({rates})", what, one / two, TWO_THREADS)


def _wall(matcher: Matcher, text: bytes) -> float:
    began = time.perf_counter()
    for _ in matcher.matches([text]):
        pass
    return time.perf_counter() - began


def _packed(at: Desk, index: Index, rows: Sequence[tuple[str, ...]]) -> None:
    """gzip files unpacked by isal and searched, against unpacked alone; CPU time, in turns."""
    matcher = KernelMatcher(index.lookup, index.key_of)
    for sort in ("prose", "JSON", "logs"):
        text = made(sort, (4 if at.quick else 32) * MIB, rows)
        packed = gzip.compress(text)
        turns = [
            [_cpu(partial(_drained, packed)), _cpu(partial(_searched, matcher, packed))]
            for _ in range(ROUNDS + 1)
        ][1:]
        alone, searched = (median(column) for column in zip(*turns, strict=True))
        what = f"gzip, {sort}: unpacked and searched"
        rate = f"isal alone {len(text) / 1e6 / alone:.0f} MB/s"
        ratio = searched / alone
        _held(at, f"{what:52}{ratio:8.2f} times unpacked alone ({rate})", what, -ratio, -PACKED)


def _unpacked(packed: bytes) -> Iterable[bytes]:
    from isal import isal_zlib

    unpacker = isal_zlib.decompressobj(wbits=31)
    for at in range(0, len(packed), MIB // 4):
        yield unpacker.decompress(packed[at : at + MIB // 4])


def _drained(packed: bytes) -> None:
    for _ in _unpacked(packed):
        pass


def _searched(matcher: Matcher, packed: bytes) -> None:
    for _ in matcher.matches(_unpacked(packed)):
        pass


def _cpu(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _recall(at: Desk, index: Index, rows: Sequence[tuple[str, ...]]) -> None:
    """How many of the customers are found that stand in each layout among as many strangers, spelt anew."""
    random = Random(SEED + 7)
    count = 500 if at.quick else PLANTED
    matcher = KernelMatcher(index.lookup, index.key_of)
    for layout in LAYOUTS:
        ours = random.sample(list(rows), count)
        others = list(customers(count, seed=SEED + 8, first=71_000_000, domains=("bigpost.example",)))
        mixed = random.sample(ours + others, 2 * count)
        text = ForeignText("planted", layout, laid_out(mixed, layout, random))
        found = _records(_scanned([text], index, matcher))
        what = f"recall: {layout}"
        _held(at, f"{what:52}{found:8,} of {count:,} records", what, found / count, RECALL, most=1)


def _false_records(at: Desk, folder: Path) -> None:
    """Foreign text and strangers' tables against an index of ten million customers."""
    company = Company(at, 100_000 if at.quick else 10_000_000)
    matcher = KernelMatcher(company.lookup, company.key_of)
    for what, found in (
        ("foreign text", foreign_texts(folder)),
        ("strangers' tables", strangers(100_000 if at.quick else 1_000_000)),
    ):
        began = time.process_time()
        said = _scanned(found, company, matcher)
        seconds, size = time.process_time() - began, said.scanned["bytes"] / 1e9
        records = _records(said)
        singles = sum(sum(each.singles.values()) for each in said.findings)
        line = f"{what:52}{records / size:8.2f} false records a GB, {singles / size:.2f} single values"
        line += f" ({size:.2f} GB in {said.scanned['objects']:,} files, {seconds:.0f} s CPU)"
        _held(at, line, what, -records, 0)
        for finding in said.findings:
            print(f"    {finding}", flush=True)


def _scanned(found: Iterable[ForeignText | Unread], index: Index | Company, matcher: Matcher) -> Scan:
    public = Public.of((), index.lookup, index.key_of)
    return scan(found, lookup=index.lookup, matcher=matcher, public=public)


def _records(said: Scan) -> int:
    return sum(each.records + each.by_column for each in said.findings)


def _held(at: Desk, line: str, what: str, value: float, least: float, *, most: float = float("inf")) -> None:
    """Print a line; where something was promised, whether it was kept. Only the full size is judged."""
    judged = bool(least or value < 0) and not at.quick
    kept = least <= value <= most
    print(line + (f"  promised {abs(least):g}: {'kept' if kept else 'MISSED'}" if judged else ""), flush=True)
    if judged and not kept:
        at.missed.append(what)


if __name__ == "__main__":
    main()
