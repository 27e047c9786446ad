"""Logs that real servers write while they are imported: each statement counts once."""

import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pymysql
import pytest

from audited import Audited, audited_mariadb, audited_postgres
from desk import Desk
from trapstreet.app.clock import now
from trapstreet.app.uses import past_uses
from trapstreet.app.workspace import Workspace

__all__ = ["audited_mariadb", "audited_postgres"]

pytestmark = pytest.mark.system

IMPORTS = 5


def imported_while(
    work: Callable[[], None],
    desk: Desk,
    server: Audited,
    log: Callable[[], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[int, int]:
    """The log is taken in again and again while somebody works, and once more a minute after the end.

    How many times `work` was done, and how many lines were left to the next import.
    """
    path, times, waited = log(), 0, 0
    enough = threading.Event()

    def go_on() -> None:
        nonlocal times
        while not enough.is_set():
            work()
            times += 1

    worker = threading.Thread(target=go_on)
    worker.start()
    try:
        for _ in range(IMPORTS):
            (done,) = desk.json("access", "import", path, "--place", server.url)["logs"]
            waited += done["waiting"]
    finally:
        enough.set()
        worker.join()
    path = log()
    monkeypatch.setattr("trapstreet.app.log_imports.now", lambda: now() + 60_000_000)
    (done,) = desk.json("access", "import", path, "--place", server.url)["logs"]
    assert done["waiting"] == 0
    return times, waited


def test_what_postgresql_logs_meanwhile_counts_once(
    audited_postgres: Audited, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = f"m{uuid4().hex[:6]}"

    def done(*each: str) -> None:
        with psycopg.connect(audited_postgres.url, autocommit=True) as connection:
            for statement in each:
                connection.execute(statement.encode())

    def log() -> Path:
        end = f"end {uuid4().hex}"
        done(f'SELECT count(*) AS "{end}" FROM {mark}.a')
        return audited_postgres.log("*.csv", having=end)

    done(f"CREATE SCHEMA {mark}", *(f"CREATE TABLE {mark}.{each} AS SELECT 1 AS id" for each in "ab"))
    join = f"SELECT a.id AS joined FROM {mark}.a JOIN {mark}.b USING (id)"
    times, waited = imported_while(lambda: done(*[join] * 20), desk, audited_postgres, log, monkeypatch)
    uses = past_uses(Workspace.open(desk.workspace), audited_postgres.url)
    assert waited
    assert [(each.times, {path[-1] for path in each.on}) for each in uses if "joined" in each.statement] == [
        (20 * times, {"a", "b"})
    ]


def test_what_mariadb_logs_meanwhile_counts_once(
    audited_mariadb: Audited, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = f"m{uuid4().hex[:6]}"
    port = urlsplit(audited_mariadb.url).port or 0

    def done(*each: str) -> None:
        with pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True) as connection:
            for statement in each:
                connection.cursor().execute(statement)

    def log() -> Path:
        end = f"end {uuid4().hex}"
        done(f"SELECT id AS `{end}` FROM {mark}.a")
        return audited_mariadb.log("server_audit.log", having=end)

    done(f"CREATE DATABASE {mark}", f"CREATE TABLE {mark}.a (id int)", f"INSERT INTO {mark}.a VALUES (1)")
    slow = f"SELECT id, sleep(0.05) AS slowly FROM {mark}.a"
    times, _ = imported_while(lambda: done(slow), desk, audited_mariadb, log, monkeypatch)
    uses = [
        each
        for each in past_uses(Workspace.open(desk.workspace), audited_mariadb.url)
        if "slowly" in each.statement or (not each.statement and (mark, "a") in each.on)
    ]
    assert [(each.times, each.on) for each in uses] == [(times, ((mark, "a"),))]
