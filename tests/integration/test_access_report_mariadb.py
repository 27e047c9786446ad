"""The one page about a MariaDB server: with an empty server beside it, it says what is safe to take away."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from desk import Desk
from mariadb_offices import DESK, Office
from servers import Audited, mariadb_clone_url, mariadb_office

__all__ = ["mariadb_clone_url", "mariadb_office"]

pytestmark = pytest.mark.system

OPEN = (
    "CREATE DATABASE crm",
    "CREATE TABLE crm.customers (id int PRIMARY KEY, full_name varchar(40), email varchar(60))",
    "INSERT INTO crm.customers SELECT seq, 'Anna Byrne', CONCAT(seq, '@a.example') FROM crm.seq_1_to_300",
    "CREATE DATABASE hr",
    "CREATE TABLE hr.payroll (id int PRIMARY KEY, full_name varchar(40), iban varchar(34))",
    "INSERT INTO hr.payroll SELECT seq, 'Carl Byrne', 'DE89370400440532013000' FROM hr.seq_1_to_40",
    *(f"CREATE USER {who}@'%'" for who in ("anna", "bert", "carl", "dora")),
    "GRANT SELECT ON crm.* TO anna@'%'",
    "GRANT SELECT ON *.* TO bert@'%'",
    "GRANT SELECT ON `h%`.* TO carl@'%'",
    "GRANT SELECT ON hr.payroll TO dora@'%'",
)
USES = {
    "anna": "SELECT email FROM crm.customers WHERE id = 7",
    "dora": "SELECT iban FROM hr.payroll WHERE id = 3",
}
HOW = "start one and name it: --clone mariadb://root@127.0.0.1:3307/"


@pytest.fixture
def office(mariadb_office: Audited) -> Iterator[Office]:
    made = Office(mariadb_office)
    made.do(*OPEN)
    yield made
    made.close()


@pytest.fixture
def seen(office: Office, desk: Desk) -> Desk:
    """A desk that knows what is about people there, and what two of the four did."""
    desk.do("discover", office.url)
    uses = (
        {"ts": f"2026-10-{day:02}T09:30:00Z", "user": who, "statement": statement, "client": DESK}
        for day in range(1, 31)
        for who, statement in USES.items()
    )
    log = desk.write("uses.jsonl", "".join(f"{json.dumps(each)}\n" for each in uses))
    desk.do("access", "import", log, "--place", office.url)
    return desk


def fixes(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["what"][-1]: each["fix"] for each in answer["widest"]}


def test_with_an_empty_server_beside_it_the_page_has_fixes_that_harm_nobody(
    office: Office, seen: Desk, mariadb_clone_url: str
) -> None:
    before, asked = office.grants(), ("access", "report", office.url, "--clone", mariadb_clone_url)
    answer = seen.json(*asked)
    assert answer["proof"] == {"uses": 60, "accounts": 2, "blocked": 0, "unproven": 0}
    assert (answer["unadvised"], answer["hint"]) == ("", "")
    everywhere, like = "REVOKE SELECT ON *.* FROM `bert`@`%`", "REVOKE SELECT ON `h%`.* FROM `carl`@`%`"
    found = fixes(answer)
    assert found["customers"] == {"proved": True, "statements": [everywhere], "keeps": 1}
    assert found["payroll"] == {"proved": True, "statements": [everywhere, like], "keeps": 1}
    said = seen.do(*asked, "--html", seen.folder / "page.html")
    proof = "To take away all that is proposed here would have blocked 0 of 60 past uses by 2 accounts"
    assert proof in said
    assert "hr.payroll: 2 rights can be taken away" in said
    page = (seen.folder / "page.html").read_text()
    assert proof in page
    assert "FROM `bert`@`%`" in page
    assert office.grants() == before, "nothing on the server is changed"
    office.do(everywhere, like, "FLUSH PRIVILEGES")
    assert [office.code(who, statement) for who, statement in USES.items()] == [0, 0]
    assert all(office.code(who, USES["dora"]) for who in ("bert", "carl"))


def test_without_one_the_page_says_in_one_line_how_to_get_the_fixes(office: Office, seen: Desk) -> None:
    said = seen.do("access", "report", office.url, "--html", seen.folder / "page.html")
    (line,) = (each for each in said.splitlines() if "--clone" in each)
    assert line.startswith("What can safely be taken away is not proven: MariaDB cannot take a change back")
    assert HOW in line
    assert (seen.folder / "page.html").read_text().count(HOW) == 1
    answer = seen.json("access", "report", office.url)
    assert HOW in answer["hint"]
    assert not any(each["proved"] for each in fixes(answer).values())


def test_who_names_an_empty_server_that_is_of_no_use_is_told_and_gets_no_page_without_fixes(
    office: Office, seen: Desk
) -> None:
    page = seen.folder / "page.html"
    said = seen.refused(2, "access", "report", office.url, "--clone", office.url, "--html", page)
    assert "is the same server" in said
    assert not page.exists()
    assert "no clone is needed" in seen.refused(2, "access", "report", seen.folder, "--clone", office.url)


def test_the_password_of_the_empty_server_is_in_no_output(
    office: Office, seen: Desk, mariadb_clone_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPSTREET_CLONE_PASSWORD", "S3NTINEL")
    asked = ("access", "report", office.url, "--clone", mariadb_clone_url)
    said = seen.refused(3, *asked)
    assert "S3NTINEL" not in said + seen.out


def test_with_an_empty_server_but_no_logs_it_says_that_these_are_missing(
    office: Office, desk: Desk, mariadb_clone_url: str
) -> None:
    asked = ("access", "report", office.url, "--clone", mariadb_clone_url)
    assert "no past use is known of this place: import its logs" in desk.refused(2, *asked)
