"""What is out already: old leaks, which are no news when they are found again, and public values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.app.clock import now
from trapstreet.app.passwords import Passwords
from trapstreet.app.search import matcher_of, texts
from trapstreet.app.workspace import Workspace
from trapstreet.cases import Leak
from trapstreet.core.maths.likeness import is_in
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Unread, printable
from trapstreet.core.model.urls import without_password
from trapstreet.core.model.words import counted
from trapstreet.core.ports import Progress
from trapstreet.index import Lookup, Matcher, RecordJoin
from trapstreet.store import baselines
from trapstreet.store.baselines import About, Known

U64 = NDArray[np.uint64]


class Made(msgspec.Struct, frozen=True):
    """A new baseline, and what of its locations could not be read."""

    baseline: Known
    unread: list[Unread]


class Baselines:
    """The old leaks that the workspace knows: read once for all that is raised in one transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self._ring = workspace.ring
        self._records: dict[str, list[tuple[str, U64]]] = {}

    def known_again(self, leak: Leak) -> Leak:
        """The leak; one of which an old leak has all is that one, found again."""
        if leak.shape is None:
            return leak
        if leak.data_set not in self._records:
            self._records[leak.data_set] = list(baselines.records_of(leak.data_set, self._ring))
        for name, ids in self._records[leak.data_set]:
            if is_in(leak.shape, ids):
                return msgspec.structs.replace(leak, old=name)
        return leak


def add(
    workspace: Workspace,
    name: str,
    locations: Sequence[str],
    *,
    public: bool,
    passwords: Passwords = (),
    progress: Progress,
) -> Made:
    """A new baseline of all that the texts at some locations show of the workspace's data sets.

    public  its values are set aside wherever they are found; else it is an old leak
    Raises UnusableInput where nothing of ours is there, decoys are among public values, or the name is taken.
    """
    lookup, matcher = matcher_of(workspace)
    shown = _Shown(lookup, matcher)
    for each in texts(locations, progress, passwords=passwords):
        if isinstance(each, Unread):
            shown.unread.append(each.printable())
        else:
            shown.take(each.chunks)
    records = {lookup.data_sets[number].name: ids for number, ids in shown.records().items()}
    if not records:
        raise UnusableInput(
            "none of your data is there", hint="nothing was kept; trapstreet scan shows what can be read"
        )
    if public and shown.decoys():
        raise UnusableInput(
            f"{counted(shown.decoys(), 'decoy')} are there, which nobody has honest use for",
            hint="that is a leak: add it without --public",
        )
    values = shown.values()
    about = About(
        locations=tuple(printable(without_password(each) if "://" in each else each) for each in locations),
        records={data_set: len(ids) for data_set, ids in records.items()},
        values=len(values),
        unread=len(shown.unread),
    )
    with workspace.writing():
        baselines.enter(
            name, about, records=records, public=values if public else None, ring=workspace.ring, at=now()
        )
    (made,) = (each for each in baselines.every(workspace.ring) if each.name == name)
    return Made(made, shown.unread)


@dataclass
class _Shown:
    """What texts show: values by fingerprints, and the records that have them."""

    lookup: Lookup
    matcher: Matcher
    unread: list[Unread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._join = RecordJoin(self.lookup)
        self._values = np.empty(0, dtype=np.uint64)

    def take(self, chunks: Iterator[bytes]) -> None:
        """One more text."""
        for matches in self.matcher.matches(chunks):
            if len(matches):
                self._values = np.union1d(self._values, matches.fingerprint)
                self._join.add(matches)
        self._join.end_text()

    def values(self) -> U64:
        """Ascending."""
        return self._values

    def records(self) -> dict[int, U64]:
        """By the number of the data set the RecordIds, ascending, decoys included."""
        met = self._join.met()
        joined = {number: met.joined(number) for number in met.data_sets()}
        return {number: np.unique((each.records + each.singles).record) for number, each in joined.items()}

    def decoys(self) -> int:
        """How many decoys are there beyond doubt."""
        met = self._join.met()
        is_copy = np.array([owner.copy != "" for owner in self.lookup.owners], dtype=np.bool_)
        found = 0
        for number in met.data_sets():
            joined = met.joined(number)
            everything = joined.records + joined.singles
            found += int(np.count_nonzero(is_copy[everything.owner] & everything.certain))
        return found
