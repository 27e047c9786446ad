"""What features tell by chance, where chance takes whole firms: the level is kept, and flaws are found."""

import numpy as np
import pytest

from trapstreet.decoys.audit.chance import p_values

_FEATURES = 40


def _table(rng: np.random.Generator, firms: int) -> tuple[np.ndarray, np.ndarray]:
    """Firms of 1 to 30 rows, and bins: half of the features are the firm's, the others each row's own."""
    sizes = np.minimum(rng.zipf(1.6, firms), 30)
    clusters = np.repeat(np.arange(firms), sizes)
    of_firm = rng.integers(0, 12, (firms, _FEATURES // 2))[clusters]
    of_row = rng.integers(0, 12, (len(clusters), _FEATURES // 2))
    return clusters, np.column_stack([of_firm, of_row]).astype(np.uint8)


def _drawn(rng: np.random.Generator, clusters: np.ndarray, firms: int) -> np.ndarray:
    return np.isin(clusters, rng.choice(clusters.max() + 1, firms, replace=False))


@pytest.mark.slow
def test_firms_drawn_by_chance_show_a_feature_in_no_more_than_5_of_100_tables() -> None:
    """The least p-value is below any level as often as the level says: 50 draws, binomial at 1 %."""
    rng = np.random.default_rng(1)
    least = []
    for _ in range(50):
        clusters, bins = _table(rng, 200)
        least.append(p_values(bins, _drawn(rng, clusters, 20), clusters, rng).min())
    assert sum(p < 0.05 for p in least) <= 7
    assert 16 <= sum(p < 0.5 for p in least) <= 34


def test_firms_drawn_by_chance_show_features_where_rows_are_taken_for_independent() -> None:
    """What the draws of whole firms are for."""
    rng = np.random.default_rng(2)
    clusters, bins = _table(rng, 200)
    alone = np.arange(len(clusters))
    shown = [p_values(bins, _drawn(rng, clusters, 20), alone, rng).min() < 0.05 for _ in range(5)]
    assert sum(shown) >= 4


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_what_decoys_of_many_firms_have_in_common_is_found_and_nothing_else(share: float) -> None:
    rng = np.random.default_rng(3)
    clusters, bins = _table(rng, 600)
    decoys = _drawn(rng, clusters, 40)
    flawed = decoys & (rng.random(len(decoys)) < share)
    bins[flawed, -1] = 3
    assert np.flatnonzero(p_values(bins, decoys, clusters, rng) < 0.05).tolist() == [_FEATURES - 1]


def test_a_flaw_of_a_few_decoys_that_no_row_has_is_found() -> None:
    rng = np.random.default_rng(4)
    clusters, bins = _table(rng, 1000)
    decoys = _drawn(rng, clusters, 80)
    bins[rng.choice(np.flatnonzero(decoys), 12, replace=False), -1] = 12
    assert p_values(bins, decoys, clusters, rng)[-1] < 0.05
