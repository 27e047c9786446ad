"""Logs that a real PostgreSQL writes without pgaudit: each statement is one use, or is said to be unknown."""

from collections.abc import Mapping
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from audited import Audited, a_minute_later, audited_postgres
from desk import Desk
from trapstreet.app.uses import past_uses
from trapstreet.app.workspace import Workspace

__all__ = ["a_minute_later", "audited_postgres"]

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("a_minute_later")]

PLANS = {"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0"}
ALL, TIMES, ENDED = {"log_statement": "all"}, {"log_duration": "on"}, {"log_min_duration_statement": "0"}
AUDITED = {"pgaudit.log": "read,write,ddl,role,function,misc_set"}
ASKED = {
    "plain": 1,
    "given": 1,
    "named": 1,
    "prepared": 2,
    "cursored": 1,
    "broke": 1,
    "slow": 1,
    "calls": 1,
    "made": 1,
}


class World:
    """A table, and somebody whose statements are logged in some way."""

    def __init__(self, server: Audited, settings: Mapping[str, str]) -> None:
        self.server, self.who = server, f"anna_{uuid4().hex[:6]}"
        with psycopg.connect(server.url, autocommit=True) as connection:
            for each in (
                f"CREATE ROLE {self.who} LOGIN",
                f"CREATE SCHEMA {self.who} AUTHORIZATION {self.who}",
                "LOAD 'auto_explain'",
            ):
                connection.execute(each.encode())
            for name, value in {"pgaudit.log": "none", **settings}.items():
                parts = sql.Identifier(self.who), sql.Identifier(*name.split(".")), sql.Literal(value)
                connection.execute(sql.SQL("ALTER ROLE {} SET {} = {}").format(*parts))
            self.table = f"{self.who}.customers"
            connection.execute(f"CREATE TABLE {self.table} AS SELECT 1 AS id, 'x' AS name".encode())
            connection.execute(f"GRANT SELECT ON {self.table} TO {self.who}".encode())
            body = f"BEGIN RETURN (SELECT max(id) AS inner FROM {self.table}); END"
            function = f"CREATE FUNCTION {self.who}.f() RETURNS int LANGUAGE plpgsql AS $${body}$$"
            connection.execute(function.encode())

    def work(self) -> str:
        """One statement of every sort; the lines that the log has of it."""
        (path,) = self.server.logs.glob("*.csv")
        start = path.stat().st_size
        url = self.server.url.replace("postgres@", f"{self.who}@")
        with psycopg.connect(url, autocommit=True) as connection:

            def ask(text: str, *values: object, prepare: bool = False) -> None:
                query = text.format(t=self.table, who=self.who).encode()
                connection.execute(query, values or None, prepare=prepare)

            ask("SELECT id AS plain FROM {t}")
            ask("SELECT id AS given\nFROM {t}\n  WHERE id = %s", 1)
            ask("SELECT id AS named FROM {t} WHERE id = %s", 2, prepare=True)
            ask("SELECT {who}.f() AS calls")
            ask("PREPARE p AS SELECT id AS prepared FROM {t}")
            ask("EXECUTE p")
            ask("CREATE TEMPORARY TABLE few AS SELECT id AS made FROM {t}")
            with connection.transaction(), connection.cursor(name="cur") as cursor:
                cursor.execute(f"SELECT id AS cursored FROM {self.table}".encode())
                cursor.fetchone()
            ask("SET statement_timeout = 50")
            for wrong in ("1 / (id - 1) AS broke", "pg_sleep(1) AS slow", "nope AS refused"):
                with pytest.raises(psycopg.Error):
                    ask(f"SELECT id, {wrong} FROM {{t}}")
        end = f"end {uuid4().hex}"
        with psycopg.connect(self.server.url) as connection, pytest.raises(psycopg.Error):
            connection.execute(f'SELECT "{end}"'.encode())
        lines = self.server.log("*.csv", having=end).read_bytes()[start:].decode()
        return "".join(each for each in lines.splitlines(keepends=True) if f'"{end}"' not in each)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "differently"),
    [
        (ALL, {}),
        (ALL | TIMES, {}),
        (ENDED, {}),
        (ALL | ENDED, {}),
        (ALL | PLANS, {"cursored": 2}),  # its plan comes when it is closed
        (ENDED | PLANS, {"cursored": 2}),
        (TIMES | PLANS, {"prepared": 1}),
        (PLANS, {"prepared": 1}),
        (PLANS | {"auto_explain.log_format": "json"}, {"prepared": 1}),
        (AUDITED, {}),
        (AUDITED | {"pgaudit.log_rows": "off"}, {}),
        (AUDITED | ALL, {}),
        (AUDITED | PLANS, {}),
    ],
    ids=" ".join,
)
def test_each_statement_is_a_use_however_it_is_logged(
    audited_postgres: Audited, desk: Desk, settings: Mapping[str, str], differently: Mapping[str, int]
) -> None:
    world = World(audited_postgres, settings)
    log = desk.write("log.csv", world.work())
    (done,) = desk.json("access", "import", log, "--place", audited_postgres.url)["logs"]
    assert not done["unread"] and not done["unparsed"]
    uses = [
        each
        for each in past_uses(Workspace.open(desk.workspace), audited_postgres.url)
        if each.who == world.who
    ]
    counts = {
        name: sum(each.times for each in uses if name in each.statement.replace("_", " ").split())
        for name in (*ASKED, "refused")
    }
    assert counts == {**ASKED, "refused": 0, **differently}


@pytest.mark.slow
def test_a_log_of_times_alone_says_that_it_tells_nothing(audited_postgres: Audited, desk: Desk) -> None:
    log = desk.write("log.csv", World(audited_postgres, TIMES).work())
    (done,) = desk.json("access", "import", log, "--place", audited_postgres.url, status=6)["logs"]
    assert done["unread"] >= 6
    assert done["why"] == "the log says how long a statement took, and not which one it was"
