"""How many others a leak shows beside our records: values that stand in none of them."""

import re
from collections import defaultdict
from typing import NamedTuple, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from trapstreet.core.fields import Kind, kinds
from trapstreet.index import Matches
from trapstreet.index.matcher import CandidateForms
from trapstreet.index.runs import among, distinct, runs
from trapstreet.index.stretches import MARGIN
from trapstreet.trace.domain.extents import Extents, Spans

U8 = NDArray[np.uint8]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

_GATHERED = 1 << 19

_FEWEST = 7
"""Digits of a number, dates left out."""

_DATE = re.compile(
    rb"(?<!\d)(?:(?:19|20)\d\d[-./]?(?:0[1-9]|1[0-2])[-./]?(?:[0-2]\d|3[01])(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?"
    rb"|[0-3]?\d([-./])[01]?\d\1(?:19|20)\d\d)(?!\d)"
)
_NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))

_YEAR_WITHIN = 40  # bytes of a value that are looked at together
_JOINED_WITHIN = 512  # bytes before an address in which both halves of it stand


class Foreign:
    """Counts, per kind, the different values of one or more texts that are no part of our records.

    Part of a record or a decoy is each value of its own, what stands between two of them, and what stands in
    a line with one that has another beside it: its other cells. A line ends at a line break, at a brace, and
    where a comma follows a closing bracket, at most NEAR bytes away. Values that overlap count once. Dates
    are no numbers, and an address that only comes about where a line end is left out is none.
    Memory grows by 8 bytes for each different value, and not with the text.
    """

    def __init__(self) -> None:
        self._others: dict[Kind, _Different] = defaultdict(_Different)
        self._numbers: dict[Kind, _Different] = defaultdict(_Different)
        self._ours: dict[Kind, _Different] = defaultdict(_Different)
        self._pending: dict[Kind, _Stood] = {}
        self._reached: dict[Kind, int] = {}
        self._met = Extents.none()
        self._end = 0

    def add(self, matches: Matches, beside: Bools) -> None:
        """Take the next stretch of the text, from a matcher that was asked for its candidates; beside says
        which matches have another field of their record near them."""
        self._end += matches.size
        self._met = self._met.followed_by(Extents.of(matches, beside))
        records, values, numbers = self._met.records(), self._met.values(), self._met.numbers()
        for kind, forms in matches.candidates.items():
            self._ours[kind].add(forms.fingerprints[values.touch(forms.places, forms.ends)])
            new = self._apart(kind, forms)
            new = new.take(~records.touch(new.start, new.end))
            new = new.take(_real(kind, new, matches))
            old = self._pending.get(kind, _Stood.none())
            stood = old.take(~records.touch(old.start, old.end)).followed_by(new)
            self._pending[kind] = self._settle(kind, stood, numbers, self._end - MARGIN)
        self._met = self._met.since(self._end - 2 * MARGIN)

    def end_text(self) -> None:
        """What follows is another text: nothing of it is near anything before."""
        numbers = self._met.numbers()
        for kind, stood in self._pending.items():
            self._settle(kind, stood, numbers, self._end)
        self._pending, self._reached, self._met, self._end = {}, {}, Extents.none(), 0

    def count(self, kind: Kind, *, numbers_only: bool) -> int:
        """How many values of a kind are not ours.

        numbers_only  numbers that equal one of ours, with nothing of its record near, are ours; elsewhere
                      chance explains them
        """
        found = self._others[kind].all()
        if not numbers_only:
            found = distinct(np.concatenate([found, self._numbers[kind].all()]))
        return int(np.count_nonzero(~among(found, self._ours[kind].all())))

    def _apart(self, kind: Kind, forms: CandidateForms) -> "_Stood":
        """The candidates, those that overlap as one: by the longest of them, from where the first begins to
        where the last ends."""
        before = self._reached.get(kind, 0)
        reach = np.maximum.accumulate(np.append(before, forms.ends))
        self._reached[kind] = int(reach[-1])
        first = np.flatnonzero(forms.places >= reach[:-1])
        if not len(first):
            return _Stood.none()
        last = np.append(first[1:], len(forms.places))
        sizes = (forms.ends - forms.places)[first[0] :]  # those before overlap what was there before
        longest = np.repeat(np.maximum.reduceat(sizes, first - first[0]), last - first)
        at = first[0] + np.flatnonzero(sizes == longest)
        chosen = at[runs(np.searchsorted(first, at, side="right"))]
        return _Stood(forms.fingerprints[chosen], forms.places[first], reach[last])

    def _settle(self, kind: Kind, stood: "_Stood", numbers: Spans, until: int) -> "_Stood":
        """Count what stands before a place; the rest, which may yet turn out to be part of a record."""
        settled = stood.take(stood.start < until)
        of_number = numbers.touch(settled.start, settled.end)
        self._others[kind].add(settled.fingerprint[~of_number])
        self._numbers[kind].add(settled.fingerprint[of_number])
        return stood.take(stood.start >= until)


