"""Reproducible random draws under a key: what a copy's code key decides, it decides again."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_BLOCK = 4096


class KeyedDraws:
    """A stream of independent uniform 64-bit words: SipHash-2-4 under the key in counter mode.

    The stream for one (key, label) never changes: `label` separates the uses of one key.
    """

    def __init__(self, key: bytes, label: int) -> None:
        self._key = key
        self._label = label
        self._next_block = 0
        self._words: list[int] = []

    def word(self) -> int:
        """The next word, uniform over [0, 2**64)."""
        if not self._words:
            self._draw()
        return self._words.pop()

    def _draw(self) -> None:
        import numpy as np  # here: kinds of bait, which draw, are listed by --help

        from trapstreet.core.maths.siphash import siphash24_words

        counters = np.arange(_BLOCK, dtype=np.uint64) + np.uint64(self._next_block * _BLOCK)
        labels = np.full(_BLOCK, self._label, dtype=np.uint64)
        self._words = siphash24_words(self._key, np.stack([labels, counters], axis=1)).tolist()[::-1]
        self._next_block += 1

    def below(self, bound: int) -> int:
        """A uniform integer in [0, bound), exactly uniform by rejection. bound is in [1, 2**64]."""
        limit = (1 << 64) - (1 << 64) % bound
        while (word := self.word()) >= limit:
            pass
        return word % bound

    def choice(self, items: Sequence[T]) -> T:
        """One of the items, each equally likely."""
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[T], cumulative: Sequence[int]) -> T:
        """One of the items, drawn by integer weights given as their running sums."""
        return items[bisect_right(cumulative, self.below(cumulative[-1]))]
