"""The one page about a server: who can wander into what, what that costs, and what is safe to take away."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from access_worlds import World, world
from desk import Desk
from servers import postgres_url

__all__ = ["postgres_url"]

OPEN = """
CREATE ROLE {agents}; CREATE ROLE {anna} LOGIN IN ROLE {agents}; CREATE ROLE {bert} LOGIN IN ROLE {agents};
CREATE ROLE {idlers}; CREATE ROLE {carl} LOGIN IN ROLE {idlers};
CREATE TABLE customers (id int PRIMARY KEY, full_name text, email text);
INSERT INTO customers
    SELECT n, 'Anna Byrne', 'anna.' || n || '@harbour.example' FROM generate_series(1, 300) n;
CREATE TABLE payroll (id int PRIMARY KEY, full_name text, iban text);
INSERT INTO payroll SELECT n, 'Carl Byrne', 'DE89370400440532013000' FROM generate_series(1, 40) n;
CREATE TABLE "<img src=x>" (id int); CREATE TABLE machines (id int PRIMARY KEY, model text);
GRANT SELECT ON customers TO PUBLIC;
GRANT SELECT ON payroll TO {agents}, {idlers};
ANALYZE
"""


@pytest.fixture
def crm(postgres_url: str) -> Iterator[World]:
    with world(postgres_url) as made:
        made.named("agents", "anna", "bert", "idlers", "carl")
        made.do(OPEN)
        yield made


def logged(desk: Desk, crm: World, *uses: tuple[str, str]) -> Path:
    """A log in which each of these accounts asked this."""
    lines = (
        {
            "ts": f"2026-10-{day:02}T09:30:00Z",
            "user": crm.names[who],
            "database": crm.database,
            "statement": statement,
            "program": "helpdesk",
        }
        for day in range(1, 31)
        for who, statement in uses
    )
    return desk.write("uses.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def widest(answer: dict, name: str) -> dict:
    (found,) = (each for each in answer["widest"] if each["what"][-1] == name)
    return found


def test_it_says_whether_everybody_can_wander_in_and_what_is_open_to_whom(crm: World, desk: Desk) -> None:
    desk.do("discover", crm.url)
    answer = desk.json("access", "report", crm.url)
    assert answer["answer"].startswith("Yes: everybody of ")
    customers, payroll = widest(answer, "customers"), widest(answer, "payroll")
    assert customers["everybody"]
    assert customers["people"] == 300
    assert not payroll["everybody"]
    assert payroll["read_it"] is None, "no log was imported: nobody knows"
    assert not payroll["fix"]["proved"]
    assert not any(each["what"][-1] == "machines" for each in answer["widest"]), "it is about nobody"
    by = next(each["by"] for each in payroll["opened_by"] if each["by"].startswith("SELECT on table payroll"))
    assert all(crm.names[each] in by for each in ("agents", "idlers"))
    at = [each[-1] for each in answer["heat"]["data"]].index("payroll")
    open_to = {
        group: (row[at], members)
        for group, row, members in zip(
            answer["heat"]["groups"], answer["heat"]["can"], answer["heat"]["members"], strict=True
        )
    }
    assert open_to[crm.names["agents"]] == (2, 2)


@pytest.mark.slow
def test_what_is_safe_to_take_away_is_proved_by_past_uses_and_then_harms_nobody(
    crm: World, desk: Desk
) -> None:
    desk.do("discover", crm.url)
    log = logged(
        desk,
        crm,
        ("anna", "SELECT email FROM customers WHERE id = 7"),
        ("bert", "SELECT iban FROM payroll WHERE id = 3"),
    )
    desk.do("access", "import", log, "--place", crm.url)
    answer = desk.json("access", "report", crm.url)
    payroll = widest(answer, "payroll")
    assert payroll["read_it"] == 1
    said = desk.do("access", "report", crm.url, "--html", desk.folder / "page.html")
    assert "To take away all that is proposed here would have blocked 0 of 60 past uses" in said
    assert "public.<wbr>payroll</td>" in (desk.folder / "page.html").read_text()
    assert answer["proof"] == {"uses": 60, "accounts": 2, "blocked": 0, "unproven": 0}
    (statement,) = payroll["fix"]["statements"]
    assert crm.names["idlers"] in statement
    crm.do(statement)
    assert crm.rows_seen(crm.names["bert"], "SELECT iban FROM payroll WHERE id = 3") == 1
    assert crm.rows_seen(crm.names["carl"], "SELECT iban FROM payroll WHERE id = 3") is None


def test_the_page_shows_hostile_names_as_text_and_loads_nothing(crm: World, desk: Desk) -> None:
    crm.do('GRANT SELECT ON "<img src=x>" TO PUBLIC')
    path = desk.folder / "page.html"
    said = desk.do("access", "report", crm.url, "--html", path)
    assert "Nobody looked for what is about people" in said
    assert f"The page is in {path}." in said
    page = path.read_text()
    assert "&lt;img src=x&gt;" in page
    assert "<img" not in page
    assert "default-src 'none'" in page
    assert path.stat().st_mode & 0o077 == 0, "it says where the doors are open"


def test_a_page_does_not_take_the_place_of_a_file(crm: World, desk: Desk) -> None:
    kept = desk.write("page.html", "kept")
    desk.refused(2, "access", "report", crm.url, "--html", kept)
    assert kept.read_text() == "kept"


def test_of_a_folder_it_says_what_everybody_can_read_and_that_uses_are_not_known(desk: Desk) -> None:
    share = desk.folder / "share"
    share.mkdir()
    (share / "list.csv").write_text("name\nAnna\n")
    (share / "list.csv").chmod(0o644)
    answer = desk.json("access", "report", share)
    assert [each["what"][0] for each in answer["widest"]] == [str(share)]
    assert answer["unadvised"] == "no log of its use was imported"


def test_what_was_found_in_files_is_joined_to_the_files_that_everybody_can_read(desk: Desk) -> None:
    share = Path("/tmp") / f"trapstreet-report-{os.getpid()}"
    share.mkdir(mode=0o755)
    try:
        share.chmod(0o755)
        for name, mode, count in (("staff.csv", 0o644, 30), ("pay.csv", 0o600, 50), ("notes.txt", 0o604, 0)):
            rows = "".join(f"Anna Byrne,anna.{n}@harbour.example\n" for n in range(count))
            (share / name).write_text(f"full_name,email\n{rows}" if count else "nothing\n")
            (share / name).chmod(mode)
        desk.do("discover", share)
        answer = desk.json("access", "report", share)
    finally:
        rmtree(share)
    assert answer["answer"].startswith("Yes: everybody of ")
    assert "1 set of files of equal rights about 30 people" in answer["answer"]
    assert {
        each["what"][1]: (each["people"], each["class"], each["everybody"]) for each in answer["widest"]
    } == {
        "1 file rw-r--r--": (30, "contact", True),
        "1 file rw-------": (50, "contact", False),
    }


@pytest.mark.slow
def test_what_could_not_be_looked_at_in_another_database_is_not_this_ones(
    desk: Desk, crm: World, postgres_url: str
) -> None:
    with world(postgres_url) as other:
        other.named("reader")
        other.do(
            "CREATE ROLE {reader} LOGIN; CREATE TABLE hidden (a int);"
            " ALTER TABLE hidden ENABLE ROW LEVEL SECURITY"
        )
        other.do("GRANT SELECT ON hidden TO {reader}; INSERT INTO hidden VALUES (1)")
        desk.do("discover", other.url.replace("postgres@", f"{other.names['reader']}@"), status=6)
        desk.do("discover", crm.url)
        assert "hidden" in desk.do("access", "report", other.url, status=6)
        assert "hidden" not in desk.do("access", "report", crm.url)
