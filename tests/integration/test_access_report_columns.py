"""Who is in the report as a reader of people's data: who may see a column about people, and nobody else."""

from collections.abc import Iterator

import pytest

from access_worlds import World, world
from desk import Desk
from servers import mariadb_url, postgres_url
from towns import Town
from trapstreet.app.access_report import report_of
from trapstreet.app.workspace import Workspace

__all__ = ["mariadb_url", "postgres_url"]

OPEN = """
CREATE ROLE {anna} LOGIN;
CREATE TABLE customers (id int PRIMARY KEY, full_name text, email text, visits int);
INSERT INTO customers
    SELECT n, 'Anna Byrne', 'anna.' || n || '@harbour.example', n % 7 FROM generate_series(1, 300) n;
CREATE TABLE orders (id int PRIMARY KEY, customer int, paid bool);
ANALYZE;
CREATE VIEW ids AS SELECT id, visits FROM customers;
CREATE VIEW how_many AS SELECT count(*) FROM customers;
CREATE VIEW paid AS SELECT o.id, c.visits FROM orders o JOIN customers c ON c.id = o.customer WHERE o.paid;
CREATE MATERIALIZED VIEW ids_copy AS SELECT id FROM customers;
CREATE VIEW of_ids AS SELECT visits FROM ids;
CREATE VIEW domains AS SELECT id, split_part(email, '@', 2) FROM customers;
CREATE VIEW of_one AS SELECT id FROM customers WHERE email = 'anna.1@harbour.example';
CREATE VIEW rows AS SELECT id, to_json(c) FROM customers c;
CREATE VIEW of_rows AS SELECT id FROM rows;
CREATE VIEW everything AS SELECT * FROM customers;
CREATE MATERIALIZED VIEW mails AS SELECT email FROM customers;
CREATE VIEW of_mails AS SELECT * FROM mails;
CREATE VIEW writes AS SELECT id FROM customers;
CREATE RULE into_it AS ON INSERT TO writes DO INSTEAD INSERT INTO customers (id, email) VALUES (NEW.id, 'x')
"""

WAYS = {
    "SELECT ON customers": True,
    "SELECT (email) ON customers": True,
    "SELECT (id, visits) ON customers": False,
    "SELECT ON ids": False,
    "SELECT ON how_many": False,
    "SELECT ON paid": False,
    "SELECT ON ids_copy": False,
    "SELECT ON of_ids": False,
    "SELECT ON domains": True,
    "SELECT ON of_one": True,
    "SELECT ON rows": True,
    "SELECT ON of_rows": True,
    "SELECT ON everything": True,
    "SELECT ON of_mails": True,
    "SELECT ON writes": False,
}
"""What anna is granted on PostgreSQL, and whether she is a reader of people's data then."""


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("anna")
        made.do(OPEN)
        yield made


def readers(desk: Desk, url: str) -> int:
    """How many can read customers, by the report."""
    page = report_of(Workspace.open(desk.workspace), url)
    (found,) = (each for each in page.widest if each.unused.resource.path[-1] == "customers")
    return found.unused.can


def test_who_sees_no_column_about_people_is_no_reader_of_theirs(crm: World, desk: Desk) -> None:
    desk.do("discover", crm.url)
    before, counted = readers(desk, crm.url), {}
    for right in WAYS:
        crm.do(f"GRANT {right} TO {{anna}}")
        counted[right] = readers(desk, crm.url) > before
        crm.do(f"REVOKE {right} FROM {{anna}}")
    assert counted == WAYS


