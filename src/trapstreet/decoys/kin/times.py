"""Times of a column, and a history moved to another start."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell
from trapstreet.decoys.measures import NOTHING, Moments

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
_QUANTA = (DAY, HOUR, 900 * SECOND, 60 * SECOND, SECOND, 1000, 1)

_READ = 0.95  # of the cells that must read as times
_EXACT = 0.98  # of the times that must be multiples of a quantum
_ON_THE_HOUR = 0.1  # share of full hours from which they mean something
_USUAL = 0.01  # share of the times from which a weekday, or an hour, is usual
_PILED = 5  # rows that make a pile, at least
_FAR = 1 << 62
_ASTRAY = 28  # days that a history moves where nothing says where to


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """How a column writes times: microseconds of the wall clock that it shows.

    quantum  what the times are multiples of;  hourly  whether full hours are more than chance
    days, hours  of the week and of the day that are usual;  oldest, newest  of what it was learnt from
    piles  moments that many rows have, as those of an import, ascending
    """

    writing: Moments
    quantum: int
    hourly: bool
    days: frozenset[int]
    hours: frozenset[int]
    oldest: int
    newest: int
    piles: tuple[int, ...] = ()

    def read(self, cell: Cell) -> int | None:
        """The time in a cell, None where it has none."""
        moment = self.writing.number(cell)
        return None if moment == NOTHING else moment

    def write(self, moment: int, like: Cell) -> Cell:
        """A time in the layout of a cell that `read` reads."""
        return self.writing.written(moment, like)

    def event(self, moment: int) -> "Event":
        """What a time of the column must keep to."""
        quantum = HOUR if self.hourly and moment % HOUR == 0 else self.quantum
        return Event(quantum, self.newest, self.days, self.hours, self.piles if moment in self.piles else ())


def time_column(column: Column, cells: Iterable[Cell]) -> TimeColumn | None:
    """How a column writes times; None where its cells, a sample of some hundreds or more, are no times.

    Dates of birth are none: they belong to a person's identity, not to a history.
    """
    present = [cell for cell in cells if cell is not None and cell != ""]
    if column.kind is not Kind.TEXT or not present:
        return None
    for writing in (Moments(), Moments(day_first=False)):
        times = [moment for cell in present if (moment := writing.number(cell)) != NOTHING]
        if len(times) >= _READ * len(present):
            quantum = next(q for q in _QUANTA if _multiples(times, q) >= _EXACT or q == 1)
            return TimeColumn(
                writing=writing,
                quantum=quantum,
                hourly=_ON_THE_HOUR <= _multiples(times, HOUR) < _EXACT,
                days=_usual([moment // DAY % 7 for moment in times]),
                hours=_usual([moment // HOUR % 24 for moment in times]),
                oldest=min(times),
                newest=max(times),
                piles=_piles(times) if quantum < HOUR else (),
            )
    return None


def _piles(times: Sequence[int]) -> tuple[int, ...]:
    enough = max(_PILED, _USUAL * len(times))
    return tuple(sorted(moment for moment, often in Counter(times).items() if often >= enough))


def _multiples(times: Sequence[int], quantum: int) -> float:
    return sum(moment % quantum == 0 for moment in times) / len(times)


def _usual(numbers: Sequence[int]) -> frozenset[int]:
    return frozenset(number for number, often in Counter(numbers).items() if often >= _USUAL * len(numbers))


@dataclass(frozen=True, slots=True)
class Event:
    """What a time of a history must keep to: its quantum, after when it can't be, what is usual for it.

    piles  the moments of which it must be one; () for any
    """

    quantum: int
    latest: int
    days: frozenset[int] = frozenset(range(7))
    hours: frozenset[int] = frozenset(range(24))
    piles: tuple[int, ...] = ()

    def and_also(self, other: "Event") -> "Event":
        """Both: for a time that two columns have."""
        return Event(
            max(self.quantum, other.quantum),
            min(self.latest, other.latest),
            self.days & other.days,
            self.hours & other.hours,
            self.piles or other.piles,
        )


def moved(
    events: Mapping[int, Event], *, start: tuple[int, int] | None, draws: KeyedDraws
) -> dict[int, int | None]:
    """New times for the times of one person's history: the same for the same, in the same order.

    start  when the person begins, and when the new one does; None where nothing says it
    The history moves by whole days to the new start, and off weekdays that are not usual; where it would
    reach beyond an event's `latest` it shrinks in proportion. Within their hour times are drawn anew, the
    gaps between close ones nearly stay. What does not fit even so is None. O(n log n).
    """
    times = sorted(events)
    days = _days(times, events, start, draws)
    new = _redrawn(times, events, days, start, draws)
    date_by_time(events, new)
    return new


def date_by_time(events: Mapping[int, Event], new: dict[int, int | None]) -> None:
    """Makes each date that of the first time which was on the same day."""
    first: dict[int, int] = {}
    for moment in sorted(events):
        if events[moment].quantum < HOUR:
            first.setdefault(moment // DAY, moment)
    for moment, event in events.items():
        if event.quantum == DAY and moment // DAY in first:
            same_day = new[first[moment // DAY]]
            new[moment] = None if same_day is None else same_day // DAY * DAY


def _days(
    times: Sequence[int], events: Mapping[int, Event], start: tuple[int, int] | None, draws: KeyedDraws
) -> dict[int, int]:
    """For each day of the history the new one."""
    by_day = {
        day: [events[each] for each in own] for day, own in groupby(times, key=lambda each: each // DAY)
    }
    latest = {day: (min(event.latest for event in own) + 1) // DAY - 1 for day, own in by_day.items()}
    origin = start[0] // DAY if start else min(by_day, default=0)
    if start:
        target = start[1] // DAY
    else:
        drawn = origin + draws.choice([days for days in range(-_ASTRAY, _ASTRAY + 1) if days])
        target = min([drawn, *(latest[day] - (day - origin) for day in by_day)])
    fits = [(latest[day] - target) / (day - origin) for day in by_day if day > origin]
    shrunk = max(0.0, min([1.0, *fits]))
    new = {}
    for day, own in by_day.items():
        after = day - origin
        moved_to = target + (floor(after * shrunk) if after > 0 else after)
        moved_to += after > 0 and target == origin and moved_to < latest[day]
        usual = frozenset.intersection(*(event.days for event in own))
        new[day] = _usual_day(day, moved_to, usual, latest[day])
    return new


def _usual_day(day: int, moved_to: int, usual: frozenset[int], latest: int) -> int:
    """The next usual weekday, or the one before where that is too late, for what was on a usual one."""
    if day % 7 not in usual or moved_to % 7 in usual:
        return moved_to
    later = next(day for day in range(moved_to, moved_to + 7) if day % 7 in usual)
    return later if later <= latest else next(d for d in range(moved_to, moved_to - 7, -1) if d % 7 in usual)


def _redrawn(
    times: Sequence[int],
    events: Mapping[int, Event],
    days: Mapping[int, int],
    start: tuple[int, int] | None,
    draws: KeyedDraws,
) -> dict[int, int | None]:
    """The times on their new days, drawn anew within their hour; None for what would be too late."""
    new: dict[int, int | None] = {}
    before: tuple[int, int] | None = None
    for moment in times:
        event = events[moment]
        drawn = days[moment // DAY] * DAY + moment % DAY
        if start and moment == start[0]:
            drawn = start[1]
        elif start and 0 < start[0] - moment < HOUR:
            drawn = start[1] - (start[0] - moment)
        elif event.piles and (pile := _pile(event, drawn, start, before)) is not None:
            drawn = pile
        elif event.quantum < HOUR and before and moment - before[0] < HOUR:
            drawn = before[1] + max(event.quantum, _nearly(moment - before[0], event.quantum, draws))
        elif event.quantum < HOUR:
            again = drawn // HOUR * HOUR + event.quantum * draws.below(HOUR // event.quantum)
            drawn = again if again <= event.latest else drawn
            if before and drawn <= before[1]:
                drawn = _after(before, moment, event, draws)
        fits = drawn <= event.latest or (start is not None and moment <= start[0])
        new[moment] = drawn if fits else None
        if event.quantum < HOUR and fits:
            before = moment, drawn
    return new


def _pile(
    event: Event, drawn: int, start: tuple[int, int] | None, before: tuple[int, int] | None
) -> int | None:
    """The nearest of the moments that an event may have, not before the start and the time before."""
    earliest = max(start[1] if start else drawn - _FAR, before[1] if before else drawn - _FAR)
    left = [pile for pile in event.piles if pile >= earliest]
    return min(left, key=lambda pile: abs(pile - drawn), default=None)


def _after(before: tuple[int, int], moment: int, event: Event, draws: KeyedDraws) -> int:
    """A time after the one before, which is later on its day than it was: as long after, else soon."""
    drawn = before[1] + _nearly(moment - before[0], event.quantum, draws)
    if (
        moment // DAY == before[0] // DAY
        and drawn // DAY == before[1] // DAY
        and drawn // HOUR % 24 in event.hours
    ):
        return drawn
    return before[1] + event.quantum * (1 + draws.below(HOUR // event.quantum))


def between(moment: int, low: int, high: int, *, quantum: int, share: float, days: frozenset[int]) -> int:
    """A time from low to high: at the same time of day on the day between them that is nearest to this share
    of the way and usual, or theirs; else in one of their hours where they are more than half a day apart,
    else after this share of what is between them.

    days: of the week that are usual
    """
    low, high = -(-low // quantum) * quantum, high // quantum * quantum
    if low <= moment <= high or low > high:
        return moment
    aim = low + round(share * (high - low))
    near = range(aim // DAY - 7, aim // DAY + 8)
    possible = {low // DAY, high // DAY, *(day for day in near if day % 7 in days)}
    fitting = {day for day in possible if low <= day * DAY + moment % DAY <= high}
    if fitting:
        return min(fitting, key=lambda day: (abs(day - aim // DAY), day)) * DAY + moment % DAY
    if high - low <= DAY // 2:
        return low + round(share * ((high - low) // quantum)) * quantum
    if moment < low:
        return low + round(share * (min(high - low, HOUR - 1 - low % HOUR) // quantum)) * quantum
    return high - round(share * (min(high - low, high % HOUR) // quantum)) * quantum


def _nearly(gap: int, quantum: int, draws: KeyedDraws) -> int:
    """A gap of about four fifths to five fourths."""
    return round(gap * (0.8 + draws.below(451) / 1000) / quantum) * quantum
