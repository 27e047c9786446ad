"""PostgreSQL's functions that run as their owners and do not tell what they run: used, and told."""

from collections.abc import Iterator
from typing import Any

import pytest

from access_worlds import World, world
from servers import postgres_15_url, postgres_url
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How
from trapstreet.plugins.permissions._postgresql_functions import makes_up

__all__ = ["postgres_15_url", "postgres_url"]

MADE = """
CREATE ROLE {owner}; CREATE ROLE {anna} LOGIN;
CREATE SCHEMA crm AUTHORIZATION {owner}; GRANT USAGE ON SCHEMA crm TO PUBLIC;
SET ROLE {owner};
CREATE TABLE crm.customers (name text); INSERT INTO crm.customers VALUES ('hidden away');
RESET ROLE;
CREATE TABLE crm.closed (name text); INSERT INTO crm.closed VALUES ('hidden away')
"""
PLAIN = "LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN {} END$$; ALTER FUNCTION crm.f OWNER TO {{owner}}"


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("owner", "anna")
        for statement in MADE.split(";\n"):
            made.do(statement)
        yield made


def nearest(crm: World, what: str = "customers") -> Any:
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", what))
    return access.nearest([each.name for each in access.rights.principals].index(crm.names["anna"]), number)


def answer(crm: World, select: str) -> Any:
    """What anna gets as the first value."""
    crm.do("SET SESSION AUTHORIZATION {anna}")
    try:
        row = crm.connection.execute(select.encode()).fetchone()
        return row[0] if row else None
    finally:
        crm.do("RESET SESSION AUTHORIZATION")


def test_a_statement_that_is_handed_in_perhaps_reads_all_that_the_owner_may(crm: World) -> None:
    made = PLAIN.format("RETURN QUERY EXECUTE format('SELECT t::text FROM %s t', $1);")
    crm.do(f"CREATE FUNCTION crm.f(text) RETURNS SETOF text {made}")
    assert answer(crm, "SELECT crm.f('crm.customers')") == '("hidden away")'
    found = nearest(crm)
    assert (found.how, found.sure) == (How.FUNCTION, False)
    assert found.way == (f"EXECUTE on functions that run as {crm.names['owner']} and make up what they run",)
    assert nearest(crm, "closed") is None, "its owner may not read that"


def test_a_text_that_is_handed_on_to_what_runs_it_perhaps_reads_all_that_the_owner_may(crm: World) -> None:
    crm.do(
        "CREATE FUNCTION crm.f(text) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT word FROM ts_stat($1)'; ALTER FUNCTION crm.f OWNER TO {owner}"
    )
    assert answer(crm, "SELECT crm.f('SELECT to_tsvector(name) FROM crm.customers')") in ("hidden", "away")
    assert (nearest(crm).how, nearest(crm).sure) == (How.FUNCTION, False)


def test_so_does_one_that_an_extension_runs(postgres_15_url: str) -> None:
    with world(postgres_15_url) as crm:
        crm.named("owner", "anna")
        for statement in MADE.split(";\n"):
            crm.do(statement)
        crm.do(
            "CREATE EXTENSION tablefunc SCHEMA public; CREATE FUNCTION crm.f(text) RETURNS SETOF text"
            " LANGUAGE sql SECURITY DEFINER AS 'SELECT row_name FROM public.crosstab2($1)';"
            "ALTER FUNCTION crm.f OWNER TO {owner}"
        )
        given = "SELECT crm.f($$SELECT name, 'a'::text, 'b'::text FROM crm.customers$$)"
        assert answer(crm, given) == "hidden away"
        assert nearest(crm).how == How.FUNCTION


@pytest.mark.parametrize(
    "text",
    [
        "return [each['name'] for each in plpy.cursor(args[0])]",
        "spi_exec $1",
        "my $rows = spi_query($_[0]);",
        "SELECT * FROM crosstab($1)",
        "pg.spi.exec(arg1)",
    ],
)
def test_what_runs_a_text_in_other_languages_is_known_by_its_name(text: str) -> None:
    assert makes_up(text)


