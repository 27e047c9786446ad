"""Sessions on a real MariaDB, advised from its own log: afterwards they go on just as they did."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pymysql
import pytest

from desk import Desk
from mariadb_offices import DESK, Office
from servers import Audited, mariadb_clone_url, mariadb_office

__all__ = ["mariadb_clone_url", "mariadb_office"]

pytestmark = pytest.mark.system

TELLS = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'hr'"
SHOP = (
    "CREATE DATABASE crm",
    "CREATE TABLE crm.customers (id int PRIMARY KEY, name text, email text)",
    "INSERT INTO crm.customers VALUES (1, 'x', 'y')",
    "CREATE TABLE crm.products (id int)",
    "CREATE TABLE crm.leads (id int)",
    "INSERT INTO crm.leads VALUES (1)",
    "CREATE SQL SECURITY INVOKER VIEW crm.ours AS SELECT id FROM crm.leads WHERE CURRENT_ROLE() = 'agents'",
    "CREATE VIEW crm.names AS SELECT name FROM crm.customers",
    "CREATE FUNCTION crm.mail_of(n int) RETURNS int SQL SECURITY INVOKER RETURN (SELECT 1 FROM customers)",
    "CREATE PROCEDURE crm.count_c() SQL SECURITY INVOKER SELECT COUNT(*) FROM crm.customers",
    f"CREATE SQL SECURITY INVOKER VIEW crm.things AS {TELLS}",
    f"CREATE PROCEDURE crm.show_things() SQL SECURITY INVOKER {TELLS}",
    "CREATE DATABASE scratch",
    "CREATE USER guest@'10.%'",
    "CREATE DATABASE hr",
    "CREATE TABLE hr.staff (id int)",
    "CREATE ROLE agents",
    "GRANT SELECT ON crm.* TO agents",
    "GRANT SELECT ON crm.products TO PUBLIC",
)


class Session(NamedTuple):
    """What somebody may do, did, and was in.

    enters  the database that the client entered without a statement;  spares  of their rights none may go
    """

    grants: tuple[str, ...]
    did: tuple[str, ...] = ()
    database: str = ""
    enters: str = ""
    spares: bool = False


READS = "SELECT ON crm.*"
SESSIONS = {
    "own rights count after SET ROLE NONE": Session(
        ("agents", "SELECT ON crm.customers", "DEFAULT agents"),
        ("SELECT id FROM crm.leads", "SET ROLE NONE", "SELECT email FROM crm.customers WHERE id = 1"),
    ),
    "and so does what everybody may, in no database": Session(
        ("agents",),
        ("SET ROLE agents", "SELECT id FROM crm.customers", "SET ROLE NONE", "SELECT * FROM crm.products"),
    ),
    "a role may be named by a text": Session(
        ("agents",), ("SET ROLE 'agents'", "SELECT id FROM crm.customers")
    ),
    "a function is called in no database": Session((READS, "EXECUTE ON crm.*"), ("SELECT crm.mail_of(1)",)),
    "a procedure is": Session((READS, "EXECUTE ON PROCEDURE crm.count_c"), ("CALL crm.count_c()",)),
    "how a procedure is made is asked": Session(
        ("EXECUTE ON PROCEDURE crm.count_c",), ("SHOW CREATE PROCEDURE crm.count_c",)
    ),
    "how a view is": Session(("SELECT, SHOW VIEW ON crm.*",), ("SHOW CREATE VIEW crm.names",)),
    "a statement that nothing can parse": Session(
        ("SELECT ON crm.customers",), ("HANDLER crm.customers OPEN",), spares=True
    ),
    "one column is described": Session(("SELECT ON crm.customers",), ("DESC crm.customers email",)),
    "a table is": Session(("SELECT (id, email) ON crm.customers",), ("DESCRIBE crm.customers",)),
    "its columns are shown": Session((READS,), ("SHOW COLUMNS FROM crm.customers LIKE '%m%'",)),
    "in full, where one is": Session(
        ("SELECT ON crm.customers",), ("SHOW FULL COLUMNS FROM customers",), "crm"
    ),
    "lists of tables": Session((READS,), ("SHOW TABLES FROM crm",)),
    "a table is made like another": Session(
        (READS, "CREATE TEMPORARY TABLES ON crm.*"), ("CREATE TEMPORARY TABLE crm.t LIKE crm.leads",)
    ),
    "a table's statistics are made": Session(
        ("SELECT, INSERT ON crm.customers",), ("ANALYZE TABLE crm.customers",)
    ),
    "USE": Session((READS,), ("USE crm",)),
    "a client comes into a database": Session((READS,), (), "crm"),
    "it enters one later": Session((READS,), ("SELECT 1",), enters="crm"),
    "a report is made anew each time": Session(
        (READS, "SELECT, INSERT, CREATE, DROP ON scratch.*"),
        (
            "CREATE TABLE scratch.today AS SELECT id FROM crm.customers",
            "SELECT COUNT(*) FROM scratch.today",
            "DROP TABLE scratch.today",
        ),
    ),
    "in place of the last one": Session(
        ("SELECT, INSERT, CREATE, DROP, ALTER ON `scr%`.*",),
        (
            "CREATE TABLE scratch.new (id int)",
            "ALTER TABLE scratch.new RENAME TO scratch.newest",
            "DROP TABLE scratch.newest",
        ),
    ),
    "in a database of its own": Session(
        ("SELECT, INSERT, CREATE, DROP ON `tmp\\_%`.*",),
        (
            "CREATE DATABASE tmp_7",
            "CREATE TABLE tmp_7.t AS SELECT 1 AS one",
            "SELECT COUNT(*) FROM tmp_7.t",
            "DROP DATABASE tmp_7",
        ),
    ),
    "with a temporary table": Session(
        (READS, "CREATE TEMPORARY TABLES ON scratch.*"),
        (
            "CREATE TEMPORARY TABLE scratch.z (id int)",
            "SELECT COUNT(*) FROM scratch.z JOIN crm.customers USING (id)",
        ),
    ),
    "how another account is made is asked": Session(
        ("SELECT ON mysql.*",), ("SHOW CREATE USER guest@'10.%'",)
    ),
    "help is read": Session((READS,), ("HELP 'SELECT'",)),
    "what is there is asked of information_schema": Session(
        (READS,), ("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'crm'",), spares=True
    ),
    "rows are those of a role": Session(
        ("agents", "SELECT ON crm.leads", "DEFAULT agents"),
        ("SELECT COUNT(*) FROM crm.leads WHERE CURRENT_ROLE() = 'agents'",),
    ),
    "a view has those of a role": Session(
        ("agents", "SELECT ON crm.ours", "SELECT ON crm.leads", "DEFAULT agents"),
        ("SELECT COUNT(*) FROM crm.ours",),
    ),
    "a view of it is read": Session((READS,), ("SELECT COUNT(*) FROM crm.things",), spares=True),
    "a view of the server's own, too": Session(
        ("SELECT ON sys.*", "EXECUTE ON sys.*"),
        ("SELECT COUNT(*) FROM sys.schema_object_overview WHERE db = 'hr'",),
        spares=True,
    ),
    "a procedure reads it": Session(
        ("EXECUTE ON PROCEDURE crm.show_things",), ("CALL crm.show_things()",), spares=True
    ),
}


@pytest.fixture
def office(mariadb_office: Audited) -> Iterator[Office]:
    made = Office(mariadb_office)
    made.do(*SHOP)
    yield made
    made.close()


def test_sessions_go_on_as_they_did_after_what_they_did_not_need_is_gone(
    office: Office, mariadb_clone_url: str, desk: Desk
) -> None:
    for user, session in numbered():
        office.do(f"CREATE USER {user}@'%'", f"GRANT INSERT ON hr.staff TO {user}@'%'")
        for grant in session.grants:
            default = grant.removeprefix("DEFAULT ")
            office.do(
                f"SET DEFAULT ROLE {default} FOR {user}@'%'"
                if default != grant
                else f"GRANT {grant} TO {user}@'%'"
            )
    log = desk.folder / "server_audit.log"
    before = logged(office, log)
    assert all(isinstance(each, int) and each >= 0 for said in before.values() for each in said), before
    desk.do("access", "import", log, "--place", office.url, status=0)
    said = desk.do(
        "access", "advise", office.url, "--clone", mariadb_clone_url, "--out", desk.folder / "less", status=6
    )
    refused = [line for line in said.splitlines() if "today either" in line]
    assert ["scratch.z" in line for line in refused] == [True]
    desk.do("access", "apply", desk.folder / "less")
    after = logged(office, log)
    assert {name: (before[name], after[name]) for name in SESSIONS if before[name] != after[name]} == {}
    for user, session in numbered():
        ((left,),) = office.do(f"SELECT COUNT(*) FROM mysql.tables_priv WHERE User = '{user}' AND Db = 'hr'")
        assert left == session.spares, user


def numbered() -> Sequence[tuple[str, Session]]:
    return [(f"u{number}", session) for number, session in enumerate(SESSIONS.values())]


def logged(office: Office, log: Path) -> dict[str, list[int]]:
    """Run the sessions; how many rows each statement of theirs showed, or below zero the server's refusal."""
    begun = office.log.stat().st_size if office.log.exists() else 0
    office.do("SET GLOBAL server_audit_logging = ON")
    found = {}
    for name, (user, session) in zip(SESSIONS, numbered(), strict=True):
        found[name] = ran(office, user, session)
    text = b""
    end = time.monotonic() + 10
    while text.count(b",DISCONNECT,") < len(found) and time.monotonic() < end:  # the server says it later
        time.sleep(0.02)
        text = office.log.read_bytes()[begun:]
    office.do("SET GLOBAL server_audit_logging = OFF")
    log.write_bytes(text)
    return found


def ran(office: Office, user: str, session: Session) -> list[int]:
    shown: list[int] = []
    try:
        with (
            closing(office._entered(user, DESK, session.database)) as connection,
            connection.cursor() as cursor,
        ):
            if session.enters:
                connection.select_db(session.enters)
            for statement in session.did:
                rows = cursor.execute(statement)
                counted = statement.startswith("SELECT COUNT")
                shown.append(int(cursor.fetchall()[0][0]) if counted else rows)
    except pymysql.MySQLError as error:
        shown.append(-int(error.args[0]))
    return shown
