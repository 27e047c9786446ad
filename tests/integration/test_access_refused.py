"""Servers that end a connection, or keep it waiting, while advice is sought: told in one line."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from access_worlds import World, world
from desk import Desk
from mariadb_offices import Office, past
from servers import Audited, _mariadb_clone, mariadb_office, postgres_url
from trapstreet.app.advising import Wish, advise
from trapstreet.core.model.errors import Unreachable
from trapstreet.plugins.changes._mariadb.replay import MariadbReplay
from trapstreet.plugins.changes._postgresql.replay import PostgresqlReplay
from trapstreet.plugins.changes.mariadb import MariadbPlace
from trapstreet.plugins.changes.postgresql import PostgresqlPlace

__all__ = ["mariadb_office", "postgres_url"]

SHOP = (
    "CREATE DATABASE crm",
    "CREATE TABLE crm.customers (id int, name text)",
    "CREATE USER anna@'%'",
    "CREATE USER bert@'%'",
    "GRANT SELECT ON crm.* TO anna@'%'",
    "GRANT SELECT ON crm.customers TO bert@'%'",
)


@pytest.fixture
def crm(postgres_url: str, desk: Desk) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("anna", "bert")
        made.do("CREATE ROLE {anna} LOGIN; CREATE ROLE {bert} LOGIN")
        made.do("CREATE TABLE public.t (id int); GRANT SELECT ON public.t TO {anna}, {bert}")
        use = f'{{"ts": "2026-11-20T09:00:00Z", "user": "{made.names["anna"]}", "action": "read",'
        use += f' "database": "{made.database}", "statement": "SELECT id FROM public.t"}}\n'
        desk.do("access", "import", desk.write("uses.jsonl", use), "--place", made.url)
        yield made


def before(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, happens: Callable[[], object]) -> None:
    """Have something happen each time before a method is called."""
    usual = getattr(owner, method)

    def called(self: Any, *arguments: Any) -> Any:
        happens()
        return usual(self, *arguments)

    monkeypatch.setattr(owner, method, called)


@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (PostgresqlPlace, "changes"),
        (PostgresqlPlace, "replay"),
        (PostgresqlReplay, "blocked"),
        (PostgresqlPlace, "rehearse"),
    ],
)
def test_a_server_that_ends_the_connection_while_advice_is_sought_is_unreachable(
    desk: Desk, crm: World, monkeypatch: pytest.MonkeyPatch, owner: type, method: str
) -> None:
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    ended += f" WHERE datname = '{crm.database}' AND application_name = 'trapstreet'"
    before(monkeypatch, owner, method, lambda: crm.do(ended))
    told = desk.refused(4, "access", "advise", crm.url)
    assert "the connection broke" in told or "no connection to the server" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("owner", "method"),
    [(PostgresqlPlace, "changes"), (PostgresqlReplay, "blocked"), (PostgresqlPlace, "rehearse")],
)
def test_rights_that_somebody_else_is_changing_are_waited_for_shortly_and_told(
    desk: Desk, crm: World, monkeypatch: pytest.MonkeyPatch, owner: type, method: str
) -> None:
    with psycopg.connect(crm.url) as other:
        before(monkeypatch, owner, method, lambda: other.execute(b"GRANT INSERT ON public.t TO PUBLIC"))
        assert desk.run("access", "advise", crm.url, "--workspace", desk.workspace) == 4
        other.rollback()
    (line,) = desk.err.splitlines()
    assert line.endswith("somebody else holds what it needs: try again")


def test_a_right_that_somebody_else_changed_meanwhile_is_told_and_not_left_out(
    desk: Desk, crm: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(crm.url) as other, ThreadPoolExecutor(1) as beside:

        def granted() -> None:
            other.execute(b"GRANT INSERT ON public.t TO PUBLIC")
            ended.append(beside.submit(commit_when_waited_for, other))

        ended: list[Future[None]] = []
        before(monkeypatch, PostgresqlPlace, "changes", granted)
        assert desk.run("access", "advise", crm.url, "--workspace", desk.workspace) == 4
        for each in ended:
            each.result()
    (line,) = desk.err.splitlines()
    assert line.endswith("somebody else holds what it needs: try again")


def commit_when_waited_for(connection: "psycopg.Connection[Any]") -> None:
    """Commit as soon as somebody waits for what a connection has changed."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if connection.execute(waits, (connection.info.backend_pid,)).fetchall() != [(0,)]:
            return connection.commit()
        time.sleep(0.01)
        connection.execute("SELECT pg_stat_clear_snapshot()")
    raise AssertionError("nobody waited")


@pytest.mark.system
@pytest.mark.parametrize(
    ("owner", "method"),
    [(MariadbPlace, "changes"), (MariadbReplay, "blocked")],
)
def test_a_clone_that_ends_the_connection_while_advice_is_sought_is_told(
    mariadb_office: Audited, monkeypatch: pytest.MonkeyPatch, owner: type, method: str
) -> None:
    clone = _mariadb_clone.__wrapped__()  # one of its own: it is left as it was when it broke
    assert clone
    port = urlsplit(clone).port or 0
    office = Office(mariadb_office)
    root = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
    try:
        office.do(*SHOP)
        before(monkeypatch, owner, method, lambda: kill_all(root))
        uses = [past("anna", "SELECT name FROM customers", "crm")]
        with pytest.raises(
            Unreachable, match=r"^the clone: the connection broke .* start a new server there$"
        ):
            advise(office.url, uses, wish=Wish(""), clone=clone)
    finally:
        office.close()
        with closing(root), root.cursor() as cursor:
            cursor.execute("SHUTDOWN")


def kill_all(root: Any) -> None:
    """End all connections but this one."""
    with root.cursor() as cursor:
        cursor.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE USER LIKE 'trapstreet-%'")
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")
