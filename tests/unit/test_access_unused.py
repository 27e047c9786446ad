"""Rights beside their uses, and a list of people beside rights."""

from dataclasses import replace
from datetime import date

from trapstreet.access import EffectiveAccess, Post, UsedAccess, Window, staff
from trapstreet.access.domain.held import Held
from trapstreet.access.domain.usage import GrantUse, Status, window_of
from trapstreet.app.access import Mapped
from trapstreet.core.model.access_events import TableUse
from trapstreet.core.model.holdings import Holding
from trapstreet.core.model.rights import (
    FILES,
    Door,
    Grant,
    How,
    Membership,
    Principal,
    Resource,
    Rights,
    bits_of,
)
from trapstreet.render.access import reader_lines
from trapstreet.render.uses import grant_lines

DAY = 86_400_000_000
NAMES = ("agents", "anna", "bert", "carl", "job")
CUSTOMERS, NOTES = ("crm", "public", "customers"), ("crm", "public", "notes")
WINDOW = Window(first=100, last=199, since=150)


def rights() -> Rights:
    """anna and bert are agents, who read customers; carl and job read it by themselves, and anna notes."""
    found = Rights("x", "PostgreSQL 16", ("table", "tables"), ("role", "roles"))
    found.principals = [Principal(each, each != "agents") for each in NAMES]
    found.memberships = [
        Membership(number, 0, inherits=True, becomes=True, admits=False) for number in (1, 2)
    ]
    found.resources = [Resource(CUSTOMERS, "table", 1_000), Resource(NOTES, "table", 10)]
    to, everybody = bits_of((0, 3, 4)), bits_of(range(5))
    found.doors = [
        Door(0, How.GRANT, bits_of(range(5)), (Grant("SELECT on customers", to),), everybody),
        Door(1, How.GRANT, bits_of((1,)), (Grant("SELECT on notes", bits_of((1,))),), everybody),
    ]
    return found


def use(
    who: str, day: int, *, path: tuple[str, ...] = CUSTOMERS, program: str = "", times: int = 1
) -> TableUse:
    return TableUse(who, path, "", program, times, 1, day * DAY, day * DAY, DAY, DAY)


def used(*uses: TableUse, holdings: tuple[Holding, ...] = (), window: Window = WINDOW) -> UsedAccess:
    return UsedAccess(EffectiveAccess(rights()), uses, window, holdings=holdings, jobs=("Nightly",))


def test_accounts_that_read_in_the_same_way_are_told_together_in_the_order_of_their_numbers() -> None:
    found = rights()
    found.principals = [Principal(each, each != "agents") for each in ("agents", "a10", "a2", "a1", "job")]
    found.memberships.append(Membership(3, 0, inherits=True, becomes=True, admits=False))
    found.doors[0] = replace(found.doors[0], grants=(Grant("SELECT on customers", bits_of((0,))),))
    ((_, readings),) = Mapped(EffectiveAccess(found)).readers("customers")
    lines = [*reader_lines(readings, of_resources=False)]
    assert "a1, a2, a10: all rows, at once" in lines


def found_in(file: str, people: int, *, weight: float, sensitivity: str = "personal") -> Holding:
    return Holding("/srv", ("/srv/hr", *file.split("!")), "table", people, people, (), sensitivity, weight, 0)


def test_what_was_found_in_files_counts_for_the_set_that_they_are_in() -> None:
    held = Held(
        (
            found_in("staff.csv", 6, weight=10.0),
            found_in("pay.zip!pay.csv", 5, weight=40.0, sensitivity="financial"),
            found_in("pay.zip!plan.csv", 2, weight=0.0, sensitivity=""),
        )
    )
    open_to_all = held.of(Resource(("/srv/hr", "1 file rw-r--r--"), FILES, 1, frozenset({"staff.csv"})))
    closed = held.of(Resource(("/srv/hr", "1 file rw-------"), FILES, 1, frozenset({"pay.zip"})))
    unnamed = held.of(Resource(("/srv/hr", "12,000 files rw-------"), FILES, 12_000))
    assert open_to_all
    assert (open_to_all.people, open_to_all.sensitivity) == (6, "personal")
    assert closed
    assert (closed.people, closed.records, closed.sensitivity, closed.weight) == (7, 7, "financial", 40.0)
    assert unnamed
    assert (unnamed.people, unnamed.sensitivity) == (13, "financial")
    assert held.of(Resource(("/srv/hr", "1 file rw-"), FILES, 1, frozenset({"list.csv"}))) is None
    assert held.of(Resource(("/srv", "1 file rw-r--r--"), FILES, 1)) is None


