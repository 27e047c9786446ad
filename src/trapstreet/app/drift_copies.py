"""Tables and files that came since the last look at a place, and look like ones that were known then."""

from collections.abc import Collection

from trapstreet.access import Drifted
from trapstreet.access.domain.copies import Likeness, copy_of
from trapstreet.access.domain.reached import Side, Unit
from trapstreet.app.discovered import found_in_order, holdings_at, is_looked_at, place_of
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.inventories import lies_in
from trapstreet.core.model.rights import Rights


class Arrived:
    """What of all that is known of a place has come since a look at it.

    label  what the place is called;  fresh  its tables and folders that are new
    last   the number, of the order in which things were found, that was the last one at that look; 0: the
           place was not known then, and only what is in new tables and folders is new
    """

    def __init__(self, label: str, now: Rights, *, fresh: Collection[Unit], last: int) -> None:
        self._now, self._fresh, self._label = now, fresh, label
        self._order = found_in_order(place_of(label))
        holdings = [each for each in holdings_at(place_of(label)) if not each.log_of]  # its database is told
        self._holdings = sorted(holdings, key=lambda each: (self._number(each), each.path))
        there = {each.unit for each in now.resources}
        self._new = [
            each
            for each in holdings
            if (unit := self._unit(each)) in there
            and (unit in fresh or (now.of_files and 0 < last < self._number(each)))
        ]

    @property
    def last(self) -> int:
        """As above, for the next look."""
        known = any(lies_in(each.path, self._label) for each in self._holdings)
        return max(self._order.values(), default=0) if known and is_looked_at(place_of(self._label)) else 0

    @property
    def unseen(self) -> list[Unit]:
        """What is new, and nobody has looked into."""
        seen = {self._unit(each) for each in self._holdings}
        return [each for each in self._fresh if each not in seen]

    def copies(self) -> list[Drifted]:
        """What is new and looks like something that was known; of several that are alike that is the one
        which was found first."""
        if not self._new:
            return []
        new = {each.path for each in self._new}
        known = Likeness(each for each in self._holdings if each.path not in new)
        pairs = [(each, like) for each in self._new if (like := known.of(each))]
        side = Side(self._now) if pairs else None
        return [copy_of(side, each, like) for each, like in pairs] if side else []

    def _number(self, holding: Holding) -> int:
        return self._order.get(holding.path[:2] if self._now.of_files else holding.path, 0)

    def _unit(self, holding: Holding) -> Unit:
        return holding.path[:1] if self._now.of_files else holding.path
