"""The verdict: accused at the bound over all copies together, or nobody."""

from math import comb, log10

import pytest

from trapstreet.core.fields import Kind
from trapstreet.core.maths.entropy import Profile, coincidence
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.trace.domain.verdict import (
    LARGEST_GROUP,
    CopyCode,
    accuse,
    kinds_to_test,
    not_only_source,
    smallest_group,
)

EMAIL, PHONE, REFERENCE = (frozenset((kind,)) for kind in (Kind.EMAIL, Kind.PHONE, Kind.REFERENCE))
BOTH = EMAIL | REFERENCE
COLUMNS = {Kind.EMAIL: ["email"], Kind.REFERENCE: ["ticket"]}
PROFILE = Profile(300, (20_000, 12_000), {"email": (0,), "ticket": (1,), "name": (0,)})


def code(name: str) -> CopyCode:
    return CopyCode(name, 300, (PROFILE,))


def test_joint_entropy_counts_each_draw_once() -> None:
    assert PROFILE.joint_bits(["email", "name"]) == 20
    assert PROFILE.joint_bits(["email", "ticket", "name"]) == 32
    assert PROFILE.joint_bits(["city"]) == 0


def test_q0_is_candidates_times_two_to_minus_h_and_never_above_one() -> None:
    assert coincidence([PROFILE], [["email"]], 1024) == (300, 2.0**-10)
    assert coincidence([PROFILE], [["email"]], 2**25) == (300, 1.0)
    assert coincidence([PROFILE], [["name"]], 2**25) == (300, 1.0)


def test_a_decoy_that_has_nothing_in_a_column_cannot_be_met_there() -> None:
    without = Profile(40, (20_000,), {"email": (0,)})
    assert coincidence([PROFILE, without], [["ticket"]], 1) == (300, 2.0**-12)
    assert coincidence([PROFILE, without], [["email"]], 1) == (340, 2.0**-20)
    assert coincidence([PROFILE], [["city"]], 1) == (0, 0.0)
    assert coincidence([PROFILE], [[]], 1) == (0, 0.0)


def test_hits_that_no_profile_explains_accuse_nobody() -> None:
    arguments = {"columns": {Kind.PHONE: ["phone"]}, "candidates": lambda kinds: 1, "tested": [PHONE]}
    assert accuse([code("1-a")], {"1-a": {PHONE: 5}}, **arguments, weights={"1-a": 1.0}, bound=1e-6) == []


def test_with_unequal_decoys_the_least_telling_counts() -> None:
    poor = Profile(1, (4_000, 12_000), {"email": (0,), "ticket": (1,)})
    assert coincidence([PROFILE, poor], [["email"]], 1).q0 == 2.0**-4


def test_a_value_that_two_columns_could_hold_coincides_with_either() -> None:
    two = Profile(1, (10_000, 10_000), {"ticket": (0,), "order": (1,)})
    assert coincidence([two], [["ticket", "order"]], 1).q0 == 2 * 2.0**-10


@pytest.mark.parametrize("copies", [1, 12, 100_000])
def test_a_copy_is_accused_exactly_from_the_bound_on(copies: int) -> None:
    chance = 2000 * 2.0**-20
    for hits in range(1, 40):
        accused = accuse(
            [code("7-x")],
            {"7-x": {EMAIL: hits}},
            columns=COLUMNS,
            candidates=lambda kinds: 2000,
            tested=[EMAIL],
            weights={"7-x": 1 / copies},
            bound=1e-6,
        )
        assert bool(accused) == (log10_binomial_tail(300, chance, hits) <= log10(1e-6 / copies))


def test_testing_several_sets_of_fields_is_paid_for() -> None:
    arguments = {
        "columns": COLUMNS,
        "candidates": lambda kinds: 2000,
        "weights": {"7-x": 1.0},
        "bound": 1e-6,
    }
    hits = {"7-x": {EMAIL: 30, REFERENCE: 30, BOTH: 30}}
    (one,) = accuse([code("7-x")], hits, tested=[BOTH], **arguments)
    (three,) = accuse([code("7-x")], hits, tested=[EMAIL, REFERENCE, BOTH], **arguments)
    assert three.log10_p == pytest.approx(one.log10_p + log10(3), abs=2e-3)
    assert three.evidence[0].fields == [Kind.EMAIL, Kind.REFERENCE]


