"""Plans for MariaDB from the command line: advised from a real log, made, stopped half-way, taken back."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import Desk
from mariadb_offices import Office, past
from servers import Audited, mariadb_clone_url, mariadb_office
from trapstreet.app.advising import Wish, advise, draft_of
from trapstreet.app.plans import plan_in, write_plan
from trapstreet.core.model.errors import AccessDenied
from trapstreet.plugins.changes import place_at

__all__ = ["mariadb_clone_url", "mariadb_office"]

pytestmark = pytest.mark.system

SHOP = (
    "CREATE DATABASE crm",
    "CREATE TABLE crm.customers (id int PRIMARY KEY, name text)",
    "INSERT INTO crm.customers VALUES (1, 'x')",
    "CREATE VIEW crm.names AS SELECT name FROM crm.customers",
    "CREATE TABLE crm.tickets (id int)",
    "CREATE USER anna@'10.%'",
    "CREATE USER bert@'%'",
    "CREATE ROLE agents",
    "GRANT SELECT, INSERT, UPDATE ON crm.* TO agents",
    "GRANT agents TO anna@'10.%'",
    "SET DEFAULT ROLE agents FOR anna@'10.%'",
    "GRANT SELECT, SHOW VIEW, DELETE ON crm.* TO bert@'%'",
    "GRANT SELECT ON crm.customers TO bert@'%'",
)


@pytest.fixture
def office(mariadb_office: Audited) -> Iterator[Office]:
    made = Office(mariadb_office)
    made.do(*SHOP)
    yield made
    made.close()


def logged(office: Office, log: Path) -> Path:
    """What two people do, as server_audit writes it."""
    begun = office.log.stat().st_size if office.log.exists() else 0
    office.do("SET GLOBAL server_audit_logging = ON")
    for number in range(3):
        office.runs("anna", f"SELECT name FROM customers WHERE id = {number}", database="crm")
    office.runs("anna", "UPDATE customers SET name = 'S3NTINEL' WHERE id = 1", database="crm")
    office.runs("bert", "SET NAMES utf8", "EXPLAIN SELECT * FROM names", client="192.168.0.9", database="crm")
    office.do("SET GLOBAL server_audit_logging = OFF")
    with office.log.open("rb") as file:
        file.seek(begun)
        log.write_bytes(file.read())
    return log


def test_a_plan_is_proved_by_a_real_log_made_and_taken_back(
    office: Office, mariadb_clone_url: str, desk: Desk, tmp_path: Path
) -> None:
    before, folder = office.grants(), desk.folder / "less"
    desk.do("access", "import", logged(office, tmp_path / "audit.log"), "--place", office.url, status=0)
    said = desk.do("access", "advise", office.url, "--clone", mariadb_clone_url, "--out", folder)
    assert "0 of 10 past uses by 2 people would have been blocked." in said
    assert "INSERT on database crm from agents" in said
    assert office.grants() == before
    assert all(b"S3NTINEL" not in each.read_bytes() for each in folder.iterdir())
    assert desk.run("access", "apply", folder) == 0, desk.err
    assert "access is now as planned" in desk.out
    assert office.code("anna", "SELECT * FROM customers", database="crm") == 0
    assert office.code("anna", "UPDATE customers SET name = 'y' WHERE id = 1", database="crm") == 0
    assert office.code("anna", "INSERT INTO customers VALUES (9, 'z')", database="crm") == 1142
    assert office.code("bert", "EXPLAIN SELECT * FROM names", client="192.168.0.9", database="crm") == 0
    assert office.code("bert", "DELETE FROM customers", client="192.168.0.9", database="crm") == 1142
    assert desk.run("access", "apply", folder) == 2
    assert "was applied already" in desk.err
    assert desk.run("access", "apply", folder, "--undo") == 0
    assert office.grants() == before


def test_what_is_not_to_be_had_of_mariadb_is_not_offered(
    office: Office, mariadb_clone_url: str, desk: Desk
) -> None:
    office.do("GRANT SELECT ON crm.* TO PUBLIC", "CREATE USER carl@'%'")
    use = '"ts": 1795000000, "user": "carl", "database": "crm", "statement": "SELECT id FROM tickets"'
    desk.do("access", "import", desk.write("uses.jsonl", f"{{{use}}}\n"), "--place", office.url)
    asked = ("access", "advise", office.url, "--clone", mariadb_clone_url, "--role", "PUBLIC")
    said = desk.do(*asked)
    assert "SELECT on database crm from PUBLIC" not in said
    assert "narrow" not in said
    assert "nothing here narrows" in desk.refused(2, *asked, "--narrow")


def test_the_scripts_do_what_apply_does(office: Office, mariadb_clone_url: str, tmp_path: Path) -> None:
    before = office.grants()
    folder = planned(office, mariadb_clone_url, tmp_path / "less")
    for name in ("forward.sql", "rollback.sql"):
        office.script((folder / name).read_text())
        assert (office.grants() == before) == (name == "rollback.sql")


def planned(office: Office, clone: str, folder: Path) -> Path:
    """A plan that leaves anna what she used alone."""
    uses = [past("anna", "SELECT name FROM customers WHERE id = ?")]
    made = advise(office.url, uses, clone=clone)
    assert len(made.advice.changes) >= 5
    write_plan(folder, draft_of(made, Wish()))
    return folder


def test_what_was_made_is_given_back_when_the_server_refuses_one_of_them(
    office: Office, mariadb_clone_url: str, tmp_path: Path
) -> None:
    folder = planned(office, mariadb_clone_url, tmp_path / "less")
    office.do(
        "CREATE USER chief@'127.0.0.1'",
        "GRANT SELECT, UPDATE, INSERT, REFERENCES, RELOAD ON *.* TO chief@'127.0.0.1' WITH GRANT OPTION",
    )
    before = office.grants()
    with place_at(office.url.replace("root@", "chief@")) as place:
        with pytest.raises(AccessDenied, match="nothing was changed"):
            place.make(plan_in(folder).changes, lambda _: None)
        assert place.made(plan_in(folder).changes) == []
    assert office.grants() == before


STOPPED = """
import os, signal, sys
from trapstreet.app.applying import apply
from trapstreet.app.plans import plan_in
from pymysql.cursors import Cursor
done, runs = [], Cursor.execute
def execute(self, query, args=None):
    if query.startswith("REVOKE"):
        done.append(query)
        if len(done) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return runs(self, query, args)
