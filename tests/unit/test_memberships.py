"""Memberships of any depth, with cycles."""

import random

from trapstreet.core.maths.memberships import Closure
from trapstreet.core.model.rights import numbers_in


def reaching(count: int, edges: dict[int, list[int]], at: int) -> set[int]:
    """All who reach one, by walking from each."""
    found = set()
    for start in range(count):
        seen, left = {start}, [start]
        while left:
            for following in edges.get(left.pop(), ()):
                if following not in seen:
                    seen.add(following)
                    left.append(following)
        if at in seen:
            found.add(start)
    return found


def test_all_who_arrive_are_found_in_any_graph() -> None:
    rng = random.Random(7)
    for _ in range(200):
        count = rng.randrange(1, 30)
        edges = {
            each: [rng.randrange(count) for _ in range(rng.randrange(4))]
            for each in range(count)
            if rng.random() < 0.7
        }
        closure = Closure(count, edges)
        for at in range(count):
            assert set(numbers_in(closure.arriving(1 << at))) == reaching(count, edges, at)


def test_a_chain_longer_than_the_stack_is_followed() -> None:
    length = 3_000
    closure = Closure(length, {n: [n + 1] for n in range(length - 1)})
    assert closure.arriving(1 << (length - 1)).bit_count() == length


def test_the_way_is_a_shortest_one_and_none_where_there_is_none() -> None:
    closure = Closure(5, {0: [1, 2], 1: [3], 2: [4], 3: [4]})
    assert closure.path(0, 1 << 4) == [0, 2, 4]
    assert closure.path(0, 1) == [0]
    assert closure.path(4, 1) is None
