"""What a leak shows of one data set: its real records, when they were current, and decoys of copies."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Kind, kinds
from trapstreet.index import Candidates, Lookup, Met, Seen, ended_at
from trapstreet.index.seen import count_kinds, count_pairs
from trapstreet.trace.domain.dating import Spans
from trapstreet.trace.domain.verdict import Kinds

U64 = NDArray[np.uint64]

_MANY = 20


@dataclass(slots=True)
class Shown:
    """Real records and decoys of one data set in a leak.

    spans   how many of the real records show a state that began, or was over, in each version
    decoys  per copy and pool what is seen of its decoys by values that no real record shares
    numbers_only  the leak is a list of phone or reference numbers
    """

    real: Seen = field(default_factory=Seen.none)
    spans: Spans = field(default_factory=Spans.none)
    decoys: dict[str, Seen] = field(default_factory=dict)
    numbers_only: bool = False

    def decoys_met(self) -> int:
        """How many decoys are in the leak."""
        return sum(len(self.told_of(owner)) for owner in self.decoys)

    def told_of(self, owner: str) -> U64:
        """RecordIds of the decoys of a copy, a pool or a planting in the leak, told as real records are: by
        two fields near each other, of which one is a value of its own, or by a rare one."""
        seen = self.decoys.get(owner) or Seen.none()
        return seen.record if self.numbers_only else seen.record[seen.certain | _recorded(seen)]

    def decoys_of(self, owner: str) -> U64:
        """Those of them that are more than a number with a name or a date beside it, as chance shows too; a
        number alone counts where numbers alone are what the leak shows."""
        seen = self.decoys.get(owner) or Seen.none()
        return seen.record if self.numbers_only else seen.record[seen.certain]

    def fields(self) -> dict[Kind, int]:
        """How many of the real records show each kind."""
        return count_kinds(self.real.shown)

    def sets(self) -> Counter[Kinds]:
        """How many of the real records show each set of one or two anchor kinds."""
        return _sets(self.real)

    def hits(self) -> dict[str, Counter[Kinds]]:
        """Per copy, how many of its decoys are shown by each set of kinds."""
        return {copy: _sets(seen) for copy, seen in self.decoys.items()}

    def leading(self) -> Kind | None:
        """The kind by which most records were recognised, a rare one before a common one."""
        counts = count_kinds(self.real.anchors)
        return max(counts, key=lambda kind: (counts[kind], kinds()[kind].alone, kind), default=None)


def shown(met: Met, candidates: Candidates, lookup: Lookup, number: int) -> Shown | None:
    """What a leak shows of a data set; None where it could as well be chance.

    Records, and values of kinds that are rare enough by themselves, count. Phone and reference numbers alone
    count only where there is nothing better and at least half of those in the leak are ours: beside records
    they are what foreign digits hit by chance. Only real records decide which of the two it is.
    """
    records, singles = met.real(number)
    certain = records + singles.take(singles.alone)
    result = Shown(real=certain if len(certain) else singles, decoys=dict(met.decoys(number)))
    if not len(certain):
        leading = result.leading()
        ours = len(singles)
        many = leading is not None and ours >= _MANY and 2 * ours >= candidates.things(leading)
        if not many and not result.decoys_met():
            return None
        result.real = singles if many else certain
        result.numbers_only = many
    result.spans = _spans(met, lookup, number, result.real)
    return result


def _spans(met: Met, lookup: Lookup, number: int, real: Seen) -> Spans:
    """In which versions what the leak shows of the records began, and was over."""
    versions = lookup.data_sets[number].versions
    first, last = met.versions(real)
    return Spans.counted(first, ended_at(real.record, last, versions), versions=len(versions))


def _recorded(seen: Seen) -> NDArray[np.bool_]:
    """Which show a value of their own and another field near it."""
    recorded: NDArray[np.bool_] = (seen.anchors & seen.near) > 0
    return recorded & (np.bitwise_count(seen.near) > 1)


def _sets(seen: Seen) -> Counter[Kinds]:
    counts: Counter[Kinds] = Counter(count_pairs(seen.pairs))
    counts.update({frozenset((kind,)): count for kind, count in count_kinds(seen.anchors).items()})
    return counts
