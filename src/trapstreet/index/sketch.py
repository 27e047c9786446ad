"""How many different values a text shows, and what they look like, in a few kilobytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]

KEPT = 1024
"""Fingerprints that a sketch keeps: its estimate is off by some 1 / sqrt(KEPT - 2) = 3 %."""

WIDTH = 24
"""Bytes of each form that are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """The KEPT smallest fingerprints of what was seen: a sample in which every different value is as likely.

    fingerprints  u64, ascending, each once;  forms  S24, the first WIDTH bytes of each one's form
    Source: Bar-Yossef et al., Counting distinct elements in a data stream, 2002; Cohen & Kaplan, Summarizing
    data using bottom-k sketches, 2007.
    """

    fingerprints: U64
    forms: NDArray[np.bytes_]

    @classmethod
    def empty(cls) -> Self:
        """The sketch of nothing."""
        return cls(np.empty(0, dtype=np.uint64), np.empty(0, dtype=f"S{WIDTH}"))

    @classmethod
    def of(cls, fingerprints: U64, forms: Sequence[bytes] | NDArray[np.bytes_], *, kept: int = KEPT) -> Self:
        """The sketch of fingerprints in any order, each with its form. O(n) for n of them."""
        if len(fingerprints) > 4 * kept:
            at = np.flatnonzero(fingerprints <= _kth_distinct(fingerprints, kept))
        else:
            at = np.arange(len(fingerprints))
        smallest, first = np.unique(fingerprints[at], return_index=True)
        at = at[first[:kept]]
        chosen = forms[at] if isinstance(forms, np.ndarray) else [forms[each] for each in at.tolist()]
        return cls(smallest[:kept], np.array(chosen, dtype=f"S{WIDTH}"))

    @classmethod
    def union(cls, parts: Sequence["Sketch"], *, kept: int = KEPT) -> Self:
        """The sketch of everything that any of the parts has seen."""
        parts = [part for part in parts if len(part.fingerprints)]
        if len(parts) < 2:
            return cls(parts[0].fingerprints, parts[0].forms) if parts else cls.empty()
        forms = np.concatenate([part.forms for part in parts])
        return cls.of(np.concatenate([part.fingerprints for part in parts]), forms, kept=kept)

    def distinct(self) -> float:
        """How many different values were seen: exact below KEPT, else an estimate without bias."""
        if len(self.fingerprints) < KEPT:
            return float(len(self.fingerprints))
        return (KEPT - 1) / (float(self.fingerprints[-1]) / 2.0**64)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sketch)
            and np.array_equal(self.fingerprints, other.fingerprints)
            and np.array_equal(self.forms, other.forms)
        )

    __hash__ = None  # type: ignore[assignment]


def _kth_distinct(fingerprints: U64, kept: int) -> np.uint64:
    """A value that at least so many different fingerprints do not exceed, or the largest of all."""
    few = np.sort(np.partition(fingerprints, 2 * kept)[: 2 * kept])
    return np.uint64(few[-1]) if np.count_nonzero(np.diff(few)) + 1 >= kept else np.max(fingerprints)
