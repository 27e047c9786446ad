"""The area under the curve is the share of pairs that are in the right order, and its interval holds it."""

import numpy as np
import pytest

from trapstreet.decoys.audit.auc import auc


def _pairs(high: np.ndarray, low: np.ndarray) -> float:
    return float(((high[:, None] > low) + 0.5 * (high[:, None] == low)).mean())


@pytest.mark.parametrize("values", [3, 10, 10_000])
def test_the_area_counts_the_pairs_in_the_right_order_and_ties_by_half(values: int) -> None:
    rng = np.random.default_rng(values)
    scores, decoys = rng.integers(0, values, 500).astype(float), rng.random(500) < 0.2
    assert auc(scores, decoys).area == pytest.approx(_pairs(scores[decoys], scores[~decoys]), abs=1e-12)


def test_the_interval_holds_the_true_area_19_times_of_20() -> None:
    rng = np.random.default_rng(1)
    true = 0.7602499389065233  # P(N(1, 1) > N(0, 1)) = Φ(1/√2)
    held = 0
    for _ in range(1000):
        scores = np.concatenate([rng.normal(1, 1, 60), rng.normal(0, 1, 400)])
        found = auc(scores, np.arange(460) < 60)
        held += found.low <= true <= found.high
    assert 925 <= held <= 972
