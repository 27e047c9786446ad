"""The reference matcher: what a match is, in plain Python with numpy; the compiled one gives just the same.

Candidates come from the field kinds, byte by byte as core/fields defines them. Where one is ours, the names,
addresses, postcodes and dates round it are compared with those of its record.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind, kinds
from trapstreet.core.fields.tokens import Token, tokens
from trapstreet.core.maths.siphash import siphash24_many
from trapstreet.index.fingerprints import fingerprints_of
from trapstreet.index.lookup import KeyOf, Lookup
from trapstreet.index.matcher import (
    CODE,
    CONFIRM,
    CONFIRMING,
    I64,
    U8,
    U32,
    U64,
    CandidateForms,
    Hits,
    Matches,
    assemble,
    together,
)
from trapstreet.index.sketch import KEPT, Sketch
from trapstreet.index.stretches import Stretch, stretches
from trapstreet.index.table import slot_values

STRETCH = 1 << 17

_BESIDE = 160
"""Bytes that are read beyond a window, so that its tokens are those of the whole text."""

_LOCAL, _DOMAIN = 64, 255  # bytes of an address that are looked at before and behind its @
_LOCAL_BYTES = bytes(
    byte for byte in range(256) if byte >= 0x80 or chr(byte).isalnum() or byte in b"_!#$%&'*+/=?^`{|}~.-"
)
_DOMAIN_BYTES = bytes(byte for byte in range(256) if byte >= 0x80 or chr(byte).isalnum() or byte in b".-")

_NOWHERE: I64 = np.empty(0, dtype=np.int64)


class ReferenceMatcher:
    """Finds the values of all data sets of a lookup: about 20 MB/s of prose, 4 MB/s of a customer table of
    which 1 % is ours, on one core (bench/matcher.py)."""

    def __init__(self, lookup: Lookup, key_of: KeyOf, *, kept: int = KEPT) -> None:
        """kept  fingerprints of its sketches"""
        self._lookup = lookup
        self._key_of, self._kept = key_of, kept
        self._epochs: dict[Kind, list[int]] = {}
        for kind, epoch in sorted(lookup.anchors()):
            self._epochs.setdefault(kind, []).append(epoch)
        self._searches = {kind: lookup.search(kind) for kind in self._epochs}

    def matches(self, chunks: Iterable[bytes], *, candidates: bool = False) -> Iterator[Matches]:
        """One answer for some 130,000 bytes. Candidates are those under a kind's latest epoch."""
        for stretch in stretches(chunks, STRETCH):
            yield self._search(stretch, candidates=candidates)

    def _search(self, stretch: Stretch, *, candidates: bool) -> Matches:
        text, first, last, offset = bytes(stretch.text()), stretch.first, stretch.last, stretch.offset
        parts: list[Hits] = []
        shown: dict[Kind, CandidateForms] = {}
        sketches: dict[Kind, Sketch] = {}
        for kind, epochs in self._epochs.items():
            begins, ends, forms = self._candidates(kind, text, first, last)
            for epoch in epochs:
                fingerprints = siphash24_many(self._key_of(kind, epoch), forms)
                parts.append(self._hits(kind, epoch, fingerprints, begins, ends))
            sketches[kind] = Sketch.of(fingerprints, forms, kept=self._kept)
            if candidates:
                shown[kind] = _sorted(fingerprints, begins + offset, ends + offset)
        hits = together(parts)
        hits = hits._replace(confirmed=_Confirmation(self._lookup, self._key_of, text, hits).confirmed())
        hits = hits._replace(start=hits.start + offset, end=hits.end + offset)
        return assemble(self._lookup, text, offset, stretch.size, hits, candidates=shown, sketches=sketches)

    def _candidates(self, kind: Kind, text: bytes, first: int, last: int) -> tuple[I64, I64, list[bytes]]:
        """Where each form of a candidate begins and ends, and the form: of those that begin in [first,
        last)."""
        begins, ends, forms = [], [], []
        for start, end, meant in kinds()[kind].find(text, self._searches[kind]):
            if first <= start < last:
                for form in meant:
                    begins.append(start)
                    ends.append(end)
                    forms.append(form)
        return np.array(begins, dtype=np.int64), np.array(ends, dtype=np.int64), forms

    def _hits(self, kind: Kind, epoch: int, fingerprints: U64, begins: I64, ends: I64) -> Hits:
        at, table, number = self._lookup.find(epoch, fingerprints)
        return Hits(
            start=begins[at],
            end=ends[at],
            kind=np.full(len(at), CODE[kind], dtype=np.uint8),
            fingerprint=fingerprints[at],
            table=table,
            number=number,
            confirmed=np.zeros((len(at), len(CONFIRMING)), dtype=np.uint8),
        )


