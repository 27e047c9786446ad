"""Things and people that came or went, and what these people can do beyond what is granted to them."""

from collections.abc import Iterator, Mapping, Sequence

from trapstreet.access.domain.causes import plainly
from trapstreet.access.domain.drifted import NAMED, Drifted, Held, Sort
from trapstreet.access.domain.privileged import privileged
from trapstreet.access.domain.reached import NOBODY, Degree, Reach, Side, Unit
from trapstreet.access.domain.telling import about_people, about_things, is_everybody
from trapstreet.core.model.rights import Bits, How, numbers_in


def privileges(sort: Sort, here: Side, there: Side) -> tuple[list[Drifted], Bits]:
    """Who has on one side alone what opens more than one thing; and who of them reaches all there is."""
    had = {each.what: each.who for each in privileged(there)}
    together: dict[Bits, list[str]] = {}
    all_of_it = 0
    for each in privileged(here):
        if who := each.who & here.people & ~had.get(each.what, 0):
            together.setdefault(who, []).append(each.what)
            all_of_it |= who if each.reads_all else 0
    several = here.people.bit_count() > 1
    changes = [
        about_people(
            Drifted(sort, cause=", ".join(what), everybody=several and not here.people & ~who), who, here
        )
        for who, what in together.items()
    ]
    return changes, all_of_it


def things(
    sort: Sort, units: Sequence[Unit], side: Side, held: Mapping[Unit, Held] | None
) -> Iterator[Drifted]:
    """New or gone things, those together that lie side by side and that the same people can read."""
    together: dict[tuple[Unit, Reach, str, bool], list[Unit]] = {}
    for unit in units:
        reach = side.reach(unit) if sort == Sort.NEW else NOBODY
        kind = side.rights.resources[side.units[unit][0]].kind
        place = (unit[0].rpartition("/")[0],) if side.of_files(unit) else unit[:-1]
        to_all = sort == Sort.NEW and bool(_public(side, unit))
        together.setdefault((place, reach, kind, to_all), []).append(unit)
    for (_, reach, _, to_all), some in together.items():
        what = _public(side, some[0]) if to_all else ""
        cause = f"{what.partition(' ')[0] if len(some) > 1 else what} to everybody" if to_all else ""
        change = Drifted(sort, cause=cause, everybody=is_everybody(side, reach), to_all=to_all)
        change = about_things(change, some, side, held=held)
        yield about_people(change, reach[Degree.COULD - 1], side)


def _public(side: Side, unit: Unit) -> str:
    """The right on a table that everybody was given by one grant, whoever then gets to it; "" for none."""
    everybody = (1 << len(side.rights.principals)) - 1
    for door in side.doors(unit) if not side.of_files(unit) else ():
        if door.how in (How.GRANT, How.COLUMNS) and door.grants and door.grants[-1].to == everybody:
            return plainly(door.grants[-1].what)
    return ""


def people(
    sort: Sort, here: Side, there: Side, *, but: Bits = 0, held: Mapping[Unit, Held] | None = None
) -> Iterator[Drifted]:
    """Who can log in on one side alone: those together that are members of the same groups. Of who came, what
    they reach, too, except of those of whom it is told that they reach everything (`but`)."""
    groups: dict[int, list[str]] = {}
    for each in here.rights.memberships:
        groups.setdefault(each.member, []).append(here.rights.principals[each.group].name)
    together: dict[tuple[str, ...], Bits] = {}
    for number in numbers_in(here.people & ~there.people):
        key = tuple(sorted(groups.get(number, ())))
        together[key] = together.get(key, 0) | 1 << number
    came = together if sort == Sort.CAME else {}
    reached = [(unit, here.reach(unit)[Degree.COULD - 1]) for unit in here.units] if came else []
    for names, who in together.items():
        cause = f"member of {', '.join(names[:NAMED])}" if names else "member of nothing"
        change = Drifted(sort, cause=cause)
        if units := [unit for unit, those in reached if those & who & ~but]:
            change = about_things(change, units, here, held=held)
        yield about_people(change, who, here)
