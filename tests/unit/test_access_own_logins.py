"""Which accounts of a place are logins of trapstreet's own, and what they keep."""

import pytest

from trapstreet.app.own_logins import OwnLogins
from trapstreet.core.model.changes import Change
from trapstreet.core.model.rights import Membership, Principal, Rights


def rights(place: str, *names: str) -> Rights:
    made = Rights(place, "e", ("table", "tables"), ("role", "roles"))
    made.principals += [Principal(each, logs_in=not each.startswith("group")) for each in names]
    return made


def of(name: str) -> Change:
    return Change(name, "crm", ("public", "t"), "table", "SELECT", name, (), ())


def test_a_group_that_other_groups_are_in_is_not_everybodys() -> None:
    found = rights("postgresql://h", "postgres", "alice", "reader", "group", "group_a", "group_b")
    found.memberships += [
        Membership(member, 3, inherits=True, becomes=True, admits=False) for member in (2, 4, 5)
    ]
    assert OwnLogins({"reader"}, found).keep(of("group"))


@pytest.mark.parametrize(
    ("place", "own", "other"),
    [
        ("mariadb://h", "reader@10.%", "other@reader"),
        ("smb://h", "CORP\\reader", "reader\\other"),
        ("postgresql://h", "reader", "reader@corp.example"),
    ],
)
def test_an_account_is_ours_by_its_user_as_it_is_called_there(place: str, own: str, other: str) -> None:
    logins = OwnLogins({"reader"}, rights(place, own, other))
    assert logins.keep(of(own)) and not logins.keep(of(other))
