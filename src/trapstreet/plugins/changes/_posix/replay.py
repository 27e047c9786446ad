"""Past uses of files looked at once more by the rules of acl(5), with rights taken away.

Nobody can ask whether a file would be read or written then, so a use counts as needing all that its person
has there today: to come into each folder above it, and to read it. Rights to write are never taken away.
Through a link it needs what lies there, as the link is now, and to come into the folders on the way. What
was done with root's rights needs nothing of its person's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change, Key
from trapstreet.core.model.rights import Bits
from trapstreet.plugins._posix_way import WaysInto
from trapstreet.plugins.changes._posix.judging import Judge, Spot
from trapstreet.plugins.changes._posix.tree import Kept

Need = tuple[Spot, int]
"""A spot that somebody has to pass: to come into a folder, or to read files of some rights in it."""

GONE = "no such file is there"
NO_PATH = "the log does not say which file it was"
NOT_LISTED = "this system lists no such user"
NOT_TODAY = "it could not be read today either"


class PosixReplay:
    """Past uses of a tree."""

    def __init__(
        self, judge: Judge, ways: WaysInto, uses: Sequence[PastUse], number_of: Mapping[str, int]
    ) -> None:
        self._judge, self._ways = judge, ways
        self.unproven: dict[int, str] = {}
        self._needs: dict[int, tuple[Need, ...]] = {}
        self._uses: dict[Need, list[int]] = {}
        self._held: dict[int, frozenset[Key]] = {}
        self._by_need: dict[Need, frozenset[Key]] = {}
        self._all_at: dict[Spot, frozenset[Key]] = {}
        self._who = [each.who for each in uses]
        self._names: dict[int, dict[str, Kept]] = {}
        for n, use in enumerate(uses):
            self._take(n, use, number_of)
        self._bits: dict[Spot, Bits] = {}
        for spot, who in self._uses:
            self._bits[spot] = self._bits.get(spot, 0) | 1 << who

    def blocked(self, changes: Sequence[Change]) -> dict[int, str]:
        """Of all uses, those that fail when the changes are made, and why."""
        guards = self._judge.guards_with(changes)
        moved = any(kept is None for _, kept in guards)
        enters = self._judge.entering_with(guards) if moved else self._judge.enters
        found: dict[int, str] = {}
        for spot, those in self._bits.items():
            lost = those & ~enters[spot[0]]
            if spot[1] is not None and (asked := guards.get(spot)):
                lost |= those & ~self._judge.reading(asked)
            while lost:
                who = lost.bit_length() - 1
                lost ^= 1 << who
                found |= dict.fromkeys(self._uses[spot, who], "permission denied")
        made = {each.key for each in changes}
        for n, near in self._held.items():
            if not made.isdisjoint(near):
                found[n] = self.unproven[n]
        return found

    def blocks(self, use: int, changes: Sequence[Change]) -> bool:
        """Whether one use fails when the changes are made."""
        if use in self._held:
            return not self._held[use].isdisjoint(each.key for each in changes)
        near = self.near(use)
        guards = self._judge.guards_with(each for each in changes if each.key in near)
        for (number, kept), who in self._needs.get(use, ()) if guards else ():
            asked = None if kept is None else guards.get((number, kept))
            if asked and not self._judge.reading(asked) >> who & 1:
                return True
            for each in self._judge.tree.chain(number):
                if (asked := guards.get((each, None))) and not self._judge.entering(asked) >> who & 1:
                    return True
        return False

    def near(self, use: int) -> frozenset[Key]:
        """The changes by which somebody passes where the use needs it; no others matter."""
        if use in self._held:
            return self._held[use]
        needs = self._needs.get(use, ())
        if len(needs) == 1:
            return self._near(needs[0])
        return frozenset().union(*map(self._near, needs))

    def blocked_of(self, uses: Iterable[int], changes: Sequence[Change]) -> dict[int, str]:
        """Of some uses, those that fail when the changes are made, and why."""
        blocked = self.blocked(changes)
        return {each: blocked[each] for each in uses if each in blocked}

    def asks_as(self, use: int, change: Change) -> tuple[str, ...]:
        """Who used a file needs the right for itself."""
        return (self._who[use],)

    def pairs(self) -> Iterator[Need]:
        """Each spot and person of which there are uses that pass today."""
        return iter(self._uses)

    def _near(self, need: Need) -> frozenset[Key]:
        found = self._by_need.get(need)
        if found is None:
            spot, who = need
            keys = [*self._judge.keys_at(spot, who)] if spot[1] is not None else []
            for each in self._judge.tree.chain(spot[0]):
                keys += self._judge.keys_at((each, None), who)
            found = self._by_need[need] = frozenset(keys)
        return found

    def _take(self, n: int, use: PastUse, number_of: Mapping[str, int]) -> None:
        if use.as_root:
            return
        for path in use.on or ((),):
            if len(path) != 2:
                self.unproven[n] = NO_PATH
                continue
            passed, folder, name = self._found(*path)
            who = number_of.get(use.who)
            nearest = self._nearest(folder) if folder else -1
            if who is None:
                self.unproven[n] = NOT_LISTED
                self._hold(n, [*passed, nearest], nearest, name)
                continue
            self._pass(n, passed, who)
            if folder and folder not in self._judge.tree.number:
                self.unproven[n] = GONE
                inside = nearest >= 0 and self._judge.enters[nearest] >> who & 1
                self._need(n, [((nearest, None), who)] if inside else [])
            elif folder:
                self._judged(n, nearest, name, who)

    def _found(self, folder: str, name: str) -> tuple[set[int], str, str]:
        """Where a path of a log ends, "" for elsewhere; and through which folders, but for those above the
        end and each other."""
        tree = self._judge.tree
        number = tree.number.get(folder)
        if number is not None and (
            self._kept(number, name) is not None or f"{folder.rstrip('/')}/{name}" in tree.number
        ):
            return set(), folder, name
        passed, end = self._ways.way(folder, name)
        folder, _, name = end.rpartition("/")
        folder = folder or "/" if end else ""
        numbers = {tree.number[each] for each in passed if each in tree.number}
        above = {each for one in numbers for each in tree.chain(tree.folders[one].above)}
        return numbers - above - {*tree.chain(self._nearest(folder) if folder else -1)}, folder, name

    def _pass(self, n: int, passed: Iterable[int], who: int) -> None:
        """Who goes through folders goes on doing so."""
        for each in passed:
            if self._judge.enters[each] >> who & 1:
                self._need(n, [((each, None), who)])
            else:
                self.unproven[n] = NOT_TODAY

    def _judged(self, n: int, number: int, name: str, who: int) -> None:
        kept = self._kept(number, name)
        inside = self._judge.enters[number] >> who & 1
        folder = self._judge.tree.number.get(f"{self._judge.tree.folders[number].path.rstrip('/')}/{name}")
        if folder is not None:
            inside = self._judge.enters[folder] >> who & 1
            self._need(n, [((folder, None), who)] if inside else [])
            if not inside:
                self.unproven[n] = NOT_TODAY
        elif kept is None:
            self.unproven[n] = GONE
            spots: list[Spot] = [(number, None)]
            spots += [(number, each) for each in self._judge.tree.folders[number].files]
            self._need(n, [(spot, who) for spot in spots if inside and self._reads(spot, who)])
        elif inside and self._reads((number, kept), who):
            self._need(n, [((number, kept), who)])
        else:
            self.unproven[n] = NOT_TODAY
            self._need(n, [((number, None), who)] if inside else [])

    def _reads(self, spot: Spot, who: int) -> bool:
        asked = self._judge.guard(spot)
        return spot[1] is None or (asked is not None and bool(self._judge.reading(asked) >> who & 1))

    def _need(self, n: int, needs: list[Need]) -> None:
        known = self._needs.get(n)
        self._needs[n] = tuple(needs) if known is None else (*known, *needs)
        for need in needs:
            self._uses.setdefault(need, []).append(n)

    def _hold(self, n: int, passed: Iterable[int], number: int, name: str) -> None:
        """Nothing is to change on the way to a file, or on the file: who it was is not known."""
        spots: list[Spot] = [(each, None) for one in passed for each in self._judge.tree.chain(one)]
        if number >= 0:
            kept, files = self._kept(number, name), self._judge.tree.folders[number].files
            spots += [(number, each) for each in files if kept in (None, each)]
        self._held[n] = self._held.get(n, frozenset()).union(*map(self._all, spots))

    def _all(self, spot: Spot) -> frozenset[Key]:
        if spot not in self._all_at:
            self._all_at[spot] = frozenset(self._judge.keys_at(spot))
        return self._all_at[spot]

    def _nearest(self, folder: str) -> int:
        """The folder that is there, in which another one is or was; -1 for none."""
        known = self._judge.tree.number
        while folder not in known and len(folder) > len(self._judge.tree.top):
            folder = folder.rpartition("/")[0] or "/"
        return known.get(folder, -1)

    def _kept(self, number: int, name: str) -> Kept | None:
        """The rights of a file; None where there is none of that name."""
        names = self._names.get(number)
        if names is None:
            files = self._judge.tree.folders[number].files
            names = self._names[number] = {each: kept for kept, those in files.items() for each in those}
        return names.get(name)
