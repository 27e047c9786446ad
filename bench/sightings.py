"""Who fired a breadcrumb: the confusion table on labelled hits, and hits judged per second."""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count, islice
from pathlib import Path

from measuring import desk, timed
from trapstreet.app.geography import Places
from trapstreet.core.model.hit import Hit
from trapstreet.sightings import Kind, Label
from trapstreet.sightings.domain.automata import label_of
from trapstreet.sightings.domain.client import client_of
from trapstreet.sightings.domain.folding import fold, incident_of
from trapstreet.sightings.domain.label import Earlier

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from sightings import AT, HALVES, Case, cases, confusion, table

RATE = 1_000
"""Hits a second that are promised, none of whose user agents was seen before."""


def main() -> None:
    found = {half: cases(half) for half in HALVES}
    for half, these in found.items():
        print(f"\n{half}: {len(these)} hits")
        print("\n".join(table(confusion(these))))
        _say_scores(these)
    with desk() as at, Places(inside=["10.0.0.0/8"]) as places:
        hits = [case.hit for half in HALVES for case in found[half]]
        size = 2_000 if at.quick else 20_000
        timed(partial(_judge, places, hits))
        seen = [hits[n % len(hits)] for n in range(size)]
        at.say("judging, programs seen before", timed(partial(_judge, places, seen)), items=size)
        new = list(islice(_salted(hits), size))
        cost = timed(partial(_judge, places, new))
        at.say("judging, every program new", cost, items=size, seconds=size / RATE)
        long = [_with_agent(hit, b"A" * 1_000_000) for hit in new[: size // 100]]
        at.say("judging, user agents of 1 MB", timed(partial(_judge, places, long)), items=len(long))
        many = [incident_of("t", hit, places.of(hit.address, at=AT), Label(Kind.TOOL, 0, ())) for hit in new]
        at.say("folding", timed(partial(fold, many * 10)), items=10 * len(many))


def _say_scores(found: Sequence[Case]) -> None:
    """How the bits hold: of the hits with at least so many, the share that honest automata made."""
    right = sum(case.label.kind is case.kind for case in found)
    print(f"right: {right} of {len(found)} ({right / len(found):.1%})")
    tests: Sequence[tuple[str, Callable[[float], bool]]] = (
        ("4 bits and more", lambda bits: bits >= 4),
        ("1 to 3 bits", lambda bits: 0 < bits < 4),
        ("0 bits", lambda bits: bits == 0),
        ("below 0 bits", lambda bits: bits < 0),
    )
    for words, holds in tests:
        those = [case for case in found if holds(case.label.score)]
        print(f"{words}: {sum(case.kind.honest for case in those)} of {len(those)} made by honest automata")


def _judge(places: Places, hits: Sequence[Hit]) -> int:
    labels = (label_of(hit, places.of(hit.address, at=AT), client_of(hit), Earlier()) for hit in hits)
    return sum(label.kind.honest for label in labels)


def _salted(hits: Sequence[Hit]) -> Iterator[Hit]:
    """Hits without end, each of another address and with another user agent."""
    for n in count():
        hit = hits[n % len(hits)]
        address = f"{n % 223 + 1}.{n // 7 % 256}.{n // 256 % 256}.9"
        yield _with_agent(hit, b" %d" % n, address=address)


def _with_agent(hit: Hit, more: bytes, *, address: str = "192.0.2.7") -> Hit:
    facts = tuple(
        (name, value + more if value.lower().startswith(b"user-agent:") else value)
        for name, value in hit.facts
    )
    return Hit(hit.channel, hit.at, address, hit.port, hit.names, facts)


if __name__ == "__main__":
    main()
