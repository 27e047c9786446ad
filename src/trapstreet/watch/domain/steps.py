"""What a round reads and comes to: a step is written in one transaction, figures are what people are told."""

from collections import Counter
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

    def assign(self) -> None:
        """Each object has its findings, which name the place in it."""
        counts = Counter(self._object_of(each.path) for each in self.findings)
        for at, found in counts.items():
            if at is not None:
                self.read[at] = replace(self.read[at], found=found)

    def _object_of(self, place: str) -> int | None:
        for at, each in enumerate(self.read):
            path = printable(each.ref.path)
            if place == path or place.startswith(f"{path}!"):
                return at
        return None
