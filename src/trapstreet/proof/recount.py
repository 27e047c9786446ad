"""The leak read again, with plain Python: how many candidates it shows, and whether the hits are in it.

Needs no key and no index: a hit's normal forms stand in the proof, opened.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from trapstreet.core.fields import Candidate, Column, Kind, Search, kinds
from trapstreet.proof.format import Claims, DoesNotHold

if TYPE_CHECKING:
    from trapstreet.index import CandidateForms, Candidates

Kinds = frozenset[Kind]
Wanted = tuple[str, str]
"""A decoy that should be found: copy, RecordId."""

_STRETCH = 1 << 17
_ANY_KEY = bytes(16)


class Text(Protocol):
    """A text of the leak, to be read once; `sha256` is known when all of it was read."""

    @property
    def chunks(self) -> Iterator[bytes]: ...
    @property
    def sha256(self) -> str: ...


class Recount(NamedTuple):
    """What the files show.

    files       SHA-256 of each text, hexadecimal
    candidates  per tested set of kinds the distinct tuples, as `trace` counts them
    found       hits that are there by all of their fields, near each other
    """

    files: tuple[str, ...]
    candidates: Mapping[Kinds, int]
    found: frozenset[Wanted]


class _Place(NamedTuple):
    start: int
    end: int
    kind: Kind
    decoy: Wanted


def recount(texts: Iterable[Text], claims: Claims) -> Recount:
    """Read the texts, taken as one leak. 4 to 20 MB/s; memory grows with the different candidates.

    Raises DoesNotHold where the claims say how to read in a way that cannot be.
    """
    from trapstreet.index import Candidates

    tested = {frozenset(each.fields) for data_set in claims.data_sets for each in data_set.tested}
    searches = {kind: _search(kind, claims) for kind in sorted(frozenset().union(*tested))}
    count, hits = Candidates(), _Hits(claims, searches)
    files = []
    for text in texts:
        _read(text, searches, count, hits)
        count.end_text()
        hits.end_text()
        files.append(text.sha256)
    return Recount(tuple(files), {each: count.met_by(each) for each in tested}, frozenset(hits.found))


def _search(kind: Kind, claims: Claims) -> Search:
    columns = tuple(
        Column("", kind, "", region=each.region, grammar=each.grammar)
        for each in claims.search.readings
        if each.kind == kind
    )
    search = Search(columns, frozenset(claims.search.phone_lengths), claims.search.unicode_emails)
    try:
        list(kinds()[kind].find(b"", search))
    except ValueError as error:
        raise DoesNotHold("what it says of how its leak was read cannot be") from error
    return search


def _read(text: Text, searches: Mapping[Kind, Search], count: "Candidates", hits: "_Hits") -> None:
    from trapstreet.index.stretches import stretches

    for stretch in stretches(text.chunks, _STRETCH):
        data = bytes(stretch.text())
        shown = {
            kind: [
                candidate._replace(start=candidate.start + stretch.offset, end=candidate.end + stretch.offset)
                for candidate in kinds()[kind].find(data, search)
                if stretch.first <= candidate.start < stretch.last
            ]
            for kind, search in searches.items()
        }
        count.take({kind: _candidates(found) for kind, found in shown.items()})
        hits.add(shown, stretch.offset + stretch.last)


class _Hits:
    """The decoys that should be found, and those that were."""

    def __init__(self, claims: Claims, searches: Mapping[Kind, Search]) -> None:
        self.found: set[Wanted] = set()
        self._fields: dict[Wanted, Kinds] = {}
        self._by_form: dict[tuple[Kind, bytes], list[Wanted]] = defaultdict(list)
        self._near: dict[Wanted, list[_Place]] = defaultdict(list)
        for data_set in claims.data_sets:
            kind_of = {column.name: column.kind for column in data_set.columns}
            owners = [(each.copy, each.own) for each in data_set.accused if each.own]
            for copy, own in owners:
                decoys = {decoy.id: decoy for decoy in own.decoys}
                for hit in own.hits:
                    wanted = (copy, hit)
                    self._fields[wanted] = frozenset(own.fields)
                    for cell in decoys[hit].cells:
                        if cell.form is not None:
                            kind = kind_of[cell.column]
                            for form in _meant(kind, bytes.fromhex(cell.form), searches[kind]):
                                self._by_form[kind, form].append(wanted)

    def add(self, shown: Mapping[Kind, Sequence[Candidate]], end: int) -> None:
        """Take the candidates of the next stretch, which ends at a place."""
        for place in sorted(self._places(shown), key=attrgetter("start", "end")):
            self._meet(place)
        self._near = defaultdict(
            list, {decoy: kept for decoy, places in self._near.items() if (kept := _near(places, end))}
        )

    def end_text(self) -> None:
        self._near.clear()

    def _places(self, shown: Mapping[Kind, Sequence[Candidate]]) -> Iterator[_Place]:
        for kind, found in shown.items():
            for start, end, forms in found:
                for decoy in {each for form in forms for each in self._by_form.get((kind, form), ())}:
                    if decoy not in self.found:
                        yield _Place(start, end, kind, decoy)

    def _meet(self, place: _Place) -> None:
        if place.decoy in self.found:
            return
        before = _near(self._near[place.decoy], place.start)
        beside = {each.kind for each in before if each.end <= place.start} | {place.kind}
        if beside >= self._fields[place.decoy]:
            self.found.add(place.decoy)
        self._near[place.decoy] = [*before, place]


def _near(places: Sequence[_Place], end: int) -> list[_Place]:
    from trapstreet.index.matcher import NEAR

    return [place for place in places if end - place.start <= NEAR]


def _meant(kind: Kind, form: bytes, search: Search) -> set[bytes]:
    """The form, and others that the value may be found by: those that it has when it is read as a cell."""
    text = (form[1:] if kind == Kind.PHONE else form).decode("utf-8", "replace")
    return {form}.union(*(kinds()[kind].forms(text, column) for column in search.columns))


def _candidates(found: Sequence[Candidate]) -> "CandidateForms":
    import numpy as np

    from trapstreet.core.maths.siphash import siphash24_many
    from trapstreet.index import CandidateForms

    forms = [form for candidate in found for form in candidate.forms]
    counts = [len(candidate.forms) for candidate in found]
    fingerprints = siphash24_many(_ANY_KEY, forms)
    places = np.repeat(np.array([each.start for each in found], dtype=np.int64), counts)
    ends = np.repeat(np.array([each.end for each in found], dtype=np.int64), counts)
    order = np.lexsort((fingerprints, ends, places))
    return CandidateForms(fingerprints[order], places[order], ends[order])
