"""Who uses what on a MariaDB server, and the one page about it."""

import json
from collections.abc import Iterator

import pytest

from desk import Desk
from mariadb_offices import Office
from servers import Audited, mariadb_office

__all__ = ["mariadb_office"]

pytestmark = pytest.mark.system

SHOP = (
    "CREATE DATABASE crm",
    "CREATE TABLE crm.customers (id int PRIMARY KEY, name text)",
    "INSERT INTO crm.customers VALUES (7, 'x')",
    "CREATE USER anna@'%'",
    "CREATE USER bert@'%'",
    "GRANT SELECT, INSERT, CREATE, CREATE VIEW ON crm.* TO anna@'%'",
    "GRANT SELECT, INSERT, CREATE, CREATE VIEW ON crm.* TO bert@'%'",
)


@pytest.fixture
def office(mariadb_office: Audited) -> Iterator[Office]:
    made = Office(mariadb_office)
    made.do(*SHOP)
    yield made
    made.close()


@pytest.fixture
def without_tables(office: Office) -> Iterator[None]:
    """The server's log names no tables beside the statements."""
    office.do("SET GLOBAL server_audit_events = 'CONNECT,QUERY'", "SET GLOBAL server_audit_logging = ON")
    yield
    office.do(
        "SET GLOBAL server_audit_logging = OFF", "SET GLOBAL server_audit_events = 'CONNECT,QUERY,TABLE'"
    )


@pytest.mark.usefixtures("without_tables")
def test_a_table_made_of_another_one_is_a_use_of_that_and_one_made_like_it_is_none(
    office: Office, desk: Desk
) -> None:
    begun = office.log.stat().st_size if office.log.exists() else 0
    office.runs("anna", "CREATE TABLE copied AS SELECT * FROM customers WHERE id = 7", database="crm")
    office.runs("bert", "CREATE TABLE alike LIKE customers", database="crm")
    office.runs("bert", "CREATE VIEW shown AS SELECT * FROM customers", database="crm")
    assert office.do("SELECT COUNT(*) FROM crm.copied") == ((1,),)
    office.do("SET GLOBAL server_audit_logging = OFF")
    log = desk.write("server_audit.log", office.log.read_bytes()[begun:])
    assert b",READ," not in log.read_bytes()
    desk.do("access", "import", log, "--place", office.url)
    rights = desk.json("access", "use", office.url, "--of", "crm.customers")["rights"]
    times = {each["who"]: each["times"] for each in rights}
    assert (times["anna@%"], times["bert@%"]) == (1, 0)


def test_a_page_says_what_is_open_and_used_and_that_nothing_was_proven_without_a_clone(
    office: Office, desk: Desk
) -> None:
    office.do("INSERT INTO crm.customers VALUES (8, 'Bert Byrne'), (9, 'Carl Byrne')")
    office.do("ANALYZE TABLE crm.customers", "CREATE TABLE crm.things (id int)", "CREATE USER carl@'%'")
    desk.do("discover", office.url)
    line = {"ts": "2026-11-01T10:00:00Z", "user": "anna", "object": ["crm", "customers"]}
    desk.do("access", "import", desk.write("own.jsonl", f"{json.dumps(line)}\n"), "--place", office.url)
    answer = desk.json("access", "report", office.url)
    (found,) = answer["widest"]
    assert (found["what"], found["class"], found["people"]) == (["crm", "customers"], "personal", 3)
    ((roots,),) = office.do("SELECT COUNT(*) FROM mysql.user WHERE User = 'root'")
    assert found["can_read"] == roots + 2  # anna and bert; not carl
    assert found["read_it"] == 1
    assert found["opened_by"] == [{"by": "SELECT on crm.* to anna@%, bert@%", "accounts": 2}]
    assert not found["fix"]["proved"]
    said = desk.do("access", "report", office.url)
    assert "What can safely be taken away is not proven: " in said


def test_who_left_is_known_by_the_name_of_the_account_whatever_its_host(office: Office, desk: Desk) -> None:
    people = desk.write(
        "people.csv", "account,state,until\nANNA,left,2026-01-31\nbert,active,\nroot,active,\n"
    )
    answer = desk.json("access", "use", office.url, "--people", people)
    assert [(each["account"], each["since"]) for each in answer["left"]] == [("anna@%", "2026-01-31")]
    assert "bert@%" not in {each["account"] for each in answer["nobodys"]}
