"""Where a clue stands, in plain Python: what clues.c must equal, and what does its work where there was no
compiler."""

import re
from collections.abc import Iterator
from functools import cache

from trapstreet.plugins.decoders._clues import (
    FILE_HEAD,
    FILE_HEADS,
    HEAD,
    LONG,
    LOOKS,
    SKIPPED,
    Clue,
    Pairs,
    Runs,
    Sign,
    bits_of,
)
from trapstreet.plugins.decoders._text import is_text


def places(data: bytes, clue: Clue) -> list[int]:
    """The places of the clue, ascending."""
    if isinstance(clue, Runs):
        return [*_runs(data, clue)]
    return [match.start() for match in _pattern(clue).finditer(data)]


@cache
def _pattern(clue: Clue) -> re.Pattern[bytes]:
    if isinstance(clue, Sign):
        return re.compile(re.escape(clue.sign) + b"(?=[" + re.escape(clue.then) + b"])")
    one = re.escape(clue.alphabet)
    if isinstance(clue, Pairs):
        return re.compile(b"(?=[%b]{2}(?:[^%b][%b]{2}){7}(?![%b]))" % (one, one, one, one), re.DOTALL)
    return re.compile(b"[%b]{%d,}+" % (one, clue.least))


def _runs(data: bytes, clue: Runs) -> Iterator[int]:
    second, pairs = clue.begins
    first, then = (bits_of(alphabets) for alphabets in zip(*pairs, strict=True))
    for match in _pattern(clue).finditer(data):
        start, end = match.span()
        start += SKIPPED.get(data[start - 1], 0) if start else 0
        if _is_file(data, clue, start):
            yield start
        elif end - start >= LONG:
            shift = _shift(data, clue, start)
            if shift is not None:
                yield start + shift
        elif first[data[start]] & then[data[start + second]] and _is_text(data, clue, start, end):
            yield start


def _is_file(data: bytes, clue: Runs, start: int) -> bool:
    return _head(data, clue, start) >> 8 * (HEAD - FILE_HEAD) in FILE_HEADS


def _shift(data: bytes, clue: Runs, start: int) -> int | None:
    """How far behind its beginning the first group of a long run is, by the text that most groups begin."""
    counts = [
        sum(is_text(_head(data, clue, start + by + look)) for look in LOOKS) for by in range(clue.group)
    ]
    return counts.index(max(counts)) if 2 * max(counts) >= len(LOOKS) else None


def _is_text(data: bytes, clue: Runs, start: int, end: int) -> bool:
    """Whether a short run may be text by its first bytes and those behind them, and by its last if it is very
    short."""
    if not is_text(_head(data, clue, start)):
        return False
    size, head = end - start, 8 * HEAD // clue.bits
    if size >= 2 * head and not is_text(_head(data, clue, start + head), within=True):
        return False
    last = start + size // clue.group * clue.group - head
    if size < clue.surely and not is_text(_head(data, clue, last), within=True):
        return False
    return not _is_number(data[start:end], clue)


def _head(data: bytes, clue: Runs, at: int) -> int:
    """The first bytes that the characters from there on stand for, the first of them the highest."""
    head = 0
    for value in data[at : at + 8 * HEAD // clue.bits].translate(clue.value):
        head = head << clue.bits | value
    return head


def _is_number(run: bytes, clue: Runs) -> bool:
    digits = run[: clue.digits].isdigit()
    return len(run) <= clue.longest and digits and run[:16:2].count(b"3") < clue.threes
