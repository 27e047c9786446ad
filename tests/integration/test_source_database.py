"""Databases: what changed is read and nothing else, what may not be read is said, and nothing is written."""

import socket
import sqlite3
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from source_yards.database_mariadb import Here as MariaDB
from source_yards.database_postgresql import Here as PostgreSQL
from source_yards.database_sqlite import Here as SQLite
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.model.sections import read_section
from trapstreet.core.ports import Source
from trapstreet.plugins.sources import database


@pytest.fixture
def postgresql(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PostgreSQL]:
    made = PostgreSQL(request, tmp_path)
    yield made
    made.close()


@pytest.fixture
def mariadb(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MariaDB]:
    made = MariaDB(request, tmp_path)
    yield made
    made.close()


def test_only_what_was_changed_has_another_version(postgresql: PostgreSQL) -> None:
    statements = ["CREATE TABLE {} (n int)", "INSERT INTO {} VALUES (1), (2)"]
    for name in ("inserted", "updated", "deleted", "truncated", "widened", "stays"):
        run(postgresql, name, *statements)
    before = {each.path: each.version for each in listed(postgresql)}
    run(postgresql, "inserted", "INSERT INTO {} VALUES (3)")
    run(postgresql, "updated", "UPDATE {} SET n = 5 WHERE n = 2")
    run(postgresql, "deleted", "DELETE FROM {} WHERE n = 2")
    run(postgresql, "truncated", "TRUNCATE {}")
    run(postgresql, "widened", "ALTER TABLE {} ADD COLUMN mail text DEFAULT 'maria.lopez@customers.example'")
    run(postgresql, "stays", "SELECT * FROM {}", "ANALYZE {}")
    after = {each.path: each.version for each in listed(postgresql)}
    assert [path for path in before if before[path] == after[path]] == [postgresql.name("stays")]


def test_what_may_not_be_read_is_said_and_never_taken_for_less(postgresql: PostgreSQL) -> None:
    run(postgresql, "mine", "CREATE TABLE {} (n int)", "INSERT INTO {} VALUES (1)")
    run(postgresql, "rows", "CREATE TABLE {} (n int)", "INSERT INTO {} VALUES (1), (2)")
    run(
        postgresql,
        "rows",
        "ALTER TABLE {} ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY one ON {} USING (n = 1)",
    )
    run(postgresql, "rows", "GRANT SELECT ON {} TO PUBLIC")
    with psycopg.connect(postgresql.url) as connection:
        connection.execute("DROP ROLE IF EXISTS watcher")
        connection.execute("CREATE ROLE watcher LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA {postgresql.schema} TO watcher")
    try:
        url = postgresql.url.replace("postgres@", "watcher@")
        with closing(postgresql.source(postgresql.settings() | {"url": url})) as source:
            mine, rows, *_ = source.list("")
            assert mine == Unread(postgresql.name("mine"), "not allowed to read it: SELECT is not granted")
            assert isinstance(rows, Ref) and rows.readers == "every user of the database"
            with pytest.raises(PermissionError, match="only some of its rows"):
                source.open(rows)
    finally:
        run(postgresql, "", f"REVOKE ALL ON SCHEMA {postgresql.schema} FROM watcher", "DROP ROLE watcher")


def test_views_are_read_where_they_are_wanted_and_partitions_once(postgresql: PostgreSQL) -> None:
    run(postgresql, "whole", "CREATE TABLE {} (n int) PARTITION BY RANGE (n)")
    run(postgresql, "part", f"CREATE TABLE {{}} PARTITION OF {postgresql.schema}.whole DEFAULT")
    run(postgresql, "whole", "INSERT INTO {} VALUES (7)")
    run(postgresql, "view", f"CREATE VIEW {{}} AS SELECT n + 1 AS m FROM {postgresql.schema}.part")
    assert [each.path for each in listed(postgresql)] == [postgresql.name("part")]
    with closing(postgresql.source(postgresql.settings() | {"views": True})) as source:
        part, view = (each for each in source.list("") if isinstance(each, Ref))
        assert source.open(part).read() == b"n\n7\n"
        assert view.path == postgresql.name("view") and view.version == ""
        assert source.open(view).read() == b"m\n8\n"


