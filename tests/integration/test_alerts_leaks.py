"""A leak is one alert, in however many places and files of whatever format it lies, and says where."""

import csv
import gzip
import json
import re
import zipfile
from pathlib import Path

import msgspec
import pytest

from alarms import Receiver, seconds_from_now, with_routes
from desk import Desk
from trapstreet.app import delivering
from trapstreet.app.alarming import alarm_findings, deliver
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.notice import Severity
from trapstreet.store import cases
from trapstreet.store.models import Alert, Case, Found
from trapstreet.watch import Finding
from working import customers

FINDING = Finding(
    source="/srv",
    path="/srv/a.csv",
    data_set="customers",
    records=12,
    by_column=0,
    of=900,
    share=12 / 900,
    fields={},
    histogram={},
    singles={},
    expected={},
    p_value=0.0,
    decoys=0,
    certain=0,
    planted={},
    excerpts=[],
    sha256="a" * 64,
    which="b" * 32,
)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """What every route tells."""
    there = Receiver()
    monkeypatch.setattr(delivering, "notifier_of", lambda *_, **__: there)
    return there


def found(workspace: Workspace, *changes: dict[str, object]) -> int:
    """How many alerts have to be told of findings that differ so."""
    return alarm_findings(workspace, [msgspec.structs.replace(FINDING, **each) for each in changes])


