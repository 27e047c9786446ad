"""The audit: how well decoys can be told from the rows among which they stand."""

from dataclasses import dataclass

import numpy as np

from trapstreet.core.model.errors import UnusableInput
from trapstreet.decoys.audit.attacker import Betrayal, Binned, betrayals, judged, scores
from trapstreet.decoys.audit.attacks import Attack, attacks
from trapstreet.decoys.audit.attainable import attainable
from trapstreet.decoys.audit.auc import Auc
from trapstreet.decoys.audit.clusters import clusters
from trapstreet.decoys.audit.coded import Ints
from trapstreet.decoys.audit.control import with_raw_decoys
from trapstreet.decoys.audit.features import View, features
from trapstreet.decoys.audit.seen import Seen
from trapstreet.decoys.audit.trial import Trial
from trapstreet.decoys.decoy import DecoySettings

_LOOKED_AT = 25_000  # real rows that the attacker learns from
_FEWEST = 20  # decoys that can be judged at all
VALID = 0.9
"""Area that the attacker must reach on raw decoys, or it is too weak to say anything."""


@dataclass(frozen=True)
class Audit:
    """What an audit found. Holds column names and figures, no cell.

    clusters    of the decoys: firms, and rows that belong to none; each is one draw of chance
    auc         of the attacker; 0.5 is blind guessing
    features    what each feature tells by itself, the most telling first
    attacks     what people without labels can do
    attainable  the least area that the owned domains and numbers allow
    control     the same attacker on raw decoys, None where it was left out
    """

    rows: int
    decoys: int
    clusters: int
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
    view, of = _view(seen, seed)
    area, told = _attacked(view, of, seed)
    return Audit(
        rows=len(seen.rows),
        decoys=decoys,
        clusters=len(np.unique(of[seen.decoys])),
        auc=area,
        features=told,
        attacks=tuple(attacks(view)),
        attainable=attainable(view, owned),
        control=_attacked(*_view(with_raw_decoys(seen, seed), seed), seed)[0] if control else None,
    )


def _view(seen: Seen, seed: int) -> tuple[View, Ints]:
    """The table with all decoys and a part of the other rows, in whole clusters, looked at; its clusters."""
    whole = View(seen, np.arange(len(seen.rows)))
    of = clusters(whole)
    real = np.flatnonzero(~seen.decoys)
    if len(real) > _LOOKED_AT:
        order = np.random.default_rng([seed, 1]).permutation(of.max() + 1)[of[real]]
        real = real[np.argsort(order, kind="stable")[:_LOOKED_AT]]
    return View(seen, np.sort(np.concatenate([real, np.flatnonzero(seen.decoys)]))), of


def _attacked(view: View, of: Ints, seed: int) -> tuple[Auc, tuple[Betrayal, ...]]:
    found = features(view)
    trial = Trial.of(view, of, np.random.default_rng([seed, 2]))
    binned = Binned.of(found, trial)
    return judged(scores(binned, trial, seed), trial), tuple(betrayals(found, binned, trial, seed))