def test_nothing_is_written_whatever_a_view_does(postgresql: PostgreSQL) -> None:
    schema = postgresql.schema
    run(postgresql, "log", "CREATE TABLE {} (n int)")
    writes = f"LANGUAGE sql AS 'INSERT INTO {schema}.log VALUES (1) RETURNING n'"
    run(postgresql, "write", f"CREATE FUNCTION {{}}() RETURNS int {writes}")
    run(postgresql, "view", f"CREATE VIEW {{}} AS SELECT {schema}.write()")
    with closing(postgresql.source(postgresql.settings() | {"views": True})) as source:
        log, view = (each for each in source.list("") if isinstance(each, Ref))
        with pytest.raises(OSError, match="SQLSTATE 25006"):
            source.open(view).read()
        assert source.open(log).read() == b"n\n"


def test_a_table_that_is_locked_is_not_waited_for_long(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.plugins.sources._database_postgresql.LOCK_MILLISECONDS", 50)
    postgresql.put("locked", b"1")
    with psycopg.connect(postgresql.url) as connection, closing(postgresql.source()) as source:
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        connection.execute(sql.SQL("LOCK TABLE {}").format(postgresql.table("locked")))
        with pytest.raises(OSError, match="locked"):
            source.open(ref)


@pytest.mark.slow
def test_a_large_table_is_read_in_little_memory(postgresql: PostgreSQL) -> None:
    run(postgresql, "large", "CREATE TABLE {} AS SELECT n, repeat('x', 400) FROM generate_series(1, 50000) n")
    with closing(postgresql.source()) as source:
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        tracemalloc.start()
        try:
            came = 0
            with source.open(ref) as file:
                while block := file.read(1 << 16):
                    came += len(block)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert came > 20_000_000
    assert peak < 4 << 20


@pytest.mark.slow
def test_a_server_that_stops_to_answer_is_given_up(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.plugins.sources._database.SILENT_SECONDS", 0.2)
    run(postgresql, "slow", "CREATE VIEW {} AS SELECT pg_sleep(2)::text")
    with closing(postgresql.source(postgresql.settings() | {"views": True})) as source:
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        with pytest.raises(OSError, match="in time"):
            source.open(ref).read()


def test_many_tables_are_listed_page_by_page_each_once(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.plugins.sources._database_postgresql.PAGE", 2)
    names = ["a", "B", "ä", "z 1", '"', "%", "é/x"]
    postgresql.put_many(dict.fromkeys(names, b""))
    with closing(postgresql.source()) as source:
        found = list(source.list(""))
    paths = [each.path for each in found if isinstance(each, Ref)]
    assert sorted(paths) == sorted(map(postgresql.name, names))
    assert sum(isinstance(each, Mark) for each in found) >= 5, "other tests may have tables there"


def test_no_postgresql_server_gets_a_password_in_the_clear(postgresql: PostgreSQL) -> None:
    with psycopg.connect(postgresql.url) as connection:
        connection.execute("DROP ROLE IF EXISTS clear")
        connection.execute("CREATE ROLE clear LOGIN PASSWORD 'plain-enough'")
    settings = {
        "url": postgresql.url.replace("postgres@", "clear@"),
        "password_file": postgresql.secret("password", "plain-enough"),
    }
    with pytest.raises(AccessDenied, match="in the clear"), closing(postgresql.source(settings)) as source:
        list(source.list(""))


def test_no_mysql_server_gets_a_password_in_the_clear(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    heard: list[bytes] = []

    def serve() -> None:
        met, _ = listening.accept()
        with met:
            met.settimeout(5)
            greeting = b"\x0a8.0.0\0" + bytes(4) + b"12345678\0\xff\xf7\x21\x02\0\xff\xff\x15" + bytes(10)
            _packet(met, 0, greeting + b"123456789012\0mysql_native_password\0")
            heard.append(met.recv(65536))
            _packet(met, 2, b"\xfemysql_clear_password\0")
            heard.append(met.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=serve)
        serving.start()
        settings = {
            "url": f"mysql://somebody@127.0.0.1:{listening.getsockname()[1]}",
            "password_file": SQLite(request, tmp_path).secret("password", "plain-enough"),
        }
        made = read_section(settings, database.settings, where="here", hint="", folder=tmp_path)
        with pytest.raises(AccessDenied, match="in the clear"), closing(database.source(made)) as source:
            list(source.list(""))
        serving.join()
    assert heard[1] == b""
    assert b"plain-enough" not in b"".join(heard)


def test_settings_that_do_not_do_are_refused_at_once(postgresql: PostgreSQL) -> None:
    for url, why in [
        ("postgresql://db.example", "names no database"),
        ("postgresql://user:secret@db.example/crm", "holds a password"),
        ("mariadb://db.example/crm?ssl_ca=x", "options"),
    ]:
        with pytest.raises(UnusableInput, match=why) as refused:
            postgresql.source({"url": url})
        assert "secret" not in str(refused.value)


@pytest.mark.system
def test_every_database_of_a_mariadb_server_is_read_as_utf8(mariadb: MariaDB) -> None:
    mariadb.run(
        "CREATE TABLE people (name varchar(20) CHARACTER SET latin1, photo blob, born date)",
        "INSERT INTO people VALUES ('José', x'ff00fe', '1980-02-29'), (NULL, NULL, NULL)",
        "CREATE VIEW seen AS SELECT name FROM people",
    )
    url = f"mariadb://tester@127.0.0.1:{mariadb.port}"
    with closing(mariadb.source({"url": url, "schema": [mariadb.schema]})) as source:
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        assert ref.path == f"mariadb://127.0.0.1:{mariadb.port}/{mariadb.schema}.people"
        assert source.open(ref).read().decode() == "name,photo,born\nJosé,/wD+,1980-02-29\n,,\n"
    with closing(mariadb.source({"url": url, "schema": [mariadb.schema], "views": True})) as source:
        assert sum(isinstance(each, Ref) for each in source.list("")) == 2


@pytest.mark.system
def test_a_table_that_was_changed_just_now_has_no_version_that_could_hide_the_next_change(
    mariadb: MariaDB,
) -> None:
    mariadb.run("CREATE TABLE busy (n int)", "INSERT INTO busy VALUES (1)")
    (ref,) = listed(mariadb)
    assert ref.version == ""


def test_what_is_only_in_the_write_ahead_log_is_read_too(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    yard = SQLite(request, tmp_path)
    with closing(sqlite3.connect(yard.file)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE people (name)")
        before = listed(yard)
        writer.execute("INSERT INTO people VALUES ('maria')")
        writer.commit()
        assert [each.version for each in listed(yard)] != [each.version for each in before]
        with closing(yard.source()) as source:
            (ref,) = (each for each in source.list("") if isinstance(each, Ref))
            assert source.open(ref).read() == b"name\nmaria\n"


def test_what_is_no_sqlite_file_is_refused(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    yard = SQLite(request, tmp_path)
    yard.file.write_bytes(b"no database at all " * 100)
    with pytest.raises(UnusableInput, match="no SQLite database"):
        listed(yard)
    yard.file.unlink()
    with pytest.raises(Unreachable):
        listed(yard)


def _packet(to: socket.socket, number: int, payload: bytes) -> None:
    to.sendall(len(payload).to_bytes(3, "little") + bytes([number]) + payload)


def run(yard: PostgreSQL, table: str, *statements: str) -> None:
    yard.run(*(sql.SQL(each).format(yard.table(table)) for each in statements))


def listed(yard: PostgreSQL | MariaDB | SQLite) -> list[Ref]:
    source: Source = yard.source()
    with closing(source):
        found = list(source.list(""))
    assert not [each for each in found if isinstance(each, Unread)]
    assert isinstance(found[-1], Mark) and found[-1].whole
    return [each for each in found if isinstance(each, Ref)]
