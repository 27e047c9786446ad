"""What owners are asked about, of made-up rights."""

from dataclasses import replace

from trapstreet.access.domain.effective import EffectiveAccess
from trapstreet.access.domain.review import Asked, Item, is_read_as, items_of
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.rights import (
    FILES,
    Bits,
    Door,
    Grant,
    How,
    Membership,
    Principal,
    Resource,
    Rights,
)

ALL = 0b11111


def rights(to: Bits, what: str, kind: str = "table") -> Rights:
    """Four people and a group, and something that is given to some of them by name."""
    path = ("/srv/hr", "3 files rw-r--r--") if kind == FILES else ("db", "crm", "customers")
    made = Rights("there", "Made up 1", ("thing", "things"), ("role", "roles"))
    made.principals += [Principal(each, logs_in=True) for each in ("anna", "bert", "carl", "dora")]
    made.principals.append(Principal("agents", logs_in=False))
    made.resources.append(Resource(path, kind, 3))
    made.doors.append(Door(0, How.GRANT, to, (Grant(what, to),), ALL))
    return made


def asked(made: Rights) -> list[tuple[bytes, int]]:
    items: list[Item] = items_of(made, held={}, uses=None)
    return [(each.who, each.people) for each in items if each.sort == Asked.READS]


def test_what_most_are_given_by_name_is_not_everybodys() -> None:
    """An owner who confirms it wants these rights to stay, and would not find them as everybody's."""
    found = asked(rights(0b0111, "SELECT on table customers"))
    assert found == [(b"anna", 1), (b"bert", 1), (b"carl", 1)]


def test_what_public_has_is_everybodys_and_so_is_a_file_that_all_others_may_read() -> None:
    assert asked(rights(ALL, "SELECT on table customers to PUBLIC")) == [(b"everybody", 4)]
    assert asked(rights(0b0111, "everybody else may read", FILES)) == [(b"everybody", 4)]


def test_what_perhaps_is_read_by_name_is_still_read_and_what_perhaps_is_read_otherwise_is_not() -> None:
    """An owner is asked about the first, and it is not gone while it is there."""
    made = rights(0b0001, "SELECT on table customers, by where the client comes from")
    for how, is_read in ((How.GRANT, True), (How.COLUMNS, True), (How.STATISTICS, False)):
        made.doors[:] = [replace(made.doors[0], how=how, sure=False)]
        assert is_read_as("anna", ("db", "crm", "customers"), EffectiveAccess(made)) is is_read
        assert not is_read_as("bert", ("db", "crm", "customers"), EffectiveAccess(made))


def test_a_file_is_asked_about_for_those_alone_who_get_as_far_as_its_folder() -> None:
    """The mode gives it to all others; the folder lets one of them in."""
    made = rights(0b01111, "everybody else may read", FILES)
    made.doors[:] = [replace(made.doors[0], opens=0b00100)]
    assert asked(made) == [(b"carl", 1)]


def test_what_was_done_with_roots_rights_is_no_use_of_what_is_given() -> None:
    """Else an owner would confirm a right that nobody needs."""
    made = rights(0b0001, "SELECT on table customers")
    use = PastUse("anna", "", (("db", "crm", "customers"),), "", "", (), 1, 5, 5)
    for as_root, last in ((False, 5), (True, None)):
        items = items_of(made, held={}, uses=[replace(use, as_root=as_root)])
        assert [each.last for each in items if each.sort == Asked.READS] == [last]


def in_group(made: Rights, *members: int) -> Rights:
    """Some people are members of the group."""
    made.memberships += [Membership(each, 4, inherits=True, becomes=False, admits=False) for each in members]
    return made


def test_a_group_that_may_read_files_is_asked_about_with_those_of_it_who_get_there() -> None:
    made = in_group(rights(0b10000, "its group may read", FILES), 0, 1, 2)
    made.doors[:] = [replace(made.doors[0], opens=0b00011)]
    assert asked(made) == [(b"agents", 2)]
    assert {each.who for each in items_of(made, held={}, uses=None) if each.sort == Asked.MEMBER} == {
        b"anna", b"bert", b"carl"
    }  # fmt: skip


def test_where_all_others_who_get_to_a_file_are_a_group_it_is_that_one_and_not_each_of_them() -> None:
    made = in_group(rights(0b01111, "everybody else may read", FILES), 0, 1)
    made.doors[:] = [replace(made.doors[0], opens=0b00011)]
    assert asked(made) == [(b"agents", 2)]


def test_nobody_is_asked_whether_people_may_read_files_of_their_own() -> None:
    made = rights(0b0001, "owner: may read", FILES)
    made.doors[:] = [replace(made.doors[0], how=How.OWNER)]
    assert asked(made) == []


def test_a_group_of_files_that_everybody_is_in_is_asked_about_and_not_each_member() -> None:
    made = in_group(rights(0b10000, "its group may read", FILES), 0, 1, 2, 3)
    made.doors[:] = [replace(made.doors[0], opens=0b01111)]
    assert [(each.sort, each.who) for each in items_of(made, held={}, uses=None)] == [
        (Asked.READS, b"agents")
    ]
