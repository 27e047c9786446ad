"""What PostgreSQL's functions that run as their owners show; views and databases that hide something."""

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from access_worlds import World, world
from desk import Desk
from servers import postgres_url
from trapstreet.app.access import Mapped, map_of
from trapstreet.core.model.rights import How

__all__ = ["postgres_url"]

BASE = """
CREATE ROLE {owner}; CREATE ROLE {anna} LOGIN;
CREATE SCHEMA crm AUTHORIZATION {owner}; CREATE SCHEMA archive AUTHORIZATION {owner};
GRANT USAGE ON SCHEMA crm TO PUBLIC;
SET ROLE {owner};
CREATE TABLE crm.customers (id int, email text); INSERT INTO crm.customers VALUES (1, 'x');
CREATE TABLE crm.tickets (id int); CREATE TABLE archive.tickets (id int); CREATE TABLE crm.pay (id int);
CREATE TABLE crm."Odd names" (id int); CREATE TABLE crm.parted (id int) PARTITION BY RANGE (id);
CREATE TABLE crm.part_1 PARTITION OF crm.parted FOR VALUES FROM (0) TO (9);
CREATE VIEW crm.addresses AS SELECT email FROM crm.customers;
RESET ROLE
"""

FUNCTIONS = {
    "in capitals": ("SELECT count(*) FROM CRM.CUSTOMERS", {"crm.customers"}),
    "through a view": ("SELECT count(*) FROM crm.addresses", {"crm.addresses", "crm.customers"}),
    "of one schema alone": ("SELECT count(*) FROM crm.tickets", {"crm.tickets"}),
    "of whatever schema": (
        "SELECT count(*) FROM tickets", {"crm.tickets", "archive.tickets"},
    ),
    "with a name in quotes": ('SELECT count(*) FROM crm."Odd names"', {"crm.Odd names"}),
    "with its parts": ("SELECT count(*) FROM crm.parted", {"crm.parted", "crm.part_1"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("owner", "anna")
        for statement in BASE.split(";\n"):
            made.do(statement)
        yield made


@pytest.fixture
def crm(made: World) -> Iterator[World]:
    """The world, from which what a test makes in it is taken away."""
    yield made
    made.do("DROP FUNCTION IF EXISTS crm.f(), crm.outer_one(), crm.inner_one()")
    made.do("DROP VIEW IF EXISTS crm.one, crm.two CASCADE")


def shown(crm: World, mapped: Mapped) -> set[str]:
    """What anna perhaps reads through functions, by name."""
    access = mapped.access
    anna = [each.name for each in access.rights.principals].index(crm.names["anna"])
    return {
        ".".join(resource.path[1:])
        for number, resource in enumerate(access.rights.resources)
        if (found := access.nearest(anna, number)) and found.how == How.FUNCTION and not found.sure
    }


@pytest.mark.parametrize("how", FUNCTIONS)
def test_what_a_text_names_is_perhaps_shown_however_it_is_written(crm: World, how: str) -> None:
    body, tables = FUNCTIONS[how]
    crm.do(
        f"CREATE FUNCTION crm.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = crm, archive"
        f" AS $${body}$$; ALTER FUNCTION crm.f() OWNER TO {{owner}}"
    )
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.f()") == 1
    assert shown(crm, map_of(crm.url)) == tables


def test_a_body_that_the_server_keeps_parsed_is_followed(crm: World) -> None:
    crm.do(
        "CREATE FUNCTION crm.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " BEGIN ATOMIC SELECT count(*) FROM crm.customers; END; ALTER FUNCTION crm.f() OWNER TO {owner}"
    )
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.f()") == 1
    assert shown(crm, map_of(crm.url)) == {"crm.customers"}


def test_functions_that_it_calls_are_followed_with_the_rights_that_they_run_with(crm: World) -> None:
    inner, outer = "SELECT count(*) FROM crm.customers", "SELECT crm.inner_one()"
    made = "RETURNS bigint LANGUAGE sql"
    crm.do(f"CREATE FUNCTION crm.inner_one() {made} AS '{inner}'")
    crm.do(f"CREATE FUNCTION crm.outer_one() {made} SECURITY DEFINER AS '{outer}'")
    crm.do("ALTER FUNCTION crm.outer_one() OWNER TO {owner}")
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.inner_one()") is None
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.outer_one()") == 1
    assert shown(crm, map_of(crm.url)) == {"crm.customers"}


def test_a_function_whose_owner_may_not_read_what_it_names_shows_nothing(crm: World) -> None:
    crm.do(
        "CREATE FUNCTION crm.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT count(*) FROM crm.customers'; ALTER FUNCTION crm.f() OWNER TO {anna}"
    )
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.f()") is None
    assert shown(crm, map_of(crm.url)) == set()


def test_views_that_show_each_other_are_read_by_nobody_and_keep_no_map_from_being_made(crm: World) -> None:
    for statement in (
        "CREATE VIEW crm.one AS SELECT 1 AS a",
        "CREATE VIEW crm.two AS SELECT a FROM crm.one",
        "CREATE OR REPLACE VIEW crm.one AS SELECT a FROM crm.two",
    ):
        crm.do(statement)
    mapped = map_of(crm.url)
    assert {each for each in mapped.access.rights.notes if "nobody can read view" in each} == {
        f"{crm.database}: nobody can read view crm.{each}: its owner may not read what it shows"
        for each in ("one", "two")
    }


@pytest.mark.slow
def test_a_database_that_is_made_a_template_hides_nothing(crm: World, desk: Desk) -> None:
    server = urlunsplit(urlsplit(crm.url)._replace(path="/"))
    crm.do(f"ALTER DATABASE {crm.database} IS_TEMPLATE true")
    try:
        paths = {each.path for each in map_of(server).access.rights.resources}
        assert (crm.database, "crm", "customers") in paths
        assert f"{crm.database}.crm.customers" in desk.do("discover", crm.url, "--all")
    finally:
        crm.do(f"ALTER DATABASE {crm.database} IS_TEMPLATE false")


def test_a_part_has_one_door_for_all_functions_that_may_show_its_table(crm: World) -> None:
    for n in range(20):
        crm.do(
            f"CREATE FUNCTION crm.g{n}() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
            f" AS 'SELECT count(*) FROM crm.parted'; ALTER FUNCTION crm.g{n}() OWNER TO {{owner}}"
        )
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", "part_1"))
    assert len([each for each in access.doors_of(number) if each.how == How.FUNCTION]) == 1
    anna = [each.name for each in access.rights.principals].index(crm.names["anna"])
    seen = access.nearest(anna, number)
    assert seen
    assert seen.way == (
        "USAGE on the schemas of functions that may show table parted",
        "EXECUTE on functions that may show table parted",
        "table parted shows its parts",
    )
    crm.do(f"DROP FUNCTION {', '.join(f'crm.g{n}()' for n in range(20))}")


def test_a_view_calls_functions_of_a_schema_that_its_reader_may_not_use(crm: World) -> None:
    crm.do(
        "CREATE FUNCTION archive.f() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT count(*) FROM crm.customers'; ALTER FUNCTION archive.f() OWNER TO {owner}"
    )
    anna = crm.names["anna"]
    crm.do("CREATE VIEW crm.one AS SELECT archive.f() AS n; CREATE VIEW crm.two AS SELECT n FROM crm.one")
    crm.do("CREATE MATERIALIZED VIEW crm.filled AS SELECT archive.f() AS n")
    try:
        assert crm.rows_seen(anna, "SELECT archive.f()") is None
        assert shown(crm, map_of(crm.url)) == set()
        for view in ("one", "two"):
            crm.do(f"GRANT SELECT ON crm.{view} TO {{anna}}")
            assert crm.rows_seen(anna, f"SELECT n FROM crm.{view}") == 1
            assert shown(crm, map_of(crm.url)) == {"crm.customers"}
            crm.do(f"REVOKE SELECT ON crm.{view} FROM {{anna}}")
        crm.do("GRANT SELECT ON crm.two, crm.filled TO {anna}")
        crm.do("REVOKE EXECUTE ON FUNCTION archive.f() FROM PUBLIC")
        assert crm.rows_seen(anna, "SELECT n FROM crm.two") is None
        assert crm.rows_seen(anna, "SELECT n FROM crm.filled") == 1
        assert shown(crm, map_of(crm.url)) == {"crm.customers"}, "what it was filled with"
        crm.do("REVOKE SELECT ON crm.filled FROM {anna}")
        assert shown(crm, map_of(crm.url)) == set()
    finally:
        crm.do("DROP FUNCTION archive.f() CASCADE")
