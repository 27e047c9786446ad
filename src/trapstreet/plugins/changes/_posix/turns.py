"""Single changes to the rights of one path, each as a command of a shell and as the system call it makes."""

import os
import re
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from trapstreet.plugins._posix_acl import ATTRIBUTE, GROUP, GROUP_OWNER, MASK, USER, Entry, entries
from trapstreet.plugins.changes._posix.tree import bits_text

OWNER, OTHER = 0x01, 0x20
NOBODY = 0xFFFFFFFF
"""Stands in a list where an entry is of no number."""

_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
_BITS = {"r": 4, "w": 2, "x": 1}
_MODE = re.compile(r"chmod ([go])([+-])([rx])")
_LIST = re.compile(r"setfacl -n -([mx]) (\S+)")
_NAMED = re.compile(r"([ugm]):?(\d*)(?::([r-][w-][x-]))?")
_TAGS = {"u": USER, "g": GROUP, "m": MASK}


class Elsewise(Exception):
    """A path is not there any more, is another kind of thing, or has not the entry that is to be changed."""


class Turn(Protocol):
    """What is done to a path. `name` is a name that means it whatever becomes of its path."""

    @property
    def text(self) -> str:
        """The command that does it, without the path."""

    def make(self, name: str) -> None:
        """Do it; nothing is left to do where it was done. Raises Elsewise, OSError."""

    def is_made(self, name: str) -> bool:
        """Whether it was done. Raises Elsewise, OSError."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A bit of the mode: `who` is "g" or "o". Where the path has got a list since, it is that of the owning
    group's entry: the mode has the mask in its place."""

    who: str
    bit: int
    gives: bool

    @property
    def text(self) -> str:
        return f"chmod {self.who}{'+' if self.gives else '-'}{'r' if self.bit == 4 else 'x'}"

    def make(self, name: str) -> None:
        listed = _listed(name)
        if len(listed) > 3:
            _write(name, (self._turned(each) if self._is_it(each) else each for each in listed))
        else:
            path, bit = Path(name), self.bit << 3 if self.who == "g" else self.bit
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | bit if self.gives else mode & ~bit)

    def is_made(self, name: str) -> bool:
        return any(bool(each.may & self.bit) == self.gives for each in _listed(name) if self._is_it(each))

    def _is_it(self, entry: Entry) -> bool:
        return entry.tag == (GROUP_OWNER if self.who == "g" else OTHER)

    def _turned(self, entry: Entry) -> Entry:
        return entry._replace(may=entry.may | self.bit if self.gives else entry.may & ~self.bit)


@dataclass(frozen=True, slots=True)
class Part:
    """All that an entry of a list allows, which is there."""

    entry: Entry

    @property
    def text(self) -> str:
        return f"setfacl -n -m {_text(self.entry)}"

    def make(self, name: str) -> None:
        listed = _listed(name)
        if not any(_same(each, self.entry) for each in listed):
            raise Elsewise
        _write(name, (self.entry if _same(each, self.entry) else each for each in listed))

    def is_made(self, name: str) -> bool:
        found = [each for each in _listed(name) if _same(each, self.entry)]
        if not found:
            raise Elsewise
        return found[0] == self.entry


@dataclass(frozen=True, slots=True)
class Given:
    """Entries for some users and groups, with the mask that the list has then."""

    named: tuple[Entry, ...]
    mask: int

    @property
    def text(self) -> str:
        return f"setfacl -n -m {','.join(map(_text, self._all))}"

    def make(self, name: str) -> None:
        listed = _listed(name)
        kept = [each for each in listed if not any(_same(each, one) for one in self._all)]
        _write(name, [*kept, *self._all])

    def is_made(self, name: str) -> bool:
        return {*self.named} <= {*_listed(name)}

    @property
    def _all(self) -> tuple[Entry, ...]:
        return (*self.named, Entry(MASK, self.mask, NOBODY))


@dataclass(frozen=True, slots=True)
class Ungiven:
    """Some users and groups have no entries any more; where `bare`, the list is gone with them."""

    named: tuple[tuple[int, int], ...]
    bare: bool

    @property
    def text(self) -> str:
        names = [f"{'u' if tag == USER else 'g'}:{who}" for tag, who in self.named]
        return f"setfacl -n -x {','.join([*names, *(['m'] if self.bare else [])])}"

    def make(self, name: str) -> None:
        listed = _listed(name)
        kept = [each for each in listed if (each.tag, each.who) not in self.named]
        if self.bare and not any(each.tag in (USER, GROUP) for each in kept):
            kept = [each for each in kept if each.tag != MASK]
        _write(name, kept)

    def is_made(self, name: str) -> bool:
        return not {(each.tag, each.who) for each in _listed(name)}.intersection(self.named)


def turn_of(text: str) -> Turn:
    """What a command does. Raises ValueError for one that is none of these."""
    if found := _MODE.fullmatch(text):
        return Mode(found[1], _BITS[found[3]], found[2] == "+")
    listed = _LIST.fullmatch(text)
    named = [_NAMED.fullmatch(each) for each in listed[2].split(",")] if listed else []
    if listed is None or not all(named):
        raise ValueError("no command of a plan")
    parts = [(each[1], each[2], each[3]) for each in named if each]
    if listed[1] == "x":
        who = tuple((_TAGS[tag], int(number)) for tag, number, _ in parts if tag != "m")
        return Ungiven(who, any(tag == "m" for tag, _, _ in parts))
    made = [_entry(*each) for each in parts]
    if made[-1].tag == MASK:
        return Given(tuple(made[:-1]), made[-1].may)
    return Part(made[0])


def _entry(tag: str, number: str, may: str | None) -> Entry:
    bits = sum(_BITS[each] for each in may or "" if each != "-")
    if number:
        return Entry(_TAGS[tag], bits, int(number))
    return Entry(MASK if tag == "m" else GROUP_OWNER, bits, NOBODY)


def _text(entry: Entry) -> str:
    letter = {USER: "u", MASK: "m"}.get(entry.tag, "g")
    return f"{letter}:{'' if entry.who == NOBODY else entry.who}:{bits_text(entry.may)}"


def _same(one: Entry, other: Entry) -> bool:
    return (one.tag, one.who) == (other.tag, other.who)


def _listed(name: str) -> list[Entry]:
    """The list of a path; where it has none, the mode as one."""
    try:
        return entries(os.getxattr(name, ATTRIBUTE))
    except OSError as error:
        if error.errno not in (61, 95):
            raise
    mode = Path(name).stat().st_mode
    return [
        Entry(tag, mode >> place & 7, NOBODY) for tag, place in ((OWNER, 6), (GROUP_OWNER, 3), (OTHER, 0))
    ]


def _write(name: str, listed: Iterable[Entry]) -> None:
    """Give a path a list; one of the owners and others alone becomes its mode."""
    in_order = sorted(listed, key=lambda each: (each.tag, each.who))
    packed = b"".join(_ENTRY.pack(each.tag, each.may, each.who) for each in in_order)
    os.setxattr(name, ATTRIBUTE, _VERSION + packed)