Cursor.execute = execute
apply(plan_in(__import__("pathlib").Path(sys.argv[1])))
"""


def test_who_is_killed_between_two_statements_can_be_undone(
    office: Office, mariadb_clone_url: str, desk: Desk, tmp_path: Path
) -> None:
    before = office.grants()
    folder = planned(office, mariadb_clone_url, tmp_path / "less")
    stopped = subprocess.run([sys.executable, "-c", STOPPED, folder], check=False, timeout=60)
    assert stopped.returncode == -signal.SIGKILL
    assert office.grants() != before
    assert desk.run("access", "apply", folder) == 2
    assert "--undo" in desk.err
    assert desk.run("access", "apply", folder, "--undo") == 0
    assert "2 rights given back" in desk.out
    assert office.grants() == before


def test_undo_makes_no_account_that_was_dropped_meanwhile(
    office: Office, mariadb_clone_url: str, desk: Desk, tmp_path: Path
) -> None:
    folder = planned(office, mariadb_clone_url, tmp_path / "less")
    desk.do("access", "apply", folder)
    office.do("DROP USER bert@'%'", "DROP TABLE crm.tickets")
    assert desk.run("access", "apply", folder, "--undo") == 6
    assert "Not given back, since it is gone: SELECT on table crm.customers from bert@%" in desk.out
    assert office.do("SELECT COUNT(*) FROM mysql.user WHERE User = 'bert'") == ((0,),)


def test_what_had_another_name_when_a_plan_was_undone_gets_its_rights_when_it_is_back(
    office: Office, mariadb_clone_url: str, desk: Desk, tmp_path: Path
) -> None:
    before = office.grants()
    folder = planned(office, mariadb_clone_url, tmp_path / "less")
    desk.do("access", "apply", folder)
    office.do("RENAME USER bert@'%' TO bertha@'%'")
    told = desk.do("access", "apply", folder, "--undo", status=6)
    assert "Not given back, since it is gone: SELECT on table crm.customers from bert@%" in told
    assert f"When it is there again: trapstreet access apply {folder} --undo" in told
    assert desk.run("access", "apply", folder) == 2
    assert "--undo" in desk.err
    office.do("RENAME USER bertha@'%' TO bert@'%'")
    told = desk.do("access", "apply", folder, "--undo")
    assert "0 rights" not in told and "since it is gone" not in told
    assert office.grants() == before
    assert "is not applied: there is nothing to undo, or no more" in desk.refused(
        2, "access", "apply", folder, "--undo"
    )
