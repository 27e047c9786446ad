"""Changes of rights, as they are kept and told."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from trapstreet.access.domain.reached import Unit

NAMED = 20
"""Names and paths that a change lists; of more it has the number."""


class Sort(StrEnum):
    """What kind of change it is."""

    GAINED = "gained"
    WIDER = "wider"
    LOST = "lost"
    NARROWER = "narrower"
    PRIVILEGED = "privileged"
    DISMISSED = "dismissed"
    NEW = "new"
    GONE = "gone"
    CAME = "came"
    LEFT = "left"
    JOINED = "joined"
    NOTED = "noted"
    COPIED = "copied"
    MORE = "more"


class Held(NamedTuple):
    """What is known to be in a thing: its heaviest class, and what that weighs."""

    weight: float
    sensitivity: str


class Drifted(msgspec.Struct, frozen=True):
    """Something that changed, as it is kept and told: all of it has one cause. Its texts are safe to print.

    sort        a `Sort`;  cause  in words;  scope  where that holds: of a server () is all of it
    who, people some of those whom it concerns, and how many of those who can log in
    everybody   these are all who can log in;  of  how many that are
    what        some of the things that it concerns;  things  how many tables or folders, files of how many
                files, 0 for none;  kind  what each of these is called
    records     in them, as far as that is known
    degree      how nearly they can read now, or could;  columns  which, where only some became readable
    given_back  some of it was taken away on purpose before
    weight, sensitivity  as in `Held`; None where nobody looked
    like        what it looks like a copy of
    row_security  the cause is that it no longer holds, or now does
    to_all      of something new: the right to read it is everybody's, even if not all get as far as that
    """

    sort: str
    cause: str = ""
    scope: Unit = ()
    who: tuple[str, ...] = ()
    people: int = 0
    everybody: bool = False
    of: int = 0
    what: tuple[Unit, ...] = ()
    things: int = 0
    files: int = 0
    kind: str = ""
    records: int | None = None
    degree: int = 0
    columns: tuple[str, ...] = ()
    given_back: bool = False
    weight: float | None = None
    sensitivity: str = ""
    like: Unit = ()
    row_security: bool = False
    to_all: bool = False


def tells(by: Drifted, change: Drifted, *, all_of: bool) -> bool:
    """Whether a change, seen where the other was seen too, says all that is to be said of it: the same people
    by the same cause, and nothing that is not among its things.

    all_of  whether what it was seen at is all of the place that the other was seen at, and more
    """
    if change.sort == Sort.MORE or any(getattr(by, each) != getattr(change, each) for each in _SAME):
        return False
    if change.things <= len(change.what) and set(change.what) <= set(by.what):
        return True
    listed = by.things <= len(by.what)
    return (by.what, by.things) == (change.what, change.things) or (
        all_of and not listed and change.things <= by.things
    )


_SAME = (
    *("sort", "cause", "scope", "who", "people", "everybody", "degree", "columns"),
    *("given_back", "like", "row_security", "to_all"),
)
"""What is equal where two changes are one; the things may be more."""
