"""What changed between two states of rights, beside what each of them says of everybody and everything."""

import random
from dataclasses import replace

import pytest

from trapstreet.access import Drifted, EffectiveAccess, sentence
from trapstreet.access.domain.copies import Likeness
from trapstreet.access.domain.drift import drift
from trapstreet.access.domain.drifted import Held
from trapstreet.access.domain.kept_rights import as_numbered, packed, unpacked
from trapstreet.access.domain.reached import Degree, Side, hidden, is_in, still_hidden, tells_of
from trapstreet.access.domain.shifts import shifts
from trapstreet.cases.domain.drift import severity_of
from trapstreet.core.maths.memberships import Closure, edges_of
from trapstreet.core.model.holdings import HeldColumn, Holding
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.rights import (
    FILES,
    Door,
    Grant,
    How,
    Level,
    Membership,
    Principal,
    Resource,
    Rights,
    Rows,
    bits_of,
)


def at_random(seed: int, *, people: int = 12, tables: int = 15) -> Rights:
    """Rights of a made-up server; those of two seeds have most of their names in common."""
    rng = random.Random(seed)
    rights = Rights("there", "Made up 1", ("table", "tables"), ("role", "roles"))
    names = rng.sample([f"r{n}" for n in range(people + 3)], people)
    rights.principals += [Principal(each, rng.random() < 0.8) for each in names]
    for n in range(people):
        for group in rng.sample(range(people), rng.choice((0, 0, 1, 2))):
            flags = [rng.random() < 0.7 for _ in range(3)]
            rights.memberships.append(Membership(n, group, *flags))
    has = Closure(people, edges_of(rights.memberships, lambda each: each.inherits))
    everybody = (1 << people) - 1
    for n in rng.sample(range(tables + 3), tables):
        number = len(rights.resources)
        rights.resources.append(Resource(("db", f"s{n % 3}", f"t{n}"), "table", n))
        for _ in range(rng.choice((0, 1, 2))):
            to = rng.choice((everybody, bits_of(rng.sample(range(people), 2))))
            rights.doors.append(
                Door(
                    number,
                    How.GRANT,
                    has.arriving(to),
                    (Grant(f"USAGE on schema s{n % 3}", everybody), Grant(f"SELECT on table t{n}", to)),
                    everybody,
                    rng.choice((Rows.ALL, Rows.ALL, Rows.SOME, Rows.NONE)),
                    rng.choice(((), (), ("a",))),
                    sure=rng.random() < 0.9,
                    could=rng.random() < 0.1,
                )
            )
    return rights


def degrees(rights: Rights) -> dict[tuple[str, tuple[str, ...]], int]:
    """How nearly each who can log in reads each table, asked one by one."""
    access, found = EffectiveAccess(rights), {}
    for number, resource in enumerate(rights.resources):
        for who, principal in enumerate(rights.principals):
            best = 0
            for door in access.doors_of(number) if principal.logs_in else ():
                nearest = access.nearest(who, number, [door])
                if nearest is None:
                    continue
                whole = nearest.rows == Rows.ALL and not nearest.columns
                at_once = Degree.WHOLE if whole else Degree.PART
                sure = at_once if nearest.level == Level.AT_ONCE else Degree.COULD
                best = max(best, sure if nearest.sure else Degree.PERHAPS)
            found[principal.name, resource.path] = best
    return found


@pytest.mark.parametrize("seed", range(12))
def test_every_pair_that_came_nearer_or_further_is_told_and_no_other(seed: int) -> None:
    before, now = at_random(seed), at_random(seed + 100)
    was, is_ = degrees(before), degrees(now)
    sides = Side(as_numbered(before, now.principals)), Side(now)
    names = [each.name for each in sides[0].rights.principals]
    people = sides[0].people & sides[1].people
    told = {}
    for unit in sides[1].units:
        if unit in sides[0].units:
            for shift in shifts(*sides, unit, people):
                for n, name in enumerate(names):
                    if shift.who >> n & 1 and not shift.columns:
                        told[name, unit] = (-1 if shift.less else 1, int(shift.degree))
    moved = {
        pair: (1, is_[pair]) if is_[pair] > was[pair] else (-1, was[pair])
        for pair in was.keys() & is_.keys()
        if is_[pair] != was[pair] and people >> names.index(pair[0]) & 1
    }
    assert told == moved
    assert moved


