"""What else than its name has a function of PostgreSQL run: used, and told."""

from collections.abc import Iterator
from typing import Any

import pytest

from access_worlds import World, world
from servers import postgres_15_url, postgres_url
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How

__all__ = ["postgres_15_url", "postgres_url"]

MADE = """
CREATE ROLE {owner}; CREATE ROLE {anna} LOGIN; CREATE ROLE {bert} LOGIN;
CREATE SCHEMA crm AUTHORIZATION {owner}; GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE SCHEMA hidden AUTHORIZATION {owner};
SET ROLE {owner};
CREATE TABLE crm.customers (name text); INSERT INTO crm.customers VALUES ('hidden away');
CREATE TABLE hidden.notes (name text); INSERT INTO hidden.notes VALUES ('hidden away');
CREATE TABLE crm.written (id int, name text);
CREATE FUNCTION hidden.d() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT name FROM crm.customers';
CREATE FUNCTION hidden.d(text) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT name FROM crm.customers';
CREATE FUNCTION hidden.d(text, int) RETURNS text LANGUAGE sql SECURITY DEFINER
    AS 'SELECT name FROM crm.customers';
CREATE FUNCTION hidden.fills() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    AS $$BEGIN SELECT name INTO NEW.name FROM crm.customers; RETURN NEW; END$$;
REVOKE EXECUTE ON FUNCTION hidden.fills FROM PUBLIC
"""

CALLERS = {
    "a body that is kept parsed": (
        "CREATE FUNCTION crm.g() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT hidden.d(); END",
        "SELECT crm.g()",
    ),
    "one that another one calls": (
        (
            "CREATE FUNCTION hidden.h() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT hidden.d(); END;"
            "CREATE FUNCTION crm.g() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT hidden.h(); END"
        ),
        "SELECT crm.g()",
    ),
    "the default of an argument": (
        "CREATE FUNCTION crm.g(a text DEFAULT hidden.d()) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "SELECT crm.g()",
    ),
    "an aggregate": (
        (
            "REVOKE EXECUTE ON FUNCTION hidden.d(text, int) FROM PUBLIC;"
            "CREATE AGGREGATE crm.agg(int) (sfunc = hidden.d, stype = text)"
        ),
        "SELECT crm.agg(1)",
    ),
    "an operator": (
        "CREATE OPERATOR crm.### (FUNCTION = hidden.d, RIGHTARG = text)",
        "SELECT OPERATOR(crm.###) 'x'::text",
    ),
    "an operator in a view": (
        (
            "CREATE OPERATOR hidden.### (FUNCTION = hidden.d, RIGHTARG = text);"
            "CREATE VIEW crm.v AS SELECT OPERATOR(hidden.###) 'x'::text; GRANT SELECT ON crm.v TO PUBLIC"
        ),
        "SELECT * FROM crm.v",
    ),
    "a function in a view that calls it": (
        (
            "CREATE FUNCTION hidden.h() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT hidden.d(); END;"
            "CREATE VIEW crm.v AS SELECT hidden.h(); GRANT SELECT ON crm.v TO PUBLIC"
        ),
        "SELECT * FROM crm.v",
    ),
    "a view of a materialized one": (
        (
            "CREATE MATERIALIZED VIEW hidden.m AS SELECT hidden.d();"
            "CREATE VIEW crm.v AS SELECT * FROM hidden.m; GRANT SELECT ON crm.v TO PUBLIC;"
            "REVOKE EXECUTE ON FUNCTION hidden.d() FROM PUBLIC"
        ),
        "SELECT * FROM crm.v",
    ),
    "the default of a column": (
        (
            "ALTER TABLE crm.written ALTER name SET DEFAULT hidden.d();"
            "GRANT INSERT, SELECT (name) ON crm.written TO PUBLIC"
        ),
        "INSERT INTO crm.written VALUES (1) RETURNING name",
    ),
    "a trigger, which asks nobody for EXECUTE": (
        (
            "CREATE TRIGGER t BEFORE INSERT ON crm.written FOR EACH ROW EXECUTE FUNCTION hidden.fills();"
            "GRANT INSERT, SELECT ON crm.written TO PUBLIC"
        ),
        "INSERT INTO crm.written VALUES (1) RETURNING name",
    ),
}


@pytest.fixture(params=["newest", "15"])
def crm(request: pytest.FixtureRequest, postgres_url: str, postgres_15_url: str) -> Iterator[World]:
    with world(postgres_url if request.param == "newest" else postgres_15_url) as made:
        made.named("owner", "anna", "bert")
        for statement in MADE.split(";\n"):
            made.do(statement)
        yield made


def nearest(crm: World, what: str, who: str = "anna", schema: str = "crm") -> Any:
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index((schema, what))
    return access.nearest([each.name for each in access.rights.principals].index(crm.names[who]), number)


def answer(crm: World, select: str) -> Any:
    """What anna gets as the first value."""
    crm.do("SET SESSION AUTHORIZATION {anna}")
    try:
        row = crm.connection.execute(select.encode()).fetchone()
        return row[0] if row else None
    finally:
        crm.do("RESET SESSION AUTHORIZATION")


