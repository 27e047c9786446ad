"""The audit has no prejudice: real rows called decoys are not told apart, raw decoys are, in every table."""

import numpy as np
import pytest

from table_shapes import SHAPES, chosen, seen
from trapstreet.decoys.audit import VALID, audit

pytestmark = pytest.mark.slow

_ROWS, _DECOYS, _SEEDS = 5000, 150, 10


@pytest.mark.parametrize("name", SHAPES)
def test_real_rows_called_decoys_are_not_told_from_the_others(name: str) -> None:
    """The mean area is 0.5 within three standard errors, the intervals hold it, no feature betrays."""
    shape = SHAPES[name](_ROWS)
    found = [
        audit(seen(shape, shape.rows, chosen(shape, _DECOYS, seed)), shape.owned, seed=seed, control=False)
        for seed in range(_SEEDS)
    ]
    error = np.sqrt(sum(one.auc.error**2 for one in found)) / _SEEDS
    assert abs(np.mean([one.auc.area for one in found]) - 0.5) < 3 * error
    assert sum(one.auc.low <= 0.5 <= one.auc.high for one in found) >= _SEEDS - 2
    assert sum(bool(one.betrays) for one in found) <= 2


@pytest.mark.parametrize("name", SHAPES)
def test_raw_decoys_are_seen_in_every_table(name: str) -> None:
    shape = SHAPES[name](_ROWS)
    found = audit(seen(shape, shape.rows, chosen(shape, _DECOYS, 1)), shape.owned)
    assert found.control is not None and found.control.area >= VALID
