"""A watched source proves that it would find something: a record with decoys of its own lies there."""

import signal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from children import ran
from desk import Desk, Kept, done
from trapstreet.store.models import Alert, ControlRecord, Delivery, Planting, SeenObject, WatchedSource
from trapstreet.watch.domain.control import ANOTHER, NOT_NAMED, NOT_READ
from watched import PEOPLE, health, leak, once, registered_in, watched

_HOUR = 3_600_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(registered_in(tmp_path_factory.mktemp("office")))


@pytest.fixture(scope="module")
def made_with_share(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = registered_in(tmp_path_factory.mktemp("office"))
    share, there = folder / "share", ("--workspace", folder / "workspace")
    share.mkdir()
    (share / "readme.txt").write_text("nothing of yours\n")
    done("watch", "add", "directory", "--name", "share", "--url", share, *there)
    done("watch", "control", "share", *there)
    return Kept(folder)


@pytest.fixture
def office(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Desk:
    with_share = "share" in request.fixturenames
    kept: Kept = request.getfixturevalue("made_with_share" if with_share else "made")
    return kept.again(capsys)


@pytest.fixture
def share(office: Desk) -> Path:
    """A watched folder with a control record that no round has looked for."""
    return office.folder / "share"


def record(share: Path) -> Path:
    """The control record."""
    (found,) = [each for each in share.iterdir() if each.suffix == ".csv"]
    return found


def proof(desk: Desk, name: str = "share") -> dict[str, Any]:
    return dict(health(desk, name)["proof"])


def age(hours: float) -> None:
    """All that the registry knows of control records happened so much earlier."""
    for row in ControlRecord.objects.all():
        for name in ("put_at", "due_at", "proved_at", "failing_since"):
            if (at := getattr(row, name)) is not None:
                setattr(row, name, at - int(hours * _HOUR))
        row.save()


def alerts(kind: str) -> int:
    return Alert.objects.filter(kind=kind).count()


def test_a_source_proves_that_it_would_find_a_leak_and_the_proof_is_no_finding(
    office: Desk, share: Path
) -> None:
    assert proof(office)["state"] == "awaited"
    assert "its first proof is to come" in office.do("watch", "status")
    lies = record(share)
    assert not any(person[1] in lies.read_text() for person in PEOPLE), "nobody real is in it"

    found = once(office)["share"]
    assert (found["read"], found["findings"]) == (2, 0)
    proven = proof(office)
    assert (proven["state"], proven["record"]) == ("proven", str(lies))
    assert 0 < proven["took"] < 60e6
    assert "Proven" in office.do("watch", "status", "share")
    assert health(office, "share")["found"] == 0
    assert "HOLDS YOUR DATA" not in office.do("watch", "status", "share")
    assert not Alert.objects.exists()

    assert once(office)["share"]["read"] == 0, "once a day is enough"


def test_each_day_it_is_written_anew_and_has_to_be_found_anew(office: Desk, share: Path) -> None:
    once(office)
    first = record(share).read_bytes()
    age(25)
    assert once(office)["share"]["findings"] == 0
    second = record(share).read_bytes()
    assert second != first
    assert ControlRecord.objects.get().awaited
    once(office)
    assert not ControlRecord.objects.get().awaited
    assert record(share).read_bytes() == second
    assert not Alert.objects.exists()


def test_the_same_decoys_anywhere_else_are_an_alert_that_names_the_source(office: Desk, share: Path) -> None:
    other = watched(office, "other")
    once(office)
    (other / "stolen.txt").write_bytes(record(share).read_bytes())
    assert once(office, status=1)["other"]["findings"] == 1
    (alert,) = Alert.objects.all()
    assert alert.kind == "finding"
    shown = office.do("case", "show", "k1")
    assert "which lie nowhere but in" in shown
    assert "at the watched source share" in shown
    assert "It was taken from" in office.do("trace", other / "stolen.txt", status=1)
    scanned = office.do("scan", other / "stolen.txt", status=1)
    assert f"they lie nowhere but in {record(share).name} at the watched source share" in scanned
    assert "the table itself" not in scanned

    (share / "copy.csv").write_bytes(record_named(share, "copy.csv"))
    assert once(office, "share", status=1)["share"]["findings"] == 1, "even beside it"


def record_named(share: Path, but: str) -> bytes:
    (found,) = [each for each in share.iterdir() if each.suffix == ".csv" and each.name != but]
    return found.read_bytes()


def test_who_scans_the_share_by_hand_raises_no_alert_either(office: Desk, share: Path) -> None:
    once(office)
    assert "nothing but decoys" in office.do("scan", share, status=1)
    assert not Alert.objects.exists()
    ControlRecord.objects.update(name="", content="", coming=F("content"))
    office.do("scan", share, status=1)
    assert not Alert.objects.exists(), "nor while it is being put there"


def test_a_leak_that_is_written_into_the_control_record_is_told(office: Desk, share: Path) -> None:
    once(office)
    with record(share).open("a") as file:
        file.write(leak(0, 1, 2))
    assert once(office, status=1)["share"]["findings"] == 1
    age(25)
    once(office, status=1)
    assert proof(office)["why"] == ANOTHER


def test_a_share_that_lists_nothing_any_more_is_told_and_quiet_again_when_it_works(
    office: Desk, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once(office)
    age(25)
    once(office)
    with monkeypatch.context() as patch:
        patch.setattr("trapstreet.plugins.sources.directory._walk", lambda *_, **__: iter(()))
        assert once(office)["share"]["error"] == "", "the round goes well, and that is the trouble"
        ill = proof(office)
        assert ill["state"] == "failing"
        assert NOT_NAMED in ill["why"]
        assert not Alert.objects.exists(), "one bad round is no alert"
        age(19)
        once(office)
        once(office)
    (alert,) = Alert.objects.all()
    assert alert.kind == "trouble"
    assert "does not prove any more that it would find something" in office.do("alert", "list")
    assert "NOT PROVEN since" in office.do("watch", "status")
    office.run("doctor", "--workspace", office.workspace)
    assert "share" in office.out
    assert "does not prove" in office.out

    once(office)
    assert proof(office)["state"] == "proven"
    office.run("doctor", "--workspace", office.workspace)
    assert "does not prove" not in office.out


def test_a_control_record_that_somebody_deleted_is_put_there_again(office: Desk, share: Path) -> None:
    once(office)
    record(share).unlink()
    assert once(office)["share"]["gone"] == 1
    assert proof(office)["state"] == "proven", "it is not due"
    age(25)
    once(office)
    assert proof(office)["why"] == NOT_NAMED
    assert record(share).exists()
    once(office)
    assert proof(office)["state"] == "proven"


def test_rules_that_pass_it_over_are_noticed(office: Desk) -> None:
    watched(office, "share", "--pass-over", "*.csv")
    office.do("watch", "control", "share")
    once(office)
    assert proof(office)["why"] == NOT_READ


def test_a_record_that_no_round_comes_to_is_told_in_the_end(
    office: Desk, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once(office)
    monkeypatch.setattr("trapstreet.app.watch_control.judged", lambda *_: None)
    age(25)
    once(office)
    assert proof(office)["state"] == "proven"
    age(70)
    once(office)
    assert proof(office)["why"] == "no round has come to it"
    assert alerts("trouble") == 1


def test_what_somebody_put_in_its_place_is_neither_overwritten_nor_removed(office: Desk, share: Path) -> None:
    once(office)
    mine = record(share)
    mine.write_text("the user's own list\n")
    age(25)
    once(office)
    assert proof(office)["why"] == ANOTHER
    assert mine.read_text() == "the user's own list\n"
    assert "something else lies in its place" in office.do("watch", "control", "share", "--off")
    assert mine.read_text() == "the user's own list\n"


def test_a_registry_that_was_restored_finds_its_control_record_again(office: Desk, share: Path) -> None:
    once(office)
    before = ControlRecord.objects.values().get()
    age(25)
    once(office)
    once(office)
    ControlRecord.objects.update(**before)
    age(25)
    once(office)
    assert proof(office)["why"] == ANOTHER
    once(office)
    assert proof(office)["state"] == "proven"
    assert not Alert.objects.exists()


def test_removing_the_source_takes_its_control_record_away(office: Desk, share: Path) -> None:
    lies = record(share)
    once(office)
    office.do("watch", "remove", "share")
    assert not lies.exists()
    assert not ControlRecord.objects.exists()
    assert not SeenObject.objects.exists()
    assert {each.state for each in Planting.objects.get().each.all()} == {"retired"}


def test_a_source_that_is_gone_is_removed_and_what_is_left_there_is_said(office: Desk, share: Path) -> None:
    lies = record(share)
    share.rename(office.folder / "elsewhere")
    said = office.do("watch", "remove", "share")
    assert "LEFT  its control record" in said
    assert lies.name in said
    assert not WatchedSource.objects.exists()


def test_a_known_object_that_holds_planted_decoys_proves_a_source(office: Desk) -> None:
    folder, other = watched(office, "share"), watched(office, "other")
    office.do("watch", "control", "share")
    planted = record(folder).read_bytes()
    (other / "page.html").write_bytes(planted)
    office.do("watch", "control", "other", "--known", other / "page.html")
    once(office)
    assert proof(office, "other")["state"] == "proven"
    assert not Alert.objects.exists()
    (other / "page.html").write_text("moved\n")
    age(25)
    once(office)
    assert "was not found" in proof(office, "other")["why"]


def test_a_known_object_without_decoys_has_to_be_read_as_it_was(office: Desk) -> None:
    folder = watched(office, "share")
    (folder / "rules.txt").write_text("House rules\n")
    office.do("watch", "control", "share", "--known", "rules.txt", "--every", "1 hour")
    once(office)
    assert proof(office)["state"] == "proven"
    age(2)
    assert once(office)["share"]["read"] == 1, "it is read again, though it did not change"
    assert proof(office)["state"] == "proven"
    (folder / "rules.txt").write_text("\n")
    age(2)
    once(office)
    assert proof(office)["state"] == "failing"


def test_a_name_that_is_taken_is_refused_and_nothing_is_left_behind(office: Desk) -> None:
    folder = watched(office, "share")
    (folder / "list.csv").write_text("mine\n")
    assert "is there already" in office.refused(2, "watch", "control", "share", "--as", "list.csv")
    assert "cannot be written" in office.refused(2, "watch", "control", "share", "--as", "no/such/list.csv")
    assert not ControlRecord.objects.exists()
    assert (folder / "list.csv").read_text() == "mine\n"
    office.do("watch", "control", "share", "--as", "list-2.csv")
    assert "has a control record" in office.refused(2, "watch", "control", "share")


def test_decoys_that_would_not_be_found_alone_are_refused_and_nothing_is_written(office: Desk) -> None:
    folder = watched(office, "share")
    rows = "".join(f"{number},{phone}\n" for number, (*_, phone) in enumerate(PEOPLE))
    office.do("register", office.write("callers.csv", f"id,phone\n{rows}"), "--name", "callers")
    assert "say it with --data-set: callers, customers" in office.refused(2, "watch", "control", "share")
    line = office.refused(2, "watch", "control", "share", "--data-set", "callers")
    assert "decoys of callers alone would not be found" in line
    assert not list(folder.iterdir())
    office.do("watch", "control", "share", "--data-set", "customers")
    assert once(office)["share"]["findings"] == 0
    assert proof(office)["state"] == "proven"


def test_without_a_control_record_a_source_is_not_proven(office: Desk) -> None:
    watched(office, "share")
    once(office)
    assert proof(office)["state"] == "none"
    assert "not proven" in office.do("watch", "status")
    assert "trapstreet watch control share" in office.do("watch", "status", "share")


def test_a_control_record_lies_in_no_table_and_reconciling_leaves_it_alone(office: Desk, share: Path) -> None:
    planting = Planting.objects.get()
    assert (planting.kind, planting.decoys) == ("control", 3)
    assert "at the watched source share" in office.do("decoy", "list")
    assert "lies in no table" in office.refused(2, "decoy", "reconcile", planting.id)
    office.do("decoy", "reconcile", "--all")
    assert record(share).exists()


def test_a_source_whose_data_sets_cannot_be_searched_is_failing_not_quiet(office: Desk, share: Path) -> None:
    once(office)
    (segment,) = (office.workspace / "index").glob("*/version-*.segment")
    segment.rename(office.folder / "gone")
    age(25)
    assert "index" in once(office, status=2)["share"]["error"]
    assert health(office, "share")["state"] == "failing"
    (office.folder / "gone").rename(segment)
    assert once(office)["share"]["error"] == ""


def test_status_says_that_nobody_tells_the_alerts(office: Desk) -> None:
    with (office.workspace / "trapstreet.toml").open("a") as settings:
        settings.write(
            '\n[notify.desk]\nkind = "webhook"\nurl = "http://127.0.0.1:9/"\nallow_private = true\n'
        )
    (watched(office, "share") / "list.csv").write_text(leak(0, 1))
    once(office, status=1)
    assert "NOT TOLD" not in office.do("watch", "status")
    Delivery.objects.update(created_at=F("created_at") - 2 * _HOUR)
    assert "NOT TOLD  messages of alerts wait since" in office.do("watch", "status")


_KILL = "os.kill(os.getpid(), 9)"
_DIRECTORY = "import os; from trapstreet.plugins.sources.directory import _Directory as d; put = d.put; "
_KILLED = {
    "before it is put": f"{_DIRECTORY}d.put = lambda *a: {_KILL}",
    "when it was put": f"{_DIRECTORY}d.put = lambda *a: (put(*a), {_KILL})",
    "before the old one is removed": f"{_DIRECTORY}d.remove = lambda *a: {_KILL}",
    "when it was found": (
        f"import os; from trapstreet.app.watch_control import Proving as p; p._proved = lambda *a: {_KILL}"
    ),
    "when the round was written down": (
        f"import os; from trapstreet.app.watch_rounds import Rounds as r; r._settle = lambda *a: {_KILL}"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("before", _KILLED.values(), ids=_KILLED)
def test_killed_anywhere_one_control_record_is_there_and_it_is_found(
    office: Desk, share: Path, before: str
) -> None:
    once(office)
    age(25)
    command = ("watch", "run", "--once", "--workspace", office.workspace)
    assert ran(office.folder, command, before=before).status == -signal.SIGKILL
    WatchedSource.objects.update(leased_until=0)
    once(office)
    once(office)
    assert record(share).exists(), "one, and no second"
    assert proof(office)["state"] == "proven"
    assert not ControlRecord.objects.get().coming
    assert not Alert.objects.exists()
    office.do("watch", "remove", "share")
    assert [each.name for each in share.iterdir()] == ["readme.txt"]


@pytest.mark.slow
@pytest.mark.parametrize("before", list(_KILLED.values())[:2], ids=list(_KILLED)[:2])
def test_killed_when_it_is_put_for_the_first_time_it_is_found_or_put_again(office: Desk, before: str) -> None:
    share = watched(office, "share")
    command = ("watch", "control", "share", "--workspace", office.workspace)
    assert ran(office.folder, command, before=before).status == -signal.SIGKILL
    assert Planting.objects.get().planted_at is None
    once(office)
    once(office)
    assert Planting.objects.get().planted_at is not None
    assert record(share).exists()
    assert proof(office)["state"] == "proven"
    assert not Alert.objects.exists()
