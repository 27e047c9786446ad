"""Other ways to trace a leak, each in a few lines from its paper, against the leaks of leaks.py.

All are given better thresholds than they were published with: exact where the law is binomial, else by saddle
point given the leak, both at bound / copies. Each function returns the share of trials in which one of the
colluders is accused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import erfc, exp, log10, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from leaks import F64, Attack, Design
from trapstreet.core.maths.tails import fewest_hits

CUT = 0.01
"""Tardos' cut-off: no position's chance lies nearer to 0 or 1."""

SEED_TRIALS = 50
"""Seed names are counted in so many times the trials: they cost nothing."""

SOURCES = 5
"""The colluders that Laarhoven's score is made for."""


@dataclass(frozen=True, slots=True)
class Court:
    """One of so many copies may be accused, any innocent one with at most this probability."""

    copies: int
    bound: float

    @property
    def each(self) -> float:
        return self.bound / self.copies


def seed_names(
    rng: np.random.Generator, trials: int, attack: Attack, design: Design, share: float, court: Court
) -> float:
    """Every decoy in one copy only; accused by their number alone (the practice of mailing lists)."""
    decoys = design.unique + design.shared
    needed = fewest_hits(decoys, design.coincidence(share * design.rows), log10(court.each))
    left = attack.kept[1] * share * (1 - attack.stripped)
    hits = rng.binomial(decoys, left, (SEED_TRIALS * trials, attack.copies)).max(axis=1)
    return float(np.mean(hits >= needed)) if needed else 0.0


def tardos_pool(
    rng: np.random.Generator,
    trials: int,
    attack: Attack,
    design: Design,
    share: float,
    court: Court,
    *,
    score: str,
) -> float:
    """Every decoy from a pool, decoy j in a copy with chance p_j, arcsine-distributed (Tardos 2003)."""
    pool = 2 * (design.unique + design.shared)  # p is 1/2 on average
    return _tardos(rng, trials, attack, pool, share * (1 - attack.stripped), court, score)


def tardos_marks(
    rng: np.random.Generator, trials: int, attack: Attack, marks: int, court: Court, *, score: str
) -> float:
    """A mark in every cell, 1 in a copy with chance p_j, arcsine-distributed."""
    return _tardos(rng, trials, attack, marks, 1.0, court, score)


def agrawal_kiernan(rng: np.random.Generator, trials: int, attack: Attack, marks: int, court: Court) -> float:
    """A key for each copy decides every marked bit; accused by the number that match (VLDB 2002)."""
    held = rng.random((trials, attack.copies, marks)) < 0.5
    shown = rng.random((trials, marks)) < attack.kept[held.sum(axis=1)]
    matches = (held == shown[:, None]).sum(axis=2).max(axis=1)
    needed = fewest_hits(marks, 0.5, log10(court.each))
    return float(np.mean(matches >= needed)) if needed else 0.0


def li_swarup_jajodia(
    rng: np.random.Generator, trials: int, attack: Attack, marks: int, court: Court, *, length: int
) -> float:
    """A fingerprint of so many bits for each copy; each mark shows one of them, masked; the majority of a
    bit's marks decides it, and as many bits must match as chance allows once (TDSC 2(1) 2005)."""
    prints = rng.random((trials, attack.copies, length)) < 0.5
    place = rng.integers(0, length, (trials, marks))
    mask = rng.random((trials, marks)) < 0.5
    held = np.take_along_axis(prints, place[:, None], axis=2) ^ mask[:, None]
    votes = (rng.random((trials, marks)) < attack.kept[held.sum(axis=1)]) ^ mask
    tally = np.zeros((trials, length))
    np.add.at(tally, (np.arange(trials)[:, None], place), np.where(votes, 1, -1))
    found = 0
    for one, copies in zip(tally, prints, strict=True):
        needed = fewest_hits(int(np.count_nonzero(one)), 0.5, log10(court.each))
        matches = ((copies == (one > 0)) & (one != 0)).sum(axis=1).max()
        found += int(needed is not None and matches >= needed)
    return found / trials


def guilt(rows: float, copies: int, guess: float) -> float:
    """Pr{G | S} of every copy when all hold the leaked rows, each of which a thief guesses with this
    chance (Papadimitriou and Garcia-Molina, TKDE 23(1) 2011)."""
    return float(1 - (1 - (1 - guess) / copies) ** rows)


