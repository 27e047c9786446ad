"""What changed between two times: who can read what that was out of reach, and the other way round."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trapstreet.access.domain.arrivals import people, privileges, things
from trapstreet.access.domain.causes import MEMBER, ROW_SECURITY, Cause, Causes, names_of
from trapstreet.access.domain.drifted import NAMED, Drifted, Held, Sort
from trapstreet.access.domain.joined import joined, privileged_by
from trapstreet.access.domain.kept_rights import as_numbered
from trapstreet.access.domain.reached import Degree, Side, Unit, hidden, is_in
from trapstreet.access.domain.shifts import Shift, shifts
from trapstreet.access.domain.telling import about_people, about_things, is_everybody
from trapstreet.core.model.changes import PUBLIC
from trapstreet.core.model.rights import Bits, Rights
from trapstreet.core.model.words import printable

MOST = 2_000
"""Changes that are told one by one."""


@dataclass(frozen=True, slots=True)
class Drift:
    """All that changed, the widest first, and what is there that was not before."""

    changes: tuple[Drifted, ...]
    fresh: tuple[Unit, ...]


@dataclass
class _Group:
    """Things that changed by one cause."""

    sort: Sort
    degree: Degree
    cause: Cause
    everybody: bool
    who: Bits = 0
    units: dict[Unit, None] = field(default_factory=dict)
    files: int = 0
    columns: dict[str, None] = field(default_factory=dict)


def drift(
    before: Rights,
    now: Rights,
    *,
    within: Sequence[Unit] | None = None,
    taken: Mapping[Unit, Collection[str]] | None = None,
    held: Mapping[Unit, Held] | None = None,
) -> Drift:
    """What is otherwise now than before.

    within  the parts of the place that are compared; None: all of it
    taken   what was taken away on purpose, and from whom: paths of tables, schemas or databases, or (group,)
    held    what is known to be in things; None: nobody looked
    What could be read at one of the times alone is neither new nor gone: it is left out. Cost: seconds for
    10,000 tables and 5,000 roles.
    """
    return _Comparing(before, now, within, taken or {}, held).found()


class _Comparing:
    def __init__(
        self,
        before: Rights,
        now: Rights,
        within: Sequence[Unit] | None,
        taken: Mapping[Unit, Collection[str]],
        held: Mapping[Unit, Held] | None,
    ) -> None:
        self._before, self._now = Side(as_numbered(before, now.principals)), Side(now)
        self._within, self._taken, self._held = within, taken, held
        self._hidden = hidden(before, now)
        self._same = (
            self._before.rights.memberships == now.memberships
            and self._before.rights.makes == now.makes
            and self._before.people == self._now.people
            and self._before.everywhere == self._now.everywhere
        )
        self._common = self._before.people & self._now.people
        self._whole = within is None or () in within
        self._had = {each.name for each in before.principals}

    def found(self) -> Drift:
        before, now, changes = self._before, self._now, list[Drifted]()
        new = gone = 0
        more: list[Drifted] = []
        if self._whole:
            more, new = privileges(Sort.PRIVILEGED, now, before)
            less, gone = privileges(Sort.DISMISSED, before, now)
            changes += [*more, *less]
            changes += people(Sort.CAME, now, before, but=new, held=self._held)
            changes += people(Sort.LEFT, before, now)
            noted = [each for each in now.rights.notes if each not in before.rights.notes]
            changes += [Drifted(Sort.NOTED, cause=printable(each)) for each in noted]
        told: set[tuple[str, Bits]] = set()
        changes += self._grouped(new, gone, told)
        if self._whole:
            changes += joined(now, before, had=self._had, told=told, but=privileged_by(more))
        fresh = [unit for unit in now.units if unit not in before.units and self._lit(unit)]
        left = [unit for unit in before.units if unit not in now.units and self._lit(unit)]
        changes += things(Sort.NEW, fresh, now, self._held)
        changes += things(Sort.GONE, left, before, self._held)
        changes.sort(key=_widest)
        if len(changes) > MOST:
            changes[MOST:] = [Drifted(Sort.MORE, things=len(changes) - MOST)]
        return Drift(tuple(changes), tuple(fresh))

    def _lit(self, unit: Unit) -> bool:
        """Whether it is compared, and nothing about it was hidden at one of the times alone."""
        side = self._now if unit in self._now.units else self._before
        files = side.of_files(unit)
        if self._within is not None and not is_in(self._within, unit, files=files):
            return False
        return not is_in(self._hidden, unit, files=files)

    def _grouped(self, new: Bits, gone: Bits, told: set[tuple[str, Bits]]) -> Iterator[Drifted]:
        """What is otherwise; `told` gets the causes of what came within reach, and to whom each was given."""
        groups: dict[tuple[object, ...], list[_Group]] = {}
        causes = Causes(self._now, self._before), Causes(self._before, self._now)
        for unit in self._now.units:
            if unit not in self._before.units or not self._lit(unit):
                continue
            if self._same and self._now.likeness(unit) == self._before.likeness(unit):
                continue
            for shift in shifts(self._before, self._now, unit, self._common):
                less = shift.less
                shift = replace(shift, who=shift.who & ~(gone if less else new))  # noqa: PLW2901
                if shift.who:
                    self._enter(groups, unit, shift, causes[less])
        for each in _merged([group for some in groups.values() for group in some]):
            if each.sort in (Sort.GAINED, Sort.WIDER):
                told.add((each.cause.what, each.cause.to))
            yield self._told(each)

    def _enter(
        self, groups: dict[tuple[object, ...], list[_Group]], unit: Unit, shift: Shift, causes: Causes
    ) -> None:
        """Folders come together; what others can read in one of them beside is told beside, and not added."""
        sort = {
            (False, True): Sort.GAINED,
            (False, False): Sort.WIDER,
            (True, True): Sort.LOST,
            (True, False): Sort.NARROWER,
        }[shift.less, shift.wholly]
        everybody = self._is_everybody(unit, shift)
        for cause, who in causes.of(unit, shift.who):
            some = groups.setdefault((sort, shift.degree, cause.key, everybody, bool(shift.files)), [])
            group = next((each for each in some if not shift.files or unit not in each.units), None)
            if group is None:
                some.append(group := _Group(sort, shift.degree, cause, everybody))
            group.who |= who
            group.units[unit] = None
            group.files += shift.files
            group.columns |= dict.fromkeys(shift.columns)

    def _is_everybody(self, unit: Unit, shift: Shift) -> bool:
        """Whether now all can read it at once, or more of its files, and not all could; or all lost it."""
        if shift.less:
            return self._common.bit_count() > 1 and not self._common & ~shift.who
        if shift.files:
            return shift.to_all
        now, before = (is_everybody(side, side.reach(unit)) for side in (self._now, self._before))
        return now and not before

    def _told(self, group: _Group) -> Drifted:
        less = group.sort in (Sort.LOST, Sort.NARROWER)
        here = self._before if less else self._now
        cause = group.cause.what
        if group.cause.alike and len(group.units) > 1:
            cause = cause.partition(" ")[0]  # of many: SELECT
        if group.cause.to:
            to = "everybody"
            if here.people & ~group.cause.to:
                names = names_of(here, group.cause.to)
                to = ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")
            cause = f"{cause} to {to}" if not cause.startswith(MEMBER) else f"{to} {_is(less)} {cause}"
        change = Drifted(
            group.sort,
            cause=cause,
            scope=group.cause.scope,
            everybody=group.everybody,
            degree=int(group.degree),
            columns=tuple(group.columns)[:NAMED],
            files=group.files,
            given_back=not less and self._gives_back(group),
            row_security=group.cause.what == ROW_SECURITY,
        )
        change = about_things(change, [*group.units], here, held=self._held)
        return about_people(change, group.who, here)

    def _gives_back(self, group: _Group) -> bool:
        """Whether some of it was taken from the same ones on purpose: from everybody, if everybody has it."""
        if not self._taken:
            return False
        to_all = not self._now.people & ~group.cause.to
        alone = self._now.people.bit_count() == 1
        to = {PUBLIC} if to_all else set[str]()
        to |= {*names_of(self._now, group.cause.to)} if alone or not to_all else set()
        of = {unit[:length] for unit in group.units for length in range(1, len(unit) + 1)}
        if group.cause.what.startswith(MEMBER):
            of = {(group.cause.what.removeprefix(MEMBER),)}
        return any(not to.isdisjoint(self._taken.get(each, ())) for each in of)


def _merged(groups: Collection[_Group]) -> Iterator[_Group]:
    """What everybody came to read is told once: some could read it less nearly before."""
    to_all: dict[object, set[Unit]] = {}
    for each in groups:
        if each.everybody and each.sort == Sort.GAINED:
            to_all.setdefault(each.cause.key, set()).update(each.units)
    for each in groups:
        if each.sort != Sort.WIDER or not {*each.units} <= to_all.get(each.cause.key, set()):
            yield each


def _is(less: bool) -> str:
    return "was" if less else "is now"


_ORDER = [*Sort]


def _widest(change: Drifted) -> tuple[bool, int, int, int, tuple[Unit, ...]]:
    """Most of all counts who can do everything, then what everybody can, then how many can read how much."""
    first = change.sort in (Sort.PRIVILEGED, Sort.COPIED)
    return (
        not first,
        -change.everybody if change.sort not in (Sort.LOST, Sort.NARROWER) else 1,
        _ORDER.index(Sort(change.sort)),
        -change.people * max(1, change.things),
        change.what,
    )
