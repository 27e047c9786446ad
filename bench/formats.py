"""Formats beside the libraries that read them elsewhere, on the same files; what is lost; a sandbox's cost.

    apt-get install libarchive13 poppler-utils p7zip-full zstd git libreoffice-calc libreoffice-writer
    make bench-deps
    .venv/bin/python bench/formats.py [--quick]

Processor time is that of all processes together. The full size takes some 30 minutes, and 1.1 million inodes.
"""

import ctypes
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from unittest.mock import patch

from documents import A_PAGE, FORMATS, Row
from format_peers import Peer, peers
from measuring import SEED, Desk, apart, desk
from texts import prose
from trapstreet import sandbox
from trapstreet.app.demo.people import customers
from trapstreet.core.model.objects import Unread
from trapstreet.plugins import formats
from trapstreet.plugins.sources import objects
from trapstreet.sandbox import pool

ROUNDS = 5
A_TURN = 1.0
"""Seconds: the system counts the time of other processes in hundredths."""

SLOW = 5.0
"""CPU seconds of a reading from which on a peer has one turn only."""

SIZES = {
    "XLSX": 100_000,
    "DOCX": 60_000,
    "PDF": 20_000,
    "HTML": 20_000,
    "ZIP": 400_000,
    "tar.gz": 400_000,
    "tar.zst": 400_000,
    "7z": 100_000,
    "CSV.gz": 400_000,
    "mbox": 200_000,
    "WARC.gz": 20_000,
    "SQLite": 200_000,
    "Parquet": 200_000,
}
"""Customers in the file of each format."""

SHARE = 10
"""The quick run's share of them."""

OF_FILE, OF_TEXT, PAGES, OF_BEST = "MB/s of file", "MB/s of text", "pages/s", "of the library alone"
PROMISED = {
    "XLSX": (OF_FILE, 7.0),
    "PDF": (PAGES, 700.0),
    "DOCX": (OF_TEXT, 60.0),
    "ZIP": (OF_BEST, 0.9),
    "tar.gz": (OF_BEST, 0.9),
    "tar.zst": (OF_BEST, 0.9),
    "mbox": (OF_FILE, 40.0),
    "WARC.gz": (OF_FILE, 130.0),
}
"""By processor second; the library is the first peer."""

RECALLED = 5_000
OVERHEAD = 0.1
FOLDER = {
    "XLSX": 500,
    "DOCX": 300,
    "PDF": 300,
    "HTML": 200,
    "mail": 60,
    "ZIP": 2_000,
    "7z": 2_000,
    "SQLite": 1_000,
    "Parquet": 1_000,
    "CSV": 2_000,
}
"""A mixed folder: customers in each file of a format, of which there are COPIES."""

COPIES = 40
FILES, FILE_SIZE, FILES_A_SECOND = 1_000_000, 250, 5_000
_TICK = os.sysconf("SC_CLK_TCK")
_SUBREAPER = 36  # prctl(2)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a reading took and gave."""

    seconds: float
    text: int


