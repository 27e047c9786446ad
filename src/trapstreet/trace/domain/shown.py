"""What a leak shows of one data set: its real records, when they were current, and decoys of copies."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from trapstreet.core.fields import Kind, kinds
from trapstreet.index import Candidates, Lookup, RecordJoin, Seen, State, ended_at
from trapstreet.trace.domain.verdict import Kinds

_MANY = 20


@dataclass(slots=True)
class Shown:
    """Real records and decoys of one data set in a leak.

    states  per real record the version in which what is shown of it began, and the one in which it was over
    decoys  per copy what is seen of each of its decoys by values that no real record shares
    numbers_only  the leak is a list of phone or reference numbers
    """

    real: list[Seen] = field(default_factory=list)
    states: list[tuple[int, int | None]] = field(default_factory=list)
    decoys: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    numbers_only: bool = False

    def all_decoys(self) -> list[Seen]:
        """What is seen of decoys, whichever copy they are of."""
        return [seen for each in self.decoys.values() for seen in each]

    def decoys_met(self) -> int:
        """How many decoys are in the leak; a number alone counts where numbers alone are what it shows."""
        return sum(self.numbers_only or _certain(seen) for seen in self.all_decoys())

    def fields(self) -> dict[Kind, int]:
        """How many of the real records show each kind."""
        counts = Counter(kind for seen in self.real for kind in seen.near | seen.anchors)
        return {kind: counts[kind] for kind in sorted(counts)}

    def sets(self) -> Counter[Kinds]:
        """How many of the real records show each set of one or two anchor kinds."""
        return _sets(self.real)

    def hits(self) -> dict[str, Counter[Kinds]]:
        """Per copy, how many of its decoys are shown by each set of kinds."""
        return {copy: _sets(seen) for copy, seen in self.decoys.items()}

    def leading(self) -> Kind | None:
        """The kind by which most records were recognised, a rare one before a common one."""
        counts = Counter(kind for seen in self.real for kind in seen.anchors)
        return max(counts, key=lambda kind: (counts[kind], kinds()[kind].alone, kind), default=None)


def shown(join: RecordJoin, candidates: Candidates, lookup: Lookup, number: int) -> Shown | None:
    """What a leak shows of a data set; None where it could as well be chance.

    Records, and values of kinds that are rare enough by themselves, count. Phone and reference numbers
    standing
    alone count only where there is nothing better and at least half of those in the leak are ours: beside
    records they are what foreign digits hit by chance. Only real records decide which of the two it is.
    """
    joined = join.real(number)
    certain = dict(joined.records)
    certain |= {state: seen for state, seen in joined.singles.items() if _alone(seen)}
    result = Shown(real=list((certain or joined.singles).values()))
    for copy, seen in join.decoys(number):
        result.decoys[copy].append(seen)
    if not certain:
        leading = result.leading()
        ours = len(result.real)
        many = leading is not None and ours >= _MANY and 2 * ours >= candidates.things(leading)
        if not many and not any(map(_certain, result.all_decoys())):
            return None
        certain = dict(joined.singles) if many else {}
        result.real = list(certain.values())
        result.numbers_only = many
    result.states = _current(join, lookup, number, list(certain))
    return result


def _alone(seen: Seen) -> bool:
    return any(kinds()[kind].alone for kind in seen.anchors)


def _certain(seen: Seen) -> bool:
    return bool(seen.pairs) or _alone(seen)


def _current(
    join: RecordJoin, lookup: Lookup, number: int, states: Sequence[State]
) -> list[tuple[int, int | None]]:
    """From which version to which what the leak shows of each record was current; None: it still is."""
    versions = [[lookup.owners[owner].version for owner, _ in join.tied(state)] for state in states]
    record_ids = np.array([record for _, record in states], dtype=np.uint64)
    latest = np.array([max(each) for each in versions], dtype=np.int64)
    ended = ended_at(record_ids, latest, lookup.data_sets[number].versions).tolist()
    return [(min(each), end or None) for each, end in zip(versions, ended, strict=True)]


def _sets(seen: Sequence[Seen]) -> Counter[Kinds]:
    counts: Counter[Kinds] = Counter()
    for each in seen:
        counts.update(frozenset((kind,)) for kind in each.anchors)
        counts.update(each.pairs)
    return counts
