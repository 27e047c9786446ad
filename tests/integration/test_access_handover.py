"""Rights of everybody and of groups in PostgreSQL, given to those who used them: proved, made, taken back."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from access_worlds import World, at_random, world
from desk import Desk
from servers import postgres_15_url, postgres_url
from trapstreet.app.advising import Planned, Wish, advise
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change
from trapstreet.plugins.changes import place_at

__all__ = ["postgres_15_url", "postgres_url"]

NARROW = Wish(narrow=True)


@pytest.fixture(
    scope="module", params=["postgres_url", pytest.param("postgres_15_url", marks=pytest.mark.system)]
)
def server(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


OFFICE = """
CREATE ROLE {agents}; CREATE ROLE {anna} LOGIN IN ROLE {agents}; CREATE ROLE {bert} LOGIN IN ROLE {agents};
CREATE ROLE {carl} LOGIN NOINHERIT IN ROLE {agents};
CREATE ROLE {night}; CREATE ROLE {dora} LOGIN IN ROLE {night}; CREATE ROLE {eve} LOGIN IN ROLE {night};
CREATE ROLE {fred} LOGIN; CREATE ROLE {gina} LOGIN; CREATE ROLE {owner}; CREATE ROLE {giver};
CREATE SCHEMA crm AUTHORIZATION {owner}; SET ROLE {owner}; GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE TABLE crm.customers (id int, email text); INSERT INTO crm.customers VALUES (1, 'a');
CREATE TABLE crm.tickets (id int); INSERT INTO crm.tickets VALUES (1);
CREATE TABLE crm.mails (id int); INSERT INTO crm.mails VALUES (1);
GRANT SELECT ON crm.customers TO PUBLIC; GRANT SELECT (email) ON crm.customers TO {fred};
GRANT SELECT ON crm.tickets TO {agents};
GRANT SELECT ON crm.mails TO {giver} WITH GRANT OPTION; RESET ROLE;
SET ROLE {giver}; GRANT SELECT (id) ON crm.mails TO PUBLIC; RESET ROLE
"""


@contextmanager
def an_office(server: str) -> Iterator[World]:
    with world(server) as made:
        made.named(*"agents anna bert carl night dora eve fred gina owner giver".split())
        for statement in OFFICE.split(";"):
            made.do(statement)
        yield made


@pytest.fixture(scope="module")
def office(server: str) -> Iterator[World]:
    """Each test leaves it as it was."""
    with an_office(server) as made:
        yield made


@pytest.fixture
def own_office(postgres_url: str) -> Iterator[World]:
    with an_office(postgres_url) as made:
        yield made


def used(made: World, who: str, statement: str, *, on: str = "") -> PastUse:
    path = ((made.database, *on.split(".")),) if on else ()
    return PastUse(made.names[who], made.database, path, statement, "", (), 1, 1, 2)


def handed(made: World, planned: Planned, *, ways: bool = False) -> dict[str, list[str]]:
    """To whom each right on a table goes that is handed over, with the names that the test gave; with those
    on schemas and the database, where they are asked for."""
    short = {name: each for each, name in made.names.items()}
    return {
        f"{'.'.join(each.on[1:])} {each.right} {short.get(each.of, each.of)}": sorted(map(short.get, each.to))
        for each in planned.advice.changes
        if each.to and (ways or len(each.on) == 3)
    }


def taken(planned: Planned) -> list[Change]:
    return [each for each in planned.advice.changes if not each.to]


def acls(made: World) -> list[tuple[object, ...]]:
    """Every entry of every list of rights in the database, with who gave it."""
    return made.connection.execute(
        "SELECT c.oid, 0, a.* FROM pg_class c, aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) a"
        " UNION ALL SELECT t.attrelid, t.attnum, a.* FROM pg_attribute t, aclexplode(t.attacl) a"
        " UNION ALL SELECT n.oid, 0, a.* FROM pg_namespace n,"
        " aclexplode(COALESCE(n.nspacl, acldefault('n', n.nspowner))) a"
        " UNION ALL SELECT d.oid, 0, a.* FROM pg_database d,"
        " aclexplode(COALESCE(d.datacl, acldefault('d', d.datdba))) a"
        " WHERE d.datname = current_database() ORDER BY 1, 2, 3, 4, 5, 6"
    ).fetchall()


def nothing(_: object) -> None:
    """Look and find nothing wrong."""


def test_what_everybody_may_read_goes_to_the_group_and_the_account_that_read_it(office: World) -> None:
    uses = [used(office, who, "SELECT * FROM crm.customers") for who in ("dora", "eve", "anna")]
    planned = advise(office.url, uses, wish=NARROW)
    assert handed(office, planned) == {"crm.customers SELECT PUBLIC": ["anna", "night"]}
    assert planned.advice.proof.blocked == planned.advice.proof.unproven == ()
    lost = {each.resource.path[-1]: each.lost for each in planned.moved}
    assert {office.names[each] for each in ("bert", "carl", "fred", "gina")} <= {*lost["customers"]}
    assert not any(each.gained for each in planned.moved)
    entries = acls(office)
    with place_at(office.url) as place:
        place.make(planned.advice.changes, nothing)
        seen = {
            who: office.rows_seen(office.names[who], "SELECT * FROM crm.customers") for who in office.names
        }
        assert {who for who, rows in seen.items() if rows} == {"dora", "eve", "anna", "night", "owner"}
        assert sorted(map(repr, place.made(planned.advice.changes))) == sorted(
            map(repr, planned.advice.changes)
        )
        place.take_back(planned.advice.changes)
    assert acls(office) == entries


def test_without_being_asked_for_nothing_is_handed_over(office: World) -> None:
    planned = advise(office.url, [used(office, "dora", "SELECT * FROM crm.customers")])
    assert handed(office, planned) == {}
    assert not any(each.on[-1] == "customers" and each.of == "PUBLIC" for each in planned.advice.changes)


def test_a_right_that_another_one_replaces_is_taken_rather_than_the_other_given_anew(
    own_office: World,
) -> None:
    """Everybody and the agents may read: where everybody no longer may, the agents keep what is theirs."""
    own_office.do("SET ROLE {owner}; GRANT SELECT ON crm.customers TO {agents}; RESET ROLE")
    uses = [used(own_office, who, "SELECT * FROM crm.customers") for who in ("anna", "bert", "dora")]
    planned = advise(own_office.url, uses, wish=NARROW)
    assert handed(own_office, planned) == {"crm.customers SELECT PUBLIC": ["dora"]}
    assert not any(
        each.on[-1] == "customers" and each.of == own_office.names["agents"]
        for each in planned.advice.changes
    )
    assert not planned.advice.proof.blocked


def test_a_group_s_right_goes_to_those_who_used_it_where_at_least_as_many_did_not(office: World) -> None:
    one = advise(office.url, [used(office, "anna", "SELECT * FROM crm.tickets")], wish=NARROW)
    assert handed(office, one) == {"crm.tickets SELECT agents": ["anna"]}
    two = [used(office, who, "SELECT * FROM crm.tickets") for who in ("anna", "bert")]
    assert handed(office, advise(office.url, two, wish=NARROW)) == {}


def test_who_acted_as_the_group_keeps_it_for_the_group(office: World) -> None:
    uses = [used(office, "carl", "SELECT * FROM crm.tickets")]
    planned = advise(office.url, uses, wish=NARROW)
    assert handed(office, planned) == {}
    assert not planned.advice.proof.blocked
    assert not any(each.on[-1] == "tickets" for each in planned.advice.changes)


def test_a_member_who_does_not_inherit_gets_a_right_of_everybody_itself(office: World) -> None:
    uses = [used(office, who, "SELECT * FROM crm.customers") for who in ("anna", "bert", "carl")]
    planned = advise(office.url, uses, wish=NARROW)
    assert handed(office, planned) == {"crm.customers SELECT PUBLIC": ["agents", "carl"]}
    with place_at(office.url) as place:
        place.make(planned.advice.changes, nothing)
        assert office.rows_seen(office.names["carl"], "SELECT * FROM crm.customers") == 1
        place.take_back(planned.advice.changes)


def test_a_right_is_given_by_whom_the_right_of_all_was_given_and_not_with_its_option(office: World) -> None:
    uses = [used(office, "fred", "SELECT id FROM crm.mails")]
    planned = advise(office.url, uses, wish=NARROW)
    assert handed(office, planned) == {"crm.mails SELECT (id) PUBLIC": ["fred"]}
    entries = acls(office)
    with place_at(office.url) as place:
        place.make(planned.advice.changes, nothing)
        given = [each for each in {*acls(office)} - {*entries} if each[4] == "SELECT" or each[4] == "USAGE"]
        by = office.connection.execute("SELECT %s::regrole::text", (given[0][2],)).fetchone()
        assert len(given) == 1
        assert by == (office.names["giver"],)
        assert given[0][5] is False
        place.take_back(planned.advice.changes)
    assert acls(office) == entries


def test_what_somebody_had_on_columns_is_there_again_when_it_is_taken_back(office: World) -> None:
    planned = advise(office.url, [used(office, "fred", "SELECT id FROM crm.customers")], wish=NARROW)
    assert handed(office, planned) == {"crm.customers SELECT PUBLIC": ["fred"]}
    entries = acls(office)
    with place_at(office.url) as place:
        place.make(planned.advice.changes, nothing)
        place.take_back(planned.advice.changes)
    assert acls(office) == entries


def test_the_owner_of_a_view_gets_the_right_that_its_readers_lived_by(own_office: World) -> None:
    own_office.do("CREATE VIEW crm.emails AS SELECT email FROM crm.customers")
    own_office.do("ALTER VIEW crm.emails OWNER TO {gina}; GRANT SELECT ON crm.emails TO {dora}")
    planned = advise(own_office.url, [used(own_office, "dora", "SELECT * FROM crm.emails")], wish=NARROW)
    assert handed(own_office, planned) == {"crm.customers SELECT PUBLIC": ["gina"]}
    with place_at(own_office.url) as place:
        place.make(planned.advice.changes, nothing)
        assert own_office.rows_seen(own_office.names["dora"], "SELECT * FROM crm.emails") == 1
        assert own_office.rows_seen(own_office.names["dora"], "SELECT * FROM crm.customers") is None
        place.take_back(planned.advice.changes)


def test_what_a_use_may_need_that_cannot_be_checked_stays_with_everybody(office: World) -> None:
    uses = [
        used(office, "dora", "SELECT * FROM crm.customers"),
        used(office, "eve", "DO ''", on="crm.customers"),
    ]
    planned = advise(office.url, uses, wish=NARROW)
    assert handed(office, planned) == {}
    assert not any(each.on[-1] == "customers" and each.of == "PUBLIC" for each in planned.advice.changes)


def test_a_schema_goes_to_few_where_others_would_still_read_in_it(own_office: World) -> None:
    """Gina owns a table: nobody can take reading it from her, but the way to it."""
    own_office.do("GRANT CREATE ON SCHEMA crm TO {gina}; CREATE TABLE crm.hers (id int)")
    own_office.do("ALTER TABLE crm.hers OWNER TO {gina}")
    uses = [used(own_office, "dora", "SELECT * FROM crm.customers")]
    planned = advise(own_office.url, uses, wish=NARROW)
    assert handed(own_office, planned, ways=True) == {
        "crm.customers SELECT PUBLIC": ["dora"], "crm USAGE PUBLIC": ["dora"],
    }  # fmt: skip
    lost = {each.resource.path[-1]: each.lost for each in planned.moved}
    assert lost["hers"] == (own_office.names["gina"],)


def test_a_way_to_what_nobody_else_reads_is_left_as_it_is(office: World) -> None:
    planned = advise(office.url, [used(office, "dora", "SELECT * FROM crm.customers")], wish=NARROW)
    assert handed(office, planned, ways=True) == {"crm.customers SELECT PUBLIC": ["dora"]}


def test_the_database_goes_to_those_who_came_where_others_could_still_read_in_it(office: World) -> None:
    """Carl acts as the agents, so they keep their right, anna and bert among them; but they never came."""
    planned = advise(office.url, [used(office, "carl", "SELECT * FROM crm.tickets")], wish=NARROW)
    assert handed(office, planned, ways=True) == {" CONNECT PUBLIC": ["carl"]}
    with place_at(office.url) as place:
        place.make(planned.advice.changes, nothing)
        allowed = office.connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
            " AND has_database_privilege(oid, current_database(), 'CONNECT')",
            ([*office.names.values()],),
        ).fetchall()
        assert allowed == [(office.names["carl"],)]
        place.take_back(planned.advice.changes)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_after_handing_over_on_random_rights_every_past_statement_runs_and_fewer_can_read(
    postgres_url: str, seed: int
) -> None:
    rng = random.Random(seed)
    with world(postgres_url) as made:
        tables = at_random(made, rng, roles=14, tables=16)
        for each in rng.sample(tables, 8):
            made.do(f"GRANT SELECT ON {each} TO PUBLIC")
        for number in range(5):
            made.do(f"GRANT USAGE ON SCHEMA s{number} TO PUBLIC")
        uses = _lived(made, rng, tables)
        answers = _seen(made, uses)
        everything = [(who, f"SELECT a FROM {table}") for who in made.names.values() for table in tables]
        before = _readers(made, everything)
        entries = acls(made)
        plain, narrow = (advise(made.url, uses, wish=Wish(narrow=each)) for each in (False, True))
        assert not narrow.advice.proof.blocked
        assert handed(made, narrow)
        assert not any(each.gained for each in narrow.moved)
        left = []
        for planned in (plain, narrow):
            with place_at(made.url) as place:
                place.make(planned.advice.changes, nothing)
                assert _seen(made, uses) == answers
                left.append(_readers(made, everything))
                place.take_back(planned.advice.changes)
            assert acls(made) == entries
        assert left[1] <= before
        assert len(left[1]) < len(left[0])


def _lived(made: World, rng: random.Random, tables: list[str]) -> list[PastUse]:
    """Statements that a few of the roles run today."""
    uses = []
    roles = rng.sample([*made.names.values()], 6)
    for _ in range(60):
        who, select = rng.choice(roles), f"SELECT a FROM {rng.choice(tables)}"
        if made.rows_seen(who, select) is not None:
            uses.append(PastUse(who, made.database, (), select, "", (), 1, 1, 2))
    return uses


def _seen(made: World, uses: Sequence[PastUse]) -> list[int | None]:
    return [made.rows_seen(each.who, each.statement) for each in uses]


def _readers(made: World, asked: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    return {each for each in asked if made.rows_seen(*each) is not None}


@pytest.fixture
def narrowed(own_office: World, desk: Desk, tmp_path: Path) -> Path:
    """The folder of a plan that hands over reading customers to dora and eve."""
    log = tmp_path / "log.jsonl"
    with log.open("w") as file:
        for who in ("dora", "fred"):
            event = {
                "ts": "2026-11-01T10:00:00Z",
                "user": own_office.names[who],
                "database": own_office.database,
            }
            file.write(f"{json.dumps(event | {'statement': 'SELECT * FROM crm.customers'})}\n")
    desk.do("access", "import", log, "--place", own_office.url)
    folder = desk.folder / "less"
    said = desk.do("access", "advise", own_office.url, "--narrow", "--out", folder)
    assert "and 1 narrowed to those who used it." in said
    assert "To narrow to those who used it" in said
    assert f"from PUBLIC, to {own_office.names['dora']}, {own_office.names['fred']} instead" in said
    return folder


@pytest.mark.slow
def test_a_plan_that_hands_over_is_made_and_taken_back(own_office: World, desk: Desk, narrowed: Path) -> None:
    entries = acls(own_office)
    said = desk.do("access", "apply", narrowed)
    assert ", and 1 narrowed to those who used it; access is now as planned." in said
    assert own_office.rows_seen(own_office.names["dora"], "SELECT * FROM crm.customers") == 1
    assert own_office.rows_seen(own_office.names["gina"], "SELECT * FROM crm.customers") is None
    assert "was applied already" in desk.refused(2, "access", "apply", narrowed)
    desk.do("access", "apply", narrowed, "--undo")
    assert acls(own_office) == entries
    document = desk.json("access", "advise", own_office.url, "--narrow")
    assert document["narrowed"] == 1
    (change,) = [each for each in document["changes"] if each["to"]]
    assert change["to"] == sorted([own_office.names["dora"], own_office.names["fred"]])


def test_advice_says_that_narrowing_would_take_more(own_office: World, desk: Desk, narrowed: Path) -> None:
    said = desk.do("access", "advise", own_office.url)
    assert "1 right to read stays with everybody, as somebody needs it: see --narrow" in said


def test_a_plan_that_hands_over_is_refused_when_somebody_was_given_the_right_meanwhile(
    own_office: World, desk: Desk, narrowed: Path
) -> None:
    own_office.do("GRANT SELECT ON crm.customers TO {dora}")
    entries = acls(own_office)
    assert "1 right changed since the plan was made" in desk.refused(2, "access", "apply", narrowed)
    assert acls(own_office) == entries


def test_everybody_has_the_right_again_though_one_who_was_given_it_is_gone(
    own_office: World, desk: Desk, narrowed: Path
) -> None:
    desk.do("access", "apply", narrowed)
    own_office.do("DROP OWNED BY {dora}; REVOKE {night} FROM {dora}; DROP ROLE {dora}")
    desk.do("access", "apply", narrowed, "--undo")
    assert own_office.rows_seen(own_office.names["gina"], "SELECT * FROM crm.customers") == 1
    entries = [each for each in acls(own_office) if each[4] == "SELECT"]
    named = own_office.connection.execute("SELECT %s::regrole::oid", (own_office.names["fred"],)).fetchone()
    assert named is not None
    assert [each[1] for each in entries if each[3] == named[0]] == [2], "only his column, as before"


def test_somebody_who_gives_it_back_to_everybody_does_not_keep_it_from_being_taken_back(
    own_office: World, desk: Desk, narrowed: Path
) -> None:
    entries = acls(own_office)
    desk.do("access", "apply", narrowed)
    own_office.do("SET ROLE {owner}; GRANT SELECT ON crm.customers TO PUBLIC; RESET ROLE")
    desk.do("access", "apply", narrowed, "--undo")
    assert acls(own_office) == entries


def test_the_scripts_of_a_plan_that_hands_over_do_the_same(own_office: World, narrowed: Path) -> None:
    entries = acls(own_office)
    for name, gina in (("forward.sql", None), ("rollback.sql", 1)):
        lines = (narrowed / name).read_text().splitlines()
        statements = [each for each in lines if not each.startswith(("\\", "--"))]
        with psycopg.connect(own_office.url, autocommit=True) as connection:
            connection.execute("\n".join(statements).encode())
        assert own_office.rows_seen(own_office.names["gina"], "SELECT * FROM crm.customers") == gina
    assert acls(own_office) == entries


def test_narrowing_rows_and_narrowing_rights_are_two_plans(
    own_office: World, desk: Desk, narrowed: Path
) -> None:
    said = desk.refused(2, "access", "advise", own_office.url, "--narrow", "--policy", "crm.customers=true")
    assert "--policy goes with none of" in said
