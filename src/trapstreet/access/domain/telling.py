"""What changes say of things and people: some by name, all by number."""

from collections.abc import Mapping, Sequence

import msgspec

from trapstreet.access.domain.causes import names_of
from trapstreet.access.domain.drifted import NAMED, Drifted, Held
from trapstreet.access.domain.reached import Degree, Reach, Side, Unit
from trapstreet.core.model.rights import Bits
from trapstreet.core.model.words import printable


def about_things(
    change: Drifted, units: Sequence[Unit], side: Side, *, held: Mapping[Unit, Held] | None
) -> Drifted:
    """The change with the things that it concerns, and what is known to be in them."""
    records = [side.records(each) for each in units]
    kinds = {side.rights.resources[side.units[each][0]].kind for each in units}
    change = msgspec.structs.replace(
        change,
        what=tuple(tuple(map(printable, each)) for each in sorted(units)[:NAMED]),
        things=len(units),
        kind=kinds.pop() if len(kinds) == 1 else "table or view",
        records=None if None in records else sum(each for each in records if each is not None),
    )
    if held is None:
        return change
    known = [held[each] for each in units if each in held]
    heaviest = max(known, key=lambda each: each.weight, default=Held(0.0, ""))
    if not heaviest.weight and len(known) < len(units):
        return change  # nobody looked into all of them
    return msgspec.structs.replace(change, weight=heaviest.weight, sensitivity=heaviest.sensitivity)


def about_people(change: Drifted, who: Bits, side: Side) -> Drifted:
    """The change with the people whom it concerns; its texts are safe to print."""
    return msgspec.structs.replace(
        change,
        cause=printable(change.cause),
        scope=tuple(map(printable, change.scope)),
        who=tuple(map(printable, names_of(side, _some(who)))),
        people=who.bit_count(),
        of=side.people.bit_count(),
    )


def is_everybody(side: Side, reach: Reach) -> bool:
    """Whether all who can log in, and these are several, read something at once."""
    return side.people.bit_count() > 1 and not side.people & ~reach[Degree.PART - 1]


def _some(who: Bits) -> Bits:
    """The first of a set, as many as are named."""
    some: Bits = 0
    for _ in range(NAMED):
        lowest = who & -who
        some, who = some | lowest, who ^ lowest
    return some