def _tardos(
    rng: np.random.Generator, trials: int, attack: Attack, size: int, kept: float, court: Court, score: str
) -> float:
    low = np.arcsin(sqrt(CUT))
    p = np.sin(rng.uniform(low, np.pi / 2 - low, (trials, size))) ** 2
    held = rng.random((trials, attack.copies, size)) < p[:, None]
    shown = rng.random((trials, size)) < attack.kept[held.sum(axis=1)] * kept
    having, lacking = _SCORES[score](p, shown)
    best = np.where(held, having[:, None], lacking[:, None]).sum(axis=2).max(axis=1)
    tails = saddle_point_tail(p, having - lacking, best - lacking.sum(axis=1))
    return float(np.mean(tails <= court.each))


def _skoric(p: F64, shown: NDArray[np.bool_]) -> tuple[F64, F64]:
    """Symmetric (Škorić, Katzenbeisser, Celik 2008)."""
    odds = np.sqrt((1 - p) / p)
    return np.where(shown, odds, -odds), np.where(shown, -1 / odds, 1 / odds)


def _laarhoven(p: F64, shown: NDArray[np.bool_]) -> tuple[F64, F64]:
    """Log-likelihood ratio against interleaving (Laarhoven, EURASIP 2016:3)."""
    unlike = np.log1p(-1 / SOURCES)
    odds = (1 - p) / p
    return (
        np.where(shown, np.log1p(odds / SOURCES), unlike),
        np.where(shown, unlike, np.log1p(1 / odds / SOURCES)),
    )


_SCORES = {"Škorić": _skoric, "Laarhoven": _laarhoven}

DecoyPeer = Callable[[np.random.Generator, int, Attack, Design, float, Court], float]
CellPeer = Callable[[np.random.Generator, int, Attack, int, Court], float]

DECOY_PEERS: dict[str, DecoyPeer] = {
    "seed names": seed_names,
    "Škorić": partial(tardos_pool, score="Škorić"),
    "Laarhoven": partial(tardos_pool, score="Laarhoven"),
}
CELL_PEERS: dict[str, CellPeer] = {
    "Agrawal-Kiernan": agrawal_kiernan,
    "Li-Swarup-Jajodia 64 bits": partial(li_swarup_jajodia, length=64),
    "256 bits": partial(li_swarup_jajodia, length=256),
    "Škorić": partial(tardos_marks, score="Škorić"),
    "Laarhoven": partial(tardos_marks, score="Laarhoven"),
}


def saddle_point_tail(p: F64, gain: F64, score: F64) -> F64:
    """P(Σ_j gain_j X_j ≥ score) of independent X_j, 1 with chance p_j; by Lugannani and Rice, not a bound.

    p, gain (T, m), score (T,); returns (T,), 1/2 up to the mean. O(T m).
    """
    low, high = np.zeros(len(score)), np.full(len(score), 16.0)
    for _ in range(30):
        tilt = (low + high) / 2
        tilted = _tilted(p, gain, tilt)
        under = (gain * tilted).sum(axis=1) < score
        low, high = np.where(under, tilt, low), np.where(under, high, tilt)
    tilted = _tilted(p, gain, tilt)
    cumulant = np.log1p(p * np.expm1(_clipped(gain, tilt))).sum(axis=1)
    width = np.sqrt((gain**2 * tilted * (1 - tilted)).sum(axis=1))
    w = np.sqrt(np.maximum(2 * (tilt * score - cumulant), 1e-9))
    u = np.maximum(tilt * width, 1e-12)
    tail = [
        erfc(a / sqrt(2)) / 2 + exp(-a * a / 2) / sqrt(2 * pi) * (1 / b - 1 / a)
        for a, b in zip(w, u, strict=True)
    ]
    return np.where(score <= (p * gain).sum(axis=1), 0.5, np.clip(tail, 0, 1))


def _tilted(p: F64, gain: F64, tilt: F64) -> F64:
    grown = p * np.exp(_clipped(gain, tilt))
    return grown / (1 - p + grown)


def _clipped(gain: F64, tilt: F64) -> F64:
    return np.clip(tilt[:, None] * gain, -300, 300)
