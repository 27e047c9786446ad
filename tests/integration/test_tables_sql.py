"""Tables in databases: types, refusals, passwords that stay hidden, and servers that are away."""

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest

from servers import PASSWORD, mariadb_url, postgres_url  # noqa: F401 - fixtures
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Ref
from trapstreet.core.model.table import Row
from trapstreet.plugins.sources import at_location
from trapstreet.plugins.tables import Table, open_table

SECRET = quote(PASSWORD, safe="")
on_postgresql = pytest.mark.server("postgresql")


def on_mariadb(test: Callable[..., None]) -> Callable[..., None]:
    return pytest.mark.server("mariadb")(pytest.mark.system(test))


def _rows(table: Table) -> list[Row]:
    return [row for batch in table.batches() for row in batch.rows]


def _refused(location: str, kind: type[TrapstreetError], words: str) -> None:
    """It is refused in one line with a hint, and says nothing of passwords and queries."""
    with pytest.raises(kind, match=words) as caught:
        _rows(open_table(location))
    text = f"{caught.value!r} {caught.value} {caught.value.__cause__}"
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert not any(secret in text for secret in (PASSWORD, SECRET, "s3cr3t", "bob@example.com", "12345"))


KUNDEN = '"kun""den"'


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    path = tmp_path / "crm.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"CREATE TABLE {KUNDEN} (id INTEGER, name TEXT, raw BLOB, score REAL)")
        connection.execute(
            f"INSERT INTO {KUNDEN} VALUES (1, 'Anne', x'00ff', 2.5), (2, NULL, NULL, NULL),"
            " (3, CAST(x'4dfc' AS TEXT), NULL, 1.0), (4, 'Bob', NULL, 12345)"
        )
        connection.execute(f"CREATE VIEW names AS SELECT id, name FROM {KUNDEN} WHERE id < 3")
    return path


def test_sqlite_is_read_by_url_and_by_path(crm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(crm.parent)
    for location in ("sqlite:///crm.db", f"sqlite:///{crm}", f"sqlite://{crm}", "crm.db", str(crm)):
        table = open_table(f"{location}?table=names")
        assert (table.format, table.columns) == ("sqlite", ("id", "name"))
        assert _rows(table) == [(1, "Anne"), (2, None)]


def test_sqlite_text_that_is_not_utf8_costs_one_row(crm: Path) -> None:
    (batch,) = open_table(f'{crm}?table=kun"den').batches()
    assert batch.rows == [(1, "Anne", b"\x00\xff", 2.5), (2, None, None, None), (4, "Bob", None, 12345.0)]
    assert list(batch.lines) == [1, 2, 4]
    assert [(r.line, r.why) for r in batch.rejected] == [(3, "holds text that is not UTF-8")]


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("", r"which table\?: add \?table=NAME \(there are kun.den, names\)"),
        ("?table=nobody", "no such table"),
        ("?table=a&query=SELECT 1", "both"),
        ("?tabel=names", "'tabel' is not known"),
        ("?query=SELEC 12345", "refused the query"),
        ("?query=DELETE FROM names", "SQLITE_READONLY|refused the query"),
        (f"?query=DELETE FROM {KUNDEN} WHERE 12345", "SQLITE_READONLY"),
        ("?query=SELECT 1; SELECT 2", "refused the query"),
        ("?query=SELECT 1 AS a, 2 AS a", "columns 1 and 2 have the same name"),
        ("?query=BEGIN", "refused the query|no result"),
    ],
)
def test_sqlite_says_what_is_wrong_with_a_selection(rest: str, words: str, crm: Path) -> None:
    _refused(f"sqlite:///{crm}{rest}", UnusableInput, words)


def test_a_file_that_is_no_sqlite_database_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database")
    _refused(f"sqlite:///{tmp_path}/x.db?table=a", UnusableInput, "no SQLite database")
    _refused(f"sqlite:///{tmp_path}/y.db?table=a", Unreachable, "no such file")


def test_a_database_that_is_being_written_is_read_in_one_state(crm: Path) -> None:
    table = open_table(f"{crm}?query=SELECT id FROM names, (SELECT 1 UNION SELECT 2)")
    batches = table.batches(1)
    next(batches)
    with closing(sqlite3.connect(crm)) as connection, connection:
        connection.execute(f"DELETE FROM {KUNDEN}")
    assert sum(len(batch.rows) for batch in batches) == 3


@pytest.mark.parametrize("writable", [True, False])
def test_nothing_is_left_beside_a_file_with_a_log_and_it_stays_as_it_is(
    crm: Path, monkeypatch: pytest.MonkeyPatch, *, writable: bool
) -> None:
    if not writable:
        monkeypatch.setattr("trapstreet.plugins._sqlite.os.access", lambda *_: False)
    before = crm.read_bytes(), crm.stat().st_mtime_ns
    link = crm.with_name("link.db")
    link.symlink_to(crm)
    for path in (crm, link):
        assert _rows(open_table(f"{path}?table=names")) == [(1, "Anne"), (2, None)]
        with closing(at_location(f"sqlite:///{path}")) as source:
            found = [each for each in source.list("") if isinstance(each, Ref)]
            assert [source.open(each).read() for each in found]
        assert {each.name for each in crm.parent.iterdir()} == {"crm.db", "link.db"}
        assert (crm.read_bytes(), crm.stat().st_mtime_ns) == before


