"""Changes of rights: what is taken away, by which statements, and what speaks for and against it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, Protocol

from trapstreet.core.model.access_events import PastUse

PUBLIC = "PUBLIC"
"""Whose right it is where everybody has it."""

Key = str
"""The name of a change among all changes of a place: the same each time they are read."""

Look = Callable[[Any], None]
"""Is given the place as it is with the changes made, before they are final; raises where it is not right."""


@dataclass(frozen=True, slots=True)
class Change:
    """One right that is taken away, or one rule by which fewer rows are seen.

    database       where its statements are run; "" for what the whole server has
    on, kind       what the right is on, as `Resource.path` has it: ("crm", "public", "customers"), "table"
    right, of      "SELECT", and whose it is
    forward, back  statements that make the change, and those that take it back, in their order
    rests          changes that have to be made with it: rights that were given on by whoever loses this one
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

    @property
    def says(self) -> str:
        """What is done, in words; not safe to print."""
        if self.kind == MEMBERSHIP:
            return f"membership of {self.on[0]} from {self.of}"
        if self.kind == ROW_SECURITY:
            return f"{'.'.join(self.on)}: only rows where {self.right}"
        return f"{self.right} on {self.kind} {'.'.join(self.on)} from {self.of}"


@dataclass(frozen=True, slots=True)
class Step:
    """A change in a script: what is run where, and what that does in words, which are not safe to print."""

    database: str
    says: str
    statements: tuple[str, ...]


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
class Narrowed:
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

    def narrowed(self, who: str, column: str, values: Sequence[Any]) -> Narrowed:
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

    def narrowing(self, table: str, predicate: str) -> Change:
        """The change by which only the rows of a predicate are read. Raises UnusableInput."""

    def rows(self, change: Change) -> AbstractContextManager[Rows]:
        """The rows of the table that a narrowing is about."""

    def make(self, changes: Sequence[Change], look: Look) -> None:
        """Make changes, if `look` raises nothing; else everything is as before, and it is raised."""

    def take_back(self, changes: Sequence[Change]) -> list[Change]:
        """Take changes back that were made; those that cannot be, since what they are of is gone."""

    def made(self, changes: Sequence[Change]) -> list[Change]:
        """Those of some changes that are made."""