def test_a_right_is_used_by_a_job_only_not_for_long_or_never() -> None:
    found = used(
        use("anna", 199), use("anna", 120), use("bert", 149), use("job", 190, program="nightly"),
    )  # fmt: skip
    status = {each.reading.principal: (each.status, each.idle, each.times) for each in found.rights(0)}
    assert status == {
        "anna": (Status.USED, 0, 2),
        "bert": (Status.STALE, 50, 1),
        "job": (Status.JOB, 9, 1),
        "carl": (Status.NEVER, 100, 0),
    }


def test_a_job_that_a_person_helps_is_a_person() -> None:
    found = used(use("job", 190, program="nightly"), use("job", 191, program="psql"))
    assert {each.reading.principal: each.status for each in found.rights(0)}["job"] == Status.USED


def test_exposure_is_records_by_weight_by_idle_days() -> None:
    holding = Holding("x", CUSTOMERS, "table", 1_000, 900, (), "special", 5.0, 0)
    found = used(use("anna", 199), use("bert", 189), use("job", 199), holdings=(holding,))
    customers, notes = found.resources()
    assert customers.score == 1_000 * 5.0 * (0 + 10 + 100 + 0)
    assert (customers.sensitivity, customers.can, customers.never) == ("special", 4, 1)
    assert (notes.score, notes.seen, notes.weight) == (10 * 100, False, 1.0)


def test_a_grant_is_unused_when_nobody_used_it_who_has_it() -> None:
    found = list(used(use("carl", 199), use("bert", 120)).grants())
    assert [(each.what, each.to, each.members) for each in found] == [
        ("SELECT on customers", "agents", 2),
        ("SELECT on customers", "job", 1),
        ("SELECT on notes", "anna", 1),
    ]
    assert found[0].last == 120 * DAY


def test_a_use_without_a_right_and_one_by_nobody_that_is_there_are_impossible() -> None:
    found = used(use("bert", 199, path=NOTES), use("dropped", 150, times=3), use("anna", 199, path=NOTES))
    assert [(each.who, each.path, each.times, each.known) for each in found.impossible] == [
        ("bert", NOTES, 1, True),
        ("dropped", CUSTOMERS, 3, False),
    ]


def test_a_table_that_is_gone_is_counted_and_the_catalogue_is_not() -> None:
    found = used(
        use("anna", 199, path=("crm", "public", "old")), use("anna", 199, path=("crm", "pg_catalog", "x")),
        use("anna", 199, path=("other", "public", "customers")),
    )  # fmt: skip
    assert found.gone == [("crm", "public", "old")]


def test_uses_by_the_clock_are_pointed_out_unless_they_are_declared() -> None:
    clock = TableUse("carl", CUSTOMERS, "", "cron", 30, 30, 150 * DAY, 199 * DAY, 60_000_000, DAY)
    person = TableUse(
        "anna", CUSTOMERS, "", "psql", 30, 30, 150 * DAY, 199 * DAY, 30_000_000_000, 3_000_000_000
    )
    declared = TableUse("job", CUSTOMERS, "", "nightly", 30, 30, 150 * DAY, 199 * DAY, 0, 0)
    assert used(clock, person, declared).clockwork == [clock]


def test_days_without_any_event_are_named() -> None:
    window = window_of([100, 101, 104], 2)
    assert window is not None
    assert (window.days, window.empty, window.since, window.short) == (5, (102, 103), 103, False)
    short = window_of([100, 101, 104], 90)
    assert short is not None
    assert (short.since, short.short) == (100, True)
    assert window_of([]) is None


