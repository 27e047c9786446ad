"""What a job may be given, and what of a call is out of the ordinary.

Whoever can compare what went into a call with what came out knows the decoys among these rows: suppression is
an oracle by nature. What can be bounded is how many different rows a job's caller ever gets an answer for
before somebody is told. These rules count them (rows of one customer are one, as in a table of orders);
tests/statistical/test_suppress_oracle.py measures what they come to.
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from trapstreet.index import Sketch

U64 = NDArray[np.uint64]

LEAST_JOB = 100
"""Rows of the smallest job there is: below, a call would ask about single people."""

LEAST = 0.1
"""Share of the job's rows below which a call is a probe, and refused."""

MOST = 2.0
"""Share above which it is no call of this job, and refused: no honest job doubles unnoticed."""

FEW, MANY = 0.5, 1.25
"""Shares of the job's rows between which a call has the size that was registered."""

ALIKE = 0.9
"""Resemblance above which two inputs are the same one: up to 10 % more rows, or 5 % exchanged."""

REACH = 1.5
"""How many different rows, over all its calls, a job may be given: a share of its rows."""


_HOUR = 3_600_000_000
PERIODS = {"hour": 0.9 * _HOUR, "day": 0.9 * 24 * _HOUR, "week": 0.9 * 168 * _HOUR, "month": 27 * 24 * _HOUR}
"""Periods in µs, back from each call: a little shorter than their names, for calls that come early."""


class Alert(StrEnum):
    """What is out of the ordinary about a call."""

    SMALL = "small"
    LARGE = "large"
    OFTEN = "often"
    COLUMNS = "columns"
    CHANGED = "changed"
    REACH = "reach"

    def said(self) -> str:
        """The alert in words."""
        return _WORDS[self]


_WORDS = {
    Alert.SMALL: "far fewer different rows than the job was registered for",
    Alert.LARGE: "more different rows than the job was registered for",
    Alert.OFTEN: "more calls than the job was registered for",
    Alert.COLUMNS: "its rows are told apart by another column than before",
    Alert.CHANGED: "other rows than the job was given before in the same period",
    Alert.REACH: "the job has been given more different rows by now than it was registered for",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a job is registered for: different rows of one call, and calls in one of PERIODS."""

    rows: int
    calls: int
    period: str

    @property
    def least(self) -> int:
        """Different rows below which a call is refused."""
        return max(1, int(LEAST * self.rows))

    @property
    def most(self) -> int:
        """Different rows above which a call is refused."""
        return int(MOST * self.rows)


@dataclass(frozen=True, slots=True)
class Given:
    """What a call was given.

    rows    how many, repeated ones too;  told_by  what its rows are told apart by: "key", "email" …
    sketch  of their keyed hashes
    """

    rows: int
    told_by: str
    sketch: Sketch

    def also(self, count: int, hashes: U64) -> "Given":
        """The same with further rows."""
        return Given(self.rows + count, self.told_by, Sketch.union([self.sketch, sketch_of(hashes)]))


@dataclass(frozen=True, slots=True)
class Before:
    """What a job had been given before a call.

    calls  how many calls began in the period that ends with this one
    first  what the first of these was given that came to its end
    reach  the sketch of all that any call was given that told rows apart in this way
    """

    calls: int
    told_by: str = ""
    first: Given | None = None
    reach: Sketch | None = None


def sketch_of(hashes: U64) -> Sketch:
    """The sketch of keyed hashes alone."""
    return Sketch.of(hashes, np.zeros(len(hashes), dtype="S1"))


def alerts(terms: Terms, given: Given, before: Before, *, whole: bool = True) -> list[Alert]:
    """What is out of the ordinary about a call. O(size of a sketch).

    whole  it came to its end: of one that broke off nobody knows what else it would have been given
    """
    found = []
    different = given.sketch.distinct()
    if whole and different < FEW * terms.rows:
        found.append(Alert.SMALL)
    if different > MANY * terms.rows:
        found.append(Alert.LARGE)
    if before.calls >= terms.calls:
        found.append(Alert.OFTEN)
    if before.told_by not in ("", given.told_by):
        found.append(Alert.COLUMNS)
    first = before.first
    if whole and first and first.told_by == given.told_by and resemblance(first.sketch, given.sketch) < ALIKE:
        found.append(Alert.CHANGED)
    if reached(given, before).distinct() > REACH * terms.rows:
        found.append(Alert.REACH)
    return found


def reached(given: Given, before: Before) -> Sketch:
    """The sketch of everything that the job has been given, this call's included."""
    return given.sketch if before.reach is None else Sketch.union([before.reach, given.sketch])


def resemblance(one: Sketch, other: Sketch) -> float:
    """Jaccard's coefficient of what two sketches have seen, 1 for twice nothing; off by up to 0.016.

    Source: Broder, On the resemblance and containment of documents, 1997.
    """
    both = Sketch.union([one, other]).fingerprints
    if not len(both):
        return 1.0
    seen = [np.isin(both, each.fingerprints, assume_unique=True) for each in (one, other)]
    return float(np.mean(seen[0] & seen[1]))


def digest(sketch: Sketch) -> bytes:
    """What the log keeps of a sketch: 32 bytes."""
    return sha256(sketch.fingerprints.astype("<u8").tobytes()).digest()
