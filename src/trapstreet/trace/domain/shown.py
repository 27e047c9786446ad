"""What a leak shows of one data set: its real records, when they were current, and decoys of copies."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trapstreet.core.fields import Kind, kinds
from trapstreet.index import Lookup, RecordJoin, Seen, State, ended_at
from trapstreet.trace.domain.verdict import Kinds

_MANY = 20


@dataclass(slots=True)
class Shown:
    """Real records and decoys of one data set in a leak.

    states  per real record the version in which what is shown of it began, and the one in which it was over
    decoys  per copy what is seen of each of its decoys by values that no real record shares
    """

    real: list[Seen] = field(default_factory=list)
    states: list[tuple[int, int | None]] = field(default_factory=list)
    decoys: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))

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


def shown(join: RecordJoin, lookup: Lookup, number: int) -> Shown | None:
    """What a leak shows of a data set; None where it could as well be chance.

    Records, and values of kinds that are rare enough by themselves, count. Phone and reference numbers
    standing
    alone count only where there is nothing better and at least half of those in the leak are ours: beside
    records they are what foreign digits hit by chance.
    """
    joined = join.joined(number)
    certain = dict(joined.records)
    certain |= {state: seen for state, seen in joined.singles.items() if _alone(seen)}
    if certain:
        return _told_apart(join, lookup, certain)
    result = _told_apart(join, lookup, joined.singles)
    leading = result.leading()
    ours = len(result.real)
    return result if leading and ours >= _MANY and 2 * ours >= join.things(leading) else None


def _told_apart(join: RecordJoin, lookup: Lookup, found: Mapping[State, Seen]) -> Shown:
    result = Shown()
    for state, seen in found.items():
        copy = lookup.owners[state[0]].copy
        if copy:
            result.decoys[copy].append(join.exclusive(state))
        else:
            result.real.append(seen)
            result.states.append(_current(join, lookup, state))
    return result


def _alone(seen: Seen) -> bool:
    return any(kinds()[kind].alone for kind in seen.anchors)


def _current(join: RecordJoin, lookup: Lookup, state: State) -> tuple[int, int | None]:
    """From which version to which what the leak shows of a record was current."""
    numbers = sorted(lookup.owners[owner].version for owner, _ in join.tied(state))
    data_set = lookup.owners[state[0]].data_set
    return numbers[0], ended_at(state[1], since=numbers[-1], versions=lookup.data_sets[data_set].versions)


def _sets(seen: Sequence[Seen]) -> Counter[Kinds]:
    counts: Counter[Kinds] = Counter()
    for each in seen:
        counts.update(frozenset((kind,)) for kind in each.anchors)
        counts.update(each.pairs)
    return counts
