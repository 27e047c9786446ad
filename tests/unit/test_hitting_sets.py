"""Hitting sets beside those found by trying everything."""

import random
from itertools import chain, combinations

import pytest

from trapstreet.core.maths.hitting_sets import lightest, minimal, with_needs


def subsets(elements: list[str]) -> list[set[str]]:
    return [set(some) for some in chain(*(combinations(elements, n) for n in range(len(elements) + 1)))]


@pytest.mark.parametrize("seed", range(60))
def test_the_lightest_hitting_set_is_as_light_as_any(seed: int) -> None:
    rng = random.Random(seed)
    elements = [f"e{n}" for n in range(rng.randint(1, 9))]
    weights = {each: rng.choice((1.0, 1.0, 2.0, 5.0, 0.5)) for each in elements}
    needs = {each: frozenset(rng.sample(elements, 1)) - {each} for each in elements if rng.random() < 0.2}
    sets = [
        frozenset(rng.sample(elements, rng.randint(1, min(3, len(elements)))))
        for _ in range(rng.randint(0, 8))
    ]
    found, exact = lightest(sets, weights, needs=needs)
    hitting = [
        some
        for some in subsets(elements)
        if all(each & some for each in sets) and with_needs(some, needs) == some
    ]
    assert exact
    assert all(each & found for each in sets)
    assert with_needs(found, needs) == found
    best = min(sum(weights[each] for each in some) for some in hitting)
    assert sum(weights[each] for each in found) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(20))
def test_beyond_its_bound_the_answer_is_minimal_and_says_that_it_may_not_be_the_lightest(seed: int) -> None:
    rng = random.Random(seed)
    elements = [f"e{n}" for n in range(30)]
    sets = [frozenset(rng.sample(elements, 4)) for _ in range(60)]
    found, exact = lightest(sets, dict.fromkeys(elements, 1.0), nodes=5)
    assert not exact
    assert all(each & found for each in sets)
    assert not any(all(each & (found - {one}) for each in sets) for one in found)


@pytest.mark.parametrize("seed", range(40))
def test_a_minimal_set_holds_and_without_any_one_element_does_not(seed: int) -> None:
    rng = random.Random(seed)
    elements = [f"e{n}" for n in range(rng.randint(1, 40))]
    causes = [frozenset(rng.sample(elements, min(len(elements), rng.randint(1, 4)))) for _ in range(3)]
    asked = 0

    def holds(some: object) -> bool:
        nonlocal asked
        asked += 1
        return any(each <= set(some) for each in causes)  # type: ignore[call-overload]

    found = minimal(holds, elements)
    assert found in causes or any(each <= found for each in causes)
    assert holds(found)
    assert not any(holds(found - {one}) for one in found)
    assert asked <= 60


def test_a_great_many_that_are_needed_alone_cost_no_more_than_each() -> None:
    needed = [f"e{n}" for n in range(20_000)]
    sets = [frozenset([each]) for each in needed] + [frozenset([each, "other"]) for each in needed]
    assert lightest(sets, dict.fromkeys([*needed, "other"], 1.0)) == (frozenset(needed), True)
