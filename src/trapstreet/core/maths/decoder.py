"""Which copies took part in a leak: a channel is fitted to the leak alone, then each copy held against it.

A copy's code is a row of bits, one for each position: does the copy hold this row, does this mark show 1. The
bits of a copy that took no part are independent of the leak, each 1 with the chance that its layer states,
whatever the coalition did. So the law of any score is known exactly, as long as its weights come from the
leak alone. Validity rests on this and on nothing else; a hypothesis that is true and fitted well only makes
the evidence stronger. Bounds given what the leak shows: Furon & Desoubeaux, "Tardos codes for real", WIFS
2014; scores that are log-likelihood ratios: Laarhoven, EURASIP Journal on Information Security 2016:3.

Copies are judged by what they hold of the rows that the leak shows, and of the decoys that it could have
shown, not of all other real rows: so the leaked rows are enough to compute it again, and bits are drawn for
a leak, not for a table. It costs some 8 % more rows where copies are intersected (docs/attribution.md, 12).
"""

from collections.abc import Sequence
from math import log
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.channels import F64, I64, MARKS, PRESENCE, Channel, chances, held
from trapstreet.core.maths.lattice import Law

_LOG10 = log(10)
_USUAL = -11.0
"""log10 of the p-value that accuses one of 100,000 copies at a bound of 1e-6."""
_EVEN = 0.1
"""Share of the weight that all hypotheses get evenly, whatever the leak says."""
_LEAST_WEIGHT = 0.01
"""Of a hypothesis that copies are tested against: less costs more than 4.6 nats."""
_GIVEN_AWAY = 6.0
"""Nats, more than Chernoff's bound gives away near 10^-11."""
_UP = 1e-6
"""Nats, above the error of sums over 10^7 rows."""
_BLOCK = 4096


class Layer(NamedTuple):
    """Positions with the same chance of a 1.

    chance     that an innocent copy has a 1 there, in (0, 1)
    positions  how many, also none. Of real rows they serve the fit only: a good guess of those that the leak
               does not show will do
    kind       real or decoy rows, thinned out by a factor that is fitted to each kind; or marks, counted only
               where the leak shows them
    held_by    how many of the copies accused before have a 1 there
    """

    chance: float
    positions: int
    kind: Literal["real", "decoy", "mark"]
    held_by: int = 0


class Unique(NamedTuple):
    """Decoys that one copy has: how many the leak shows, of the copies that these accuse, all together; and
    how many a copy has. So neither hangs on a copy that is judged by the decoder."""

    hits: int
    decoys: int


class Hypothesis(NamedTuple):
    """What became of the rows and of the marks of the same copies."""

    rows: Channel
    marks: Channel


