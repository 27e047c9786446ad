"""Cases for people: shown with what to do, decided with a clock, written down with drafts."""

import json
import re
import stat
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from alarms import CURL, heard, web, with_routes
from desk import Desk
from trapstreet.app.alarming import raise_alerts
from trapstreet.app.workspace import Workspace
from trapstreet.store import log
from trapstreet.store.models import Case, CaseEntry
from working import customers, owning, token


@pytest.fixture
def company(desk: Desk) -> Desk:
    """k1 is about a web breadcrumb that a browser visited."""
    _, page = token(owning(desk), "url")
    workspace = with_routes(desk)
    heard(workspace, desk, web(page))
    raise_alerts(workspace)
    return desk


def leaked(desk: Desk) -> None:
    """The next case is about customers, found in a file of a hostile name."""
    table = customers(desk)
    leak = desk.folder / "<img src=x onerror=alert(1)>.csv"
    leak.write_bytes(table.read_bytes())
    desk.do("scan", leak, status=1)


def test_a_case_says_what_happened_what_to_do_and_what_to_leave_alone(company: Desk) -> None:
    said = company.do("case", "show", "k1")
    for words in (
        "Case k1: HIGH",
        "Somebody visited the web address of the breadcrumb p1 (the url's shelf) from 198.51.100.7",
        "no route tells it",
        "Access logs of the place where the breadcrumb lay",
        "Do not retire the decoys",
        "Who decides",
        "trapstreet case aware k1 --by NAME",
    ):
        assert words in said
    shown = company.json("case", "show", "1")
    assert shown["case"]["case"] == "k1"
    assert shown["alerts"][0]["facts"]["channel"] == "http"
    assert set(shown["runbook"]) == {"preserve", "decide", "leave", "then"}
    assert "no case 'k9'" in company.refused(2, "case", "show", "k9")
    assert "no case 'nonsense'" in company.refused(2, "case", "show", "nonsense")


def test_being_aware_is_a_persons_decision_that_starts_the_clock_and_stays_on_record(company: Desk) -> None:
    since = datetime.now(UTC) - timedelta(hours=41)
    company.refused(2, "case", "aware", "k1")
    decided = company.json(
        "case", "aware", "k1", "--by", "Aoife", "--at", since.isoformat(), "--note", "called"
    )
    assert datetime.fromisoformat(decided["authority_by"]) == since + timedelta(hours=72)
    assert 30.9 * 3600 < decided["left"] <= 31 * 3600
    said = company.do("case", "show", "k1")
    assert "30 h 5" in said or "31 h 0 min left" in said
    assert "Aoife recorded that the organisation is aware since" in said
    later = since + timedelta(hours=2)
    company.do("case", "aware", "k1", "--by", "Brian", "--at", later.isoformat())
    shown = company.json("case", "show", "k1")
    assert datetime.fromisoformat(shown["case"]["aware_since"]) == later
    assert [each["by"] for each in shown["entries"]] == ["Aoife", "Brian"]
    workspace = Workspace.open(company.workspace)
    noted = [each for each in log.all_entries() if each.get("what") == "aware"]
    assert [each["case"] for each in noted] == [1, 1]
    assert [each["digest"] for each in noted] == [
        sha256(bytes(e.content)).digest() for e in CaseEntry.objects.all()
    ]
    log.verify(workspace.settings.keys.log)
    assert b"Aoife" not in b"".join(log.entries(100))


@pytest.mark.parametrize(
    ("at", "why"),
    [("yesterday", "is no time"), ("2999-01-01T00:00", "is still to come"), ("2026-13-01", "is no time")],
)
def test_a_time_that_is_none_starts_no_clock(company: Desk, at: str, why: str) -> None:
    assert why in company.refused(2, "case", "aware", "k1", "--by", "Aoife", "--at", at)
    assert Case.objects.get().aware_since is None


def test_a_time_without_a_zone_is_utc(company: Desk) -> None:
    decided = company.json("case", "aware", "k1", "--by", "Aoife", "--at", "2026-11-01T10:00")
    assert datetime.fromisoformat(decided["aware_since"]) == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert "over since" in company.do("case", "show", "k1")


def test_notes_and_the_end_of_a_case_are_entries_with_a_name(company: Desk) -> None:
    company.do("case", "note", "k1", "Counsel was called.", "--by", "Aoife")
    assert "the note is empty" in company.refused(2, "case", "note", "k1", " ")
    company.do("case", "close", "k1", "--by", "Brian", "--why", "our own scan")
    company.do("case", "note", "k1", "Looked at again.", "--by", "Aoife")
    said = company.do("case", "show", "k1")
    assert "Aoife: Counsel was called." in said
    assert "Brian closed the case. our own scan" in said
    assert "Aoife: Looked at again." in said
    assert company.do("case", "list").startswith("No open cases.")
    assert "1 case more" in company.do("case", "list")


