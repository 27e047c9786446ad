"""What lies behind operators, types and names in PostgreSQL and needs rights of its own: none goes."""

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
    """A database in which anna reads `hidden` by a right of her own, and `rows` as well."""
    with world(server) as made:
        made.named("anna", "agents")
        made.do("CREATE ROLE {agents}; CREATE ROLE {anna} LOGIN; CREATE SCHEMA own")
        made.do("CREATE TABLE hidden (a int); CREATE TABLE rows (a int, b text)")
        made.do("INSERT INTO hidden VALUES (1); INSERT INTO rows VALUES (2, 'y'), (1, 'x')")
        made.do("GRANT USAGE ON SCHEMA own TO {anna}; GRANT SELECT ON hidden, rows TO {anna}")
        yield made


@dataclass(frozen=True)
class Case:
    """Something made, what anna then did, and the one right without which the last of it fails."""

    made: str
    did: tuple[str, ...]
    on: str = "hidden"
    of: str = "anna"


def _reads(head: str, gives: str) -> str:
    """A function of a name and arguments that reads `hidden` as its caller, and gives a value."""
    kind, value = gives.split(" ", 1)
    body = f"BEGIN PERFORM count(*) FROM public.hidden; RETURN {value}; END"
    return f"CREATE FUNCTION {head} RETURNS {kind} IMMUTABLE LANGUAGE plpgsql AS '{body}';"


SAME = _reads("own.same(text, text)", "boolean $1 = $2")
OPERATOR = SAME + "CREATE OPERATOR own.=== (FUNCTION = own.same, LEFTARG = text, RIGHTARG = text);"
STEP = _reads("own.step(int, int)", "int $1 + $2")
SUM = STEP + "CREATE AGGREGATE own.summed(int) (SFUNC = own.step, STYPE = int, INITCOND = '0');"
PAIR = "CREATE TYPE own.pair AS (x int);"
COMPARED = PAIR + _reads("own.order_of(own.pair, own.pair)", "int ($1).x - ($2).x")
for number, sign in enumerate(("<", "<=", "=", ">=", ">"), 1):
    COMPARED += (
        _reads(f"own.is{number}(own.pair, own.pair)", f"boolean ($1).x {sign} ($2).x")
        + f"CREATE OPERATOR own.{sign}# (FUNCTION = own.is{number}, LEFTARG = own.pair, RIGHTARG = own.pair);"
    )
