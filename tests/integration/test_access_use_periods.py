"""What counts as used by when it was and by what program, and who changed departments; on a real server."""

import json
from collections.abc import Iterator

import pytest

from access_worlds import World, world
from desk import Desk
from servers import postgres_url

__all__ = ["postgres_url"]

OPEN = """
CREATE ROLE {support}; CREATE ROLE {sales};
CREATE ROLE {anna} LOGIN IN ROLE {support}; CREATE ROLE {bert} LOGIN IN ROLE {support};
CREATE ROLE {carl} LOGIN IN ROLE {sales}; CREATE ROLE {dora} LOGIN IN ROLE {sales};
GRANT {support} TO {carl};
CREATE TABLE customers (id int PRIMARY KEY, full_name text, email text);
INSERT INTO customers
    SELECT n, 'Anna Byrne', 'anna.' || n || '@harbour.example' FROM generate_series(1, 100) n;
GRANT SELECT ON customers TO {support}, {dora};
ANALYZE
"""


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("support", "sales", "anna", "bert", "carl", "dora")
        made.do(OPEN)
        yield made


@pytest.fixture
def told(crm: World, desk: Desk) -> Desk:
    """Logs of a hundred days: anna came early, carl on the last day, and a job by bert's login each day."""
    uses = [
        ("anna", 1, "helpdesk"),
        ("carl", 100, "helpdesk"),
        *(("bert", day, "cron") for day in range(1, 101)),
    ]
    lines = (
        {
            "ts": 1_780_000_000 + day * 86_400, "user": crm.names[who], "program": program,
            "object": [crm.database, "public", "customers"],
        }
        for who, day, program in uses
    )  # fmt: skip
    desk.do("discover", crm.url)
    log = desk.write("uses.jsonl", "".join(f"{json.dumps(each)}\n" for each in lines))
    desk.do("access", "import", log, "--place", crm.url)
    return desk


def test_a_right_is_stale_after_the_days_that_one_asks_for_and_a_jobs_is_a_jobs(
    crm: World, told: Desk
) -> None:
    def status(*more: object) -> dict[str, str]:
        rights = told.json("access", "use", crm.url, "--of", "customers", *more)["rights"]
        by_name = {each["who"]: each["status"] for each in rights}
        return {who: by_name[crm.names[who]] for who in ("anna", "bert", "carl", "dora")}

    used = {"anna": "used", "bert": "used", "carl": "used", "dora": "never"}
    assert status() == used
    assert status("--unused-for", "90d", "--job", "cron") == used | {"anna": "stale", "bert": "job"}
    assert status("--unused-for", "100d") == used


def test_the_report_weighs_an_exposure_by_the_days_that_its_readers_did_not_come(
    crm: World, told: Desk
) -> None:
    def customers(*more: object) -> dict[str, float]:
        widest = told.json("access", "report", crm.url, *more)["widest"]
        (found,) = (each for each in widest if each["what"][-1] == "customers")
        return found

    whole, recent = customers(), customers("--unused-for", "90d")
    others = whole["can_read"] - 4  # superusers that other tests left here: they never came
    assert (whole["read_it"], recent["read_it"]) == (3, 2)
    assert whole["score"] == recent["score"] == 100 * 3 * (99 + 0 + 0 + 100 + others * 100)


def test_who_changed_departments_is_named_with_the_group_that_was_left_behind(crm: World, told: Desk) -> None:
    people = told.write(
        "people.csv",
        "id,account,department,from\n"
        f"1,{crm.names['anna']},support,\n2,{crm.names['bert']},support,\n"
        f"3,{crm.names['carl']},support,2024-01-01\n3,{crm.names['carl']},sales,2026-01-01\n"
        f"4,{crm.names['dora']},sales,\n",
    )
    answer = told.json("access", "use", crm.url, "--people", people)
    assert [(each["account"], each["group"], each["former"]) for each in answer["moved"]] == [
        (crm.names["carl"], crm.names["support"], "support")
    ]
    said = told.do("access", "use", crm.url, "--people", people)
    (line,) = [each for each in said.splitlines() if each.startswith("MOVED")]
    assert crm.names["carl"] in line
    assert crm.names["support"] in line


def test_a_page_shows_ten_exposures_those_that_cost_most(crm: World, desk: Desk) -> None:
    for n in range(12):
        crm.do(f"CREATE TABLE t{n} (id int PRIMARY KEY, full_name text, email text)")
        crm.do(
            f"INSERT INTO t{n} SELECT n, 'Anna Byrne', 'anna.' || n || '@harbour.example'"
            f" FROM generate_series(1, {10 + n}) n"
        )
    crm.do("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {sales}")
    crm.do("ANALYZE")
    desk.do("discover", crm.url)
    widest = desk.json("access", "report", crm.url)["widest"]
    assert [each["what"][-1] for each in widest] == ["customers", *(f"t{n}" for n in range(11, 2, -1))]
    scores = [each["score"] for each in widest]
    assert scores == sorted(scores, reverse=True)
