"""The labelled hits of tests/cases/sightings, and what is made of them."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trapstreet.core.model.hit import Hit
from trapstreet.core.model.place import Origin, Place
from trapstreet.sightings import Kind, Label
from trapstreet.sightings.domain.automata import label_of
from trapstreet.sightings.domain.client import client_of
from trapstreet.sightings.domain.label import Earlier

CASES = Path(__file__).parent / "cases" / "sightings"
HALVES = ("known", "held-out")
AT = 1_763_800_000_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """A hit with the kind of client that made it, and where that is known from."""

    kind: Kind
    who: str
    source: str
    hit: Hit
    place: Place
    earlier: Earlier

    @property
    def label(self) -> Label:
        return label_of(self.hit, self.place, client_of(self.hit), self.earlier)


def cases(half: str) -> list[Case]:
    return [_case(json.loads(line)) for line in (CASES / f"{half}.jsonl").read_text().splitlines()]


def confusion(found: list[Case]) -> Counter[tuple[Kind, Kind]]:
    """How often a hit of the first kind was given the second."""
    return Counter((case.kind, case.label.kind) for case in found)


def table(counted: Counter[tuple[Kind, Kind]]) -> Iterator[str]:
    """The counts as lines of a Markdown table: a row for what made the hits, a column for each label."""
    yield f"| made by | {' | '.join(Kind)} |"
    yield "|---|" + "---|" * len(Kind)
    for made in Kind:
        counts = [counted[made, given] for given in Kind]
        if any(counts):
            yield f"| {made} | {' | '.join(str(count or '') for count in counts)} |"


def _case(given: dict) -> Case:
    facts = tuple((name, value.encode()) for name, value in given["facts"])
    return Case(
        kind=Kind(given["kind"]),
        who=given["who"],
        source=given["source"],
        hit=Hit(given["channel"], AT, "192.0.2.7", 50000, ("trap.example/a",), facts),
        place=Place("192.0.2.7", "192.0.2.0/24", origin=Origin(given["origin"]), provider=given["provider"]),
        earlier=Earlier(sent=given["sent"], heard=given["heard"]),
    )
