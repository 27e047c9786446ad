"""Row security advised on: what it would hide from those who used the rows, and what it then does hide."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from access_worlds import World, world
from desk import Desk
from servers import postgres_15_url, postgres_url

__all__ = ["postgres_15_url", "postgres_url"]

WORLD = """
CREATE ROLE {anna} LOGIN; CREATE ROLE {bert} LOGIN; CREATE ROLE {carl} LOGIN;
CREATE ROLE {boss} LOGIN BYPASSRLS;
CREATE TABLE tickets (id int PRIMARY KEY, agent text, note text);
CREATE TABLE agents (name text, team text);
INSERT INTO tickets SELECT n, CASE WHEN n <= 10 THEN '{anna}' ELSE '{bert}' END, 'n'
    FROM generate_series(1, 20) n;
INSERT INTO agents VALUES ('{anna}', 'one'), ('{bert}', 'two');
GRANT SELECT, UPDATE ON tickets TO {anna}, {bert}, {carl}, {boss}; GRANT SELECT ON agents TO {anna}
"""
OWN = "tickets=agent = current_user"
TEAM = "public.tickets=agent IN (SELECT name FROM public.agents)"


@pytest.fixture(params=["postgres_url", pytest.param("postgres_15_url", marks=pytest.mark.system)])
def made(request: pytest.FixtureRequest) -> Iterator[World]:
    with world(str(request.getfixturevalue(request.param))) as empty:
        empty.named("anna", "bert", "carl", "boss")
        for statement in WORLD.split(";"):
            empty.do(statement)
        yield empty


def imported(made: World, desk: Desk, uses: Sequence[tuple[str, str]], **more: object) -> None:
    log = desk.folder / "log.jsonl"
    events = (
        {
            "ts": "2026-11-01T10:00:00Z",
            "user": made.names[who],
            "database": made.database,
            "statement": each,
            **more,
        }
        | {"object": [made.database, "public", "tickets"]}
        for who, each in uses
    )
    log.write_text("".join(f"{json.dumps(each)}\n" for each in events))
    desk.do("access", "import", log, "--place", made.url)


def asked(made: World, desk: Desk, policy: str, *more: object, status: int = 0) -> Any:
    return desk.json("access", "advise", made.url, "--policy", policy, *more, status=status)


def by_id(*numbers: int) -> list[str]:
    return [f"SELECT note FROM tickets WHERE id = {n}" for n in numbers]


def test_records_that_would_be_hidden_from_who_used_them_are_counted(made: World, desk: Desk) -> None:
    uses = [("anna", each) for each in by_id(1, 2, 2, 3, 11)]
    uses += [("bert", "SELECT note FROM tickets WHERE id IN (12, 13)")]
    imported(made, desk, uses)
    found = asked(made, desk, OWN)
    people = {each["who"]: each for each in found["people"]}
    anna, bert = (people[made.names[each]] for each in ("anna", "bert"))
    assert (anna["uses"], anna["proved"], anna["records"], anna["hidden"]) == (5, 5, 4, 1)
    assert (bert["records"], bert["hidden"]) == (2, 0)
    assert (found["records"], found["hidden"], found["unproved"]) == (6, 1, 0)
    said = desk.do("access", "advise", made.url, "--policy", OWN)
    assert "1 of 6 records that 2 accounts used would be hidden from them." in said
    assert f"  {made.names['anna']}: 1 of 4 records" in said


def test_a_record_is_what_the_key_names_and_what_somebody_saw(made: World, desk: Desk) -> None:
    own = f"agent = '{made.names['anna']}'"
    asked_for = [f"SELECT note FROM tickets WHERE {own} AND id = {n}" for n in (1, 2)]
    seen: list[tuple[str, str]] = [
        ("anna", each) for each in [*asked_for, f"SELECT * FROM tickets WHERE {own}"]
    ]
    imported(made, desk, seen)
    imported(made, desk, [("anna", asked_for[0].replace("= 1", "= 11"))] * 3, rows=0)
    imported(made, desk, [("bert", by_id(1)[0])], rows=0)
    found = asked(made, desk, OWN)
    assert [(each["who"], each["uses"], each["records"]) for each in found["people"]] == [
        (made.names["anna"], 3, 2)
    ]
    assert (found["hidden"], found["unproved"]) == (0, 0)
    team = {each["who"]: each["fails"] for each in asked(made, desk, TEAM)["people"]}
    assert team[made.names["bert"]] == "permission denied for table agents"  # as would be asking for no row


def test_a_table_may_be_named_with_its_database_as_the_map_prints_it(made: World, desk: Desk) -> None:
    imported(made, desk, [("anna", by_id(11)[0])])
    assert asked(made, desk, f"{made.database}.public.{OWN}")["hidden"] == 1
    server = made.url.removesuffix(made.database)
    found = desk.json("access", "advise", server, "--policy", f"{made.database}.public.{OWN}")
    assert found["hidden"] == 1
    desk.refused(2, "access", "advise", made.url, "--policy", f"nowhere.public.{OWN}")


def test_uses_of_which_no_record_is_known_are_not_proved(made: World, desk: Desk) -> None:
    imported(made, desk, [("anna", "SELECT * FROM tickets"), ("anna", by_id(1)[0])])
    found = asked(made, desk, OWN, status=6)
    assert (found["hidden"], found["unproved"]) == (0, 1)
    assert found["people"][0]["why"] == "the logs do not say which records"


def test_who_may_not_read_what_the_predicate_asks_fails_at_every_use(made: World, desk: Desk) -> None:
    """Row security reads with the reader's rights: the breakage that no look at the rows alone shows."""
    imported(made, desk, [("anna", by_id(1)[0]), ("carl", by_id(2)[0]), ("carl", "SELECT * FROM tickets")])
    people = {each["who"]: each for each in asked(made, desk, TEAM)["people"]}
    assert people[made.names["anna"]]["fails"] == ""
    carl = people[made.names["carl"]]
    assert (carl["uses"], carl["proved"]) == (2, 2)
    assert carl["fails"] == "permission denied for table agents"