@pytest.mark.parametrize("seed", range(5))
def test_rights_that_were_kept_are_the_same_and_nothing_changed(seed: int) -> None:
    rights = at_random(seed)
    rights.notes.append("a note \udcff")
    rights.unknown.append("db: not all")
    kept = unpacked(packed(rights))
    assert kept == rights
    assert drift(kept, rights).changes == ()


@pytest.mark.parametrize("seed", range(5))
def test_principals_in_another_order_change_nothing(seed: int) -> None:
    rights = at_random(seed)
    order = random.Random(seed).sample(range(len(rights.principals)), len(rights.principals))
    other = as_numbered(rights, [rights.principals[n] for n in order])
    assert [each.name for each in other.principals] == [rights.principals[n].name for n in order]
    assert degrees(other) == degrees(rights)
    assert drift(rights, other).changes == ()


def test_a_user_and_a_group_of_one_name_are_two() -> None:
    rights = Rights("/srv", "Files", ("set", "sets"), ("user or group", "users and groups"))
    rights.principals += [Principal("anna", True), Principal("bert", True), Principal("anna", False)]
    other = replace(rights, principals=rights.principals[1:])
    (gone,) = drift(rights, other).changes
    assert (gone.sort, gone.who) == ("left", ("anna",))


def folder(*files: tuple[int, str, int]) -> Rights:
    """A folder with so many files of a mode for some of three users."""
    rights = Rights("/srv", "Files", ("set", "sets"), ("user or group", "users and groups"))
    rights.principals += [Principal(each, True) for each in ("anna", "bert", "carl")]
    for n, (count, mode, who) in enumerate(files):
        rights.resources.append(Resource(("/srv/x", f"{count} files {mode}"), FILES, count))
        rights.doors.append(Door(n, How.GRANT, who, (Grant("may read", who),), 7))
    return rights


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (folder((5, "rw-", 1)), folder((6, "rw-", 1)), []),
        (folder((5, "rw-", 1)), folder((4, "rw-", 1)), []),
        (
            folder((5, "rw-", 1)),
            folder((2, "rw-", 1), (3, "rwr", 7)),
            ["3 files in /srv/x became readable by"],
        ),
        (
            folder((5, "rw-", 1)),
            folder((5, "rw-", 1), (1, "rwr", 7)),
            ["1 file in /srv/x became readable by"],
        ),
        (
            folder((4, "rw-", 1)),
            folder(
                (1, "rw-", 1), (1, "rwr", 7), (2, "r+x", 3)
            ),  # of three that bert can read one is everybody's
            [
                "1 file in /srv/x became readable by everybody (3): ",
                "2 files in /srv/x became readable by bert: ",
            ],
        ),
        (folder((5, "rw-", 1), (9, "rwr", 7)), folder((5, "rw-", 1), (99, "rwr", 7)), []),
        (folder((5, "rwr", 7)), folder((5, "rw-", 1)), ["5 files in /srv/x are no longer readable by"]),
    ],
)
def test_files_are_told_by_number_and_not_because_there_are_more(
    before: Rights, now: Rights, said: list[str]
) -> None:
    found = [sentence(each) for each in drift(before, now).changes]
    assert len(found) == len(said)
    assert all(one.startswith(other) for one, other in zip(found, said, strict=True))


def homes(*, opened: bool) -> Rights:
    """A folder with files for each user; opened: all may read one of them, and the next user two more."""
    rights = Rights("/home", "Files", ("set", "sets"), ("user or group", "users and groups"))
    rights.principals += [Principal(f"u{n}", True) for n in range(40)]
    for n in range(40):
        for count, mode, to in (
            (2, "rw-", 1 << n),
            (1, "r--", (1 << 40) - 1 if opened else 1 << n),
            (2, "r+-", 1 << n | 1 << (n + 1) % 40 if opened else 1 << n),
        ):
            resource = Resource((f"/home/u{n}", f"{count} files {mode}"), FILES, count)
            rights.doors.append(
                Door(len(rights.resources), How.GRANT, to, (Grant("may read", to),), (1 << 40) - 1)
            )
            rights.resources.append(resource)
    return rights