def repacked(table: Path, folder: Path) -> list[str]:
    """The same records in many dresses; where each lies."""
    folder.mkdir()
    text = table.read_bytes()
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    (folder / "a.csv").write_bytes(text)
    (folder / "b.csv.gz").write_bytes(gzip.compress(text))
    (folder / "c.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (folder / "d.txt").write_text("\n".join("; ".join(reversed(row.values())) for row in rows))
    with zipfile.ZipFile(folder / "e.zip", "w") as archive:
        archive.writestr("old/a.csv", text)
        archive.writestr("new/a.csv", text.replace(b"\n", b"\r\n"))
    inside = ("a.csv", "b.csv.gz!/b.csv", "c.jsonl", "d.txt", "e.zip!/new/a.csv", "e.zip!/old/a.csv")
    return [f"{folder}/{each}" for each in inside]


def test_a_leak_that_was_repacked_is_one_alert_and_its_case_says_where_it_lies_and_since_when(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_routes(desk, "desk")
    places = repacked(customers(desk), desk.folder / "leaks")
    monkeypatch.chdir(desk.folder)
    desk.do("scan", "leaks", status=1)
    assert "1 new alert:" in desk.err
    deliver(workspace, holder="x", at=seconds_from_now(0))
    ((_, (notice,)),) = receiver.told
    assert notice.headline == "Data of customers was found in 6 places: 400 of its 400 records"
    assert places[0] in notice.lay and "and 5 more places" in notice.lay
    shown = desk.json("case", "show", "k1")["alerts"][0]
    assert sorted(each["where"] for each in shown["found"]) == places
    assert shown["places"] == 6
    assert {len(each["sha256"]) for each in shown["found"]} == {64}
    said = desk.do("case", "show", "k1")
    for place in places:
        assert re.search(rf"Found in {re.escape(place)}, 20\d\d-\d\d-\d\d \d\d:\d\d UTC", said), said
    out = desk.folder / "out"
    desk.do("case", "export", "k1", "--out", out)
    for name in ("case.html", "case.json", "takedown.txt"):
        assert all(place in (out / name).read_text() for place in places), name


def test_a_place_that_comes_later_is_added_to_the_case_and_tells_nothing(
    desk: Desk, receiver: Receiver
) -> None:
    workspace = with_routes(desk, "desk")
    assert found(workspace, {}) == 1
    assert deliver(workspace, holder="x", at=seconds_from_now(0)).sent == 1
    repacking = {"path": "/srv/b.zip!/b.csv", "sha256": "c" * 64}
    for changes in ({}, repacking, repacking, {"path": "/srv/c.csv", "which": ""}):
        assert found(workspace, changes) == 0
    assert deliver(workspace, holder="x", at=seconds_from_now(2 * 3_600)).sent == 0
    assert desk.json("case", "show", "k1")["alerts"][0]["places"] == 3
    notice = cases.notice_of(Alert.objects.get(), workspace.ring)
    assert "The same lies in 3 places: /srv/a.csv; /srv/b.zip!/b.csv; /srv/c.csv." in notice.happened


def test_a_leak_that_is_worse_in_another_place_is_told_again(desk: Desk, receiver: Receiver) -> None:
    workspace = with_routes(desk, "desk")
    found(workspace, {"records": 0, "share": 0.0})
    assert found(workspace, {"path": "/srv/b.csv"}) == 1
    deliver(workspace, holder="x", at=seconds_from_now(0))
    assert Alert.objects.get().severity == Severity.HIGH
    assert found(workspace, {"path": "/srv/b.csv", "share": 0.5}) == 1, "nor is it new there"
    deliver(workspace, holder="x", at=seconds_from_now(1))
    assert receiver.reasons == ["new", "worse"]


def test_other_records_and_other_data_sets_are_leaks_of_their_own(desk: Desk) -> None:
    workspace = with_routes(desk, "desk")
    other = {"path": "/srv/b.csv", "sha256": "c" * 64, "which": "d" * 32}
    assert found(workspace, {}, other, {"data_set": "staff"}) == 3
    assert sorted(Case.objects.values_list("subject", flat=True)) == ["data set customers", "data set staff"]


def test_where_its_case_was_closed_what_lies_there_still_is_silent_and_a_further_place_opens_another(
    desk: Desk, receiver: Receiver
) -> None:
    workspace = with_routes(desk, "desk")
    other = {"path": "/srv/b.csv"}
    found(workspace, {}, other)
    desk.do("case", "close", "k1", "--why", "our own archive")
    assert found(workspace, {}, other) == 0
    assert (Case.objects.count(), Found.objects.count()) == (1, 2)
    assert found(workspace, {}, {"path": "/mnt/share/a.csv"}) == 1
    shown = desk.json("case", "show", "k2")
    assert shown["case"]["earlier"] == "k1"
    assert [each["where"] for each in shown["alerts"][0]["found"]] == ["/srv/a.csv", "/mnt/share/a.csv"]
    assert found(workspace, {}, other, {"path": "/mnt/share/a.csv"}) == 0
    assert Alert.objects.count() == 2


def test_what_lies_where_it_lay_does_not_come_up_in_another_case_of_its_data_set(desk: Desk) -> None:
    workspace = with_routes(desk, "desk")
    found(workspace, {})
    desk.do("case", "close", "k1")
    new = {"path": "/srv/new.csv", "sha256": "c" * 64, "which": "d" * 32}
    assert found(workspace, {}, new) == 1
    assert found(workspace, {}, new) == 0
    assert Alert.objects.filter(case=2).count() == 1


def test_of_hundreds_of_places_a_case_shows_the_first_and_an_export_has_all(desk: Desk) -> None:
    workspace = with_routes(desk, "desk")
    many = [{"path": f"/srv/{number}.csv", "sha256": f"{number:064}"} for number in range(430)]
    assert found(workspace, *many) == 1
    assert found(workspace, *many) == 0
    assert (Alert.objects.count(), Found.objects.count()) == (1, 430)
    said = desk.do("case", "show", "k1")
    assert "found in 430 places" in said and "; and 427 more." in said
    assert said.count("Found in /srv/") == 10 and "Found in 420 more places: " in said
    page = desk.folder / "case.html"
    desk.do("case", "export", "k1", "--out", page)
    assert page.read_text().count("/srv/42") >= 10


@pytest.mark.parametrize(
    ("source", "path", "where"),
    [
        ("-", "-", "standard input"),
        ("-", "-!/a.csv", "standard input!/a.csv"),
        ("./x", "./x/a.zip!/../b.csv", "{}/x/a.zip!/../b.csv"),
        ("x", "x?password=1", "{}/x?password=1"),
        ("sftp://me:pass@h/x", "sftp://me:pass@h/x/a.csv", "sftp://me@h/x/a.csv"),
    ],
)
def test_a_place_is_named_so_that_somebody_elsewhere_finds_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, source: str, path: str, where: str
) -> None:
    workspace = with_routes(desk, "desk")
    monkeypatch.chdir(desk.folder)
    found(workspace, {"source": source, "path": path})
    (place,) = desk.json("case", "show", "k1")["alerts"][0]["found"]
    assert place["where"] == where.format(desk.folder)
    assert "pass@" not in place["source"]


def test_where_leaks_lie_is_sealed(desk: Desk) -> None:
    found(with_routes(desk, "desk"), {"path": "/srv/Aoife Sentinel/a.csv"})
    kept = b"".join(path.read_bytes() for path in desk.workspace.rglob("*") if path.is_file())
    assert b"Sentinel" not in kept
    assert "Aoife Sentinel" in desk.do("case", "show", "k1")
