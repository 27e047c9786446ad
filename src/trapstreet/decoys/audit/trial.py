"""Who is what to the attacker: decoys, clusters, and the folds in which it is tested on what it never saw."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.kind import Kind
from trapstreet.decoys.audit.clusters import OWN
from trapstreet.decoys.audit.coded import Ints, compact
from trapstreet.decoys.audit.features import View
from trapstreet.decoys.audit.phones import start_of

FOLDS = 5
_BLOCK = -4  # digits of a number within its block


@dataclass(frozen=True)
class Trial:
    """The looked-at rows, shape (rows,) each.

    decoys    which of them are decoys
    clusters  what chance takes or leaves together (`clusters.clusters`)
    fold      of 5: a cluster is in one, and so is a block of numbers of the decoys' own. To know a firm, of
              decoys or of others, is no skill: its size and looks are, and these can be learnt from others
    """

    decoys: NDArray[np.bool_] = field(repr=False)
    clusters: Ints = field(repr=False)
    fold: Ints = field(repr=False)

    @classmethod
    def of(cls, view: View, clusters: Ints, rng: np.random.Generator) -> "Trial":
        """clusters: of all rows of the table"""
        decoys, shown = view.seen.decoys[view.rows], compact(clusters[view.rows]).of
        group = _with_blocks(view, shown)
        if len(np.unique(group[decoys])) < 2 * FOLDS:
            group = shown
        return cls(decoys, shown, _dealt(group, decoys, rng))


def _with_blocks(view: View, clusters: Ints) -> Ints:
    """The clusters, joined where they meet in a block of numbers of the decoys' own."""
    group = clusters.copy()
    for column in view.of_kind(Kind.PHONE):
        codes = column.codes_by(start_of(_BLOCK, column.column.region))
        held = np.bincount(codes.of[view.seen.decoys], minlength=codes.kinds)
        own = (held > OWN * codes.counts)[codes.of[view.rows]]
        first: dict[int, int] = {}
        for row, block in zip(np.flatnonzero(own).tolist(), codes.of[view.rows[own]].tolist(), strict=True):
            leader = first.setdefault(block, int(group[row]))
            if leader != group[row]:
                group[group == group[row]] = leader
    return group


def _dealt(group: Ints, decoys: NDArray[np.bool_], rng: np.random.Generator) -> Ints:
    """Groups dealt to folds, the ones with most decoys first, each to the fold that has fewest."""
    _, of, sizes = np.unique(group, return_inverse=True, return_counts=True)
    held = np.bincount(of, weights=decoys)
    fold = rng.integers(0, FOLDS, len(sizes))
    load = np.zeros(FOLDS)
    with_decoys = rng.permutation(np.flatnonzero(held))
    for at in with_decoys[np.argsort(-held[with_decoys], kind="stable")].tolist():
        fold[at] = rng.choice(np.flatnonzero(load == load.min()))
        load[fold[at]] += held[at]
    return np.asarray(fold[of])
