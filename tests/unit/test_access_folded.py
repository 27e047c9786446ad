"""Files of several makers that the same people read, as one exposure; of made-up rights."""

from dataclasses import replace

from trapstreet.access import EffectiveAccess
from trapstreet.access.domain.folded import folded
from trapstreet.access.domain.held import Held
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import FILES, Bits, Door, Grant, How, Principal, Resource, Rights

EVERYBODY = 0b1111
NOTHING = Held(())
"""Nobody looked what is in them."""


def made() -> Rights:
    """Of each of three makers a file that all can read, by three rights, and one that they alone can."""
    rights = Rights("/srv", "Files", ("set", "sets"), ("user", "users"))
    rights.principals += [Principal(f"u{n}", logs_in=n < 3) for n in range(4)]
    for maker in range(3):
        own: Bits = 1 << maker
        for open_to, name in ((EVERYBODY & ~own, "open"), (0, "own")):
            number = len(rights.resources)
            names = frozenset({f"{name}{maker}.csv"})
            rights.resources.append(Resource(("/srv/hr", f"1 file {name} ({maker})"), FILES, 1, names))
            rights.doors.append(Door(number, How.OWNER, own, (Grant("owner: may read", own),), EVERYBODY))
            if open_to:
                other = Grant("everybody else may read", open_to)
                rights.doors.append(Door(number, How.GRANT, open_to, (other,), EVERYBODY))
    return rights


def readers(rights: Rights) -> dict[str, set[tuple[str, int]]]:
    """By name of each file, who reads it, and how nearly."""
    access = EffectiveAccess(rights)
    return {
        name: {(each.principal, each.level) for each in access.readers(number)}
        for number, resource in enumerate(rights.resources)
        for name in resource.names
    }


def test_files_that_the_same_people_read_are_one_and_others_stay() -> None:
    rights, parts = folded(EffectiveAccess(made()), NOTHING)
    assert [each.path[1] for each in rights.resources] == [
        "3 files in 3 sets", "1 file own (0)", "1 file own (1)", "1 file own (2)"
    ]  # fmt: skip
    assert rights.resources[0].names == {"open0.csv", "open1.csv", "open2.csv"}
    assert parts == {
        ("/srv/hr", "3 files in 3 sets"): {("/srv/hr", f"1 file open ({maker})") for maker in range(3)}
    }


def test_nobody_reads_a_file_more_or_less_by_that() -> None:
    rights, _ = folded(EffectiveAccess(made()), NOTHING)
    assert readers(rights) == readers(made())


def test_who_perhaps_reads_is_not_put_together_with_who_does() -> None:
    before = made()
    unsure = [replace(each, sure=each.resource != 0) for each in before.doors]
    rights, _ = folded(EffectiveAccess(replace(before, doors=unsure)), NOTHING)
    assert rights.resources[0].path[1] == "1 file open (0)"
    assert rights.resources[2].path[1] == "2 files in 2 sets"


def test_files_of_other_classes_stay_apart() -> None:
    found = Holding(
        place="/srv", path=("/srv/hr", "open1.csv"), kind="file", records=3, people=3, columns=(),
        sensitivity="health", weight=10.0, seen=1,
    )  # fmt: skip
    rights, _ = folded(EffectiveAccess(made()), Held([found]))
    assert rights.resources[0].names == {"open0.csv", "open2.csv"}
    assert rights.resources[2].names == {"open1.csv"}


def test_files_of_several_folders_and_those_without_names_stay_apart() -> None:
    before = made()
    before.resources[0] = replace(before.resources[0], path=("/srv/sales", "1 file"))
    before.resources[2] = replace(before.resources[2], names=frozenset())
    rights, parts = folded(EffectiveAccess(before), NOTHING)
    assert (len(rights.resources), parts) == (6, {})


def test_two_groups_of_one_folder_have_names_of_their_own() -> None:
    before = made()
    for number in (1, 3, 5):
        before.doors.append(Door(number, How.GRANT, 0b11, (Grant("its group may read", 0b11),), EVERYBODY))
    before.doors[:] = [each for each in before.doors if each.resource not in (1, 3, 5) or each.opens == 0b11]
    rights, parts = folded(EffectiveAccess(before), NOTHING)
    assert [each.path[1] for each in rights.resources] == ["3 files in 3 sets", "3 files in 3 sets (2)"]
    assert len(parts) == 2


def test_tables_stay_as_they_are() -> None:
    rights = Rights("there", "Made up 1", ("table", "tables"), ("role", "roles"))
    rights.resources.append(Resource(("db", "crm", "customers"), "table", 3))
    same, parts = folded(EffectiveAccess(rights), NOTHING)
    assert (same is rights, parts) == (True, {})
