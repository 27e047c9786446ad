"""What is said of uses beside rights."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from trapstreet.access.domain.effective import Reading
from trapstreet.core.model.access_events import TableUse
from trapstreet.core.model.rights import Resource


class Status(StrEnum):
    """What became of a right within the time that the logs cover."""

    USED = "used"
    JOB = "used by a job only"
    STALE = "not used for long"
    NEVER = "never used"


@dataclass(frozen=True, slots=True)
class Window:
    """Which days (UTC, counted from 1970) logs cover, and since when a use counts as one of today.

    first, last  of the logs;  since  the first day of the asked period: equal to `first` where nothing is
                 asked or the logs begin later, which is `short` then
    empty        days between them without any event: nobody came, or nothing was logged
    """

    first: int
    last: int
    since: int
    short: bool = False
    empty: tuple[int, ...] = ()

    @property
    def days(self) -> int:
        return self.last - self.first + 1


@dataclass(slots=True)
class Done:
    """What one principal did with one resource."""

    times: int = 0
    last: int = 0
    by_people: int = 0
    """The last use that was no job's; 0 for none."""
    programs: set[str] = field(default_factory=set)

    def add(self, use: TableUse, *, job: bool) -> None:
        self.times += use.times
        self.last = max(self.last, use.last)
        self.programs |= {use.program} - {""}
        if not job:
            self.by_people = max(self.by_people, use.last)


@dataclass(frozen=True, slots=True)
class Right:
    """One principal's right to read one resource.

    times, last, programs  its uses: how often, the last one (Unix µs, None for none), with which programs
    idle                   days since the last one; where there is none, the days that the logs cover
    """

    reading: Reading
    status: Status
    times: int
    last: int | None
    idle: int
    programs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unused:
    """How much of the access to one resource is used. Counted are those who can log in and surely read it, at
    once or by SET ROLE.

    can             how many;  used, by_jobs, stale, never  what of them is which Status
    last            the last use by anybody, with whosever rights, Unix µs
    records         how many it holds;  weight  of its class in the policy, 1 where nobody classified it
    score           records × weight × the days that each of them who may see a column about people has not
                    used it, summed up
    seen            whether any use of it is in the logs at all: else it may be that none is logged
    """

    resource: Resource
    can: int
    used: int
    by_jobs: int
    stale: int
    never: int
    last: int | None
    records: int | None
    weight: float
    sensitivity: str
    score: float
    seen: bool


@dataclass(frozen=True, slots=True)
class GrantUse:
    """Something granted, by which nobody used a resource within the window.

    what     the grant in words;  to  whom it is given;  members  how many can log in and have it, alone or
             through the group
    last     the last use by any of them, before the window; None for none
    """

    resource: Resource
    what: str
    to: str
    members: int
    last: int | None
    score: float


@dataclass(frozen=True, slots=True)
class Impossible:
    """Uses that there are in the logs though the map has no way for them.

    known  whether there is such an account
    """

    who: str
    path: tuple[str, ...]
    times: int
    last: int
    known: bool


@dataclass(frozen=True, slots=True)
class RootUse:
    """Uses by an account of one thing with root's rights, which are no uses of a right of its own.

    numbers  of the map's resources that it is
    """

    who: str
    path: tuple[str, ...]
    numbers: tuple[int, ...]
    times: int = 0
    last: int = 0


def window_of(days: Sequence[int], unused_for: int | None = None) -> Window | None:
    """What the days with any event (ascending) span; None where there is none.

    unused_for  how many days before the last one, this among them, a use counts; None: all
    """
    if not days:
        return None
    there, first, last = set(days), days[0], days[-1]
    asked = first if unused_for is None else last + 1 - unused_for
    empty = tuple(day for day in range(first, last + 1) if day not in there)
    return Window(first, last, max(asked, first), short=asked < first, empty=empty)
