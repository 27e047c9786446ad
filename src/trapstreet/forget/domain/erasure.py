"""What was erased, or would be, and where the person is still to be found."""

from enum import StrEnum

import msgspec


class SourceState(StrEnum):
    """Whether a data set's source has the person by now."""

    HOLDS = "holds"
    GONE = "gone"
    UNREAD = "unread"


class Holder(msgspec.Struct, frozen=True):
    """A copy that shows the person, in the editions of these versions; `recipient` is a pseudonym."""

    copy: str
    recipient: str
    versions: tuple[int, ...]


class Alike(msgspec.Struct, frozen=True):
    """How many decoys of a copy, a pool or a planting show a value that the person alone has."""

    owner: str
    decoys: int


class DataSetErasure(msgspec.Struct, frozen=True):
    """What concerns one data set.

    records   of the person;  states  of these, over all versions;  versions  whose segments are made anew
    rows      of the person that the source has;  why  it could not be read
    """

    data_set: str
    records: int
    states: int
    versions: int
    source: SourceState
    rows: int = 0
    why: str = ""
    copies: tuple[Holder, ...] = ()
    decoys: tuple[Alike, ...] = ()


class Erasure(msgspec.Struct, frozen=True):
    """All of it. Lines are by their numbers.

    not_found  lines that no record has;  set_aside  lines that too many records have
    older      data sets with versions in which an older trapstreet's normal forms find nobody but by key
    """

    dry_run: bool
    data_sets: tuple[DataSetErasure, ...]
    not_found: tuple[int, ...] = ()
    set_aside: tuple[int, ...] = ()
    older: tuple[str, ...] = ()

    @property
    def records(self) -> int:
        return sum(each.records for each in self.data_sets)

    @property
    def versions(self) -> int:
        return sum(each.versions for each in self.data_sets)
