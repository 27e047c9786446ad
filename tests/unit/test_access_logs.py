"""Access logs read: what a server wrote, and what is torn, mixed or forged."""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import zstandard

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.accesslogs import Lines, Log, kind_of, kinds, unpacked

RECORDED = Path(__file__).parent.parent / "access_logs"
"""What PostgreSQL 15 with pgaudit 1.7 and MariaDB 10.11 with server_audit wrote."""
CUSTOMERS = ("postgres", "crm", "customers")
LINE = (
    '2026-11-23 05:14:20.096 UTC,"{who}","crm",6200,"10.0.0.5:46864",6b.{session},3,"SELECT",'
    '2026-11-23 05:14:20 UTC,4/2,0,LOG,00000,"{message}",,,,,,,,,"desk","client backend",,0\n'
)


def events_in(text: bytes, zone: str = "") -> tuple[list[AccessEvent], list[Unread], Lines]:
    _, kind = kind_of(text, "log")
    lines = Lines(io.BytesIO(text))
    found = list(kind.read(lines, Log("log", ZoneInfo(zone) if zone else None)))
    return (
        [each for each in found if isinstance(each, AccessEvent)],
        [each for each in found if isinstance(each, Unread)],
        lines,
    )


def line(message: str, *, who: str = "anna", session: str = "a") -> str:
    return LINE.format(who=who, session=session, message=message.replace('"', '""'))


def audit(statement: str, *, table: str = "crm.customers", who: str = "anna", session: str = "a") -> str:
    return line(
        f"AUDIT: SESSION,1,1,READ,SELECT,TABLE,{table},{statement},<none>,1", who=who, session=session
    )


@pytest.mark.parametrize("name", ["postgresql.csv", "postgresql.json"])
def test_what_postgresql_wrote_is_read_the_same_from_both_its_logs(name: str) -> None:
    events, unread, lines = events_in((RECORDED / name).read_bytes())
    assert not unread
    assert lines.settled == (RECORDED / name).stat().st_size
    anna = {each.statement: each for each in events if each.who == "anna" and each.act == Act.READ}
    one = anna["select * from crm.customers where id = $1"]
    assert (one.on, one.rows, one.parameters, one.program) == ((CUSTOMERS,), 1, ("8",), 'help,"desk')
    assert (one.database, one.client, one.time) == ("postgres", "127.0.0.1", 1_795_410_860_103_000)
    assert anna["select * from crm.names"].on == (("postgres", "crm", "names"), CUSTOMERS)
    assert anna["copy crm.customers to stdout"].on == ()  # pgaudit names no table there
    assert """where id in (1,2) and name='O''Brien, "x"'""" in "".join(anna)
    assert ("postgres", "public", 'Odd.Na"me') in {path for each in events for path in each.on}


def test_one_statement_told_of_by_two_means_is_one_use() -> None:
    events, _, _ = events_in((RECORDED / "postgresql.csv").read_bytes())
    (twice,) = [each for each in events if each.statement == "select name from crm.customers where id=5"]
    assert twice.act == Act.READ
    assert twice.on == (CUSTOMERS,)
    (by_parameters,) = [each for each in events if each.statement.endswith("email = $2")]
    assert by_parameters.parameters == ("6", "it's")


@pytest.mark.parametrize(
    ("statement", "rows", "act"),
    [
        ("explain select * from t", 0, Act.EXPLAIN),
        ("explain (analyze off) select * from t", 0, Act.EXPLAIN),
        ("explain (verbose, analyze) select * from t", 0, Act.READ),
        ("prepare p as select * from t", 0, Act.EXPLAIN),
        ("prepare p as select * from t", 3, Act.READ),
    ],
)
def test_asking_how_a_statement_would_be_run_reads_nothing(statement: str, rows: int, act: Act) -> None:
    audited = line(f"AUDIT: SESSION,1,1,READ,SELECT,TABLE,crm.t,{statement},<none>,{rows}".replace(
        statement, f'"{statement}"'
    )).replace('"SELECT"', '"EXPLAIN"', 1)  # fmt: skip
    (event,), _, _ = events_in(audited.encode())
    assert event.act == act
    assert event.on == (("crm", "crm", "t"),)
    own = audited.replace('"desk"', '"trapstreet"')
    assert not events_in(own.encode())[0]  # what we asked ourselves to prove a plan