def test_a_case_is_written_down_with_drafts_whose_gaps_are_marked(company: Desk) -> None:
    leaked(company)
    company.do("case", "aware", "k2", "--by", "Aoife", "--at", "2026-11-21T10:00")
    company.do("case", "note", "k2", "The share was closed.", "--by", "Aoife")
    out = company.folder / "out"
    company.do("case", "export", "k2", "--out", out)
    assert sorted(path.name for path in out.iterdir()) == [
        "authority.txt", "case.html", "case.json", "customers.txt", "takedown.txt",
    ]  # fmt: skip
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*out.iterdir(), out)} == {0o600, 0o700}
    assert json.loads((out / "case.json").read_text()) == company.json("case", "show", "k2") | {
        "left": json.loads((out / "case.json").read_text())["left"]
    }
    authority = (out / "authority.txt").read_text()
    for words in (
        "Article 33 of Regulation (EU) 2016/679",
        "Aware since: 2026-11-21 10:00 UTC (72 hours end on 2026-11-24 10:00 UTC)",
        "at most 400 records of the data set customers",
        "e-mail address, phone number",
        "[TO FILL IN: which of the case's notes are measures; strike the others]\n- The share was closed.",
        "Art. 33(3)(a)", "Art. 33(3)(b)", "Art. 33(3)(c)", "Art. 33(3)(d)",
    ):  # fmt: skip
        assert words in authority
    for name in ("authority", "customers", "takedown"):
        assert (out / f"{name}.txt").read_text().count("[TO FILL IN: ") >= 5
    assert "Aoife" not in authority
    assert "exists" in company.refused(2, "case", "export", "k2", "--out", out)
    pdf = company.folder / "case.pdf"
    assert "not written as .pdf: name a file case.html" in company.refused(
        2, "case", "export", "k2", "--out", pdf
    )
    assert not pdf.exists()
    assert "there is no folder" in company.refused(4, "case", "export", "k2", "--out", out / "x" / "y")
    assert not [path for path in company.folder.iterdir() if path.name.startswith(".out")]


def test_the_page_holds_nothing_from_outside_and_no_markup_from_a_hit(company: Desk) -> None:
    leaked(company)
    company.do("case", "note", "k2", "<script>alert(2)</script>", "--by", "<b>Aoife</b>")
    page = company.folder / "case.html"
    assert company.json("case", "export", "k2", "--out", page) == {"written": [str(page)]}
    text = page.read_text()
    assert "Content-Security-Policy" in text
    for tag in ("<script", "<img", "<b>", "<a ", "<link", "<iframe", "http://", "https://"):
        assert tag not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert len(re.findall("<mark>", text)) >= 15


def test_without_a_finding_there_is_no_takedown_request(company: Desk) -> None:
    out = company.folder / "out"
    company.do("case", "export", "k1", "--out", out)
    assert not (out / "takedown.txt").exists()
    assert "[TO FILL IN: which data]" in (out / "authority.txt").read_text()


def test_alerts_are_listed_by_case_acknowledged_and_given_to_somebody(company: Desk) -> None:
    _, other = token(company, "url")
    workspace = Workspace.open(company.workspace)
    heard(workspace, company, web(other, headers=CURL))
    raise_alerts(workspace)
    listed = company.json("alert", "list")["alerts"]
    assert [(each["alert"], each["case"], each["severity"]) for each in listed] == [
        ("a1", "k1", "high"),
        ("a2", "k2", "medium"),
    ]
    assert company.json("alert", "ack", "a2", "k2") == {"acknowledged": ["a2"]}
    assert "acknowledged before" in company.do("alert", "ack", "a2")
    assert [each["alert"] for each in company.json("alert", "list")["alerts"]] == ["a1"]
    assert company.json("alert", "assign", "k1", "--to", "Brian")["assigned"] == ["a1"]
    (only,) = company.json("alert", "list", "--case", "k1")["alerts"]
    assert only["assigned"] == "Brian"
    assert len(company.json("alert", "list", "--all")["alerts"]) == 2
    refused = company.refused(2, "alert", "ack", "a1", "a9")
    assert "no alert 'a9'" in refused
    assert "nothing was acknowledged" in refused
    assert company.json("alert", "list", "--case", "k1")["alerts"][0]["acknowledged"] is None
    assert "do not print" in company.refused(2, "alert", "assign", "a1", "--to", "x\x1b[2J")


def test_what_was_meant_is_said_where_a_name_or_a_list_is_another_than_asked_for(company: Desk) -> None:
    assert "a1 is an alert of k1: name the case: k1" in company.refused(2, "case", "show", "a1")
    assert "no case 'a9'" in company.refused(2, "case", "show", "a9")
    assert "No alerts with a message that could not be delivered." in company.do("alert", "list", "--dead")
    company.do("alert", "ack", "k1")
    assert "No alerts that nobody looks after." in company.do("alert", "list")


def test_cases_and_alerts_survive_a_backup(company: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAPSTREET_KEYS", str(company.folder / "keys"))
    company.do("case", "note", "k1", "Counsel was called.", "--by", "Aoife")
    before = company.json("case", "show", "k1")
    backup, again = company.folder / "b.tar", company.folder / "again"
    company.do("backup", backup)
    assert company.run("restore", backup, again) == 0, company.err
    assert company.run("case", "show", "k1", "--json", "--workspace", again) == 0, company.err
    assert json.loads(company.out) == before