def test_everybody_who_reads_ids_alone_has_not_wandered_in(crm: World, desk: Desk) -> None:
    crm.do("GRANT SELECT ON ids TO PUBLIC")
    assert desk.json("access", "report", crm.url)["answer"].startswith("Yes: everybody of ")
    desk.do("discover", crm.url)
    answer = desk.json("access", "report", crm.url)
    assert answer["answer"].startswith("Not everybody: nothing about people is open to all ")
    (found,) = (each for each in answer["widest"] if each["what"][-1] == "customers")
    assert not any("ids" in each["by"] for each in found["opened_by"])
    at = [each[-1] for each in answer["heat"]["data"]].index("customers")
    alone = answer["heat"]["groups"].index("(in no group)")
    assert answer["heat"]["can"][alone][at] == 0


def test_a_column_that_came_since_anybody_looked_may_be_about_people(crm: World, desk: Desk) -> None:
    desk.do("discover", crm.url)
    before = readers(desk, crm.url)
    crm.do("ALTER TABLE customers ADD remarks text")
    crm.do("GRANT SELECT (remarks) ON customers TO {anna}")
    assert readers(desk, crm.url) == before + 1


@pytest.mark.system
def test_of_mariadb_who_sees_no_column_about_people_is_no_reader_of_theirs(
    mariadb_url: str, desk: Desk
) -> None:
    town = Town(mariadb_url)
    try:
        for statement in MARIADB:
            town.do(statement)
        url = f"{town.url.rpartition('/')[0]}/{town.name('crm')}"
        desk.do("discover", url)
        before, counted = readers(desk, url), {}
        for right in MARIADB_WAYS:
            town.do(f"GRANT {right} TO {{anna}}@'%'")
            counted[right] = readers(desk, url) > before
            town.do(f"REVOKE {right} FROM {{anna}}@'%'")
        assert counted == MARIADB_WAYS
    finally:
        town.close()


MARIADB = (
    "CREATE DATABASE {crm}",
    "CREATE TABLE {crm}.customers (id int PRIMARY KEY, full_name text, Email text, visits int)",
    (
        "INSERT INTO {crm}.customers"
        " SELECT seq, 'Anna Byrne', concat('anna.', seq, '@harbour.example'), seq % 7 FROM {crm}.seq_1_to_300"
    ),
    "CREATE TABLE {crm}.orders (id int PRIMARY KEY, customer int, email text)",
    "CREATE VIEW {crm}.ids AS SELECT c.ID, c.visits FROM {crm}.customers c",
    "CREATE VIEW {crm}.how_many AS SELECT count(*) FROM {crm}.customers",
    (
        "CREATE VIEW {crm}.joined AS SELECT o.email, c.id FROM {crm}.orders o, {crm}.customers c"
        " WHERE c.id = o.customer AND o.email <> '`Email`'"
    ),
    "CREATE VIEW {crm}.of_ids AS SELECT visits FROM {crm}.ids",
    "CREATE VIEW {crm}.domains AS SELECT id, substring_index(EMAIL, '@', -1) FROM {crm}.customers",
    "CREATE VIEW {crm}.by_one AS SELECT id FROM {crm}.customers ORDER BY email",
    "CREATE VIEW {crm}.within AS SELECT t.id FROM (SELECT id, email FROM {crm}.customers) t",
    "CREATE VIEW {crm}.everything AS SELECT * FROM {crm}.customers",
    "CREATE VIEW {crm}.of_everything AS SELECT id FROM {crm}.everything",
    "CREATE USER {anna}@'%'",
)
MARIADB_WAYS = {
    "SELECT ON {crm}.customers": True,
    "SELECT (EMAIL) ON {crm}.customers": True,
    "SELECT (ID, visits) ON {crm}.customers": True,
    "SELECT ON {crm}.ids": False,
    "SELECT ON {crm}.how_many": False,
    "SELECT ON {crm}.joined": False,
    "SELECT ON {crm}.of_ids": False,
    "SELECT ON {crm}.domains": True,
    "SELECT ON {crm}.by_one": True,
    "SELECT ON {crm}.within": True,
    "SELECT ON {crm}.everything": True,
    "SELECT ON {crm}.of_everything": True,
}
"""What anna is granted on MariaDB, and whether she is a reader of people's data then."""