def test_one_cause_over_many_folders_of_several_owners_is_told_once() -> None:
    told = [sentence(each) for each in drift(homes(opened=False), homes(opened=True)).changes]
    assert [each.partition(": ")[0] for each in told] == [
        "40 files in 40 folders (/home/u0 …) became readable by everybody (40)",
        "80 files in 40 folders (/home/u0 …) became readable by 40 of 40 (u0, u1, u2 …)",
    ]


def test_what_is_hidden_at_both_times_is_compared_and_at_one_alone_is_not() -> None:
    before, now = at_random(1), at_random(1)
    now.doors.append(replace(now.doors[0], opens=(1 << 12) - 1, rows=Rows.ALL, columns=(), sure=True))
    assert drift(before, now).changes
    before.unread, before.unknown = [("db",)], ["db: takes no connections"]
    assert drift(before, now).changes == ()
    now.unread, now.unknown = [*before.unread], [*before.unknown]
    assert drift(before, now).changes
    assert drift(before, now, within=[("other",)]).changes == ()


def test_paths_in_the_dark() -> None:
    assert is_in([("/srv/x/shut",)], ("/srv/x",), files=True)
    assert is_in([("/srv/x",)], ("/srv/x/y",), files=True)
    assert not is_in([("/srv/x",)], ("/srv/xy",), files=True)
    assert is_in([("db",)], ("db", "s", "t"), files=False)
    assert still_hidden([("db",), ("other",)], [()]) == [("db",), ("other",)]
    assert still_hidden([()], [("db",)]) == [("db",)]
    assert tells_of([()], [("db",)])
    assert not tells_of([("db",)], [()])
    assert hidden(at_random(1), at_random(2)) == []


def test_at_most_so_many_changes_are_kept_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.access.domain.drift.MOST", 3)
    changes = drift(at_random(1), at_random(50)).changes
    assert len(changes) == 4
    assert changes[-1].sort == "more"
    assert changes[-1].things > 0


@pytest.mark.parametrize(
    ("change", "severity"),
    [
        (Drifted("gained", people=1, of=100, degree=4), None),
        (Drifted("gained", people=100, of=100, everybody=True, degree=4), Severity.HIGH),
        (Drifted("gained", people=100, of=100, everybody=True, degree=4, weight=0.0), Severity.LOW),
        (Drifted("gained", people=100, of=100, everybody=True, degree=4, weight=5.0), Severity.CRITICAL),
        (Drifted("gained", people=60, of=100, degree=4), Severity.HIGH),
        (Drifted("gained", people=20, of=5_000, degree=4), Severity.MEDIUM),
        (Drifted("gained", people=20, of=5_000, degree=4, weight=5.0), Severity.HIGH),
        (Drifted("gained", people=2, of=3, degree=4), None),
        (Drifted("gained", people=1, of=100, degree=4, given_back=True), Severity.HIGH),
        (Drifted("wider", people=1, of=100, degree=4, row_security=True), Severity.HIGH),
        (Drifted("wider", people=1, of=100, degree=4, row_security=True, weight=0.0), None),
        (Drifted("privileged", people=1, of=100), Severity.HIGH),
        (Drifted("new", people=100, of=100, everybody=True), Severity.HIGH),
        (Drifted("lost", people=100, of=100, everybody=True, degree=4), None),
        (Drifted("copied", people=1, of=100), Severity.MEDIUM),
        (Drifted("copied", people=100, of=100, everybody=True), Severity.HIGH),
    ],
)
def test_severity_is_by_breadth_and_by_what_is_known_of_the_data(
    change: Drifted, severity: Severity | None
) -> None:
    assert severity_of(change) == severity


def holding(path: str, people: int, *columns: str) -> Holding:
    held = tuple(HeldColumn(each, each, 9, 10, "personal") for each in columns)
    return Holding("pg", ("db", path), "table", people, people, held, "personal", 5.0, 0)