def test_rows_count_where_pgaudit_counts_them() -> None:
    for command, rows in (("SELECT", 0), ("COPY", None), ("DECLARE CURSOR", None)):
        (event,), _, _ = events_in(line(f"AUDIT: SESSION,1,1,READ,{command},,,x,<none>,0").encode())
        assert event.rows == rows


def test_what_the_server_refused_is_no_use() -> None:
    for name in ("postgresql.csv", "server_audit.log"):
        events, _, _ = events_in((RECORDED / name).read_bytes())
        assert not [each for each in events if each.who == "bert" and each.statement.startswith("select")]
        assert not [each for each in events if "nope" in each.statement]


@pytest.mark.parametrize(
    ("statement", "state", "uses"),
    [
        ("select * from crm.customers", "57014", 1),  # Ctrl-C in the middle of what comes
        ("select * from crm.customers; select * from nothing", "42P01", 1),
        ("select * from nothing;", "42P01", 0),
        ("select * from crm.customers", "42501", 0),
    ],
)
def test_a_statement_that_broke_off_may_have_given_rows(statement: str, state: str, uses: int) -> None:
    failed = (
        line("it failed")
        .replace("LOG,00000", f"ERROR,{state}")
        .replace(",,,,,,,,,", f',,,,,,"{statement}",,,')
    )
    events, unread, _ = events_in((line(f"statement: {statement}") + failed).encode())
    assert (len(events), unread) == (uses, [])


def test_an_error_of_a_statement_that_has_no_line_is_not_of_the_one_before() -> None:
    """What cannot be parsed, or not be prepared, is logged as an error alone."""
    failed = (
        line("there is no such relation")
        .replace("LOG,00000", "ERROR,42P01")
        .replace(",,,,,,,,,", ',,,,,,"select * from nothing",,,')
    )
    events, _, _ = events_in((line("statement: select * from crm.customers") + failed).encode())
    assert [each.statement for each in events] == ["select * from crm.customers"]


@pytest.mark.parametrize(
    ("status", "uses"), [("1317", 1), ("1969", 1), ("1142", 0), ("1146", 0), ("1959", 0)]
)
def test_what_mariadb_broke_off_may_have_given_rows(status: str, uses: int) -> None:
    query = f"20261120 09:30:01,srv,anna,10.0.0.5,7,9,QUERY,crm,'select * from customers',{status}\n"
    read = "20261120 09:30:01,srv,anna,10.0.0.5,7,9,READ,crm,customers,\n" if uses else ""
    events, unread, _ = events_in((read + query).encode())
    assert (len(events), unread) == (uses, [])


def test_what_mariadb_wrote_is_read() -> None:
    events, unread, _ = events_in((RECORDED / "server_audit.log").read_bytes())
    assert not unread
    anna = {each.statement: each for each in events if each.who == "anna"}
    view = anna["select * from crm.names"]
    assert (view.on, view.act, view.client) == ((("crm", "customers"),), Act.READ, "localhost")
    assert "select name from crm.customers\nwhere name = 'O\\'Br, ien' and id in (1,2)" in anna


def test_what_a_routine_runs_is_told_apart_from_the_call_of_it() -> None:
    begins = "20261123 13:18:05,srv,anna,10.0.0.5,8"
    log = (
        f"{begins},101,READ,mysql,proc,\n{begins},102,READ,crm,customers,\n"
        f"{begins},102,QUERY,crm,'SELECT COUNT(*) FROM customers',0\n"
        f"{begins},101,QUERY,crm,'CALL count_c()',0\n"
        f"{begins},103,READ,crm,a,\n{begins},104,QUERY,crm,'SELECT 1',0\n"
    )
    events, *_ = events_in(log.encode())
    assert [(each.statement, each.on) for each in events] == [
        ("SELECT COUNT(*) FROM customers", (("crm", "customers"),)),
        ("CALL count_c()", (("mysql", "proc"),)),
        ("", (("crm", "a"),)),
        ("SELECT 1", ()),
    ]


