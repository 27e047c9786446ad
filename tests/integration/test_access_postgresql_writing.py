"""What PostgreSQL shows to those who may only write, by rules and triggers: read on the server, and told."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from access_worlds import World, world
from servers import postgres_url
from trapstreet.app.access import map_of
from trapstreet.core.model.rights import How, Level

__all__ = ["postgres_url"]

MADE = """
CREATE ROLE {owner}; CREATE ROLE {anna} LOGIN; CREATE ROLE {bert} LOGIN;
CREATE SCHEMA crm AUTHORIZATION {owner}; GRANT USAGE ON SCHEMA crm TO {anna};
SET ROLE {owner};
CREATE TABLE crm.customers (id int, note text); INSERT INTO crm.customers VALUES (7, 'hidden');
CREATE TABLE crm.inbox (id int, note text); INSERT INTO crm.inbox VALUES (8, 'own');
RESET ROLE
"""


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("owner", "anna", "bert")
        for statement in MADE.split(";\n"):
            made.do(statement)
        yield made


def nearest(crm: World, what: str, who: str = "anna") -> Any:
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", what))
    return access.nearest([each.name for each in access.rights.principals].index(crm.names[who]), number)


def answer(crm: World, statement: str, who: str = "anna") -> Any:
    """What somebody gets for a statement: rows, None for nothing; and nothing is changed."""
    try:
        with crm.connection.transaction(force_rollback=True):
            crm.do(f"SET LOCAL SESSION AUTHORIZATION {{{who}}}")
            cursor = crm.connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else None
    except psycopg.errors.InsufficientPrivilege:
        return None


def owned(crm: World, *statements: str) -> None:
    for each in statements:
        crm.do(each)
    crm.do("ALTER TABLE crm.inbox OWNER TO {owner}")


@pytest.mark.parametrize("beside", ["INSTEAD", "ALSO"])
@pytest.mark.parametrize(
    ("right", "statement"),
    [
        ("INSERT", "INSERT INTO crm.inbox VALUES (1)"),
        ("INSERT (note)", "INSERT INTO crm.inbox (note) VALUES ('x')"),
        ("UPDATE (id)", "UPDATE crm.inbox SET id = 1"),
        ("DELETE", "DELETE FROM crm.inbox"),
    ],
)
def test_a_rule_that_selects_answers_who_may_only_write(
    crm: World, right: str, statement: str, beside: str
) -> None:
    event = right.split()[0]
    crm.do(f"CREATE RULE answers AS ON {event} TO crm.inbox DO {beside} SELECT * FROM crm.customers")
    assert answer(crm, statement) is None
    assert nearest(crm, "customers") is None
    crm.do(f"GRANT {right} ON crm.inbox TO {{anna}}")
    assert (7, "hidden") in answer(crm, statement)
    found = nearest(crm, "customers")
    assert (found.how, found.sure, found.level) == (How.RULE, True, Level.AT_ONCE)
    assert found.way == (
        "USAGE on schema crm",
        f"{event} on table inbox",
        "a rule of table inbox shows customers",
    )
    assert nearest(crm, "customers", "bert") is None


def test_a_rule_shows_rows_of_what_it_is_on(crm: World) -> None:
    crm.do("CREATE RULE answers AS ON DELETE TO crm.inbox DO INSTEAD SELECT OLD.*")
    crm.do("GRANT DELETE ON crm.inbox TO {anna}")
    assert answer(crm, "SELECT * FROM crm.inbox") is None
    assert answer(crm, "DELETE FROM crm.inbox") == [(8, "own")]
    found = nearest(crm, "inbox")
    assert (found.how, found.sure) == (How.RULE, False)


def test_a_rule_reads_with_the_rights_of_the_owner_of_what_it_is_on(crm: World) -> None:
    crm.do("CREATE RULE answers AS ON INSERT TO crm.inbox DO INSTEAD SELECT * FROM crm.customers")
    crm.do("GRANT INSERT ON crm.inbox TO {anna}; ALTER TABLE crm.inbox OWNER TO {bert}")
    assert answer(crm, "INSERT INTO crm.inbox VALUES (1)") is None
    assert nearest(crm, "customers") is None
    crm.do("GRANT SELECT ON crm.customers TO {bert}")
    assert answer(crm, "INSERT INTO crm.inbox VALUES (1)") == [(7, "hidden")]
    assert nearest(crm, "customers").how == How.RULE


def test_a_rule_on_a_view_gives_back_what_the_view_does_not_show(crm: World) -> None:
    crm.do("CREATE VIEW crm.numbers AS SELECT id, ''::text AS note FROM crm.customers")
    crm.do("ALTER VIEW crm.numbers OWNER TO {owner}")
    crm.do(
        "CREATE RULE writes AS ON UPDATE TO crm.numbers DO INSTEAD UPDATE crm.customers SET id = NEW.id"
        " WHERE id = OLD.id RETURNING customers.id, customers.note"
    )
    crm.do("GRANT UPDATE, SELECT (id) ON crm.numbers TO {anna}")
    assert answer(crm, "SELECT note FROM crm.numbers") is None
    assert answer(crm, "UPDATE crm.numbers SET id = 7 RETURNING id") == [(7,)]
    crm.do("GRANT SELECT (note) ON crm.numbers TO {anna}")
    assert answer(crm, "SELECT note FROM crm.numbers") == [("",)]
    assert answer(crm, "UPDATE crm.numbers SET id = 7 RETURNING note") == [("hidden",)]
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", "customers"))
    assert [each.sure for each in access.doors_of(number) if each.how == How.RULE] == [False]


@pytest.mark.parametrize(
    "rule",
    [
        "ON INSERT TO crm.inbox DO INSTEAD INSERT INTO crm.customers VALUES (NEW.*)",
        "ON INSERT TO crm.inbox DO INSTEAD NOTHING",
        "ON INSERT TO crm.inbox DO INSTEAD (INSERT INTO crm.customers SELECT 1; DELETE FROM crm.customers)",
    ],
)
def test_a_rule_that_only_writes_shows_nothing(crm: World, rule: str) -> None:
    crm.do(f"CREATE RULE writes AS {rule}; GRANT INSERT ON crm.inbox TO {{anna}}")
    assert answer(crm, "INSERT INTO crm.inbox VALUES (1)") is None
    assert nearest(crm, "customers") is None


def test_a_rule_that_is_off_shows_nothing(crm: World) -> None:
    crm.do("CREATE RULE answers AS ON INSERT TO crm.inbox DO INSTEAD SELECT * FROM crm.customers")
    crm.do("ALTER TABLE crm.inbox DISABLE RULE answers; GRANT INSERT ON crm.inbox TO {anna}")
    assert answer(crm, "INSERT INTO crm.inbox VALUES (1)") is None
    assert nearest(crm, "customers") is None


def test_pg_write_all_data_writes_where_a_rule_answers_and_uses_every_schema(crm: World) -> None:
    crm.do("CREATE RULE answers AS ON INSERT TO crm.inbox DO INSTEAD SELECT id FROM crm.customers")
    crm.do("GRANT SELECT (note) ON crm.customers TO {bert}")
    assert answer(crm, "SELECT note FROM crm.customers", "bert") is None
    assert nearest(crm, "customers", "bert").how == How.STATISTICS
    crm.do("GRANT pg_write_all_data TO {bert}")
    assert answer(crm, "INSERT INTO crm.inbox VALUES (1)", "bert") == [(7,)]
    assert answer(crm, "SELECT note FROM crm.customers", "bert") == [("hidden",)]
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", "customers"))
    bert = 1 << [each.name for each in access.rights.principals].index(crm.names["bert"])
    assert {How.RULE, How.COLUMNS} <= {each.how for each in access.doors_of(number) if each.opens & bert}


def test_the_parts_of_a_table_that_a_rule_shows_are_shown_by_it(crm: World) -> None:
    crm.do(
        "CREATE TABLE crm.visits (id int) PARTITION BY RANGE (id); ALTER TABLE crm.visits OWNER TO {owner}"
    )
    crm.do("CREATE TABLE crm.visits_1 PARTITION OF crm.visits FOR VALUES FROM (0) TO (10)")
    crm.do("INSERT INTO crm.visits VALUES (1)")
    crm.do("CREATE RULE answers AS ON INSERT TO crm.inbox DO INSTEAD SELECT id FROM crm.visits")
    crm.do("GRANT INSERT ON crm.inbox TO {anna}")
    assert answer(crm, "INSERT INTO crm.inbox VALUES (1)") == [(1,)]
    assert nearest(crm, "visits_1").way == (
        "USAGE on the schemas of relations whose rules show table visits",
        "a right to write on relations whose rules show table visits",
        "table visits shows its parts",
    )


def test_who_may_make_triggers_perhaps_gets_the_rows_that_others_write(crm: World) -> None:
    crm.do("CREATE SCHEMA own AUTHORIZATION {anna}")
    crm.do("GRANT USAGE ON SCHEMA own TO {owner}; GRANT TRIGGER ON crm.customers TO {anna}")
    crm.do("SET SESSION AUTHORIZATION {anna}")
    crm.do("CREATE TABLE own.taken (note text)")
    crm.do(
        "CREATE FUNCTION own.take() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        " AS 'BEGIN INSERT INTO own.taken VALUES (NEW.note); RETURN NEW; END'"
    )
    crm.do("CREATE TRIGGER take BEFORE INSERT ON crm.customers FOR EACH ROW EXECUTE FUNCTION own.take()")
    crm.do("RESET SESSION AUTHORIZATION; SET SESSION AUTHORIZATION {owner}")
    crm.do("INSERT INTO crm.customers VALUES (9, 'just written'); RESET SESSION AUTHORIZATION")
    assert answer(crm, "SELECT note FROM crm.customers") is None
    assert answer(crm, "SELECT note FROM own.taken") == [("just written",)]
    found = nearest(crm, "customers")
    assert (found.how, found.sure, found.level) == (How.TRIGGER, False, Level.AT_ONCE)


@pytest.mark.parametrize(
    "uses",
    [
        "CREATE TRIGGER t BEFORE INSERT ON crm.customers FOR EACH ROW EXECUTE FUNCTION own.checks()",
        "ALTER TABLE crm.customers ADD CHECK (own.fine(note))",
        "CREATE INDEX ON crm.customers (own.fine(note))",
        "CREATE POLICY p ON crm.customers USING (own.fine(note))",
    ],
)
def test_whose_function_runs_with_rows_of_others_is_noted(crm: World, uses: str) -> None:
    crm.do("CREATE SCHEMA own AUTHORIZATION {bert}; GRANT USAGE ON SCHEMA own TO {owner}")
    crm.do("SET ROLE {bert}; CREATE TABLE own.taken (note text)")
    keeps = "BEGIN INSERT INTO own.taken VALUES ({}); RETURN {}; END"
    makes = "CREATE OR REPLACE FUNCTION own.checks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
    crm.do(f"{makes} 'BEGIN RETURN NEW; END'")
    fine = "CREATE FUNCTION own.fine(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'"
    crm.do(f"{fine}; RESET ROLE; {uses}")
    function = "checks" if "TRIGGER" in uses else "fine"
    notes = map_of(crm.url).access.rights.notes
    note = f"{crm.names['bert']} could change function {function}, which runs with rows of crm.customers"
    assert f"{crm.database}: {note}, and see them" in notes
    if function == "checks":
        crm.do(f"SET ROLE {{bert}}; {makes} '{keeps.format('NEW.note', 'NEW')}'; SET ROLE {{owner}}")
        crm.do("INSERT INTO crm.customers VALUES (9, 'just written'); RESET ROLE")
        assert answer(crm, "SELECT note FROM own.taken", "bert") == [("just written",)]


@pytest.mark.parametrize(
    ("uses", "what"),
    [
        ("CREATE VIEW crm.shown AS SELECT own.fine(note) FROM crm.customers", "crm.shown"),
        ("CREATE MATERIALIZED VIEW crm.copied AS SELECT own.fine(note) FROM crm.customers", "crm.copied"),
        (
            "CREATE RULE r AS ON INSERT TO crm.customers WHERE own.fine(NEW.note) DO INSTEAD NOTHING",
            "crm.customers",
        ),
        (
            (
                "CREATE OPERATOR own.### (FUNCTION = own.fine, RIGHTARG = text);"
                "CREATE VIEW crm.shown AS SELECT OPERATOR(own.###) note FROM crm.customers"
            ),
            "crm.shown",
        ),
        (
            (
                "CREATE AGGREGATE own.some(text) (sfunc = own.both, stype = text);"
                "CREATE VIEW crm.shown AS SELECT own.some(note) FROM crm.customers"
            ),
            "crm.shown",
        ),
        (
            (
                "CREATE FUNCTION crm.calls(text) RETURNS boolean LANGUAGE sql"
                " BEGIN ATOMIC SELECT own.fine($1); END;"
                "CREATE VIEW crm.shown AS SELECT crm.calls(note) FROM crm.customers"
            ),
            "crm.shown",
        ),
    ],
    ids=["view", "materialized view", "rule", "operator", "aggregate", "function"],
)
def test_whose_function_runs_with_rows_that_a_view_or_a_rule_hands_to_it_is_noted(
    crm: World, uses: str, what: str
) -> None:
    crm.do("CREATE SCHEMA own AUTHORIZATION {bert}; GRANT USAGE ON SCHEMA own TO {owner}; SET ROLE {bert}")
    crm.do("CREATE FUNCTION own.fine(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'")
    crm.do("CREATE FUNCTION own.both(text, text) RETURNS text LANGUAGE sql AS 'SELECT $2'; RESET ROLE")
    crm.do(uses)
    function = "both" if "sfunc" in uses else "fine"
    note = f"{crm.names['bert']} could change function {function}, which runs with rows of {what}"
    assert f"{crm.database}: {note}, and see them" in map_of(crm.url).access.rights.notes


def test_a_trigger_tells_nothing_to_who_may_not_use_the_schema_or_reads_all(crm: World) -> None:
    crm.do("GRANT TRIGGER ON crm.customers TO {bert}; GRANT ALL ON crm.customers TO {anna}")
    crm.do("SET SESSION AUTHORIZATION {bert}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        crm.do(
            "CREATE TRIGGER t BEFORE INSERT ON crm.customers"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        )
    crm.do("RESET SESSION AUTHORIZATION")
    assert nearest(crm, "customers", "bert") is None
    access = map_of(crm.url).access
    number = [each.path[1:] for each in access.rights.resources].index(("crm", "customers"))
    assert not [each for each in access.doors_of(number) if each.how == How.TRIGGER]
