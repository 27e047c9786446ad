"""The chances of a plan against thefts from tables in which decoys are really placed."""

from math import sqrt

import numpy as np
import pytest

from trapstreet.core.fields import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Batch
from trapstreet.decoys import TableModel, TableModelBuilder
from trapstreet.decoys.donors import random_donors, spread_donors, spread_order
from trapstreet.plant.domain.taken import Law, Spread, at_random, of_random_rows

pytestmark = pytest.mark.slow

TRIALS = 3000
CONTACTED = 0.3


def model() -> TableModel:
    rng = np.random.default_rng(4)
    columns = [Column(name="id", kind=Kind.REFERENCE, why="", grammar=("D5",))]
    columns += [Column(name=name, kind=Kind.TEXT, why="") for name in ("queue", "region")]
    queues, regions = (
        rng.choice(["a", "b", "c", "d"], 2000, p=[0.6, 0.3, 0.08, 0.02]),
        rng.choice(list("xyz"), 2000),
    )
    builder = TableModelBuilder(columns, ["id"])
    rows = [(10_000 + 3 * at, str(queues[at]), str(regions[at])) for at in range(2000)]
    builder.observe(Batch(rows, range(2000)))
    return builder.finish()


@pytest.fixture(scope="module")
def learnt() -> TableModel:
    return model()


def assert_law(law: Law, counts: np.ndarray) -> None:
    """One and two taken, and contacted, as often as the law says, within three standard errors."""
    rng = np.random.default_rng(6)
    contacted = rng.binomial(counts, CONTACTED)
    for share, seen in ((1.0, counts), (CONTACTED, contacted)):
        for least, foreseen in zip((1, 2), law.used(share), strict=True):
            met = float(np.mean(seen >= least))
            assert met == pytest.approx(
                foreseen, abs=3 * sqrt(foreseen * (1 - foreseen) / len(counts)) + 1e-9
            )


@pytest.mark.parametrize("decoys", [7, 31, 260])
@pytest.mark.parametrize(("column", "value"), [(1, "d"), (1, "c"), (2, "x")])
def test_decoys_that_are_spread_are_in_a_part_as_often_as_foreseen(
    learnt: TableModel, decoys: int, column: int, value: str
) -> None:
    inside = np.array([row[column] == value for row in learnt.sample])
    law = Spread(inside[spread_order(learnt)]).law(decoys)
    draws = KeyedDraws(b"spread out decoy", 0)
    counts = np.array([inside[spread_donors(learnt, decoys, draws)].sum() for _ in range(TRIALS // 5)])
    assert_law(law, counts)


@pytest.mark.parametrize("decoys", [31, 260])
def test_decoys_at_random_are_in_a_part_as_often_as_foreseen(learnt: TableModel, decoys: int) -> None:
    inside = np.array([row[1] == "d" for row in learnt.sample])
    draws = KeyedDraws(b"decoys at random", 0)
    counts = np.array([inside[random_donors(learnt, decoys, draws)].sum() for _ in range(TRIALS)])
    assert_law(at_random(decoys, float(inside.mean())), counts)


@pytest.mark.parametrize(("decoys", "stolen"), [(10, 100), (40, 100), (40, 1000)])
def test_a_random_export_takes_decoys_as_often_as_foreseen(decoys: int, stolen: int) -> None:
    rng = np.random.default_rng(5)
    counts = np.array(
        [(rng.choice(2000 + decoys, stolen, replace=False) < decoys).sum() for _ in range(TRIALS)]
    )
    assert_law(of_random_rows(2000, decoys, stolen), counts)
