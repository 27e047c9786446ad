"""What a matcher is: text in, matches out. The conformance suite is tests/contract/test_matcher.py."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.index.runs import among, distinct
from trapstreet.index.sketch import Sketch

if TYPE_CHECKING:
    from trapstreet.index.lookup import Lookup
    from trapstreet.index.table import Table

U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
Where = NDArray[np.bool_] | NDArray[np.intp] | slice

KINDS = tuple(Kind)
"""A kind's code is its place here."""

CODE = {kind: code for code, kind in enumerate(KINDS)}

CONFIRMING = (Kind.NAME, Kind.ADDRESS, Kind.POSTCODE, Kind.BIRTH_DATE)
"""The kinds of the columns of `Matches.confirmed`."""

NEAR = 400
"""Two values that begin at most this many bytes apart can be fields of one leaked record."""

CONFIRM = 200
"""Names, addresses and dates confirm a match if they begin at most this many bytes before or behind it."""


class Match(NamedTuple):
    """One match for people to look at: a value of ours at bytes [start, end) of the whole text.

    fingerprint  of the normal form that met;  owner  number in Lookup.owners;  record  the record's id
    confirmed    kinds of the same record that stand near the place
    """

    start: int
    end: int
    kind: Kind
    fingerprint: int
    owner: int
    record: int
    confirmed: frozenset[Kind]


class CandidateForms(NamedTuple):
    """Every candidate of a kind: one entry per form, in the order of (place, end, fingerprint)."""

    fingerprints: U64
    places: I64
    ends: I64


@dataclass(frozen=True, slots=True)
class Matches:
    """What one stretch of text holds, a column for each thing known of a match.

    text, offset  the bytes of the stretch with some context, and where text[0] stands in the whole
    size          bytes of the stretch without the context: the sizes of all stretches add up to the text's
    start, end, kind, fingerprint, owner, record  as in Match (i64, i64, u8 code, u64, u32, u64), in the order
                  of (start, end, kind, owner, record) and unique in these
    table, number the table of the lookup (u32) and the record's number in it (u32)
    confirmed     u8, shape (n, 4): per kind of CONFIRMING 0, or 1 + the lowest slot of the record that met
    candidates    per anchor kind all that a decoy could have met; empty unless it was asked for
    sketches      per anchor kind the sketch of the candidates
    """

    text: bytes | memoryview
    offset: int
    size: int
    start: I64
    end: I64
    kind: U8
    fingerprint: U64
    owner: U32
    record: U64
    table: U32
    number: U32
    confirmed: U8
    candidates: Mapping[Kind, CandidateForms] = field(default_factory=dict)
    sketches: Mapping[Kind, Sketch] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.start)

    def __iter__(self) -> Iterator[Match]:
        return map(self.match, range(len(self)))

    def match(self, at: int) -> Match:
        """The match at a position."""
        return Match(
            start=int(self.start[at]),
            end=int(self.end[at]),
            kind=KINDS[self.kind[at]],
            fingerprint=int(self.fingerprint[at]),
            owner=int(self.owner[at]),
            record=int(self.record[at]),
            confirmed=frozenset(
                kind for kind, slot in zip(CONFIRMING, self.confirmed[at].tolist(), strict=True) if slot
            ),
        )

    def take(self, at: NDArray[np.bool_]) -> "Matches":
        """The same stretch with some of its matches."""
        columns = (*Hits._fields, "owner", "record")
        return replace(self, **{name: getattr(self, name)[at] for name in columns})

    def value(self, at: int) -> bytes:
        """The text of the match at a position; protected, to be masked before anybody sees it."""
        return bytes(self.text[int(self.start[at]) - self.offset : int(self.end[at]) - self.offset])


class Matcher(Protocol):
    """Finds registered values in UTF-8 text. Any cut of the text into chunks gives the same matches."""

    def matches(self, chunks: Iterable[bytes], *, candidates: bool = False) -> Iterator[Matches]:
        """One answer per stretch of the text, in order; memory does not grow with the text."""
        ...


class Hits(NamedTuple):
    """What a matcher has met, one entry per form and holder, in any order: columns as in Matches."""

    start: I64
    end: I64
    kind: U8
    fingerprint: U64
    table: U32
    number: U32
    confirmed: U8

    def at(self, where: Where) -> "Hits":
        """Some of them."""
        return Hits._make(column[where] for column in self)


class _Holders(NamedTuple):
    """Whose the hits are: columns as in Matches."""

    owner: U32
    record: U64

    def at(self, where: Where) -> "_Holders":
        return _Holders._make(column[where] for column in self)


NO_HITS = Hits(
    start=np.empty(0, dtype=np.int64),
    end=np.empty(0, dtype=np.int64),
    kind=np.empty(0, dtype=np.uint8),
    fingerprint=np.empty(0, dtype=np.uint64),
    table=np.empty(0, dtype=np.uint32),
    number=np.empty(0, dtype=np.uint32),
    confirmed=np.empty((0, len(CONFIRMING)), dtype=np.uint8),
)
_NONE: dict[str, Any] = NO_HITS._asdict() | {"owner": NO_HITS.table, "record": NO_HITS.fingerprint}


