"""A few places of a text to show, without the values."""

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind
from trapstreet.core.model.words import printable
from trapstreet.index import Lookup, Matches, Seen
from trapstreet.index.runs import distinct

EXCERPTS = 3

_KEPT = 8 * EXCERPTS
_LOOKED_AT = 256
_HIDDEN = re.compile(r"(?<=\w)[^\W\d_]|(?<!\w)[^\W\d_](?!\w\w)")  # all letters but the first of longer words

State = tuple[int, int]  # owner, record
Values = dict[Kind, bytes | None]  # None: near the others, wherever it stands


class Excerpts:
    """Masked values of the first records of each data set, those whose fields stand together apart."""

    def __init__(self, lookup: Lookup) -> None:
        self._data_set = np.array([owner.data_set for owner in lookup.owners], dtype=np.int64)
        self._shown: dict[tuple[int, bool], dict[State, Values]] = defaultdict(dict)

    def add(self, matches: Matches, beside: NDArray[np.bool_]) -> None:
        """Take the next stretch; beside says which matches have another field of their record near them."""
        data_set = self._data_set[matches.owner]
        for number in distinct(data_set).tolist():
            for together in (True, False):
                shown = self._shown[number, together]
                if len(shown) < _KEPT:
                    at = np.flatnonzero((data_set == number) & (beside == together))
                    for each in at[:_LOOKED_AT].tolist():
                        _show(shown, matches, each)

    def of(self, number: int, seen: Iterable[Seen]) -> list[str]:
        """The first few of a data set, of these records: those given first before those given later."""
        found: dict[State, Values] = {}
        for each in seen:
            wanted = set(zip(each.owner.tolist(), each.record.tolist(), strict=True))
            for together in (True, False):
                for state, values in self._shown[number, together].items():
                    if state in wanted:
                        found.setdefault(state, values)
        return [_line(values) for values in islice(found.values(), EXCERPTS)]


def _show(shown: dict[State, Values], matches: Matches, at: int) -> None:
    match = matches.match(at)
    state = match.owner, match.record
    if state in shown or len(shown) < _KEPT:
        values = shown.setdefault(state, {})
        values.setdefault(match.kind, matches.value(at))
        for kind in sorted(match.confirmed):
            values.setdefault(kind, None)


def _line(values: Values) -> str:
    return " · ".join(kind if value is None else f"{kind} {masked(value)}" for kind, value in values.items())


def masked(value: bytes) -> str:
    """The shape of a value without the value: the first letter of longer words, the last two digits, no
    more."""
    text = printable(value.decode("utf-8", "replace"))
    digits = sum(map(str.isdigit, text))
    shown = _HIDDEN.sub("*", text)
    kept = iter(range(digits))
    return re.sub(
        r"\d", lambda match: match.group() if next(kept) >= max(0, digits - 2) and digits > 4 else "*", shown
    )
