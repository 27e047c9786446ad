"""Maps and advice of many files, put together so that somebody can read them; of made-up rights."""

from trapstreet.access import EffectiveAccess, Reading
from trapstreet.app.access import Mapped
from trapstreet.core.model.changes import FOLDER, PUBLIC, Change
from trapstreet.core.model.rights import FILES, Door, Grant, How, Level, Principal, Resource, Rights, Rows
from trapstreet.render.access import folder_lines
from trapstreet.render.alike import taken_together

PEOPLE = 6
PLACE = "/srv/share"


def mapped(folders: int) -> Mapped:
    """In each folder two files of each of four makers, who alone can read them, and one
    that all can read."""
    rights = Rights(PLACE, "Files", ("set", "sets"), ("user", "users"))
    rights.principals += [Principal(f"u{n}", logs_in=True) for n in range(PEOPLE)]
    everybody = (1 << PEOPLE) - 1
    for at in range(folders):
        folder = f"{PLACE}/{'ab'[at % 2]}/p{at}"
        for maker in range(5):
            count, who = (2, 1 << maker) if maker < 4 else (1, everybody)
            what = f"{count} files rw------- ({maker})"
            rights.doors.append(
                Door(len(rights.resources), How.GRANT, who, (Grant("may read", who),), everybody)
            )
            rights.resources.append(Resource((folder, what), FILES, count))
    return Mapped(EffectiveAccess(rights))


def lines(found: Mapped, *, most: int) -> list[tuple[str, int, bool]]:
    return [
        (each.resource.name, each.at_once, each.everybody)
        for each in found.alike(found.exposures(), most=most)
    ]


def test_files_of_one_folder_that_as_many_can_read_are_one_line() -> None:
    assert lines(mapped(1), most=30) == [
        ("/srv/share/a/p0: 1 files rw------- (4)", 6, True),
        ("/srv/share/a/p0: 8 files in 4 sets", 1, False),
    ]


def test_where_folders_are_many_those_of_one_part_of_the_place_are_one_line() -> None:
    assert lines(mapped(20), most=30) == [
        ("/srv/share/a: 10 files in 10 folders", 6, True),
        ("/srv/share/b: 10 files in 10 folders", 6, True),
        ("/srv/share/a: 80 files in 10 folders", 1, False),
        ("/srv/share/b: 80 files in 10 folders", 1, False),
    ]
    assert len(lines(mapped(20), most=40)) == 40


def test_no_file_is_left_out_and_none_counted_twice() -> None:
    found = mapped(20)
    for most in (1, 1000):
        assert sum(each.resource.records or 0 for each in found.alike(found.exposures(), most=most)) == 20 * 9


def reading(who: str, files: Resource, how: How, way: str) -> Reading:
    return Reading(who, files, Level.AT_ONCE, how, Rows.ALL, (), sure=True, way=(way,))


def test_who_reads_files_of_several_sets_stands_once_by_each_way_with_how_many_they_are() -> None:
    sets = [Resource((PLACE, f"{count} files ({count})"), FILES, count) for count in (3, 4)]
    found = [
        (each, [
            reading(who, each, How.OWNER, "owner: may read") if who == owner
            else reading(who, each, How.GRANT, "everybody else may read")
            for who in ("anna", "bert", "carl", "dora")
        ])
        for each, owner in zip(sets, ("anna", "bert"), strict=True)
    ]  # fmt: skip
    assert [*folder_lines(found)] == [
        "carl, dora: all 7 files, at once", "    everybody else may read",
        "bert: 4 of 7 files, at once", "    owner: may read",
        "anna: 4 of 7 files, at once", "    everybody else may read",
        "anna: 3 of 7 files, at once", "    owner: may read",
        "bert: 3 of 7 files, at once", "    everybody else may read",
    ]  # fmt: skip


def change(of: str, folder: str, files: str = "", to: tuple[str, ...] = ()) -> Change:
    right = f"read {files}" if files else "enter"
    kind = FILES if files else FOLDER
    return Change(f"{of}{folder}{files}", folder, (folder,), kind, right, of, ("x",), ("y",), to=to)


def test_what_is_taken_from_one_group_in_one_part_is_one_line_and_others_come_first() -> None:
    changes = [
        *(change("staff", f"{PLACE}/a/p0", f"1 file {n}") for n in range(3)),
        *(change("staff", f"{PLACE}/a/p{n}") for n in range(1, 5)),
        change(PUBLIC, f"{PLACE}/b"),
        *(change("staff", f"{PLACE}/b/p{n}", f"1 file {n}") for n in range(2)),
    ]
    assert taken_together(changes, most=20) == [
        "others may no longer enter /srv/share/b",
        "staff may no longer enter 4 folders in /srv/share/a (p1, p2, p3, …)",
        "staff may no longer read 3 sets of files in /srv/share/a/p0",
        "staff may no longer read 1 file 0 in /srv/share/b/p0",
        "staff may no longer read 1 file 1 in /srv/share/b/p1",
    ]


def test_what_is_narrowed_is_told_with_those_who_keep_it() -> None:
    kept = [change("staff", f"{PLACE}/a/p{n}", to=("anna",)) for n in range(2)]
    other = [change("staff", f"{PLACE}/a/p9", to=("bert",))]
    assert taken_together([*kept, *other], most=20) == [
        "staff may no longer enter 2 folders in /srv/share/a (p0, p1), but anna may",
        "staff may no longer enter /srv/share/a/p9, but bert may",
    ]


def test_urls_of_shares_are_put_together_alike() -> None:
    changes = [change("Everyone", f"smb://files.internal/hr/{n}", "a.csv") for n in range(2)]
    assert taken_together(changes, most=1) == [
        "Everyone may no longer read 2 sets of files in 2 folders in smb://files.internal/hr (0, 1)"
    ]


def test_of_many_lines_those_further_up_are_one() -> None:
    changes = [change("staff", f"{PLACE}/{a}/{b}/{c}", "1 file") for a in "ab" for b in "cd" for c in "ef"]
    assert [len(taken_together(changes, most=most)) for most in (8, 7, 3, 1)] == [8, 4, 2, 1]
    (line,) = taken_together(changes, most=1)
    assert (
        line == "staff may no longer read 8 sets of files in 8 folders in /srv/share (a/c/e, a/c/f, a/d/e, …)"
    )


def test_statements_on_tables_stay_one_by_one() -> None:
    made = [
        Change(f"k{n}", "db", ("db", "crm", f"t{n}"), "table", "SELECT", PUBLIC, ("x",), ("y",))
        for n in range(3)
    ]
    assert taken_together(made, most=1) == [each.says for each in made]
