"""What the watch found is traced by the worker: whose copy it was stands in the case, and people are told."""

import gzip
import shutil
from pathlib import Path

import pytest

from alarms import Receiver, seconds_from_now, with_routes
from desk import Desk
from handed_out import handed_out
from trapstreet.app import case_tracing, delivering
from trapstreet.app.alarming import deliver
from trapstreet.app.case_tracing import AGAIN, SOONER, trace_cases
from trapstreet.app.snapshots import destroy_old
from trapstreet.app.workspace import Workspace
from trapstreet.store import log
from trapstreet.store.models import Alert, CaseTrace
from watched import once, watched


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    return handed_out(folder, rows=600, recipients=("Acme", "Quay"), share=("--decoys", 40))


@pytest.fixture
def company(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A company that handed out two copies, and watches a share."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    desk = Desk(tmp_path, capsys)
    watched(desk, "share")
    return desk


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    there = Receiver()
    monkeypatch.setattr(delivering, "notifier_of", lambda *_, **__: there)
    return there


def copies(desk: Desk) -> list[str]:
    return [str(each["copy"]) for each in desk.json("copy", "list")["copies"]]


def looks() -> int:
    return sum(each.get("event") == "look" for each in log.all_entries())


def earlier(microseconds: int) -> None:
    """Every trace was begun so much earlier; what it came to is sealed with that, and goes."""
    for each in CaseTrace.objects.all():
        if not each.content:
            CaseTrace.objects.filter(id=each.id).update(begun_at=each.begun_at - microseconds)


@pytest.mark.slow
def test_a_copy_that_is_found_is_named_in_the_case_and_told(
    company: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_routes(company, "desk")
    (company.folder / "share" / "x.csv.gz").write_bytes(
        gzip.compress((company.folder / "copy1.csv").read_bytes())
    )
    once(company, "share", status=1)
    (company.folder / "share" / "x.csv.gz").unlink()
    said: list[str] = []
    assert trace_cases(workspace, say=said.append) == 1
    first, second = copies(company)
    (trace,) = company.json("case", "show", "k1")["traces"]
    (accused,) = trace["accused"]
    assert accused in (first, second)
    company.do("trace", company.folder / "copy1.csv", "--json", status=1)
    assert f'"copy": "{accused}"' in company.out
    shown = company.do("case", "show", "k1")
    assert f"Copy {accused} took part" in shown and "1 in a million" in shown
    assert "Acme" not in shown and "Quay" not in shown, "recipients are named by trace --unmask alone"
    deliver(workspace, holder="x", at=seconds_from_now(0))
    deliver(workspace, holder="x", at=seconds_from_now(2 * 3_600))
    headlines = [notice.headline for _, notices in receiver.told for notice in notices]
    assert f"Copy {accused} took part in the leak of customers" in headlines
    assert said == [f"k1 was traced: Copy {accused} took part in the leak of customers"]
    company.do("case", "export", "k1", "--out", company.folder / "case")
    assert f"Copy {accused} took part" in (company.folder / "case" / "case.html").read_text()


def test_a_leak_without_decoys_has_no_verdict_which_the_case_says_and_nobody_is_told(
    company: Desk, receiver: Receiver
) -> None:
    workspace = with_routes(company, "desk")
    rows = (company.folder / "customers.csv").read_text().splitlines(keepends=True)
    (company.folder / "share" / "x.csv").write_text("".join(rows[:30]))
    once(company, "share", status=1)
    deliver(workspace, holder="x", at=seconds_from_now(0))
    before = len(receiver.told)
    assert trace_cases(workspace) == 1
    deliver(workspace, holder="x", at=seconds_from_now(2 * 3_600))
    assert len(receiver.told) == before
    (trace,) = company.json("case", "show", "k1")["traces"]
    assert trace["accused"] == []
    assert "No verdict: the leak shows no decoys of any copy" in company.do("case", "show", "k1")


@pytest.mark.slow
def test_looks_are_counted_with_those_of_people_and_a_leak_that_has_not_grown_is_not_looked_at_again(
    company: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.open(company.workspace)
    share = company.folder / "share"
    copy = (company.folder / "copy0.csv").read_text().splitlines(keepends=True)
    (share / "x.csv").write_text("".join(copy[:200]))
    once(company, "share", status=1)
    assert (trace_cases(workspace), trace_cases(workspace)) == (1, 0)
    company.do("trace", company.folder / "copy0.csv", "--case", "k1", status=1)
    assert "This is look 2 at the case." in company.out

    (share / "again.csv").write_text("".join(reversed(copy[1:200])))
    once(company, "share", status=1)
    monkeypatch.setattr(case_tracing, "AGAIN", 0)
    assert trace_cases(workspace) == 0, "the same leak again is nothing new"
    (share / "more.csv").write_text("".join(copy[:1] + copy[200:]))
    once(company, "share", status=1)
    monkeypatch.setattr(case_tracing, "AGAIN", AGAIN)
    assert trace_cases(workspace) == 0, "once a day at most"
    monkeypatch.setattr(case_tracing, "AGAIN", 0)
    assert trace_cases(workspace) == 1
    assert [each["look"] for each in company.json("case", "show", "k1")["traces"]] == [1, 3]
    assert looks() == 3


def test_a_trace_that_is_interrupted_is_made_anew_and_not_for_ever(
    company: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.open(company.workspace)
    shutil.copy(company.folder / "copy0.csv", company.folder / "share" / "x.csv")
    once(company, "share", status=1)
    assert trace_cases(workspace, goes_on=lambda: False) == 0
    assert "was interrupted" in company.do("case", "show", "k1")
    assert trace_cases(workspace) == 0, "others may be at it"
    for look in (2, 3):
        earlier(SOONER)
        assert trace_cases(workspace, goes_on=lambda: False) == 0
        assert looks() == look
    earlier(SOONER)
    assert trace_cases(workspace) == 0
    assert looks() == 3


def test_a_bug_in_a_trace_is_noted_and_costs_one_look(company: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace.open(company.workspace)
    shutil.copy(company.folder / "copy0.csv", company.folder / "share" / "x.csv")
    once(company, "share", status=1)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(case_tracing, "trace_texts", broken)
        with pytest.raises(ZeroDivisionError):
            trace_cases(workspace)
    assert trace_cases(workspace) == 0
    assert "could not be traced: a bug (ZeroDivisionError)" in company.do("case", "show", "k1")
    assert looks() == 1


def test_a_snapshot_that_was_destroyed_or_whose_case_was_closed_is_not_traced(company: Desk) -> None:
    workspace = Workspace.open(company.workspace)
    shutil.copy(company.folder / "copy0.csv", company.folder / "share" / "x.csv")
    once(company, "share", status=1)
    company.do("case", "close", "k1")
    assert trace_cases(workspace) == 0
    assert destroy_old(workspace) == 0
    assert looks() == 0


def test_a_snapshot_that_cannot_be_read_keeps_no_other_from_being_traced(company: Desk) -> None:
    workspace = Workspace.open(company.workspace)
    shutil.copy(company.folder / "copy0.csv", company.folder / "share" / "x.csv")
    once(company, "share", status=1)
    (damaged,) = (company.workspace / "evidence").iterdir()
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    shutil.copy(company.folder / "copy1.csv", company.folder / "share" / "y.csv")
    once(company, "share", status=1)
    assert trace_cases(workspace) == 1
    (trace,) = company.json("case", "show", "k1")["traces"]
    assert len(trace["accused"]) == 1
    assert any(line.startswith("NOT READ") and "x.csv" in line for line in trace["lines"])


def test_where_nothing_can_be_read_the_case_says_so(company: Desk) -> None:
    shutil.copy(company.folder / "copy0.csv", company.folder / "share" / "x.csv")
    once(company, "share", status=1)
    for file in (company.workspace / "evidence").iterdir():
        file.unlink()
    assert trace_cases(Workspace.open(company.workspace)) == 1
    shown = company.do("case", "show", "k1")
    assert "Nothing of the snapshots could be read." in shown
    assert "is not in" in shown


def test_the_worker_does_it_by_itself(company: Desk) -> None:
    shutil.copy(company.folder / "copy0.csv", company.folder / "share" / "x.csv")
    once(company, "share", status=1)
    company.do("work", "--once")
    assert Alert.objects.filter(source="k1 trace").count() == 1
    assert "took part in the leak of customers" in company.do("alert", "list")
