"""What can be taken away in PostgreSQL: proved by past statements, and then tried with the very same ones."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from access_worlds import World, at_random, traps, world
from servers import postgres_15_url, postgres_url
from trapstreet.app.advising import Planned, Wish, advise
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change, Outcome
from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.plugins.changes import place_at
from trapstreet.plugins.changes._postgresql.probe import Person, ask, run, undone

__all__ = ["postgres_15_url", "postgres_url"]


@pytest.fixture(
    scope="module", params=["postgres_url", pytest.param("postgres_15_url", marks=pytest.mark.system)]
)
def server(request: pytest.FixtureRequest) -> str:
    """The server that comes with the tests; and one of version 15, whose memberships have no INHERIT."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture(scope="module")
def trapped(postgres_url: str) -> Iterator[World]:
    """Each test leaves it as it was."""
    with traps(postgres_url) as made:
        yield made


@pytest.fixture
def empty(server: str) -> Iterator[World]:
    with world(server) as made:
        yield made


def used(made: World, who: str, statement: str, *, times: int = 1, last: int = 2, on: str = "") -> PastUse:
    path = ((made.database, *on.split(".")),) if on else ()
    return PastUse(made.names.get(who, who), made.database, path, statement, "", (), times, 1, last)


def taken(made: World, planned: Planned) -> set[str]:
    """What would be taken away, with the names that the test gave."""
    said = set()
    for each in planned.advice.changes:
        text = each.says.replace(f"{made.database}.", "")
        for short, name in made.names.items():
            text = text.replace(name, short)
        said.add(text)
    return said


def why_of(planned: Planned) -> list[tuple[Outcome, str]]:
    return [(each.outcome, each.why) for each in planned.advice.proof.checked]


def whole_server(made: World) -> str:
    """All databases: memberships are judged, too."""
    return made.url.removesuffix(made.database)


def only(made: World, changes: Sequence[Change]) -> list[Change]:
    """Those that are this test's: other databases are on the server."""
    return [each for each in changes if made.database in each.on or each.of in made.names.values()]


def nothing(_: object) -> None:
    """Look and find nothing wrong."""


def test_what_somebody_used_stays_and_the_rest_goes(trapped: World) -> None:
    uses = [
        used(trapped, "anna", "SELECT * FROM crm.customers WHERE id = $1::int4", times=40_000),
        used(trapped, "eve", "SELECT * FROM crm.names", times=1_802),
        used(trapped, "carl", "SELECT email FROM crm.customers"),
    ]
    planned = advise(trapped.url, uses)
    proof = planned.advice.proof
    assert (proof.uses, proof.people, proof.blocked, proof.unproven) == (41_803, 3, (), ())
    assert planned.advice.largest
    away = taken(trapped, planned)
    assert {
        "SELECT on table crm.tickets from agents",
        "SELECT on materialized view crm.tickets_copy from PUBLIC",
        "SELECT (id) on table crm.customers from carl",
        "EXECUTE on function crm.count_secrets() from PUBLIC",
        "USAGE on schema crm from dora",
    } <= away
    assert (
        not {
            "SELECT on table crm.customers from agents",
            "SELECT on view crm.names from eve",
            "SELECT (email) on table crm.customers from carl",
            "USAGE on schema crm from eve",
            f"CONNECT on database {trapped.database} from PUBLIC",
        }
        & away
    )
    lost = {each.resource.path[-1]: each.lost for each in planned.moved}
    assert trapped.names["jane"] in lost["events"]
    assert not any(each.gained for each in planned.moved)


def test_nothing_is_changed_by_asking(trapped: World) -> None:
    with place_at(trapped.url) as place:
        before = place.standing()
    advise(trapped.url, [used(trapped, "anna", "SELECT * FROM crm.customers")])
    with place_at(trapped.url) as place:
        assert place.standing() == before


