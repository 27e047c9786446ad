"""What a matcher is: text in, matches out. The conformance suite is tests/contract/test_matcher.py."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.index.runs import distinct
from trapstreet.index.sketch import Sketch

if TYPE_CHECKING:
    from trapstreet.index.lookup import Lookup
    from trapstreet.index.table import Table

U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]

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

    text: bytes
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
        return self.text[int(self.start[at]) - self.offset : int(self.end[at]) - self.offset]


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


_NO_HITS = Hits(
    start=np.empty(0, dtype=np.int64),
    end=np.empty(0, dtype=np.int64),
    kind=np.empty(0, dtype=np.uint8),
    fingerprint=np.empty(0, dtype=np.uint64),
    table=np.empty(0, dtype=np.uint32),
    number=np.empty(0, dtype=np.uint32),
    confirmed=np.empty((0, len(CONFIRMING)), dtype=np.uint8),
)


def together(parts: Sequence[Hits]) -> Hits:
    """The hits of all parts, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    return Hits._make(map(np.concatenate, zip(*parts, strict=True))) if parts else _NO_HITS


def assemble(
    lookup: "Lookup",
    text: bytes,
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
    owner, record, true = _holders(lookup.tables, hits)
    if not true.all():
        hits, owner, record = Hits._make(column[true] for column in hits), owner[true], record[true]
    data_set = np.array([each.data_set for each in lookup.owners], dtype=np.uint32)
    order = _ordered(hits, owner, record, data_set, offset)
    return Matches(
        text=text,
        offset=offset,
        size=size,
        start=hits.start[order],
        end=hits.end[order],
        kind=hits.kind[order],
        fingerprint=hits.fingerprint[order],
        owner=owner[order],
        record=record[order],
        table=hits.table[order],
        number=hits.number[order],
        confirmed=hits.confirmed[order],
        candidates=candidates or {},
        sketches=sketches or {},
    )


def _ordered(hits: Hits, owner: U32, record: U64, data_set: U32, offset: int) -> NDArray[np.intp]:
    """The hits in the order of matches, those left out that a better one at the same place makes needless.

    One sort by place; only hits at the same place are sorted by the rest (lexsort takes 0.1 µs for each key).
    """
    place = (hits.start - offset).astype(np.uint64) << np.uint64(32)
    place |= (hits.end - hits.start).astype(np.uint64) << np.uint64(8) | hits.kind
    order = np.argsort(place)
    place = place[order]
    same = place[1:] == place[:-1]
    if not same.any():
        return order
    alone = ~(np.append(same, False) | np.append(False, same))
    among = order[~alone]
    holder = hits.table[among].astype(np.uint64) << np.uint64(32) | hits.number[among]
    best = among[_closest(place[~alone], data_set[owner[among]], hits.fingerprint[among], holder)]
    columns = (hits.number, hits.table, hits.fingerprint, record, owner, hits.kind, hits.end, hits.start)
    kept = np.concatenate([order[alone], best])
    kept = kept[np.lexsort(tuple(column[kept] for column in columns))]
    keys = [column[kept] for column in (hits.start, hits.end, hits.kind, owner, record)]
    first = np.append(True, np.any([key[1:] != key[:-1] for key in keys], axis=0))
    result: NDArray[np.intp] = kept[first]
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


def _holders(tables: "tuple[Table, ...]", hits: Hits) -> tuple[U32, U64, NDArray[np.bool_]]:
    """Per hit the owner's number, the record's id, and whether the whole fingerprint is the record's."""
    owner = np.empty(len(hits.start), dtype=np.uint32)
    record = np.empty(len(hits.start), dtype=np.uint64)
    true = np.ones(len(hits.start), dtype=np.bool_)
    for number in distinct(hits.table).tolist():
        table = tables[number]
        at = np.flatnonzero(hits.table == number)
        rows = hits.number[at]
        owner[at] = table.owners if isinstance(table.owners, int) else table.owners[rows]
        record[at] = table.record_ids[rows]
        if table.exact is not None:
            true[at] = _among(hits.fingerprint[at], table.exact)
    return owner, record, true


def _among(values: U64, known: U64) -> NDArray[np.bool_]:
    """Which values are in a sorted array."""
    if not len(known):
        return np.zeros(len(values), dtype=np.bool_)
    there: NDArray[np.bool_] = known[np.minimum(np.searchsorted(known, values), len(known) - 1)] == values
    return there
