"""What rejected draws cost: once for whatever a field shows, and never more than it is worth."""

from itertools import combinations

import pytest
from hypothesis import given as random_case
from hypothesis import strategies as st

from trapstreet.decoys.emails import Digits, LocalPattern
from trapstreet.decoys.identity import Identity, identity
from trapstreet.decoys.names import NamePool
from trapstreet.decoys.sampling import remaining_bits


def pool(bits: float, initial: float) -> NamePool:
    return NamePool((), (), bits, initial, (frozenset(), frozenset()))


PATTERNS = [
    LocalPattern(parts, ".", digits=Digits("", 2, 10, 99))
    for parts in (
        ("given", "family"),
        ("given initial", "family"),
        ("given", "family initial"),
        ("given",),
        ("family",),
    )
]


def total(found: Identity, shown: set[int]) -> float:
    return sum(found.draws[draw].bits for draw in shown)


@random_case(
    pattern=st.sampled_from(PATTERNS),
    given=st.tuples(st.floats(0, 12), st.floats(0, 4)),
    family=st.tuples(st.floats(0, 12), st.floats(0, 4)),
    taken=st.floats(0, 0.95),
)
def test_every_union_of_fields_has_paid_for_the_rejections(
    pattern: LocalPattern, given: tuple[float, float], family: tuple[float, float], taken: float
) -> None:
    first, last = pool(sum(given), given[1]), pool(sum(family), family[1])
    found = identity(pattern, first, last, bits=40.0, taken=taken, others=1)
    free = identity(pattern, first, last, bits=40.0, taken=0.0, others=0)
    cost = 40.0 - remaining_bits(40.0, taken=taken, others=1)
    names = {draw.name: draw.bits for draw in free.draws}
    for size in (1, 2, 3):
        for fields in combinations(("name", "family", "email"), size):
            before = {free.draws[draw].name for field in fields for draw in getattr(free, field)}
            after = {draw for field in fields for draw in getattr(found, field)}
            assert total(found, after) <= max(0.0, sum(names[name] for name in before) - cost) + 1e-9


def test_a_cost_is_paid_once() -> None:
    pattern = PATTERNS[0]
    found = identity(pattern, pool(9, 3), pool(11, 4), bits=30.0, taken=0.75, others=0)
    assert total(found, set(found.email)) == pytest.approx(9 + 11 + pattern.digits.bits - 2)
    assert total(found, set(found.name)) == pytest.approx(3 + 11 - 2)