@pytest.mark.parametrize("how", CALLERS)
def test_whatever_calls_a_function_that_runs_as_its_owner_needs_no_right_on_its_schema(
    crm: World, how: str
) -> None:
    made, select = CALLERS[how]
    assert nearest(crm, "customers") is None, "nobody may use the schema that the functions are in"
    crm.do(f"RESET ROLE; GRANT CREATE ON DATABASE {crm.database} TO {{owner}}; SET ROLE {{owner}}; {made}")
    crm.do("RESET ROLE")
    assert answer(crm, select) == "hidden away"
    found = nearest(crm, "customers")
    assert found
    assert (found.how, found.sure) == (How.FUNCTION, False)


def test_a_cast_runs_its_function_from_any_schema(crm: World) -> None:
    crm.do(
        "RESET ROLE; CREATE TYPE crm.kind AS (a int); ALTER TYPE crm.kind OWNER TO {owner}; SET ROLE {owner}"
    )
    crm.do(
        "CREATE FUNCTION hidden.c(crm.kind) RETURNS text LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT name FROM crm.customers'; CREATE CAST (crm.kind AS text) WITH FUNCTION hidden.c;"
        "RESET ROLE"
    )
    assert answer(crm, "SELECT row(1)::crm.kind::text") == "hidden away"
    assert nearest(crm, "customers")


def test_an_event_trigger_asks_nobody_for_execute(crm: World) -> None:
    crm.do(
        "RESET ROLE; CREATE FUNCTION hidden.tells() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER"
        " AS $$BEGIN RAISE NOTICE '%', (SELECT name FROM crm.customers); END$$;"
        "REVOKE EXECUTE ON FUNCTION hidden.tells FROM PUBLIC; ALTER FUNCTION hidden.tells OWNER TO {owner}"
    )
    assert nearest(crm, "customers") is None
    crm.do("CREATE EVENT TRIGGER told ON ddl_command_end EXECUTE FUNCTION hidden.tells()")
    heard: list[str | None] = []
    crm.connection.add_notice_handler(lambda notice: heard.append(notice.message_primary))
    crm.do("SET SESSION AUTHORIZATION {anna}; CREATE TEMPORARY TABLE own (); RESET SESSION AUTHORIZATION")
    assert heard == ["hidden away"]
    assert nearest(crm, "customers").how == How.FUNCTION
    crm.do("DROP EVENT TRIGGER told")


def test_who_may_not_execute_it_runs_it_by_nothing_that_asks_for_that(crm: World) -> None:
    crm.do("CREATE FUNCTION crm.g() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT hidden.d(); END")
    crm.do(
        "REVOKE EXECUTE ON FUNCTION hidden.d() FROM PUBLIC; GRANT EXECUTE ON FUNCTION hidden.d() TO {bert}"
    )
    crm.do("RESET ROLE")
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.g()") is None
    assert crm.rows_seen(crm.names["bert"], "SELECT crm.g()") == 1
    assert nearest(crm, "customers") is None
    assert nearest(crm, "customers", "bert")


def test_an_aggregate_whose_owner_may_not_run_its_function_shows_nothing(crm: World) -> None:
    crm.do("CREATE AGGREGATE crm.agg(int) (sfunc = hidden.d, stype = text)")
    crm.do("REVOKE EXECUTE ON FUNCTION hidden.d(text, int) FROM PUBLIC")
    crm.do("RESET ROLE; ALTER AGGREGATE crm.agg(int) OWNER TO {bert}")
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.agg(1)") is None
    assert nearest(crm, "customers") is None


def test_functions_that_a_parsed_body_calls_are_followed_as_those_of_a_text(crm: World) -> None:
    crm.do(
        "CREATE FUNCTION crm.helper() RETURNS SETOF text LANGUAGE sql AS 'SELECT name FROM crm.customers';"
        "CREATE FUNCTION crm.f() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER"
        " BEGIN ATOMIC SELECT crm.helper(); END; RESET ROLE"
    )
    assert answer(crm, "SELECT crm.f()") == "hidden away"
    assert nearest(crm, "customers").how == How.FUNCTION


def test_a_parsed_body_that_runs_as_its_caller_finds_tables_in_schemas_that_this_one_may_not_use(
    crm: World,
) -> None:
    """Row security keeps the statistics from anna: nothing else shows her the rows."""
    crm.do(
        "ALTER TABLE hidden.notes ENABLE ROW LEVEL SECURITY; CREATE POLICY all_ ON hidden.notes USING (true);"
        "CREATE VIEW hidden.shown AS SELECT name FROM crm.customers;"
        "CREATE FUNCTION crm.f() RETURNS SETOF text LANGUAGE sql"
        " BEGIN ATOMIC SELECT name FROM hidden.notes; END;"
        "CREATE FUNCTION crm.g() RETURNS SETOF text LANGUAGE sql"
        " BEGIN ATOMIC SELECT name FROM hidden.shown; END;"
        "RESET ROLE"
    )
    assert crm.rows_seen(crm.names["anna"], "SELECT crm.f()") is None
    assert nearest(crm, "notes", schema="hidden") is None
    crm.do("GRANT SELECT ON hidden.notes, hidden.shown TO {anna}")
    assert crm.rows_seen(crm.names["anna"], "SELECT * FROM hidden.notes") is None, "not by its name"
    assert answer(crm, "SELECT crm.f()") == "hidden away"
    assert answer(crm, "SELECT crm.g()") == "hidden away"
    found = nearest(crm, "notes", schema="hidden")
    assert (found.how, found.sure) == (How.FUNCTION, False)
    assert nearest(crm, "customers").how == How.FUNCTION
    assert nearest(crm, "notes", "bert", schema="hidden") is None
