"""The area under the ROC curve: the chance that a decoy looks more like one than a real row does."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.decoys.audit.coded import Floats, Ints

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


def auc(scores: Floats, decoys: NDArray[np.bool_], clusters: Ints) -> Auc:
    """Area under the curve of scores, ties counting half, with the error that rows in clusters have.

    clusters  number of each row's cluster; rows of different ones are independent. O(n log n)
    Source: Obuchowski, "Nonparametric analysis of clustered ROC curve data", Biometrics 53, 1997, 567-578;
    where each row is a cluster, the error is that of DeLong, DeLong and Clarke-Pearson, 1988. The components
    by ranks as in Sun and Xu, 2014, equations 9 and 10.
    """
    from scipy.stats import rankdata

    high, low = scores[decoys], scores[~decoys]
    m, n = len(high), len(low)
    ranks = rankdata(np.concatenate([high, low]))
    above = (ranks[:m] - rankdata(high)) / n
    below = 1 - (ranks[m:] - rankdata(low)) / m
    area = float(above.mean())
    theirs, ours = clusters[decoys], clusters[~decoys]
    a = np.bincount(theirs, above - area, minlength=clusters.max() + 1) / m
    b = np.bincount(ours, below - area, minlength=clusters.max() + 1) / n
    of_a, of_b = len(np.unique(theirs)), len(np.unique(ours))
    both = len(np.unique(clusters))
    variance = (
        (a @ a * of_a / (of_a - 1) if of_a > 1 else 0.25)
        + (b @ b * of_b / (of_b - 1) if of_b > 1 else 0.25)
        + 2 * (a @ b) * both / (both - 1)
    )
    return Auc(area, sqrt(max(0.0, float(variance))))
