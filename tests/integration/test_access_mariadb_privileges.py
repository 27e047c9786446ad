"""Every privilege that a MariaDB server has: which are ways to rows; and what the map itself needs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import mariadb_url
from towns import Town, found
from trapstreet.app.access import map_of
from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.rights import How, Level

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system

ITSELF = (How.SUPERUSER, Level.GRANTS_ITSELF, True)
SEES = (How.STATEMENTS, Level.AT_ONCE, False)
WAYS = {
    "Select": (How.GRANT, Level.AT_ONCE, True),
    "Insert": ITSELF,
    "Update": ITSELF,
    "Alter": ITSELF,
    "Index": (How.ALTERING, Level.AT_ONCE, False),
    "Super": ITSELF,
    "Create user": ITSELF,
    "Set user": ITSELF,
    "Replication slave admin": ITSELF,
    "Binlog replay": ITSELF,
    "Connection admin": (How.SUPERUSER, Level.GRANTS_ITSELF, False),
    "File": (How.SERVER, Level.AT_ONCE, False),
    "Process": SEES,
    "Binlog monitor": SEES,
    "Slave monitor": SEES,
    "Replication slave": (How.REPLICATION, Level.AT_ONCE, False),
    "Execute": (How.FUNCTION, Level.AT_ONCE, False),
}
"""On everything. INSERT, UPDATE and ALTER: the grant tables among it. EXECUTE: a routine that reads."""
NO_WAYS = {
    "Alter routine": "of a routine that one may run, too, it is one",
    "Binlog admin": "removes logs",
    "Create": "new tables are empty",
    "Create routine": "runs as who makes it",
    "Create tablespace": "does nothing",
    "Create temporary tables": "of what one may read",
    "Create view": "reads as who makes it",
    "Delete": "of grants, too: shows what they hide",
    "Delete history": "removes old rows",
    "Drop": "removes tables",
    "Event": "runs as who makes it",
    "Federated admin": "names other servers",
    "Grant option": "gives what one has",
    "Lock tables": "of what one may read",
    "Read_only admin": "writes what one may write",
    "References": "tells whether a value is there that one knows",
    "Reload": "reads settings, grants and logs anew",
    "Replication master admin": "sees which replicas there are",
    "Show databases": "sees names",
    "Show view": "sees names, and texts of views that one may read",
    "Shutdown": "stops the server",
    "Trigger": "runs as who makes it, who has to have SELECT",
    "Usage": "none",
}
ELSEWHERE = {"Proxy"}
"""Has tests of its own."""


@pytest.fixture
def town(mariadb_url: str) -> Iterator[Town]:
    made = Town(mariadb_url)
    for statement in (
        "CREATE DATABASE {crm}",
        "CREATE TABLE {crm}.customers (a int)",
        "CREATE PROCEDURE {crm}.shows() SELECT a FROM customers",
        "CREATE USER {anna}@'%'",
        "CREATE DATABASE {out}",
    ):
        made.do(statement)
    yield made
    made.close()


def test_of_every_privilege_is_said_whether_it_leads_to_rows(town: Town) -> None:
    names = {name for name, *_ in town.do("SHOW PRIVILEGES")}
    assert names <= WAYS.keys() | NO_WAYS.keys() | ELSEWHERE
    accounts = {name: f"p{number}" for number, name in enumerate(sorted(names - ELSEWHERE))}
    for name, short in accounts.items():
        town.do(f"CREATE USER {{{short}}}@'%'")
        what = (
            "USAGE ON *.* TO {}@'%' WITH GRANT OPTION"
            if name == "Grant option"
            else f"{name} ON *.* TO {{}}@'%'"
        )
        town.do("GRANT " + what.replace("{}", f"{{{short}}}"))
    mapped = map_of(town.url.rpartition("/")[0] + "/")
    for name, short in accounts.items():
        way = found(town, mapped, f"{town.name(short)}@%", "crm.customers")
        assert (way and (way.how, way.level, way.sure)) == WAYS.get(name), name
        if name != "Select":
            assert not town.reads(short, "SELECT a FROM {crm}.customers")[1]


def test_the_grants_of_the_manual_are_enough_for_a_map_and_each_is_needed(town: Town) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "access.md").read_text()
    text = manual.partition("## MariaDB")[2].partition("\n- ")[0]
    grants = [each.replace("reader", "{anna}@'%'") for each in re.findall(r"GRANT [^;]* TO reader", text)]
    town.do("CREATE VIEW {crm}.names AS SELECT a FROM {crm}.customers")
    town.do("CREATE USER {bert}@'%'")
    town.do("GRANT EXECUTE ON PROCEDURE {crm}.shows TO {bert}@'%'")
    place = f"mariadb://{town.name('anna')}@127.0.0.1:{town.port}/{town.name('crm')}"
    for grant in grants:
        town.do(grant.replace("crm.names", "{crm}.names"))
    mapped = map_of(place)
    own = f"({town.name('crm')}."
    assert not [each for each in mapped.unknown if "(" not in each or own in each], (
        "others' views are others'"
    )
    assert found(town, mapped, f"{town.name('bert')}@%", "crm.customers")
    reader = found(town, mapped, f"{town.name('anna')}@%", "crm.customers")
    assert (reader.how, reader.sure) == (How.VIEW, True) if reader else False
    for grant in grants:
        given = grant.replace("crm.names", "{crm}.names")
        town.do(given.replace("GRANT", "REVOKE").replace(" TO ", " FROM "))
        try:
            without = map_of(place)
        except AccessDenied:
            pass
        else:
            assert without.unknown, grant
        town.do(given)


def test_who_logs_in_without_an_account_of_their_own_is_nobody(town: Town) -> None:
    town.do("CREATE USER ''@'%'")
    try:
        town.do("GRANT SELECT ON {crm}.customers TO ''@'%'")
        assert town.reads("ghost", "SELECT a FROM {crm}.customers") == ("@%", True)
        assert town.reads("anna", "SELECT a FROM {crm}.customers")[1] is False
        mapped = map_of(town.url.rpartition("/")[0] + "/")
        nobody = found(town, mapped, "@%", "crm.customers")
        assert nobody
        assert (nobody.how, nobody.level, nobody.sure) == (How.GRANT, Level.AT_ONCE, True)
        assert found(town, mapped, f"{town.name('anna')}@%", "crm.customers") is None
    finally:
        town.do("DROP USER ''@'%'")


def test_what_everybody_has_everybody_reads(town: Town) -> None:
    town.do("GRANT SELECT ON {crm}.customers TO PUBLIC")
    assert town.reads("anna", "SELECT a FROM {crm}.customers")[1]
    way = found(town, map_of(town.url.rpartition("/")[0] + "/"), f"{town.name('anna')}@%", "crm.customers")
    assert way
    assert (way.how, way.level, way.sure) == (How.GRANT, Level.AT_ONCE, True)


def test_a_view_whose_definer_lost_the_right_is_read_by_nobody(town: Town) -> None:
    town.do("CREATE USER {chief}@'%'")
    town.do("GRANT SELECT ON {crm}.customers TO {chief}@'%'")
    town.do("CREATE DEFINER={chief}@'%' VIEW {out}.v AS SELECT a FROM {crm}.customers")
    town.do("GRANT SELECT ON {out}.v TO {anna}@'%'")
    account, server = f"{town.name('anna')}@%", town.url.rpartition("/")[0] + "/"
    assert town.reads("anna", "SELECT a FROM {out}.v")[1]
    assert found(town, map_of(server), account, "crm.customers")
    town.do("REVOKE SELECT ON {crm}.customers FROM {chief}@'%'")
    assert not town.reads("anna", "SELECT a FROM {out}.v")[1]
    mapped = map_of(server)
    assert found(town, mapped, account, "crm.customers") is None
    note = f"nobody can read view {town.name('out')}.v: its definer may not read what it shows"
    assert note in mapped.access.rights.notes
