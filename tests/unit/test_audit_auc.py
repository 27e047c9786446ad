"""The area under the curve is the share of pairs that are in the right order, and its interval holds it."""

import numpy as np
import pytest

from trapstreet.decoys.audit.auc import auc


def _pairs(high: np.ndarray, low: np.ndarray) -> float:
    return float(((high[:, None] > low) + 0.5 * (high[:, None] == low)).mean())


@pytest.mark.slow
@pytest.mark.parametrize("values", [3, 10, 10_000])
def test_the_area_counts_the_pairs_in_the_right_order_and_ties_by_half(values: int) -> None:
    rng = np.random.default_rng(values)
    scores, decoys = rng.integers(0, values, 500).astype(float), rng.random(500) < 0.2
    found = auc(scores, decoys, rng.integers(0, 50, 500))
    assert found.area == pytest.approx(_pairs(scores[decoys], scores[~decoys]), abs=1e-12)


def test_the_interval_holds_the_true_area_19_times_of_20() -> None:
    rng = np.random.default_rng(1)
    true = 0.7602499389065233  # P(N(1, 1) > N(0, 1)) = Φ(1/√2)
    held = 0
    for _ in range(1000):
        scores = np.concatenate([rng.normal(1, 1, 60), rng.normal(0, 1, 400)])
        found = auc(scores, np.arange(460) < 60, np.arange(460))
        held += found.low <= true <= found.high
    assert 925 <= held <= 972


@pytest.mark.slow
@pytest.mark.parametrize("mixed", [False, True])
def test_the_interval_holds_the_true_area_where_rows_of_a_cluster_are_alike(mixed: bool) -> None:
    """Two thirds of a score's variance are its cluster's; decoys and others in clusters apart, or mixed."""
    rng = np.random.default_rng(2)
    clusters = np.repeat(np.arange(120), rng.integers(1, 9, 120))
    true, held, by_row = 0.7602499389065233, 0, 0
    for _ in range(400):
        decoys = rng.random(len(clusters)) < 0.3 if mixed else (rng.random(120) < 0.3)[clusters]
        alike = rng.normal(0, np.sqrt(2 / 3), 120)[clusters]
        scores = decoys + alike + rng.normal(0, np.sqrt(1 / 3), len(clusters))
        found, alone = auc(scores, decoys, clusters), auc(scores, decoys, np.arange(len(clusters)))
        held += found.low <= true <= found.high
        by_row += alone.low <= true <= alone.high
    assert 365 <= held <= 393
    assert mixed or by_row < 340
