"""Why a database would not let rows be planted or removed, in our words."""

from dataclasses import dataclass
from enum import Enum, auto

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput


class Why(Enum):
    """What a database says of a statement that it refuses."""

    TAKEN = auto()
    EXCLUDED = auto()
    CHECK = auto()
    MISSING = auto()
    REFERENCE = auto()
    NO_FIT = auto()
    RAISED = auto()
    CHANGED = auto()
    DENIED = auto()
    READ_ONLY = auto()
    BUSY = auto()
    FULL = auto()
    AWAY = auto()
    OTHER = auto()


_AGAIN = "the table changed meanwhile: run it again"
_REGISTER = "register the table again: its columns may have changed"
_WORDS: dict[Why, tuple[type[TrapstreetError], str, str]] = {
    Why.TAKEN: (UnusableInput, "another row has a value that must be unique", _AGAIN),
    Why.EXCLUDED: (UnusableInput, "an exclusion constraint is in the way", _AGAIN),
    Why.CHECK: (UnusableInput, "a check refused a row", "see what it asks for; " + _REGISTER),
    Why.MISSING: (UnusableInput, "a cell must not be NULL", _REGISTER),
    Why.REFERENCE: (UnusableInput, "a foreign key is in the way", _AGAIN),
    Why.NO_FIT: (UnusableInput, "a cell does not fit its column", _REGISTER),
    Why.RAISED: (UnusableInput, "a trigger refused a row", "ask who keeps the table"),
    Why.CHANGED: (UnusableInput, "a table or column is not there any more", _AGAIN),
    Why.DENIED: (AccessDenied, "the database refused", "ask for the rights that plant --grants prints"),
    Why.READ_ONLY: (AccessDenied, "may not be written to", "name a server or file that takes changes"),
    Why.BUSY: (Unreachable, "locked by others", "try again when it is quiet"),
    Why.FULL: (Unreachable, "no room left", "free some space"),
    Why.AWAY: (Unreachable, "the connection was lost", "see to the server and the network, and run it again"),
    Why.OTHER: (UnusableInput, "the database refused", "see what its own client says to a change script"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal. Nothing here was ever a cell.

    code   the database's own for it
    name   the constraint, column or trigger
    table  where it happened, if the database says so
    """

    why: Why
    code: str = ""
    name: str = ""
    table: str = ""


def refusal(fault: Fault, *, where: str, nothing: str) -> TrapstreetError:
    """The error to raise.

    where    the table that was worked on
    nothing  what has not happened, "nothing was planted"
    """
    kind, what, hint = _WORDS[fault.why]
    aside = ", ".join(filter(None, (fault.name, fault.code)))
    return kind(f"{fault.table or where}: {what}{f' ({aside})' if aside else ''}; {nothing}", hint=hint)


def unknown_end(where: str) -> Unreachable:
    """The error for a connection that was lost while the transaction was being committed."""
    return Unreachable(
        f"{where}: the connection was lost at the very end: it is not known whether the change was made",
        hint="run trapstreet decoy reconcile, which looks",
    )