class Decoder:
    """The hypotheses of up to six sources, for the layers of one code.

    noise    chance that a position shows the opposite of what the channel says, in (0, 1/2)
    accused  how many copies were accused before, fewer than six, to find others beside them; layers are then
             split by `held_by`: weights may use all bits of the accused, for those of the innocent are
             independent of them too. Every such round spends its own share of the bound
    """

    def __init__(self, layers: Sequence[Layer], *, noise: float = 2e-3, accused: int = 0) -> None:
        kinds = np.array([layer.kind for layer in layers], np.str_)
        held_by = np.array([layer.held_by for layer in layers], np.int64)
        marks = kinds == "mark"
        self._p = np.array([layer.chance for layer in layers], np.float64)
        self._positions = np.array([layer.positions for layer in layers], np.int64)
        self._thinned = {kind: kinds == kind for kind in ("real", "decoy")}
        self._hypotheses = [each for each in _hypotheses(marks) if each.rows.sources > accused]
        given = [
            np.where(
                marks,
                chances(each.marks, self._p, noise, accused=accused, held_by=held_by)[1:],
                chances(each.rows, self._p, noise, accused=accused, held_by=held_by)[1:],
            )
            for each in self._hypotheses
        ]
        self._given_1, self._given_0 = np.stack(given, axis=1)
        self._sources = np.array([each.rows.sources for each in self._hypotheses])
        by_one = np.array([held(each.rows)[1] for each in self._hypotheses])
        self._unique = noise + (1 - 2 * noise) * by_one

    def fit(self, shown: I64, unique: Unique | None = None) -> "Fit":
        """The hypotheses, weighed by the leak alone.

        shown   positions with a 1 in the leak, at most those of the layer: (G,)
        unique  tells channels apart further; here it is no evidence against any copy
        For each hypothesis and kind the thinning is the likeliest in [1e-6, 1]. Weights are proportional to
        the likelihood, but for a tenth that all hypotheses share. O(G) for each hypothesis: 23 of rows, 28
        of marks, 124 of both.
        """
        hidden = self._positions - shown
        hits, decoys = unique or Unique(0, 0)
        lone = self._sources * decoys * self._unique
        q = self._p * self._given_1 + (1 - self._p) * self._given_0
        thinning = np.ones_like(q)
        for kind, layers in self._thinned.items():
            seen, could = shown[layers].sum(), q[:, layers] @ self._positions[layers]
            if kind == "decoy":
                seen, could = seen + hits, could + lone
            left = np.clip(seen / np.maximum(could, 1e-9), 1e-6, 1)
            thinning[:, layers] = left[:, None]
            if kind == "decoy":
                lone *= left
        given_1 = np.clip(thinning * self._given_1, 1e-9, 1 - 1e-9)
        given_0 = np.clip(thinning * self._given_0, 1e-9, 1 - 1e-9)
        q = self._p * given_1 + (1 - self._p) * given_0
        likelihood = np.log(q) @ shown + np.log1p(-q) @ hidden
        likelihood += hits * np.log(np.maximum(lone, 1e-9)) - lone  # Poisson
        posterior = np.exp(likelihood - likelihood.max())
        weights = (1 - _EVEN) * posterior / posterior.sum() + _EVEN / len(posterior)
        scores = _Scores(self._p, shown, hidden, given_1, given_0, real=self._thinned["real"])
        return Fit(self._hypotheses, weights, scores)


class _Scores:
    """Log-likelihood ratios under every hypothesis h: Σ over positions of ln P(y | x) / P(y), in nats.

    The sum leaves out what the leak does not show of the `real` layers, bool (G,). Of a copy it is
    constants[h] + among · weights[h, :G] + besides · weights[h, G:], with weights of 0 there; exp of it has
    mean 1 over innocent copies, as has that of every term: p · given_1/q + (1 - p) · given_0/q = 1.
    """

    def __init__(
        self, p: F64, shown: I64, hidden: I64, given_1: F64, given_0: F64, *, real: NDArray[np.bool_]
    ) -> None:
        q = p * given_1 + (1 - p) * given_0
        hidden = np.where(real, 0, hidden)
        self.counts = np.concatenate([shown, hidden])
        self.chances = np.concatenate([p, p])
        on_hidden = np.where(real, 0.0, np.log1p(-given_1) - np.log1p(-given_0))
        self.weights = np.concatenate([np.log(given_1 / given_0), on_hidden], axis=1)
        self.constants = np.log(given_0 / q) @ shown + (np.log1p(-given_0) - np.log1p(-q)) @ hidden
        self.of_a_source = np.concatenate(
            [shown * p * given_1 / q, hidden * p * (1 - given_1) / (1 - q)], axis=1
        )
        """What a source of the leak holds on average, under every hypothesis."""

    def law(self, hypothesis: int) -> Law:
        """The law of a score over innocent copies, given the leak, without its constant."""
        return Law(self.counts, self.chances, self.weights[hypothesis])


