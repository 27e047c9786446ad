"""Rights beside what was done with them: used, by a job only, not for long, never."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from trapstreet.access.domain.effective import EffectiveAccess, Reading
from trapstreet.access.domain.held import Held
from trapstreet.access.domain.meant import Meant
from trapstreet.access.domain.sight import about_people
from trapstreet.access.domain.usage import Done, GrantUse, Impossible, Right, RootUse, Status, Unused, Window
from trapstreet.core.model.access_events import TableUse
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import FILES, Bits, Door, How, Level, Resource, bits_of, numbers_in

_DAY = 86_400_000_000
_MINUTE = 60_000_000
_GIVEN = (How.GRANT, How.COLUMNS)
_CLOCK_DAYS = 5
"""Days from which on uses at always the same time look like a clock's."""


class UsedAccess:
    """Effective access beside past uses.

    uses      of the place;  holdings  what was found there;  jobs  names of programs that are no person's
    """

    def __init__(
        self,
        access: EffectiveAccess,
        uses: Iterable[TableUse],
        window: Window,
        *,
        holdings: Sequence[Holding] = (),
        jobs: Collection[str] = (),
    ) -> None:
        self.access, self.window = access, window
        self.held = Held(holdings)
        self._jobs = {each.casefold() for each in jobs}
        self._meant = Meant(access)
        self._done: dict[int, dict[int, Done]] = {}
        self.impossible: list[Impossible] = []
        self._with_root: dict[tuple[str, tuple[str, ...]], RootUse] = {}
        self._root_last: dict[int, int] = {}
        self.gone: list[tuple[str, ...]] = []
        self.clockwork: list[TableUse] = []
        self._take(uses)

    @cached_property
    def people(self) -> Bits:
        """Those who can log in."""
        return self.access.people

    def resources(self, *, of_people: bool = False) -> list[Unused]:
        """How much of the access to each resource is used, the most exposed for nothing first.

        of_people  counts those alone who may see a column about people
        """
        numbers = range(len(self.access.rights.resources))
        found = [self._unused(number, of_people=of_people) for number in numbers]
        return sorted(found, key=lambda each: (-each.score, -each.can, each.resource.path))

    def doors_to_people(self, number: int) -> list[Door]:
        """The doors to a resource by which somebody may see a column about people."""
        holding = self.held.of(self.access.rights.resources[number])
        return about_people(self.access.doors_of(number), holding)

    def rights(self, number: int) -> list[Right]:
        """Each right to read one resource: the longest unused first."""
        found = [
            self._right(principal, reading)
            for principal in numbers_in(self._surely(number) & self.people)
            if (reading := self.access.nearest(principal, number)) is not None
        ]
        return sorted(found, key=lambda each: (-each.idle, each.reading.principal))

    def rights_of(self, principal: int) -> list[Right]:
        """Each right of one principal: what is most exposed for nothing first."""
        found = [
            self._right(principal, reading)
            for number in range(len(self.access.rights.resources))
            if self._surely(number) >> principal & 1
            and (reading := self.access.nearest(principal, number)) is not None
        ]

        def exposed(each: Right) -> float:
            number = self.number_of(each.reading.resource)
            sees = self._sees(self.doors_to_people(number)) >> principal & 1
            records, weight, _ = self._held(each.reading.resource)
            return (records or 0) * weight * each.idle * sees

        return sorted(found, key=lambda each: (-exposed(each), each.reading.resource.path))

    def grants(self) -> Iterator[GrantUse]:
        """What is granted and was used by nobody who has it, within the window; whoever reads everything
        anyway does not count."""
        members: dict[int, Bits] = {}
        for number, resource in enumerate(self.access.rights.resources):
            done = self._done.get(number, {})
            recent = bits_of(who for who, each in done.items() if each.last // _DAY >= self.window.since)
            for door in self.access.doors_of(number):
                if door.how not in _GIVEN or door.resource is None or not door.sure or not door.grants:
                    continue
                grant = door.grants[-1]
                if resource.kind == FILES:
                    those = self.people & door.opens & door.enters
                    if those and not those & recent:
                        yield self._grant_use(resource, door, self._to(grant.to), those, done)
                    continue
                if not self.people & ~grant.to:
                    those = self.people & door.enters
                    if those and not those & recent:
                        yield self._grant_use(resource, door, "everybody", those, done)
                    continue
                for group in numbers_in(grant.to & ~self._mighty):
                    if group not in members:
                        members[group] = self.access.arriving(1 << group) & self.people & ~self._mighty
                    those = members[group] & door.enters
                    if those and not those & recent:
                        name = self.access.rights.principals[group].name
                        yield self._grant_use(resource, door, name, those, done)

    def with_root(self, *, number: int | None = None, who: str | None = None) -> list[RootUse]:
        """What was used with root's rights, the last first: of one resource, by one account, or all."""
        found = [
            each
            for each in self._with_root.values()
            if (number is None or number in each.numbers) and who in (None, each.who)
        ]
        return sorted(found, key=lambda each: (-each.last, each.who, each.path))

    def status(self, done: Done | None) -> Status:
        """What became of a right with which this was done."""
        if done is None:
            return Status.NEVER
        if done.last // _DAY < self.window.since:
            return Status.STALE
        return Status.USED if done.by_people // _DAY >= self.window.since else Status.JOB

    def number_of(self, resource: Resource) -> int:
        """The number of a resource of the map."""
        return self._by_identity[id(resource)]

    def is_job(self, use: TableUse) -> bool:
        """Whether uses are declared to be a job's."""
        return use.program.casefold() in self._jobs

    def _take(self, uses: Iterable[TableUse]) -> None:
        lost: dict[tuple[str, tuple[str, ...]], Impossible] = {}
        gone: dict[tuple[str, ...], None] = {}
        for use in uses:
            numbers = self._meant.resources(use.path)
            if not numbers:
                if self._meant.was_there(use.path):
                    gone[use.path] = None
                continue
            if use.as_root:
                self._take_as_root(use, tuple(numbers))
                continue
            who = self._meant.principals(use.who)
            able = [number for number in numbers if who & self._any(number)]
            if not able:
                at = use.who, use.path
                times = use.times + (lost[at].times if at in lost else 0)
                last = max(use.last, lost[at].last if at in lost else 0)
                lost[at] = Impossible(*at, times, last, known=bool(who))
                continue
            job = self.is_job(use)
            if not job and _is_clockwork(use):
                self.clockwork.append(use)
            for number in able:
                for principal in numbers_in(who & self._any(number)):
                    self._done.setdefault(number, {}).setdefault(principal, Done()).add(use, job=job)
        self.impossible = sorted(lost.values(), key=lambda each: (-each.last, each.who, each.path))
        self.gone = sorted(gone)

    def _take_as_root(self, use: TableUse, numbers: tuple[int, ...]) -> None:
        at = use.who, use.path
        before = self._with_root.get(at, RootUse(*at, numbers))
        last = max(before.last, use.last)
        self._with_root[at] = RootUse(*at, numbers, before.times + use.times, last)
        for number in numbers:
            self._root_last[number] = max(last, self._root_last.get(number, 0))

    def _surely(self, number: int) -> Bits:
        """Who can surely read a resource, at once or by SET ROLE, whether they log in or not."""
        return self._sees(self.access.doors_of(number))

    def _sees(self, doors: Iterable[Door]) -> Bits:
        """Who surely passes any of some doors, at once or by SET ROLE, whether they log in or not."""
        can: Bits = 0
        for door in doors:
            if door.sure:
                levels = self.access.levels(door)
                can |= levels[Level.AT_ONCE] | levels[Level.SET_ROLE]
        return can

    def _any(self, number: int) -> Bits:
        """Who can read a resource in any way, perhaps."""
        can: Bits = 0
        for door in self.access.doors_of(number):
            for each in self.access.levels(door):
                can |= each
        return can

    def _unused(self, number: int, *, of_people: bool) -> Unused:
        sees, done = self._sees(self.doors_to_people(number)) & self.people, self._done.get(number, {})
        can = sees if of_people else self._surely(number) & self.people
        counts = dict.fromkeys(Status, 0)
        idle = 0
        met: Bits = 0
        for who, each in done.items():
            if can >> who & 1:
                met |= 1 << who
                counts[self.status(each)] += 1
                idle += self._idle(each) * (sees >> who & 1)
        counts[Status.NEVER] += (can & ~met).bit_count()
        idle += (sees & ~met).bit_count() * self.window.days
        resource = self.access.rights.resources[number]
        records, weight, sensitivity = self._held(resource)
        lasts = [each.last for each in done.values()]
        lasts += [self._root_last[number]] if number in self._root_last else []
        return Unused(
            resource, can.bit_count(), counts[Status.USED], counts[Status.JOB], counts[Status.STALE],
            counts[Status.NEVER], max(lasts, default=None), records, weight, sensitivity,
            (records or 0) * weight * idle, bool(lasts),
        )  # fmt: skip

    def _right(self, principal: int, reading: Reading) -> Right:
        number = self.number_of(reading.resource)
        done = self._done_as(number, principal)
        return Right(
            reading, self.status(done), done.times if done else 0, done.last if done else None,
            self._idle(done), tuple(sorted(done.programs)) if done else (),
        )  # fmt: skip

    def _done_as(self, number: int, principal: int) -> Done | None:
        """What a principal did; of one that nobody logs in as, what its members did."""
        by = self._done.get(number, {})
        if self.people >> principal & 1:
            return by.get(principal)
        members = self.access.arriving(1 << principal) & self.people & ~self._mighty
        found = [each for who, each in by.items() if members >> who & 1]
        if not found:
            return None
        return Done(
            sum(each.times for each in found),
            max(each.last for each in found),
            max(each.by_people for each in found),
            {program for each in found for program in each.programs},
        )

    @cached_property
    def _mighty(self) -> Bits:
        """Who reads everything, by no grant on anything: superusers."""
        bits: Bits = 0
        for door in self.access.rights.doors:
            if door.resource is None and door.sure:
                bits |= door.opens
        return bits

    @cached_property
    def _by_identity(self) -> Mapping[int, int]:
        return {id(each): number for number, each in enumerate(self.access.rights.resources)}

    def _to(self, bits: Bits) -> str:
        """Whom files are given to: a user, a group, or all who are neither."""
        numbers = [*islice(numbers_in(bits), 2)]
        return "others" if len(numbers) > 1 else self.access.rights.principals[numbers[0]].name

    def _grant_use(
        self, resource: Resource, door: Door, to: str, those: Bits, done: Mapping[int, Done]
    ) -> GrantUse:
        what = f"reading {resource.name}" if resource.kind == FILES else door.grants[-1].what
        last = max((each.last for who, each in done.items() if those >> who & 1), default=None)
        records, weight, _ = self._held(resource)
        count, shown = those.bit_count(), bool(about_people([door], self.held.of(resource)))
        score = (records or 0) * weight * count * self.window.days * shown
        return GrantUse(resource, what, to, count, last, score)

    def _idle(self, done: Done | None) -> int:
        return self.window.days if done is None else max(0, self.window.last - done.last // _DAY)

    def _held(self, resource: Resource) -> tuple[int | None, float, str]:
        """Records, weight and class of a resource."""
        holding = self.held.of(resource)
        if holding is None:
            return resource.records, 1.0, ""
        files = resource.kind == FILES  # of which the map says their number only
        records = holding.records if files or resource.records is None else resource.records
        return records, holding.weight, holding.sensitivity


def _is_clockwork(use: TableUse) -> bool:
    """Whether uses come at always the same time of the day, or of the hour."""
    daily = use.days >= _CLOCK_DAYS and use.of_day <= 5 * _MINUTE
    hourly = use.times >= 12 * _CLOCK_DAYS and use.days >= _CLOCK_DAYS and use.of_hour <= _MINUTE
    return daily or hourly
