"""How the bound is divided: never more than the whole, nine tenths to the copies that existed then."""

from math import fsum

import pytest

from trapstreet.trace.domain.weights import copies_then, weights

ISSUED = {"1-a": {1}, "2-b": {2}, "3-c": {1, 2}, "4-d": {5}}


def test_a_copy_shows_the_versions_of_its_editions_and_no_other() -> None:
    assert copies_then(ISSUED, [2, 3]) == ["2-b", "3-c"]
    assert copies_then(ISSUED, [3, 4]) == []


def test_where_the_versions_tell_no_copy_from_another_all_weigh_the_same() -> None:
    assert copies_then(ISSUED, []) == copies_then(ISSUED, [1, 2, 5]) == copies_then({}, [1]) == []
    assert weights(ISSUED, [], copies=12) == dict.fromkeys(ISSUED, 1 / 12)
    assert weights([], [], copies=0) == {}


def test_copies_of_the_time_share_nine_tenths_and_all_share_the_rest() -> None:
    shares = weights(ISSUED, ["2-b", "3-c"], copies=4)
    assert shares["2-b"] == shares["3-c"] == pytest.approx(0.9 / 2 + 0.1 / 4)
    assert shares["1-a"] == shares["4-d"] == pytest.approx(0.1 / 4)


@pytest.mark.parametrize("then", [1, 2, 40, 999])
def test_over_all_data_sets_the_weights_are_at_most_the_whole(then: int) -> None:
    one, other = [f"{number}-a" for number in range(1_000)], [f"{number}-b" for number in range(7)]
    shares = weights(one, one[:then], copies=1_007), weights(other, other[:3], copies=1_007)
    assert fsum(shares[0].values()) == pytest.approx(1_000 / 1_007)
    assert fsum([*shares[0].values(), *shares[1].values()]) <= 1 + 1e-12
    assert min(shares[0].values()) == pytest.approx(0.1 / 1_007)
