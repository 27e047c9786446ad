"""What a decoy is worth as evidence: the entropy of the draws that the surviving columns show."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import exp2, log2

import msgspec

_LEAST_FREE = 0.5


class Profile(msgspec.Struct, frozen=True):
    """The independent draws behind decoys, shared by `count` of them.

    bits     min-entropy of each draw in thousandths of a bit, rounded down
    columns  per column the draws that its value fixes, as positions in `bits`; a column left empty fixes none
    """

    count: int
    bits: tuple[int, ...]
    columns: Mapping[str, tuple[int, ...]]

    def joint_bits(self, columns: Iterable[str]) -> float:
        """H(columns): bits of the union of the draws that these columns fix, each draw counted once."""
        draws = {draw for column in columns for draw in self.columns.get(column, ())}
        thousandths: int = sum(self.bits[draw] for draw in draws)
        return thousandths / 1000


def coincidence(
    profiles: Sequence[Profile], choices: Sequence[Sequence[str]], candidates: int, *, others: int = 0
) -> float:
    """q0: a bound on the chance that a leak of so many candidates shows a decoy it has nothing to do with.

    choices     per field kind the columns that are of this kind: a value may stem from any of them
    candidates  distinct tuples, one value of each kind, that the leak shows
    others      decoys of other copies: who holds those copies knows that this copy's decoys have none of
                their values, which makes each value left likelier by 1 / (1 - others · 2^-H)
    min(1, N · Σ 2^-H) over one column of each kind; with unequal decoys the largest counts.
    Source: docs/attribution.md; union bound over candidates and columns, each draw at most as likely as its
    likeliest value.
    """
    if not all(choices) or not profiles:
        return 1.0
    return max(
        min(1.0, candidates * sum(exp2(-_bits_left(each, columns, others)) for columns in product(*choices)))
        for each in profiles
    )


def _bits_left(profile: Profile, columns: Sequence[str], others: int) -> float:
    """H(columns) for somebody who knows the other copies' decoys; a column that they crowd counts nothing.

    Draws of different columns are independent, or shared and then counted once, so each column is charged for
    its own collisions.
    """
    free = {column: 1 - others * exp2(-profile.joint_bits([column])) for column in columns}
    kept = [column for column in columns if free[column] >= _LEAST_FREE]
    return profile.joint_bits(kept) + sum(log2(free[column]) for column in kept)