def main() -> None:
    with desk() as at, patch.object(pool, "MOST_CALLS", sys.maxsize):  # one that ends takes its figures along
        ctypes.CDLL(None).prctl(_SUBREAPER, 1)  # else the sandbox's processes are not found below this one
        others = peers()
        _many_files(at)  # first: a child's peak memory begins at its parent's
        rows = list(customers(max(SIZES.values()) // (SHARE if at.quick else 1), seed=SEED))
        _recall(at, rows)
        for name, candidates in others.items():
            _speeds(at, name, rows, candidates)
        _overhead(at, rows)


def _speeds(at: Desk, name: str, rows: Sequence[Row], others: Sequence[Peer]) -> None:
    """Ours and the peers in turns on one file, medians; all of its customers must come out of ours."""
    count = SIZES[name] // (SHARE if at.quick else 1)
    path = at.folder / "file"
    apart(_write, path, name, rows[:count])
    size = path.stat().st_size
    found = _found(_texts(path, tell=True), rows[:count])
    candidates = [Peer("trapstreet", "formats.read", _texts), *others]
    turns = _in_turns(path, candidates, 1 if at.quick else ROUNDS)
    best = turns[1].seconds
    print(f"{name}: {size / 1e6:.1f} MB, {count:,} customers, {found:,} found in what we read", flush=True)
    if found < count:
        at.missed.append(f"{name}: all customers")
    for each, turn in zip(candidates, turns, strict=True):
        figures = {
            OF_FILE: size / 1e6 / turn.seconds,
            OF_TEXT: turn.text / 1e6 / turn.seconds,
            PAGES: count / A_PAGE / turn.seconds,
            OF_BEST: best / turn.seconds,
        }
        line = f"{figures[OF_FILE]:8.1f} MB/s in{figures[OF_TEXT]:8.1f} out{figures[OF_BEST]:7.2f}"
        what = f"{name}: {each.name}"
        if each is candidates[0] and name in PROMISED:
            unit, least = PROMISED[name]
            _held(at, f"  {each.name:28}{line}{figures[unit]:9.2f} {unit}", what, figures[unit], least)
        else:
            print(f"  {each.name:28}{line}  {each.settings}", flush=True)
    path.unlink()


def _write(path: Path, name: str, rows: Sequence[Row]) -> None:
    path.write_bytes(FORMATS[name](rows))


def _in_turns(path: Path, candidates: Sequence[Peer], rounds: int) -> list[Turn]:
    """The median of each; the first round warms up, and is all that slow ones get."""
    turns = [[_turn(partial(each.read, path))] for each in candidates]
    for _ in range(rounds):
        for own, each in zip(turns, candidates, strict=True):
            if own[0].seconds < SLOW:
                own.append(_turn(partial(each.read, path)))
    medians = [statistics.median(turn.seconds for turn in own[1:] or own) for own in turns]
    return [Turn(seconds, own[0].text) for seconds, own in zip(medians, turns, strict=True)]


def _turn(read: Callable[[], Iterator[bytes | str]]) -> Turn:
    """The mean of as many readings as take A_TURN."""
    before, began, times = _processes(), time.perf_counter(), 0
    while not times or time.perf_counter() - began < A_TURN:
        text, times = sum(map(len, read())), times + 1
    return Turn(_between(before, _processes()) / times, text)


def _texts(path: Path, *, tell: bool = False) -> Iterator[bytes]:
    """All that we read of a file, or of those in a folder.

    tell  say what is not read
    """
    for found in objects(str(path)):
        for part in [found] if isinstance(found, Unread) else formats.read(found):
            if not isinstance(part, Unread):
                yield from part.chunks
            elif tell:
                print(f"    UNREAD  {part.path.removeprefix(str(path))}: {part.why}", flush=True)


def _found(chunks: Iterator[bytes | str], rows: Sequence[Row]) -> int:
    """How many of the customers are there with address, phone number and ticket, as they are written but for
    line breaks."""
    text = b"".join(chunk if isinstance(chunk, bytes) else chunk.encode() for chunk in chunks)
    text = b" ".join(text.split()).replace(b"- ", b"-")  # lines end behind hyphens, too
    words = set(re.findall(rb"TS-\d+|[\w.]+@[\w.]+example|\+353 8\d \d{3} \d{4}", text))
    return sum({row[0].encode(), row[2].encode(), row[3].encode()} <= words for row in rows)


def _processes() -> dict[int, float]:
    """The processor seconds of this process and of every one below it."""
    below: dict[int, tuple[int, float]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            below[int(entry.name)] = int(fields[1]), sum(map(int, fields[11:15])) / _TICK
    ours = {os.getpid(): time.process_time() + sum(os.times()[2:4])}
    while more := {pid: used for pid, (parent, used) in below.items() if parent in ours and pid not in ours}:
        ours |= more
    return ours


def _between(before: dict[int, float], after: dict[int, float]) -> float:
    """What was used in the meantime, and is known of."""
    return sum(used - before.get(pid, 0.0) for pid, used in after.items())


def _recall(at: Desk, rows: Sequence[Row]) -> None:
    """How many customers come out of each format."""
    some = rows[: 200 if at.quick else RECALLED]
    path = at.folder / "file"
    for name in FORMATS:
        apart(_write, path, name, some)
        found = _found(_texts(path, tell=True), some)
        what = f"recall: {name}"
        _held(at, f"{what:40}{found:8,} of {len(some):,}", what, found / len(some), 1, always=True)


def _overhead(at: Desk, rows: Sequence[Row]) -> None:
    """A folder of ordinary documents read with the parsers in the sandbox, and in this process."""
    folder = at.folder / "mixed"
    folder.mkdir()
    for name, count in FOLDER.items():
        content = FORMATS[name](rows[:count])
        for number in range(4 if at.quick else COPIES):
            (folder / f"{name} {number}").write_bytes(content)
    files = list(folder.iterdir())
    size = sum(path.stat().st_size for path in files) / 1e6
    inside = _in_process()
    turns: list[tuple[float, float]] = []
    for _ in range(2 if at.quick else ROUNDS + 1):
        boxed = _turn(partial(_texts, folder)).seconds
        with patch.object(sandbox, "stream", inside):
            turns.append((boxed, _turn(partial(_texts, folder)).seconds))
    boxed, bare = (statistics.median(column) for column in zip(*turns[1:], strict=True))
    what = "sandbox"
    line = f"{what}: {len(files)} documents, {size:.0f} MB: {boxed:.2f} s CPU, without it {bare:.2f}"
    _held(at, f"{line}, {boxed / bare - 1:+.1%}", what, 1 - boxed / bare, -OVERHEAD)
    rmtree(folder)


def _in_process() -> Callable[..., Iterator[object]]:
    """`sandbox.stream` without a sandbox."""

    def stream(target: str, *arguments: sandbox.Argument, limits: object = None) -> Iterator[object]:
        module, _, name = target.partition(":")
        given = [_again(each) if hasattr(each, "fileno") else each for each in arguments]
        yield from getattr(import_module(module), name)(*given)

    return stream


def _again(file: sandbox.Argument) -> object:
    """The same file opened once more, at its beginning."""
    return open(f"/proc/self/fd/{file.fileno()}", "rb")  # type: ignore[union-attr]  # noqa: PTH123


def _many_files(at: Desk) -> None:
    """The whole command on a folder of small files."""
    at.with_customers(1_000)
    count = FILES // (100 if at.quick else 1)
    apart(_small_files, at.folder / "heap", count)
    cost = at.run("scan", at.folder / "heap")
    what = f"scan: {count:,} files of {FILE_SIZE} bytes"
    rate = count / cost.cpu
    _held(at, f"{what:40}{rate:8,.0f} files a CPU second", what, rate, FILES_A_SECOND)
    rmtree(at.folder / "heap")


def _small_files(folder: Path, count: int) -> None:
    text = prose(1 << 20)
    for number in range(count):
        if number % 1000 == 0:
            (folder / f"{number // 1000}").mkdir(parents=True)
        begin = number * FILE_SIZE % (len(text) - FILE_SIZE)
        (folder / f"{number // 1000}" / f"{number}.txt").write_bytes(text[begin : begin + FILE_SIZE])


def _held(at: Desk, line: str, what: str, value: float, least: float, *, always: bool = False) -> None:
    """Print a line, and whether what was promised was kept. Most is judged at the full size only."""
    kept = value >= least
    print(f"{line}  promised {abs(least):g}: {'kept' if kept else 'MISSED'}", flush=True)
    if not kept and (always or not at.quick):
        at.missed.append(what)


if __name__ == "__main__":
    main()
