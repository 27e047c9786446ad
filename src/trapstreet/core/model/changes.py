"""Changes of rights: what is taken away, by which statements, and what speaks for and against it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, Protocol, runtime_checkable

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.rights import FILES

PUBLIC = "PUBLIC"
"""Whose right it is where everybody has it."""

Key = str
"""The name of a change among all changes of a place: the same each time they are read."""

Look = Callable[[Any], None]
"""Is given the place as it is with the changes made, before they are final; raises where it is not right."""


@dataclass(frozen=True, slots=True)
class Change:
    """One right that is taken away, or handed over to fewer, or one rule by which fewer rows are seen.

    database       where its statements are run; "" for what the whole server has
    on, kind       what the right is on, as `Resource.path` has it: ("crm", "public", "customers"), "table"
    right, of      "SELECT", and whose it is
    forward, back  statements that make the change, and those that take it back, in their order
    rests          changes that have to be made with it: rights that were given on by whoever loses this one
    to, gives      who have the right instead, and what `standing` then says of that which it did not before
    covers         the tables, by their paths, that one right on many of them is on
    """

    key: Key
    database: str
    on: tuple[str, ...]
    kind: str
    right: str
    of: str
    forward: tuple[str, ...]
    back: tuple[str, ...]
    rests: tuple[Key, ...] = ()
    to: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    covers: tuple[tuple[str, ...], ...] = ()

    @property
    def says(self) -> str:
        """What is done, in words; not safe to print."""
        if self.kind == MEMBERSHIP:
            return f"membership of {self.on[0]} from {self.of}"
        if self.kind == ROW_SECURITY:
            return f"{'.'.join(self.on)}: only rows where {self.right}"
        if self.is_of_files:
            instead = f", but {', '.join(self.to)} may" if self.to else ""
            return f"{self._holder} may no longer {self._reached}{instead}"
        instead = f", to {', '.join(self.to)} instead" if self.to else ""
        return f"{self.right} on {self.kind} {'.'.join(self.on)} from {self.of}{instead}"

    @property
    def stays(self) -> str:
        """What stays as it is where the change is not made, in words; not safe to print."""
        return f"{self._holder} may {self._reached}" if self.is_of_files else self.says

    @property
    def is_of_files(self) -> bool:
        """Whether the right is on a folder, or on files in one."""
        return self.kind in (FILES, FOLDER)

    def is_around(self, path: tuple[str, ...]) -> bool:
        """Whether a resource is what the right is on, or lies in it, however deep."""
        if self.is_of_files:
            return f"{path[0]}/".startswith(f"{self.on[0].rstrip('/')}/")
        return path[: len(self.on)] == self.on

    @property
    def _holder(self) -> str:
        return "others" if self.of == PUBLIC else self.of

    @property
    def _reached(self) -> str:
        return f"{self.right}{' in' if self.kind == FILES else ''} {self.on[0]}"


@dataclass(frozen=True, slots=True)
class Step:
    """A change in a script: what is run where, and what that does in words, which are not safe to print."""

    database: str
    says: str
    statements: tuple[str, ...]


FOLDER = "folder"
MEMBERSHIP = "membership"
ROW_SECURITY = "row security"


class Outcome(StrEnum):
    """What becomes of a past use when rights are changed."""

    PASSES = "passes"
    BLOCKED = "blocked"
    UNPROVEN = "could not be checked"


@dataclass(frozen=True, slots=True)
class Checked:
    """What becomes of one past use, and why where it does not simply pass."""

    use: PastUse
    outcome: Outcome
    why: str = ""


class Bound(Enum):
    """Whether row security holds for somebody."""

    BOUND = auto()
    FREE = auto()
    GONE = auto()
    """There is nobody of that name any more."""


@dataclass(frozen=True, slots=True)
class RowsLeft:
    """What a rule would leave somebody of the rows with some values.

    hidden  of how many values some rows would be missing;  fails  why every use would fail; "" it would not
    unproven  why nothing can be said; "" something can
    """

    hidden: int = 0
    fails: str = ""
    unproven: str = ""


class Rows(Protocol):
    """The rows of a table at one moment, as people see them now and would by a change."""

    def key(self) -> str:
        """The column that is the key alone; "" where there is none."""

    def values(self, column: str) -> Iterator[list[Any]]:
        """All values of a column, each once, many at a time; none where there is no such column."""

    def bound(self, who: str) -> Bound:
        """Whether row security holds for somebody."""

    def left(self, who: str, column: str, values: Sequence[Any]) -> RowsLeft:
        """What would be left to somebody of the rows with some values of a column."""


class Replay(Protocol):
    """Past uses of a place, done over without being done: asked for, and never run."""

    @property
    def unproven(self) -> dict[int, str]:
        """By the number of a use: why it cannot be checked, whatever is changed."""

    def blocked(self, changes: Sequence[Change]) -> dict[int, str]:
        """Of all uses that can be checked, those that fail when the changes are made, and why."""

    def blocks(self, use: int, changes: Sequence[Change]) -> bool:
        """Whether one use fails when the changes are made."""

    def near(self, use: int) -> frozenset[Key]:
        """The changes that may well matter to a use; others seldom do."""


class Place(Protocol):
    """A place whose rights can be changed, as long as it is open."""

    edition: str

    def covers(self, use: PastUse) -> bool:
        """Whether a use was made in that part of the place that was opened."""

    def changes(self) -> list[Change]:
        """Every right that can be taken away and given back, and matters to no other part of the place."""

    def standing(self) -> dict[str, list[str]]:
        """All rights as they are, as sorted lines by database: equal if nothing was changed."""

    def replay(self, uses: Sequence[PastUse], changes: Sequence[Change]) -> Replay:
        """Past uses, to be asked for with changes made."""

    def rehearse(self, changes: Sequence[Change], look: Look) -> None:
        """Make changes and take them back, all undone at the end; `look` sees each database between.

        Raises UnusableInput where the way back does not lead back.
        """

    def row_rule(self, table: str, predicate: str) -> Change:
        """The change by which only the rows of a predicate are read. Raises UnusableInput."""

    def rows(self, change: Change) -> AbstractContextManager[Rows]:
        """The rows of the table that such a rule is about."""

    def make(self, changes: Sequence[Change], look: Look) -> None:
        """Make changes, if `look` raises nothing; else everything is as before, and it is raised."""

    def take_back(self, changes: Sequence[Change]) -> list[Change]:
        """Take changes back that were made; those that cannot be, since what they are of is gone."""

    def made(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that are made."""


