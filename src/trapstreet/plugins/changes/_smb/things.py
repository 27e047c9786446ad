"""Folders and files of shares with their lists of rights, and what becomes of lists when some are changed.

A list that is changed on a folder changes those below it that inherit from it, as Windows' own tools do that:
what is handed down is worked out anew, down to where nothing is inherited.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property

from trapstreet.plugins._smb.descriptors import Entry, descriptor_of
from trapstreet.plugins._smb.lists import Rights, handed_down, packed, rights_of
from trapstreet.plugins._smb.map import Instead
from trapstreet.plugins._smb.walk import Folder

Edit = Callable[[tuple[Entry, ...]], tuple[Entry, ...]]
"""What becomes of a thing's own entries."""


class Thing:
    """A folder, or files of one folder with the same owner and list.

    names   of the files; () where it is a folder;  path  of the folder, in its share
    rights  None where they are not told, or cannot be written as they are
    whole   of a folder: all that lies in it is known
    """

    __slots__ = (
        "above",
        "below",
        "folder",
        "follows",
        "names",
        "owner",
        "path",
        "rights",
        "share",
        "told",
        "whole",
    )

    def __init__(
        self,
        folder: Folder,
        above: "Thing | None",
        told: bytes | None,
        names: tuple[str, ...] = (),
    ) -> None:
        self.folder, self.above, self.names = folder, above, names
        self.share, self.path = folder.share, folder.path
        self.told, self.whole = told, not folder.unread
        self.owner, self.rights = _taken_apart(told)
        self.below: list[Thing] = []
        self.follows = False
        """Whether what it inherited is just what its folder hands down."""
        if above and above.rights and self.rights and not self.rights.protected:
            self.follows = self.rights.inherited == self.inherits(above.rights)

    @property
    def is_folder(self) -> bool:
        return not self.names

    @property
    def is_protected(self) -> bool:
        return self.rights is not None and self.rights.protected

    def inherits(self, of: Rights) -> tuple[Entry, ...]:
        """What a list of its folder hands down to it."""
        return handed_down(of.entries, owner=self.owner, folder=self.is_folder)

    def paths(self) -> Iterator[str]:
        """Where it is in its share: of files, each one."""
        base = f"{self.path}/" if self.path else ""
        return (base + name for name in self.names) if self.names else iter((self.path,))

    def new_file(self) -> "Thing":
        """What a new file in a folder would be; it is none of those that lie in it."""
        handed = handed_down(self.rights.entries if self.rights else (), owner="", folder=False)
        folder = Folder(self.share, self.path)
        return Thing(folder, self, packed(Rights((), handed)), ("",))


def _taken_apart(told: bytes | None) -> tuple[str, Rights | None]:
    if told is None:
        return "", None
    try:
        return descriptor_of(told).owner, rights_of(told)
    except ValueError:
        return "", None


class Things:
    """All that was read below some folders of a server.

    apart  (share, path) of files each of which is a thing of its own
    """

    def __init__(self, folders: Iterable[Folder], apart: Collection[tuple[str, str]] = ()) -> None:
        self.all: list[Thing] = []
        """Folders before what lies in them."""
        self._of: dict[int, Thing] = {}
        for folder in folders:
            above = self._of.get(id(folder.above))
            thing = self._of[id(folder)] = self._put(Thing(folder, above, folder.rights))
            base = f"{folder.path}/" if folder.path else ""
            for told in folder.files:
                together = []
                for name in folder.names.get(told, ()):
                    if (folder.share, base + name) in apart:
                        self._put(Thing(folder, thing, told, (name,)))
                    else:
                        together.append(name)
                if together:
                    self._put(Thing(folder, thing, told, tuple(together)))

    def _put(self, thing: Thing) -> Thing:
        self.all.append(thing)
        if thing.above is not None:
            thing.above.below.append(thing)
        return thing

    @cached_property
    def at(self) -> Mapping[tuple[str, str], Thing]:
        """By share and path."""
        return {(each.share, path): each for each in self.all for path in each.paths()}

    @cached_property
    def whatever_case(self) -> Mapping[tuple[str, str], Thing]:
        """By share and path, in lower case: so Windows finds them."""
        return {(share, path.casefold()): each for (share, path), each in self.at.items()}

    @cached_property
    def sound(self) -> frozenset[Thing]:
        """What can be changed without anything else being changed that is not known: files, and folders all
        below which inherits what it should, down to where nothing is inherited."""
        unsound: set[Thing] = set()
        for each in reversed(self.all):
            if each.rights is None or (each.is_folder and not each.whole):
                unsound.add(each)
            if each.above is not None and not each.is_protected and (each in unsound or not each.follows):
                unsound.add(each.above)
        return frozenset(each for each in self.all if each not in unsound)


class After:
    """Lists after some were changed. Ask for a folder's before those of what lies in it."""

    def __init__(self, edits: Mapping[Thing, Edit]) -> None:
        self._edits = edits
        self._known: dict[Thing, Rights | None] = {}

    def of(self, thing: Thing) -> Rights | None:
        """Its list; the same object as it has now where nothing changes."""
        if thing in self._known:
            return self._known[thing]
        rights, above = thing.rights, thing.above
        if rights is not None:
            own, inherited = rights.own, rights.inherited
            if thing in self._edits:
                own = self._edits[thing](own)
            if above is not None and thing.follows:
                then = self._known.get(above, above.rights)
                if then is not above.rights and then is not None:
                    inherited = thing.inherits(then)
            if (own, inherited) != (rights.own, rights.inherited):
                rights = rights._replace(own=own, inherited=inherited)
        self._known[thing] = rights
        return rights

    def changes(self) -> list[Thing]:
        """All that have another list, folders before what lies in them."""
        found: list[Thing] = []
        for root in roots_of(self._edits):
            waiting = [root]
            while waiting:
                each = waiting.pop()
                if self.of(each) is not each.rights:
                    found.append(each)
                waiting += each.below
        return found


def instead(after: After) -> Instead:
    """What a server would tell, where it is something else then."""
    found = {}
    for each in after.changes():
        if rights := after.of(each):
            found[id(each.folder), None if each.is_folder else each.told] = packed(rights, each.owner)
    return found


def roots_of(things: Iterable[Thing]) -> list[Thing]:
    """Those of some things that lie in none of the others."""
    every = {*things}
    return [each for each in every if not any(above in every for above in above_of(each))]


def above_of(thing: Thing) -> Iterator[Thing]:
    """The folders that a thing lies in, the nearest first."""
    above = thing.above
    while above is not None:
        yield above
        above = above.above
