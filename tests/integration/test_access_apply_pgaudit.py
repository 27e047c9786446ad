"""From what a real pgaudit wrote to a plan that is made: all that was done goes on, with the same answers."""

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from access_worlds import TRAPPED, TRAPS, World, world
from audited import Audited, a_minute_later, audited_postgres
from desk import Desk
from trapstreet.plugins.changes import place_at

__all__ = ["a_minute_later", "audited_postgres"]

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("a_minute_later")]

WORK: dict[str, list[tuple[str, tuple[int, ...]]]] = {
    "anna": [
        ("SELECT name, email FROM crm.customers WHERE id = %s", (3,)),
        ("SELECT count(*) FROM crm.tickets WHERE id < %s", (9,)),
        (
            "WITH few AS (SELECT id FROM crm.customers) SELECT max(id) FROM few JOIN crm.tickets USING (id)",
            (),
        ),
        ("COPY (SELECT name FROM crm.customers ORDER BY id) TO STDOUT", ()),
    ],
    "bert": [("SET ROLE {agents}", ()), ("SELECT sum(id) FROM crm.customers", ()), ("RESET ROLE", ())],
    "carl": [("SELECT id, name, email FROM crm.customers WHERE id IN (%s, %s) ORDER BY id", (1, 2))],
    "eve": [("SELECT count(*) FROM crm.names", ())],
    "fred": [("SELECT count(*) FROM crm.secrets", ()), ("SELECT count(*) FROM crm.tickets_copy", ())],
    "ines": [("SELECT agent FROM crm.tickets ORDER BY id", ())],
    "jane": [("SELECT id FROM crm.events WHERE id = %s", (1,)), ("SELECT id FROM crm.customers", ())],
}
"""jane has no right on customers: what is refused is refused after as before."""


@pytest.fixture
def crm(audited_postgres: Audited) -> Iterator[World]:
    with world(audited_postgres.url) as made:
        made.named(*TRAPPED)
        for statement in TRAPS.replace("ADMIN OPTION, INHERIT FALSE, SET FALSE", "ADMIN OPTION").split(";\n"):
            made.do(statement)  # PostgreSQL 15 knows no more of it
        yield made


def done(crm: World) -> list[object]:
    """What each of them gets, by their own login; in the place of an answer why there is none."""
    answers: list[object] = []
    parts = urlsplit(crm.url)
    for who, statements in WORK.items():
        url = urlunsplit(parts._replace(netloc=f"{crm.names[who]}@{parts.hostname}:{parts.port}"))
        with psycopg.connect(url, autocommit=True) as login:
            for statement, values in statements:
                text = statement.replace("{agents}", crm.names["agents"])
                try:
                    answers.append(_answer(login, text, values))
                except psycopg.errors.InsufficientPrivilege as error:
                    answers.append(error.sqlstate)
    return answers


def _answer(login: "psycopg.Connection[tuple[object, ...]]", text: str, values: tuple[int, ...]) -> object:
    with login.cursor() as cursor:
        if text.startswith("COPY"):
            with cursor.copy(text.encode()) as rows:
                return [bytes(each) for each in rows]
        cursor.execute(text.encode(), values, prepare=True)
        return cursor.fetchall() if cursor.description else None


def standing(made: World) -> dict[str, list[str]]:
    with place_at(made.url) as place:
        return place.standing()


@pytest.mark.parametrize(("log", "narrow"), [("*.csv", False), ("*.json", True)])
def test_all_that_a_real_log_tells_of_goes_on_after_a_plan_is_made(
    crm: World, audited_postgres: Audited, desk: Desk, log: str, narrow: bool
) -> None:
    before, rights = done(crm), standing(crm)
    assert before.count("42501") == 1
    with psycopg.connect(crm.url) as last, suppress(psycopg.Error):
        last.execute(f"SELECT 'the end of {crm.database}' FROM crm.customers".encode())
    path = audited_postgres.log(log, having=f"the end of {crm.database}")
    desk.do("access", "import", path, "--place", crm.url)
    plan = desk.folder / "less"
    proof = desk.json("access", "advise", crm.url, "--out", plan, *["--narrow"] * narrow, status=6)["proof"]
    assert not proof["blocked"]
    who_worked = {crm.names[each] for each in WORK}
    assert not [each for each in proof["unproven"] if each["who"] in who_worked], "all of theirs was checked"
    desk.do("access", "apply", plan)
    after = standing(crm)
    assert after != rights, "something that nobody used was taken away"
    assert done(crm) == before
    desk.do("access", "apply", plan, "--undo")
    assert standing(crm) == rights
    assert done(crm) == before
