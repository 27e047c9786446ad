"""Memberships that are new and opened nothing yet: who has one keeps what it opens when other ways close."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from trapstreet.access.domain.causes import MEMBER, names_of
from trapstreet.access.domain.drifted import Drifted, Sort
from trapstreet.access.domain.reached import Side
from trapstreet.access.domain.telling import about_people
from trapstreet.core.model.rights import Bits

_NAMED = 3


def joined(
    now: Side,
    before: Side,
    *,
    had: Collection[str],
    told: Collection[tuple[str, Bits]],
    but: Collection[str],
) -> Iterator[Drifted]:
    """Who is a member of what now and was not, those of one group together; not who is new, and not of a new
    group that everybody is in.

    Both sides number principals alike.
    had   names of those that there were before
    told  causes of which it is told what they opened, each with to whom it was given
    but   groups of which it is told that somebody came to be in them
    """
    came = now.people & ~before.people
    pairs = {(each.member, each.group) for each in before.rights.memberships}
    members_now = dict.fromkeys((each.member, each.group) for each in now.rights.memberships)
    sizes = Counter(group for _, group in members_now)
    everybody = len(now.rights.principals) - 1
    groups: dict[int, Bits] = {}
    for member, group in members_now:
        name = now.rights.principals[group].name
        is_new = came >> member & 1 or now.rights.principals[member].name not in had
        is_everybodys = name not in had and sizes[group] == everybody
        is_told = name in but or (f"{MEMBER}{name}", 1 << member) in told
        if (member, group) not in pairs and not (is_new or is_everybodys or is_told):
            groups[group] = groups.get(group, 0) | 1 << member
    for group, members in groups.items():
        names = names_of(now, members)
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        is_, group_name = "is" if len(names) == 1 else "are", now.rights.principals[group].name
        cause = f"{', '.join(names[:_NAMED])}{more} {is_} now member of {group_name}"
        yield about_people(Drifted(Sort.JOINED, cause=cause), members, now)


def privileged_by(changes: Iterable[Drifted]) -> set[str]:
    """What those who got more than rights on things got, which may be groups."""
    return {each for change in changes for each in change.cause.split(", ")}