@runtime_checkable
class Shared(Place, Protocol):
    """A place that tells how many a right is for."""

    def having(self, change: Change) -> int:
        """How many who can log in have the right of a change by whom it is given to."""


@runtime_checkable
class Nested(Place, Protocol):
    """A place where one thing lies in another: a change to the outer one can make others needless."""

    def lean(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes by which somebody loses what the others leave."""


@runtime_checkable
class Movable(Place, Protocol):
    """A place where what a change is of can get another name, and keeps its rights under it."""

    def astray(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes of which something, or all, is not where it was."""


@runtime_checkable
class Wordy(Place, Protocol):
    """A place whose rights, as lines, say more than anybody can read."""

    def about(self, line: str) -> str:
        """What a line of `standing` is about, in a few words."""


@runtime_checkable
class AskingReplay(Replay, Protocol):
    """Past uses of which it can be said in whose names rights were used."""

    def blocked_of(self, uses: Iterable[int], changes: Sequence[Change]) -> dict[int, str]:
        """Of some uses that can be checked, those that fail when the changes are made, and why."""

    def asks_as(self, use: int, change: Change) -> tuple[str, ...]:
        """In whose names a use may need the right that a change takes away, the likeliest first."""


@runtime_checkable
class HandsOver(Place, Protocol):
    """A place where a right of many can be given to some of them, and be taken from the others."""

    def replay(self, uses: Sequence[PastUse], changes: Sequence[Change]) -> AskingReplay:
        """Past uses, to be asked for with changes made."""

    def grantees(self) -> frozenset[str]:
        """All to whom a right can be given: no superusers, no groups that are the server's own."""

    def handed_over(self, change: Change, to: Sequence[str]) -> Change:
        """One of `changes()` that gives the right to some grantees as it takes it away; it was not tried."""

    def reversible(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that do what they say and come back as it was: each is tried."""