class Fit:
    """Weighed hypotheses, and the evidence against copies by all of them.

    Below, among and besides are int64 (R, G), R may be 0: how many 1 the copies have in each layer where the
    leak shows 1, and where it does not. Of real layers besides is not looked at, whatever stands there.
    """

    def __init__(self, hypotheses: Sequence[Hypothesis], weights: F64, scores: _Scores) -> None:
        self.hypotheses = hypotheses
        self.weights = weights
        """Of the hypotheses; at most 1 in all."""
        self._scores = scores

    def most_likely(self) -> Channel:
        """The channel of the heaviest hypothesis: of rows where there are any, else of marks."""
        return self.hypotheses[int(self.weights.argmax())].rows

    def log10_p(self, among: I64, besides: I64, log10_needed: float | None = None) -> F64:
        """log10 of every copy's p-value, at most 0: (R,).

        It is the least, over hypotheses, of P(an innocent copy scores as high | leak) / weight, so that
        P(p ≤ a | leak) ≤ a for an innocent copy: weighted Bonferroni (Genovese, Roeder & Wasserman,
        Biometrika 2006). Weights of hypotheses that another serves as well are added up first.

        log10_needed  the p-value that accuses, the same for every look at one leak. Where Chernoff's bound
                      shows on which side of it a copy lies, it is the answer; all tails are exact without
        O(R G) for each hypothesis that is left, mostly 1-5, and tens of milliseconds for its tail.
        """
        best = np.zeros(len(among))
        needed = _USUAL if log10_needed is None else log10_needed
        for hypothesis, (law, weight) in _tested(self.weights, self._scores, -needed * _LOG10).items():
            on_shown, on_hidden = np.split(self._scores.weights[hypothesis], 2)
            scores = among @ on_shown + besides @ on_hidden
            cost = log(weight) / _LOG10
            if log10_needed is None:
                bounds = law.log10_tail(scores) - cost
            else:
                bounds = law.log10_chernoff(scores) - cost
                undecided = (bounds > log10_needed) & (bounds <= log10_needed + _GIVEN_AWAY / _LOG10)
                near = np.flatnonzero(undecided & (best > log10_needed))
                bounds[near] = law.log10_tail(scores[near]) - cost
            best = np.minimum(best, bounds)
        return best

    def log_e(self, among: I64, besides: I64) -> F64:
        """Natural logarithm of every copy's e-value, the mixture of all likelihood ratios by weight: (R,).

        Its mean over innocent copies, given the leak, is at most 1, so P(e ≥ 1/a) ≤ a. Those of several leaks
        may be averaged (Vovk & Wang, Annals of Statistics 2021); multiplied only where no position is judged
        in two of them, for a copy's bits are the same each time. O(R G) for each hypothesis.
        """
        on_shown, on_hidden = np.split(self._scores.weights, 2, axis=1)
        offsets = np.log(self.weights) + self._scores.constants - _UP
        log_e = np.empty(len(among))
        for begin in range(0, len(among), _BLOCK):
            block = slice(begin, begin + _BLOCK)
            terms = among[block] @ on_shown.T + besides[block] @ on_hidden.T + offsets
            log_e[block] = np.logaddexp.reduce(terms, axis=1)
        return log_e


def _hypotheses(marks: NDArray[np.bool_]) -> list[Hypothesis]:
    if not marks.any():
        return [Hypothesis(each, each) for each in PRESENCE]
    if marks.all():
        return [Hypothesis(each, each) for each in MARKS]
    return [Hypothesis(rows, shown) for rows in PRESENCE for shown in MARKS if rows.sources == shown.sources]


def _tested(weights: F64, scores: _Scores, needed: float) -> dict[int, tuple[Law, float]]:
    """Hypotheses to test copies against, each with its law and weight. needed: nats that an accusation takes.

    A hypothesis whose sources are hardly found by any score gives its weight to the others. Then, from the
    lightest on, one hands its weight to another where that helps its own sources more than they lose by the
    other's score, and where it has next to none. All of this depends on the leak alone.
    """
    laws = [scores.law(each) for each in range(len(weights))]
    expected = -_LOG10 * np.stack(
        [law.log10_chernoff(scores.of_a_source @ own) for law, own in zip(laws, scores.weights, strict=True)],
        axis=1,
    )
    """Nats against a source, by the hypothesis that holds and the one whose score is used."""
    own = expected.diagonal()
    finds = own > needed / 2
    if not finds.any():
        finds[:] = True
    lost = needed * (1 - expected / np.maximum(own, 1e-9)[:, None])
    share = weights / weights[finds].sum()
    left = {each: float(share[each]) for each in np.flatnonzero(finds).tolist()}
    for giver in sorted(left, key=left.__getitem__)[:-1]:
        weight = left.pop(giver)
        gains = {
            taker: log(1 + left[taker] / weight) - lost[giver, taker] + lost[giver, giver] for taker in left
        }
        taker = max(gains, key=gains.__getitem__)
        if gains[taker] <= 0 and weight >= _LEAST_WEIGHT:
            left[giver] = weight
            continue
        lost[taker] = (weight * lost[giver] + left[taker] * lost[taker]) / (weight + left[taker])
        left[taker] += weight
    return {each: (laws[each], weight) for each, weight in left.items()}