def test_a_copy_is_known_by_its_columns_and_how_many_people_are_in_it() -> None:
    customers = holding("customers", 68_000, "email", "phone", "person")
    leads = holding("leads", 300, "email", "company")
    known = Likeness([leads, customers])
    assert known.of(holding("tmp", 67_000, "email", "phone", "person")) == customers
    assert known.of(holding("tmp", 5_000, "email", "phone")) == customers
    assert known.of(holding("tmp", 67_000, "email")) is None
    assert known.of(holding("tmp", 900_000, "email", "phone", "person")) is None
    assert known.of(holding("tmp", 300, "iban", "person")) is None


def test_what_nobody_looked_into_is_not_called_harmless() -> None:
    before, now = at_random(1), at_random(50)
    paths = [each.path for each in now.resources]
    some = drift(before, now, held={paths[0]: Held(0.0, "")}).changes
    assert {each.weight for each in some if paths[0] not in each.what} <= {None}
    whole = drift(before, now, held=dict.fromkeys(paths, Held(0.0, ""))).changes
    assert {each.weight for each in whole if each.sort == "gained"} == {0.0}


def server(*doors: Door, people: int = 6) -> Rights:
    """A table of a server where the first role cannot log in, and what opens it."""
    rights = Rights("pg", "PostgreSQL 18", ("table", "tables"), ("role", "roles"))
    rights.principals += [Principal(f"r{n}", logs_in=n > 0) for n in range(people)]
    rights.resources.append(Resource(("db", "hr", "employees"), "table", 9))
    rights.doors += doors
    return rights


def granted(to: int, *columns: str, by: str = "SELECT on table employees", enters: int = 63) -> Door:
    how = How.COLUMNS if columns else How.GRANT
    return Door(0, how, to, (Grant("USAGE on schema hr", 63), Grant(by, to)), enters, columns=columns)


def test_what_all_lose_is_lost_by_those_alone_who_read_it_no_other_way() -> None:
    named = granted(0b000110)
    public = granted(0b111111, by="SELECT on table employees to PUBLIC")
    (lost,) = drift(server(public, named), server(named)).changes
    assert (lost.sort, lost.everybody, lost.who) == ("lost", False, ("r3", "r4", "r5"))
    (lost,) = drift(server(public), server()).changes
    assert sentence(lost).startswith("db.hr.employees can no longer be read by any of the 5 who can log in")


def test_columns_are_not_lost_by_whom_another_way_leaves_all_of_them() -> None:
    """Whoever makes roles could take either group's rights."""
    by_column, whole = granted(0b000010, "id", "name"), granted(0b000100)
    before, now = server(by_column, whole), server(whole)
    for each in (before, now):
        each.makes.append((0b001000, 0b000111, "CREATEROLE"))
    assert {each.who for each in drift(before, now).changes} == {("r1",)}
    assert not [each for each in drift(now, before).changes if "r3" in each.who]
    some = granted(0b000010, "id"), granted(0b000010, "name")
    (less,) = drift(server(*some), server(some[0])).changes
    assert sentence(less).startswith("db.hr.employees, columns name, is no longer readable by r1")


def test_what_is_given_to_everybody_was_taken_from_everybody_or_is_not_given_back() -> None:
    path = ("db", "hr", "employees")
    public = granted(0b111111, by="SELECT on table employees to PUBLIC")
    for taken, back in (({"r1", "r3"}, False), ({"PUBLIC"}, True)):
        (change,) = drift(server(), server(public), taken={path: taken}).changes
        assert (change.everybody, change.given_back) == (True, back)


def test_a_new_thing_that_is_given_to_everybody_is_an_alert_even_if_not_all_get_to_it() -> None:
    now = server(granted(0b111111, by="SELECT on table employees to PUBLIC", enters=0b001111))
    nothing = replace(now, resources=[], doors=[])
    (new,) = drift(nothing, now).changes
    assert (new.sort, new.everybody, new.to_all, new.people) == ("new", False, True, 3)
    assert sentence(new).endswith("readable by r1, r2 and r3: SELECT on table employees to everybody")
    assert severity_of(new) == Severity.MEDIUM
    (some,) = drift(nothing, server(granted(0b001110))).changes
    assert (some.to_all, severity_of(some)) == (False, None)


