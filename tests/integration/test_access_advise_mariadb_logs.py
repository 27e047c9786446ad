"""What a real MariaDB wrote into its log and is not what it ran, or may not be: nobody is kept from it."""

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

LIMIT = 1024
"""Bytes of a statement that the server's log has, unless somebody sets it."""
SHOP = (
    "CREATE DATABASE crm",
    "CREATE TABLE crm.customers (id int PRIMARY KEY, city varchar(50), email text) CHARSET utf8mb4",
    "INSERT INTO crm.customers VALUES (1, 'x', 'y')",
    "CREATE TABLE crm.orders (id int, of int REFERENCES crm.customers (id) ON DELETE CASCADE)",
    "CREATE TABLE crm.`tür` (id int)",
    "CREATE FUNCTION crm.one(n int) RETURNS int RETURN n + 1",
    "CREATE ROLE maker",
    "GRANT CREATE, DROP ON crm.* TO maker",
    "CREATE DATABASE hr",
    "CREATE TABLE hr.staff (id int, salary int)",
    "CREATE TABLE hr.pay (id int)",
    "CREATE SQL SECURITY DEFINER VIEW hr.phones AS SELECT id FROM hr.staff",
    "CREATE DATABASE `a,b`",
    "CREATE TABLE `a,b`.`c,d` (id int)",
)
BOTH = ("SELECT ON crm.*", "SELECT ON hr.staff")
OF_STAFF = "id IN (SELECT id FROM hr.staff)"


class Session(NamedTuple):
    """What somebody may do and did.

    proved  whether the advice proves that they still may;  spares  no right of theirs may go
    """

    grants: tuple[str, ...]
    did: tuple[str | bytes, ...]
    proved: bool = False
    user: str = ""
    spares: bool = False


def long(begins: str, ends: str, size: int = LIMIT) -> str:
    """A statement whose beginning is as long as the log shows."""
    return begins + " " * (size - len(begins)) + ends


SESSIONS = {
    "a comment is run": Session(
        BOTH, ("SELECT /*!50000 (SELECT COUNT(*) FROM hr.staff), */ id FROM customers",)
    ),
    "one of MariaDB's own": Session(BOTH, ("SELECT customers.id FROM customers /*M!100100 , hr.staff */",)),
    "it names a view": Session(
        ("SELECT ON crm.*", "SELECT ON hr.phones"),
        ("SELECT id FROM customers /*! JOIN hr.phones USING (id) */",),
    ),
    "it calls a function": Session(
        ("SELECT ON crm.*", "EXECUTE ON crm.*"),
        ("SELECT one(1) FROM customers", "SELECT id /*!, one(2) */ FROM customers"),
    ),
    "it writes otherwise": Session(
        ("SELECT, INSERT, UPDATE ON crm.*",),
        ("INSERT INTO customers VALUES (1, '', '') /*! ON DUPLICATE KEY UPDATE city = 'z' */",),
    ),
    "it says nothing": Session(
        ("SELECT ON crm.customers",),
        ("SELECT /*!40001 SQL_NO_CACHE */ email FROM customers WHERE id = 1",),
        proved=True,
    ),
    "it says something beside a record": Session(
        ("SELECT ON crm.customers",), ("SELECT email FROM customers WHERE id = 1 /*!50000 LIMIT 1 */",)
    ),
    "the end is cut off": Session(BOTH, (long("SELECT id FROM customers WHERE id > 0", f" AND {OF_STAFF}"),)),
    "columns of the end are": Session(
        ("SELECT (id), SELECT (email) ON crm.customers",),
        (long("SELECT id FROM customers WHERE id > 0", " AND email > ''"),),
    ),
    "before what is written as two bytes": Session(
        ("SELECT (id), SELECT (email) ON crm.customers",),
        (long("SELECT id FROM customers WHERE id > 0", "\nAND email > ''", LIMIT - 1),),
    ),
    "and what else it writes": Session(
        ("SELECT, INSERT, UPDATE ON crm.*",),
        (long("INSERT INTO customers VALUES (1, '', '')", " ON DUPLICATE KEY UPDATE city = 'z'", LIMIT - 4),),
    ),
    "a backslash is none": Session(
        BOTH,
        (
            "SET sql_mode='NO_BACKSLASH_ESCAPES'",
            f"SELECT id FROM customers WHERE city='C:\\' OR {OF_STAFF} -- '",
        ),
    ),
    "for one column, too": Session(
        ("SELECT (id), SELECT (city), SELECT (email) ON crm.customers",),
        (
            "SET @@SESSION.sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')",
            "SELECT id FROM customers WHERE city='C:\\' OR email > '' -- '",
        ),
    ),
    "a text is a name": Session(
        ("SELECT (id), SELECT (salary) ON hr.staff",),
        ("SET SESSION sql_mode='ORACLE'", 'SELECT id, "salary" FROM hr.staff'),
    ),
    "a text is a text": Session(
        ("SELECT (id), SELECT (email) ON crm.customers",),
        ("SET sql_mode='TRADITIONAL'", 'SELECT id, "salary" FROM customers WHERE email = "y\\n"'),
        proved=True,
    ),
    "a backslash is half a character": Session(
        BOTH,
        (
            "SET NAMES gbk",
            b"SELECT id FROM customers WHERE city='\xd5\x5c' OR " + OF_STAFF.encode() + b" -- '",
        ),
    ),
    "a name is in no UTF-8": Session(
        ("SELECT ON crm.`tür`",), ("SET NAMES latin1", "SELECT * FROM `tür`".encode("latin-1"))
    ),
    "it is in UTF-8": Session(
        ("SELECT ON crm.`tür`",), ("SET NAMES utf8mb4", "SELECT * FROM `tür`"), proved=True
    ),
    "a comma is in names": Session(
        ("SELECT ON `a,b`.`c,d`",), ("SELECT * FROM `a,b`.`c,d`",), proved=True, user="co,mma"
    ),
    "a role is needed to make and drop": Session(
        ("maker", "DEFAULT maker"), ("CREATE TABLE zz (id int)", "DROP TABLE zz")
    ),
    "none is": Session(
        ("CREATE, DROP ON crm.*",), ("CREATE TABLE zz (id int)", "DROP TABLE zz"), proved=True
    ),
    "a foreign key takes rows of another table along": Session(
        ("SELECT, DELETE ON crm.customers",), ("DELETE FROM customers WHERE id = 99",), proved=True
    ),
}


