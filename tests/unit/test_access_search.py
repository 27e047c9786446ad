"""What can be taken away, beside what is found by trying every set of changes."""

import random
from collections.abc import Sequence
from itertools import chain, combinations

import pytest

from trapstreet.access.advice import largest_removal, proof_of, weights_of
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change, Outcome
from trapstreet.core.model.holdings import Holding


def use(who: str, times: int = 1, last: int = 2) -> PastUse:
    return PastUse(who, "db", (), "SELECT 1", "", (), times, 1, last)


def change(
    key: str, *, on: tuple[str, ...] = (), of: str = "", kind: str = "table", rests: str = ""
) -> Change:
    return Change(key, "db", on, kind, "SELECT", of, (), (), tuple(rests.split()))


class Needs:
    """Uses of which each needs one of several sets of rights to be whole.

    blind  `near` names too little: what is near is then no help, and no harm
    """

    def __init__(self, needs: list[list[frozenset[str]]], *, blind: bool) -> None:
        self._needs, self._blind = needs, blind
        self.asked: list[frozenset[str]] = []

    @property
    def unproven(self) -> dict[int, str]:
        return {}

    def blocked(self, changes: Sequence[Change]) -> dict[int, str]:
        return {n: "no right" for n in range(len(self._needs)) if self.blocks(n, changes)}

    def blocks(self, number: int, changes: Sequence[Change]) -> bool:
        gone = {each.key for each in changes}
        self.asked.append(frozenset(gone))
        return all(each & gone for each in self._needs[number])

    def near(self, number: int) -> frozenset[str]:
        return frozenset() if self._blind else frozenset(chain(*self._needs[number]))


@pytest.mark.parametrize("seed", range(80))
def test_what_is_removed_weighs_as_much_as_any_set_that_blocks_nobody(seed: int) -> None:
    rng = random.Random(seed)
    keys = [f"c{n}" for n in range(rng.randint(1, 9))]
    given_on = {keys[n]: keys[n + 1] for n in range(len(keys) - 1) if rng.random() < 0.2}
    changes = [change(each, rests=given_on.get(each, "")) for each in keys]
    weights = {each: rng.choice((1.0, 1.0, 3.0, 0.25)) for each in keys}
    needs = [
        [frozenset(rng.sample(keys, rng.randint(1, min(3, len(keys))))) for _ in range(rng.randint(1, 3))]
        for _ in range(rng.randint(0, 5))
    ]
    replay = Needs(needs, blind=rng.random() < 0.3)
    found = largest_removal(changes, replay, weights)
    removed = {each.key for each in found.changes}
    assert found.largest
    assert not replay.blocked(found.changes)
    assert all(rest in removed for each in found.changes for rest in each.rests)
    possible = [
        {each.key for each in some}
        for some in chain(*(combinations(changes, n) for n in range(len(changes) + 1)))
        if all(rest in {one.key for one in some} for each in some for rest in each.rests)
        and not replay.blocked(some)
    ]
    best = max(sum(weights[key] for key in some) for some in possible)
    assert sum(weights[key] for key in removed) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(60))
def test_beside_changes_that_are_made_anyway_it_is_as_large_as_can_be_and_old_answers_help(seed: int) -> None:
    rng = random.Random(seed)
    keys = [f"c{n}" for n in range(rng.randint(2, 9))]
    changes = [change(each) for each in keys]
    weights = {each: rng.choice((1.0, 1.0, 3.0, 0.25)) for each in keys}
    needs = [
        [frozenset(rng.sample(keys, rng.randint(1, min(3, len(keys))))) for _ in range(rng.randint(1, 3))]
        for _ in range(rng.randint(1, 5))
    ]
    replay = Needs(needs, blind=False)
    first = largest_removal(changes, replay, weights)
    beside = [each for each in changes if rng.random() < 0.3]
    beside = [] if replay.blocked(beside) else beside
    others = [each for each in changes if each not in beside]
    fresh = largest_removal(others, replay, weights, beside=beside)
    found = largest_removal(others, replay, weights, beside=beside, known=first.blocks)
    assert not replay.blocked([*beside, *found.changes])
    possible = [
        some
        for some in chain(*(combinations(others, n) for n in range(len(others) + 1)))
        if not replay.blocked([*beside, *some])
    ]
    best = max(sum(weights[each.key] for each in some) for some in possible)
    for each in (fresh, found):
        assert sum(weights[one.key] for one in each.changes) == pytest.approx(best)


def test_a_right_is_made_to_go_only_with_those_given_on_by_it() -> None:
    changes = [change("child"), change("parent", rests="child")]
    replay = Needs([[frozenset({"child"})]], blind=False)
    found = largest_removal(changes, replay, {"child": 1.0, "parent": 50.0})
    assert found.changes == ()
    assert all("parent" not in asked or "child" in asked for asked in replay.asked)


def test_what_is_kept_names_a_use_that_needs_it() -> None:
    replay = Needs([[frozenset({"a"})], [frozenset({"b"})]], blind=False)
    found = largest_removal([change("a"), change("b"), change("c")], replay, dict.fromkeys("abc", 1.0))
    assert [each.key for each in found.changes] == ["c"]
    assert found.kept == {"a": (0,), "b": (1,)}


def test_a_use_that_fails_among_others_and_never_alone_ends_the_search_on_the_safe_side() -> None:
    class Shy(Needs):
        def blocked(self, changes: Sequence[Change]) -> dict[int, str]:
            return {0: "now and then"} if len(changes) == 2 else {}

    found = largest_removal(
        [change("a"), change("b")], Shy([[frozenset()]], blind=True), {"a": 1.0, "b": 2.0}
    )
    assert [each.key for each in found.changes] == ["b"]


def test_of_a_use_that_fails_among_others_and_never_alone_no_more_stays_than_it_needs() -> None:
    class Together(Needs):
        def blocked(self, changes: Sequence[Change]) -> dict[int, str]:
            return {0: "no right"} if {"c3", "c40"} <= {each.key for each in changes} else {}

        def blocks(self, number: int, changes: Sequence[Change]) -> bool:
            return False

    changes = [change(f"c{number}") for number in range(60)]
    told: list[tuple[int, int | None]] = []
    found = largest_removal(
        changes,
        Together([], blind=True),
        {each.key: 1.0 for each in changes},
        progress=lambda *done: told.append(done),
    )
    assert len(found.changes) == 59
    assert found.kept.keys() < {"c3", "c40"}
    assert told == [(0, 1)]


def test_a_right_on_what_many_people_are_concerned_by_weighs_more() -> None:
    path = ("crm", "public", "customers")
    held = Holding("p", path, "table", 900, 500, (), "personal", 2.0, 0)
    table = change("t", on=path, of="agents")
    other = change("o", on=("crm", "public", "logs"), of="agents")
    member = change("m", on=("agents",), of="anna", kind="membership")
    assert weights_of([table, other, member], [held]) == {"t": 1001.0, "o": 1.0, "m": 1001.0}


def test_a_proof_counts_every_single_use_and_each_person_once() -> None:
    proof = proof_of([use("a", 10), use("a", 5), use("b", 1)], {1: "no right"}, {1: "unseen", 2: "unseen"})
    assert (proof.uses, proof.people) == (16, 2)
    assert [(each.use.times, each.outcome) for each in proof.blocked] == [(5, Outcome.BLOCKED)]
    assert [each.use.who for each in proof.unproven] == ["b"]
    assert proof.span == (1, 2)
