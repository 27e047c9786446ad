"""Names in the order of how many rows of a table have them."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.name_law import NameLaw


class NameRanks:
    """Names of rows that are alike and that two rows of the table have or more, to find one as frequent as
    another. Each is drawn as often as these rows have it: of two that the table has equally often, a name of
    their country rather than one that strayed into it."""

    def __init__(self, names: Iterable[str], law: NameLaw) -> None:
        """names: of each row; O(n log n)."""
        rows = sorted(
            (law.counts[name], name) for name in map(str.lower, names) if law.counts.get(name, 0) > 1
        )
        self._row_counts = [count for count, _ in rows]
        self._row_names = [law.written[name] for _, name in rows]
        here = Counter(rows)
        self._counts = [count for count, _ in here]
        self._names = [law.written[name] for _, name in here]
        self._here = list(here.values())

    def had_by(self, count: int) -> Sequence[str]:
        """The names that so many rows of the table have, each as often as the rows that are alike have it."""
        counts = self._row_counts
        return self._row_names[bisect_left(counts, count) : bisect_right(counts, count)]

    def near(self, count: int, reach: int, draws: KeyedDraws) -> str | None:
        """A name that about so many rows have: up to `reach` ranks above or below; None without any."""
        if not self._names:
            return None
        first, end = bisect_left(self._counts, count), bisect_right(self._counts, count)
        middle = min(first + draws.below(max(1, end - first)), len(self._names) - 1)
        around = slice(max(0, middle - reach), middle + reach + 1)
        return draws.weighted(self._names[around], list(accumulate(self._here[around])))
