"""Nobody whom a log shows coming in is shut out by advice, whatever else the log says of him."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from access_worlds import World, world
from desk import Desk
from servers import postgres_url

__all__ = ["postgres_url"]


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("anna", "bert", "carl")
        for each in ("anna", "bert", "carl"):
            made.do(f"CREATE ROLE {{{each}}} LOGIN")
        made.do("CREATE TABLE public.t (id int); GRANT SELECT ON public.t TO {anna}")
        made.do(f"GRANT CONNECT ON DATABASE {made.database} TO {{anna}}")
        yield made


def imported(desk: Desk, crm: World, *uses: dict[str, str]) -> None:
    at = {"ts": "2026-11-20T09:00:00Z", "database": crm.database}
    lines = [json.dumps(at | {**each, "user": crm.names[each["user"]]}) for each in uses]
    desk.do("access", "import", desk.write("uses.jsonl", "\n".join([*lines, ""])), "--place", crm.url)


def advised(desk: Desk, crm: World, *, status: int = 0) -> tuple[set[tuple[str, str]], Any]:
    found = desk.json("access", "advise", crm.url, "--role", "PUBLIC", status=status)
    return {(each["right"], each["kind"]) for each in found["changes"]}, found["proof"]


@pytest.mark.slow
def test_lines_of_a_log_that_cannot_be_read_are_said_wherever_its_uses_count(desk: Desk, crm: World) -> None:
    imported(desk, crm, READ)
    desk.do("access", "use", crm.url)
    desk.do("access", "advise", crm.url, "--role", "PUBLIC")
    torn = desk.write(
        "torn.jsonl", f'{{"ts": "2026-11-20T09:00:00Z", "user": "{crm.names["bert"]}"\nbroken\n'
    )
    whole = json.dumps({"ts": "2026-11-20T09:00:01Z", "user": crm.names["anna"], "action": "connect"})
    torn.write_text(f"{whole}\n{torn.read_text()}")
    desk.do("access", "import", torn, "--place", crm.url, status=6)
    line = "NOT READ 2 lines of this place's logs are not readable: what was done there is not known"
    for asked in (("advise", crm.url, "--role", "PUBLIC"), ("use", crm.url)):
        assert line in desk.do("access", *asked, status=6)
        assert desk.json("access", *asked, status=6)["unread"] == 2
    assert desk.do("access", "report", crm.url, "--html", desk.folder / "page.html", status=6)
    assert "2 lines of this place" in (desk.folder / "page.html").read_text()


READ = {"user": "anna", "action": "read", "statement": "SELECT id FROM public.t"}


@pytest.mark.parametrize(
    "other",
    [{"user": "bert", "action": "connect"}, {"user": "bert", "action": "read", "statement": "SHOW work_mem"}],
)
def test_who_came_in_and_asked_for_nothing_may_still_come_in(
    desk: Desk, crm: World, other: dict[str, str]
) -> None:
    imported(desk, crm, READ)
    taken, proof = advised(desk, crm)
    assert (("CONNECT", "database") in taken, proof["uses"]) == (True, 1)
    imported(desk, crm, READ, other)
    taken, proof = advised(desk, crm)
    assert ("CONNECT", "database") not in taken
    assert proof["people"] == 2


def test_connections_alone_say_nothing_of_what_is_needed(desk: Desk, crm: World) -> None:
    imported(desk, crm, {"user": "bert", "action": "connect"})
    assert "no past use is known" in desk.refused(2, "access", "advise", crm.url)
