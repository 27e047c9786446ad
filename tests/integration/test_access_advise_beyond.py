"""What EXPLAIN does not ask for and a past use needs in PostgreSQL; each right is taken away, too, to see."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from access_worlds import World, world
from servers import postgres_15_url, postgres_url
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change
from trapstreet.plugins.changes import place_at

__all__ = ["postgres_15_url", "postgres_url"]


@pytest.fixture(
    scope="module", params=["postgres_url", pytest.param("postgres_15_url", marks=pytest.mark.system)]
)
def server(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def empty(server: str) -> Iterator[World]:
    with world(server) as made:
        made.named("anna", "agents", "own", "boss")
        made.do(
            "CREATE ROLE {agents}; CREATE ROLE {anna} LOGIN; CREATE ROLE {own}; CREATE ROLE {boss} SUPERUSER"
        )
        yield made


@dataclass(frozen=True)
class Case:
    """Something made, what somebody then did, and the one right without which the last of it fails.

    of, on  whose right, and what it is on: by the names that the test gives
    """

    made: str
    did: tuple[str, ...]
    of: str
    on: str
    who: str = "anna"


MEMBER = "GRANT {agents} TO {anna};"
SCHEMA = "CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO PUBLIC;"
NOTING = """CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN INSERT INTO noted VALUES (1); RETURN NEW; END';
    CREATE TRIGGER noting AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();"""
WRITING = """CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql
    AS 'BEGIN INSERT INTO t VALUES (1); RETURN 1; END';"""
NOT_EXPLAINED = {
    "the right of a group that somebody acts as, who has it too": Case(
        MEMBER + "CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}, {agents}",
        ("SET ROLE {agents}", "SELECT a FROM t"),
        "agents",
        "t",
    ),
    "the right of an account that a superuser acts as": Case(
        "CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}",
        ("SET SESSION AUTHORIZATION {anna}", "SELECT a FROM t"),
        "anna",
        "t",
        who="boss",
    ),
    "a sequence behind a column, by a group": Case(
        MEMBER + "CREATE TABLE t (id serial, a int); GRANT INSERT ON t TO {anna};"
        "GRANT USAGE ON SEQUENCE t_id_seq TO {agents}",
        ("INSERT INTO t (a) VALUES (1)",),
        "anna",
        "agents",
    ),
    "a policy for what is written, by a group": Case(
        MEMBER
        + "CREATE TABLE t (a int); GRANT INSERT ON t TO {anna}; ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON t FOR INSERT TO {agents} WITH CHECK (a > 0)",
        ("INSERT INTO t VALUES (1)",),
        "anna",
        "agents",
    ),
    "the schema that a foreign key's owner looks into": Case(
        SCHEMA
        + "CREATE TABLE s.t (id int PRIMARY KEY); INSERT INTO s.t VALUES (1); ALTER TABLE s.t OWNER TO {own};"
        "CREATE TABLE refers (t int REFERENCES s.t); GRANT INSERT ON refers TO {anna}",
        ("INSERT INTO refers VALUES (1)",),
        "PUBLIC",
        "s",
    ),
    "the schema in which rows are deleted that refer to one": Case(
        SCHEMA + "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);"
        "CREATE TABLE s.refers (t int REFERENCES t ON DELETE CASCADE); ALTER TABLE s.refers OWNER TO {own};"
        "GRANT SELECT, DELETE ON t TO {anna}",
        ("DELETE FROM t WHERE id = 1",),
        "PUBLIC",
        "s",
    ),
    "a function in an index": Case(
        "CREATE TABLE t (a int); GRANT INSERT ON t TO {anna}; CREATE FUNCTION f(int) RETURNS int IMMUTABLE"
        " LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN $1; END'; CREATE INDEX ON t (f(a))",
        ("INSERT INTO t VALUES (1)",),
        "PUBLIC",
        "f(integer)",
    ),
    "a function in a check": Case(
        "CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql SECURITY DEFINER"
        " AS 'BEGIN RETURN $1; END'; CREATE TABLE t (a int CHECK (f(a) > 0)); GRANT INSERT ON t TO {anna}",
        ("INSERT INTO t VALUES (1)",),
        "PUBLIC",
        "f(integer)",
    ),
    "the schema of a sequence that is named in a text": Case(
        SCHEMA + "CREATE SEQUENCE s.numbers; GRANT USAGE ON SEQUENCE s.numbers TO {anna}",
        ("SELECT nextval('s.numbers')",),
        "PUBLIC",
        "s",
    ),
    "the schema of a table that is named in a text": Case(
        SCHEMA + "CREATE TABLE s.t (a int)", ("SELECT 's.t'::regclass::text",), "PUBLIC", "s"
    ),
    "a schema in which a group may make tables": Case(
        MEMBER + "CREATE SCHEMA s; GRANT CREATE ON SCHEMA s TO {agents}",
        ("CREATE TABLE s.own AS SELECT 1 AS a",),
        "anna",
        "agents",
    ),
    "a view that asks who is in which group": Case(
        MEMBER + "CREATE TABLE t (a int); INSERT INTO t VALUES (1);"
        "CREATE VIEW v AS SELECT a FROM t WHERE pg_has_role(current_user, '{agents}', 'USAGE');"
        "GRANT SELECT ON v TO {anna}",
        ("SELECT a FROM v",),
        "anna",
        "agents",
    ),
    "a policy of a table in parts, of which the value names none": Case(
        MEMBER + "CREATE TABLE t (a int) PARTITION BY RANGE (a);"
        "CREATE TABLE part PARTITION OF t FOR VALUES FROM (0) TO (9); INSERT INTO t VALUES (1);"
        "CREATE TABLE other PARTITION OF t FOR VALUES FROM (9) TO (99);"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON t TO {anna};"
        "CREATE POLICY mine ON t TO {anna} USING (a > 5);"
        "CREATE POLICY whole ON t TO {agents} USING (true)",
        ("SELECT a FROM t WHERE a < 5",),
        "anna",
        "agents",
    ),
    "a table in a function's text, in capitals": Case(
        "CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}; CREATE FUNCTION f() RETURNS bigint"
        " LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT COUNT(*) FROM PUBLIC.T); END'",
        ("SELECT f()",),
        "anna",
        "t",
    ),
    "a table in a function's text, with a space": Case(
        'CREATE TABLE "two words" (a int); GRANT SELECT ON "two words" TO {anna}; CREATE FUNCTION f()'
        """ RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM "two words"); END'""",
        ("SELECT f()",),
        "anna",
        "two words",
    ),
    "the last step of an aggregate": Case(
        "CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}; CREATE FUNCTION last(int) RETURNS int"
        " LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM t); END';"
        "CREATE AGGREGATE counted(int) (SFUNC = int4pl, STYPE = int, FINALFUNC = last)",
        ("SELECT counted(1)",),
        "anna",
        "t",
    ),
    "the check of a domain": Case(
        "CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}; CREATE FUNCTION f(int) RETURNS bool"
        " LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM t) = 0; END';"
        "CREATE DOMAIN small AS int CHECK (f(VALUE))",
        ("SELECT 5::small",),
        "anna",
        "t",
    ),
    "a cast": Case(
        "CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}; CREATE TYPE pair AS (x int);"
        "CREATE FUNCTION f(pair) RETURNS int LANGUAGE plpgsql"
        " AS 'BEGIN RETURN (SELECT count(*) FROM t); END'; CREATE CAST (pair AS int) WITH FUNCTION f(pair)",
        ("SELECT ROW(1)::pair::int",),
        "anna",
        "t",
    ),
    "the trigger of a part": Case(
        "CREATE TABLE noted (a int); GRANT INSERT ON noted TO {anna};"
        "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE part PARTITION OF t DEFAULT;"
        "GRANT INSERT ON t TO {anna}; CREATE FUNCTION note() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN INSERT INTO noted VALUES (1); RETURN NEW; END';"
        "CREATE TRIGGER noting AFTER INSERT ON part FOR EACH ROW EXECUTE FUNCTION note()",
        ("INSERT INTO t VALUES (1)",),
        "anna",
        "noted",
    ),
    "the group that owns a copy": Case(
        MEMBER + "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; ALTER MATERIALIZED VIEW m OWNER TO {agents}",
        ("REFRESH MATERIALIZED VIEW m",),
        "anna",
        "agents",
    ),
    "the group that may make schemas": Case(
        MEMBER + "GRANT CREATE ON DATABASE {database} TO {agents}", ("CREATE SCHEMA new",), "anna", "agents"
    ),
    "a right that is given on": Case(
        "CREATE TABLE t (a int); GRANT SELECT ON t TO {anna} WITH GRANT OPTION",
        ("GRANT SELECT ON t TO {own}",),
        "anna",
        "t",
    ),
    "a table of a name that a session's own search path finds": Case(
        SCHEMA + "CREATE TABLE s.t (a int); CREATE TABLE t (b int); GRANT SELECT ON s.t, t TO {anna}",
        ("SET search_path TO s", "SELECT * FROM t"),
        "anna",
        "s.t",
    ),
    "the trigger of a table that a function writes to": Case(
        "CREATE TABLE t (a int); CREATE TABLE noted (a int); GRANT INSERT ON t, noted TO {anna};"
        + NOTING
        + WRITING,
        ("SELECT f()",),
        "anna",
        "noted",
    ),
    "the trigger of a table that another trigger writes to": Case(
        "CREATE TABLE t (a int); CREATE TABLE noted (a int); CREATE TABLE first (a int);"
        "GRANT INSERT ON first, t, noted TO {anna};"
        + NOTING
        + "CREATE FUNCTION pass_on() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN INSERT INTO t VALUES (1); RETURN NEW; END';"
        "CREATE TRIGGER passing AFTER INSERT ON first FOR EACH ROW EXECUTE FUNCTION pass_on()",
        ("INSERT INTO first VALUES (1)",),
        "anna",
        "noted",
    ),
    "the check of a table that a function writes to": Case(
        "CREATE TABLE known (a int); GRANT SELECT ON known TO {anna}; CREATE FUNCTION fits(int) RETURNS bool"
        " LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM known) = 0; END';"
        "CREATE TABLE t (a int CHECK (fits(a))); GRANT INSERT ON t TO {anna};" + WRITING,
        ("SELECT f()",),
        "anna",
        "known",
    ),
    "the trigger of a table that a foreign key changes": Case(
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE noted (a int);"
        "CREATE TABLE refers (t int REFERENCES t ON DELETE CASCADE); INSERT INTO refers VALUES (1);"
        "ALTER TABLE refers OWNER TO {own}; GRANT INSERT ON noted TO {own};"
        "GRANT SELECT, DELETE ON t TO {anna};"
        + NOTING.replace("AFTER INSERT ON t", "BEFORE DELETE ON refers").replace("NEW", "OLD"),
        ("DELETE FROM t",),
        "own",
        "noted",
    ),
    "the sequence of a table that a function writes to, by a group": Case(
        MEMBER + "CREATE TABLE t (a int, id serial); GRANT INSERT ON t TO {anna};"
        "GRANT USAGE ON SEQUENCE t_id_seq TO {agents};" + WRITING,
        ("SELECT f()",),
        "anna",
        "agents",
    ),
    "the schema that the owner of a table looks into that a function writes to": Case(
        SCHEMA
        + "CREATE TABLE s.t (id int PRIMARY KEY); INSERT INTO s.t VALUES (1); ALTER TABLE s.t OWNER TO {own};"
        "CREATE TABLE t (a int REFERENCES s.t); GRANT INSERT ON t TO {anna};" + WRITING,
        ("SELECT f()",),
        "PUBLIC",
        "s",
    ),
    "what a view calls that a function reads": Case(
        "CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql SECURITY DEFINER"
        " AS 'BEGIN RETURN (SELECT 1); END'; REVOKE ALL ON FUNCTION one() FROM PUBLIC;"
        "GRANT EXECUTE ON FUNCTION one() TO {anna}; CREATE VIEW v AS SELECT one() AS a;"
        "GRANT SELECT ON v TO {anna}; CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql"
        " AS 'BEGIN RETURN (SELECT sum(a) FROM v); END'",
        ("SELECT f()",),
        "anna",
        "one()",
    ),
    "what a policy asks of a table that a function reads": Case(
        "CREATE TABLE known (a int); GRANT SELECT ON known TO {anna}; CREATE FUNCTION fits(int) RETURNS bool"
        " LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM known) = 0; END';"
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1); GRANT SELECT ON t TO {anna};"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO {anna} USING (fits(a));"
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT sum(a) FROM t); END'",
        ("SELECT f()",),
        "anna",
        "known",
    ),
    "a function that only a function calls": Case(
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'VALUES (1)';"
        "REVOKE ALL ON FUNCTION one() FROM PUBLIC; GRANT EXECUTE ON FUNCTION one() TO {anna};"
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN one(); END'",
        ("SELECT f()",),
        "anna",
        "one()",
    ),
    "a policy of a table that a function reads, by a group": Case(
        MEMBER + "CREATE TABLE t (a int); INSERT INTO t VALUES (1); GRANT SELECT ON t TO {anna};"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO {agents} USING (true);"
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT sum(a) FROM t); END'",
        ("SELECT f()",),
        "anna",
        "agents",
    ),
    "the group by which a function's owner counts": Case(
        "GRANT {agents} TO {own}; CREATE TABLE t (a int, id serial); GRANT INSERT ON t TO {own};"
        "GRANT USAGE ON SEQUENCE t_id_seq TO {agents};"
        + WRITING.replace("plpgsql", "plpgsql SECURITY DEFINER")
        + "ALTER FUNCTION f() OWNER TO {own}",
        ("SELECT f()",),
        "own",
        "agents",
    ),
    "a group that a function acts as": Case(
        "ALTER ROLE {anna} NOINHERIT;" + MEMBER + "CREATE TABLE t (a int); GRANT SELECT ON t TO {agents};"
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS"
        " 'BEGIN SET LOCAL ROLE {agents}; RETURN (SELECT count(*) FROM t); END'",
        ("SELECT f()",),
        "anna",
        "agents",
    ),
    "a group that a function begins as": Case(
        "ALTER ROLE {anna} NOINHERIT;" + MEMBER + "CREATE TABLE t (a int); GRANT SELECT ON t TO {agents};"
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql SET role = {agents} AS"
        " 'BEGIN RETURN (SELECT count(*) FROM t); END'",
        ("SELECT f()",),
        "anna",
        "agents",
    ),
    "the schema of a type that a function names": Case(
        SCHEMA + "CREATE TYPE s.mood AS ENUM ('x'); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS"
        " 'DECLARE m s.mood; BEGIN m := (SELECT ''x''); RETURN 1; END'",
        ("SELECT f()",),
        "PUBLIC",
        "s",
    ),
    "the schema of a function that a function calls": Case(
        SCHEMA + "CREATE FUNCTION s.one() RETURNS int LANGUAGE sql AS 'VALUES (1)';"
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN s.one(); END'",
        ("SELECT f()",),
        "PUBLIC",
        "s",
    ),
    "a column that a function reads": Case(
        "CREATE TABLE t (a int, b int); GRANT SELECT (a) ON t TO {anna}; CREATE FUNCTION f() RETURNS bigint"
        " LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT sum(a) FROM t); END'",
        ("SELECT f()",),
        "anna",
        "t",
    ),
}


