"""The attacker that the audit holds against a table: it is shown most of the decoys and guesses the rest.

Nobody who steals a table has such labels, so that a real one does worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.decoys.audit.auc import Auc, auc
from trapstreet.decoys.audit.chance import p_values
from trapstreet.decoys.audit.coded import Floats
from trapstreet.decoys.audit.features import Feature
from trapstreet.decoys.audit.trial import FOLDS, Trial

_CUTS = np.concatenate(
    [[0, 0.001, 0.004, 0.01, 0.02], np.linspace(0.04, 0.96, 24), [0.98, 0.99, 0.996, 0.999, 1]]
)
_BINS = len(_CUTS) + 2
_PRIOR = 4.0  # decoys that are taken to be like real rows, so that an empty bin is no proof
_SURE = 0.05
_KEPT = 50  # features that the trees are given: the most telling ones


class Betrayal(NamedTuple):
    """What one feature tells by itself.

    label    columns and measure, in plain words
    auc      of an attacker that has this feature only
    p_value  P(some feature shows as much by chance), where chance takes or leaves clusters as wholes
    """

    label: str
    auc: Auc
    p_value: float


@dataclass(frozen=True)
class Binned:
    """Features in bins, and how many decoys and real rows of each fold are in each bin.

    bins    uint8, shape (rows, features); bin 0 is for what cannot be told
    theirs, ours  shape (folds, features, bins): decoys and real rows
    """

    bins: NDArray[np.uint8] = field(repr=False)
    theirs: Floats = field(repr=False)
    ours: Floats = field(repr=False)

    @classmethod
    def of(cls, found: Sequence[Feature], trial: Trial) -> "Binned":
        """The cuts know nothing of decoys: quantiles of all rows, closer together at both ends."""
        bins = np.column_stack([_binned(feature.values) for feature in found])
        cells = trial.fold[:, None] * _BINS + bins.astype(np.int64)
        theirs, ours = (
            np.stack([np.bincount(cells[who, at], minlength=FOLDS * _BINS) for at in range(len(found))])
            .reshape(len(found), FOLDS, _BINS)
            .transpose(1, 0, 2)
            for who in (trial.decoys, ~trial.decoys)
        )
        return cls(bins, theirs.astype(np.float64), ours.astype(np.float64))

    def learnt_without(self, fold: int) -> tuple[Floats, Floats]:
        """From the other folds: log-likelihood ratios, shape (features, bins), and how telling each feature
        is (chi square by degree of freedom)."""
        theirs = self.theirs.sum(axis=0) - self.theirs[fold]
        share = self.ours.sum(axis=0) - self.ours[fold] + 0.5
        share /= share.sum(axis=1, keepdims=True)
        total = theirs.sum(axis=1, keepdims=True)
        smooth = (theirs + _PRIOR * share) / (total + _PRIOR)
        expected = np.maximum(share * total, 1.0)
        telling = ((theirs - share * total) ** 2 / expected).sum(axis=1) / np.maximum(
            (share > 1e-4).sum(axis=1), 1
        )
        return np.log(smooth / share), telling


def _binned(values: Floats) -> NDArray[np.uint8]:
    known = values[~np.isnan(values)]
    cuts = np.unique(np.quantile(known, _CUTS)) if len(known) else np.zeros(1)
    return np.where(np.isnan(values), 0, 1 + np.searchsorted(cuts, values)).astype(np.uint8)


def scores(binned: Binned, trial: Trial, seed: int) -> Floats:
    """How much each row looks like a decoy to a model that has not seen it: its rank within its fold.

    Gradient-boosted trees over the features that tell most by themselves in the other folds, in bins (with
    weights, the trees' own way to bin takes ten times as long as all the rest).
    """
    from scipy.stats import rankdata
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    ranks = np.zeros(len(trial.fold))
    for test in range(FOLDS):
        shown, hidden = trial.fold != test, trial.fold == test
        best = np.argsort(-binned.learnt_without(test)[1], kind="stable")[:_KEPT]
        table = binned.bins[:, best]
        model = HistGradientBoostingClassifier(
            max_iter=60, learning_rate=0.1, max_leaf_nodes=6, min_samples_leaf=15, l2_regularization=5.0,
            max_features=0.5, class_weight="balanced", early_stopping=False, random_state=seed + test,
        )  # fmt: skip
        with threadpool_limits(1):
            model.fit(table[shown], trial.decoys[shown])
            ranks[hidden] = rankdata(model.predict_proba(table[hidden])[:, 1]) / max(1, hidden.sum())
    return ranks


def judged(scores: Floats, trial: Trial) -> Auc:
    """The area of cross-validated scores.

    If nothing tells decoys, each pair of clusters of different folds counts twice, once with either of them
    as what teaches, so that the variance is double of what scores from elsewhere would have
    (tests/statistical/test_audit_null.py).
    """
    area, error = auc(scores, trial.decoys, trial.clusters)
    return Auc(area, sqrt(2) * error)


def betrayals(found: Sequence[Feature], binned: Binned, trial: Trial, seed: int) -> list[Betrayal]:
    """What each feature tells by itself, the most telling first.

    The area is cross-validated: each row judged by the other folds. Whether the feature tells anything is
    judged by all rows, held against draws of whole clusters.
    """
    scored = np.zeros((len(trial.fold), len(found)))
    for test in range(FOLDS):
        ratios, hidden = binned.learnt_without(test)[0], trial.fold == test
        scored[hidden] = ratios[np.arange(len(found)), binned.bins[hidden]]
    chances = p_values(binned.bins, trial.decoys, trial.clusters, np.random.default_rng([seed, 3]))
    told = [
        Betrayal(feature.label, judged(scored[:, at], trial), chance)
        for at, (feature, chance) in enumerate(zip(found, chances.tolist(), strict=True))
    ]
    return sorted(told, key=lambda one: (one.p_value >= _SURE, -one.auc.area))
