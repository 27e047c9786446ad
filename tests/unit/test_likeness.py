"""Leaks that are the same one again are told from those that only look like it."""

import numpy as np
import pytest

from trapstreet.core.maths.likeness import SAMPLE, Shape, is_again, likeness, lowest, shape_of

RANDOM = np.random.default_rng(8)
NONE = np.empty(0, dtype=np.uint64)


def ids(number: int) -> np.ndarray:  # type: ignore[type-arg]
    return RANDOM.integers(0, 1 << 63, number, dtype=np.uint64)


def test_small_leaks_are_compared_exactly() -> None:
    records = ids(20)
    whole = shape_of(records, NONE)
    assert likeness(whole.records, shape_of(records[::-1], NONE).records) == 1.0
    assert is_again(shape_of(records[1:], NONE), whole), "a line was lost"
    assert not is_again(shape_of(records[3:], NONE), whole)
    assert not is_again(shape_of(np.append(records, ids(3)), NONE), whole)


@pytest.mark.parametrize(
    ("kept", "again"), [(0.98, True), (0.95, True), (0.8, False), (0.5, False), (0.01, False)]
)
def test_a_repost_that_lost_some_lines_is_the_same_and_an_excerpt_is_not(kept: float, again: bool) -> None:
    records = ids(68_000)
    known = shape_of(records, NONE)
    part = shape_of(RANDOM.choice(records, int(kept * len(records)), replace=False), NONE)
    assert is_again(part, known) is again
    assert is_again(known, part) is again


def test_a_leak_that_is_the_same_again_has_some_of_its_lowest_records() -> None:
    for size in (1, 5, 40, 3_000):
        for _ in range(50):
            records = ids(size)
            known = shape_of(records, NONE)
            part = shape_of(RANDOM.choice(records, max(1, int(0.93 * size)), replace=False), NONE)
            if is_again(part, known):
                assert set(lowest(part)) & set(lowest(known))


def test_the_estimate_is_as_near_as_it_says() -> None:
    misses = []
    for _ in range(200):
        records = ids(3_000)
        one = shape_of(records[:2_700], NONE)
        other = shape_of(records[300:], NONE)
        misses.append(likeness(one.records, other.records) - 2_400 / 3_000)
    assert abs(np.mean(misses)) < 3 * 0.025 / np.sqrt(200)
    assert np.std(misses) < 0.032


def test_two_copies_of_one_data_set_are_two_leaks_though_their_records_are_the_same() -> None:
    records = ids(5_000)
    first, second = shape_of(records, ids(20)), shape_of(records, ids(20))
    assert likeness(first.records, second.records) == 1.0
    assert not is_again(second, first)


def test_a_leak_with_another_decoy_or_few_of_them_is_another_leak() -> None:
    records, decoys = ids(5_000), ids(20)
    known = shape_of(records, decoys)
    assert is_again(shape_of(records[100:], decoys[1:]), known)
    assert not is_again(shape_of(records, np.append(decoys, ids(1))), known)
    assert not is_again(shape_of(records, decoys[:5]), known)
    assert not is_again(shape_of(records, NONE), known)
    assert not is_again(known, shape_of(records, NONE))


def test_decoys_beyond_the_sample_count_for_nothing_and_nothing_is_like_nothing() -> None:
    records, decoys = ids(5_000), ids(4 * SAMPLE)
    assert is_again(shape_of(records, np.sort(decoys)[: 3 * SAMPLE]), shape_of(records, decoys))
    assert not is_again(Shape(b"", b""), Shape(b"", b""))
