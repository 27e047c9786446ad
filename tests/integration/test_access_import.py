"""Access logs taken in: each stretch once, whatever becomes of the file, and no value of any statement."""

import gzip
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desk import Desk
from trapstreet.app import log_imports
from trapstreet.app.uses import events_of, past_uses, record_ids_of, records_used
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.access_events import PastUse

RECORDED = Path(__file__).parent.parent / "access_logs"
PLACE = "postgresql://db.internal:5432/crm"
TABLE = ("crm", "public", "customers")
SECRET = "s3cret-value@example.org"
LINE = (
    '2026-{month:02d}-23 05:14:20.096 UTC,"{who}","crm",6200,"10.0.0.5:46864",{who}.{n},3,"SELECT",'
    '2026-11-23 05:14:20 UTC,4/2,0,LOG,00000,"AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.customers,'
    'select name from customers where id = {n} and email <> \'{secret}\',<none>,1",,,,,,,,,"desk",'
    '"client backend",,0\n'
)


def lines(first: int, last: int, *, who: str = "anna", month: int = 11) -> str:
    return "".join(LINE.format(n=n, who=who, month=month, secret=SECRET) for n in range(first, last))


def uses(desk: Desk, place: str = PLACE) -> list[PastUse]:
    return past_uses(Workspace.open(desk.workspace), place)