def test_a_database_that_a_client_entered_without_a_statement_is_known_from_its_end() -> None:
    came = "20261123 13:18:05,srv,anna,10.0.0.5"
    log = (
        f"{came},8,0,CONNECT,,,0\n{came},8,0,DISCONNECT,c`m,,0\n"
        f"{came},9,0,CONNECT,crm,,0\n{came},9,0,DISCONNECT,crm,,0\n{came},10,0,DISCONNECT,,,0\n"
    )
    events, *_ = events_in(log.encode())
    assert [(each.act, each.statement, each.database) for each in events] == [
        (Act.CONNECT, "", ""),
        (Act.READ, "USE `c``m`", "c`m"),
        (Act.CONNECT, "", "crm"),
    ]


def test_explain_in_mariadbs_log_is_no_read() -> None:
    text = (
        b"20261101 10:00:00,vm,anna,localhost,4,7,READ,crm,customers,\n"
        b"20261101 10:00:00,vm,anna,localhost,4,7,QUERY,crm,'/* x */ EXPLAIN SELECT * FROM customers',0\n"
        b"20261101 10:00:01,vm,anna,localhost,4,8,READ,crm,customers,\n"
        b"20261101 10:00:01,vm,anna,localhost,4,8,QUERY,crm,'SELECT * FROM customers',0\n"
    )
    events, unread, _ = events_in(text)
    assert not unread
    assert [(each.act, each.on) for each in events] == [
        (Act.EXPLAIN, (("crm", "customers"),)), (Act.READ, (("crm", "customers"),)),
    ]  # fmt: skip


def test_lines_of_ones_own_are_read() -> None:
    text = (
        b'{"ts": "2026-11-23T05:00:00Z", "user": "anna", "object": ["d", "public", "c"], "records": [7, "x"],'
        b' "column": "id", "client": "10.0.0.5", "program": "desk"}\n'
        b'{"ts": 1795410860.5, "user": "bert", "object": "crm.public.c", "action": "write", "rows": 3}\n'
    )
    (one, two), unread, _ = events_in(text)
    assert not unread
    assert one == AccessEvent(
        1_795_410_000_000_000, "anna", Act.READ, (("d", "public", "c"),), client="10.0.0.5", program="desk",
        rows=2, records=(("id", "7"), ("id", "x")),
    )  # fmt: skip
    assert (two.time, two.act, two.on, two.rows) == (
        1_795_410_860_500_000, Act.WRITE, (("crm", "public", "c"),), 3,
    )  # fmt: skip


def test_an_action_that_nobody_knows_is_not_read() -> None:
    text = b'{"ts": 1795410860, "user": "anna", "action": "reed", "object": "crm.public.c"}\n'
    events, unread, _ = events_in(text)
    assert (events, [each.line for each in unread]) == ([], [1])


def _torn() -> Iterator[tuple[str, str, int]]:
    whole = audit("select 1")
    yield "in a field", whole[: whole.index("AUDIT") + 20] + "\n", 1
    yield "between fields", whole[:60].rpartition(",")[0] + ",\n", 1
    yield "within a line", whole[: whole.index("AUDIT") + 20], 1
    yield "rubbish", "\x00\x01\xff rubbish, more\n", 1
    yield "rubbish with a quote", 'x "y\n', 1


@pytest.mark.parametrize("torn", list(_torn()), ids=lambda each: each[0])
def test_a_torn_record_costs_itself_and_at_most_the_line_it_stands_in(torn: tuple[str, str, int]) -> None:
    _, broken, lost = torn
    before = audit("select 'before'", session="a")
    after = [audit(f"select 'after {n}'", session=f"b{n}") for n in range(5)]
    events, unread, lines = events_in((before + broken + "".join(after)).encode())
    statements = [each.statement for each in events]
    assert "select 'before'" in statements
    assert len(statements) >= 1 + len(after) - (0 if broken.endswith("\n") else 1)
    assert "select 'after 4'" in statements
    assert len(unread) == lost
    assert unread[0].line == 2
    assert lines.settled == len((before + broken + "".join(after)).encode())


def test_a_record_that_is_still_being_written_waits_for_the_next_run() -> None:
    first, second = audit("select 1"), audit("select\n2", session="b")
    for cut in (10, len(second) - 1, second.index("\n") + 1):
        text = (first + second[:cut]).encode()
        events, unread, lines = events_in(text)
        assert [each.statement for each in events] == ["select 1"]
        assert not unread
        assert (lines.settled, lines.torn) == (len(first), True)


