"""Matches joined into records: the columns say what a plain reading of the rules says."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from trapstreet.core.fields import Kind
from trapstreet.index import Hits, Lookup, Matches, Met, Pair, RecordJoin, Seen, assemble
from trapstreet.index.lookup import Owner
from trapstreet.index.matcher import CODE, KINDS, NEAR
from trapstreet.index.seen import count_pairs, kinds_in

ANCHORS = (Kind.EMAIL, Kind.PHONE, Kind.REFERENCE)
OWNERS = [
    Owner(0, version=1),
    Owner(0, version=2),
    Owner(1, version=1),
    Owner(0, copy="a"),
    Owner(0, copy="b"),
]
RECORDS = 8


def lookup() -> Lookup:
    """Three versions of two data sets, whose records share ids, and the decoys of two copies in one table."""
    ids = np.arange(100, 100 + RECORDS, dtype=np.uint64)
    tables = [SimpleNamespace(owners=owner, record_ids=ids, exact=None) for owner in range(3)]
    owners = np.array([3, 4] * (RECORDS // 2), dtype=np.uint32)
    tables.append(SimpleNamespace(owners=owners, record_ids=ids + np.uint64(1000), exact=None))
    return cast(Lookup, SimpleNamespace(owners=OWNERS, tables=tuple(tables)))


@dataclass(frozen=True)
class Hit:
    start: int
    end: int
    kind: Kind
    fingerprint: int
    table: int
    number: int
    confirmed: tuple[int, int, int, int]


Holders = dict[tuple[Kind, int], list[tuple[int, int]]]


def drawn(random: Random, count: int, holders: Holders) -> list[Hit]:
    """Places in a text, each with whoever holds the value there; some values are shared."""
    hits = []
    for _ in range(count):
        kind, value = random.choice(ANCHORS), random.randrange(12)
        if (kind, value) not in holders:
            several = random.choices([1, 2, 4], [6, 2, 1])[0]
            holders[kind, value] = list(
                {(random.randrange(4), random.randrange(RECORDS)) for _ in range(several)}
            )
        start = random.randrange(40 * count)
        end = start + random.randint(5, 30)
        for table, number in holders[kind, value]:
            met = tuple(max(0, (start + table + number) * prime % 7 - 4) for prime in (2, 3, 5, 8))
            fingerprint = CODE[kind] * 1_000 + value
            hits.append(Hit(start, end, kind, fingerprint, table, number, cast(Any, met)))
    return hits


def matches(of: Lookup, hits: list[Hit]) -> Matches:
    columns = Hits(
        np.array([hit.start for hit in hits], np.int64),
        np.array([hit.end for hit in hits], np.int64),
        np.array([CODE[hit.kind] for hit in hits], np.uint8),
        np.array([hit.fingerprint for hit in hits], np.uint64),
        np.array([hit.table for hit in hits], np.uint32),
        np.array([hit.number for hit in hits], np.uint32),
        np.array([hit.confirmed for hit in hits], np.uint8).reshape(-1, 4),
    )
    return assemble(of, b"", 0, 0, columns)


State = tuple[int, int]


@dataclass
class Plain:
    """What is seen of a state, as sets."""

    anchors: set[Kind] = field(default_factory=set)
    near: set[Kind] = field(default_factory=set)
    pairs: set[Pair] = field(default_factory=set)
    values: set[int] = field(default_factory=set)


def plainly(texts: list[list[Any]]) -> dict[State, Plain]:
    """The rules, one match at a time."""
    states: dict[State, Plain] = defaultdict(Plain)
    for text in texts:
        of = defaultdict(list)
        for match in text:
            state = states[match.owner, match.record]
            state.anchors.add(match.kind)
            state.values.add(match.fingerprint)
            if match.confirmed:
                state.near |= {match.kind} | match.confirmed
            of[match.owner, match.record].append(match)
        for key, own in of.items():
            for a, b in combinations(sorted(own, key=lambda match: (match.start, match.end)), 2):
                if a.kind != b.kind and b.start - a.start <= NEAR and b.start >= a.end:
                    states[key].near |= {a.kind, b.kind}
                    states[key].pairs.add(frozenset((a.kind, b.kind)))
    return states


def best(states: dict[State, Plain], wanted: set[State]) -> set[State]:
    """Per value the state that fits best."""
    holders = defaultdict(list)
    for state in wanted:
        for value in states[state].values:
            holders[value].append(state)

    def fit(state: State) -> tuple[int, bool, int, int]:
        owner, seen = OWNERS[state[0]], states[state]
        return len(seen.near | seen.anchors), owner.copy != "", owner.version, state[1]

    return {max(each, key=fit) for each in holders.values()}


def rows(seen: Seen) -> dict[State, tuple[set[Kind], set[Kind]]]:
    return {
        (int(seen.owner[at]), int(seen.record[at])): (
            set(kinds_in(int(seen.anchors[at]))),
            set(kinds_in(int(seen.near[at]))),
        )
        for at in range(len(seen))
    }


def cut(random: Random, hits: list[Hit]) -> list[list[Hit]]:
    """The hits in the order of the text, in stretches: all that begin in one stand in it."""
    places = sorted({hit.start for hit in hits})
    cuts = [*sorted(random.sample(places, min(len(places), random.randrange(6)))), 10**9]
    parts: list[list[Hit]] = [[] for _ in cuts]
    for hit in hits:
        parts[next(at for at, before in enumerate(cuts) if hit.start < before)].append(hit)
    for part in parts:
        random.shuffle(part)
    return parts


def joined(random: Random, of: Lookup, texts: list[list[Hit]]) -> Met:
    join = RecordJoin(of)
    for text in texts:
        for part in cut(random, text):
            join.add(matches(of, part))
        join.end_text()
    return join.met()


@pytest.mark.parametrize("seed", range(60))
def test_columns_join_as_the_rules_say(seed: int) -> None:
    random, of = Random(seed), lookup()
    holders: Holders = {}
    texts = [drawn(random, random.choice([0, 1, 5, 30, 120]), holders) for _ in range(2)]
    met = joined(random, of, texts)
    states = plainly([list(matches(of, text)) for text in texts])
    assert met.data_sets() == sorted({OWNERS[owner].data_set for owner, _ in states})
    for number in met.data_sets():
        own = {state for state in states if OWNERS[state[0]].data_set == number}
        real = {state for state in own if not OWNERS[state[0]].copy}
        for wanted, answer in ((own, met.joined(number)), (real, met.real(number))):
            chosen = best(states, wanted)
            for near, seen in ((True, answer.records), (False, answer.singles)):
                assert rows(seen) == {
                    state: (states[state].anchors, states[state].near)
                    for state in chosen
                    if (len(states[state].near) > 1) == near
                }
        held_by_real = {value for state in real for value in states[state].values}
        for copy, seen in met.decoys(number):
            theirs = {state for state in own if OWNERS[state[0]].copy == copy}
            expected = {}
            for state in theirs:
                unshared = {KINDS[value // 1_000] for value in states[state].values - held_by_real}
                plain = states[state]
                expected[state] = plain.anchors & unshared, plain.near - (plain.anchors - unshared)
            assert rows(seen) == expected
            pairs = [pair for state in theirs for pair in states[state].pairs if pair <= expected[state][0]]
            assert count_pairs(seen.pairs) == {pair: pairs.count(pair) for pair in set(pairs)}


def one(
    start: int, kind: Kind, *, end: int = 0, number: int = 0, confirmed: tuple[int, ...] = (0, 0, 0, 0)
) -> Hit:
    return Hit(start, end or start + 10, kind, CODE[kind] * 1_000 + number, 0, number, cast(Any, confirmed))


@pytest.mark.parametrize(
    ("hits", "records"),
    [
        ([one(0, Kind.EMAIL), one(NEAR, Kind.PHONE)], 1),
        ([one(0, Kind.EMAIL), one(NEAR + 1, Kind.PHONE)], 0),
        ([one(0, Kind.REFERENCE), one(5, Kind.PHONE)], 0),
        ([one(0, Kind.REFERENCE), one(10, Kind.PHONE)], 1),
        ([one(0, Kind.EMAIL), one(20, Kind.EMAIL)], 0),
        ([one(0, Kind.EMAIL), one(20, Kind.PHONE, number=1)], 0),
        ([one(0, Kind.EMAIL, confirmed=(2, 0, 0, 0))], 1),
        ([one(0, Kind.PHONE), one(200, Kind.PHONE, end=230), one(210, Kind.REFERENCE)], 1),
    ],
)
def test_two_fields_are_one_record_if_they_stand_near_each_other(hits: list[Hit], records: int) -> None:
    of = lookup()
    join = RecordJoin(of)
    join.add(matches(of, hits))
    assert len(join.met().joined(0).records) == records


def test_each_match_is_told_whether_another_field_is_near() -> None:
    of = lookup()
    join = RecordJoin(of)
    near = join.add(matches(of, [one(0, Kind.EMAIL), one(50, Kind.PHONE), one(900, Kind.PHONE, number=1)]))
    assert near.tolist() == [True, True, False]
    assert join.add(matches(of, [one(1_000, Kind.EMAIL, number=1)])).tolist() == [True]


def test_a_record_is_dated_by_all_versions_that_fit_as_well() -> None:
    of = lookup()
    join = RecordJoin(of)
    both = [Hit(0, 9, Kind.EMAIL, 1, table, 3, (0, 0, 0, 0)) for table in (0, 1)]
    newer = Hit(500, 509, Kind.PHONE, 1_001, 1, 4, (0, 0, 0, 0))
    older = Hit(600, 609, Kind.EMAIL, 2, 0, 4, (0, 0, 0, 0))
    join.add(matches(of, [*both, newer, older]))
    met = join.met()
    real = met.real(0).singles
    first, last = met.versions(real)
    assert dict(zip(real.record.tolist(), zip(first.tolist(), last.tolist(), strict=True), strict=True))[
        103
    ] == (1, 2)


def test_a_decoy_s_hit_that_only_looks_like_one_is_dropped() -> None:
    of = lookup()
    of.tables[3].exact = np.array([CODE[Kind.EMAIL] * 1_000 + 1], np.uint64)
    hits = [Hit(0, 9, Kind.EMAIL, CODE[Kind.EMAIL] * 1_000 + value, 3, 0, (0, 0, 0, 0)) for value in (1, 2)]
    assert [match.fingerprint for match in matches(of, hits)] == [CODE[Kind.EMAIL] * 1_000 + 1]


def test_of_several_forms_of_a_place_the_smallest_fingerprint_stays() -> None:
    of = lookup()
    hits = [Hit(7, 19, Kind.EMAIL, value, 0, 2, (1, 0, 0, 0)) for value in (9, 4, 6)]
    (match,) = matches(of, hits)
    assert (match.start, match.end, match.fingerprint, match.record) == (7, 19, 4, 102)
    assert match.confirmed == {Kind.NAME}
