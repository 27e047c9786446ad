"""Sketches count different values, whatever way they came in."""

import numpy as np
import pytest

from trapstreet.index import Sketch
from trapstreet.index.sketch import KEPT


def sketch_of(values: np.ndarray) -> Sketch:  # type: ignore[type-arg]
    return Sketch.of(values, [b"%d" % value for value in values])


def drawn(count: int, seed: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


@pytest.mark.parametrize("count", [0, 1, KEPT - 1])
def test_few_values_are_counted_exactly(count: int) -> None:
    values = drawn(count, 1)
    sketch = sketch_of(np.concatenate([values, values, values]))
    assert sketch.distinct() == count
    assert sketch.forms.tolist() == [b"%d" % value for value in np.sort(values)]


def test_many_values_are_estimated_without_bias() -> None:
    estimates = [sketch_of(drawn(20_000, seed)).distinct() / 20_000 for seed in range(40)]
    assert np.mean(estimates) == pytest.approx(1, abs=3 / np.sqrt(KEPT * 40))
    assert np.std(estimates) < 2 / np.sqrt(KEPT)


@pytest.mark.parametrize("count", [300, 5_000, 40_000])
def test_any_cut_gives_the_same_sketch(count: int) -> None:
    values = np.repeat(drawn(count, 3), 2)
    whole = sketch_of(values)
    parts = [sketch_of(part) for part in np.array_split(values, 7)]
    assert Sketch.union(parts) == whole
    merged = Sketch.empty()
    for part in reversed(parts):
        merged = Sketch.union([merged, part])
    assert merged == whole


def test_values_that_come_very_often_do_not_push_others_out() -> None:
    values = np.concatenate([np.full(50_000, 5, np.uint64), drawn(3_000, 4)])
    assert len(sketch_of(values).fingerprints) == KEPT
    assert sketch_of(values) == sketch_of(np.unique(values))
