"""A sample of the numbers of ours that a text shows, with what stands there."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.index.matcher import Matches
from trapstreet.index.runs import runs
from trapstreet.index.sketch import KEPT

U64 = NDArray[np.uint64]


class Hit(NamedTuple):
    """Whose a number is (the owner's number in the lookup), and how it is written; protected."""

    owner: int
    value: bytes


class HitSample:
    """The KEPT smallest fingerprints of different values met: every one is as likely in it.

    A candidate of the text is below `share` of all fingerprints with that probability, so both sides of the
    comparison can be cut there.
    """

    def __init__(self) -> None:
        self._hits: dict[int, Hit] = {}
        self._limit = np.uint64(2**64 - 1)

    @property
    def hits(self) -> Mapping[int, Hit]:
        """By fingerprint."""
        return self._hits

    @property
    def share(self) -> float:
        """Which part of all different values is in the sample, in (0, 1]."""
        return float(self._limit) / 2.0**64

    @property
    def distinct(self) -> float:
        """How many different values were added, at least 1: exact below KEPT, else an estimate."""
        return max(1.0, len(self._hits) / self.share)

    def add(self, matches: Matches, at: NDArray[np.intp]) -> None:
        """Take some matches of one kind, those at the positions. 5 ns for each, but for those kept."""
        at = at[matches.fingerprint[at] <= self._limit]
        at = at[np.argsort(matches.fingerprint[at], kind="stable")]
        for each in at[runs(matches.fingerprint[at])][:KEPT].tolist():
            fingerprint = int(matches.fingerprint[each])
            if fingerprint not in self._hits:
                self._hits[fingerprint] = Hit(int(matches.owner[each]), matches.value(each))
        if len(self._hits) >= KEPT:
            kept = sorted(self._hits)[:KEPT]
            self._hits = {fingerprint: self._hits[fingerprint] for fingerprint in kept}
            self._limit = np.uint64(kept[-1])