@pytest.mark.parametrize("what", NOT_EXPLAINED)
def test_what_a_use_needs_as_it_runs_stays(empty: World, what: str) -> None:
    case = NOT_EXPLAINED[what]
    empty.do(case.made.replace("{database}", empty.database))
    did = [_named(empty, each) for each in case.did]
    before = _ran(empty, case.who, did)
    uses = [_use(empty, case.who, each) for each in did]
    with place_at(empty.url.removesuffix(empty.database)) as place:
        right = _right(empty, place.changes(), case)
        assert place.replay(uses, [right]).blocked([right]).keys() & {len(uses) - 1}
        place.make([right], lambda _: None)
        try:
            after = _ran(empty, case.who, did)
        except psycopg.errors.InsufficientPrivilege:
            return
        finally:
            place.take_back([right])
        assert after != before, "it does not need the right"


NEEDED_BY_NOBODY = {
    "a group without a sequence": (
        MEMBER + "CREATE TABLE t (id serial, a int); GRANT INSERT ON t TO {anna};"
        "GRANT USAGE ON SEQUENCE t_id_seq TO {anna}; GRANT SELECT ON t TO {agents}",
        "INSERT INTO t (a) VALUES (1)",
    ),
    "a group without a policy": (
        MEMBER
        + "CREATE TABLE t (a int); GRANT INSERT ON t TO {anna}; ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON t FOR INSERT TO {anna} WITH CHECK (a > 0)",
        "INSERT INTO t VALUES (1)",
    ),
    "a group beside a copy of one's own": (
        MEMBER + "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; ALTER MATERIALIZED VIEW m OWNER TO {anna}",
        "REFRESH MATERIALIZED VIEW m",
    ),
    "a group beside what a foreign key looks into, and does not change": (
        MEMBER + "CREATE TABLE t (id int PRIMARY KEY, to_t int REFERENCES t); INSERT INTO t VALUES (1);"
        "CREATE TABLE refers (t int REFERENCES t); CREATE TABLE noted (a int);"
        "GRANT INSERT ON refers TO {anna}; GRANT SELECT ON noted TO {agents};" + NOTING,
        "INSERT INTO refers VALUES (1)",
    ),
    "a group beside a table that is locked": (
        MEMBER + "CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}",
        "LOCK TABLE t IN ACCESS SHARE MODE",
    ),
}