@pytest.fixture
def office(mariadb_office: Audited) -> Iterator[Office]:
    made = Office(mariadb_office)
    made.do("SET NAMES utf8mb4", *SHOP)
    yield made
    made.close()


def test_what_a_log_does_not_show_is_not_taken_away(
    office: Office, mariadb_clone_url: str, desk: Desk
) -> None:
    for user, session in numbered():
        office.do(f"CREATE USER `{user}`@'%'", f"GRANT INSERT ON hr.pay TO `{user}`@'%'")
        office.do(f"GRANT INSERT ON crm.customers TO `{user}`@'%'")
        for grant in session.grants:
            default = grant.removeprefix("DEFAULT ")
            given = f"SET DEFAULT ROLE {default} FOR" if default != grant else f"GRANT {grant} TO"
            office.do(f"{given} `{user}`@'%'")
    log = desk.folder / "server_audit.log"
    before = logged(office, log)
    assert before == dict.fromkeys(SESSIONS, 0)
    said = desk.do("access", "import", log, "--place", office.url, status=0)
    assert "perhaps cut: if so, raise server_audit_query_log_limit" in said
    said = desk.do(
        "access", "advise", office.url, "--clone", mariadb_clone_url, "--out", desk.folder / "less", "--all",
        status=6,
    )  # fmt: skip
    told = said.partition("To take away:")[0]
    unproved = {user for user, _ in numbered() if f"  {user}, " in told}
    assert unproved == {user for user, session in numbered() if not session.proved}, told
    desk.do("access", "apply", desk.folder / "less")
    after = logged(office, log)
    assert after == before
    for user, session in numbered():
        ((left,),) = office.do(
            f"SELECT COUNT(*) FROM mysql.tables_priv WHERE User = '{user}' AND Table_name = 'pay'"
        )
        assert left == session.spares, user


def numbered() -> Sequence[tuple[str, Session]]:
    return [(session.user or f"l{number}", session) for number, session in enumerate(SESSIONS.values())]


