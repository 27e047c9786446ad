"""Leavers and movers: a list of people beside living rights. People are told by their accounts alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.core.model.rights import Bits, Level

_GONE = {"left", "leaver", "terminated", "inactive", "disabled", "ended", "retired", "gone", "former"}
_FEWEST = 2
"""Members of a department in a group before the group is taken for that department's."""


@dataclass(frozen=True, slots=True)
class Post:
    """One line of a list of people: an account's person in one department for some time.

    person      an id, by which several lines are one person's; never printed
    begin, end  the first and the last day, None where the list has none
    """

    person: str
    accounts: tuple[str, ...]
    state: str = ""
    begin: date | None = None
    end: date | None = None
    department: str = ""


@dataclass(frozen=True, slots=True)
class Leaver:
    """An account whose person has left. since  the day after the last one, None where the list has no day.

    reach  how many resources it surely reads;  records  in them, as far as known
    """

    account: str
    since: date | None
    reach: int
    records: int


@dataclass(frozen=True, slots=True)
class Mover:
    """An account that is still in a group of a department that its person was in before."""

    account: str
    group: str
    former: str
    present: str
    reach: int
    """How many resources the group reads."""


@dataclass(frozen=True, slots=True)
class Staff:
    """What a list of people says of accounts.

    nobodys  accounts that log in and are not in the list;  absent  accounts of the list that are not there
    """

    leavers: tuple[Leaver, ...]
    movers: tuple[Mover, ...]
    nobodys: tuple[Leaver, ...]
    absent: int


@dataclass(frozen=True, slots=True)
class _Person:
    accounts: frozenset[str]
    left: bool
    since: date | None
    present: str
    former: frozenset[str]


def staff(posts: Sequence[Post], access: EffectiveAccess, today: date) -> Staff:
    """The leavers, movers and accounts without a person. Accounts are compared without regard to case; one of
    MariaDB's without its host."""
    persons = _persons(posts, today)
    owner = _owners(persons)
    principals = access.rights.principals
    reach = _Reach(access)
    leavers, nobodys, met = [], [], set()
    for number, each in enumerate(principals):
        found = next((owner[name] for name in _names(each.name, access) if name in owner), None)
        met |= _names(each.name, access)
        if not each.logs_in:
            continue
        if found is None:
            nobodys.append(Leaver(each.name, None, *reach.of(number)))
        elif found.left:
            leavers.append(Leaver(each.name, found.since, *reach.of(number)))
    return Staff(
        tuple(sorted(leavers, key=_widest)),
        tuple(_movers(owner, access, reach)),
        tuple(sorted(nobodys, key=_widest)),
        len(owner.keys() - met),
    )


def _owners(persons: Iterable[_Person]) -> dict[str, _Person]:
    """By account, whose it is; of several that share one, somebody who is there."""
    owner: dict[str, _Person] = {}
    for person in persons:
        for name in person.accounts:
            if name not in owner or owner[name].left:
                owner[name] = person
    return owner


def _persons(posts: Iterable[Post], today: date) -> list[_Person]:
    by_person: dict[str, list[Post]] = {}
    for each in posts:
        by_person.setdefault(each.person, []).append(each)
    return [_person(each, today) for each in by_person.values()]


def _person(posts: Sequence[Post], today: date) -> _Person:
    """What several lines say of one person: the one that holds today, or else the last that did."""
    now = [each for each in posts if _holds(each, today)]
    latest = max(now or posts, key=lambda each: (each.begin or date.min, each.end or date.max))
    over = [each.end for each in posts if each.end is not None]
    begun = [each for each in posts if each.begin is None or each.begin <= today]
    former = {each.department for each in begun} - {latest.department, ""}
    return _Person(
        accounts=frozenset(name.casefold() for each in posts for name in each.accounts),
        left=not now and bool(begun),
        since=max(over) if not now and over else None,
        present=latest.department,
        former=frozenset(former),
    )


def _holds(post: Post, today: date) -> bool:
    if post.state.strip().casefold() in _GONE:
        return False
    return (post.begin is None or post.begin <= today) and (post.end is None or post.end >= today)


def _movers(owner: dict[str, _Person], access: EffectiveAccess, reach: "_Reach") -> list[Mover]:
    """A group is a department's where more than half of its members with a person, and at least two besides
    the one that is asked about, are in that department."""
    principals = access.rights.principals
    person = {
        number: owner[name]
        for number, each in enumerate(principals)
        for name in _names(each.name, access)
        if name in owner
    }
    groups: dict[int, list[int]] = {}
    for each in access.rights.memberships:
        if each.member in person and not person[each.member].left:
            groups.setdefault(each.group, []).append(each.member)
    found = []
    for group, members in groups.items():
        for member in members:
            others = [person[each].present for each in members if person[each] is not person[member]]
            for former in sorted(person[member].former):
                count = others.count(former)
                if count >= _FEWEST and 2 * count > len(others) and former != person[member].present:
                    found.append(
                        Mover(
                            principals[member].name, principals[group].name, former,
                            person[member].present, reach.of(group)[0],
                        )
                    )  # fmt: skip
    return sorted(found, key=lambda each: (-each.reach, each.account, each.group))


class _Reach:
    """How much principals surely read, at once or by SET ROLE."""

    def __init__(self, access: EffectiveAccess) -> None:
        self._able: list[tuple[Bits, int]] = []
        for number, resource in enumerate(access.rights.resources):
            can: Bits = 0
            for door in access.doors_of(number):
                if door.sure:
                    levels = access.levels(door)
                    can |= levels[Level.AT_ONCE] | levels[Level.SET_ROLE]
            self._able.append((can, resource.records or 0))

    def of(self, principal: int) -> tuple[int, int]:
        """How many resources, and how many records are in them."""
        bit = 1 << principal
        records = [count for can, count in self._able if can & bit]
        return len(records), sum(records)


def _names(name: str, access: EffectiveAccess) -> set[str]:
    folded = name.casefold()
    if access.rights.edition.startswith("MariaDB"):
        return {folded, folded.rpartition("@")[0]} - {""}
    return {folded}


def _widest(each: Leaver) -> tuple[int, int, str]:
    return -each.records, -each.reach, each.account
