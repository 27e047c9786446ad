"""What the watch remembers of the objects that it reads (docs/adr/0020-remembered.md)."""

from collections.abc import Callable, Iterable, Iterator

from trapstreet.app.source_text import SourceText
from trapstreet.app.watched_texts import Opening
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.objects import Ref, Unread
from trapstreet.core.ports import Text
from trapstreet.forget import Identity
from trapstreet.index import KernelMatcher, Matcher, ReferenceMatcher, fingerprints_of, native
from trapstreet.register.service import EPOCH
from trapstreet.store.models import DataSet
from trapstreet.watch import Scan
from trapstreet.watch.blocks import Entry
from trapstreet.watch.domain.anything import MOST, Anything, Gathering
from trapstreet.watch.domain.steps import Step
from trapstreet.watch.remembered import Memory

FOLDER = "remembered"


def memory_of(workspace: Workspace) -> Memory:
    """What is remembered in a workspace."""
    return Memory(workspace.root / FOLDER)


def anything_matcher(workspace: Workspace) -> Matcher:
    """A matcher that finds whatever a data set might hold."""
    lookup, key_of = Anything(EPOCH), workspace.ring.fingerprint_key
    if native.load():
        return KernelMatcher(lookup, key_of, kept=MOST)
    return ReferenceMatcher(lookup, key_of, kept=MOST)


class Remembering:
    """What one round remembers: gathered while objects are searched, written before its step is committed.

    opened  begins to read an object;  search  looks for data sets;  stand  up to which segment it does so now
    """

    def __init__(
        self,
        memory: Memory,
        matcher: Matcher,
        *,
        opened: Callable[[Ref], Opening],
        search: Callable[[Iterable[Text | Unread]], tuple[Scan, int]],
        stand: Callable[[], int],
    ) -> None:
        self._memory, self._matcher = memory, matcher
        self._opened, self._search, self._stand = opened, search, stand
        self._gathered: dict[str, Gathering] = {}
        self._at = 0

    def opened(self, ref: Ref) -> Opening:
        """The object, opened; what its texts hold is gathered while they are searched."""
        opening = self._opened(ref)
        gathering = self._gathered[ref.path] = Gathering(self._matcher)
        opening.parts = _gathered(opening.parts, gathering)
        return opening

    def search(self, texts: Iterable[Text | Unread]) -> tuple[Scan, int]:
        """The search, of which it is known what it searched for at least."""
        self._at = self._stand()
        return self._search(texts)

    def keep(self, source: int, step: Step) -> None:
        """What the step has read is on disk when this returns. Objects without a version, which are read in
        each round, and such as could not be opened are not remembered."""
        entries = []
        for each in step.read:
            gathering = self._gathered.pop(each.ref.path, None)
            if gathering and each.state and not each.again and len(values := gathering.values()):
                entries.append(Entry(each.key, each.state, values))
        self._gathered.clear()
        self._memory.append(source, entries, stand=self._at, epoch=EPOCH)


def _gathered(parts: Iterator[Text | Unread], gathering: Gathering) -> Iterator[Text | Unread]:
    for each in parts:
        if isinstance(each, SourceText):
            each.chunks = gathering.through(each.chunks)
        yield each


def erase_remembered(
    workspace: Workspace, identities: Iterable[Identity], data_sets: Iterable[DataSet]
) -> int:
    """How many places held the values by which these persons are named; none does any more."""
    import numpy as np

    from trapstreet.forget.domain.identities import By
    from trapstreet.store import catalogue

    named = [each for each in identities if each.by is not By.KEY]
    found = [np.empty(0, dtype=np.uint64)]
    for data_set in data_sets:
        columns = catalogue.columns_of(data_set)
        for identity in named:
            kind, forms = identity.forms(columns)
            key = workspace.ring.fingerprint_key(kind, data_set.epoch)
            found.append(fingerprints_of(key, kind, forms))
    return memory_of(workspace).erase(np.unique(np.concatenate(found)))
