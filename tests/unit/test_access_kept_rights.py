"""What is kept of rights comes back as it was: a part of a door that was lost would open or close it."""

from dataclasses import fields

import pytest

from trapstreet.access.domain.kept_rights import as_numbered, packed, unpacked
from trapstreet.core.model.rights import Door, Grant, How, Principal, Resource, Rights, Rows

DOOR = {
    "resource": 0,
    "how": How.COLUMNS,
    "opens": 0b01,
    "grants": (Grant("SELECT on table t", 0b10), Grant("a name of\udcff bytes", 0b01)),
    "enters": 0b11,
    "rows": Rows.SOME,
    "columns": ("email", "odd \udcff"),
    "sure": False,
    "could": True,
}
"""What a door can have, each part another than where nothing is said."""
NOT_KEPT = {"shows"}
"""Where it is missing, any column may be seen."""


@pytest.fixture
def rights() -> Rights:
    made = Rights("there", "Made up 1", ("table", "tables"), ("role", "roles"))
    made.principals += [Principal("anna", logs_in=True), Principal("bert", logs_in=True, note="a robot")]
    made.resources.append(Resource(("db", "s", "t"), "table", 7))
    made.doors.append(Door(**DOOR))
    return made


def test_every_part_of_a_door_comes_back(rights: Rights) -> None:
    assert {each.name for each in fields(Door)} == DOOR.keys() | NOT_KEPT, "say whether it is kept"
    assert not [each.name for each in fields(Door) if each.name in DOOR and DOOR[each.name] == each.default]
    (found,) = unpacked(packed(rights)).doors
    assert {name: getattr(found, name) for name in DOOR} == DOOR


def test_to_number_people_anew_changes_nothing_else_about_a_door(rights: Rights) -> None:
    (found,) = as_numbered(rights, [*reversed(rights.principals)]).doors
    swapped = {
        "opens": 0b10,
        "enters": 0b11,
        "grants": tuple(Grant(each.what, each.to ^ 0b11) for each in DOOR["grants"]),
    }
    assert {name: getattr(found, name) for name in DOOR} == DOOR | swapped
