"""Access maps of places that change, hang or are called oddly meanwhile; and that a map changes nothing."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from access_worlds import world
from desk import Desk
from discovering import line_to
from servers import mariadb_url, postgres_url
from towns import Town
from trapstreet.app.access import map_of
from trapstreet.plugins.identities import _sessions
from trapstreet.plugins.identities import mariadb as identities
from trapstreet.plugins.permissions import _mariadb_catalogue as catalogue
from trapstreet.plugins.permissions import _mariadb_session, _postgresql_session, mariadb, postgresql

__all__ = ["mariadb_url", "postgres_url"]

ODD = "od.d `\"'x\x1b[2J%s\nNOT KNOWN y"


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    made = Town(mariadb_url)
    made.do("CREATE DATABASE {crm}")
    made.do("CREATE TABLE {crm}.customers (a int)")
    yield made
    made.close()


def test_the_session_that_reads_rights_can_change_nothing_in_postgresql(postgres_url: str) -> None:
    with (
        _postgresql_session.connected(postgres_url, "postgres", "it") as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
        connection.transaction(),
    ):
        connection.execute(b"CREATE ROLE made_by_a_map")


@pytest.mark.system
def test_the_session_that_reads_rights_can_change_nothing_in_mariadb(town: Town) -> None:
    with (
        _mariadb_session.connected(town.url, "it") as cursor,
        pytest.raises(pymysql.MySQLError, match="1792"),
    ):
        cursor.execute(f"INSERT INTO {town.name('crm')}.customers VALUES (1)")


def test_a_table_that_vanishes_while_rights_are_read_keeps_none_from_being_read(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world(postgres_url) as made:
        for name in ("goes", "stays"):
            made.do(f"CREATE TABLE {name} (a int); GRANT SELECT ON {name} TO PUBLIC")
            made.do(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
            made.do(f"CREATE POLICY p ON {name} USING (a = 1)")
        usual = postgresql._Server._read

        def read(self: Any, database: Any, connection: Any, kind: Any, query: str, what: str) -> Any:
            if what == "row security" and database.name == made.database:
                made.do("DROP TABLE IF EXISTS goes")
            return usual(self, database, connection, kind, query, what)

        monkeypatch.setattr(postgresql._Server, "_read", read)
        mapped = map_of(made.url)
    assert mapped.unknown == []
    assert "stays" in {each.path[-1] for each in mapped.access.rights.resources}


@pytest.mark.system
def test_a_view_that_vanishes_while_rights_are_read_keeps_none_from_being_read(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.do("CREATE VIEW {crm}.goes AS SELECT a FROM {crm}.customers")
    usual = mariadb._Server._asked

    def asked(self: Any, query: str) -> Any:
        if query == catalogue.VIEWS:
            town.do("DROP VIEW {crm}.goes")
        return usual(self, query)

    monkeypatch.setattr(mariadb._Server, "_asked", asked)
    mapped = map_of(town.url.rpartition("/")[0] + "/" + town.name("crm"))
    assert mapped.unknown == []
    assert {each.path[-1] for each in mapped.access.rights.resources} == {"customers", "goes"}


def test_files_that_vanish_while_rights_are_read_are_not_called_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    for name in ("goes", "stays"):
        (tmp_path / name).write_text("x")
    usual = os.getxattr

    def getxattr(path: Any, *arguments: Any, **named: Any) -> bytes:
        (tmp_path / "goes").unlink(missing_ok=True)
        return usual(path, *arguments, **named)

    monkeypatch.setattr(os, "getxattr", getxattr)
    mapped = map_of(str(tmp_path))
    assert mapped.unknown == []
    names = [each.names for each in mapped.access.rights.resources]
    assert names == [frozenset({"stays"})]


@pytest.mark.system
@pytest.mark.parametrize(
    ("command", "session", "owner", "method"),
    [
        ("map", _mariadb_session, mariadb._Server, "_told"),
        ("hygiene", _sessions, identities._Server, "accounts"),
    ],
)
def test_a_mariadb_server_that_falls_silent_is_left(
    town: Town,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    session: Any,
    owner: Any,
    method: str,
) -> None:
    monkeypatch.setattr(session, "_SECONDS", 1)
    usual = getattr(owner, method)
    with line_to(town.port) as line:

        def called(self: Any, *arguments: Any) -> Any:
            line.silent.set()
            return usual(self, *arguments)

        monkeypatch.setattr(owner, method, called)
        assert desk.run("access", command, f"mariadb://tester@127.0.0.1:{line.port}/") == 4
    (line_of_it,) = desk.err.splitlines()
    assert "no connection to the server, or it broke" in line_of_it


@pytest.mark.system
def test_names_of_mariadb_with_quotes_and_control_characters_are_read_and_shown_safely(
    town: Town, desk: Desk
) -> None:
    table, user = ODD.replace("`", "``"), "o'x\x1b[2J\ny"
    with town.connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {town.name('crm')}.`{table}` (a int)".replace("%", "%%"), ())
        cursor.execute("CREATE USER %s@'10.%%'", (user + town.mark,))
        try:
            on = f"{town.name('crm')}.`{table}`".replace("%", "%%")
            cursor.execute(f"CREATE VIEW {town.name('crm')}.shown AS SELECT a FROM {on}", ())
            cursor.execute(f"GRANT SELECT ON {town.name('crm')}.shown TO %s@'10.%%'", (user + town.mark,))
            url = f"{town.url.rpartition('/')[0]}/{town.name('crm')}"
            for more in ([], ["--who", ODD], ["--reach", f"{user}{town.mark}@10.%"]):
                assert desk.run("access", "map", url, *more) == 0
                assert all(line.isprintable() for line in desk.out.splitlines())
                assert not any(line.startswith("NOT KNOWN") for line in desk.out.splitlines())
                assert "od.d" in desk.out
            assert "shown shows" in desk.out.replace(f"{town.name('crm')}.", "")
        finally:
            cursor.execute("DROP USER %s@'10.%%'", (user + town.mark,))
