"""Replays fold: uses of one token by one party, without a long pause, are one incident."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from trapstreet.core.model.hit import Hit
from trapstreet.core.model.place import Place
from trapstreet.sightings.domain.client import fact_of
from trapstreet.sightings.domain.label import Kind, Label

PAUSE = 86_400 * 1_000_000
"""Microseconds without a hit that end an incident: a day."""

_SURE = 4.0
"""Bits from which a use is an honest automaton's."""

_PLACED = 4
"""Bits from which an address backs an automaton's name, and hits of all its networks are one party's."""


class Incident(msgspec.Struct, frozen=True):
    """What one party did with one token.

    token        what was used
    party        a network ("192.0.2.0/24"), or an automaton where its address backs its name ("Slack at
                 Amazon AWS"), so that somebody who takes that name elsewhere stays apart
    first, last  Unix microseconds, UTC;  count  hits
    kinds        how many hits had which label, by name
    score        least bits of any of its hits: the one that looks least like an automaton counts
    named        one of its hits named the persona;  expected  all of them were declared beforehand
    """

    token: str
    party: str
    first: int
    last: int
    count: int
    kinds: tuple[tuple[Kind, int], ...]
    score: float
    named: bool = False
    expected: bool = False

    @property
    def counts(self) -> bool:
        """Whether it counts for joint evidence: honest automata's and declared ones don't. What counts once
        goes on to do so, whatever is heard later."""
        honest = all(kind.honest for kind, _ in self.kinds)
        return not self.expected and not honest and self.score < _SURE


def incident_of(token: str, hit: Hit, place: Place, label: Label) -> Incident:
    """The incident of one hit, of which nothing more is known."""
    return Incident(token, _party(hit, place, label), hit.at, hit.at, 1, ((label.kind, 1),), label.score)


def fold(incidents: Iterable[Incident], *, pause: int = PAUSE) -> list[Incident]:
    """The incidents, those joined that have the same token and party and no more than `pause` between them.

    By token, party and time. The same for any order in which hits arrive, and for any way to take them
    together: fold(fold(a) + b) == fold(a + b), with every hit counted once. O(n log n).
    """
    runs: list[list[Incident]] = []
    end = 0
    for one in sorted(incidents, key=lambda one: (one.token, one.party, one.first)):
        if runs and _same(runs[-1][0], one) and one.first - end <= pause:
            runs[-1].append(one)
            end = max(end, one.last)
        else:
            runs.append([one])
            end = one.last
    return [_joined(run) for run in runs]


def _same(one: Incident, other: Incident) -> bool:
    return (one.token, one.party) == (other.token, other.party)


def _joined(run: list[Incident]) -> Incident:
    kinds: Counter[Kind] = Counter()
    for one in run:
        kinds.update(dict(one.kinds))
    return Incident(
        run[0].token,
        run[0].party,
        first=run[0].first,
        last=max(one.last for one in run),
        count=sum(one.count for one in run),
        kinds=tuple(sorted(kinds.items())),
        score=min(one.score for one in run),
        named=any(one.named for one in run),
        expected=all(one.expected for one in run),
    )


def _party(hit: Hit, place: Place, label: Label) -> str:
    if label.automaton and label.score >= _PLACED:
        return f"{label.automaton} at {place.provider or place.holder}"
    if hit.channel == "dns" and place.provider:
        return f"resolvers of {place.provider}"
    caller = fact_of(hit, "caller") if hit.channel == "phone" else ""
    return f"caller {caller}" if caller else place.network or place.address
