"""What a round reads and comes to: a step is written in one transaction, figures are what people are told."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

import msgspec

from trapstreet.core.model.objects import Ref, printable
from trapstreet.watch.domain.findings import Finding

_EXAMPLES, _SHORT = 5, 400


class Figures(msgspec.Struct):
    """What a round has come to so far.

    listed       objects that were named;  new  of them never read before, or gone meanwhile
    read, bytes  how many were opened, and bytes fetched of them;  gone  those that are not there any more
    passed_over  how many were not read, by why
    unread       objects, parts of them and folders that could not be read;  examples  of them, path and why
    findings     what was found of data sets, told before or not
    """

    listed: int = 0
    new: int = 0
    read: int = 0
    bytes: int = 0
    gone: int = 0
    passed_over: dict[str, int] = {}
    unread: int = 0
    examples: list[tuple[str, str]] = []
    findings: int = 0

    def pass_over(self, why: str) -> None:
        """One more object was not read."""
        self.passed_over[why] = self.passed_over.get(why, 0) + 1

    def note_unread(self, path: str, why: str) -> None:
        """One more object, part or folder could not be read."""
        self.unread += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append((printable(path)[:_SHORT], why))


@dataclass(frozen=True, slots=True)
class Read:
    """An object that was read, or tried.

    state  as it was listed, UNREAD if it is to be read in the next round;  why  "" if all of it was read
    again  it is tried again some time later, even if it does not change
    """

    ref: Ref
    key: bytes
    state: int
    why: str = ""
    again: bool = False
    found: int = 0
    is_new: bool = False


@dataclass(slots=True)
class Step:
    """What is written in one transaction.

    back      objects that were gone, and are as they were;  missing  those that were not named
    kept      beginnings of paths: what is missing there was not looked at
    tests     in how many texts chance could have shown a data set, once for each
    """

    read: list[Read] = field(default_factory=list)
    back: list[bytes] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)
    kept: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    tests: int = 0

    def without(self, keys: Collection[bytes]) -> None:
        """These objects were not read, nor anything found in them."""
        places = self.objects_of(each.path for each in self.findings)
        gone = [at is not None and self.read[at].key in keys for at in places]
        self.findings = [each for each, is_gone in zip(self.findings, gone, strict=True) if not is_gone]
        self.read = [each for each in self.read if each.key not in keys]

    def assign(self) -> None:
        """Each object has its findings, which name the place in it."""
        counts = Counter(self.objects_of(each.path for each in self.findings))
        for at, found in counts.items():
            if at is not None:
                self.read[at] = replace(self.read[at], found=found)

    def objects_of(self, places: Iterable[str]) -> Iterator[int | None]:
        """The numbers of the objects that were read in which some places lie, named as findings name them."""
        paths: dict[str, int] = {}
        for at, each in enumerate(self.read):
            paths.setdefault(printable(each.ref.path), at)
        for place in places:
            found, end = paths.get(place), place.find("!")
            while found is None and end >= 0:
                found, end = paths.get(place[:end]), place.find("!", end + 1)
            yield found
