"""What a decoy is worth as evidence: the entropy of the draws that the surviving columns show."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import exp2, log2
from typing import NamedTuple

import msgspec

_LEAST_FREE = 0.5


class Profile(msgspec.Struct, frozen=True):
    """The independent draws behind decoys, shared by `count` of them.

    bits     min-entropy of each draw in thousandths of a bit, rounded down
    columns  per column that is filled the draws that its value fixes, as positions in `bits`
    """

    count: int
    bits: tuple[int, ...]
    columns: Mapping[str, tuple[int, ...]]

    def joint_bits(self, columns: Iterable[str]) -> float:
        """H(columns): bits of the union of the draws that these columns fix, each draw counted once."""
        draws = {draw for column in columns for draw in self.columns.get(column, ())}
        thousandths: int = sum(self.bits[draw] for draw in draws)
        return thousandths / 1000


class Coincidence(NamedTuple):
    """A bound on how many decoys of an innocent copy a leak shows: at most Bin(decoys, q0)."""

    decoys: int
    q0: float


def coincidence(
    profiles: Sequence[Profile], choices: Sequence[Sequence[str]], candidates: int, *, others: int = 0
) -> Coincidence:
    """How many decoys a leak of so many candidate tuples can meet, and a bound on the chance of each.

    choices     per field kind the columns that are of this kind: a value may stem from any of them
    candidates  distinct tuples, one value of each kind, that the leak shows
    others      decoys of other copies: who holds those copies knows that this copy's decoys have none of
                their values, which makes each value left likelier by 1 / (1 - others · 2^-H)
    q0 = min(1, N · Σ 2^-H) over one filled column of each kind; with unequal decoys the largest counts. A
    decoy that has nothing in these columns can't be met.
    Source: docs/attribution.md; union bound over candidates and columns, each draw at most as likely as its
    likeliest value.
    """
    decoys, largest = 0, 0.0
    for profile in profiles:
        filled = [[column for column in columns if column in profile.columns] for columns in choices]
        if filled and all(filled):
            chances = sum(exp2(-_bits_left(profile, columns, others)) for columns in product(*filled))
            largest = max(largest, min(1.0, candidates * chances))
            decoys += profile.count
    return Coincidence(decoys, largest)


def _bits_left(profile: Profile, columns: Sequence[str], others: int) -> float:
    """H(columns) for somebody who knows the other copies' decoys; a column that they crowd counts nothing.

    Draws of different columns are independent, or shared and then counted once, so each column is charged for
    its own collisions.
    """
    free = {column: 1 - others * exp2(-profile.joint_bits([column])) for column in columns}
    kept = [column for column in columns if free[column] >= _LEAST_FREE]
    return profile.joint_bits(kept) + sum(log2(free[column]) for column in kept)