def test_others_are_asked_after_who_may_not_read_the_table_or_what_the_predicate_asks(
    made: World, desk: Desk
) -> None:
    """In the order of their names: anna may read all of it, bert not what is asked, boss not the table."""
    made.do("ALTER ROLE {boss} NOBYPASSRLS; REVOKE ALL ON tickets FROM {boss}")
    made.do("GRANT SELECT ON agents TO {carl}")
    imported(made, desk, [(who, by_id(1)[0]) for who in ("anna", "bert", "boss", "carl")])
    people = {each["who"]: each for each in asked(made, desk, TEAM, status=6)["people"]}
    bert, boss, carl = (people[made.names[each]] for each in ("bert", "boss", "carl"))
    assert bert["fails"] == "permission denied for table agents"
    assert boss["why"] == "it does not read the table itself: permission denied for table tickets"
    assert (carl["records"], carl["hidden"], carl["why"]) == (1, 0, "")


def test_a_login_that_may_not_act_as_somebody_says_so(made: World, desk: Desk) -> None:
    imported(made, desk, [("bert", by_id(12)[0]), ("carl", by_id(1)[0])])
    made.url = made.url.replace("postgres@", f"{made.names['carl']}@")
    bert, carl = asked(made, desk, OWN, status=6)["people"]
    assert bert["why"] == "this login may not act as that role: log in as one that may"
    assert (carl["records"], carl["hidden"]) == (1, 1)


def test_who_passes_row_security_loses_nothing(made: World, desk: Desk) -> None:
    imported(made, desk, [("boss", "SELECT * FROM tickets"), ("boss", by_id(15)[0])])
    found = asked(made, desk, OWN)
    assert (found["hidden"], found["unproved"]) == (0, 0)


def test_the_table_is_not_locked_and_nothing_is_changed(made: World, desk: Desk) -> None:
    imported(made, desk, [("anna", by_id(1)[0])])
    with psycopg.connect(made.url) as other:
        other.execute("UPDATE tickets SET note = 'x' WHERE id = 1")
        asked(made, desk, OWN)
        other.rollback()
    assert made.rows_seen(made.names["carl"], "SELECT * FROM tickets") == 20


@pytest.mark.parametrize("secured", [False, True])
def test_the_rule_shows_what_was_said_and_writing_goes_on(made: World, desk: Desk, secured: bool) -> None:
    if secured:
        made.do("ALTER TABLE tickets ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON tickets USING (id < 15)")
    imported(made, desk, [("anna", each) for each in by_id(1, 2)])
    folder = desk.folder / "rows"
    assert asked(made, desk, OWN, "--out", folder)["hidden"] == 0
    assert desk.run("access", "apply", folder) == 0, desk.err
    anna, bert, carl = (made.names[each] for each in ("anna", "bert", "carl"))
    assert made.rows_seen(anna, "SELECT * FROM tickets") == 10
    assert made.rows_seen(bert, "SELECT * FROM tickets") == (4 if secured else 10)
    assert made.rows_seen(carl, "SELECT * FROM tickets") == 0
    assert made.rows_seen(anna, "UPDATE tickets SET note = 'y' WHERE id = 1 RETURNING id") == 1
    assert made.rows_seen(made.names["boss"], "SELECT * FROM tickets") == 20
    assert desk.run("access", "apply", folder, "--undo") == 0, desk.err
    assert "by others" not in desk.out
    assert made.rows_seen(carl, "SELECT * FROM tickets") == (14 if secured else 20)


@pytest.mark.parametrize(
    "policy",
    ["tickets", "=true", "nowhere=true", "tickets=agent =", "tickets=nobody = 1", "tickets=true ORDER BY 1",
     "tickets=true); DROP TABLE tickets; SELECT (true", "tickets=agent IN (SELECT name FROM agents)"],
)  # fmt: skip
def test_what_is_no_rule_is_refused_in_one_line(made: World, desk: Desk, policy: str) -> None:
    desk.refused(2, "access", "advise", made.url, "--policy", policy)


def test_a_comment_in_a_predicate_does_not_reach_the_script(made: World, desk: Desk, tmp_path: Path) -> None:
    imported(made, desk, [("anna", by_id(1)[0])])
    asked(made, desk, "tickets=agent = current_user -- mine", "--out", tmp_path / "rows")
    assert "-- mine" not in (tmp_path / "rows" / "forward.sql").read_text()
