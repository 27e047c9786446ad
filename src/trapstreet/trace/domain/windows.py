"""The text round the first records that a leak shows, in which marks are looked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.model.table import Cell, cell_text
from trapstreet.index import Lookup, Matches
from trapstreet.index.matcher import NEAR

U64 = NDArray[np.uint64]

MOST = 4096
"""Records of a data set whose text is kept: some 4 MB, enough to tell five colluders by their marks."""

NEITHER = -1


@dataclass(frozen=True, slots=True)
class Window:
    """The text near a record's first match, which begins at `at`. Protected."""

    text: bytes = field(repr=False)
    at: int

    def shows(self, pair: Sequence[Cell]) -> int:
        """Which of two spellings stands closest to the match: 0, 1, or NEITHER.

        Where one is part of the other, it counts only where the other does not stand. Nothing stands in the
        middle of a word.
        """
        texts = [(cell_text(cell) or "").encode("utf-8", "surrogatepass") for cell in pair]
        longer = int(len(texts[1]) >= len(texts[0]))
        taken = self._places(texts[longer])
        size = len(texts[longer])
        free = [
            place
            for place in self._places(texts[1 - longer])
            if not any(start <= place < start + size for start in taken)
        ]
        found = [(abs(place - self.at), longer) for place in taken]
        found += [(abs(place - self.at), 1 - longer) for place in free]
        return min(found)[1] if found else NEITHER

    def _places(self, text: bytes) -> list[int]:
        places = []
        place = self.text.find(text) if text.strip() else -1
        while place >= 0:
            end = place + len(text)
            inside = _joins(self.text[place - 1 : place], text[:1]) or _joins(
                text[-1:], self.text[end : end + 1]
            )
            if not inside:
                places.append(place)
            place = self.text.find(text, place + 1)
        return places


class Windows:
    """Keeps the text round the first MOST records of each data set that a leak shows."""

    def __init__(self, lookup: Lookup) -> None:
        self._data_set = np.array([owner.data_set for owner in lookup.owners], dtype=np.int64)
        self._real = np.array([owner.copy == "" for owner in lookup.owners], dtype=np.bool_)
        self._kept: dict[int, dict[int, Window]] = {}

    def add(self, matches: Matches) -> None:
        """Take the next stretch of a text."""
        data_set = self._data_set[matches.owner]
        for number in np.unique(data_set).tolist():
            kept = self._kept.setdefault(number, {})
            if len(kept) >= MOST:
                continue
            at = np.flatnonzero((data_set == number) & self._real[matches.owner])
            records, first = np.unique(matches.record[at], return_index=True)
            for record, place in sorted(zip(records.tolist(), at[first].tolist(), strict=True), key=_second):
                if len(kept) < MOST and record not in kept:
                    kept[record] = _window(matches, place)

    def of(self, number: int) -> dict[int, Window]:
        """The windows of a data set, by RecordId."""
        return self._kept.get(number, {})


def _window(matches: Matches, place: int) -> Window:
    start = int(matches.start[place]) - matches.offset
    first = max(0, start - NEAR)
    return Window(bytes(matches.text[first : start + NEAR]), start - first)


def _second(pair: tuple[int, int]) -> int:
    return pair[1]


def _joins(before: bytes, after: bytes) -> bool:
    """Whether a letter or digit follows another without a break."""
    return (before.isalnum() or before >= b"\x80") and (after.isalnum() or after >= b"\x80")
