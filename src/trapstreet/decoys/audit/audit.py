"""The audit: how well decoys can be told from the rows among which they stand."""

from dataclasses import dataclass

import numpy as np

from trapstreet.core.model.errors import UnusableInput
from trapstreet.decoys.audit.attacker import Betrayal, Binned, betrayals, folds, scores
from trapstreet.decoys.audit.attacks import Attack, attacks
from trapstreet.decoys.audit.attainable import attainable
from trapstreet.decoys.audit.auc import Auc, auc
from trapstreet.decoys.audit.control import with_raw_decoys
from trapstreet.decoys.audit.features import View, features
from trapstreet.decoys.audit.seen import Seen
from trapstreet.decoys.decoy import DecoySettings

_LOOKED_AT = 25_000  # real rows that the attacker learns from
_SHARED = (
    1.4  # by which learning all scores from the same decoys widens their interval (measured: the null test)
)
_FEWEST = 20  # decoys that can be judged at all
VALID = 0.9
"""Area that the attacker must reach on raw decoys, or it is too weak to say anything."""


@dataclass(frozen=True)
class Audit:
    """What an audit found. Holds column names and figures, no cell.

    auc         of the attacker; 0.5 is blind guessing
    features    what each feature tells by itself, the most telling first
    attacks     what people without labels can do
    attainable  the least area that the owned domains and numbers allow
    control     the same attacker on raw decoys, None where it was left out
    """

    rows: int
    decoys: int
    auc: Auc
    features: tuple[Betrayal, ...]
    attacks: tuple[Attack, ...]
    attainable: float
    control: Auc | None

    @property
    def valid(self) -> bool:
        """Whether the attacker sees raw decoys: if not, the audit says nothing."""
        return self.control is not None and self.control.area >= VALID

    @property
    def betrays(self) -> tuple[Betrayal, ...]:
        """The features that tell decoys beyond chance (5 % over all features together)."""
        return tuple(one for one in self.features if one.p_value < 0.05)


def audit(seen: Seen, owned: DecoySettings, *, seed: int = 0, control: bool = True) -> Audit:
    """Hold the attacker against a table. 100,000 rows of ten columns: see docs/benchmarks.md.

    Raises UnusableInput for a table with fewer than 20 decoys or 20 other rows.
    """
    decoys = int(seen.decoys.sum())
    if min(decoys, len(seen.rows) - decoys) < _FEWEST:
        raise UnusableInput(
            f"{decoys} decoys among {len(seen.rows)} rows are too few to judge",
            hint=f"audit {_FEWEST} or more",
        )
    view = _view(seen, seed)
    area, told = _attacked(view, seed)
    return Audit(
        rows=len(seen.rows),
        decoys=decoys,
        auc=area,
        features=told,
        attacks=tuple(attacks(view)),
        attainable=attainable(view, owned),
        control=_attacked(_view(with_raw_decoys(seen, seed), seed), seed)[0] if control else None,
    )


def _view(seen: Seen, seed: int) -> View:
    """The table with all decoys and a part of the other rows looked at."""
    rng = np.random.default_rng([seed, 1])
    real = np.flatnonzero(~seen.decoys)
    if len(real) > _LOOKED_AT:
        real = rng.choice(real, _LOOKED_AT, replace=False)
    return View(seen, np.sort(np.concatenate([real, np.flatnonzero(seen.decoys)])))


def _attacked(view: View, seed: int) -> tuple[Auc, tuple[Betrayal, ...]]:
    found = features(view)
    decoys = view.seen.decoys[view.rows]
    fold = folds(view, np.random.default_rng([seed, 2]))
    binned = Binned.of(found, decoys, fold)
    area, error = auc(scores(binned, decoys, fold, seed), decoys)
    return Auc(area, _SHARED * error), tuple(betrayals(found, binned, decoys, fold))
