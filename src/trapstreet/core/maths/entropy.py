"""What a decoy is worth as evidence: the entropy of the draws that the surviving columns show."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import exp2

import msgspec


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


def coincidence(profiles: Sequence[Profile], choices: Sequence[Sequence[str]], candidates: int) -> float:
    """q0: a bound on the chance that a leak of so many candidates shows a decoy it has nothing to do with.

    choices     per field kind the columns that are of this kind: a value may stem from any of them
    candidates  distinct tuples, one value of each kind, that the leak shows
    min(1, N · Σ 2^-H) over one column of each kind; with unequal decoys the largest counts.
    Source: docs/attribution.md; union bound over candidates and columns, each draw at most as likely as its
    likeliest value.
    """
    if not all(choices) or not profiles:
        return 1.0
    return max(
        min(1.0, candidates * sum(exp2(-each.joint_bits(columns)) for columns in product(*choices)))
        for each in profiles
    )