def test_without_hits_or_without_copies_nobody_is_accused() -> None:
    arguments = {
        "columns": COLUMNS,
        "candidates": lambda kinds: 10,
        "tested": [EMAIL],
        "weights": {"1-a": 1.0},
        "bound": 1e-6,
    }
    assert accuse([code("1-a")], {}, **arguments) == []
    assert accuse([], {}, **arguments) == []


def test_only_real_records_choose_the_fields() -> None:
    shown = {EMAIL: 90, REFERENCE: 4, BOTH: 3, PHONE: 5}
    assert kinds_to_test(shown, 100, [Kind.EMAIL, Kind.PHONE, Kind.REFERENCE]) == [EMAIL, PHONE]
    assert kinds_to_test({}, 0, [Kind.EMAIL, Kind.REFERENCE]) == [EMAIL, BOTH, REFERENCE]


def test_who_cannot_be_the_only_source() -> None:
    codes = [code("1-a"), code("2-b"), code("3-c")]
    one = accuse(
        codes,
        {"2-b": {EMAIL: 200}},
        columns=COLUMNS,
        candidates=lambda k: 10,
        tested=[EMAIL],
        weights=dict.fromkeys(["1-a", "2-b", "3-c"], 1 / 3),
        bound=1e-6,
    )
    two = accuse(
        codes,
        {"2-b": {EMAIL: 200}, "3-c": {EMAIL: 200}},
        columns=COLUMNS,
        candidates=lambda k: 10,
        tested=[EMAIL],
        weights=dict.fromkeys(["1-a", "2-b", "3-c"], 1 / 3),
        bound=1e-6,
    )
    copies = ["1-a", "2-b", "3-c"]
    assert not_only_source(one, copies) == ["1-a", "3-c"]
    assert not_only_source(two, copies) == ["1-a", "2-b", "3-c"]
    assert not_only_source([], copies) == []


def test_who_knows_the_other_copies_decoys_gains_nothing() -> None:
    """What is left of a pool is likelier by 1 / (1 - share taken); a pool that is mostly taken proves
    nothing."""
    quarter_taken = coincidence([PROFILE], [["ticket"]], 1, others=1024).q0
    assert quarter_taken == pytest.approx(2.0**-12 / 0.75)
    assert coincidence([PROFILE], [["ticket"]], 1, others=4000).q0 == 1.0
    assert coincidence([PROFILE], [["email"], ["ticket"]], 1, others=4000).q0 == pytest.approx(
        2.0**-20 / (1 - 4000 / 2**20)
    )


def group(hits: dict[str, int], *, copies: int = 100, bound: float = 1e-8) -> list[str]:
    return smallest_group(
        [code(f"{number}-x") for number in range(copies)],
        {copy: {EMAIL: n} for copy, n in hits.items()},
        columns=COLUMNS,
        candidates=lambda k: 200,
        tested=[EMAIL],
        copies=copies,
        bound=bound,
    )


def test_copies_that_show_too_little_alone_are_a_group_together() -> None:
    one = {"1-x": 4}
    assert group(one) == []
    assert group(one | {"7-x": 5}) == ["1-x", "7-x"]
    assert group({f"{number}-x": 4 for number in range(3)}) == ["0-x", "1-x", "2-x"]
    assert group({f"{number}-x": 1 for number in range(5)}) == []


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_a_group_is_named_exactly_from_its_share_of_the_bound_on(size: int) -> None:
    chance = 200 * 2.0**-20
    shared = -8 - log10(LARGEST_GROUP - 1) - log10(comb(100, size))
    for hits in range(1, 9):
        together = {f"{number}-x": hits for number in range(size)}
        named = log10_binomial_tail(300 * size, chance, hits * size) <= shared
        assert (len(group(together)) == size) <= named
        if named:
            assert 2 <= len(group(together)) <= size