def test_who_acts_as_a_group_is_asked_for_as_that_group(trapped: World) -> None:
    uses = [used(trapped, "bert", "SELECT count(*) FROM crm.customers")]
    with place_at(whole_server(trapped)) as place:
        changes = only(trapped, place.changes())
        replay = place.replay(uses, changes)
        assert not replay.unproven
        named = {each.says.replace(trapped.names["bert"], "bert"): each for each in changes}
        member = next(each for says, each in named.items() if says.endswith(" from bert"))
        assert member.kind == "membership"
        assert replay.blocks(0, [member])
        assert member.key in replay.near(0)


def test_one_database_alone_says_nothing_of_memberships(trapped: World) -> None:
    with place_at(trapped.url) as place:
        assert not [each for each in place.changes() if each.kind == "membership"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_applying_on_random_rights_every_past_statement_runs_as_before(
    postgres_url: str, seed: int
) -> None:
    rng = random.Random(seed)
    with world(postgres_url) as made:
        tables = at_random(made, rng, roles=14, tables=16)
        uses, answers = _lived(made, rng, tables)
        with place_at(whole_server(made)) as place:
            before = place.standing()
            changes = only(made, place.changes())
            replay = place.replay(uses, changes)
            assert not replay.unproven
            from trapstreet.access.advice import largest_removal

            removal = largest_removal(changes, replay, {each.key: 1.0 for each in changes})
            assert removal.largest
            place.make(removal.changes, nothing)
            assert _seen(made, uses) == answers
            for key in removal.kept:
                beside = [each for each in changes if each.key == key]
                assert replay.blocked([*removal.changes, *beside]), f"{key} could go as well"
            place.take_back(removal.changes)
            assert place.standing() == before


Rows = list[tuple[Any, ...]]


def _lived(made: World, rng: random.Random, tables: list[str]) -> tuple[list[PastUse], list[Rows | None]]:
    """Statements that some roles run today, and the rows that they get."""
    uses, answers = [], []
    roles = [*made.names.values()]
    for _ in range(150):
        who, table = rng.choice(roles), rng.choice(tables)
        select = rng.choice((f"SELECT a FROM {table}", f"SELECT * FROM {table} WHERE a = 1"))
        rows = made.rows_for(who, select)
        if rows is not None:
            uses.append(PastUse(who, made.database, (), select, "", (), 1, 1, 2))
            answers.append(sorted(rows))
    return uses, answers


def _seen(made: World, uses: Sequence[PastUse]) -> list[Rows | None]:
    seen = (made.rows_for(each.who, each.statement) for each in uses)
    return [None if rows is None else sorted(rows) for rows in seen]


def test_a_right_is_asked_for_where_a_null_would_be_reckoned_away(empty: World) -> None:
    """With NULL for the value the condition is false, and nobody asks about the table in it."""
    empty.named("anna")
    empty.do("CREATE ROLE {anna} LOGIN; CREATE TABLE t (a int); CREATE TABLE secret (id int)")
    empty.do("GRANT SELECT ON t, secret TO {anna}")
    statement = "SELECT * FROM public.t WHERE a = {} AND a = (SELECT max(id) FROM public.secret)"
    with place_at(empty.url) as place:
        changes = place.changes()
        away = [each for each in changes if each.on[-1] == "secret"]
        replay = place.replay(
            [used(empty, "anna", statement.format("$1::int4")), used(empty, "anna", statement.format("7"))],
            changes,
        )
        assert [*replay.blocked(away)] == [0, 1]
    forward = [each for change in away for each in change.forward]
    with psycopg.connect(empty.url, autocommit=True) as connection, undone(connection, forward):
        run(connection, f"SET LOCAL ROLE {empty.names['anna']}")
        run(connection, f"EXPLAIN {statement.format('NULL')}")


def test_a_use_that_would_see_another_table_of_the_same_name_is_blocked(empty: World) -> None:
    empty.named("anna")
    empty.do(
        "CREATE ROLE {anna} LOGIN; CREATE SCHEMA crm; CREATE TABLE crm.t (a int); CREATE TABLE t (a int)"
    )
    empty.do("GRANT USAGE ON SCHEMA crm TO {anna}; GRANT SELECT ON crm.t, t TO {anna}")
    empty.do("ALTER ROLE {anna} SET search_path = crm, public")
    with place_at(empty.url) as place:
        changes = place.changes()
        usage = [each for each in changes if each.kind == "schema" and each.on[-1] == "crm"]
        replay = place.replay([used(empty, "anna", "SELECT a FROM t")], changes)
        assert replay.blocked(usage) == {0: "the same names would mean other tables"}


def test_a_table_that_the_log_names_is_looked_for_in_its_schema_too(empty: World) -> None:
    """A client may have set its own search path: what it then meant must pass, and what it usually means."""
    empty.named("anna")
    empty.do(
        "CREATE ROLE {anna} LOGIN; CREATE SCHEMA crm; CREATE TABLE crm.t (a int); CREATE TABLE t (a int)"
    )
    empty.do("CREATE TABLE crm.only (a int); GRANT USAGE ON SCHEMA crm TO {anna}")
    empty.do("GRANT SELECT ON crm.t, t, crm.only TO {anna}")
    uses = [
        used(empty, "anna", "SELECT a FROM t", on="crm.t"),
        used(empty, "anna", "SELECT a FROM only_", on="crm.only"),
        used(empty, "anna", 'SELECT a FROM "only"', on="crm.only"),
    ]
    with place_at(empty.url) as place:
        changes = place.changes()
        replay = place.replay(uses, changes)
        assert [*replay.unproven] == [1]
        by_table = {".".join(each.on[1:]): each for each in changes if len(each.on) == 3}
        assert [*replay.blocked([by_table["crm.t"]])] == [0]
        assert [*replay.blocked([by_table["public.t"]])] == [0]
        assert [*replay.blocked([by_table["crm.only"]])] == [1, 2], "what the log says that it read"


def test_a_use_that_row_security_would_leave_other_rows_is_blocked(empty: World) -> None:
    """A group's policy goes with its membership: no error, and fewer rows."""
    empty.named("agents", "anna")
    empty.do("CREATE ROLE {agents}; CREATE ROLE {anna} LOGIN IN ROLE {agents}; CREATE TABLE t (a int)")
    empty.do("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO {agents} USING (true)")
    empty.do("GRANT SELECT ON t TO {anna}; INSERT INTO t VALUES (1)")
    with place_at(whole_server(empty)) as place:
        member = [each for each in only(empty, place.changes()) if each.kind == "membership"]
        assert len(member) == 1
        replay = place.replay([used(empty, "anna", "SELECT a FROM t")], member)
        assert replay.blocked(member) == {0: "row security would leave it other rows"}


@pytest.mark.parametrize(
    "statement",
    ["SELECT a FROM {}", "UPDATE {} SET a = 1", "DO 'no values in it'"],
    ids=lambda each: each[:6],
)
def test_uses_of_tables_with_names_alike_are_each_asked_for(empty: World, statement: str) -> None:
    """What takes statements together must not take tables together: months, customers, schemas."""
    from pglast.parser import fingerprint

    empty.named("anna")
    tables = ["public.log_2024_10", "public.log_2025_11", "one.log", "two.log"]
    empty.do("CREATE ROLE {anna} LOGIN; CREATE SCHEMA one; CREATE SCHEMA two")
    empty.do("GRANT USAGE ON SCHEMA one, two TO {anna}")
    for each in tables:
        empty.do(f"CREATE TABLE {each} (a int); GRANT SELECT, UPDATE ON {each} TO {{anna}}")
    uses = [
        replace(used(empty, "anna", asked, on=each), fingerprint=fingerprint(asked))
        for each in tables
        for asked in [statement.replace("{}", each)]
    ]
    with place_at(empty.url) as place:
        changes = place.changes()
        replay = place.replay(uses, changes)
        for number, each in enumerate(tables):
            away = [change for change in changes if ".".join(change.on[1:]) == each]
            assert [*replay.blocked(away)] == [number]


UNSEEN = {
    "a function": ("SELECT peek()", ""),
    "an operator": ("SELECT 1 ?? 2", ""),
    "a view over a function": ("SELECT * FROM peeks", ""),
    "a trigger": ("INSERT INTO noted VALUES (1)", ""),
    "a call": ("CALL peeking()", ""),
    "SQL in a text": ("SELECT query_to_xml('SELECT a FROM t', true, true, '')", ""),
    "a block": ("DO ''", "public.t"),
    "nothing readable": ("SELEKT", "public.t"),
    "no statement": ("", "public.t"),
}


@pytest.fixture(scope="module")
def unseen(server: str) -> Iterator[World]:
    with world(server) as made:
        made.named("anna")
        made.do("CREATE ROLE {anna} LOGIN; CREATE TABLE t (a int); CREATE TABLE other (a int)")
        made.do("CREATE TABLE noted (a int); CREATE TABLE plain (a int)")
        made.do("GRANT SELECT, INSERT ON t, other, noted, plain TO {anna}")
        made.do(
            "CREATE FUNCTION peek() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT 1 FROM t); END'"
        )
        made.do("CREATE FUNCTION pair(int, int) RETURNS int LANGUAGE sql AS 'SELECT peek()'")
        made.do("CREATE OPERATOR ?? (FUNCTION = pair, LEFTARG = int, RIGHTARG = int)")
        made.do("CREATE VIEW peeks AS SELECT peek() AS a; GRANT SELECT ON peeks TO {anna}")
        made.do("CREATE PROCEDURE peeking() LANGUAGE sql AS 'SELECT peek()'")
        made.do(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN INSERT INTO t VALUES (1); RETURN NEW; END'"
        )
        made.do("CREATE TRIGGER noting BEFORE INSERT ON noted FOR EACH ROW EXECUTE FUNCTION note()")
        made.do(
            "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a := 1; RETURN NEW; END'"
        )
        made.do("CREATE TRIGGER stamping BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION stamp()")
        yield made


@pytest.mark.parametrize("what", UNSEEN)
def test_what_explain_does_not_look_into_is_not_proved_and_keeps_its_rights(unseen: World, what: str) -> None:
    statement, on = UNSEEN[what]
    with place_at(unseen.url) as place:
        changes = place.changes()
        replay = place.replay([used(unseen, "anna", statement, on=on)], changes)
        assert replay.unproven[0]
        assert not replay.blocked([each for each in changes if each.on[-1] == "other"])
        on_t = [each for each in changes if each.on[-1] == "t"]
        assert on_t
        if what != "SQL in a text":
            assert replay.blocked(on_t), "what it names is left as it is"


def test_rights_of_a_group_that_an_unseen_use_may_have_acted_as_stay(empty: World) -> None:
    empty.named("agents", "bert")
    empty.do(
        "CREATE ROLE {agents}; CREATE ROLE {bert} LOGIN NOINHERIT IN ROLE {agents}; CREATE TABLE t (a int)"
    )
    empty.do("GRANT SELECT ON t TO {agents}")
    with place_at(empty.url) as place:
        changes = place.changes()
        replay = place.replay([used(empty, "bert", "DO ''", on="public.t")], changes)
        assert replay.unproven
        assert replay.blocked([each for each in changes if each.on[-1] == "t"])


def test_a_trigger_that_touches_no_table_stands_in_no_ones_way(unseen: World) -> None:
    with place_at(unseen.url) as place:
        replay = place.replay([used(unseen, "anna", "INSERT INTO plain VALUES (1)")], place.changes())
        assert not replay.unproven


STATEMENTS = [
    "SELECT name, $1 FROM crm.customers WHERE id IN ($2::int4, $3::int4) GROUP BY 1 ORDER BY 1 LIMIT $4",
    "SELECT date_trunc($1, now()), count(*) FROM crm.customers GROUP BY date_trunc($1, now())",
    "SELECT * FROM crm.customers WHERE name = $1 OR id = $1",
    "SELECT $1 IS NULL, name FROM crm.customers",
    "SELECT name || $1 || $2 FROM crm.customers ORDER BY id DESC OFFSET $3",
    "SELECT now() - $1::interval, $2 + id, $3::int4 + $4::int4 FROM crm.customers",
    "SELECT * FROM crm.customers WHERE id = ANY($1) AND name LIKE $2 AND email ILIKE $3",
    "SELECT * FROM crm.customers c JOIN LATERAL (SELECT 1 WHERE c.id > 3) x ON true",
    "WITH a AS (SELECT id FROM crm.customers WHERE id > 5) SELECT * FROM a WHERE id < 9",
    "SELECT CASE WHEN id > 5 THEN 'x' ELSE 'y' END, id::varchar(10) FROM crm.customers",
    "SELECT row_number() OVER (ORDER BY id ROWS 5 PRECEDING) FROM crm.customers",
    "SELECT * FROM crm.customers WHERE (id, name) IN ((1, 'a'), (2, 'b'))",
    "COPY crm.customers (id, name) TO STDOUT",
    "COPY (SELECT id FROM crm.customers WHERE name = 'x') TO STDOUT",
    "DECLARE c CURSOR FOR SELECT * FROM crm.customers WHERE id > 3",
    "PREPARE p AS SELECT * FROM crm.customers WHERE id = $1",
    "EXPLAIN SELECT * FROM crm.customers",
    "SELECT * FROM crm.customers TABLESAMPLE bernoulli (10)",
    "SELECT jsonb_build_object('id', id, 'a', ARRAY[1, 2]) FROM crm.customers",
    "SELECT extract(year FROM now()), substring(name FROM 1 FOR 2) FROM crm.customers",
    "SELECT * FROM crm.customers WHERE name BETWEEN 'a' AND 'b' UNION ALL SELECT 1, 'x', NULL",
    "SELECT count(*) FILTER (WHERE id > 3), string_agg(name, ',') FROM crm.customers HAVING count(*) > 2",
]


def test_real_statements_of_many_shapes_can_be_checked(trapped: World) -> None:
    uses = [used(trapped, "anna", each) for each in STATEMENTS]
    with place_at(trapped.url) as place:
        changes = place.changes()
        replay = place.replay(uses, changes)
        assert replay.unproven == {}
        away = [each for each in changes if each.on[-1] == "customers" and each.of == trapped.names["agents"]]
        there = [n for n, each in enumerate(STATEMENTS) if "customers" in each]
        assert [*replay.blocked(away)] == there


@pytest.mark.parametrize(
    "statement", ["BEGIN", "SET search_path TO DEFAULT", "FETCH 10 FROM c", "CLOSE c", "DISCARD ALL"]
)
def test_statements_that_need_no_right_pass(trapped: World, statement: str) -> None:
    planned = advise(trapped.url, [used(trapped, "anna", statement)])
    assert why_of(planned) == [(Outcome.PASSES, "")]


def test_set_role_needs_the_membership(trapped: World) -> None:
    agents = trapped.names["agents"]
    with place_at(whole_server(trapped)) as place:
        changes = only(trapped, place.changes())
        replay = place.replay([used(trapped, "bert", f"SET ROLE {agents}")], changes)
        assert not replay.unproven
        mine = [each for each in changes if each.kind == "membership" and each.of == trapped.names["bert"]]
        assert replay.blocked(mine) == {0: f"may not SET ROLE {agents}"}


CANNOT = [
    ("dora", "SELECT * FROM crm.customers", "it may not do that today either"),
    ("anna", "SELECT * FROM crm.gone", "it fails today"),
    ("nobody", "SELECT 1", "there is no such role any more"),
    ("anna", "SELECT 1; SELECT 2", "the statement cannot be read"),
]


@pytest.mark.parametrize(("who", "statement", "why"), CANNOT)
def test_what_fails_today_already_is_not_blamed_on_the_change(
    trapped: World, who: str, statement: str, why: str
) -> None:
    found = why_of(advise(trapped.url, [used(trapped, who, statement)]))
    assert found[0][0] == Outcome.UNPROVEN
    assert found[0][1].startswith(why)


def test_a_use_in_a_database_that_is_gone_is_not_proved(trapped: World) -> None:
    use = replace(used(trapped, "anna", "SELECT 1"), database="gone")
    with place_at(whole_server(trapped)) as place:
        assert place.covers(use)
        assert place.replay([use], []).unproven == {0: "database gone was not looked at"}


@pytest.mark.parametrize(
    ("who", "statement", "proved"),
    [
        ("root", "SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d, pg_catalog.pg_class c", True),
        ("root", "SELECT * FROM customers", False),
        ("root", "SELECT theirs() FROM pg_class", False),
        ("root", "SELECT query_to_xml('TABLE customers', true, true, '')", False),
        ("owner", "SELECT oid FROM pg_class", False),
    ],
)
def test_a_superuser_s_look_at_the_catalogue_of_a_database_that_is_not_looked_at_is_proved(
    empty: World, who: str, statement: str, proved: bool
) -> None:
    empty.named("owner", "root")
    empty.do("CREATE ROLE {owner} LOGIN; CREATE ROLE {root} SUPERUSER")
    use = replace(used(empty, who, statement), database="template1")
    with place_at(whole_server(empty)) as place:
        assert (place.replay([use], []).unproven == {}) == proved


def test_a_use_in_a_database_that_is_gone_stands_in_no_membership_s_way(trapped: World) -> None:
    use = replace(used(trapped, "anna", "SELECT 1"), database="gone")
    with place_at(whole_server(trapped)) as place:
        changes = only(trapped, place.changes())
        assert any(each.kind == "membership" for each in changes)
        assert place.replay([use], changes).blocked(changes) == {}


@pytest.mark.parametrize("statement", ["COPY t TO STDOUT", "DO 'BEGIN END'", "", "SELECT 1; SELECT 2"])
def test_a_superuser_s_use_needs_no_right_unless_something_is_read_in_anothers_name(
    empty: World, statement: str
) -> None:
    empty.named("owner", "root")
    empty.do("CREATE ROLE {owner}; CREATE ROLE {root} SUPERUSER; CREATE TABLE t (a int)")
    uses = [used(empty, "root", statement)]
    with place_at(empty.url) as place:
        assert place.replay(uses, []).unproven == {}
    empty.do("CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v OWNER TO {owner}")
    with place_at(empty.url) as place:
        assert bool(place.replay(uses, []).unproven) == ("COPY" not in statement)


def test_a_locked_table_is_not_waited_for_and_nothing_is_said_of_it(trapped: World) -> None:
    with psycopg.connect(trapped.url) as other:
        other.execute("LOCK TABLE crm.customers IN ACCESS EXCLUSIVE MODE")
        with place_at(trapped.url) as place:
            replay = place.replay([used(trapped, "anna", "SELECT * FROM crm.customers")], [])
        other.rollback()
    assert replay.unproven == {0: "the server could not answer in time"}


def test_while_it_is_asked_no_table_is_locked_against_anybody(trapped: World) -> None:
    with place_at(trapped.url) as place:
        statements = [each for change in place.changes() for each in change.forward]
    anna = Person(trapped.names["anna"], trapped.names["anna"], "")
    with psycopg.connect(trapped.url, autocommit=True) as connection, undone(connection, statements):
        ask(connection, "SELECT * FROM crm.customers", anna)
        locks = trapped.connection.execute(
            "SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE l.pid = %s AND n.nspname NOT LIKE 'pg\\_%%'",
            (connection.info.backend_pid,),
        ).fetchall()
        with psycopg.connect(trapped.url) as other:
            other.execute("SET lock_timeout = '500ms'")
            other.execute("SELECT * FROM crm.customers")
            other.execute("INSERT INTO crm.customers VALUES (99, 'n', 'n')")
            other.rollback()
    assert {mode for _, mode in locks} <= {"AccessShareLock"}


def test_uses_are_asked_for_without_being_run_and_without_writing(trapped: World) -> None:
    owner = trapped.names["owner"]
    uses = [
        used(trapped, owner, "DELETE FROM crm.customers"),
        used(trapped, owner, "SELECT count(*) FROM crm.customers"),
    ]
    planned = advise(trapped.url, uses)
    assert not planned.advice.proof.unproven
    assert trapped.rows_seen(owner, "SELECT * FROM crm.customers") == 10


def test_a_login_that_may_not_act_as_somebody_says_so(trapped: World) -> None:
    carl = trapped.names["carl"]
    with place_at(trapped.url.replace("postgres@", f"{carl}@")) as place:
        replay = place.replay([used(trapped, "anna", "SELECT * FROM crm.customers")], [])
        assert replay.unproven == {0: "this login may not act as that role: log in as one that may"}
        assert place.changes() == []


GRANTED_ON = """
CREATE ROLE {a} LOGIN; CREATE ROLE {b} LOGIN; CREATE ROLE {c} LOGIN; CREATE ROLE {own} LOGIN;
CREATE TABLE t (x int, y int); ALTER TABLE t OWNER TO {own};
GRANT SELECT ON t TO {a} WITH GRANT OPTION;
SET ROLE {a}; GRANT SELECT ON t TO {b} WITH GRANT OPTION; RESET ROLE;
SET ROLE {b}; GRANT SELECT (x) ON t TO {c}; GRANT SELECT ON t TO PUBLIC; RESET ROLE;
SET ROLE {own}; GRANT SELECT (x, y), UPDATE (y) ON t TO {c} WITH GRANT OPTION; GRANT SELECT ON t TO {c};
GRANT INSERT ON t TO {c} WITH GRANT OPTION; RESET ROLE
"""


@pytest.fixture
def granted_on(empty: World) -> World:
    empty.named("a", "b", "c", "own")
    for statement in GRANTED_ON.split(";"):
        empty.do(statement)
    return empty


def test_rights_that_were_given_on_go_and_come_back_with_their_givers(granted_on: World) -> None:
    with place_at(granted_on.url) as place:
        before = place.standing()
        changes = [each for each in place.changes() if each.on[-1] == "t"]
        assert len(changes) == 9
        assert {each.of for each in changes} == {granted_on.names[each] for each in "abc"} | {"PUBLIC"}
        place.make(changes, nothing)
        assert granted_on.rows_seen(granted_on.names["c"], "SELECT x FROM t") is None
        place.take_back(changes)
        assert place.standing() == before
    assert granted_on.rows_seen(granted_on.names["c"], "SELECT x FROM t") == 0


def test_each_right_goes_alone_with_those_that_hang_on_it_and_no_other(granted_on: World) -> None:
    with place_at(granted_on.url) as place:
        before = place.standing()
        for change in place.changes():
            if change.on[-1] == "t" and not change.rests:
                place.make([change], nothing)
                gone = {*before[granted_on.database]} - {*place.standing()[granted_on.database]}
                assert gone == {change.key.removeprefix(f"{granted_on.database} ")}
                place.take_back([change])
                assert place.standing() == before


def test_a_right_stays_where_somebody_needs_one_that_was_given_on_by_it(granted_on: World) -> None:
    planned = advise(granted_on.url, [used(granted_on, "c", "SELECT x FROM t")], wish=Wish())
    away = taken(granted_on, planned)
    assert "SELECT on table public.t from PUBLIC" in away
    assert planned.advice.largest


def test_rights_on_tables_to_come_go_only_where_nobody_needs_those_that_are_there(empty: World) -> None:
    empty.named("anna", "bert", "own")
    for statement in COMING.split(";"):
        empty.do(statement)
    use = used(empty, "anna", "SELECT * FROM s.t")
    with place_at(empty.url) as place:
        before = place.standing()
    planned = advise(empty.url, [use])
    away = taken(empty, planned)
    assert "SELECT on tables to come in s from bert" in away
    assert not {"SELECT on tables to come in s from anna", "INSERT on tables to come in s from anna"} & away
    with place_at(empty.url) as place:
        place.make(planned.advice.changes, nothing)
        empty.do("SET ROLE {own}; CREATE TABLE s.new (a int); RESET ROLE")
        assert empty.rows_seen(empty.names["anna"], "SELECT * FROM s.new") == 0
        assert empty.rows_seen(empty.names["bert"], "SELECT * FROM s.new") is None
        empty.do("DROP TABLE s.new")
        place.take_back(planned.advice.changes)
        assert place.standing() == before


COMING = """
CREATE ROLE {anna} LOGIN; CREATE ROLE {bert} LOGIN; CREATE ROLE {own}; CREATE SCHEMA s AUTHORIZATION {own};
GRANT USAGE ON SCHEMA s TO {anna}, {bert}; SET ROLE {own};
ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO {anna};
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {bert} WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO {bert};
CREATE TABLE s.t (a int); CREATE TABLE s.u (a int); RESET ROLE;
ALTER DEFAULT PRIVILEGES FOR ROLE {own} IN SCHEMA s GRANT INSERT ON TABLES TO {anna}
"""


def test_what_was_last_used_long_ago_may_go_and_is_told(trapped: World) -> None:
    uses = [
        used(trapped, "anna", "SELECT * FROM crm.customers", last=5_000),
        used(trapped, "eve", "SELECT * FROM crm.names", last=1_000, times=7),
    ]
    planned = advise(trapped.url, uses, wish=Wish(since=2_000))
    assert "SELECT on view crm.names from eve" in taken(trapped, planned)
    assert planned.advice.proof.uses == 1
    assert [(each.use.who, each.use.times) for each in planned.advice.older.blocked] == [
        (trapped.names["eve"], 7)
    ]


def test_one_roles_rights_alone_can_be_looked_at(trapped: World) -> None:
    uses = [used(trapped, "anna", "SELECT * FROM crm.customers")]
    planned = advise(trapped.url, uses, wish=Wish(role=trapped.names["dora"]))
    assert {each.of for each in planned.advice.changes} == {trapped.names["dora"]}
    with pytest.raises(UnusableInput, match="nobody is called"):
        advise(trapped.url, uses, wish=Wish(role="nobody"))


def test_without_any_past_use_nothing_is_advised(trapped: World) -> None:
    with pytest.raises(UnusableInput, match="no past use is known"):
        advise(trapped.url, [])


def test_what_was_made_in_one_database_is_given_back_if_another_one_fails(empty: World, server: str) -> None:
    empty.named("anna")
    empty.do("CREATE ROLE {anna} LOGIN; CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}")
    seen = []

    def look(connection: psycopg.Connection[object]) -> None:
        seen.append(connection.info.dbname)
        if len(seen) == 2:
            raise UnusableInput("not here")

    with world(server) as second:
        second.do(f"CREATE TABLE t (a int); GRANT SELECT ON t TO {empty.names['anna']}")
        with place_at(whole_server(empty)) as place:
            before = place.standing()
            changes = [each for each in place.changes() if each.of == empty.names["anna"]]
            assert {each.database for each in changes} == {empty.database, second.database}
            with pytest.raises(TrapstreetError, match="not here"):
                place.make(changes, look)
            assert len(seen) == 2
            assert place.standing() == before
        second.do(f"REVOKE ALL ON t FROM {empty.names['anna']}")


def test_a_change_that_its_beholder_does_not_like_is_not_made(trapped: World) -> None:
    def dislike(_: object) -> None:
        raise UnusableInput("not what was planned")

    with place_at(trapped.url) as place:
        before = place.standing()
        changes = place.changes()
        with pytest.raises(TrapstreetError, match="not what was planned"):
            place.make(changes, dislike)
        assert place.standing() == before


def test_memberships_go_and_come_back_and_are_needed_to_act_as_a_group(empty: World) -> None:
    empty.named("agents", "anna", "bert", "lead")
    empty.do("CREATE ROLE {agents}; CREATE ROLE {lead} LOGIN; CREATE ROLE {anna} LOGIN")
    empty.do("CREATE ROLE {bert} LOGIN NOINHERIT; GRANT {agents} TO {lead} WITH ADMIN OPTION")
    empty.do("SET ROLE {lead}; GRANT {agents} TO {anna}, {bert}; RESET ROLE")
    empty.do("CREATE TABLE t (a int); GRANT SELECT ON t TO {agents}")
    with place_at(whole_server(empty)) as place:
        before = place.standing()
        changes = [each for each in only(empty, place.changes()) if each.kind == "membership"]
        anna, bert = ([each for each in changes if each.of == empty.names[who]] for who in ("anna", "bert"))
        assert len(changes) == 3
        replay = place.replay([used(empty, "bert", "SELECT a FROM t")], changes)
        assert not replay.unproven
        assert replay.blocked(bert)
        assert not replay.blocked(anna)
        place.make(anna, nothing)
        assert empty.rows_seen(empty.names["anna"], "SELECT a FROM t") is None
        place.take_back(anna)
        assert place.standing() == before