def test_a_log_that_grew_is_read_on_from_where_it_was(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv"
    log.write_text(lines(0, 10) + lines(10, 11)[:150])
    (first,) = desk.json("access", "import", log, "--place", PLACE)["logs"]
    assert (first["events"], first["torn"]) == (10, True)
    assert "nothing new" in desk.do("access", "import", log, "--place", PLACE)
    log.write_text(lines(0, 15))
    (second,) = desk.json("access", "import", log, "--place", PLACE)["logs"]
    assert (second["events"], second["torn"]) == (5, False)
    assert second["bytes_before"] == len(lines(0, 10))
    (use,) = uses(desk)
    assert (use.times, use.who, use.on, use.programs) == (15, "anna", (TABLE,), ("desk",))
    assert use.statement == "SELECT name FROM customers WHERE id = CAST($1 AS int4) AND email <> $2"


def test_a_statement_that_is_being_logged_meanwhile_is_one_use(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, began = "mariadb://db.internal:3306", 1_795_000_000
    monkeypatch.setattr("trapstreet.app.log_imports.now", lambda: (began + 5) * 1_000_000)
    stamp = f"{datetime.fromtimestamp(began, UTC):%Y%m%d %H:%M:%S},srv,anna,10.0.0.5"
    log = desk.write(
        "server_audit.log", f"{stamp},6,8,QUERY,crm,'select 1 from a',0\n{stamp},7,9,READ,crm,a,\n"
    )
    said = desk.do("access", "import", log, "--place", server)
    assert "1 use" in said
    assert "left to the next import: 1 line at its end, just written" in said
    log.write_text(log.read_text() + f"{stamp},7,9,QUERY,crm,'select * from a',0\n")
    (done,) = desk.json("access", "import", log, "--place", server)["logs"]
    assert (done["events"], done["waiting"]) == (1, 0)
    assert sorted((use.times, use.statement, use.on) for use in uses(desk, server)) == [
        (1, "select * from a", (("crm", "a"),)),
        (1, "select ? from a", (("crm", "a"),)),
    ]


def test_a_log_with_a_torn_record_in_it_is_read_on_as_well(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv"
    log.write_text(lines(0, 10) + lines(10, 11)[:150] + "\n" + lines(11, 20))
    assert desk.json("access", "import", log, "--place", PLACE, status=6)["logs"][0]["events"] == 19
    with log.open("a") as file:
        file.write(lines(20, 30))
    (again,) = desk.json("access", "import", log, "--place", PLACE)["logs"]
    assert (again["events"], again["unread"]) == (10, 0)
    log.write_text(lines(0, 10) + lines(50, 60))  # and one that was changed behind its beginning is another
    assert desk.json("access", "import", log, "--place", PLACE)["logs"][0]["bytes_before"] == 0


def test_a_log_that_was_rotated_and_packed_adds_nothing(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv"
    log.write_text(lines(0, 10))
    packed = desk.folder / "postgresql.1.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    desk.do("access", "import", log, packed, log, "--place", PLACE)
    assert [each.times for each in uses(desk)] == [10]


def test_a_log_of_another_place_is_another_log(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv"
    log.write_text(lines(0, 10))
    for place in (PLACE, "postgresql://other.internal/"):
        desk.do("access", "import", log, "--place", place)
        assert [each.times for each in uses(desk, place)] == [10]
    assert uses(desk, "postgresql://nobody:secret@db.internal:5432/else") == uses(desk)
    assert uses(desk, "postgresql://third.internal/") == []


def test_no_value_of_a_statement_is_anywhere(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv"
    torn = lines(30, 31)[:-40] + "\n"
    log.write_text(lines(0, 10) + torn + lines(10, 20, month=9))
    out = desk.do("access", "import", log, "--place", PLACE, status=6)
    assert SECRET not in out + desk.err
    assert "NOT READ 1 line, the first is line 11" in out
    everything = b"".join(each.read_bytes() for each in desk.workspace.rglob("*") if each.is_file())
    assert SECRET.encode() not in everything
    import pyarrow.parquet as pq

    for part in (desk.workspace / "events").rglob("*.parquet"):
        assert SECRET not in str(pq.read_table(part).to_pydict())
    assert SECRET not in repr(uses(desk))


def test_the_records_that_uses_name_are_known_by_keyed_ids(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv"
    again = lines(4, 5).replace("anna.4", "anna.x")
    all_rows = lines(0, 1).replace("where id = 0 and email", "where email")
    log.write_text(lines(3, 6) + again + lines(0, 2, who="bert", month=10) + all_rows)
    desk.do("access", "import", log, "--place", PLACE)
    opened = Workspace.open(desk.workspace)
    found = records_used(opened, PLACE, TABLE)
    assert found["anna"].uses == 5
    assert found["anna"].named["id"].uses == 4
    asked = record_ids_of(opened, PLACE, TABLE, "id", [3, "4", 5])
    assert found["anna"].named["id"].records.tolist() == sorted(asked.tolist())
    assert found["bert"].named["id"].records.tolist() == sorted(
        record_ids_of(opened, PLACE, TABLE, "id", [0, 1]).tolist()
    )
    assert asked.tolist() != record_ids_of(opened, PLACE, ("crm", "public", "t"), "id", [3, 4, 5]).tolist()


def test_a_use_names_records_by_the_key_alone_and_none_where_no_row_came_back(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv"
    some = lines(3, 6).replace("and email <>", "and email =")
    none = lines(6, 9).replace("<none>,1", "<none>,0")
    log.write_text(some + none + lines(9, 10).replace("where id = 9 and email <>", "where email ="))
    desk.do("access", "import", log, "--place", PLACE)
    opened = Workspace.open(desk.workspace)
    anna = records_used(opened, PLACE, TABLE, key="id")["anna"]
    assert (anna.uses, anna.empty) == (7, 3)
    assert {column: (each.uses, len(each.records)) for column, each in anna.named.items()} == {
        "id": (3, 3),
        "email": (1, 1),
    }
    assert records_used(opened, PLACE, TABLE)["anna"].named["email"].uses == 4


def test_an_explain_is_no_read_and_stays_a_use_that_a_right_may_be_needed_for(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv"
    explain = lines(3, 4).replace('"SELECT"', '"EXPLAIN"').replace("<none>,1", "<none>,0")
    log.write_text(explain)
    desk.do("access", "import", log, "--place", PLACE)
    opened = Workspace.open(desk.workspace)
    with events_of(opened, PLACE) as events:
        assert events.uses() == []
        assert records_used(opened, PLACE, TABLE) == {}
    assert [each.on for each in uses(desk)] == [(TABLE,)]


def test_an_import_that_is_stopped_leaves_nothing_that_counts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = desk.folder / "postgresql.csv"
    log.write_text(lines(0, 10))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("trapstreet.store.imports.enter", killed)
        assert desk.run("access", "import", log, "--place", PLACE, "--workspace", desk.workspace) == 130
    assert uses(desk) == []
    left = log_imports.folder_of(Workspace.open(desk.workspace), "postgresql://db.internal:5432")
    (left / "2026-11").mkdir(exist_ok=True, parents=True)
    (left / "2026-11" / "0123456789abcdef-0.uses.parquet").write_bytes(b"of an import that was killed")
    assert uses(desk) == []
    desk.do("access", "import", log, "--place", PLACE)
    assert [each.times for each in uses(desk)] == [10]
    assert not list(left.rglob("0123456789abcdef*"))


@pytest.mark.slow
def test_events_come_back_with_a_backup(desk: Desk, tmp_path: Path) -> None:
    log = desk.folder / "postgresql.csv"
    log.write_text(lines(0, 10))
    desk.do("access", "import", log, "--place", PLACE)
    desk.do("backup", tmp_path / "b.tar")
    restored = tmp_path / "restored"
    assert desk.run("restore", tmp_path / "b.tar", restored, "--keys", tmp_path / "keys") == 0, desk.err
    assert [each.times for each in past_uses(Workspace.open(restored), PLACE)] == [10]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("postgresql.csv", "postgresql://a/"),
        ("postgresql.json", "postgresql://a/"),
        ("server_audit.log", "mariadb://a/"),
    ],
)
def test_what_servers_wrote_is_taken_in(desk: Desk, name: str, place: str) -> None:
    desk.do("access", "import", RECORDED / name, "--place", place)
    found = [each for each in uses(desk, place) if each.who == "anna" and each.statement]
    tables = {path[-1] for each in found for path in each.on}
    assert tables == {"customers", "names"}
    assert not [each for each in found if "Br" in each.statement]


def test_a_log_that_was_just_rotated_stops_nothing(desk: Desk) -> None:
    empty, log = desk.folder / "a.csv", desk.folder / "b.csv"
    empty.write_bytes(b"")
    log.write_text(lines(0, 10))
    desk.do("access", "import", empty, log, "--place", PLACE)
    assert [each.times for each in uses(desk)] == [10]


def test_wrong_use_says_what_to_do(desk: Desk) -> None:
    log = desk.folder / "some.txt"
    log.write_text("no log\n")
    assert "known are" in desk.refused(2, "access", "import", log, "--place", PLACE)
    assert "no file" in desk.refused(4, "access", "import", desk.folder / "none", "--place", PLACE)
    log.write_text(lines(0, 1).replace("096 UTC", "096 CET"))
    assert "--time-zone" in desk.refused(2, "access", "import", log, "--place", PLACE)
    wrong = ("access", "import", log, "--place", PLACE, "--time-zone", "Mars/North")
    assert "Europe/Dublin" in desk.refused(2, *wrong)
    desk.do("access", "import", log, "--place", PLACE, "--time-zone", "Europe/Berlin")


def test_a_packed_log_that_breaks_off_at_once_is_said_to(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv.gz"
    log.write_bytes(gzip.compress(lines(0, 2_000).encode())[:40])
    assert "breaks off" in desk.do("access", "import", log, "--place", PLACE, status=6)


def test_ctrl_c_while_events_are_asked_is_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    log = desk.folder / "postgresql.csv"
    log.write_text(lines(0, 2))
    desk.do("access", "import", log, "--place", PLACE)

    class Stopped:
        def execute(self, *_: object) -> None:
            raise RuntimeError("Query interrupted")

    monkeypatch.setattr("trapstreet.events.Events._connected", lambda _: nullcontext(Stopped()))
    with pytest.raises(KeyboardInterrupt):
        uses(desk)


def test_a_list_of_people_that_is_not_there_is_said_to(desk: Desk) -> None:
    missing = desk.folder / "hr.csv"
    assert "there is no file hr.csv" in desk.refused(2, "access", "use", PLACE, "--people", missing)


def test_a_clock_that_is_wrong_makes_no_day(desk: Desk) -> None:
    log = desk.folder / "own.jsonl"
    stamps = ["1970-01-01T00:00:00Z", "2026-11-01T00:00:00Z", "2099-01-01T00:00:00Z"]
    log.write_text("".join(f'{{"ts": "{each}", "user": "anna", "object": "a.b.c"}}\n' for each in stamps))
    (done,) = desk.json("access", "import", log, "--place", PLACE, status=6)["logs"]
    assert (done["events"], done["unread"], done["first_unread_line"]) == (1, 2, 1)


def test_a_statement_that_quotes_another_kind_of_log_does_not_change_the_kind(desk: Desk) -> None:
    log = desk.folder / "postgresql.csv"
    quoted = "20261121 17:47:51,h,victim,h,1,1,QUERY,crm,'select * from customers',0"
    begun = lines(0, 1).replace("select name", f'""/*\n{quoted}\n*/ select name')
    log.write_text(begun.replace("',<none>", '\'"",<none>') + lines(1, 3))
    (done,) = desk.json("access", "import", log, "--place", PLACE)["logs"]
    assert (done["kind"], done["events"]) == ("postgresql_csv", 3)


def test_others_write_to_the_workspace_while_a_log_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = desk.folder / "postgresql.csv"
    log.write_text(lines(0, 10))
    table = desk.folder / "customers.csv"
    table.write_text("id,email\n" + "".join(f"{n},somebody{n}@mail.example\n" for n in range(50)))
    writer, done = log_imports._writer, []

    def meanwhile(*arguments: object) -> object:
        done.append(desk.run("register", table, "--name", "c", "--workspace", desk.workspace))
        return writer(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(log_imports, "_writer", meanwhile)
    desk.do("access", "import", log, "--place", PLACE)
    assert done == [0]
    assert [each.times for each in uses(desk)] == [10]
