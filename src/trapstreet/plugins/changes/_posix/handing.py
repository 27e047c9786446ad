"""Parts of rights on files that go to a few as entries of a list, as they are taken from the many."""

from collections.abc import Sequence
from dataclasses import replace

from trapstreet.core.model.changes import Change
from trapstreet.plugins._posix_acl import MASK, Entry, entries
from trapstreet.plugins.changes._posix.judging import EVERY, Judge, Spot, turns
from trapstreet.plugins.changes._posix.statements import lines
from trapstreet.plugins.changes._posix.tree import Kept
from trapstreet.plugins.changes._posix.turns import Given, Ungiven


class Handing:
    """Hands over what a judge says can be taken away."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def reversible(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that give nobody more, and come back as it was, one a spot.

        Left out is what would replace an entry of a list, or would need a wider mask.
        """
        found: dict[Spot, Change] = {}
        for each in changes:
            cut = self._judge.cuts[each.key]
            number, kept = cut.spot
            rights, asked = kept or self._judge.tree.folders[number].kept, self._judge.guard(cut.spot)
            given = self._judge.given(cut, each.to)
            there = {(one.tag, one.who) for one in entries(rights.acl)} if rights.acl else set()
            wider = any(may & ~mask_with(rights, ()) for may in given.values()) if rights.acl else False
            if asked is None or cut.spot in found or wider or there.intersection(given):
                continue
            after = self._judge.guards_with([each])[cut.spot]
            if not any(self._judge.passing(after, bit) & ~self._judge.passing(asked, bit) for bit in EVERY):
                found[cut.spot] = self._written(each)
        return [*found.values()]

    def _written(self, change: Change) -> Change:
        """A change with the statements by which some keep the right, as entries of a list."""
        cut = self._judge.cuts[change.key]
        number, kept = cut.spot
        folder = self._judge.tree.folders[number]
        paths = self._judge.paths(cut.spot)
        rights = kept or folder.kept
        named = tuple(Entry(tag, may, who) for (tag, who), may in self._judge.given(cut, change.to).items())
        take, give = turns(rights, cut.label, cut.what, listed=True)
        both = (
            (Given(named, mask_with(rights, named)), take),
            (Ungiven(tuple((each.tag, each.who) for each in named), bare=not rights.acl), give),
        )
        forward, back = (tuple(line for turn in some for line in lines(turn, paths)) for some in both)
        return replace(change, forward=forward, back=back)


def mask_with(kept: Kept, named: Sequence[Entry]) -> int:
    """The mask of a list when some entries were added: the one that there is, or what all of them need."""
    if kept.acl:
        return next((each.may for each in entries(kept.acl) if each.tag == MASK), 7)
    mask = kept.mode >> 3 & 7
    for each in named:
        mask |= each.may
    return mask