def test_a_group_has_its_rights_and_the_uses_of_its_members() -> None:
    found = used(use("anna", 199, times=2), use("carl", 199))
    (right,) = found.rights_of(NAMES.index("agents"))
    assert (right.reading.resource.path, right.status, right.times) == (CUSTOMERS, Status.USED, 2)


TODAY = date(2026, 11, 23)


def post(account: str, department: str = "", *, person: str = "", **more: object) -> Post:
    return Post(person or account, (account,), department=department, **more)  # type: ignore[arg-type]


def test_an_account_whose_person_left_is_a_leaver_until_somebody_else_has_it() -> None:
    posts = [
        post("anna", end=date(2026, 10, 31)),
        post("bert", state="Left"),
        post("carl", end=date(2026, 12, 31)),
        post("job", person="p1", end=date(2026, 1, 1)),
        post("job", person="p1", begin=date(2026, 1, 2)),
    ]
    found = staff(posts, EffectiveAccess(rights()), TODAY)
    assert [(each.account, each.since) for each in found.leavers] == [
        ("anna", date(2026, 10, 31)),
        ("bert", None),
    ]
    assert found.leavers[0].reach == 2
    assert found.nobodys == ()


def test_an_account_of_several_people_is_a_leavers_when_all_of_them_have_left() -> None:
    gone, there = post("anna", person="p1", end=date(2026, 1, 1)), post("anna", person="p2")
    for posts in ([gone, there], [there, gone]):
        assert staff(posts, EffectiveAccess(rights()), TODAY).leavers == ()
    also = post("anna", person="p3", end=date(2026, 2, 1))
    (left,) = staff([gone, also], EffectiveAccess(rights()), TODAY).leavers
    assert left.account == "anna"


def test_somebody_whose_first_day_is_still_to_come_has_not_left() -> None:
    posts = [post(each, begin=date(2027, 1, 1)) for each in NAMES]
    assert staff(posts, EffectiveAccess(rights()), TODAY).leavers == ()


def test_a_mover_is_still_in_a_group_of_the_former_department() -> None:
    world = rights()
    world.memberships += [Membership(n, 0, inherits=True, becomes=True, admits=False) for n in (3, 4)]
    moved = [
        post("anna", "support", person="a", end=date(2026, 5, 31)),
        post("anna", "sales", person="a", begin=date(2026, 6, 1)),
    ]
    others = [post(each, "support") for each in ("bert", "carl", "job")]
    found = staff([*moved, *others], EffectiveAccess(world), TODAY)
    assert [(each.account, each.group, each.former, each.present) for each in found.movers] == [
        ("anna", "agents", "support", "sales")
    ]
    mixed = [post("bert", "support"), post("carl", "sales"), post("job", "sales")]
    assert staff([*moved, *mixed], EffectiveAccess(world), TODAY).movers == ()


def test_a_file_is_used_as_one_of_its_folder() -> None:
    world = rights()
    world.resources = [Resource(("/srv/finance", "312 files rw-r-----"), FILES, 312)]
    group = Grant("its group may read", bits_of((1, 2)))
    world.doors = [Door(0, How.GRANT, bits_of((1, 2)), (group,), bits_of(range(5)))]
    uses = [use("anna", 199, path=("/srv/finance/q3.xlsx",)), use("anna", 199, path=("/srv/other/x",))]
    found = UsedAccess(EffectiveAccess(world), uses, WINDOW)
    assert {each.reading.principal: each.status for each in found.rights(0)} == {
        "anna": Status.USED,
        "bert": Status.NEVER,
    }
    assert found.gone == []


def test_a_grant_on_many_things_is_one_line_with_those_that_nobody_used() -> None:
    def unused(what: str, name: str) -> GrantUse:
        return GrantUse(Resource(("crm", name), "table"), what, "backoffice", 3, None, 0.0)

    on_all = [unused("SELECT on crm.*", name) for name in ("a", "b", "c", "d")]
    said = [*grant_lines([*on_all, unused("SELECT on table crm.e", "e")])]
    assert said == [
        "SELECT on crm.*, to backoffice: crm.a, crm.b, crm.c and 1 more used by none of 3 accounts",
        "SELECT on table crm.e, to backoffice: used by none of 3 accounts",
    ]
