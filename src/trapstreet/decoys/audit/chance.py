"""What chance alone shows: the statistics of the features, over draws of whole clusters as decoys."""

import numpy as np
from numpy.typing import NDArray

from trapstreet.decoys.audit.clusters import units
from trapstreet.decoys.audit.coded import Floats, Ints

_DRAWS = 999
_EXPECTED = 5.0  # decoys in a bin, if nothing tells them


def p_values(
    bins: NDArray[np.uint8], decoys: NDArray[np.bool_], clusters: Ints, rng: np.random.Generator
) -> Floats:
    """For each feature, P(some feature shows as much, if chance draws the decoys), shape (features,).

    bins      shape (rows, features)
    clusters  of each row, shape (rows,)
    Under the null hypothesis any order of the units (`clusters.units`) is as likely as any other, and the
    rows of the first ones are the decoys. Each statistic is put on one scale by its mean and deviation over
    all draws, and held against the greatest of each draw, so that the p-values are exact for that null
    whatever the statistics' laws are, and hold over all features together. None is below 1/1000.
    Source: Westfall and Young, Resampling-Based Multiple Testing, 1993, chapter 2 (single-step).
    O(draws · decoys · features): 2 s for 300 decoys and 300 features.
    """
    statistics = _Statistics(bins, int(decoys.sum()))
    unit = units(clusters, decoys)
    rows, sizes = np.argsort(unit, kind="stable"), np.bincount(unit)
    draws = [np.flatnonzero(decoys)]
    draws += [_drawn(rows, sizes, len(draws[0]), rng) for _ in range(_DRAWS)]
    shown = np.stack([statistics.of(draw) for draw in draws])
    spread = shown.std(axis=0)
    scaled = (shown - shown.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    greatest = np.sort(scaled.max(axis=(1, 2)))
    as_much = len(draws) - np.searchsorted(greatest, scaled[0].max(axis=0))
    return np.asarray(as_much / len(draws))


def _drawn(rows: Ints, sizes: Ints, count: int, rng: np.random.Generator) -> Ints:
    """So many rows (they are sorted by cluster) of clusters in random order, the last one in part."""
    starts = np.cumsum(sizes) - sizes
    order = rng.permutation(len(sizes))
    ends = sizes[order].cumsum()
    taken = order[: int(np.searchsorted(ends, count)) + 1]
    within = np.arange(sizes[taken].sum()) - np.repeat(ends[: len(taken)] - sizes[taken], sizes[taken])
    return np.asarray(rows[np.repeat(starts[taken], sizes[taken]) + within][:count])


class _Statistics:
    """How unlike the table a set of rows lies in the bins: two figures for each feature.

    The logarithm of Pearson's chi square, neighbouring bins joined until each is expected to hold five; and
    that of the deviance of the bin that is fullest beyond expectation, for flaws that few real rows have.
    """

    def __init__(self, bins: NDArray[np.uint8], count: int) -> None:
        self._bins = bins
        features, self._width = bins.shape[1], int(bins.max()) + 1
        self._offset = np.arange(features) * self._width
        counts = self._counted(np.arange(len(bins)))
        self._expected = counts * (count / len(bins))
        self._joined = np.concatenate(
            [
                at + _starts(row)
                for at, row in zip(self._offset, self._expected.reshape(features, -1), strict=True)
            ]
        )
        self._features = np.searchsorted(self._joined, self._offset)
        self._wanted = np.add.reduceat(self._expected, self._joined)

    def _counted(self, rows: Ints) -> Floats:
        cells = self._bins[rows] + self._offset
        return np.bincount(cells.ravel(), minlength=len(self._offset) * self._width).astype(np.float64)

    def of(self, rows: Ints) -> Floats:
        """shape (2, features)"""
        from scipy.special import xlogy

        found = self._counted(rows)
        square = (np.add.reduceat(found, self._joined) - self._wanted) ** 2 / self._wanted
        ratio = np.where(found > self._expected, found / np.maximum(self._expected, 1e-9), 1.0)
        excess = xlogy(found, ratio) - np.maximum(found - self._expected, 0.0)
        return np.log1p([np.add.reduceat(square, self._features), np.maximum.reduceat(excess, self._offset)])


def _starts(expected: Floats) -> Ints:
    """Where the joined bins of a feature begin."""
    starts, held = [0], 0.0
    left = expected.sum()
    for at, one in enumerate(expected.tolist()):
        if held >= _EXPECTED and left >= _EXPECTED:
            starts.append(at)
            held = 0.0
        held += one
        left -= one
    return np.array(starts)
