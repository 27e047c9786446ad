"""Who gets to which files of a tree, with some of its rights taken away."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from trapstreet.core.model.changes import FOLDER, PUBLIC, Change, Key
from trapstreet.core.model.rights import FILES, Bits, bits_of
from trapstreet.core.model.words import counted
from trapstreet.plugins._posix_acl import GROUP, USER, Entry, entries
from trapstreet.plugins._posix_guards import (
    ENTER,
    OTHERS,
    OWNING_GROUP,
    READ,
    Guard,
    Label,
    labelled,
    naming,
    part_of,
    those_passing,
    without,
)
from trapstreet.plugins._posix_people import Listed
from trapstreet.plugins.changes._posix.statements import lines
from trapstreet.plugins.changes._posix.tree import Kept, Tree, bits_text
from trapstreet.plugins.changes._posix.turns import NOBODY, Mode, Part, Turn

EVERY = (READ, 2, ENTER)

Spot = tuple[int, Kept | None]
"""A folder by its number; or its files of some rights."""


class Cut(NamedTuple):
    """What a change takes away: which part of the rights at a spot."""

    spot: Spot
    label: Label

    @property
    def what(self) -> int:
        return ENTER if self.spot[1] is None else READ


class Judge:
    """A tree's rights as they are, and what can be taken away of them.

    enters  by folder: who may come into it;  cuts  by key: what each change takes away, those above first
    """

    def __init__(self, tree: Tree, listed: Listed, above: Sequence[Guard]) -> None:
        self.tree, self.listed = tree, listed
        people = listed.people
        self.logs_in = bits_of(n for n, each in enumerate(listed.principals) if each.logs_in)
        self.passing = cache(lambda asked, what: those_passing(asked, what, people))
        self.entering = cache(lambda asked: those_passing(asked, ENTER, people))
        self.reading = cache(lambda asked: those_passing(asked, READ, people))
        self.labelled = cache(lambda asked, what: labelled(asked, what, people))
        self._has = cache(self._entry)
        self._outside = people.everybody
        for each in above:
            self._outside &= self.entering(each)
        self.enters = self.entering_with({})
        self.cuts: dict[Key, Cut] = {}
        self._at: dict[Spot, dict[Label, Key]] = {}

    def guard(self, spot: Spot) -> Guard | None:
        """What guards a spot."""
        number, kept = spot
        return self.tree.folders[number].guard if kept is None else self.tree.guard(kept)

    def entering_with(self, guards: Mapping[Spot, Guard]) -> list[Bits]:
        """By folder: who may come into it, where some spots have other guards."""
        enters: list[Bits] = []
        for number, each in enumerate(self.tree.folders):
            asked = guards.get((number, None)) or each.guard
            before = enters[each.above] if each.above >= 0 else self._outside
            enters.append(before & self.entering(asked) if asked else 0)
        return enters

    def guards_with(self, changes: Iterable[Change]) -> dict[Spot, Guard]:
        """The guards of the spots that some changes are of, when these are made."""
        guards: dict[Spot, Guard] = {}
        for each in changes:
            cut = self.cuts[each.key]
            asked = guards.get(cut.spot) or self.guard(cut.spot)
            if asked is not None:
                asked = without(asked, cut.label, cut.what)
                guards[cut.spot] = naming(asked, self.given(cut, each.to)) if each.to else asked
        return guards

    def given(self, cut: Cut, to: Iterable[str]) -> dict[Label, int]:
        """By user or group: what each of some has at a spot today, which an entry of their own is to give."""
        asked = self.guard(cut.spot)
        return {} if asked is None else dict(filter(None, (self._has(asked, cut.label, name) for name in to)))

    def keys_at(self, spot: Spot, who: int | None = None) -> Iterator[Key]:
        """The changes of a spot; those alone by which somebody passes there."""
        at, asked = self._at.get(spot), self.guard(spot)
        if not at or asked is None:
            return
        if who is None:
            yield from at.values()
            return
        for label, those in self.labelled(asked, ENTER if spot[1] is None else READ):
            if label in at and those >> who & 1:
                yield at[label]

    def changes(self) -> list[Change]:
        """Every part of a right to enter or read by which somebody who can log in reads something."""
        found = []
        below = self._readers_below()
        for number, folder in enumerate(self.tree.folders):
            outside = self.enters[folder.above] if folder.above >= 0 else self._outside
            spots: list[tuple[Spot, Bits, Sequence[str]]] = [((number, None), outside & below[number], ())]
            spots += [
                ((number, kept), self.enters[number], names)
                for kept, names in folder.files.items()
                if kept.alone
            ]
            for spot, those, names in spots:
                asked = self.guard(spot)
                for label, passing in (
                    self.labelled(asked, ENTER if spot[1] is None else READ) if asked else ()
                ):
                    if passing & those & self.logs_in and (change := self._change(spot, label, names)):
                        found.append(change)
        return found

    def _entry(self, asked: Guard, label: Label, name: str) -> tuple[Label, int] | None:
        """The entry by which somebody keeps what they have by one part of a guard; a user, all they have."""
        uid, gid = self.listed.numbers_of(name)
        if uid is not None:
            who = self.listed.people.user(uid)
            return (USER, uid), sum(bit for bit in EVERY if self.passing(asked, bit) & who)
        return None if gid is None else ((GROUP, gid), part_of(asked, label))

    def lean(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes by which somebody who can log in loses something that those above leave."""
        by_spot: dict[Spot, list[Change]] = {}
        for each in changes:
            by_spot.setdefault(self.cuts[each.key].spot, []).append(each)
        below = self._readers_below()
        enters: list[Bits] = []
        found: set[Key] = set()
        for number, folder in enumerate(self.tree.folders):
            outside = enters[folder.above] if folder.above >= 0 else self._outside
            here: Spot = number, None
            inside = outside & self.entering(folder.guard) if folder.guard else 0
            if cut := by_spot.get(here):
                inside &= self._taking(here, cut, inside & below[number], found)
            enters.append(inside)
            for kept in folder.files:
                if cut := by_spot.get((number, kept)):
                    self._taking((number, kept), cut, inside, found)
        return [each for each in changes if each.key in found]

    def _taking(self, spot: Spot, changes: Sequence[Change], those: Bits, found: set[Key]) -> Bits:
        """Who still passes a spot; the changes that take something from `those` are among the found."""
        asked = self.guard(spot)
        if asked is None:
            return 0
        what = ENTER if spot[1] is None else READ
        left = self.passing(self.guards_with(changes)[spot], what)
        lost = self.passing(asked, what) & ~left & those & self.logs_in
        parts = dict(self.labelled(asked, what))
        useful = [each for each in changes if parts[self.cuts[each.key].label] & lost]
        found.update(each.key for each in useful)
        return self.passing(self.guards_with(useful)[spot] if useful else asked, what)

    def _readers_below(self) -> list[Bits]:
        """By folder: who reads something in it or below."""
        below: list[Bits] = [0] * len(self.tree.folders)
        for number in range(len(below) - 1, -1, -1):
            folder = self.tree.folders[number]
            for kept in folder.files:
                asked = self.tree.guard(kept)
                below[number] |= self.enters[number] & self.reading(asked) if asked else 0
            if folder.above >= 0:
                below[folder.above] |= below[number]
        return below

    def _change(self, spot: Spot, label: Label, names: Sequence[str]) -> Change | None:
        number, kept = spot
        folder = self.tree.folders[number]
        paths = self.paths(spot)
        of = self._name(kept or folder.kept, label)
        what = ENTER if kept is None else READ
        take, give = turns(kept or folder.kept, label, what)
        right = f"read {counted(len(names), 'file')} {_shown(kept)}" if kept else "enter"
        token = kept.text if kept else "enter"
        key = "\n".join((folder.path, token, f"{label[0]}:{label[1]}"))
        self.cuts[key] = Cut(spot, label)
        self._at.setdefault(spot, {})[label] = key
        return Change(
            key,
            folder.path,
            (folder.path,),
            FILES if kept else FOLDER,
            right,
            of,
            tuple(lines(take, paths)),
            tuple(lines(give, paths)),
        )

    def paths(self, spot: Spot) -> list[str]:
        number, kept = spot
        folder = self.tree.folders[number]
        within = folder.path.rstrip("/")
        return [folder.path] if kept is None else [f"{within}/{each}" for each in sorted(folder.files[kept])]

    def _name(self, kept: Kept, label: Label) -> str:
        """Whose part of a right it is."""
        tag, who = label
        if tag == OTHERS:
            return PUBLIC
        if tag == USER:
            return self.listed.user_name(who)
        return self.listed.group_name(kept.gid if tag == OWNING_GROUP else who)


def _shown(kept: Kept) -> str:
    return "".join(bits_text(kept.mode >> place & 7) for place in (6, 3, 0)) + ("+" if kept.acl else "")


def turns(kept: Kept, label: Label, what: int, *, listed: bool = False) -> tuple[Turn, Turn]:
    """What takes READ or ENTER from one part of some rights, and what gives it back.

    listed  they have a list, or get one first: then the mode's group bits are its mask
    """
    tag, who = label
    if tag == OTHERS or (tag == OWNING_GROUP and not kept.acl and not listed):
        letter = "o" if tag == OTHERS else "g"
        return Mode(letter, what, gives=False), Mode(letter, what, gives=True)
    number = NOBODY if tag == OWNING_GROUP else who
    if kept.acl:
        may = next(each.may for each in entries(kept.acl) if (each.tag, each.who) == (tag, number))
    else:
        may = kept.mode >> 3 & 7
    return Part(Entry(tag, may & ~what, number)), Part(Entry(tag, may, number))
