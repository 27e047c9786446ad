"""What owners are asked about: rights of a place, those together that one decision fits."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from trapstreet.access.domain.drifted import Held
from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.access.domain.owners import Owner, owner_of
from trapstreet.access.domain.privileged import GROUPS
from trapstreet.access.domain.reached import Side, Unit, union
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.rights import FILES, Bits, Door, How, Rights, Rows, numbers_in

EVERYBODY = "everybody"
_NAMED = (How.GRANT, How.COLUMNS)


class Asked(StrEnum):
    """What kind of right an item is about."""

    READS = "reads"
    MEMBER = "member"
    PRIVILEGE = "privilege"


class Item(msgspec.Struct, frozen=True, array_like=True):
    """Something that an owner confirms or wants removed. Texts are bytes: names of files may be anything.

    who     to whom it is given, or who is a member;  group  of what, or which privilege
    what    the things that may be read;  people  how many who can log in have it by this
    weight, sensitivity  of what is known to be in them
    last    when it was used last (Unix µs); None: not as far as is known, or nothing is known (`known`)
    owner   who is asked; "" for nobody in particular
    """

    sort: str
    who: bytes
    group: bytes = b""
    what: tuple[tuple[bytes, ...], ...] = ()
    people: int = 0
    weight: float = 0.0
    sensitivity: str = ""
    last: int | None = None
    known: bool = False
    owner: str = ""


def items_of(
    rights: Rights,
    *,
    owners: Iterable[Owner] = (),
    held: Mapping[Unit, Held],
    uses: Collection[PastUse] | None,
) -> list[Item]:
    """All that is to be decided about a place: who is given what, who is a member, who has more than that;
    the most sensitive first.

    uses  what is known of past ones; None: no log was imported
    """
    items = [*_Asking(rights, [*owners], held, uses).items()]
    return sorted(
        items, key=lambda each: (-each.weight, -each.people, each.sort, each.group, each.who, each.what)
    )


class _Asking:
    def __init__(
        self,
        rights: Rights,
        owners: list[Owner],
        held: Mapping[Unit, Held],
        uses: Collection[PastUse] | None,
    ) -> None:
        self._side = Side(rights)
        self._rights, self._owners, self._held = rights, owners, held
        self._known = uses is not None
        self._superusers = union(
            door.grants[0].to for door in rights.doors if door.resource is None and door.how == How.SUPERUSER
        )
        self._just = self._by_people()
        names = {each.name: number for number, each in enumerate(rights.principals)}
        self._used: dict[Unit, dict[int, int]] = {}
        for use in uses or ():
            for path in () if use.as_root else use.on:
                last = self._used.setdefault(path if path in self._side.units else path[:1], {})
                if use.who in names:
                    last[names[use.who]] = max(use.last, last.get(names[use.who], 0))

    def _by_people(self) -> dict[Bits, int]:
        """The groups that several who can log in are just the people of."""
        found: dict[Bits, int] = {}
        for number in {each.group for each in self._rights.memberships} if self._rights.of_files else ():
            people = self._side.access.arriving(1 << number) & self._side.people
            if people.bit_count() > 1:
                found.setdefault(people, number)
        return found

    def items(self) -> Iterator[Item]:
        given = self._given()
        for (who, _, owner), units in given.items():
            yield self._reads(who, units, owner)
        yield from self._privileges()
        yield from self._members(given)

    def _given(self) -> dict[tuple[int, Unit, str], dict[Unit, Bits]]:
        """What each is given by name, and who has it by that, by where it lies and who is asked about it. -1
        is everybody."""
        found: dict[tuple[int, Unit, str], dict[Unit, Bits]] = {}
        asked: dict[tuple[int, Unit], str] = {}
        for door in self._rights.doors:
            if door.resource is None or door.how not in _NAMED or door.rows == Rows.NONE:
                continue
            resource = self._rights.resources[door.resource]
            files, unit = resource.kind == FILES, resource.unit
            for who in self._whom(door, files=files):
                if (who, unit) not in asked:
                    names = [".".join(unit[at:]) for at in range(len(unit))]
                    asked[who, unit] = owner_of(self._owners, what=names, who=self._name(who))
                owner = asked[who, unit]
                there = found.setdefault((who, self._place(unit, files), owner), {})
                there[unit] = there.get(unit, 0) | self._having(who, door, files=files)
        return found

    def _whom(self, door: Door, *, files: bool) -> Iterator[int]:
        """Those to whom something is given by name; of a file, who get as far as that. There "everybody else"
        is nobody's name: where these are most people, it is everybody; where they are all people of a group,
        that one."""
        to = door.grants[-1].to
        if files and (not door.opens or to.bit_count() > 1):
            to &= door.opens
        people, everybody = self._side.people, (1 << len(self._rights.principals)) - 1
        most = people.bit_count() > 1 and 2 * (people & to).bit_count() > people.bit_count()
        if to == everybody or (files and most):
            yield -1
            return
        if files and (group := self._just.get(to & people)):
            to = 1 << group
        for number in numbers_in(to & ~self._superusers):  # who are asked about as such
            if self._rights.principals[number].name not in GROUPS:
                yield number

    def _having(self, who: int, door: Door, *, files: bool) -> Bits:
        """Who can log in and has what somebody is given."""
        if who < 0:
            return self._side.people
        reach = self._side.access.arriving(1 << who) & self._side.people
        return reach & door.opens if files else reach

    def _place(self, unit: Unit, files: bool) -> Unit:
        """What it is told together with: a schema; of folders the one right below the place."""
        if not files:
            return unit[:-1]
        below = unit[0].removeprefix(self._rights.place).strip("/")
        return (below.partition("/")[0],)

    def _reads(self, who: int, units: Mapping[Unit, Bits], owner: str) -> Item:
        held = [self._held[each] for each in units if each in self._held]
        heaviest = max(held, key=lambda each: each.weight, default=Held(0.0, ""))
        reach = union(units.values())
        return Item(
            Asked.READS,
            _bytes(self._name(who)),
            what=tuple(tuple(map(_bytes, each)) for each in sorted(units)),
            people=reach.bit_count(),
            weight=heaviest.weight,
            sensitivity=heaviest.sensitivity,
            last=self._last(reach | (1 << who if who >= 0 else 0), units),
            known=self._known,
            owner=owner,
        )

    def _privileges(self) -> Iterator[Item]:
        seen = set()
        for door in self._rights.doors:
            if door.resource is not None:
                continue
            for number in numbers_in(door.grants[0].to):
                what = door.grants[0].what.partition(":")[0]
                name = self._name(number)
                if (number, what) not in seen and name not in GROUPS:
                    seen.add((number, what))
                    reach = self._side.access.arriving(1 << number) & self._side.people
                    owner = owner_of(self._owners, what=[], who=name)
                    yield Item(
                        Asked.PRIVILEGE, _bytes(name), _bytes(what), people=reach.bit_count(), owner=owner
                    )

    def _members(self, given: Iterable[tuple[int, Unit, str]]) -> Iterator[Item]:
        """Memberships that lead to anything; not those of everybody: of files, of all who have an account."""
        leading: Bits = 0
        for who, *_ in given:
            leading |= 1 << who if who >= 0 else 0
        for number, each in enumerate(self._rights.principals):
            leading |= (each.name in GROUPS) << number
        leads = self._side.access.arriving(leading)
        everybody, accounts = len(self._rights.principals) - 1, self._side.access.accounts
        of_files = self._rights.of_files
        sizes: dict[int, int] = {}
        for membership in self._rights.memberships:
            sizes[membership.group] = sizes.get(membership.group, 0) + 1
        for member, group in dict.fromkeys((each.member, each.group) for each in self._rights.memberships):
            whole = of_files and not accounts & ~self._side.access.arriving(1 << group)
            if leads >> group & 1 and sizes[group] < everybody and not whole:
                name, of = self._name(member), self._name(group)
                reach = self._side.access.arriving(1 << member) & self._side.people
                owner = owner_of(self._owners, what=[of], who=name)
                yield Item(Asked.MEMBER, _bytes(name), _bytes(of), people=reach.bit_count(), owner=owner)

    def _last(self, who: Bits, units: Iterable[Unit]) -> int | None:
        times = [at for each in units for n, at in self._used.get(each, {}).items() if who >> n & 1]
        return max(times, default=None)

    def _name(self, number: int) -> str:
        return EVERYBODY if number < 0 else self._rights.principals[number].name


def is_read_as(who: str, what: Unit, access: EffectiveAccess) -> bool:
    """Whether somebody reads something, or files in it, as a principal: it, or who may act as it. What is
    granted by name counts though it is not sure, for owners are asked about it; else only what is sure."""
    numbers = [number for number, each in enumerate(access.rights.principals) if each.name == who]
    resources = [
        number for number, each in enumerate(access.rights.resources) if each.path[: len(what)] == what
    ]
    return any(
        (door.sure or door.how in _NAMED)
        and door.opens >> number & 1
        and door.enters & access.arriving(1 << number)
        for number in numbers
        for resource in resources
        for door in access.doors_of(resource)
    )


def decided(texts: Iterable[str], *, most: int) -> list[int]:
    """The items that `3`, `5-9` or `all` name. Raises UnusableInput for one that there is not."""
    found: dict[int, None] = {}
    for text in texts:
        first, _, last = text.partition("-") if text != "all" else ("1", "-", str(most))
        ends = (first, last or first)
        if not all(each.isdecimal() and len(each) < 10 for each in ends) or text.endswith("-"):
            raise UnusableInput(f"{text!r} names no item", hint="write 3, 5-9 or all")
        begin, end = map(int, ends)
        if not 1 <= begin <= end <= most:
            raise UnusableInput(
                f"its items are 1 to {most}, not {text}", hint="trapstreet access review show lists them"
            )
        found |= dict.fromkeys(range(begin, end + 1))
    return [*found]


_DAY = 86_400_000_000
_WEEK = 7 * _DAY


def stage_of(due: int, *, at: int) -> str:
    """How near a time is: "week", "day" or "over"; "" where it is further away."""
    left = due - at
    return "over" if left <= 0 else "day" if left <= _DAY else "week" if left <= _WEEK else ""


def text_of(data: bytes) -> str:
    """A name as it was."""
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