@pytest.mark.parametrize("what", NEEDED_BY_NOBODY)
def test_what_a_use_does_not_need_as_it_runs_goes_and_that_is_proved(empty: World, what: str) -> None:
    made, statement = NEEDED_BY_NOBODY[what]
    empty.do(made)
    with place_at(empty.url.removesuffix(empty.database)) as place:
        right = _right(empty, place.changes(), Case("", (), "anna", "agents"))
        replay = place.replay([_use(empty, "anna", statement)], [right])
        assert replay.unproven == {}
        assert replay.blocked([right]) == {}
        place.make([right], lambda _: None)
        _ran(empty, "anna", [statement])
        place.take_back([right])


GUARDED = """
CREATE TABLE known (a int); CREATE FUNCTION fits(int) RETURNS bool LANGUAGE plpgsql
    AS 'BEGIN RETURN (SELECT count(*) FROM known) = 0; END';
CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t OWNER TO {own};
CREATE POLICY p ON t TO {agents} USING (fits(a)); CREATE POLICY q ON t TO {anna} USING (true);
CREATE TABLE refers (t int REFERENCES t); GRANT SELECT ON t TO {anna}; GRANT INSERT ON refers TO {anna};
CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v OWNER TO {own}; GRANT SELECT ON v TO {anna};
"""


