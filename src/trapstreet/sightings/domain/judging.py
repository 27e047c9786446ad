"""The opinion on each use of a decoy, and the incidents that uses make."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from trapstreet.core.model.hit import Heard, Hit, Swarm
from trapstreet.core.model.place import Place
from trapstreet.sightings.domain.automata import label_of
from trapstreet.sightings.domain.client import Client, client_of
from trapstreet.sightings.domain.content import said
from trapstreet.sightings.domain.expected import Expectation, expected
from trapstreet.sightings.domain.folding import Incident, fold, incident_of
from trapstreet.sightings.domain.label import Earlier, Kind, Label
from trapstreet.sightings.domain.naming import Used
from trapstreet.sightings.domain.persona import Persona, Said

_COMPARED = 64
"""Decoys of one hit whose personas are looked for in what it says: a mail can go to a thousand."""
_KNEW = 8.0
"""Bits against an honest automaton where somebody knew more of a decoy than what was used."""
_OWN_TRAFFIC = 2.0
"""Bits for one where the decoy was heard before it lay anywhere."""


class Opinion(NamedTuple):
    """What is thought of one use: of its incident, token and party; named, expected  as in Incident."""

    used: Used
    token: str
    party: str
    label: Label
    named: bool
    expected: bool

    @property
    def touches(self) -> bool:
        """Whether the decoy counts as touched: by no honest automaton, and nothing that was declared."""
        return not self.label.spares and not self.expected


class Judged(NamedTuple):
    """A hit, or a swarm as a hit of its network, with an opinion on each of its uses."""

    hit: Hit
    place: Place
    client: Client
    uses: list[Opinion]


class Judge:
    """Opinions on the uses of one batch of hits, and the incidents that they make.

    place     of a hit
    first     by token when it was used first, of those that were
    laid      since when the decoys of an owner lie, of those of which that is known
    personas  who a decoy is, [] for bait that is nobody;  declared  its uses that were
    party     a keyed hash of what tells one party from others
    """

    def __init__(
        self,
        *,
        place: Callable[[Hit], Place],
        first: Mapping[str, int],
        laid: Mapping[str, int],
        personas: Callable[[Used], Sequence[Persona]],
        declared: Callable[[Used], Sequence[Expectation]],
        party: Callable[[str], str],
    ) -> None:
        self._place, self._personas, self._declared, self._party = place, personas, declared, party
        self._first, self._laid = dict(first), laid
        self._incidents: list[Incident] = []

    def judge(self, one: Heard, decoys: Sequence[Used]) -> Judged:
        """What is thought of a hit or swarm that used decoys. A mail of 256 KB takes 40 ms, others 0.1 ms."""
        hit = one if isinstance(one, Hit) else _stand_in(one)
        judged = Judged(hit, self._place(hit), client_of(hit), [])
        words = said(hit)
        text = Said(words, used=hit.names, channel=hit.channel)
        for number, used in enumerate(decoys):
            names = self._named(used, text) if number < _COMPARED and words.strip() else ()
            judged.uses.append(self._use(used, one, judged, names))
        return judged

    @property
    def incidents(self) -> set[tuple[str, str]]:
        """Token and party of each incident so far."""
        return {(each.token, each.party) for each in self._incidents}

    def folded(self, known: Iterable[object]) -> list[Incident]:
        """The incidents with those known before, which have the attributes of Incident: some go on."""
        before = (msgspec.convert(each, Incident, from_attributes=True) for each in known)
        return fold([*before, *self._incidents])

    def _named(self, used: Used, text: Said) -> tuple[str, ...]:
        found = (name for who in self._personas(used) for name in text.names(who))
        return tuple(dict.fromkeys(found))

    def _use(self, used: Used, one: Heard, judged: Judged, names: tuple[str, ...]) -> Opinion:
        hit = judged.hit
        token = used.token(hit.channel)
        label = self._label(used, one, judged, first=self._first.setdefault(token, hit.at))
        declared, why = expected(hit, self._declared(used))
        label = _weighed(label, names=names, why=why, colleagues=len(used.colleagues))
        incident = incident_of(token, hit, judged.place, label)
        party = self._party(incident.party)
        last = one.last if isinstance(one, Swarm) else hit.at
        self._incidents.append(
            msgspec.structs.replace(incident, party=party, last=last, named=bool(names), expected=declared)
        )
        return Opinion(used, token, party, label, bool(names), declared)

    def _label(self, used: Used, one: Heard, judged: Judged, *, first: int) -> Label:
        """What the hit looks like by itself, and by what is known of the decoy."""
        hit, laid = judged.hit, self._laid.get(used.owner)
        first = min(first, hit.at)
        if isinstance(one, Swarm):
            words = f"one of {one.count:,} hits of its network, which came too fast to be kept one by one"
            label = Label(Kind.UNKNOWN, 0, (words,))
        else:
            sent = None if laid is None else (hit.at - laid) / 1e6
            earlier = Earlier(sent=sent, heard=max(0, hit.at - first) / 1e6)
            label = label_of(hit, judged.place, judged.client, earlier)
        if laid is None or first < laid:
            words = "it was heard before it was known to lie anywhere: it has traffic of its own"
            label = msgspec.structs.replace(label, score=label.score + _OWN_TRAFFIC, why=(*label.why, words))
        return label


def _weighed(label: Label, *, names: Sequence[str], why: str, colleagues: int) -> Label:
    """The label with what was said, what was declared, and whose it may be as well."""
    words = list(label.why)
    if names:
        words.insert(0, f"knows the decoy's {' and '.join(names)}, which did not stand in what was used")
    if why:
        words.append(why)
    if colleagues:
        words.append(f"the site of {1 + colleagues} decoys of one company: it may be any of them")
    score = min(label.score, 0) - _KNEW if names else label.score
    return msgspec.structs.replace(label, score=score, why=tuple(words))


def _stand_in(swarm: Swarm) -> Hit:
    """A hit of the swarm's network at its first time, of which nothing else is known."""
    return Hit(swarm.channel, swarm.first, swarm.network.partition("/")[0], 0, (), ())
