"""Delimited text read block by block: the records of `_lines.records`, many of them at once in C.

Where a block has no quote, each of its lines is split at the delimiter; else `csv` parses all of it. What
neither can read is left to `_lines`, record by record.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, islice, pairwise, repeat
from typing import NamedTuple

from trapstreet.plugins.tables._lines import LONGEST_LINE, Dialect, Waiting, cells_of, one_by_one
from trapstreet.plugins.tables._text import splits_alike

_MANY = 1000


class Stretch(NamedTuple):
    """Records that follow one another: a column for each field of `Record`.

    why  None where nothing is wrong with any of them
    """

    lines: Sequence[int]
    texts: Sequence[str]
    rows: Sequence[tuple[str, ...]]
    why: Sequence[str | None] | None = None


def stretches(blocks: Iterable[list[str]], dialect: Dialect, *, first: int = 1) -> Iterator[Stretch]:
    """The records of all blocks, as `records` finds them in their lines.

    blocks  lines with their endings, some at a time;  first  the number of the first of them
    """
    waiting = Waiting(iter(blocks), first)
    held: list[str] = []  # lines of a record that goes on in the next block
    for block in waiting.further:
        lines = held + block
        found, read, broken = _at_once(lines, dialect, waiting.number)
        if found.rows:
            yield found
        waiting.number += read
        held = lines[read:]
        if broken or (held and not read):
            waiting.lines, held = held[::-1], []
            yield from _singly(waiting, dialect)
    waiting.lines = held[::-1]
    yield from _singly(waiting, dialect)


def _singly(waiting: Waiting, dialect: Dialect) -> Iterator[Stretch]:
    found = one_by_one(waiting, dialect)
    while some := list(islice(found, _MANY)):
        lines, texts, cells, why = zip(*some, strict=True)
        yield Stretch(lines, texts, list(map(tuple, cells)), why)


def _at_once(lines: list[str], dialect: Dialect, number: int) -> tuple[Stretch, int, bool]:
    """The records before one that is broken or that these lines do not end; how many lines they take; whether
    one is broken."""
    rows = _split(lines, dialect)
    if rows is not None:
        return Stretch(range(number, number + len(lines)), lines, rows), len(lines), False
    return _parsed(lines, dialect, number)


def _split(lines: list[str], dialect: Dialect) -> list[tuple[str, ...]] | None:
    """The cells of each line, None where they are not just what stands between delimiters."""
    text = "".join(lines)
    if dialect.padded or any(sign in text for sign in (dialect.quote, dialect.escape) if sign):
        return None
    if not splits_alike(text):
        return None
    bare = text.splitlines()
    if len(bare) != len(lines) or "" in bare or max(map(len, bare)) > csv.field_size_limit():
        return None
    return list(map(tuple, map(str.split, bare, repeat(dialect.delimiter))))


def _parsed(lines: list[str], dialect: Dialect, number: int) -> tuple[Stretch, int, bool]:
    """What `_at_once` says, from csv."""
    rows: list[tuple[str, ...]] = []
    ends = [0]
    broken = False
    reader = cells_of(lines, dialect)
    try:
        for cells in reader:
            rows.append(tuple(cells))
            ends.append(reader.line_num)
    except csv.Error as error:
        broken = "unexpected end" not in str(error)
    singles = ends[-1] == len(rows)
    texts = lines[: len(rows)] if singles else ["".join(lines[start:end]) for start, end in pairwise(ends)]
    if max(map(len, texts), default=0) > LONGEST_LINE:
        return Stretch((), (), ()), 0, True
    starts = [number + start for start in ends[:-1]]
    if () in rows:  # blank lines
        starts, texts = list(compress(starts, rows)), list(compress(texts, rows))
    return Stretch(starts, texts, list(filter(None, rows))), ends[-1], broken