@pytest.mark.parametrize(
    ("who", "statement", "proved"),
    [
        ("anna", "SELECT a FROM t", True),
        ("anna", "SELECT a FROM v", True),
        ("anna", "INSERT INTO refers VALUES (1)", True),
        ("own", "SELECT a FROM t", True),
        ("boss", "SELECT a FROM t", True),
        ("agents", "SELECT a FROM t", False),
    ],
)
def test_a_policy_stands_in_the_way_of_those_for_whom_it_holds(
    empty: World, who: str, statement: str, proved: bool
) -> None:
    empty.do(GUARDED + "GRANT SELECT ON t TO {agents}")
    with place_at(empty.url) as place:
        replay = place.replay([_use(empty, who, statement)], place.changes())
        assert (replay.unproven == {}) is proved


def test_a_policy_for_everybody_stands_in_the_way_of_an_owner_only_where_it_is_forced(empty: World) -> None:
    empty.do(GUARDED + "DROP POLICY p ON t; CREATE POLICY p ON t USING (fits(a))")
    for forced in (False, True):
        if forced:
            empty.do("ALTER TABLE t FORCE ROW LEVEL SECURITY")
        with place_at(empty.url) as place:
            uses = [_use(empty, who, "SELECT a FROM t") for who in ("own", "boss", "anna")]
            unproven = place.replay(uses, place.changes()).unproven
        assert unproven.keys() == ({0, 2} if forced else {2})


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT table_name FROM information_schema.tables",
        "SELECT has_table_privilege('t', 'SELECT')",
        "SELECT attname FROM pg_stats",
    ],
)
def test_what_is_listed_by_the_rights_of_who_asks_is_not_proved(empty: World, statement: str) -> None:
    empty.do("CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}")
    with place_at(empty.url) as place:
        replay = place.replay(
            [_use(empty, "anna", statement), _use(empty, "boss", statement)], place.changes()
        )
        assert replay.unproven == {0: "what it gives hangs on the rights of who asks"}


