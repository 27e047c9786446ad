"""What PostgreSQL refuses, or will let read, though rights nearby look otherwise: asked of it, and told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from access_worlds import World, world
from servers import postgres_15_url, postgres_url
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["postgres_15_url", "postgres_url"]

MADE = """
CREATE ROLE {owner} LOGIN; CREATE ROLE {anna} LOGIN; CREATE ROLE {agents};
CREATE SCHEMA crm AUTHORIZATION {owner}; GRANT USAGE ON SCHEMA crm TO PUBLIC;
SET ROLE {owner};
CREATE TABLE crm.customers (id int, name text, email text); INSERT INTO crm.customers VALUES (1, 'x', 'y');
GRANT SELECT ON crm.customers TO {agents};
RESET ROLE
"""


def made(server: str) -> Iterator[World]:
    with world(server) as here:
        here.named("owner", "anna", "agents", "helper")
        for statement in MADE.split(";\n"):
            here.do(statement)
        yield here


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    yield from made(postgres_url)


@pytest.fixture
def debian(postgres_15_url: str) -> Iterator[World]:
    yield from made(postgres_15_url)


def nearest(crm: World, what: str = "customers", who: str = "anna") -> Any:
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", what))
    return access.nearest([each.name for each in access.rights.principals].index(crm.names[who]), number)


def seen(crm: World, select: str = "SELECT name FROM crm.customers") -> int | None:
    return crm.rows_seen(crm.names["anna"], select)


def as_anna(crm: World, statement: str) -> None:
    crm.do("SET SESSION AUTHORIZATION {anna}")
    try:
        crm.do(statement)
    finally:
        crm.do("RESET SESSION AUTHORIZATION")


def test_createrole_since_16_makes_nobody_a_member_of_a_role_that_it_has_no_admin_option_on(
    crm: World,
) -> None:
    crm.do("ALTER ROLE {anna} CREATEROLE")
    for group in ("{agents}", "{owner}", "pg_read_all_data"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_anna(crm, f"GRANT {group} TO {{anna}}")
    assert nearest(crm) is None


def test_createrole_since_16_reads_what_roles_of_its_own_making_come_to_read(crm: World) -> None:
    crm.do("ALTER ROLE {anna} CREATEROLE")
    as_anna(crm, "CREATE ROLE {helper}")
    crm.do("GRANT SELECT ON crm.customers TO {helper}")
    assert seen(crm) is None
    found = nearest(crm)
    assert (found.level, found.sure) == (Level.GRANTS_ITSELF, True)
    assert found.way[0] == f"ADMIN OPTION: can make itself a member of {crm.names['helper']}"
    as_anna(crm, "GRANT {helper} TO {anna}")
    assert seen(crm) == 1
    assert nearest(crm).level == Level.AT_ONCE


def test_a_function_that_everybody_may_run_no_more_shows_nothing(crm: World) -> None:
    crm.do(
        "CREATE FUNCTION crm.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT count(*) FROM crm.customers'"
    )
    assert seen(crm, "SELECT crm.f()") == 1
    assert nearest(crm).how == How.FUNCTION
    crm.do("REVOKE EXECUTE ON FUNCTION crm.f() FROM PUBLIC; GRANT EXECUTE ON FUNCTION crm.f() TO {agents}")
    assert seen(crm, "SELECT crm.f()") is None
    assert nearest(crm) is None
    crm.do("GRANT {agents} TO {anna} WITH INHERIT FALSE; REVOKE SELECT ON crm.customers FROM {agents}")
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.f()", become=crm.names["agents"]) == 1
    assert (nearest(crm).how, nearest(crm).level) == (How.FUNCTION, Level.SET_ROLE)


def test_of_a_table_whose_columns_are_granted_the_others_stay_refused(crm: World) -> None:
    crm.do("GRANT SELECT (id, email) ON crm.customers TO {anna}")
    assert seen(crm, "SELECT id, email FROM crm.customers") == 1
    for refused in ("SELECT name FROM crm.customers", "SELECT * FROM crm.customers"):
        assert seen(crm, refused) is None
    assert (nearest(crm).how, nearest(crm).columns) == (How.COLUMNS, ("id", "email"))
    crm.do("ALTER TABLE crm.customers DROP COLUMN email")
    assert nearest(crm).columns == ("id",)


@pytest.mark.parametrize("where", ["", "IN SCHEMA crm"])
def test_who_is_said_to_read_tables_to_come_reads_them(crm: World, where: str) -> None:
    crm.do(f"ALTER DEFAULT PRIVILEGES FOR ROLE {{owner}} {where} GRANT SELECT ON TABLES TO {{anna}}")
    schema = "schema crm" if where else "any schema"
    note = f"tables that {crm.names['owner']} makes in {schema} will be readable by {crm.names['anna']}"
    assert f"{crm.database}: {note}" in map_of(crm.url).access.rights.notes
    assert nearest(crm) is None, "what was there before is not"
    assert seen(crm) is None
    crm.do("SET ROLE {owner}; CREATE TABLE crm.later AS SELECT 'x' AS name; RESET ROLE")
    crm.do("CREATE TABLE crm.of_others AS SELECT 'x' AS name")
    assert seen(crm, "SELECT name FROM crm.later") == 1
    assert nearest(crm, "later").level == Level.AT_ONCE
    assert seen(crm, "SELECT name FROM crm.of_others") is None
    assert nearest(crm, "of_others") is None


def test_an_owner_who_may_not_use_the_schema_can_give_itself_nothing(crm: World) -> None:
    crm.do("ALTER TABLE crm.customers OWNER TO {anna}; REVOKE USAGE ON SCHEMA crm FROM PUBLIC")
    assert seen(crm) is None
    for refused in (
        "GRANT SELECT ON crm.customers TO {anna}",
        "GRANT USAGE ON SCHEMA crm TO {anna}",
        "ALTER TABLE crm.customers SET SCHEMA public",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_anna(crm, refused)
    found = nearest(crm)
    assert (found.how, found.sure) == (How.STATISTICS, False), "which asks for no right on the schema"


@pytest.mark.parametrize("whose", ["{agents}", "{anna}"])
def test_the_owner_of_a_schema_could_use_it_again(crm: World, whose: str) -> None:
    """It may select, or owns the table as well; both ways it takes no more than a GRANT."""
    crm.do("REVOKE USAGE ON SCHEMA crm FROM PUBLIC, {owner}; REVOKE ALL ON crm.customers FROM {owner}")
    crm.do(f"ALTER SCHEMA crm OWNER TO {{anna}}; ALTER TABLE crm.customers OWNER TO {whose}")
    crm.do("REVOKE USAGE ON SCHEMA crm FROM {anna}; REVOKE ALL ON crm.customers FROM {anna}")
    if whose == "{agents}":
        crm.do("GRANT SELECT ON crm.customers TO {anna}")
    assert seen(crm) is None
    found = nearest(crm)
    assert (found.how, found.level, found.sure) == (How.OWNER, Level.GRANTS_ITSELF, True)
    assert found.way[0] == "owner of schema crm: can grant itself USAGE"
    as_anna(crm, "GRANT USAGE ON SCHEMA crm TO {anna}")
    if whose == "{anna}":
        assert seen(crm) is None
        assert nearest(crm).way == ("owner of table customers: can grant itself SELECT",)
        as_anna(crm, "GRANT SELECT ON crm.customers TO {anna}")
    assert seen(crm) == 1
    assert nearest(crm).level == Level.AT_ONCE


@pytest.mark.system
def test_a_foreign_table_of_a_file_is_read_by_whom_it_is_granted_to(debian: World) -> None:
    row = debian.connection.execute(b"SHOW data_directory").fetchone()
    file = f"{row[0] if row else ''}/PG_VERSION"
    debian.do("CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw")
    debian.do(f"CREATE FOREIGN TABLE crm.lines (line text) SERVER files OPTIONS (filename '{file}')")
    assert seen(debian, "SELECT * FROM crm.lines") is None
    assert nearest(debian, "lines") is None
    debian.do("GRANT SELECT ON crm.lines TO {anna}; GRANT USAGE ON FOREIGN SERVER files TO {anna}")
    assert seen(debian, "SELECT * FROM crm.lines") == 1
    assert (nearest(debian, "lines").how, nearest(debian, "lines").sure) == (How.GRANT, True)
    debian.do("GRANT CREATE ON SCHEMA crm TO {anna}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):  # USAGE on the server opens no other file
        as_anna(debian, "CREATE FOREIGN TABLE crm.own (l text) SERVER files OPTIONS (filename '/etc/passwd')")
    assert Path(file).read_text().startswith("15")


@pytest.mark.system
def test_who_reaches_another_server_is_noted_and_reads_there_as_somebody_else(debian: World) -> None:
    """What is read there is not followed, though here it is the same table."""
    port = urlsplit(debian.url).port
    place = f"host '127.0.0.1', port '{port}', dbname '{debian.database}'"
    debian.do("CREATE EXTENSION postgres_fdw")
    debian.do(f"CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({place})")
    mapped = "(user 'postgres', password_required 'false')"
    debian.do(f"CREATE USER MAPPING FOR {{anna}} SERVER far OPTIONS {mapped}")
    debian.do(
        "CREATE FOREIGN TABLE crm.mirror (name text) SERVER far"
        " OPTIONS (schema_name 'crm', table_name 'customers'); GRANT SELECT ON crm.mirror TO {anna}"
    )
    assert seen(debian) is None
    assert seen(debian, "SELECT name FROM crm.mirror") == 1
    assert nearest(debian, "mirror").how == How.GRANT
    reaches = f"{debian.names['anna']} reaches foreign server far; what that lets it read is not known"
    assert f"{debian.database}: {reaches}" in map_of(debian.url).access.rights.notes
