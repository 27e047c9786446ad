"""Plans of rights that are stopped while they are made: by Ctrl-C and by kill -9, on a real server."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_worlds import World, world
from desk import Desk
from servers import postgres_url
from trapstreet.plugins.changes import place_at

__all__ = ["postgres_url"]

BASE = """
CREATE ROLE {anna} LOGIN; CREATE ROLE {bert} LOGIN;
CREATE TABLE public.used (id int); CREATE TABLE public.idle (id int);
GRANT SELECT ON public.used, public.idle TO {anna}, {bert}
"""

STOPPED = """
import os, pkgutil, signal
from trapstreet.cli import main

owner = pkgutil.resolve_name("trapstreet.{owner}")
inner = owner.{name}

def met(*given, **more):
    os.kill(os.getpid(), signal.{number})
    return inner(*given, **more)

owner.{name} = met
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("anna", "bert")
        for statement in BASE.split(";\n"):
            made.do(statement)
        yield made


@pytest.fixture
def plan(crm: World, desk: Desk) -> Path:
    """A plan, by what one person used."""
    log = desk.folder / "own.jsonl"
    use = {"ts": "2026-11-01T10:00:00Z", "user": crm.names["anna"], "statement": "SELECT id FROM public.used"}
    log.write_text(json.dumps(use | {"database": crm.database}) + "\n")
    desk.do("access", "import", log, "--place", crm.url)
    folder = desk.folder / "less"
    desk.do("access", "advise", crm.url, "--out", folder)
    return folder


def apply(plan: Path) -> tuple[str, ...]:
    return "access", "apply", str(plan)


def standing(crm: World) -> dict[str, list[str]]:
    with place_at(crm.url) as place:
        return place.standing()


def stopped(
    desk: Desk, command: tuple[str, ...], where: str, number: str
) -> "subprocess.CompletedProcess[str]":
    """A command that a real signal meets where it calls a function."""
    owner, _, name = where.rpartition(".")
    program = STOPPED.format(owner=owner, name=name, number=number)
    line = [*command, "--workspace", str(desk.workspace)]
    return subprocess.run([sys.executable, "-c", program, *line], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_ctrl_c_before_the_changes_are_final_changes_nothing(desk: Desk, crm: World, plan: Path) -> None:
    before = standing(crm)
    met = stopped(desk, apply(plan), "plugins.changes.postgresql.forward", "SIGINT")
    assert (met.returncode, met.stdout) == (130, "")
    assert met.stderr.strip() == "trapstreet: interrupted; nothing was half-written"
    assert standing(crm) == before
    assert not (plan / "begun.json").exists()
    assert "access is now as planned" in desk.do("access", "apply", plan)


@pytest.mark.slow
def test_a_plan_that_was_killed_before_it_was_final_changed_nothing_and_can_be_made(
    desk: Desk, crm: World, plan: Path
) -> None:
    before = standing(crm)
    assert (
        stopped(desk, apply(plan), "plugins.changes.postgresql.forward", "SIGKILL").returncode
        == -signal.SIGKILL
    )
    assert standing(crm) == before
    desk.do("access", "apply", plan)
    assert standing(crm) != before
    desk.do("access", "apply", plan, "--undo")
    assert standing(crm) == before


@pytest.mark.parametrize(
    "where",
    ["app.applying._not_as_planned", pytest.param("app.drift.taken_away", marks=pytest.mark.slow)],
)
def test_ctrl_c_after_the_changes_are_final_says_the_way_back(
    desk: Desk, crm: World, plan: Path, where: str
) -> None:
    before = standing(crm)
    met = stopped(desk, apply(plan), where, "SIGINT")
    assert (met.returncode, met.stdout) == (130, "")
    assert met.stderr.endswith(f"to give it back: trapstreet access apply {plan} --undo\n")
    assert met.stderr.strip().count("\n") == 0
    assert standing(crm) != before
    desk.do("access", "apply", plan, "--undo")
    assert standing(crm) == before


@pytest.mark.slow
def test_a_plan_that_was_killed_after_it_was_final_is_given_back(desk: Desk, crm: World, plan: Path) -> None:
    before = standing(crm)
    killed = stopped(desk, apply(plan), "app.applying._not_as_planned", "SIGKILL")
    assert killed.returncode == -signal.SIGKILL
    assert standing(crm) != before
    assert "was applied already" in desk.refused(2, "access", "apply", plan)
    desk.do("access", "apply", plan, "--undo")
    assert standing(crm) == before


@pytest.mark.slow
def test_ctrl_c_while_a_plan_is_given_back_says_to_run_it_again(desk: Desk, crm: World, plan: Path) -> None:
    before = standing(crm)
    desk.do("access", "apply", plan)
    met = stopped(desk, (*apply(plan), "--undo"), "plugins.changes.postgresql.backward", "SIGINT")
    assert met.returncode == 130
    assert "--undo" in met.stderr
    desk.do("access", "apply", plan, "--undo")
    assert standing(crm) == before


@pytest.mark.slow
def test_ctrl_c_in_the_second_database_gives_back_what_was_taken_in_the_first(postgres_url: str) -> None:
    looked: list[object] = []

    def stop_at_the_second(handle: object) -> None:
        looked.append(handle)
        if len(looked) == 2:
            raise KeyboardInterrupt

    with world(postgres_url) as one, world(postgres_url) as other:
        for each in (one, other):
            each.named("anna", "bert")
            for statement in BASE.split(";\n"):
                each.do(statement)
        names = {one.database, other.database}
        with place_at(postgres_url.removesuffix("postgres")) as place:
            before = {name: lines for name, lines in place.standing().items() if name in names}
            changes = [each for each in place.changes() if each.database in names and each.kind == "table"]
            assert {each.database for each in changes} == names
            with pytest.raises(KeyboardInterrupt):
                place.make(changes, stop_at_the_second)
            assert place.made(changes) == []
            assert {name: lines for name, lines in place.standing().items() if name in names} == before
        assert len(looked) == 2


@pytest.mark.slow
def test_a_plan_that_was_killed_while_it_was_written_is_none_and_is_written_anew(
    desk: Desk, crm: World, plan: Path
) -> None:
    other = desk.folder / "other"
    line = ("access", "advise", crm.url, "--out", str(other))
    assert stopped(desk, line, "app.plans._json", "SIGKILL").returncode == -signal.SIGKILL
    assert "has no plan.json" in desk.refused(2, "access", "apply", other)
    desk.do(*line)
    assert (other / "forward.sql").read_text() == (plan / "forward.sql").read_text()
