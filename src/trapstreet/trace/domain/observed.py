"""What a verdict was decided from, as a proof shows it."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.decoder import Unique
from trapstreet.index import Candidates, Seen
from trapstreet.index.matcher import CODE
from trapstreet.index.seen import BIT, PAIR
from trapstreet.trace.domain.code import Coded
from trapstreet.trace.domain.marks import Spelled
from trapstreet.trace.domain.shown import Shown
from trapstreet.trace.domain.verdict import Accusation, DecoyEvidence, Kinds


class TestedKinds(NamedTuple):
    """A set of kinds that decoys were judged by: candidates in the leak, and real records that show it."""

    kinds: Kinds
    candidates: int
    records: int


class Positions(NamedTuple):
    """What the leak shows of the positions of copies whose codes follow one law, as `Coded` has it: without a
    key."""

    pool: NDArray[np.uint64]
    pool_shown: NDArray[np.bool_]
    rows: NDArray[np.uint64]
    alive: int
    unique: Unique

    @classmethod
    def of(cls, coded: Coded) -> "Positions":
        return cls(coded.pool, coded.pool_shown, coded.rows, coded.alive, coded.unique)


class Observed(NamedTuple):
    """What was counted for one data set.

    data_set  its id;  records  real ones that the leak shows
    decoys    of all its copies
    hits      per accused copy the RecordIds of the decoys that its evidence counts
    positions  per copy that is accused by its code those at which it was judged; 8 bytes for a leaked row,
              however many copies
    spellings  per copy that is accused by its marks how the leak spells them
    """

    data_set: str
    records: int
    decoys: int
    tested: tuple[TestedKinds, ...]
    hits: dict[str, tuple[int, ...]]
    positions: Mapping[str, Positions]
    spellings: Mapping[str, Sequence[Spelled]]


def observe(
    data_set: str,
    what: Shown,
    candidates: Candidates,
    *,
    tested: Collection[Kinds],
    accused: Sequence[Accusation],
    decoys: int,
    positions: Mapping[str, Positions],
    spellings: Mapping[str, Sequence[Spelled]],
) -> Observed:
    """What the accusations rest on."""
    sets = what.sets()
    return Observed(
        data_set,
        len(what.real),
        decoys,
        tuple(TestedKinds(kinds, candidates.met_by(kinds), sets[kinds]) for kinds in tested),
        {
            each.copy: _shown_by(what.decoys[each.copy], frozenset(evidence.fields))
            for each in accused
            for evidence in each.evidence
            if isinstance(evidence, DecoyEvidence)
        },
        positions,
        spellings,
    )


def _shown_by(seen: Seen, kinds: Kinds) -> tuple[int, ...]:
    """Ids of what is seen by the one kind, or by both near each other."""
    codes = [CODE[kind] for kind in kinds]
    bits = seen.anchors & BIT[codes[0]] if len(codes) == 1 else seen.pairs & PAIR[codes[0], codes[1]]
    ids: list[int] = np.sort(seen.record[bits > 0]).tolist()
    return tuple(ids)
