"""The reference matcher: plain Python regular expressions for candidates, numpy for hashing and lookup."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

import numpy as np

from trapstreet.core.fields import Candidate, kinds
from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.siphash import siphash24_many
from trapstreet.index.lookup import Holders, KeyOf, Lookup
from trapstreet.index.matcher import CONFIRM, I64, U64, Match, Matches

MARGIN = 1024
"""Context kept on both sides of a stretch: more than the longest candidate and the widest confirmation."""

STRETCH = 1 << 17

TILE = 128
"""Names are looked for tile by tile, so that text between many hits is looked at once and not once for
each."""

OVERLAP = 64
"""What a tile shares with the next: no name or address that is looked for is longer."""


class ReferenceMatcher:
    """Finds the values of all data sets of a lookup, some MB a second on one core (bench/scan.py).

    Correct before quick: a faster matcher must give exactly these matches.
    """

    def __init__(self, lookup: Lookup, key_of: KeyOf) -> None:
        self._lookup = lookup
        self._key_of = key_of
        searched = sorted(lookup.kinds())
        self._anchors = [(kind, epoch) for kind, epoch in searched if kinds()[kind].anchor]
        self._confirmers = [(kind, epoch) for kind, epoch in searched if not kinds()[kind].anchor]

    def matches(self, chunks: Iterable[bytes]) -> Iterator[Matches]:
        for text, first, last, offset in _stretches(chunks):
            yield self._search(text, first, last, offset)

    def _search(self, text: bytes, first: int, last: int, offset: int) -> Matches:
        """The matches that begin in text[first:last); offset is the place of text[0] in the whole."""
        hits: list[tuple[Match, Holders]] = []
        candidates: dict[Kind, U64] = {}
        places: dict[Kind, I64] = {}
        ends: dict[Kind, I64] = {}
        addresses: list[Candidate] = []
        for kind, epoch in self._anchors:
            everything = list(kinds()[kind].find(text, self._lookup.columns(kind)))
            if kind is Kind.EMAIL:
                addresses = everything
            found = [each for each in everything if first <= each.start < last]
            forms = [(form, each) for each in found for form in each.forms]
            fingerprints = siphash24_many(self._key_of(kind, epoch), [form for form, _ in forms])
            candidates[kind] = fingerprints
            places[kind] = np.array([offset + each.start for _, each in forms], dtype=np.int64)
            ends[kind] = np.array([offset + each.end for _, each in forms], dtype=np.int64)
            hits += self._hits(kind, epoch, fingerprints, [each for _, each in forms], offset)
        matches = self._confirm(_without(addresses, text), offset, hits) if hits else ()
        return Matches(text, offset, last - first, sorted(matches, key=_place), candidates, places, ends)

    def _hits(
        self, kind: Kind, epoch: int, fingerprints: U64, sources: list[Candidate], offset: int
    ) -> Iterator[tuple[Match, Holders]]:
        """One match per place and holder, though several forms may meet."""
        met: set[tuple[int, int, int]] = set()
        for position, holders in self._lookup.find(kind, epoch, fingerprints):
            source = sources[position]
            begin, end = offset + source.start, offset + source.end
            for owner, record in holders.states:
                if (begin, owner, record) not in met:
                    met.add((begin, owner, record))
                    yield Match(begin, end, kind, int(fingerprints[position]), owner, record), holders

    def _confirm(self, text: bytes, offset: int, hits: list[tuple[Match, Holders]]) -> Iterator[Match]:
        """The matches with the names, addresses and dates of the same record that stand near them.

        text  the stretch without its e-mail addresses: john.smith@example.com is no name beside an address
        Each tile near a match is looked at once, for all the records matched round it. A shared value becomes
        that of a holder who is confirmed.
        """
        wanted = _wanted(hits)
        near: dict[int, dict[tuple[int, int], set[Kind]]] = defaultdict(dict)
        for kind, epoch in self._confirmers:
            columns = self._lookup.columns(kind)
            forms: list[bytes] = []
            tiles: list[int] = []
            for tile in wanted:
                begin = max(0, tile * TILE - offset)
                meant = kinds()[kind].near(text[begin : (tile + 1) * TILE + OVERLAP - offset], columns)
                forms += meant
                tiles += [tile] * len(meant)
            fingerprints = siphash24_many(self._key_of(kind, epoch), forms)
            for at, owner, record in self._lookup.confirm(
                kind, epoch, fingerprints, [wanted[t] for t in tiles]
            ):
                near[tiles[at]].setdefault((owner, record), set()).add(kind)
        for match, holders in hits:
            yield _confirmed(match, holders, [near[tile] for tile in _tiles(match) if tile in near])


def _wanted(hits: list[tuple[Match, Holders]]) -> dict[int, list[Set[int]]]:
    """Per tile near a match the records to be confirmed there: those matched, and all holders of shared
    values."""
    single: dict[int, set[int]] = defaultdict(set)
    shared: dict[int, dict[int, frozenset[int]]] = defaultdict(dict)
    for match, holders in hits:
        for tile in _tiles(match):
            single[tile].add(match.record)
            if holders.records:
                shared[tile][match.fingerprint] = holders.records
    return {tile: [records, *shared[tile].values()] for tile, records in single.items()}


def _confirmed(match: Match, holders: Holders, near: list[dict[tuple[int, int], set[Kind]]]) -> Match:
    """The match with what confirms it in the tiles near it."""
    if holders.records:
        beside = [state for tile in near for state in tile if state[1] in holders.records]
        owner, record = min(beside, default=(match.owner, match.record))
        match = replace(match, owner=owner, record=record)
    state = (match.owner, match.record)
    found = frozenset(kind for tile in near for kind in tile.get(state, ()))
    return replace(match, confirmed=found) if found else match


def _without(candidates: list[Candidate], text: bytes) -> bytes:
    """The text with blanks in place of the candidates."""
    blanked = bytearray(text)
    for each in candidates:
        blanked[each.start : each.end] = b" " * (each.end - each.start)
    return bytes(blanked)


def _tiles(match: Match) -> range:
    """The tiles of the whole text that lie within CONFIRM bytes of a match."""
    return range(max(0, match.start - CONFIRM) // TILE, (match.end + CONFIRM) // TILE + 1)


def _place(match: Match) -> tuple[int, int, Kind, int, int]:
    return match.start, match.end, match.kind, match.owner, match.record


def _stretches(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, int, int, int]]:
    """(text, first, last, offset): stretches that cover the text once, with MARGIN bytes of context each
    side."""
    text, first, offset = b"", 0, 0
    for chunk in chunks:
        text += chunk
        while len(text) >= first + STRETCH + MARGIN:
            last = first + STRETCH
            yield text[: last + MARGIN], first, last, offset
            dropped = max(0, last - MARGIN)
            text, first, offset = text[dropped:], last - dropped, offset + dropped
    yield text, first, len(text), offset
