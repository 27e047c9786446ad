"""Into whose hands a right goes that many have and few used."""

from collections.abc import Iterable

import pytest

from trapstreet.access.advice import weights_of
from trapstreet.access.handover import Hands
from trapstreet.core.model.changes import Change
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import Membership, Principal, Rights

PEOPLE = [f"p{n:02}" for n in range(30)]
GROUPS = {
    "agents": PEOPLE[:4],
    "office": PEOPLE[:14],
    "night": PEOPLE[:2],
    "staff": PEOPLE[:20],
    "all_of_them": PEOPLE,
}


def hands(groups: dict[str, list[str]], *, inherits: bool = True, grantees: Iterable[str] = ()) -> Hands:
    names = [*PEOPLE, *groups]
    rights = Rights("p", "e", ("table", "tables"), ("role", "roles"))
    rights.principals += [Principal(each, n < len(PEOPLE)) for n, each in enumerate(names)]
    rights.memberships += [
        Membership(PEOPLE.index(who), number, inherits, becomes=True, admits=False)
        for number, members in enumerate(groups.values(), len(PEOPLE))
        for who in members
    ]
    return Hands(rights, frozenset(grantees or names))


@pytest.mark.parametrize(
    ("needing", "of", "to"),
    [
        (["p25"], "PUBLIC", ("p25",)),
        (["p00", "p01"], "PUBLIC", ("night",)),
        (["p00", "p01", "p02", "p03", "p25"], "PUBLIC", ("agents", "p25")),
        (["p00", "p02"], "PUBLIC", ("p00", "p02")),
        (PEOPLE[4:14], "PUBLIC", tuple(PEOPLE[4:14])),
        (PEOPLE[3:14], "PUBLIC", ("office",)),
        (PEOPLE[4:16], "PUBLIC", ("staff",)),
        (PEOPLE[2:22], "PUBLIC", ()),
        (PEOPLE, "PUBLIC", ()),
        (["p00"], "office", ("p00",)),
        (PEOPLE[4:12], "office", ()),
        (PEOPLE[4:11], "office", tuple(PEOPLE[4:11])),
        (["p00", "p01"], "agents", ("night",)),
    ],
)
def test_groups_of_those_alone_come_first_then_few_accounts_then_the_smallest_group_around_them(
    needing: list[str], of: str, to: tuple[str, ...]
) -> None:
    assert hands(GROUPS).fewest(needing, of) == to


def test_nobody_gets_a_right_who_does_not_have_it() -> None:
    wider = {"agents": PEOPLE[:24], "others": [*PEOPLE[:11], "p29"]}
    assert hands(wider).fewest(PEOPLE[:11], "agents") == ()
    wider["others"].remove("p29")
    assert hands(wider).fewest(PEOPLE[:11], "agents") == ("others",)


def test_a_group_whose_rights_its_members_do_not_have_at_once_is_of_no_use() -> None:
    assert hands(GROUPS, inherits=False).fewest(["p00", "p01"], "PUBLIC") == ("p00", "p01")


def test_a_group_of_the_server_s_own_gets_nothing() -> None:
    found = hands(GROUPS, grantees=[*PEOPLE, "staff"])
    assert found.fewest(["p00", "p01"], "PUBLIC") == ("p00", "p01")
    assert not found.can_have("night")


def test_users_with_a_group_of_their_name_are_those_who_need_a_right_and_get_it() -> None:
    found = hands(GROUPS | {name: [name] for name in PEOPLE})
    assert found.fewest(["p00", "p01"], "PUBLIC") == ("night",)
    assert found.fewest(["p25"], "PUBLIC") == ("p25",)
    assert found.fewest(["p00", "p01"], "agents") == ("night",)
    assert not found.is_of_many("p03")


def test_the_rights_of_a_group_that_is_called_like_a_user_are_those_of_its_members() -> None:
    found = hands({"p29": PEOPLE[:4], "p28": ["p28", *PEOPLE[:3]]})
    assert found.is_of_many("p29")
    assert found.may_pay(PEOPLE[:2], "p29")
    assert not found.may_pay(PEOPLE[:3], "p29")
    assert found.fewest(["p00"], "p29") == ("p00",)
    assert found.fewest(PEOPLE[:4], "PUBLIC") == tuple(PEOPLE[:4]), "by that name the user would get it"
    assert found.can_have("p28", "p28")
    assert not hands(GROUPS).can_have("night", "night")


def held(folder: str, name: str, people: int) -> Holding:
    return Holding("p", (folder, name), "file", None, people, (), "personal", 2.0, 0)


def test_a_right_on_files_weighs_what_is_in_their_folder_and_one_on_a_folder_what_is_below_it() -> None:
    held_there = [held("/srv/hr", "a.csv", 50), held("/srv/hr/old", "b.csv", 5), held("/srv", "c.csv", 1)]
    files = Change("files", "/srv/hr", ("/srv/hr",), "files", "read", "staff", (), ())
    folder = Change("folder", "/srv/hr", ("/srv/hr",), "folder", "enter", "staff", (), ())
    top = Change("top", "/srv", ("/srv",), "folder", "enter", "staff", (), ())
    assert weights_of([files, folder, top], held_there) == {"files": 101.0, "folder": 111.0, "top": 113.0}
