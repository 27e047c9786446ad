"""Batches of one size from what is read in blocks of any."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from trapstreet.core.model.table import Batch, Rejected, Row


def in_batches(blocks: Iterable[Batch], size: int) -> Iterator[Batch]:
    """The rows and rejected rows of all blocks, `size` of both to a batch, fewer in the last.

    blocks  of text: with the raw text of each row
    """
    rows: list[Row] = []
    lines: list[int] = []
    raw: list[str | None] = []
    rejected: list[Rejected] = []
    for block in blocks:
        rows += block.rows
        lines += block.lines
        raw += block.raw or ()
        rejected += block.rejected
        start = out = 0
        for last in _last_lines(lines, rejected, size):
            end, refused = bisect_right(lines, last), bisect_right(rejected, last, key=_line)
            yield Batch(rows[start:end], lines[start:end], raw[start:end], rejected[out:refused])
            start, out = end, refused
        del rows[:start], lines[:start], raw[:start], rejected[:out]
    if rows or rejected:
        yield Batch(rows, lines, raw, rejected)


def _last_lines(lines: Sequence[int], rejected: Sequence[Rejected], size: int) -> Sequence[int]:
    """The line of every `size`th row, rejected ones counted."""
    every = sorted(chain(lines, map(_line, rejected))) if rejected else lines
    return every[size - 1 :: size]


def _line(rejected: Rejected) -> int:
    return rejected.line
