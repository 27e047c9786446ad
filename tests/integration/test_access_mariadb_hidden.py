"""Grants that a narrower one hides: who may delete that one reads by them, on the server and by the map."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from servers import mariadb_url
from towns import Town, found
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

TABLES = ("db", "tables_priv", "global_priv")
HIDDEN = {
    "a pattern of databases": (
        (
            "SELECT ON `crm%`.* TO {anna}@'%'",
            "INSERT ON {crm}.* TO {anna}@'%'",
            "DELETE ON mysql.db TO {anna}@'%'",
        ),
        "DELETE FROM mysql.db WHERE Db = '{crm}'",
    ),
    "a grant for any host": (
        (
            "SELECT ON {crm}.customers TO {anna}@'%'",
            "INSERT ON {crm}.customers TO {anna}@'localhost'",
            "DELETE ON mysql.* TO {anna}@'localhost'",
        ),
        "DELETE FROM mysql.tables_priv WHERE Host = 'localhost' AND User = '{anna}'",
    ),
    "an account for any host": (
        ("SELECT ON *.* TO {anna}@'%'", "DELETE ON *.* TO {anna}@'localhost'"),
        "DELETE FROM mysql.global_priv WHERE Host = 'localhost' AND User = '{anna}'",
    ),
}

REVOKED = {
    "a pattern of databases": (
        (
            "SELECT ON `crm%`.* TO {anna}@'localhost'",
            "INSERT ON {crm}.* TO {anna}@'localhost' WITH GRANT OPTION",
        ),
        "REVOKE INSERT, GRANT OPTION ON {crm}.* FROM {anna}@'localhost'",
    ),
    "a grant on a database for any host": (
        ("SELECT ON {crm}.* TO {anna}@'%'", "INSERT ON {crm}.* TO {anna}@'localhost' WITH GRANT OPTION"),
        "REVOKE INSERT, GRANT OPTION ON {crm}.* FROM {anna}@'localhost'",
    ),
    "a grant on a table for any host": (
        (
            "SELECT ON {crm}.customers TO {anna}@'%'",
            "INSERT ON {crm}.customers TO {anna}@'localhost' WITH GRANT OPTION",
        ),
        "REVOKE INSERT, GRANT OPTION ON {crm}.customers FROM {anna}@'localhost'",
    ),
    "with GRANT OPTION on everything": (
        (
            "SELECT ON {crm}.* TO {anna}@'%'",
            "INSERT ON {crm}.* TO {anna}@'localhost'",
            "USAGE ON *.* TO {anna}@'localhost' WITH GRANT OPTION",
        ),
        "REVOKE INSERT ON {crm}.* FROM {anna}@'localhost'",
    ),
}


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    """anna may see which grants there are."""
    made = Town(mariadb_url)
    for statement in (
        "CREATE DATABASE {crm}",
        "CREATE TABLE {crm}.customers (a int)",
        "CREATE USER {anna}@'%'",
        "CREATE USER {anna}@'localhost'",
    ):
        made.do(statement)
    yield made
    made.close()


@pytest.mark.parametrize("case", HIDDEN)
def test_who_may_delete_what_hides_a_grant_perhaps_reads_by_that(town: Town, case: str) -> None:
    grants, deletes = HIDDEN[case]
    host = "localhost" if "localhost" in grants[-1] else "%"
    if host == "%":
        town.do("DROP USER {anna}@'localhost'")
    for grant in (*grants, *(f"SELECT ON mysql.{each} TO {{anna}}@'{host}'" for each in TABLES)):
        town.do(f"GRANT {grant}")
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    way = found(town, mapped, f"{town.name('anna')}@{host}", "crm.customers")
    assert way
    assert (way.how, way.sure, way.level) == (How.SUPERUSER, False, Level.GRANTS_ITSELF)
    asks = "SELECT a FROM {crm}.customers"
    assert town.reads("anna", asks) == (f"{town.name('anna')}@{host}", False)
    with closing(town.connected(town.name("anna"))) as connection, connection.cursor() as cursor:
        cursor.execute(deletes.replace("{", "").replace("}", town.mark))
    town.do("FLUSH PRIVILEGES")
    assert town.reads("anna", asks)[1]


def test_who_may_delete_grants_and_has_none_that_is_hidden_reads_nothing(town: Town) -> None:
    for grant in ("DELETE ON *.* TO {anna}@'%'", "INSERT ON {crm}.* TO {anna}@'%'"):
        town.do(f"GRANT {grant}")
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    assert not found(town, mapped, f"{town.name('anna')}@%", "crm.customers")


@pytest.mark.parametrize("case", REVOKED)
def test_who_may_revoke_what_hides_a_grant_perhaps_reads_by_that(town: Town, case: str) -> None:
    grants, revokes = REVOKED[case]
    for grant in grants:
        town.do(f"GRANT {grant}")
    way = found(
        town, map_of(town.url.rpartition("/")[0] + "/"), f"{town.name('anna')}@localhost", "crm.customers"
    )
    assert way
    assert (way.how, way.sure, way.level) == (How.SUPERUSER, False, Level.GRANTS_ITSELF)
    assert way.way[-1].startswith("GRANT OPTION: can revoke what hides SELECT on ")
    asks, account = "SELECT a FROM {crm}.customers", f"{town.name('anna')}@localhost"
    assert town.reads("anna", asks) == (account, False)
    with closing(town.connected(town.name("anna"))) as connection, connection.cursor() as cursor:
        cursor.execute(revokes.replace("{", "").replace("}", town.mark))
    assert town.reads("anna", asks) == (account, True)


def test_who_gives_what_hides_nothing_reads_nothing(town: Town) -> None:
    town.do("GRANT INSERT ON {crm}.* TO {anna}@'localhost' WITH GRANT OPTION")
    town.do("GRANT INSERT ON `crm%`.* TO {anna}@'%' WITH GRANT OPTION")
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    assert not found(town, mapped, f"{town.name('anna')}@localhost", "crm.customers")
