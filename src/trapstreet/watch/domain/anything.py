"""What of an object is remembered: all values that any data set might hold, as keyed fingerprints."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Column, Kind
from trapstreet.index import Lookup, Matcher
from trapstreet.index.runs import distinct

U64 = NDArray[np.uint64]

KINDS = (Kind.EMAIL, Kind.PHONE, Kind.CARD, Kind.IBAN, Kind.REFERENCE, Kind.NATIONAL_ID)
"""The kinds of values that are remembered, in the order in which they are kept."""

MOST = 1 << 14
"""Different values of one kind that are remembered of an object: of more, a fair sample."""

_BLOCK, _BESIDE = 1 << 22, 1 << 10
_SHORT_NUMBERS = frozenset((7, 8))
_REGIONS = "AT BE CY DE DK EE HK HR HU IS LT LU LV MT NO SG SI".split()
"""Where whole phone numbers have fewer than nine digits."""

_CODES = {
    Kind.REFERENCE: (
        "D5-16",
        "A1-6 D3-12",
        "A1-6 D2-8 D2-10",
        "D2-8 D2-10",
        "D2-8 D2-8 A1-3",
        "H8 H4 H4 H4 H12",
    ),
    Kind.NATIONAL_ID: (
        "D8-13",
        "D2-6 D2-6",
        "D2-4 D2-4 D2-5",
        "D3 D4 D4 D2",
        "A1-2 D6-9",
        "D7-8 A1-2",
        "A1 D7-8 A1",
        "A2 D2 D2 D2 A1",
        "A6 D2 A1 D2 A1 D3 A1",
    ),
}
"""Shapes of codes that nobody has registered yet (core.fields.automaton)."""


class Anything(Lookup):
    """A lookup that owns nothing: a matcher made for it gives sketches of what stands in a text of every kind
    that can be found anywhere, under the keys of an epoch and whatever is registered."""

    def __init__(self, epoch: int) -> None:
        super().__init__([])
        self._epoch = epoch
        self.phone_lengths = _SHORT_NUMBERS
        self.unicode_emails = True

    def anchors(self) -> list[tuple[Kind, int]]:
        return [(kind, self._epoch) for kind in sorted(KINDS)]

    def columns(self, kind: Kind) -> list[Column]:
        if kind is Kind.PHONE:
            return [Column("", kind, "", region=region) for region in _REGIONS]
        return [Column("", kind, "", grammar=_CODES.get(kind, ()))]


class Values(NamedTuple):
    """What is remembered of one object: per kind of KINDS the fingerprints, ascending, each once.

    cut  the kinds, as bits by their places, of which it holds more than are remembered, or just as many
    """

    prints: tuple[U64, ...]
    cut: int = 0

    def __len__(self) -> int:
        return sum(map(len, self.prints))


class Gathering:
    """Takes the texts of one object while they are searched, and keeps their values.

    matcher  one for Anything whose sketches keep MOST fingerprints
    Memory: that of one stretch of a text, and of MOST values of each kind.
    """

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._parts: defaultdict[Kind, list[U64]] = defaultdict(list)
        self._pending: defaultdict[Kind, int] = defaultdict(int)
        self._cut = 0

    def through(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks of a text as they are; their values are taken once they are asked for to the end."""
        held: list[bytes] = []
        size = 0
        for chunk in chunks:
            held.append(chunk)
            size += len(chunk)
            yield chunk
            if size >= _BLOCK:
                whole = b"".join(held)
                self._take(whole)
                held = [whole[-_BESIDE:]]
                size = len(held[0])
        if size:
            self._take(b"".join(held))

    def values(self) -> Values:
        """All that was taken so far."""
        for kind in list(self._parts):
            self._settle(kind)
        nothing = [np.empty(0, dtype=np.uint64)]
        return Values(tuple(self._parts.get(kind, nothing)[0] for kind in KINDS), self._cut)

    def _take(self, text: bytes) -> None:
        for matches in self._matcher.matches([text]):
            for kind, found in matches.sketches.items():
                if len(found.fingerprints):
                    self._parts[kind].append(found.fingerprints)
                    self._pending[kind] += len(found.fingerprints)
                    if self._pending[kind] > 2 * MOST:
                        self._settle(kind)

    def _settle(self, kind: Kind) -> None:
        """Those with the smallest fingerprints stay: every value is as likely to be among them."""
        parts = self._parts[kind]
        whole = parts[0] if len(parts) == 1 else distinct(np.concatenate(parts))
        self._cut |= (len(whole) >= MOST) << KINDS.index(kind)
        self._parts[kind] = [whole[:MOST]]
        self._pending[kind] = 0
