"""Which uses of decoys were declared beforehand."""

from collections.abc import Iterator

from trapstreet.app.workspace import Workspace
from trapstreet.share import holds
from trapstreet.sightings import Expectation, Used
from trapstreet.store import suppression
from trapstreet.store.models import Copy, ExpectedUse, Pool


class Declared:
    """The uses that were declared of copies and plantings, as they are when this is made."""

    def __init__(self, workspace: Workspace) -> None:
        self._ring = workspace.ring
        self._uses = {owner: list(map(_read, uses)) for owner, uses in suppression.expected_uses().items()}
        self._copies: dict[str, list[Copy]] = {}

    def of(self, used: Used) -> list[Expectation]:
        """Those of the decoy's copy or planting; of a shared decoy those of every copy that holds it."""
        if not self._uses or not used.owner.startswith("pool-"):
            return self._uses.get(used.owner, [])
        return [use for copy in self._holding(used) for use in self._uses[copy.id]]

    def _holding(self, used: Used) -> Iterator[Copy]:
        if used.owner not in self._copies:
            found = Copy.objects.filter(pool=used.owner, id__in=self._uses)
            self._copies[used.owner] = list(found.select_related("pool").defer("cells"))
        for copy in self._copies[used.owner]:
            if isinstance(copy.pool, Pool) and holds(copy, copy.pool, used.at, self._ring):
                yield copy


def _read(use: ExpectedUse) -> Expectation:
    return Expectation(use.what, use.begins_at, use.until, tuple(use.senders))