def test_what_is_in_the_log_alone_is_read_and_the_log_stays(crm: Path) -> None:
    with closing(sqlite3.connect(crm)) as connection:
        connection.execute(f"UPDATE {KUNDEN} SET name = 'Cleo' WHERE id = 1")
        connection.commit()
        log = crm.with_name("crm.db-wal")
        before = log.read_bytes(), crm.read_bytes()
        assert _rows(open_table(f"{crm}?table=names"))[0] == (1, "Cleo")
        assert (log.read_bytes(), crm.read_bytes()) == before


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb", "mysql"])
def test_a_server_that_is_away_is_unreachable(scheme: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _refused(f"{scheme}://bob:{SECRET}@127.0.0.1:{port}/crm?table=customers", Unreachable, "no connection")
    _refused(
        f"{scheme}://bob:{SECRET}@no-such-host.invalid/crm?table=customers", Unreachable, "no connection"
    )


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
@pytest.mark.parametrize(
    "rest", [":s3cr3t@h:port/crm?table=a", ":s3cr3t?x@h/crm?table=a", ":s3cr3t@h:1/c?nonsense=1&table=a"]
)
def test_a_url_that_cannot_be_used_is_not_shown(scheme: str, rest: str) -> None:
    _refused(f"{scheme}://bob{rest}", TrapstreetError, ".")


@pytest.fixture
def pg(postgres_url: str) -> Iterator[str]:  # noqa: F811
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute('DROP SCHEMA IF EXISTS "Sales" CASCADE')
        connection.execute('CREATE SCHEMA "Sales"')
        connection.execute(
            """CREATE TABLE "Sales"."Kunden" (id int, name text, price numeric(9,2), day date, at timestamptz,
               hour time, key uuid, raw bytea, doc jsonb, tags text[], span interval, ok bool, net inet)"""
        )
        connection.execute(
            """INSERT INTO "Sales"."Kunden" VALUES (1, 'Anne', 1.10, '2020-02-29', '2020-01-02 03:04:05+00',
               '09:30', '00000000-0000-0000-0000-000000000005', '\\x00ff', '{"a": [1]}', '{x,NULL}', '1 mon',
               true, '10.0.0.1'), (2, NULL, 'NaN', 'infinity', '-infinity',
               NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""
        )
    yield postgres_url


@on_postgresql
def test_postgresql_types_become_cells(pg: str) -> None:
    table = open_table(f"{pg}?table=Sales.Kunden")
    first, second = _rows(table)
    assert first[4] == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert first[:4] + first[5:] == (
        1,
        "Anne",
        Decimal("1.10"),
        date(2020, 2, 29),
        time(9, 30),
        UUID(int=5),
        b"\x00\xff",
        '{"a": [1]}',
        '["x",null]',
        "1 mon",
        True,
        "10.0.0.1",
    )
    assert second[3:5] == ("infinity", "-infinity")
    assert table.label == pg.replace("postgres@", "") + "?table=Sales.Kunden"


@on_postgresql
def test_postgresql_says_what_is_wrong(pg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = pg.replace("postgres@", f"locked:{SECRET}@")
    _refused(f"{pg}?table=nobody", UnusableInput, r"no such table.*Sales\.Kunden")
    _refused(f"{pg}?table=no.body", UnusableInput, "no such table")
    _refused(pg, UnusableInput, r"which table\?.*Sales\.Kunden")
    _refused(f"{pg}?query=SELEC 12345", UnusableInput, "SyntaxError, SQLSTATE 42601")
    _refused(f"{pg}?query=SELECT 'bob@example.com'::int", UnusableInput, "SQLSTATE 22P02")
    _refused(f'{pg}?query=SELECT 1/(id - 2) AS x FROM "Sales"."Kunden"', UnusableInput, "DivisionByZero")
    for breakout in ("", "COMMIT; ", "ROLLBACK; "):
        _refused(
            f'{pg}?query=SELECT 1; {breakout}DROP SCHEMA "Sales" CASCADE', UnusableInput, "refused|no result"
        )
    _refused(f"{locked}?table=Sales.Kunden", AccessDenied, "may not be read")
    wrong = pg.replace("postgres@", "locked:wrong@")
    _refused(f"{wrong}?table=a", AccessDenied, "refused the user or the password")
    _refused(pg.replace("postgres@", "locked@") + "?table=a", AccessDenied, "PGPASSWORD")
    _refused(f"{pg}_not?table=a", UnusableInput, "no such database")
    assert len(_rows(open_table(f"{pg}?table=Sales.Kunden"))) == 2


@on_postgresql
@pytest.mark.parametrize("name", ["TRAPSTREET_DB_PASSWORD", "PGPASSWORD"])
def test_the_password_of_postgresql_may_come_from_the_environment(
    name: str, pg: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, PASSWORD)
    assert _rows(open_table(pg.replace("postgres@", "locked@") + "?query=SELECT 1 AS one")) == [(1,)]


@on_postgresql
def test_a_service_file_may_say_everything(pg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = pg.rpartition(":")[2].partition("/")[0]
    (tmp_path / "services").write_text(
        f"[crm]\nhost=127.0.0.1\nport={port}\nuser=locked\npassword={PASSWORD}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    monkeypatch.setenv("PGSERVICE", "crm")
    assert _rows(open_table("postgresql:///postgres?query=SELECT current_user AS who")) == [("locked",)]
    assert _rows(open_table("postgresql://?service=crm&dbname=postgres&query=SELECT 1 AS one")) == [(1,)]


@pytest.fixture
def maria(mariadb_url: str) -> Iterator[str]:  # noqa: F811
    import pymysql

    port = int(mariadb_url.rpartition(":")[2].partition("/")[0])
    settings = {"host": "127.0.0.1", "port": port, "user": "tester", "database": "trapstreet"}
    with pymysql.connect(**settings, charset="utf8mb4") as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS `ku``nden`")
        cursor.execute(
            """CREATE TABLE `ku``nden` (id bigint unsigned, name varchar(50), price decimal(9,2), day date,
               at datetime(6), hour time, span time, raw varbinary(9), doc json, flag bit(1), sign char(1))"""
        )
        cursor.execute("SET SESSION sql_mode = ''")
        cursor.execute(
            """INSERT INTO `ku``nden` VALUES (18446744073709551615, 'Zoë 😀', 1.10, '2020-02-29',
               '2020-01-02 03:04:05.678', '09:30', '-100:00:00', x'00ff', '{"a": [1]}', b'1', ''),
               (2, NULL, NULL, '0000-00-00', NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""
        )
        connection.commit()
    yield mariadb_url


@on_mariadb
def test_mariadb_types_become_cells(maria: str) -> None:
    for url in (maria, maria.replace("mariadb://", "mysql://")):
        table = open_table(f"{url}?table=trapstreet.ku`nden")
        assert _rows(table) == [
            (
                18446744073709551615,
                "Zoë 😀",
                Decimal("1.10"),
                date(2020, 2, 29),
                datetime(2020, 1, 2, 3, 4, 5, 678000),  # noqa: DTZ001
                time(9, 30),
                "-5 days, 20:00:00",
                b"\x00\xff",
                '{"a": [1]}',
                b"\x01",
                "",
            ),
            (2, None, None, "0000-00-00", None, None, None, None, None, None, None),
        ]
        assert table.format == "mariadb"


@on_mariadb
def test_mariadb_says_what_is_wrong(maria: str) -> None:
    locked = maria.replace("tester@", f"locked:{SECRET}@")
    _refused(f"{maria}?table=nobody", UnusableInput, "no such table.*ku`nden")
    _refused(maria, UnusableInput, r"which table\?.*ku`nden")
    _refused(f"{maria}?query=SELEC 12345", UnusableInput, "error 1064")
    _refused(f"{maria}?query=DELETE FROM `ku``nden`", UnusableInput, "error 1792")
    _refused(f"{maria}?query=SELECT 1; DROP TABLE `ku``nden`", UnusableInput, "error 1064")
    _refused(f"{maria}?query=SELECT CAST('bob@example.com' AS nonsense)", UnusableInput, "error 4161")
    _refused(f"{locked}?table=mysql.global_priv", AccessDenied, "error 1142|error 1044")
    _refused(maria.replace("tester@", "locked:wrong@") + "?table=a", AccessDenied, "error 1045")
    _refused(maria.replace("/trapstreet", "/nowhere") + "?table=a", UnusableInput, "no such database")
    assert len(_rows(open_table(f"{maria}?table=ku`nden"))) == 2


@on_mariadb
@pytest.mark.parametrize("name", ["TRAPSTREET_DB_PASSWORD", "MYSQL_PWD"])
def test_the_password_of_mariadb_may_come_from_the_environment(
    name: str, maria: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, PASSWORD)
    url = maria.replace("tester@", "locked@").replace("/trapstreet", "")
    assert _rows(open_table(f"{url}/?query=SELECT 1 AS one")) == [(1,)]


@on_mariadb
def test_a_long_result_of_mariadb_can_be_given_up_at_once(maria: str) -> None:
    table = open_table(f"{maria}?query=SELECT seq FROM seq_1_to_50000000")
    batches = table.batches(100)
    assert next(batches).rows[99] == (100,)
    batches.close()  # type: ignore[attr-defined]
