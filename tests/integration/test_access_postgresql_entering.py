"""Who may not connect to a database of PostgreSQL, and lets itself in from another one: done, and told."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from access_worlds import World, world
from servers import postgres_15_url, postgres_url
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import Level

__all__ = ["postgres_15_url", "postgres_url"]

MADE = """
CREATE ROLE {staff}; CREATE ROLE {anna} LOGIN; CREATE ROLE {bert} LOGIN NOINHERIT;
CREATE TABLE customers (name text); INSERT INTO customers VALUES ('hidden away');
GRANT SELECT ON customers TO PUBLIC
"""
WAYS = {
    "its owner": (
        "ALTER DATABASE {database} OWNER TO {anna}",
        "GRANT CONNECT ON DATABASE {database} TO {anna}",
    ),
    "who acts as one that may pass it on": (
        (
            "CREATE ROLE {lead}; GRANT CONNECT ON DATABASE {database} TO {lead} WITH GRANT OPTION;"
            "ALTER ROLE {anna} NOINHERIT; GRANT {lead} TO {anna}"
        ),
        "SET ROLE {lead}; GRANT CONNECT ON DATABASE {database} TO {anna}",
    ),
}


@pytest.fixture(params=["newest", "15"])
def crm(request: pytest.FixtureRequest, postgres_url: str, postgres_15_url: str) -> Iterator[World]:
    with world(postgres_url if request.param == "newest" else postgres_15_url) as made:
        made.named("staff", "anna", "bert", "lead")
        for statement in MADE.split(";\n"):
            made.do(statement)
        do(made, "REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
        do(made, "GRANT CONNECT ON DATABASE {database} TO {staff}")
        yield made


def do(crm: World, sql: str) -> None:
    crm.do(sql.replace("{database}", crm.database))


def nearest(crm: World, who: str) -> Any:
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("public", "customers"))
    return access.nearest([each.name for each in access.rights.principals].index(crm.names[who]), number)


def as_(crm: World, who: str, sql: str, *, elsewhere: bool = False, database: str = "") -> Any:
    """The first value that somebody is told, in the database or in another one."""
    url = urlsplit(crm.url)
    url = url._replace(netloc=url.netloc.replace("postgres@", f"{crm.names[who]}@"))
    if elsewhere or database:
        url = url._replace(path=f"/{database or 'postgres'}")
    text = sql.replace("{database}", crm.database)
    for name, called in crm.names.items():
        text = text.replace("{" + name + "}", called)
    with psycopg.connect(urlunsplit(url), autocommit=True) as connection:
        found = [connection.execute(each.encode()) for each in text.split(";")][-1]
        return found.fetchone() if found.description else None


def refused(crm: World, who: str) -> bool:
    try:
        as_(crm, who, "SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


@pytest.mark.parametrize("way", WAYS)
def test_who_could_give_itself_connect_could_read(crm: World, way: str) -> None:
    made, does = WAYS[way]
    assert refused(crm, "anna")
    assert nearest(crm, "anna") is None
    do(crm, made)
    do(crm, "REVOKE CONNECT ON DATABASE {database} FROM {anna}")
    assert refused(crm, "anna")
    found = nearest(crm, "anna")
    assert (found.level, found.sure) == (Level.GRANTS_ITSELF, True)
    assert f"can let itself into database {crm.database}" in found.way
    as_(crm, "anna", does, elsewhere=True)
    assert as_(crm, "anna", "SELECT name FROM customers") == ("hidden away",)


def test_who_may_make_members_of_a_group_that_may_could_read(crm: World) -> None:
    """Before 16, one that does not inherit has nothing of the group's by being made a member."""
    chosen = crm.connection.info.server_version >= 160_000
    options = "ADMIN OPTION, INHERIT FALSE, SET FALSE" if chosen else "ADMIN OPTION"
    do(crm, f"GRANT {{staff}} TO {{bert}} WITH {options}")
    assert refused(crm, "bert")
    assert (nearest(crm, "bert") is not None) == chosen
    as_(crm, "bert", "GRANT {staff} TO {bert}" + (" WITH INHERIT TRUE" if chosen else ""), elsewhere=True)
    assert refused(crm, "bert") != chosen


def test_who_makes_roles_before_16_could_read(crm: World) -> None:
    do(crm, "ALTER ROLE {anna} CREATEROLE")
    makes = crm.connection.info.server_version < 160_000
    assert refused(crm, "anna")
    assert (nearest(crm, "anna") is not None) == makes
    if makes:
        as_(crm, "anna", "GRANT {staff} TO {anna}", elsewhere=True)
        assert as_(crm, "anna", "SELECT name FROM customers") == ("hidden away",)


def test_a_member_that_does_not_inherit_connect_could_not(crm: World) -> None:
    do(crm, "GRANT {staff} TO {bert}")
    if crm.connection.info.server_version >= 160_000:
        do(crm, "GRANT {staff} TO {bert} WITH INHERIT FALSE")
    assert refused(crm, "bert")
    assert nearest(crm, "bert") is None


@pytest.mark.slow
def test_a_template_is_copied_by_who_makes_databases(crm: World) -> None:
    do(crm, "ALTER ROLE {anna} CREATEDB")
    assert nearest(crm, "anna") is None
    do(crm, "ALTER DATABASE {database} IS_TEMPLATE true")
    try:
        found = nearest(crm, "anna")
        assert found.level == Level.GRANTS_ITSELF
        assert refused(crm, "anna")
        crm.connection.close()
        as_(crm, "anna", "CREATE DATABASE {database}_copy TEMPLATE {database}", elsewhere=True)
        copy = f"{crm.database}_copy"
        assert as_(crm, "anna", "SELECT name FROM customers", database=copy) == ("hidden away",)
        as_(crm, "anna", "DROP DATABASE {database}_copy", elsewhere=True)
    finally:
        with psycopg.connect(crm.url, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {crm.database} IS_TEMPLATE false".encode())