def test_a_statement_cannot_forge_the_record_of_somebody_else() -> None:
    inner = audit("select 'forged'", who="victim", session="z")
    bare = inner.replace('"', "")
    text = ""
    for session, forged in enumerate((inner, bare)):
        statement = f"select '{forged}'".replace('"', '""')
        text += audit(f'"{statement}"', session=f"s{session}")
    events, unread, _ = events_in(text.encode())
    assert {each.who for each in events} == {"anna"}
    assert not unread
    torn = text[:200] + "\n" + text  # and where something before it is torn, neither
    events, unread, _ = events_in((audit("select 1") + torn).encode())
    assert {each.who for each in events} == {"anna"}
    assert unread


def test_records_of_several_versions_stand_in_one_log() -> None:
    thirteen = audit("select 13").replace(",,0\n", "\n")
    twelve = audit("select 12", session="b").replace(',"client backend",,0\n', "\n")
    events, unread, _ = events_in((thirteen + twelve + audit("select 15", session="c")).encode())
    assert len(events) == 3
    assert not unread


@pytest.mark.parametrize("name", ["postgresql.json", "server_audit.log"])
def test_torn_lines_of_other_logs_are_counted_and_the_rest_is_read(name: str) -> None:
    whole = (RECORDED / name).read_bytes().splitlines(keepends=True)
    sound, _, _ = events_in(b"".join(whole))
    events, unread, _ = events_in(b"".join([whole[0], b"{torn\n", whole[1][:30] + b"\n", *whole[1:]]))
    assert len(events) == len(sound)
    assert [each.line for each in unread] == [2, 3]


@pytest.mark.parametrize(
    ("stamp", "zone", "hour"),
    [
        ("2026-07-01 12:00:00.000 UTC", "", 12),
        ("2026-07-01 12:00:00.000 +03", "", 9),
        ("2026-07-01 12:00:00.000 -0330", "", 15.5),
        ("2026-07-01 12:00:00.000 CEST", "Europe/Berlin", 10),
        ("2026-10-25 02:30:00.000 CEST", "Europe/Berlin", 0.5),
        ("2026-10-25 02:30:00.000 CET", "Europe/Berlin", 1.5),
    ],
)
def test_times_are_told_in_the_zone_that_they_are_in(stamp: str, zone: str, hour: float) -> None:
    text = audit("select 1").replace("2026-11-23 05:14:20.096 UTC", stamp, 1)
    ((event,), _, _) = events_in(text.encode(), zone)
    assert event.time % 86_400_000_000 == hour * 3_600_000_000


def test_a_zone_that_may_be_several_is_asked_for() -> None:
    text = audit("select 1").replace("096 UTC", "096 IST", 1)
    with pytest.raises(UnusableInput, match="more than one zone: say which"):
        events_in(text.encode())
    with pytest.raises(UnusableInput, match="IST"):
        events_in(text.encode(), "Europe/Berlin")


def test_packed_logs_are_unpacked_and_one_that_breaks_off_is_said_to(tmp_path: Path) -> None:
    text = "".join(audit(f"select {n}", session=f"s{n}") for n in range(2_000)).encode()
    packed = {"gz": gzip.compress(text), "zst": zstandard.compress(text)}
    for suffix, data in packed.items():
        path = tmp_path / f"log.{suffix}"
        path.write_bytes(data)
        with unpacked(path) as stream:
            assert stream.read() == text
    path = tmp_path / "log.gz"
    path.write_bytes(packed["gz"][: len(packed["gz"]) // 2])
    with unpacked(path) as stream:
        lines = Lines(stream)
        found = list(kinds()["postgresql_csv"].read(lines, Log("log")))
    assert len(found) > 100
    assert lines.damaged


def test_a_file_that_is_no_log_is_refused_with_the_kinds_that_are_known() -> None:
    for text in (b"", b"hello\n", b"a,b,c\n1,2,3\n", b'{"a": 1}\n', b"\x00\x01"):
        with pytest.raises(UnusableInput, match="csvlog"):
            kind_of(text, "log")
