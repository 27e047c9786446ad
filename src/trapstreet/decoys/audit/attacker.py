"""The attacker that the audit holds against a table: it is shown most of the decoys and guesses the rest.

Nobody who steals a table has such labels, so that a real one does worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, hypergeom, rankdata

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.auc import Auc, auc
from trapstreet.decoys.audit.coded import Codes, Floats, Ints
from trapstreet.decoys.audit.features import Feature, View
from trapstreet.decoys.audit.mails import domain_of
from trapstreet.decoys.audit.phones import start_of

_FOLDS = 5
_OWN = 0.2  # share of decoys from which on a domain or block of numbers counts as the decoys' own
_CUTS = np.concatenate(
    [[0, 0.001, 0.004, 0.01, 0.02], np.linspace(0.04, 0.96, 24), [0.98, 0.99, 0.996, 0.999, 1]]
)
_BINS = len(_CUTS) + 2
_PRIOR = 4.0  # decoys that are taken to be like real rows, so that an empty bin is no proof
_EXPECTED = 5.0  # decoys in a bin, if nothing tells them
_SURE = 0.05
_KEPT = 50  # features that the trees are given: the most telling ones
_BLOCK = -4  # digits of a number within its block


class Betrayal(NamedTuple):
    """What one feature tells by itself.

    label    columns and measure, in plain words
    auc      of an attacker that has this feature only
    p_value  P(decoys lie so unlike the others in it by chance), over all features together (Holm)
    """

    label: str
    auc: Auc
    p_value: float


def folds(view: View, rng: np.random.Generator) -> Ints:
    """The fold of each looked-at row: rows at a domain or in a block of the decoys' own stay together.

    To know a domain of the decoys is no skill: its size and looks are, and these can be learnt from others.
    """
    decoys = view.seen.decoys
    group = np.arange(len(view.rows))
    for codes in _identities(view):
        own = np.bincount(codes.of[decoys], minlength=codes.kinds) >= _OWN * np.maximum(codes.counts, 1)
        held = codes.of[view.rows]
        first: dict[int, int] = {}
        for row in np.flatnonzero(own[held]).tolist():
            leader = first.setdefault(int(held[row]), int(group[row]))
            if leader != group[row]:
                group[group == group[row]] = leader
    if len(np.unique(group[decoys[view.rows]])) < 2 * _FOLDS:
        group = np.arange(len(view.rows))
    return _dealt(group, decoys[view.rows], rng)


def _identities(view: View) -> list[Codes]:
    mails = [column.codes_by(domain_of) for column in view.of_kind(Kind.EMAIL)]
    return mails + [
        column.codes_by(start_of(_BLOCK, column.column.region)) for column in view.of_kind(Kind.PHONE)
    ]


def _dealt(group: Ints, decoys: NDArray[np.bool_], rng: np.random.Generator) -> Ints:
    """Groups dealt to folds, the ones with most decoys first, each to the fold that has fewest."""
    _, of, sizes = np.unique(group, return_inverse=True, return_counts=True)
    held = np.bincount(of, weights=decoys)
    fold = rng.integers(0, _FOLDS, len(sizes))
    load = np.zeros(_FOLDS)
    with_decoys = rng.permutation(np.flatnonzero(held))
    for at in with_decoys[np.argsort(-held[with_decoys], kind="stable")].tolist():
        fold[at] = rng.choice(np.flatnonzero(load == load.min()))
        load[fold[at]] += held[at]
    return np.asarray(fold[of])


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
    def of(cls, found: Sequence[Feature], decoys: NDArray[np.bool_], fold: Ints) -> "Binned":
        """The cuts know nothing of decoys: quantiles of all rows, closer together at both ends."""
        bins = np.column_stack([_binned(feature.values) for feature in found])
        cells = fold[:, None] * _BINS + bins.astype(np.int64)
        theirs, ours = (
            np.stack([np.bincount(cells[who, at], minlength=_FOLDS * _BINS) for at in range(len(found))])
            .reshape(len(found), _FOLDS, _BINS)
            .transpose(1, 0, 2)
            for who in (decoys, ~decoys)
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


def scores(binned: Binned, decoys: NDArray[np.bool_], fold: Ints, seed: int) -> Floats:
    """How much each row looks like a decoy to a model that has not seen it: its rank within its fold.

    Gradient-boosted trees over the features that tell most by themselves in the other folds, in bins (with
    weights, the trees' own way to bin takes ten times as long as all the rest).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    ranks = np.zeros(len(decoys))
    for test in range(_FOLDS):
        shown, hidden = fold != test, fold == test
        best = np.argsort(-binned.learnt_without(test)[1], kind="stable")[:_KEPT]
        table = binned.bins[:, best]
        model = HistGradientBoostingClassifier(
            max_iter=60, learning_rate=0.1, max_leaf_nodes=6, min_samples_leaf=15, l2_regularization=5.0,
            max_features=0.5, class_weight="balanced", early_stopping=False, random_state=seed + test,
        )  # fmt: skip
        with threadpool_limits(1):
            model.fit(table[shown], decoys[shown])
            ranks[hidden] = rankdata(model.predict_proba(table[hidden])[:, 1]) / max(1, hidden.sum())
    return ranks


def betrayals(
    found: Sequence[Feature], binned: Binned, decoys: NDArray[np.bool_], fold: Ints
) -> list[Betrayal]:
    """What each feature tells by itself, the most telling first.

    The area is cross-validated: each row judged by the other folds. Whether it is beyond chance say tests of
    the bins, since the areas of useless features scatter more than independent scores would.
    """
    judged = np.zeros((len(decoys), len(found)))
    for test in range(_FOLDS):
        ratios, hidden = binned.learnt_without(test)[0], fold == test
        judged[hidden] = ratios[np.arange(len(found)), binned.bins[hidden]]
    chances = _chances(binned.theirs.sum(axis=0), binned.ours.sum(axis=0))
    order = sorted(range(len(found)), key=lambda at: chances[at])
    kept, worst = [], 0.0
    for rank, at in enumerate(order):
        worst = max(worst, min(1.0, chances[at] * (len(order) - rank)))
        kept.append(Betrayal(found[at].label, auc(judged[:, at], decoys), worst))
    return sorted(kept, key=lambda one: (one.p_value >= _SURE, -one.auc.area))


def _chances(theirs: Floats, ours: Floats) -> Floats:
    """For each feature, P(decoys lie in its bins so unlike the others, or more so, if nothing tells them).

    Twice the smaller of two: chi square over all bins, and the exact tail of the fullest one
    (hypergeometric) times the number of bins, for flaws that few real rows have.
    """
    both = theirs + ours
    rows, decoys = both.sum(axis=1, keepdims=True), theirs.sum(axis=1, keepdims=True)
    tails = hypergeom.sf(theirs - 1, rows, decoys, both).min(axis=1) * (both > 0).sum(axis=1)
    squares = np.array([_chi_square(*pair) for pair in zip(theirs, ours, strict=True)])
    return np.asarray(np.minimum(1.0, 2 * np.minimum(tails, squares)))


def _chi_square(theirs: Floats, ours: Floats) -> float:
    """P by the chi square test; neighbouring bins are joined until each is expected to hold five decoys."""
    share = theirs.sum() / (theirs.sum() + ours.sum())
    found, wanted = [0.0], [0.0]
    for seen, expected in zip(theirs.tolist(), ((theirs + ours) * share).tolist(), strict=True):
        if wanted[-1] >= _EXPECTED:
            found.append(0.0)
            wanted.append(0.0)
        found[-1] += seen
        wanted[-1] += expected
    if len(wanted) > 1 and wanted[-1] < _EXPECTED:
        found[-2:], wanted[-2:] = [sum(found[-2:])], [sum(wanted[-2:])]
    square = sum((f - w) ** 2 / (w * (1 - share)) for f, w in zip(found, wanted, strict=True))
    return float(chi2.sf(square, len(wanted) - 1)) if len(wanted) > 1 else 1.0
