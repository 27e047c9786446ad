"""What coalitions can make of their copies."""

import numpy as np
import pytest

from trapstreet.core.maths.channels import MARKS, PRESENCE, Channel, Shape, chances, held

GRIDS = [*PRESENCE, *MARKS]

HELD = [
    (Shape.SINGLE, 1, [0, 1]),
    (Shape.UNION, 3, [0, 1, 1, 1]),
    (Shape.INTERLEAVE, 4, [0, 0.25, 0.5, 0.75, 1]),
    (Shape.MAJORITY, 3, [0, 0, 1, 1]),
    (Shape.MAJORITY, 4, [0, 0, 0.5, 1, 1]),
    (Shape.TWO_OR_MORE, 5, [0, 0, 1, 1, 1, 1]),
    (Shape.INTERSECTION, 3, [0, 0, 0, 1]),
    (Shape.MINORITY, 3, [0, 1, 0, 1]),
    (Shape.MINORITY, 4, [0, 1, 0.5, 0, 1]),
    (Shape.COIN, 3, [0, 0.5, 0.5, 1]),
]

# P(y = 1), P(y = 1 | x = 1), P(y = 1 | x = 0) where p is 0.07, 0.35 and 0.99: from the prototype that the
# method was measured with first.
REFERENCE = [
    (Shape.UNION, 2, [0.1351, 0.5775, 0.9999], [1, 1, 1], [0.07, 0.35, 0.99]),
    (
        Shape.INTERLEAVE,
        3,
        [0.07, 0.35, 0.99],
        [0.38, 0.566666667, 0.993333333],
        [0.046666667, 0.233333333, 0.66],
    ),
    (
        Shape.MAJORITY,
        4,
        [0.014014, 0.28175, 0.999702],
        [0.1048285, 0.5035625, 0.9998505],
        [0.0071785, 0.1623125, 0.9850005],
    ),
    (
        Shape.TWO_OR_MORE,
        5,
        [0.042493427, 0.571585, 0.99999995],
        [0.25194799, 0.82149375, 0.99999999],
        [0.02672803, 0.43701875, 0.99999603],
    ),
    (
        Shape.MINORITY,
        5,
        [0.301233377, 0.65405375, 0.9509999],
        [0.97329598, 0.5779875, 0.96059998],
        [0.25064802, 0.6950125, 0.00059202],
    ),
    (
        Shape.COIN,
        4,
        [0.125986, 0.41825, 0.980298],
        [0.5001715, 0.5214375, 0.9851495],
        [0.0978215, 0.3626875, 0.4999995],
    ),
]


@pytest.mark.parametrize(("shape", "sources", "kept"), HELD)
def test_a_shape_keeps_what_it_says(shape: Shape, sources: int, kept: list[float]) -> None:
    np.testing.assert_allclose(held(Channel(shape, sources)), kept)


@pytest.mark.parametrize("channel", GRIDS, ids=lambda each: f"{each.shape}-{each.sources}")
def test_what_nobody_holds_cannot_be_kept_nor_a_mark_forged_that_all_agree_on(channel: Channel) -> None:
    kept = held(channel)
    assert kept[0] == 0
    assert kept[-1] == 1
    assert np.all((kept >= 0) & (kept <= 1))


@pytest.mark.parametrize("grid", [PRESENCE, MARKS], ids=["presence", "marks"])
def test_no_two_hypotheses_of_a_grid_are_the_same(grid: tuple[Channel, ...]) -> None:
    assert len({(each.sources, held(each).tobytes()) for each in grid}) == len(grid)
    assert {each.sources for each in grid} == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(("shape", "sources", "all_in_all", "if_held", "if_not"), REFERENCE)
def test_chances_are_those_of_the_reference(
    shape: Shape, sources: int, all_in_all: list[float], if_held: list[float], if_not: list[float]
) -> None:
    measured = chances(Channel(shape, sources), np.array([0.07, 0.35, 0.99]), 0.0)
    np.testing.assert_allclose(measured, [all_in_all, if_held, if_not], atol=2e-9)


@pytest.mark.parametrize("channel", GRIDS, ids=lambda each: f"{each.shape}-{each.sources}")
def test_knowing_an_accused_copy_splits_a_chance_and_changes_nothing_on_average(channel: Channel) -> None:
    if channel.sources == 1:
        return
    p = np.array([0.2, 0.5, 0.93])
    _, if_held, if_not = chances(channel, p, 0.01)
    split = [chances(channel, p, 0.01, accused=1, held_by=np.full(3, bit))[1:] for bit in (0, 1)]
    np.testing.assert_allclose((1 - p) * split[0][0] + p * split[1][0], if_held)
    np.testing.assert_allclose((1 - p) * split[0][1] + p * split[1][1], if_not)


def test_noise_bounds_what_a_single_position_can_prove() -> None:
    _, if_held, if_not = chances(Channel(Shape.SINGLE, 1), np.array([0.5]), 0.002)
    assert (if_held[0], if_not[0]) == (0.998, 0.002)
