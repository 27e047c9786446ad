"""Linked rows of decoys do not betray them: only they are made, and the attacker is left guessing."""

import numpy as np
import pytest

from table_grove import only_linked_made
from table_shapes import SHAPES
from trapstreet.decoys.audit import audit

pytestmark = pytest.mark.slow

_ROWS, _DECOYS, _SEEDS, _PROMISED = 10_000, 300, 6, 0.53


@pytest.mark.parametrize("name", ["support desk", "web shop"])
def test_customers_with_made_up_linked_rows_are_not_told_from_others(name: str) -> None:
    shape = SHAPES[name](_ROWS)
    found = [
        audit(only_linked_made(shape, _DECOYS, seed), shape.owned, seed=seed, control=False)
        for seed in range(_SEEDS)
    ]
    assert np.mean([one.auc.area for one in found]) <= _PROMISED
    assert not [one.label for each in found for one in each.betrays if shape.linked[0].name in one.label]