class _Different:
    """Different fingerprints, gathered."""

    def __init__(self) -> None:
        self._parts: list[U64] = [np.empty(0, dtype=np.uint64)]
        self._pending = 0

    def add(self, fingerprints: U64) -> None:
        self._parts.append(distinct(fingerprints))
        self._pending += len(fingerprints)
        if self._pending > max(_GATHERED, len(self._parts[0])):
            self.all()

    def all(self) -> U64:
        """Each once, in order."""
        self._parts, self._pending = [distinct(np.concatenate(self._parts))], 0
        return self._parts[0]


class _Stood(NamedTuple):
    """Values that stood somewhere: a fingerprint of each, where it begins and ends."""

    fingerprint: U64
    start: I64
    end: I64

    @classmethod
    def none(cls) -> Self:
        nowhere = np.empty(0, dtype=np.int64)
        return cls(np.empty(0, dtype=np.uint64), nowhere, nowhere)

    def take(self, at: Bools) -> "_Stood":
        return _Stood._make(column[at] for column in self)

    def followed_by(self, later: "_Stood") -> "_Stood":
        return _Stood._make(map(np.concatenate, zip(self, later, strict=True)))


def _real(kind: Kind, stood: _Stood, matches: Matches) -> Bools:
    """Which of the values somebody wrote as what they are taken for."""
    real = np.ones(len(stood.start), dtype=np.bool_)
    text = np.frombuffer(matches.text, dtype=np.uint8)
    start, end = stood.start - matches.offset, stood.end - matches.offset
    if kind is Kind.EMAIL:
        asked, is_one = np.flatnonzero(text[np.maximum(start - 1, 0)] == ord(" ")), _is_whole
    elif kinds()[kind].alone:
        return real
    else:
        asked, is_one = np.flatnonzero(_may_hold_dates(text, start, end)), _is_number
    for at in asked.tolist():
        real[at] = is_one(matches.text, int(start[at]), int(end[at]))
    return real


def _may_hold_dates(text: U8, start: I64, end: I64) -> Bools:
    """Which places have four digits that can be a year, or are too long to be looked through at once: what
    takes 1 µs for each (_is_number) takes 0.1 µs."""
    if len(text) < _YEAR_WITHIN:
        return np.ones(len(start), dtype=np.bool_)
    first = np.minimum(start, len(text) - _YEAR_WITHIN)
    windows = sliding_window_view(text, _YEAR_WITHIN)[first]
    digits = windows - np.uint8(ord("0")) < 10
    one, two = windows[:, :-3], windows[:, 1:-2]
    years = ((one == ord("1")) & (two == ord("9"))) | ((one == ord("2")) & (two == ord("0")))
    years &= digits[:, 2:-1] & digits[:, 3:]
    years &= np.arange(_YEAR_WITHIN - 3) <= (end - first - 4)[:, np.newaxis]
    may: Bools = years.any(axis=1) | (end - start > _YEAR_WITHIN)
    return may


def _is_number(text: bytes | memoryview, start: int, end: int) -> bool:
    """Whether a value is more than a date."""
    rest, dates = _DATE.subn(b" ", bytes(text[start:end]))
    return not dates or rest.lower() != rest.upper() or len(rest.translate(None, _NOT_DIGITS)) >= _FEWEST


def _is_whole(text: bytes | memoryview, start: int, end: int) -> bool:
    """Whether an address does not stand just before with a line end in it."""
    before, value = bytes(text[max(0, start - _JOINED_WITHIN) : start]), bytes(text[start:end])
    return b"\n" not in before or value in before or value not in before.replace(b"\n", b"")