def test_several_no_longer_have_a_privilege() -> None:
    two = Drifted("dismissed", cause="superuser", who=("a", "b"), people=2)
    assert sentence(two) == "a and b no longer have: superuser"
    one = Drifted("dismissed", cause="superuser", who=("a",), people=1)
    assert sentence(one) == "a no longer has: superuser"


def test_a_right_to_everything_is_told_as_what_it_is() -> None:
    """GRANT SELECT ON *.*: no membership, nobody new, and no door of any one table is another."""

    def everything(to: int) -> Rights:
        return server(Door(None, How.GRANT, to, (Grant("SELECT on *.*", to),), 0b111111))

    (gained,) = drift(everything(0b10), everything(0b110)).changes
    assert (sentence(gained), severity_of(gained)) == ("r2 got or can take: SELECT on *.*", Severity.HIGH)
    (lost,) = drift(everything(0b110), everything(0b10)).changes
    assert sentence(lost) == "r2 no longer has: SELECT on *.*"
    (wide,) = drift(everything(0), everything(0b111111)).changes
    assert sentence(wide) == "everybody (5) got or can take: SELECT on *.*"


def test_what_perhaps_opens_everything_is_a_change_of_each_thing_that_is_told_once() -> None:
    def copying(to: int) -> Rights:
        how, grant = How.REPLICATION, Grant("REPLICATION SLAVE: reads all that changes", to)
        return server(Door(None, how, to, (grant,), 0b111111, sure=False))

    (gained,) = drift(copying(0b10), copying(0b110)).changes
    assert sentence(gained).startswith("db.hr.employees may have become readable by r2: REPLICATION SLAVE")


def test_who_comes_is_told_with_what_is_within_reach_and_a_superuser_without() -> None:
    before, now = server(granted(0b000110)), server(granted(0b000110))
    before.principals[2] = Principal("r2", logs_in=False)
    (came,) = drift(before, now, held={("db", "hr", "employees"): Held(9.0, "special")}).changes
    assert sentence(came) == "new: r2 can log in, member of nothing; within reach: db.hr.employees"
    assert (came.weight, came.sensitivity) == (9.0, "special")
    now.principals[2] = Principal("r2", logs_in=True, note="superuser")
    got, came = drift(before, now).changes
    assert (got.sort, sentence(came)) == ("privileged", "new: r2 can log in, member of nothing")


def grouped(groups: dict[str, str], *more: str) -> Rights:
    """A server where r1 and others may read everything, and who is in which groups."""
    rights = server(granted(0b111111))
    rights.principals += [Principal(each, logs_in=False) for each in (*more, *groups)]
    names = [each.name for each in rights.principals]
    rights.memberships += [
        Membership(names.index(member), names.index(group), inherits=True, becomes=False, admits=False)
        for group, members in groups.items()
        for member in members.split()
    ]
    return rights


def test_who_is_new_joins_nothing_and_neither_does_everybody_a_group_that_is_new() -> None:
    everybody = "r0 r1 r2 r3 r4 r5"
    before = grouped({"hr": "r1", "PUBLIC": f"{everybody} hr"})
    now = grouped({"hr": "r1 locked", "PUBLIC": f"{everybody} hr locked reporting"}, "locked", "reporting")
    assert "joined" not in {each.sort for each in drift(before, now).changes}
    without = grouped({"hr": "r1"})
    assert "joined" not in {each.sort for each in drift(without, before).changes}
    (change,) = drift(before, grouped({"hr": "r1 r2", "PUBLIC": f"{everybody} hr"})).changes
    assert sentence(change) == "r2 is now member of hr"
    all_of_hr = grouped({"hr": everybody})
    (change,) = drift(grouped({"hr": everybody[:-3]}), all_of_hr).changes
    assert sentence(change) == "r5 is now member of hr"