def logged(office: Office, log: Path) -> dict[str, int]:
    """Run the sessions, and keep what the server's log says of them."""
    begun = office.log.stat().st_size if office.log.exists() else 0
    office.do("SET GLOBAL server_audit_logging = ON")
    found = {
        name: ran(office, user, session) for name, (user, session) in zip(SESSIONS, numbered(), strict=True)
    }
    text = b""
    end = time.monotonic() + 10
    while text.count(b",DISCONNECT,") < len(found) and time.monotonic() < end:  # the server says it later
        time.sleep(0.02)
        text = office.log.read_bytes()[begun:]
    office.do("SET GLOBAL server_audit_logging = OFF")
    log.write_bytes(text)
    return found


def ran(office: Office, user: str, session: Session) -> int:
    """0, or what the server refused."""
    try:
        with closing(office._entered(user, DESK, "crm")) as connection, connection.cursor() as cursor:
            for statement in session.did:
                if isinstance(statement, bytes):
                    connection.encoding = "latin-1"
                cursor.execute(statement)
    except pymysql.MySQLError as error:
        return int(error.args[0])
    return 0


@pytest.fixture
def in_ansi(office: Office) -> Iterator[Office]:
    ((mode,),) = office.do("SELECT @@GLOBAL.sql_mode")
    office.do("SET GLOBAL sql_mode = 'ANSI_QUOTES'")
    yield office
    office.do(f"SET GLOBAL sql_mode = '{mode}'")


def test_where_the_server_reads_names_in_quotes_they_are_used(
    in_ansi: Office, mariadb_clone_url: str, desk: Desk
) -> None:
    office = in_ansi
    office.do("CREATE USER anna@'%'", "GRANT SELECT (id), SELECT (salary) ON hr.staff TO anna@'%'")
    begun = office.log.stat().st_size if office.log.exists() else 0
    office.do("SET GLOBAL server_audit_logging = ON")
    office.runs("anna", 'SELECT id, "salary" FROM hr.staff')
    office.do("SET GLOBAL server_audit_logging = OFF")
    log = desk.write("server_audit.log", office.log.read_bytes()[begun:])
    desk.do("access", "import", log, "--place", office.url)
    said = desk.do(
        "access", "advise", office.url, "--clone", mariadb_clone_url, "--out", desk.folder / "less", status=6
    )
    assert "nothing can be taken away" in said
    assert "the server may read quotes in it otherwise" in said


def test_what_events_do_in_a_log_without_tables_is_not_taken_from_those_in_whose_names_they_run(
    office: Office, mariadb_clone_url: str, desk: Desk
) -> None:
    office.do("CREATE USER anna@'%'", "CREATE USER bert@'%'", "GRANT EVENT ON crm.* TO anna@'%'")
    for user in ("anna", "bert"):
        office.do(
            f"GRANT SELECT, DELETE ON crm.customers TO {user}@'%'", f"GRANT SELECT ON hr.* TO {user}@'%'"
        )
    office.do(
        "CREATE DEFINER = anna@'%' EVENT crm.cleans ON SCHEDULE EVERY 1 YEAR DISABLE"
        " DO DELETE FROM crm.customers WHERE id = 99"
    )
    event = "20261122 13:18:05,srv,event_scheduler,,6,0"
    begins = event.removesuffix("0")
    log = desk.write(
        "server_audit.log",
        f"{event},READ,mysql,event,\n{begins}61,QUERY,crm,'SELECT 1 INTO @a',0\n"
        f"{begins}62,QUERY,crm,'DELETE FROM crm.customers WHERE id = 99',0\n",
    )
    desk.do("access", "import", log, "--place", office.url)
    said = desk.do(
        "access", "advise", office.url, "--clone", mariadb_clone_url, "--out", desk.folder / "less", status=6
    )
    assert "1 could not be checked" in said
    assert "an event did it, and the log does not say in whose name" in said
    forward = (desk.folder / "less/forward.sql").read_text()
    gone = [line for line in forward.splitlines() if line.startswith("REVOKE")]
    assert any("`customers`" in line and "bert" in line for line in gone)
    assert not any("`customers`" in line and "anna" in line for line in gone)
