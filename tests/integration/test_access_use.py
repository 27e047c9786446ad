"""What of the access to a server is used: real servers with real audit logs, imported as they are."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pymysql
import pytest

from audited import Audited, a_minute_later, audited_mariadb, audited_postgres
from desk import Desk
from trapstreet.app.uses import past_uses, record_ids_of, records_used
from trapstreet.app.workspace import Workspace

__all__ = ["a_minute_later", "audited_mariadb", "audited_postgres"]

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("a_minute_later")]

WORLD = """
CREATE ROLE {agents}; CREATE ROLE {anna} LOGIN IN ROLE {agents}; CREATE ROLE {bert} LOGIN IN ROLE {agents};
CREATE ROLE {carl} LOGIN; CREATE ROLE {billing} LOGIN; CREATE ROLE {idle}; CREATE ROLE {dora} LOGIN IN ROLE {idle};
CREATE SCHEMA crm;
CREATE TABLE crm.customers (id int PRIMARY KEY, name text, email text);
INSERT INTO crm.customers SELECT n, 'name' || n, 'mail' || n FROM generate_series(1, 100) n;
CREATE VIEW crm.names AS SELECT name FROM crm.customers;
GRANT USAGE ON SCHEMA crm TO {agents}, {carl}, {billing}, {idle};
GRANT SELECT ON crm.customers TO {agents}, {billing}, {idle};
GRANT SELECT ON crm.names TO {carl};
ANALYZE
"""  # noqa: E501


class World:
    """A database with people who use it. name  what a role is called there"""

    def __init__(self, server: Audited) -> None:
        self.server, self.mark = server, uuid4().hex[:6]
        self.database = f"w_{self.mark}"
        self.url = urlunsplit(urlsplit(server.url)._replace(path=f"/{self.database}"))
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self.database}".encode())
        with self.connected("postgres") as connection:
            for statement in WORLD.replace("{", "").replace("}", f"_{self.mark}").split(";"):
                connection.execute(statement.encode())

    def name(self, short: str) -> str:
        return short if short == "postgres" else f"{short}_{self.mark}"

    def connected(self, who: str, program: str = "helpdesk") -> psycopg.Connection[tuple[object, ...]]:
        url = self.url.replace("postgres@", f"{self.name(who)}@")
        return psycopg.connect(url, autocommit=True, application_name=program)

    def log(self, pattern: str = "*.csv") -> Path:
        """The server's log with all that was done so far."""
        mark = f"end {uuid4().hex}"
        with self.connected("postgres") as connection:
            connection.execute(f'SELECT count(*) AS "{mark}" FROM crm.names'.encode())
        return self.server.log(pattern, having=mark)


@pytest.fixture(scope="module")
def world(audited_postgres: Audited) -> Iterator[World]:
    made = World(audited_postgres)
    with made.connected("anna") as connection:
        connection.execute("SELECT * FROM crm.customers WHERE id = 7")
        connection.execute("SELECT name FROM crm.customers WHERE id = %s", [8])
        connection.execute("SELECT name FROM crm.customers WHERE id IN (9, 10)")
        with connection.cursor().copy("COPY crm.customers TO STDOUT") as copy:
            assert len(list(copy)) == 100
    with made.connected("carl") as connection:
        connection.execute("SELECT * FROM crm.names")
    with made.connected("dora") as connection:
        connection.execute(f"SET ROLE {made.name('idle')}".encode())
        connection.execute("SET work_mem = '4MB'")
    with made.connected("bert") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM crm.names")
    with made.connected("billing", "invoices") as connection:
        connection.execute("SELECT email FROM crm.customers")
    yield made


@pytest.fixture
def told(world: World, desk: Desk) -> Desk:
    """A workspace that has taken in the server's log."""
    desk.do("access", "import", world.log(), "--place", world.url)
    return desk


def test_who_uses_a_table_and_who_never_did(world: World, told: Desk) -> None:
    answer = told.json("access", "use", world.url, "--of", "customers", "--job", "Invoices")
    status = {each["who"].partition("_")[0]: each["status"] for each in answer["rights"]}
    assert status == {
        "postgres": "used", "anna": "used", "carl": "used", "bert": "never", "billing": "job", "dora": "never"
    }  # fmt: skip
    anna = next(each for each in answer["rights"] if each["who"].startswith("anna"))
    assert anna["times"] == 4  # the COPY among them, of which pgaudit names no table
    assert anna["programs"] == ["helpdesk"]


