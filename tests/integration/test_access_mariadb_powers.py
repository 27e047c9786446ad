"""Rights over a MariaDB server that lead to any other: each tried on the server, and told by the map."""

from collections.abc import Iterator
from contextlib import closing

import pymysql
import pytest

from servers import mariadb_url
from towns import Town, found
from trapstreet.app.access import Mapped, map_of
from trapstreet.app.hygiene import check
from trapstreet.core.model.accounts import Flaw
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

SETS = "SET PASSWORD FOR {root}@'%' = PASSWORD('x')"
POWERS = {
    "CREATE USER": ("GRANT CREATE USER ON *.* TO {anna}@'%'", "ALTER USER {root}@'%' IDENTIFIED BY 'x'"),
    "grant tables": ("GRANT UPDATE ON mysql.* TO {anna}@'%'", SETS),
    "a pattern": ("GRANT UPDATE ON `m%sql`.* TO {anna}@'%'", SETS),
    "one table": (
        "GRANT SELECT, UPDATE ON mysql.global_priv TO {anna}@'%'",
        "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.access', 1) WHERE User = '{anna}'",
    ),
    "one column": (
        "GRANT SELECT (Priv, User), UPDATE (Priv) ON mysql.global_priv TO {anna}@'%'",
        "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.access', 1) WHERE User = '{anna}'",
    ),
    "SET USER": (
        "GRANT SET USER ON *.* TO {anna}@'%'",
        "CREATE DEFINER={root}@'%' PROCEDURE {own}.p() SELECT * FROM {crm}.customers",
    ),
    "through a role": ("GRANT {ops} TO {anna}@'%'", ""),
}


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    made = Town(mariadb_url)
    for statement in (
        "CREATE DATABASE {crm}",
        "CREATE TABLE {crm}.customers (a int)",
        "CREATE DATABASE {own}",
        "CREATE USER {anna}@'%'",
        "CREATE USER {root}@'%' IDENTIFIED BY 'old'",
        "CREATE ROLE {ops}",
        "GRANT ALL ON {own}.* TO {anna}@'%'",
        "GRANT SELECT ON {crm}.* TO {root}@'%'",
        "GRANT CREATE USER ON *.* TO {ops}",
    ):
        made.do(statement)
    yield made
    made.close()


def mapped(town: Town) -> Mapped:
    """The rights on all databases of the server."""
    return map_of(town.url.rpartition("/")[0] + "/")


@pytest.mark.parametrize("power", POWERS)
def test_who_can_come_to_any_right_could_grant_itself_to_read(town: Town, power: str) -> None:
    grant, use = POWERS[power]
    account = f"{town.name('anna')}@%"
    assert found(town, mapped(town), account, "crm.customers") is None
    town.do(grant)
    if use:
        with closing(town.connected(town.name("anna"))) as connection, connection.cursor() as cursor:
            cursor.execute(use.replace("{", "").replace("}", town.mark))
            cursor.execute("SELECT 1")
        if "global_priv" in use:
            town.do("UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.access', 0) WHERE User = '{anna}'")
    reading = found(town, mapped(town), account, "crm.customers")
    assert reading
    assert (reading.level, reading.how, reading.sure) == (Level.GRANTS_ITSELF, How.SUPERUSER, True)


def test_who_copies_the_binary_log_perhaps_reads(town: Town) -> None:
    town.do("GRANT REPLICATION SLAVE ON *.* TO {anna}@'%'")
    reading = found(town, mapped(town), f"{town.name('anna')}@%", "crm.customers")
    assert reading
    assert (reading.how, reading.sure) == (How.REPLICATION, False)


@pytest.mark.parametrize(
    ("right", "words"),
    [
        ("CREATE USER", "may set anybody's password (CREATE USER)"),
        ("REPLICATION SLAVE ADMIN", "may have the server run anything (REPLICATION SLAVE ADMIN)"),
        ("BINLOG REPLAY", "may write every table, those of grants as well (BINLOG REPLAY)"),
    ],
)
def test_hygiene_says_who_may_do_everything(town: Town, right: str, words: str) -> None:
    town.do(f"GRANT {right} ON *.* TO {{anna}}@'%'")
    (place,) = check([town.url], now=1_800_000_000_000_000, stale_days=90, tell=lambda _: None).places
    told = {each.who: each.detail for each in place.weaknesses if each.flaw is Flaw.RULES}
    assert told[f"{town.name('anna')}@%"] == words


def test_views_that_show_each_other_are_read_by_nobody(town: Town) -> None:
    for statement in (
        "CREATE TABLE {crm}.t (a int)",
        "CREATE VIEW {crm}.one AS SELECT a FROM {crm}.t",
        "CREATE VIEW {crm}.two AS SELECT a FROM {crm}.one",
        "DROP TABLE {crm}.t",
        "RENAME TABLE {crm}.two TO {crm}.t",
    ):
        town.do(statement)
    with pytest.raises(pymysql.MySQLError, match="view recursion"):
        town.do("SELECT * FROM {crm}.one")
    notes = mapped(town).access.rights.notes
    for name in ("one", "t"):
        assert any(note.startswith(f"nobody can read view {town.name('crm')}.{name}:") for note in notes)


def test_a_routine_shows_what_lies_behind_a_view(town: Town) -> None:
    town.do("CREATE VIEW {crm}.shown AS SELECT a FROM {crm}.customers")
    body = "READS SQL DATA RETURN (SELECT count(*) FROM {crm}.shown)"
    town.do(f"CREATE FUNCTION {{own}}.f() RETURNS int SQL SECURITY DEFINER {body}")
    assert town.reads("anna", "SELECT {own}.f()")[1]
    reading = found(town, mapped(town), f"{town.name('anna')}@%", "crm.customers")
    assert reading
    assert (reading.how, reading.sure) == (How.FUNCTION, False)
