"""What a matcher is: text in, matches out. The conformance suite is tests/contract/test_matcher.py."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind

U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]

NEAR = 400
"""Two values that begin at most this many bytes apart can be fields of one leaked record."""

CONFIRM = 200
"""Names, addresses and dates are looked for at least this many bytes round a hit; rounded up to blocks that
is up to 390 bytes (reference.TILE)."""


@dataclass(frozen=True, slots=True)
class Match:
    """A value of ours at a place of the text: bytes [start, end) from the beginning of the text.

    fingerprint  of the normal form that met; the same value has the same fingerprint
    owner        number in Lookup.owners; record  the record's id
    confirmed    kinds of the same record found near the place by confirmation (name, address, …)
    """

    start: int
    end: int
    kind: Kind
    fingerprint: int
    owner: int
    record: int
    confirmed: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True)
class Matches:
    """What one stretch of text holds: matches in the order of their places, and every candidate looked at.

    text, offset the bytes of the stretch with some context, and where text[0] stands in the whole
    size         bytes of the stretch without the context: the sizes of all stretches add up to the text's
    candidates   per anchor kind the fingerprints of the candidates' normal forms: whatever a decoy could
                 have met
    places, ends per anchor kind where each candidate begins and ends (one entry per form, as in `candidates`)
    """

    text: bytes
    offset: int
    size: int
    matches: list[Match]
    candidates: Mapping[Kind, U64]
    places: Mapping[Kind, I64]
    ends: Mapping[Kind, I64]

    def value(self, match: Match) -> bytes:
        """The text of a match; protected, to be masked before anybody sees it."""
        return self.text[match.start - self.offset : match.end - self.offset]


class Matcher(Protocol):
    """Finds registered values in UTF-8 text. Any cut of the text into chunks gives the same matches."""

    def matches(self, chunks: Iterable[bytes]) -> Iterator[Matches]:
        """One answer per stretch of the text, in order; memory does not grow with the text."""
        ...