def test_a_view_and_what_it_shows_are_both_used(world: World, told: Desk) -> None:
    answer = told.json("access", "use", world.url, "--who", world.name("carl"))
    assert {each["what"][-1]: each["status"] for each in answer["rights"]} == {
        "names": "used",
        "customers": "used",
    }


def test_what_nobody_used_is_named_by_resource_and_by_grant(world: World, told: Desk) -> None:
    answer = told.json("access", "use", world.url, "--job", "invoices")
    customers = next(each for each in answer["resources"] if each["what"][-1] == "customers")
    assert (customers["can"], customers["used"], customers["by_jobs"], customers["never"]) == (6, 3, 1, 2)
    assert customers["exposure"] == 2 * 100 * customers["weight"]
    grants = [(each["to"], each["members"]) for each in answer["unused_grants"]]
    assert grants == [(world.name("idle"), 1)]
    assert answer["impossible"] == []


def test_a_use_that_the_map_has_no_way_for_is_said(world: World, told: Desk) -> None:
    with world.connected("postgres") as connection:
        connection.execute(f"REVOKE SELECT ON crm.names FROM {world.name('carl')}".encode())
    try:
        answer = told.json("access", "use", world.url)
        assert {(each["who"], each["what"][-1]) for each in answer["impossible"]} == {
            (world.name("carl"), "names"),
            (world.name("carl"), "customers"),
        }
        assert "one of them is wrong" in told.do("access", "use", world.url)
    finally:
        with world.connected("postgres") as connection:
            connection.execute(f"GRANT SELECT ON crm.names TO {world.name('carl')}".encode())


def test_the_past_uses_are_those_that_were_done(world: World, told: Desk) -> None:
    opened = Workspace.open(told.workspace)
    found = [each for each in past_uses(opened, world.url) if each.who == world.name("anna")]
    assert {each.statement for each in found} == {
        "SELECT * FROM crm.customers WHERE id = CAST($1 AS int4)",
        "SELECT name FROM crm.customers WHERE id = $1",
        "SELECT name FROM crm.customers WHERE id IN (CAST($1 AS int4), CAST($2 AS int4))",
        "COPY crm.customers TO STDOUT",
    }
    table = (world.database, "crm", "customers")
    used = records_used(opened, world.url, table)[world.name("anna")]
    assert used.uses == 4
    assert used.named["id"].uses == 3
    asked = record_ids_of(opened, world.url, table, "id", [7, 8, 9, 10])
    assert used.named["id"].records.tolist() == sorted(asked.tolist())


def test_who_became_which_role_is_kept(world: World, told: Desk) -> None:
    found = past_uses(Workspace.open(told.workspace), world.url)
    assert [each.statement for each in found if each.who == world.name("dora")] == [
        f'SET ROLE "{world.name("idle")}"'
    ]


def test_each_masked_statement_can_be_explained_as_who_asked_it(world: World, told: Desk) -> None:
    found = past_uses(Workspace.open(told.workspace), world.url)
    explained = 0
    with world.connected("postgres") as connection:
        for each in found:
            if each.database == world.database and each.statement.startswith("SELECT"):
                connection.execute(f"SET SESSION AUTHORIZATION {each.who}".encode())
                connection.execute(f"PREPARE p AS {each.statement}".encode())
                count = connection.execute(
                    b"SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'p'"
                ).fetchone()
                nulls = ", ".join(["NULL"] * int(str(count[0]))) if count else ""
                call = f"EXECUTE p({nulls})" if nulls else "EXECUTE p"
                connection.execute(f"EXPLAIN {call}".encode())
                connection.execute(b"DEALLOCATE p; RESET SESSION AUTHORIZATION")
                explained += 1
    assert explained >= 5


def test_both_logs_of_the_server_tell_the_same(world: World, desk: Desk) -> None:
    desk.do("access", "import", world.log("*.csv"), "--place", world.url)
    by_csv = past_uses(Workspace.open(desk.workspace), world.url)
    desk.do("access", "import", world.log("*.json"), "--place", "postgresql://json.internal/")
    by_json = past_uses(Workspace.open(desk.workspace), "postgresql://json.internal/")
    assert {each for each in by_csv if each.who != "postgres"} == {
        each for each in by_json if each.who != "postgres"
    }