def test_a_use_that_fails_today_does_not_stop_one_that_becomes_a_group(empty: World) -> None:
    empty.do(MEMBER + "CREATE TABLE t (a int)")
    did = ["SELECT a FROM t", _named(empty, "SET ROLE {agents}"), "SET ROLE gone"]
    with place_at(empty.url) as place:
        replay = place.replay([_use(empty, "anna", each) for each in did], place.changes())
    assert [*replay.unproven] == [0, 2]


def test_who_begins_as_a_role_that_is_not_theirs_acts_as_themselves(empty: World) -> None:
    """The server warns as they come in, and lets them in."""
    empty.do("CREATE TABLE t (a int); GRANT SELECT ON t TO {anna}; ALTER ROLE {anna} SET role = {agents}")
    with place_at(empty.url) as place:
        right = _right(empty, place.changes(), Case("", (), "anna", "t"))
        replay = place.replay([_use(empty, "anna", "SELECT a FROM t")], [right])
        assert replay.unproven == {}
        assert [*replay.blocked([right])] == [0]


def test_memberships_that_show_more_of_the_server_are_left_alone(empty: World) -> None:
    """What they bring is asked for as a query runs: the statements of others, settings."""
    empty.do("GRANT pg_monitor TO {agents}; GRANT {agents} TO {anna}; GRANT pg_read_all_data TO {anna}")
    with place_at(empty.url.removesuffix(empty.database)) as place:
        theirs = [
            each.on[0] for each in place.changes() if each.of in empty.names.values() and not each.database
        ]
    assert theirs == ["pg_read_all_data"]