class _Confirmation:
    """What stands near the hits of one stretch of text; places count from its beginning."""

    def __init__(self, lookup: Lookup, key_of: KeyOf, text: bytes, hits: Hits) -> None:
        self._lookup = lookup
        self._key_of = key_of
        self._hits = hits
        self._regions: list[tuple[int, list[Token]]] = []
        if len(hits.start) and lookup.confirmers():
            self._regions = [
                (begin, _outside_addresses(text, begin, tokens(text[begin:end])))
                for begin, end in _regions(hits, len(text))
            ]

    def confirmed(self) -> U8:
        """Per hit and kind of CONFIRMING 0, or 1 + the lowest slot of the record that stands near the hit."""
        found = np.zeros((len(self._hits.start), len(CONFIRMING)), dtype=np.uint8)
        for kind, epoch in self._lookup.confirmers() if self._regions else ():
            forms = self._forms(kind, epoch)
            for number, table in enumerate(self._lookup.tables):
                at = np.flatnonzero(self._hits.table == number)
                if table.epoch == epoch and kind in table.slots and len(at):
                    slots = table.slots[kind][self._hits.number[at]]
                    for place in reversed(range(slots.shape[1])):
                        met = at[forms.met(slots[:, place], self._hits.start[at], self._hits.end[at])]
                        found[met, CONFIRMING.index(kind)] = place + 1
        return found

    def _forms(self, kind: Kind, epoch: int) -> "_Forms":
        firsts, lasts = [_NOWHERE], [_NOWHERE]
        forms: list[bytes] = []
        for begin, found in self._regions:
            near = list(kinds()[kind].near(found))
            if near:
                first, last, meant = zip(*near, strict=True)
                places = np.array([begin + token.start for token in found], dtype=np.int64)
                firsts.append(places[list(first)])
                lasts.append(places[list(last)])
                forms += meant
        slots = slot_values(fingerprints_of(self._key_of(kind, epoch), kind, forms))
        return _Forms(slots, np.concatenate(firsts), np.concatenate(lasts))


class _Forms:
    """Forms in the text by their slots: where the first token of each begins, and the last."""

    def __init__(self, slots: U32, firsts: I64, lasts: I64) -> None:
        place = _high(slots) | firsts.astype(np.uint64)
        order = np.argsort(place)
        self._places = place[order]
        self._lasts = lasts[order]

    def met(self, slots: U32, starts: I64, ends: I64) -> NDArray[np.bool_]:
        """Whether the form of each slot stands within CONFIRM bytes of the hit of the same position."""
        high = _high(slots)
        at = np.searchsorted(self._places, high | np.maximum(0, starts - CONFIRM).astype(np.uint64))
        stop = np.searchsorted(self._places, high | (ends + CONFIRM).astype(np.uint64))
        found = np.zeros(len(slots), dtype=np.bool_)
        asked = np.flatnonzero((at < stop) & (slots != 0))
        while len(asked):
            found[asked] = self._lasts[at[asked]] < ends[asked] + CONFIRM
            at[asked] += 1
            asked = asked[~found[asked] & (at[asked] < stop[asked])]
        return found


def _high(slots: U32) -> U64:
    return slots.astype(np.uint64) << np.uint64(32)


def _regions(hits: Hits, size: int) -> Iterator[tuple[int, int]]:
    """The windows of all hits and some bytes beside them, those that touch joined."""
    order = np.argsort(hits.start, kind="stable")
    begins = np.maximum(0, hits.start[order] - (CONFIRM + _BESIDE))
    ends = np.maximum.accumulate(np.minimum(size, hits.end[order] + (CONFIRM + _BESIDE)))
    fresh = np.flatnonzero(begins[1:] > ends[:-1]) + 1
    yield from zip(
        begins[np.concatenate([[0], fresh])].tolist(),
        ends[np.concatenate([fresh - 1, [-1]])].tolist(),
        strict=True,
    )


def _outside_addresses(text: bytes, begin: int, found: list[Token]) -> list[Token]:
    """The tokens of text[begin:] that begin in nothing like an address: john.smith@… is no name beside it."""
    end = begin + found[-1].start if found else begin
    starts, ends = [-len(text)], [-len(text)]
    at = text.find(b"@", max(0, begin - _DOMAIN - 1), end + _LOCAL + 1)
    while at >= 0:
        before, behind = text[max(0, at - _LOCAL) : at], text[at + 1 : at + 1 + _DOMAIN]
        local, domain = len(before.rstrip(_LOCAL_BYTES)), len(behind.lstrip(_DOMAIN_BYTES))
        if local < len(before) and domain < len(behind):
            starts.append(at - len(before) + local - begin)
            ends.append(at + 1 + len(behind) - domain - begin)
        at = text.find(b"@", at + 1, end + _LOCAL + 1)
    return [each for each in found if each.start >= ends[bisect_right(starts, each.start) - 1]]


def _sorted(fingerprints: U64, places: I64, ends: I64) -> CandidateForms:
    order = np.lexsort((fingerprints, ends, places))
    return CandidateForms(fingerprints[order], places[order], ends[order])
