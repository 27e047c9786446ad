"""The audit has no prejudice: real rows called decoys are not told apart, and raw decoys are, in every table."""

import numpy as np
import pytest

from table_shapes import SHAPES, chosen, seen
from trapstreet.decoys.audit import VALID, audit

pytestmark = pytest.mark.slow

_ROWS, _DECOYS, _SEEDS = 5000, 150, 8


@pytest.mark.parametrize("name", SHAPES)
def test_real_rows_called_decoys_are_not_told_from_the_others(name: str) -> None:
    """The mean of the areas lies within what chance allows, three standard errors either way."""
    shape = SHAPES[name](_ROWS)
    found = [
        audit(seen(shape, shape.rows, chosen(shape, _DECOYS, seed)), shape.owned, seed=seed, control=False)
        for seed in range(_SEEDS)
    ]
    error = np.sqrt(sum(one.auc.error**2 for one in found)) / _SEEDS
    assert abs(np.mean([one.auc.area for one in found]) - 0.5) < 3 * error
    assert sum(bool(one.betrays) for one in found) <= 2


@pytest.mark.parametrize("name", SHAPES)
def test_raw_decoys_are_seen_in_every_table(name: str) -> None:
    shape = SHAPES[name](_ROWS)
    found = audit(seen(shape, shape.rows, chosen(shape, _DECOYS, 1)), shape.owned)
    assert found.control is not None and found.control.area >= VALID


@pytest.mark.parametrize("kind", ["name", "queue"])
def test_a_small_flaw_is_seen_more_surely_the_more_decoys_there_are(kind: str) -> None:
    """A third of the decoys has the cell of another row: 400 decoys betray it where 40 do not need to."""
    shape = SHAPES["support desk"](8000)
    at = [column.name for column in shape.columns].index(kind)
    rng, lows = np.random.default_rng(5), []
    for decoys in (40, 400):
        mask = chosen(shape, decoys, 5)
        rows = list(shape.rows)
        for row in rng.permutation(np.flatnonzero(mask))[: decoys // 3].tolist():
            other = shape.rows[int(rng.integers(len(rows)))]
            rows[row] = (*rows[row][:at], other[at], *rows[row][at + 1 :])
        lows.append(audit(seen(shape, rows, mask), shape.owned, control=False).auc.error)
    assert lows[1] < lows[0] / 2