def test_one_that_a_function_calls_counts_too(crm: World) -> None:
    crm.do(
        "CREATE FUNCTION crm.inner_one(text) RETURNS SETOF text LANGUAGE plpgsql"
        " AS $$BEGIN RETURN QUERY EXECUTE $1; END$$"
    )
    crm.do(
        "CREATE FUNCTION crm.f(text) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT crm.inner_one($1)'; ALTER FUNCTION crm.f OWNER TO {owner}"
    )
    assert answer(crm, "SELECT crm.f('SELECT name FROM crm.customers')") == "hidden away"
    assert nearest(crm).how == How.FUNCTION


def test_a_superusers_function_that_reads_files_perhaps_reads_everything(crm: World) -> None:
    crm.do(
        "CREATE FUNCTION crm.f(text) RETURNS bytea LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT pg_read_binary_file($1)'"
    )
    crm.do("CHECKPOINT")
    row = crm.connection.execute(b"SELECT pg_relation_filepath('crm.closed')").fetchone()
    assert b"hidden away" in answer(crm, f"SELECT crm.f('{row[0] if row else ''}')")
    found = nearest(crm, "closed")
    assert (found.how, found.sure) == (How.FUNCTION, False)
    crm.do("REVOKE EXECUTE ON FUNCTION crm.f FROM PUBLIC")
    assert nearest(crm, "closed") is None


@pytest.mark.parametrize(
    "body",
    [
        "EXECUTE 'ANALYZE' ; RETURN 'x';",
        "GRANT EXECUTE ON FUNCTION crm.f TO PUBLIC; RETURN 'x';",
        "RETURN 'executed';",
    ],
)
def test_a_text_that_tells_what_it_runs_shows_no_more_than_that(crm: World, body: str) -> None:
    crm.do(f"CREATE FUNCTION crm.f() RETURNS text {PLAIN.format(body)}")
    assert answer(crm, "SELECT crm.f()") in ("x", "executed")
    assert nearest(crm) is None


def test_what_only_triggers_call_is_called_by_a_trigger_of_ones_own(crm: World) -> None:
    body = "EXECUTE TG_ARGV[0] INTO NEW.name; RETURN NEW;"
    crm.do(f"CREATE FUNCTION crm.f() RETURNS trigger {PLAIN.format(body)}")
    crm.do("SET SESSION AUTHORIZATION {anna}; CREATE TEMPORARY TABLE own (name text)")
    crm.do(
        "CREATE TRIGGER t BEFORE INSERT ON own FOR EACH ROW"
        " EXECUTE FUNCTION crm.f('SELECT name FROM crm.customers'); RESET SESSION AUTHORIZATION"
    )
    assert answer(crm, "INSERT INTO own VALUES ('x') RETURNING name") == "hidden away"
    assert nearest(crm).how == How.FUNCTION
    chosen = PLAIN.format("EXECUTE format('ANALYZE %I', TG_TABLE_NAME); RETURN NEW;")
    crm.do(f"CREATE OR REPLACE FUNCTION crm.f() RETURNS trigger {chosen}")
    assert nearest(crm) is None


def test_what_is_found_where_the_caller_says_is_noted(crm: World) -> None:
    """A temporary view of hers stands in for the table, and has the owner run a function of hers."""
    crm.do("CREATE TABLE crm.prices (name text); ALTER TABLE crm.prices OWNER TO {owner}")
    crm.do(
        f"CREATE FUNCTION crm.f() RETURNS SETOF text {PLAIN.format('RETURN QUERY SELECT name FROM prices;')}"
    )
    crm.do("SET SESSION AUTHORIZATION {anna}")
    crm.do("CREATE FUNCTION pg_temp.own() RETURNS text LANGUAGE sql AS 'SELECT name FROM crm.customers'")
    crm.do("CREATE TEMPORARY VIEW prices AS SELECT pg_temp.own() AS name; GRANT SELECT ON prices TO PUBLIC")
    crm.do("RESET SESSION AUTHORIZATION")
    assert answer(crm, "SELECT crm.f()") == "hidden away"
    note = (
        f"{crm.database}: crm.f without SET search_path: who executes one and may make tables, temporary ones"
        f" too, could have it run something else as {crm.names['owner']}"
    )
    assert note in map_of(crm.url).access.rights.notes
    crm.do("ALTER FUNCTION crm.f SET search_path = crm, pg_temp")
    assert answer(crm, "SELECT crm.f()") is None
    assert note not in map_of(crm.url).access.rights.notes