def test_a_place_without_a_log_is_not_called_unused(world: World, desk: Desk) -> None:
    assert "nothing is known of its use" in desk.refused(2, "access", "use", world.url)


def test_the_time_that_the_logs_do_not_cover_is_not_known(world: World, told: Desk) -> None:
    out = told.do("access", "use", world.url, "--unused-for", "90d")
    assert "NOT KNOWN what was used before: the logs do not go back that far" in out


def test_leavers_and_accounts_without_a_person_are_named_by_their_accounts(
    world: World, told: Desk, tmp_path: Path
) -> None:
    people = tmp_path / "hr.csv"
    people.write_text(
        "name,account,state,until,department\n"
        f"Anna Secretname,{world.name('anna')},active,,support\n"
        f"Bert Secretname,{world.name('bert')},left,2026-01-31,support\n"
        f"Carl,{world.name('carl').upper()},active,,sales\nOther,nobody_here,active,,sales\n"
    )
    answer = told.json("access", "use", world.url, "--people", people)
    mine = {each["account"] for each in answer["left"]}
    assert mine == {world.name("bert")}
    assert answer["left"][0]["since"] == "2026-01-31"
    assert answer["left"][0]["records"] == 100
    assert {world.name("billing"), world.name("dora")} <= {each["account"] for each in answer["nobodys"]}
    assert world.name("carl") not in {each["account"] for each in answer["nobodys"]}
    assert answer["absent"] == 1
    assert "Secretname" not in told.do("access", "use", world.url, "--people", people)


@pytest.fixture
def town(audited_mariadb: Audited) -> Iterator[tuple[Audited, str]]:
    mark = uuid4().hex[:6]
    with pymysql.connect(host="127.0.0.1", port=audited_mariadb.port, user="tester") as connection:
        cursor = connection.cursor()
        for statement in (
            f"CREATE DATABASE crm_{mark}",
            f"CREATE TABLE crm_{mark}.customers (id INT PRIMARY KEY, name VARCHAR(30))",
            f"INSERT INTO crm_{mark}.customers VALUES (1, 'a'), (2, 'b')",
            f"CREATE VIEW crm_{mark}.names AS SELECT name FROM crm_{mark}.customers",
            f"CREATE USER anna_{mark}@'%'",
            f"CREATE USER bert_{mark}@'%'",
            f"GRANT SELECT ON crm_{mark}.* TO anna_{mark}@'%'",
            f"GRANT SELECT ON crm_{mark}.customers TO bert_{mark}@'%'",
        ):
            cursor.execute(statement)
    yield audited_mariadb, mark


def test_the_same_of_mariadb(town: tuple[Audited, str], desk: Desk) -> None:
    server, mark = town
    with pymysql.connect(host="127.0.0.1", port=server.port, user=f"anna_{mark}") as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT * FROM crm_{mark}.customers WHERE id = 2")
        cursor.execute(f"SELECT name FROM crm_{mark}.names WHERE name = 'it''s a secret'")
        cursor.execute("SELECT 'the end'")
    log = server.log("server_audit.log", having="the end")
    time.sleep(0.05)
    desk.do("access", "import", log, "--place", server.url)
    answer = desk.json("access", "use", f"{server.url}crm_{mark}", "--of", f"crm_{mark}.customers")
    status = {each["who"].partition("_")[0]: each["status"] for each in answer["rights"]}
    assert (status["anna"], status["bert"]) == ("used", "never")
    answer = desk.json("access", "use", f"{server.url}crm_{mark}", "--who", f"anna_{mark}@%")
    assert {each["what"][-1]: each["status"] for each in answer["rights"]} == {
        "customers": "used",
        "names": "used",
    }
    opened = Workspace.open(desk.workspace)
    found = [each for each in past_uses(opened, server.url) if each.who == f"anna_{mark}" and each.on]
    assert {each.statement for each in found} == {
        f"SELECT * FROM crm_{mark}.customers WHERE id = ?",
        f"SELECT name FROM crm_{mark}.names WHERE name = ?",
    }
    used = records_used(opened, server.url, (f"crm_{mark}", "customers"))[f"anna_{mark}"]
    asked = record_ids_of(opened, server.url, (f"crm_{mark}", "customers"), "id", [2])
    assert used.named["id"].records.tolist() == asked.tolist()
