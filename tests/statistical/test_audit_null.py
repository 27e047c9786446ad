"""The audit has no prejudice: real rows, or whole firms, called decoys are not told apart; raw decoys are."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from table_shapes import SHAPES, Shape, chosen, seen
from trapstreet.core.fields.kind import Kind
from trapstreet.core.model.table import cell_text
from trapstreet.decoys.audit import VALID, audit
from trapstreet.decoys.audit.control import with_raw_decoys

pytestmark = pytest.mark.slow

_ROWS, _DECOYS, _SEEDS = 5000, 150, 10
_LARGEST = 60  # rows of a firm

Drawn = Callable[[Shape, int, int], NDArray[np.bool_]]
"""A mask of about so many rows of a shape that are called decoys, by a seed."""


def _firms(shape: Shape, count: int, seed: int) -> NDArray[np.bool_]:
    """Whole firms in random order until there are so many rows; who is at none is drawn alone. The last firm
    is taken as likely as makes the mean number right."""
    rng = np.random.default_rng([seed, 8])
    at = next((n for n, column in enumerate(shape.columns) if column.kind is Kind.EMAIL), None)
    cells = ["" if at is None else (cell_text(row[at]) or "") for row in shape.rows]
    domains = [cell.strip().lower().rpartition("@")[2] for cell in cells]
    sizes = Counter(domains)
    firms: dict[object, list[int]] = {}
    for row, domain in enumerate(domains):
        firms.setdefault(domain if domain and sizes[domain] <= _LARGEST else row, []).append(row)
    groups = list(firms.values())
    mask = np.zeros(len(cells), bool)
    for group in rng.permutation(len(groups)).tolist():
        left = count - int(mask.sum())
        if len(groups[group]) >= left and rng.random() > left / len(groups[group]):
            break
        mask[groups[group]] = True
        if len(groups[group]) >= left:
            break
    return mask


def _not_accused(name: str, rows: int, decoys: int, drawn: Drawn, seeds: int) -> None:
    """The mean area is 0.5 within three standard errors; the intervals hold it, and no feature betrays, in as
    many audits as the stated 95 % allow (more than a quarter are wrong in 1 to 3 of 100 such series)."""
    shape = SHAPES[name](rows)
    found = [
        audit(seen(shape, shape.rows, drawn(shape, decoys, seed)), shape.owned, seed=seed, control=False)
        for seed in range(seeds)
    ]
    error = np.sqrt(sum(one.auc.error**2 for one in found)) / seeds
    assert abs(np.mean([one.auc.area for one in found]) - 0.5) < 3 * error
    assert sum(one.auc.low <= 0.5 <= one.auc.high for one in found) >= seeds - seeds // 4
    assert sum(bool(one.betrays) for one in found) <= seeds // 4


@pytest.mark.parametrize("name", SHAPES)
def test_real_rows_called_decoys_are_not_told_from_the_others(name: str) -> None:
    _not_accused(name, _ROWS, _DECOYS, chosen, _SEEDS)


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "telecom"])
def test_real_firms_called_decoys_are_not_told_from_the_others(name: str) -> None:
    _not_accused(name, _ROWS, 2 * _DECOYS, _firms, _SEEDS)


def test_real_firms_called_decoys_are_not_told_from_the_others_in_a_small_table() -> None:
    _not_accused("support desk", 1500, 160, _firms, 3)


@pytest.mark.parametrize("name", SHAPES)
def test_raw_decoys_are_seen_in_every_table(name: str) -> None:
    shape = SHAPES[name](_ROWS)
    raw = with_raw_decoys(seen(shape, shape.rows, chosen(shape, _DECOYS, 1)), 0)
    found = audit(raw, shape.owned, control=False)
    assert found.auc.area >= VALID
    assert len(found.betrays) > 5
