"""The area under the ROC curve: the chance that a decoy looks more like one than a real row does."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

_Z95 = 1.959963984540054


class Auc(NamedTuple):
    """An area in [0, 1] with its standard error; 0.5 is blind guessing."""

    area: float
    error: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return max(0.0, self.area - _Z95 * self.error)

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return min(1.0, self.area + _Z95 * self.error)


def auc(scores: NDArray[np.float64], decoys: NDArray[np.bool_]) -> Auc:
    """Area under the curve of scores, ties counting half, O(n log n).

    Source: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver
    operating characteristic curves", 1988; by ranks as in Sun and Xu, 2014, equations 9 and 10.
    """
    high, low = scores[decoys], scores[~decoys]
    m, n = len(high), len(low)
    ranks = rankdata(np.concatenate([high, low]))
    above = (ranks[:m] - rankdata(high)) / n
    below = 1 - (ranks[m:] - rankdata(low)) / m
    variance = (above.var(ddof=1) / m if m > 1 else 0.25) + (below.var(ddof=1) / n if n > 1 else 0.25)
    return Auc(float(above.mean()), float(sqrt(variance)))