def _named(made: World, text: str) -> str:
    for each, name in made.names.items():
        text = text.replace("{" + each + "}", name)
    return text


def _use(made: World, who: str, statement: str) -> PastUse:
    return PastUse(made.names[who], made.database, (), statement, "", (), 1, 1, 2)


def _ran(made: World, who: str, statements: list[str]) -> list[object]:
    """What the last of some statements gives somebody; all is undone. Raises what the server does."""
    with psycopg.connect(made.url, prepare_threshold=None) as connection:
        connection.execute(f"SET SESSION AUTHORIZATION {made.names[who]}".encode())
        try:
            for each in statements:
                cursor = connection.execute(each.encode())
            return [*cursor.fetchall()] if cursor.description else []
        finally:
            connection.rollback()


def _right(made: World, changes: list[Change], case: Case) -> Change:
    """The one change that takes a right away: of somebody, on something."""
    of, on = made.names.get(case.of, case.of), made.names.get(case.on, case.on).split(".")
    found = [
        each
        for each in changes
        if each.of == of and [*each.on[-len(on) :]] == on and each.database in ("", made.database)
    ]
    assert len(found) == 1, [each.says for each in found]
    return found[0]


def test_who_gave_a_right_in_another_database_may_reach_it_by_a_membership_that_goes_too(
    empty: World, server: str
) -> None:
    given = MEMBER + "CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO {agents}; CREATE TABLE s.t (a int);"
    given += "GRANT SELECT ON s.t TO {anna} WITH GRANT OPTION; SET ROLE {anna}; GRANT SELECT ON s.t TO {own}"
    empty.do(given + "; RESET ROLE")
    with world(server) as second:
        second.names |= empty.names
        try:
            second.do(given.removeprefix(MEMBER) + "; RESET ROLE")
            with place_at(empty.url.removesuffix(empty.database)) as place:
                before = place.standing()
                theirs = [each for each in place.changes() if each.of in empty.names.values()]
                assert len(theirs) == 2 * 3 + 1
                replay = place.replay([_use(empty, "anna", "SELECT 1")], theirs)
                assert replay.blocked(theirs) == {}
                looks: list[int] = []
                place.make(theirs, lambda handle: looks.append(_members(handle)))
                assert looks == [0, 0], "all is gone wherever somebody looks"
                place.take_back(theirs)
                assert place.standing() == before
        finally:
            second.names.clear()
            second.do(f"DROP OWNED BY {', '.join(each for each in empty.names.values())}")


def _members(connection: object) -> int:
    assert isinstance(connection, psycopg.Connection)
    query = "SELECT count(*) FROM pg_auth_members WHERE pg_get_userbyid(member) LIKE 'anna%'"
    (count,) = connection.execute(query.encode()).fetchone() or (0,)
    return int(count)


def test_a_right_that_only_goes_without_the_others_is_left_alone(empty: World) -> None:
    """Who gave it needs what the server does in their name as it goes."""
    empty.do("CREATE TABLE noted (a text); GRANT INSERT ON noted TO {anna}; CREATE TABLE t (a int)")
    empty.do(
        "GRANT SELECT ON t TO {anna} WITH GRANT OPTION; CREATE TABLE u (a int); GRANT SELECT ON u TO {own}"
    )
    empty.do("SET ROLE {anna}; GRANT SELECT ON t TO {own}; RESET ROLE")
    empty.do(
        "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO public.noted VALUES (tg_tag); END';"
        "CREATE EVENT TRIGGER noting ON ddl_command_end EXECUTE FUNCTION note()"
    )
    with place_at(empty.url) as place:
        before = place.standing()
        changes = place.changes()
        assert "u" in {each.on[-1] for each in changes}
        place.make(changes, lambda _: None)
        place.take_back(changes)
        assert place.standing() == before
