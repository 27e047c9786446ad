"""How what a text shows of a data set is encoded in it: the last step of the way in."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.ports import Trail
from trapstreet.index import Matches
from trapstreet.index.runs import distinct

I64 = NDArray[np.int64]

_LOOKED_AT = 16
"""Values of one stretch that are looked for unencoded near the place where they were decoded."""

_TOLD = 3
"""Values of one data set whose encodings are found out, at some ms each."""


class Ways:
    """Counts each data set's values that stand in a text as they are, and those that had to be decoded."""

    def __init__(self, trail: Trail | None) -> None:
        self._trail = trail
        self._plain: Counter[int] = Counter()
        self._decoded: dict[int, float] = defaultdict(float)
        self._ways: dict[int, list[str]] = defaultdict(list)

    def add(self, matches: Matches, data_set: I64) -> None:
        """Take the next stretch; data_set has the number of each match's."""
        if self._trail is None:
            return
        decoded = _within(matches.start, self._trail.spans())
        plain = ~decoded & (matches.start >= self._trail.since)
        for number in distinct(data_set).tolist():
            own = data_set == number
            self._plain[number] += int(np.count_nonzero(own & plain))
            if len(at := np.flatnonzero(own & decoded)):
                self._decoded[number] += len(at) * self._share(self._trail, matches, at, number)

    def of(self, number: int) -> str:
        """What the path of a data set's finding ends with: "!base64" where most of its values are only read
        once that is undone, "" where they stand there as they are."""
        ways = self._ways[number]
        if not ways or self._decoded[number] < self._plain[number]:
            return ""
        return f"!{Counter(ways).most_common(1)[0][0]}"

    def _share(self, trail: Trail, matches: Matches, at: NDArray[np.intp], number: int) -> float:
        """The share of these matches whose values do not stand nearby as they are, too."""
        looked_at = at[:: -(-len(at) // _LOOKED_AT)].tolist()
        alone = 0
        for each in looked_at:
            place, value = int(matches.start[each]), matches.value(each)
            if trail.is_plain(place, value):
                continue
            alone += 1
            ways = self._ways[number]
            if len(ways) < _TOLD and (way := trail.way_in(place, value)):
                ways.append(way)
        return alone / len(looked_at)


def _within(places: I64, spans: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Which of the places are in one of the spans, which are ascending."""
    if not spans:
        return np.zeros(len(places), dtype=np.bool_)
    starts, ends = np.array(spans, dtype=np.int64).T
    nearest = np.searchsorted(starts, places, side="right") - 1
    within: NDArray[np.bool_] = (nearest >= 0) & (places < ends[nearest])
    return within