def together(parts: Sequence[Hits]) -> Hits:
    """The hits of all parts, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    return Hits._make(map(np.concatenate, zip(*parts, strict=True))) if parts else NO_HITS


def assemble(
    lookup: "Lookup",
    text: bytes | memoryview,
    offset: int,
    size: int,
    hits: Hits,
    *,
    candidates: Mapping[Kind, CandidateForms] | None = None,
    sketches: Mapping[Kind, Sketch] | None = None,
) -> Matches:
    """The matches of a stretch from a matcher's hits; start and end count from the whole text's beginning.

    Hits whose low bits only happen to be a decoy's are dropped; where several forms of one place met records
    of a data set, the forms that the fewest of them share count.
    """
    known: dict[str, Any] = {"candidates": candidates or {}, "sketches": sketches or {}}
    if not len(hits.start):
        return Matches(text, offset, size, **_NONE, **known)
    holders, true = _holders(lookup.tables, hits)
    if not true.all():
        hits, holders = hits.at(true), holders.at(true)
    order = _ordered(hits, holders, lookup, offset)
    return Matches(text, offset, size, **hits.at(order)._asdict(), **holders.at(order)._asdict(), **known)


def _ordered(hits: Hits, holders: _Holders, lookup: "Lookup", offset: int) -> NDArray[np.intp] | slice:
    """The hits in the order of matches, those left out that a better one at the same place makes needless.

    Those in order already, as the kernel gives them, are not sorted; only hits at the same place are sorted
    by more than the place (lexsort takes 0.1 µs for each key).
    """
    place = (hits.start - offset).astype(np.uint64) << np.uint64(32)
    place |= (hits.end - hits.start).astype(np.uint64) << np.uint64(8) | hits.kind
    if np.all(place[1:] > place[:-1]):
        return slice(None)
    order = np.argsort(place)
    same = place[order[1:]] == place[order[:-1]]
    if same.any():
        shared = np.append(same, False) | np.append(False, same)
        at = order[shared]
        best = at[_best(place[at], hits.at(at), holders.at(at), lookup)]
        order = np.concatenate([order[~shared], best])
        order = order[np.argsort(place[order], kind="stable")]
    return order


def _best(place: U64, hits: Hits, holders: _Holders, lookup: "Lookup") -> NDArray[np.intp]:
    """Of hits at shared places those that count, in the order of (place, owner, record), unique in these."""
    data_set = np.array([each.data_set for each in lookup.owners], dtype=np.uint32)[holders.owner]
    holder = hits.table.astype(np.uint64) << np.uint64(32) | hits.number
    best = _closest(place, data_set, hits.fingerprint, holder)
    columns = (hits.number, hits.table, hits.fingerprint, holders.record, holders.owner, place)
    best = best[np.lexsort(tuple(column[best] for column in columns))]
    keys = [column[best] for column in (place, holders.owner, holders.record)]
    fresh = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    result: NDArray[np.intp] = best[np.append(True, fresh)]
    return result


def _closest(place: U64, data_set: U32, fingerprint: U64, holder: U64) -> NDArray[np.intp]:
    """Positions of the hits by the forms that the fewest records of a data set share, at each place.

    An address with a tag is one record's, what is left without the tag may be several records'.
    """
    order = np.lexsort((holder, fingerprint, data_set, place))
    columns = (place, data_set, fingerprint, holder)
    fresh = np.any([column[order][1:] != column[order][:-1] for column in columns], axis=0)
    order = order[np.append(True, fresh)]  # two readings of a place can have a form in common
    place, data_set, fingerprint = place[order], data_set[order], fingerprint[order]
    new_place = np.append(True, (place[1:] != place[:-1]) | (data_set[1:] != data_set[:-1]))
    new_form = new_place | np.append(True, fingerprint[1:] != fingerprint[:-1])
    forms = np.flatnonzero(new_form)
    sizes = np.diff(np.append(forms, len(order)))
    group = np.cumsum(new_place)[forms]  # of each form
    fewest = np.minimum.reduceat(sizes, np.flatnonzero(np.append(True, group[1:] != group[:-1])))
    wanted = sizes == fewest[group - group[0]]
    return np.asarray(order[np.repeat(wanted, sizes)])


def _holders(tables: "tuple[Table, ...]", hits: Hits) -> tuple[_Holders, NDArray[np.bool_]]:
    """Whose the hits are, and whether the whole fingerprint of each is the record's."""
    owner = np.empty(len(hits.start), dtype=np.uint32)
    record = np.empty(len(hits.start), dtype=np.uint64)
    true = np.ones(len(hits.start), dtype=np.bool_)
    for number in distinct(hits.table).tolist():
        table = tables[number]
        own = hits.table == number
        at = slice(None) if own.all() else np.flatnonzero(own)
        rows = hits.number[at]
        owner[at] = table.owners if isinstance(table.owners, int) else table.owners[rows]
        record[at] = table.record_ids[rows]
        if table.exact is not None:
            true[at] = among(hits.fingerprint[at], table.exact)
    return _Holders(owner, record), true
