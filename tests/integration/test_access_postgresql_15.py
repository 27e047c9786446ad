"""CREATEROLE before PostgreSQL 16: who may make roles may make itself a member of any, but a superuser."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from access_worlds import World, world
from servers import postgres_15_url
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["postgres_15_url"]

pytestmark = pytest.mark.system

MADE = """
CREATE ROLE {maker} LOGIN CREATEROLE; CREATE ROLE {owner} LOGIN; CREATE ROLE {agents};
CREATE ROLE {chief} LOGIN SUPERUSER; CREATE ROLE {guest} LOGIN;
CREATE SCHEMA crm AUTHORIZATION {owner};
CREATE TABLE crm.customers (id int); INSERT INTO crm.customers VALUES (1), (2);
ALTER TABLE crm.customers OWNER TO {owner};
CREATE TABLE crm.closed (id int); ALTER TABLE crm.closed OWNER TO {chief};
REVOKE ALL ON crm.closed FROM {chief};
CREATE TABLE public.tickets (id int); GRANT SELECT ON public.tickets TO {agents};
"""


@pytest.fixture
def made(postgres_15_url: str) -> Iterator[World]:
    with world(postgres_15_url) as here:
        here.named("maker", "owner", "agents", "chief", "guest")
        for statement in MADE.split(";"):
            if statement.strip():
                here.do(statement)
        yield here


def nearest(made: World, who: str, what: str) -> Any:
    access = map_of(made.url).access
    number = [each.path[1:] for each in access.rights.resources].index(tuple(what.split(".")))
    return access.nearest([each.name for each in access.rights.principals].index(made.names[who]), number)


def test_createrole_could_make_itself_a_member_of_whoever_may_read(made: World) -> None:
    maker, owner = made.names["maker"], made.names["owner"]
    found = nearest(made, "maker", "crm.customers")
    assert (found.level, found.sure) == (Level.GRANTS_ITSELF, True)
    assert found.way[0].startswith("CREATEROLE: can make itself a member of ")
    assert nearest(made, "guest", "crm.customers") is None
    assert made.rows_seen(maker, "SELECT * FROM crm.customers") is None
    as_maker(made, f"GRANT {owner} TO {maker}")
    assert made.rows_seen(maker, "SELECT * FROM crm.customers") == 2
    assert nearest(made, "maker", "crm.customers").level == Level.AT_ONCE


def test_createrole_could_give_itself_pg_read_all_data(made: World) -> None:
    """What belongs to a superuser alone is read by this way."""
    maker = made.names["maker"]
    found = nearest(made, "maker", "crm.closed")
    assert (found.level, found.how) == (Level.GRANTS_ITSELF, How.PRIVILEGE)
    assert found.way == (
        "CREATEROLE: can make itself a member of pg_read_all_data",
        "pg_read_all_data reads every table",
    )
    assert made.rows_seen(maker, "SELECT * FROM crm.closed") is None
    as_maker(made, f"GRANT pg_read_all_data TO {maker}")
    assert made.rows_seen(maker, "SELECT * FROM crm.closed") == 0


def test_createrole_makes_nobody_a_superuser(made: World) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_maker(made, f"GRANT {made.names['chief']} TO {made.names['maker']}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_maker(made, f"ALTER ROLE {made.names['maker']} SUPERUSER")


def as_maker(made: World, statement: str) -> None:
    made.connection.execute(f"SET SESSION AUTHORIZATION {made.names['maker']}".encode())
    try:
        made.connection.execute(statement.encode())
    finally:
        made.connection.execute(b"RESET SESSION AUTHORIZATION")
