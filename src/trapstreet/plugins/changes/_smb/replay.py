"""Past uses of shares, judged by the lists of rights as they are and as they would be.

Who opened a file goes on reading it, with all that reading takes, and goes on listing the folders above it,
as far as the lists let them now. A file that is gone is judged by what its folder hands down to new ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change, Key
from trapstreet.core.model.rights import Bits
from trapstreet.plugins.changes._smb.accounts import Accounts
from trapstreet.plugins.changes._smb.changes import Part, forward, parts_of
from trapstreet.plugins.changes._smb.judge import judge_of
from trapstreet.plugins.changes._smb.things import After, Edit, Thing, Things, above_of, roots_of

_MOST_ASKED = 100_000
_Asked = tuple[tuple[Thing, ...], tuple[tuple[Key, tuple[str, ...]], ...]]


class Ground(NamedTuple):
    """Where uses were made.  folders: by the name that people find each by"""

    things: Things
    folders: Mapping[str, Thing]
    accounts: Accounts
    host: str


class SmbReplay:
    """Uses that were looked at as things are now."""

    def __init__(self, ground: Ground, uses: Sequence[PastUse], changes: Sequence[Change]) -> None:
        self.uses, self.unproven = uses, dict[int, str]()
        self._things, self._folders, self._accounts, self._host = ground
        self._judge = judge_of(self._accounts.people)
        self._called, self._things_at = cache(self._accounts.called), cache(self._where)
        self._readers, self._near_to = cache(self._reading), cache(self._changes_along)
        self._known: dict[tuple[Key, tuple[str, ...]], dict[Thing, list[Part]]] = {}
        self._to_come: dict[Thing, Thing] = {}
        self._of_use: dict[int, tuple[Bits, tuple[Thing, ...]]] = {}
        self._numbers: dict[Thing, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._needs: dict[Thing, Bits] = defaultdict(int)
        self._barred: dict[Thing, list[int]] = defaultdict(list)
        self._bars: set[int] = set()
        self._asked: dict[_Asked, list[tuple[Thing, Bits]]] = {}
        for number, use in enumerate(uses):
            self._look_at(number, use)
        self._spread()
        self._near: dict[Thing, set[Key]] = defaultdict(set)
        for change in changes:
            for thing in self._parts(change):
                self._near[thing].add(change.key)

    def blocked(self, changes: Sequence[Change]) -> dict[int, str]:
        """The uses that fail with changes made, and why."""
        edits = self._edits(changes)
        after = After(edits)
        found: dict[int, str] = {}
        changed = after.changes()
        for thing in [*changed, *self._new_files(changed)]:
            needs = self._needs.get(thing, 0)
            if needs and (lost := needs & self._lost(thing, after)):
                found |= dict.fromkeys(self._by(thing, lost), self._why(thing))
        lists = {*changed}
        for number in self._barred_below(roots_of(edits)):
            _, those = self._of_use[number]
            if any(each in lists for thing in those for each in (thing, *above_of(thing))):
                found[number] = self._would_change(number)
        return found

    def blocked_of(self, uses: Iterable[int], changes: Sequence[Change]) -> dict[int, str]:
        """Of some uses, those that fail with changes made, and why."""
        return {number: why for number in uses if (why := self._fails(number, changes))}

    def blocks(self, use: int, changes: Sequence[Change]) -> bool:
        """Whether one use fails with changes made."""
        return bool(self._fails(use, changes))

    def near(self, use: int) -> frozenset[Key]:
        """Changes on what was used, and on the folders above it."""
        if use not in self._of_use:
            return frozenset()
        return self._near_to(self._of_use[use][1])

    def asks_as(self, use: int, change: Change) -> tuple[str, ...]:
        """The account."""
        return self._accounts.names_of(self._of_use[use][0]) if use in self._of_use else ()

    def _look_at(self, number: int, use: PastUse) -> None:
        """See who it was, and whether the list of what was used lets them read."""
        bit, why = self._called(use.who)
        things = self._things_at(use.on)
        if not things:
            self.unproven[number] = "it is not known which file it was"
            return
        self._of_use[number] = bit, things
        if why:
            self._bar(number, things, why)
            return
        for thing in things:
            if thing.rights is None:
                self._bar(number, things, "the rights on it are not known")
                return
            surely, perhaps = self._readers(thing)
            if perhaps & bit:
                self._bar(number, things, "nobody can tell from the rights alone whether it may read it")
                return
            if not surely & bit and not bit & self._accounts.mighty:
                self.unproven[number] = "its list does not let it read today either"
        if number not in self.unproven:
            for thing in things:
                self._numbers[thing][bit.bit_length() - 1].append(number)
                self._needs[thing] |= bit

    def _where(self, on: tuple[tuple[str, ...], ...]) -> tuple[Thing, ...]:
        return tuple(dict.fromkeys(filter(None, map(self._thing, on))))

    def _reading(self, thing: Thing) -> tuple[Bits, Bits]:
        """Who reads a thing as it is: surely, and perhaps."""
        return self._judge(thing.owner, thing.rights.entries)[0] if thing.rights else (0, 0)

    def _changes_along(self, things: tuple[Thing, ...]) -> frozenset[Key]:
        along = {each for thing in things for each in (thing, *above_of(thing))}
        return frozenset[Key]().union(*(self._near.get(each, ()) for each in along))

    def _bar(self, number: int, things: Iterable[Thing], why: str) -> None:
        """Note that nothing is to change on what a use names."""
        self.unproven[number] = why
        self._bars.add(number)
        for thing in things:
            self._barred[thing].append(number)

    def _thing(self, path: tuple[str, ...]) -> Thing | None:
        """What a path of a log is: a file, or what a new one would be in its folder, or the nearest above."""
        folder, name = (path[0], path[1] if len(path) > 1 else "") if path else ("", "")
        here = self._folder(folder)
        if here is None and (share := self._folder(f"{folder}/{name}")):
            return share
        if here is not None and name:
            base = f"{here.path}/" if here.path else ""
            if (found := self._file(here, base + name)) is not None:
                return found
        while here is None and folder.count("/") > 2:
            folder = folder.rpartition("/")[0]
            here = self._folder(folder)
        if here is None or here.rights is None:
            return here
        if here not in self._to_come:
            self._to_come[here] = here.new_file()
        return self._to_come[here]

    def _folder(self, name: str) -> Thing | None:
        return self._folders.get(name) or self._folders.get(name.casefold())

    def _file(self, folder: Thing, path: str) -> Thing | None:
        found = self._things.at.get((folder.share, path))
        return found or self._things.whatever_case.get((folder.share, path.casefold()))

    def _spread(self) -> None:
        """Let folders know who used what lies in them."""
        for thing, virtual in self._to_come.items():
            self._needs[thing] |= self._needs.get(virtual, 0)
        for thing in reversed(self._things.all):
            if thing.above is not None and (bits := self._needs.get(thing)):
                self._needs[thing.above] |= bits

    def _parts(self, change: Change) -> dict[Thing, list[Part]]:
        known = change.key, change.to
        if known not in self._known:
            self._known[known] = parts_of(self._things, [change], self._host)
        return self._known[known]

    def _edits(self, changes: Iterable[Change]) -> dict[Thing, Edit]:
        found: dict[Thing, list[Part]] = defaultdict(list)
        for change in changes:
            for thing, parts in self._parts(change).items():
                found[thing] += parts
        return {thing: forward(parts) for thing, parts in found.items()}

    def _lost(self, thing: Thing, after: After) -> Bits:
        """Who no longer has what they have now of what it takes to read a thing."""
        then = after.of(thing)
        if thing.rights is None or then is None or then is thing.rights:
            return 0
        lost: Bits = 0
        before, now = (self._judge(thing.owner, each.entries) for each in (thing.rights, then))
        for (had, may_have), (has, _) in zip(before, now, strict=True):
            lost |= had & ~has | may_have
        return lost & ~self._accounts.mighty

    def _fails(self, number: int, changes: Iterable[Change]) -> str:
        """Why a use fails with changes made; "" if it does not."""
        if number not in self._of_use or (number in self.unproven and number not in self._bars):
            return ""
        bit, things = self._of_use[number]
        near = self._near_to(things)
        lost = self._lost_along(things, tuple(each for each in changes if each.key in near))
        if number in self._bars:
            return self._would_change(number) if lost else ""
        return next((self._why(thing) for thing, who in lost if who & bit), "")

    def _lost_along(self, things: tuple[Thing, ...], changes: tuple[Change, ...]) -> list[tuple[Thing, Bits]]:
        """The lists that changes alter of things and the folders above, each with who loses by that."""
        asked = things, tuple((each.key, each.to) for each in changes)
        if asked not in self._asked:
            if len(self._asked) > _MOST_ASKED:
                self._asked.clear()
            after = After(self._edits(changes))
            chain = (each for thing in things for each in (*reversed([*above_of(thing)]), thing))
            changed = [each for each in chain if after.of(each) is not each.rights]
            self._asked[asked] = [(each, self._lost(each, after)) for each in changed]
        return self._asked[asked]

    def _new_files(self, changed: Iterable[Thing]) -> Iterator[Thing]:
        return (self._to_come[each] for each in changed if each in self._to_come)

    def _by(self, thing: Thing, who: Bits) -> Iterator[int]:
        """The uses by some of a thing, or of what lies in it."""
        waiting = [thing]
        while waiting:
            each = waiting.pop()
            if not self._needs.get(each, 0) & who:
                continue
            for principal, numbers in self._numbers.get(each, {}).items():
                if who >> principal & 1:
                    yield from numbers
            waiting += each.below
            waiting += [self._to_come[each]] if each in self._to_come else []

    def _barred_below(self, roots: Iterable[Thing]) -> Iterator[int]:
        those = {*roots}
        for thing, numbers in self._barred.items():
            if any(each in those for each in (thing, *above_of(thing))):
                yield from numbers

    def _why(self, thing: Thing) -> str:
        what = thing.path or thing.share
        return f"it may not list the folder {what}" if thing.is_folder else f"it may not read it in {what}"

    def _would_change(self, number: int) -> str:
        return f"rights on it would change, and {self.unproven[number]}"