COMPARED += (
    "CREATE OPERATOR CLASS own.pairs DEFAULT FOR TYPE own.pair USING btree AS OPERATOR 1 own.<#,"
    " OPERATOR 2 own.<=#, OPERATOR 3 own.=#, OPERATOR 4 own.>=#, OPERATOR 5 own.>#,"
    " FUNCTION 1 own.order_of(own.pair, own.pair);"
)
PAIRS = COMPARED + (
    "CREATE TABLE pairs (p own.pair); INSERT INTO pairs VALUES (ROW(2)), (ROW(1));"
    "GRANT SELECT ON pairs TO {anna};"
)
MODULO = (
    _reads("own.by_end(int, int)", "int $1 % 10 - $2 % 10")
    + "CREATE OPERATOR CLASS own.ends FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,"
    " OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 own.by_end(int, int);"
)
SEEN = "CREATE VIEW v AS {}; GRANT SELECT ON v TO {{anna}}"
MEMBER = "GRANT {agents} TO {anna};"
BEHIND = {
    "an operator in a view": Case(
        OPERATOR + SEEN.format("SELECT b FROM rows WHERE b OPERATOR(own.===) 'x'"), ("SELECT b FROM v",)
    ),
    "what an operator is turned into": Case(
        "CREATE FUNCTION own.plain(text, int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql"
        " AS 'BEGIN RETURN true; END';"
        + _reads("own.turned(int, text)", "boolean true")
        + "CREATE OPERATOR own.<== (FUNCTION = own.turned, LEFTARG = int, RIGHTARG = text);"
        "CREATE OPERATOR own.==> (FUNCTION = own.plain, LEFTARG = text, RIGHTARG = int,"
        " COMMUTATOR = OPERATOR(own.<==));" + SEEN.format("SELECT 5 OPERATOR(own.<==) b AS c FROM rows"),
        ("SELECT c FROM v",),
    ),
    "an operator that sorts a view": Case(
        PAIRS + SEEN.format("SELECT p FROM pairs ORDER BY p USING OPERATOR(own.<#)"), ("SELECT p FROM v",)
    ),
    "an operator that sorts": Case(PAIRS, ("SELECT p FROM pairs ORDER BY p USING OPERATOR(own.<#)",)),
    "how a column's type is sorted": Case(PAIRS, ("SELECT p FROM pairs ORDER BY p",)),
    "how values of a type are told apart": Case(PAIRS, ("SELECT DISTINCT p FROM pairs",)),
    "how a list of a type is sorted": Case(
        PAIRS, ("SELECT l FROM (SELECT ARRAY[p] AS l FROM pairs OFFSET 0) s ORDER BY l",)
    ),
    "how a row with a column of a type is sorted": Case(
        PAIRS, ("SELECT r FROM (SELECT pairs AS r FROM pairs OFFSET 0) s ORDER BY r",)
    ),
    "the first order that a type of the server is given": Case(
        _reads("own.order_of(json, json)", "int 1")
        + "".join(
            _reads(f"own.is{number}(json, json)", "boolean true")
            + f"CREATE OPERATOR own.{sign}# (FUNCTION = own.is{number}, LEFTARG = json, RIGHTARG = json);"
            for number, sign in enumerate(("<", "<=", "=", ">=", ">"), 1)
        )
        + "CREATE OPERATOR CLASS own.texts DEFAULT FOR TYPE json USING btree AS OPERATOR 1 own.<#,"
        " OPERATOR 2 own.<=#, OPERATOR 3 own.=#, OPERATOR 4 own.>=#, OPERATOR 5 own.>#,"
        " FUNCTION 1 own.order_of(json, json); CREATE TABLE texts (j json);"
        "INSERT INTO texts VALUES ('1'), ('2'); GRANT SELECT ON texts TO {anna}",
        ("SELECT j FROM texts ORDER BY j",),
    ),
    "an index's own order": Case(
        MODULO + "CREATE TABLE ends (a int); CREATE INDEX ON ends (a own.ends);"
        "INSERT INTO ends VALUES (1); GRANT INSERT ON ends TO {anna}",
        ("INSERT INTO ends VALUES (2)",),
    ),
    "the order of a table's parts": Case(
        MODULO + "CREATE TABLE parts (a int) PARTITION BY RANGE (a own.ends);"
        "CREATE TABLE low PARTITION OF parts FOR VALUES FROM (1) TO (5);"
        "CREATE TABLE rest PARTITION OF parts DEFAULT; GRANT INSERT ON parts TO {anna}",
        ("INSERT INTO parts VALUES (2)",),
    ),
    "an operator in a check": Case(
        OPERATOR + "CREATE TABLE checked (b text CHECK (b OPERATOR(own.===) b));"
        "GRANT INSERT ON checked TO {anna}",
        ("INSERT INTO checked VALUES ('x')",),
    ),
    "an operator in a domain's check": Case(
        OPERATOR + "CREATE DOMAIN own.word AS text CHECK (VALUE OPERATOR(own.===) VALUE)",
        ("SELECT 'x'::own.word",),
    ),
    "a domain in a view": Case(
        OPERATOR
        + "CREATE DOMAIN own.word AS text CHECK (VALUE OPERATOR(own.===) VALUE);"
        + SEEN.format("SELECT b::own.word AS b FROM rows"),
        ("SELECT b FROM v",),
    ),
    "a domain's default": Case(
        _reads("own.first()", "text ''x''")
        + "CREATE DOMAIN own.word AS text DEFAULT own.first(); CREATE TABLE words (a int, b own.word);"
        "GRANT INSERT ON words TO {anna}",
        ("INSERT INTO words (a) VALUES (1)",),
    ),
    "an operator in a default": Case(
        OPERATOR + "CREATE TABLE filled (a int, b boolean DEFAULT 'x' OPERATOR(own.===) 'x');"
        "GRANT INSERT ON filled TO {anna}",
        ("INSERT INTO filled (a) VALUES (1)",),
    ),
    "an operator in a computed column": Case(
        OPERATOR
        + "CREATE TABLE filled (a text, b boolean GENERATED ALWAYS AS (a OPERATOR(own.===) a) STORED);"
        "GRANT INSERT ON filled TO {anna}",
        ("INSERT INTO filled (a) VALUES ('x')",),
    ),
    "an operator in a policy": Case(
        OPERATOR + "ALTER TABLE rows ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON rows USING (b OPERATOR(own.===) 'x')",
        ("SELECT b FROM rows",),
    ),
    "an operator in an exclusion": Case(
        _reads("own.alike(int, int)", "boolean $1 = $2")
        + "CREATE OPERATOR own.=#= (FUNCTION = own.alike, LEFTARG = int, RIGHTARG = int,"
        " COMMUTATOR = OPERATOR(own.=#=));"
        "CREATE OPERATOR CLASS own.alike_ops FOR TYPE int USING hash AS OPERATOR 1 own.=#=,"
        " FUNCTION 1 hashint4(int);"
        "CREATE TABLE apart (a int, EXCLUDE USING hash (a own.alike_ops WITH OPERATOR(own.=#=)));"
        "INSERT INTO apart VALUES (1); GRANT INSERT ON apart TO {anna}",
        ("INSERT INTO apart VALUES (1) ON CONFLICT DO NOTHING",),
    ),
    "an operator in a trigger's condition": Case(
        OPERATOR + "CREATE FUNCTION own.noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TABLE noting (b text); CREATE TRIGGER n BEFORE INSERT ON noting FOR EACH ROW"
        " WHEN (NEW.b OPERATOR(own.===) 'x') EXECUTE FUNCTION own.noted(); GRANT INSERT ON noting TO {anna}",
        ("INSERT INTO noting VALUES ('x')",),
    ),
    "an operator in a function that asks for nothing else": Case(
        OPERATOR + "CREATE FUNCTION own.f(text) RETURNS boolean LANGUAGE plpgsql"
        " AS 'BEGIN RETURN $1 OPERATOR(own.===) $1; END'",
        ("SELECT own.f('x')",),
    ),
    "the operator of IN": Case(
        _reads("own.alike(int, text)", "boolean true")
        + "CREATE OPERATOR public.= (FUNCTION = own.alike, LEFTARG = int, RIGHTARG = text)",
        ("SELECT a FROM rows WHERE a IN (SELECT b FROM rows)",),
    ),
    "the operator of CASE": Case(
        _reads("own.alike(int, text)", "boolean true")
        + "CREATE OPERATOR public.= (FUNCTION = own.alike, LEFTARG = int, RIGHTARG = text)",
        ("SELECT CASE a WHEN b THEN 1 END FROM rows",),
    ),
    "the operator of a join": Case(
        _reads("own.alike(varchar, text)", "boolean true")
        + "CREATE OPERATOR public.= (FUNCTION = own.alike, LEFTARG = varchar, RIGHTARG = text)",
        ("SELECT 1 FROM (SELECT b::varchar AS c FROM rows) x JOIN (SELECT b AS c FROM rows) y USING (c)",),
    ),
    "the operators of BETWEEN": Case(
        _reads("own.alike(int, text)", "boolean true")
        + "CREATE OPERATOR public.>= (FUNCTION = own.alike, LEFTARG = int, RIGHTARG = text);"
        "CREATE OPERATOR public.<= (FUNCTION = own.alike, LEFTARG = int, RIGHTARG = text)",
        ("SELECT 1 FROM rows WHERE a BETWEEN b AND b",),
    ),
    "an aggregate in a view": Case(
        SUM + SEEN.format("SELECT own.summed(a) AS s FROM rows"), ("SELECT s FROM v",)
    ),
    "an aggregate over a window in a view": Case(
        SUM + SEEN.format("SELECT own.summed(a) OVER (ORDER BY a) AS s FROM rows"), ("SELECT s FROM v",)
    ),
    "a cast in a view": Case(
        PAIR
        + _reads("own.paired(int)", "own.pair ROW($1)::own.pair")
        + "CREATE CAST (int AS own.pair) WITH FUNCTION own.paired(int);"
        + SEEN.format("SELECT a::own.pair AS p FROM rows"),
        ("SELECT p FROM v",),
    ),
    "a cast between types of the server": Case(
        _reads("own.numbered(boolean)", "money 1::int::money")
        + "CREATE CAST (boolean AS money) WITH FUNCTION own.numbered(boolean);",
        ("SELECT true::money",),
    ),
    "what a function takes if it is given nothing": Case(
        _reads("own.first()", "int 1")
        + "CREATE FUNCTION own.f(int DEFAULT own.first()) RETURNS int LANGUAGE plpgsql"
        " AS 'BEGIN RETURN $1; END'",
        ("SELECT own.f()",),
    ),
    "a function that is written like a column": Case(
        _reads("public.named(rows)", "text ''n''"), ("SELECT rows.named FROM public.rows",)
    ),
    "a function that is written like a part of a column": Case(
        PAIRS + _reads("public.named(own.pair)", "text ''n''"), ("SELECT (p).named FROM public.pairs",)
    ),
    "a function behind a view that a function reads": Case(
        _reads("own.first()", "int 1")
        + "CREATE VIEW own.inner AS SELECT own.first() AS a; GRANT SELECT ON own.inner TO {anna};"
        "CREATE FUNCTION own.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a FROM own.inner; END'",
        ("SELECT own.f()",),
    ),
    "a trigger behind a table that a function writes": Case(
        "CREATE FUNCTION own.noted() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN PERFORM a FROM public.hidden; RETURN NEW; END';"
        "CREATE TABLE noting (a int); CREATE TRIGGER n BEFORE INSERT ON noting FOR EACH ROW"
        " EXECUTE FUNCTION own.noted(); GRANT INSERT ON noting TO {anna};"
        "CREATE FUNCTION own.f() RETURNS int LANGUAGE plpgsql"
        " AS 'BEGIN INSERT INTO public.noting VALUES (1); RETURN 1; END'",
        ("SELECT own.f()",),
    ),
    "a function that runs as its owner, within another": Case(
        "CREATE FUNCTION own.safe() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN 1; END';"
        "CREATE FUNCTION own.f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN own.safe(); END'",
        ("SELECT own.f()",),
        on="safe()",
        of="PUBLIC",
    ),
    "a role that a function is set to": Case(
        MEMBER + "GRANT SELECT ON hidden TO {agents}; GRANT USAGE ON SCHEMA own TO {agents};"
        "CREATE FUNCTION own.f() RETURNS bigint LANGUAGE plpgsql SET role = {agents}"
        " AS 'BEGIN RETURN count(*) FROM public.hidden; END'",
        ("SELECT own.f()",),
        on="agents",
    ),
    "a role that a function sets": Case(
        MEMBER + "GRANT SELECT ON hidden TO {agents}; GRANT USAGE ON SCHEMA own TO {agents};"
        "CREATE FUNCTION own.f() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN SET LOCAL ROLE {agents};"
        " RETURN count(*) FROM public.hidden; END'",
        ("SELECT own.f()",),
        on="agents",
    ),
    "the function of an operator's whole order": Case(
        PAIRS, ("SELECT x.p FROM pairs x JOIN pairs y ON x.p OPERATOR(own.=#) y.p",)
    ),
    "a group with a right of its own, as which a call lets act": Case(
        MEMBER + "GRANT SELECT ON hidden TO {agents}",
        ("SELECT set_config('role', '{agents}', true)", "SELECT a FROM hidden"),
        of="agents",
    ),
    "a role that a call is given, as which a call lets act": Case(
        MEMBER + "GRANT SELECT ON hidden TO {agents}",
        ("SELECT set_config('role', max(o.r), true) FROM (SELECT '{agents}' AS r) o", "SELECT a FROM hidden"),
        of="agents",
    ),
    "a role that is set by a call": Case(
        MEMBER, ("SELECT set_config('role', '{agents}', true)",), on="agents"
    ),
    "a table in a text that a function runs": Case(
        "CREATE TABLE words (w tsvector); GRANT SELECT ON words TO {anna}",
        ("SELECT word FROM ts_stat('SELECT w FROM public.words')",),
        on="words",
    ),
    "a table that code of the moment reads": Case("", ("DO $$ BEGIN PERFORM a FROM public.hidden; END $$",)),
    "a table beside a temporary one": Case(
        "", ("CREATE TEMPORARY TABLE held (a int)", "SELECT h.a FROM hidden h JOIN held USING (a)")
    ),
    "a table beside one that a session's own search path finds": Case(
        "CREATE TYPE own.word AS ENUM ('x')",
        ("SET search_path TO own", "SELECT 'x'::word FROM public.hidden"),
    ),
    "a function that is written like a column, in a session's own search path": Case(
        _reads("own.named(rows)", "text ''n''"),
        ("SET search_path TO own", "SELECT rows.named FROM public.rows"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", BEHIND)
def test_what_a_use_needs_behind_its_names_stays(empty: World, what: str) -> None:
    case = BEHIND[what]
    empty.do(case.made)
    did = [_named(empty, each) for each in case.did]
    _ran(empty, did)
    uses = [_use(empty, "anna", each) for each in did]
    with place_at(empty.url.removesuffix(empty.database)) as place:
        right = _right(empty, place.changes(), case)
        place.make([right], lambda _: None)
        try:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                _ran(empty, did)
        finally:
            place.take_back([right])
        assert [*place.replay(uses, [right]).blocked([right])] == [len(uses) - 1]


def test_who_did_what_is_refused_today_may_still_connect_and_no_more_stays(empty: World) -> None:
    empty.do("CREATE TABLE closed (a int)")
    with place_at(empty.url) as place:
        changes = place.changes()
        entry = [each for each in changes if each.kind == "database" and each.of == "PUBLIC"]
        assert len(entry) == 1
        replay = place.replay([_use(empty, "anna", "SELECT 1 FROM hidden, closed")], changes)
        assert [*replay.unproven] == [0]
        assert replay.blocked(entry) == {0: "may not connect to the database"}
        assert replay.blocked([each for each in changes if each not in entry]) == {}


@pytest.mark.parametrize("server", ["postgres_url"], indirect=True)  # login triggers came with version 17
def test_a_table_that_is_written_to_as_somebody_comes_in_stays_writable_for_who_came(empty: World) -> None:
    empty.do("CREATE TABLE came (who name, at timestamptz); GRANT INSERT, SELECT ON came TO {anna}")
    empty.do(
        "CREATE FUNCTION own.note() RETURNS event_trigger LANGUAGE plpgsql AS"
        " 'BEGIN IF session_user LIKE ''anna%'' THEN INSERT INTO public.came VALUES (session_user, now());"
        " END IF; END'; CREATE EVENT TRIGGER noting ON login EXECUTE FUNCTION own.note()"
    )
    theirs = empty.url.replace("postgres@", f"{empty.names['anna']}@")
    with place_at(empty.url) as place:
        changes = place.changes()
        (right,) = (each for each in changes if each.on[-1] == "came" and each.right == "INSERT")
        place.make([right], lambda _: None)
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(theirs)
        place.take_back([right])
        psycopg.connect(theirs).close()
        replay = place.replay([_use(empty, "anna", "SELECT 1")], changes)
        assert replay.blocked([right]) == {0: "may not connect to the database"}
        assert right.key in replay.near(0)
        assert replay.blocked([_right(empty, changes, Case("", ()))]) == {}


def test_a_cast_and_an_order_that_nothing_uses_stand_in_nobodys_way(empty: World) -> None:
    empty.do(PAIR + _reads("own.paired(int)", "own.pair ROW($1)::own.pair") + MODULO)
    empty.do("CREATE CAST (int AS own.pair) WITH FUNCTION own.paired(int)")
    did = ["SELECT a + 5::int FROM rows ORDER BY a", "SELECT max(a) FROM rows WHERE a = '1'::int"]
    with place_at(empty.url) as place:
        changes = place.changes()
        replay = place.replay([_use(empty, "anna", each) for each in did], changes)
        assert replay.unproven == {}
        assert replay.blocked([_right(empty, changes, Case("", ()))]) == {}


@pytest.mark.slow
def test_in_whose_name_an_index_is_filled_keeps_what_its_function_reads(empty: World) -> None:
    empty.do("GRANT USAGE ON SCHEMA own TO {agents}; GRANT SELECT ON hidden TO {agents}")
    empty.do(
        _reads("own.f(int)", "int $1") + "CREATE INDEX ON rows (own.f(a)); ALTER TABLE rows OWNER TO {agents}"
    )
    with place_at(empty.url) as place:
        right = _right(empty, changes := place.changes(), Case("", (), of="agents"))
        place.make([right], lambda _: None)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            empty.do("REINDEX TABLE rows")
        place.take_back([right])
        boss = PastUse("postgres", empty.database, (), "REINDEX TABLE rows", "", (), 1, 1, 2)
        assert [*place.replay([boss], changes).blocked([right])] == [0]


def test_who_sets_other_things_by_a_call_keeps_no_membership_for_that(empty: World) -> None:
    empty.do("GRANT {agents} TO {anna}")
    with place_at(empty.url.removesuffix(empty.database)) as place:
        right = _right(empty, place.changes(), Case("", (), on="agents"))
        replay = place.replay([_use(empty, "anna", "SELECT set_config('app.user', '5', true)")], [right])
        assert (replay.unproven, replay.blocked([right])) == ({}, {})


def test_a_role_that_is_gone_stops_no_proof_of_what_its_member_did(empty: World) -> None:
    did = ["SET ROLE gone", "DO $$ BEGIN PERFORM a FROM public.hidden; END $$"]
    with place_at(empty.url) as place:
        changes = place.changes()
        replay = place.replay([_use(empty, "anna", each) for each in did], changes)
        assert [*replay.unproven] == [0, 1]
        assert 1 in replay.blocked([_right(empty, changes, Case("", ()))])


def _named(made: World, text: str) -> str:
    for each, name in made.names.items():
        text = text.replace("{" + each + "}", name)
    return text


def _use(made: World, who: str, statement: str) -> PastUse:
    return PastUse(made.names[who], made.database, (), statement, "", (), 1, 1, 2)


def _ran(made: World, statements: list[str]) -> None:
    """Let anna do something, of which nothing stays. Raises what the server does."""
    with psycopg.connect(made.url, prepare_threshold=None) as connection:
        connection.execute(f"SET SESSION AUTHORIZATION {made.names['anna']}".encode())
        try:
            for each in statements:
                connection.execute(each.encode())
        finally:
            connection.rollback()


def _right(made: World, changes: list[Change], case: Case) -> Change:
    """The one change that takes the right of a case away."""
    of, on = made.names.get(case.of, case.of), made.names.get(case.on, case.on)
    found = [
        each
        for each in changes
        if each.of == of and each.on[-1] == on and each.database in ("", made.database)
    ]
    assert len(found) == 1, [each.says for each in found]
    return found[0]
