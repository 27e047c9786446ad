"""Folders that are watched: what is new is read once and told once, and a failing source stops no other."""

import os
import time
from pathlib import Path

import pytest
from django.db.utils import OperationalError

from desk import Desk
from trapstreet.app import watch_rounds
from trapstreet.plugins.sources import Later
from trapstreet.store import watching
from trapstreet.store.models import Alert, SeenObject, WatchedSource
from watched import PEOPLE, health, leak, once, opened, registered, watched

__all__ = ["opened"]


@pytest.fixture
def office(desk: Desk) -> Desk:
    return registered(desk)


def findings() -> int:
    return Alert.objects.filter(kind="finding").count()


def test_what_appears_is_told_and_what_is_unchanged_is_not_opened_again(
    office: Desk, opened: list[str]
) -> None:
    share = watched(office, "share")
    (share / "deep").mkdir()
    (share / "deep" / "export.csv").write_text(leak(0, 1))
    (share / "readme.txt").write_text("nothing of yours\n")

    first = once(office, "share", status=1)["share"]
    assert (first["listed"], first["read"], first["new"], first["findings"]) == (2, 2, 2, 1)
    assert sorted(opened) == ["export.csv", "readme.txt"]
    assert findings() == 1

    opened.clear()
    again = once(office)["share"]
    assert (again["listed"], again["read"], again["findings"]) == (2, 0, 0)
    assert opened == []

    (share / "readme.txt").write_text(leak(2, 3))
    changed = once(office, status=1)["share"]
    assert (changed["read"], changed["new"], changed["findings"]) == (1, 0, 1)
    assert opened == ["readme.txt"]
    assert findings() == 2
    shown = office.do("watch", "status", "share")
    assert "HOLDS YOUR DATA" in shown
    assert PEOPLE[0][1] not in shown


def test_the_same_leak_in_another_place_is_one_alert(office: Desk) -> None:
    here, there = watched(office, "here"), watched(office, "there")
    (here / "a.csv").write_text(leak(0, 1))
    (there / "b.csv").write_text(leak(0, 1))
    rounds = once(office, status=1)
    assert [each["findings"] for each in rounds.values()] == [1, 1]
    assert findings() == 1


def test_what_vanishes_is_gone_and_what_comes_back_as_it_was_is_not_read(
    office: Desk, opened: list[str]
) -> None:
    share = watched(office, "share")
    for name in ("stays", "goes", "returns"):
        (share / name).write_text(f"{name}\n")
    once(office)
    (share / "goes").unlink()
    (share / "returns").rename(office.folder / "returns")
    assert once(office)["share"]["gone"] == 2
    assert health(office, "share")["objects"] == 1

    opened.clear()
    (office.folder / "returns").rename(share / "returns")
    back = once(office)["share"]
    if "returns" in opened:  # a file system whose renames change the time of the entry
        assert back["read"] == 1
    assert health(office, "share")["objects"] == 2
    assert SeenObject.objects.filter(gone_at__isnull=False).count() == 1


def test_a_source_that_fails_is_marked_and_the_others_go_on(office: Desk) -> None:
    bad, good = watched(office, "bad"), watched(office, "good")
    once(office)
    bad.rmdir()
    (good / "list.csv").write_text(leak(0, 1, 2))
    rounds = once(office, status=1)
    assert "no such file" in rounds["bad"]["error"]
    assert rounds["good"]["findings"] == 1

    (good / "list.csv").unlink()
    assert once(office, status=6)["bad"]["error"]
    ill = health(office, "bad")
    assert (ill["state"], ill["failures"]) == ("failing", 2)
    wait = (ill["due_at"] / 1e6) - time.time()
    assert 60 < wait <= 120, "the second wait is twice the first"
    assert "failing: " in office.do("watch", "status")

    bad.mkdir()
    assert once(office, "bad")["bad"]["error"] == ""
    well = health(office, "bad")
    assert (well["state"], well["failures"], well["why"]) == ("well", 0, "")


def test_the_only_source_that_fails_gives_its_exit_status(office: Desk) -> None:
    watched(office, "bad").rmdir()
    once(office, status=4)


def test_people_are_told_once_of_a_source_that_fails_for_long(office: Desk) -> None:
    watched(office, "bad").rmdir()
    once(office, status=4)
    assert not Alert.objects.exists()
    long_ago = int((time.time() - 4 * 6 * 3600) * 1e6)
    WatchedSource.objects.update(failing_since=long_ago)
    once(office, status=4)
    once(office, status=4)
    (alert,) = Alert.objects.all()
    assert alert.kind == "trouble"
    assert "The source bad cannot be watched" in office.do("alert", "list")


def test_a_bug_of_a_source_is_that_sources_failure(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    watched(office, "bad")
    good = watched(office, "good")
    (good / "list.csv").write_text(leak(0, 1))
    real = watch_rounds.source_of

    def source_of(kind: str, options: dict[str, str], **more: object) -> object:
        if options["url"].endswith("bad"):
            raise ZeroDivisionError
        return real(kind, options, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(watch_rounds, "source_of", source_of)
    rounds = once(office, status=1)
    assert "a bug (ZeroDivisionError)" in rounds["bad"]["error"]
    assert rounds["good"]["findings"] == 1


def test_rules_pass_over_and_count_and_a_budget_ends_a_round_that_the_next_goes_on(
    office: Desk, opened: list[str]
) -> None:
    rules = ("--largest", "5 kB", "--pass-over", "*.iso", "--pass-over", "*/cache/*", "--budget", "2 kB")
    share = watched(office, "share", *rules)
    (share / "cache").mkdir()
    (share / "cache" / "x").write_text("x\n")
    (share / "disk.ISO").write_text("x\n")
    (share / "huge").write_text("x" * 6_000)
    (share / "dear").write_text("x" * 3_000)
    for number in range(3):
        (share / f"part-{number}").write_text(f"{number}\n" * 450)

    first = once(office)["share"]
    assert first["passed_over"] == {
        "larger than a round's budget": 1,
        "larger than the largest to be read": 1,
        "passed over by name": 2,
        "the round's budget was used up": 1,
    }
    assert (first["listed"], first["read"]) == (7, 2)
    opened.clear()
    assert once(office)["share"]["read"] == 1
    assert opened == ["part-2"]
    assert "PASSED OVER  2: passed over by name" in office.do("watch", "status", "share")


def test_a_file_that_cannot_be_read_is_listed_and_what_is_beside_it_is_read(office: Desk) -> None:
    share = watched(office, "share")
    os.mkfifo(share / "pipe")
    (share / "list.csv").write_text(leak(0, 1))
    found = once(office, status=1)["share"]
    assert (found["unread"], found["findings"]) == (1, 1)
    assert found["examples"][0][1] == "a named pipe, not a file"
    (share / "list.csv").unlink()
    assert once(office, status=6)["share"]["gone"] == 1


@pytest.mark.parametrize(
    "name",
    [b"new\nline", b"esc\x1b[2Jape", b"\xff\xfe not utf-8", b"back\\slash", b"n" * 255, b"100% %20 ?#"],
)
def test_a_hostile_name_is_only_shown_and_shown_in_one_line(office: Desk, name: bytes) -> None:
    share = watched(office, "share")
    Path(os.fsdecode(os.fsencode(share) + b"/" + name)).write_text(leak(0, 1, 2))
    assert once(office, status=1)["share"]["findings"] == 1
    assert once(office)["share"]["read"] == 0
    shown = office.do("watch", "status", "share")
    (line,) = [each for each in shown.splitlines() if each.startswith("HOLDS YOUR DATA")]
    assert line.isprintable()


def test_removing_a_source_forgets_what_was_seen_and_keeps_the_alerts(office: Desk) -> None:
    share, other = watched(office, "share"), watched(office, "other")
    (share / "list.csv").write_text(leak(0, 1))
    (other / "list.txt").write_text("nothing\n")
    once(office, status=1)
    assert "1 object seen there are forgotten" in office.do("watch", "remove", "share")
    assert SeenObject.objects.count() == 1
    assert findings() == 1
    assert [each["name"] for each in office.json("watch", "list")["sources"]] == ["other"]
    assert "no watched source 'share': watched are: other" in office.refused(2, "watch", "remove", "share")
    assert "watched are: other" in office.refused(2, "watch", "run", "--once", "share")


def test_adding_looks_at_the_source_at_once_and_refuses_what_cannot_be(office: Desk) -> None:
    (office.folder / "shelf").mkdir()
    (office.folder / "shelf" / "a.txt").write_text("x\n")
    add = ("watch", "add", "directory", "--name")
    said = office.do(*add, "shelf", "--url", office.folder / "shelf", "--every", "1 hour")
    assert "shelf is watched from now on, every 1 hour; it begins with" in said
    assert "a.txt (2 bytes)" in said
    assert "is watched already" in office.refused(2, *add, "shelf", "--url", office.folder / "shelf")
    assert "no such file" in office.refused(4, *add, "gone", "--url", office.folder / "gone")
    office.do(*add, "gone", "--url", office.folder / "gone", "--later")
    assert "is no time" in office.refused(2, *add, "x", "--url", office.folder, "--every", "soon")
    assert "is no size" in office.refused(2, *add, "x", "--url", office.folder, "--budget", "10")
    assert office.run("watch", "add", "stdin", "--name", "x", "--workspace", office.workspace) == 2


def test_a_relative_path_is_the_one_that_the_user_meant(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (office.folder / "shelf").mkdir()
    monkeypatch.chdir(office.folder)
    office.do("watch", "add", "directory", "--name", "shelf", "--url", "shelf")
    monkeypatch.chdir("/")
    assert once(office)["shelf"]["error"] == ""


def test_what_is_registered_meanwhile_is_looked_for(
    office: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from trapstreet.app import watched_texts
    from trapstreet.app.watched_texts import Search
    from trapstreet.app.workspace import Workspace
    from watching import Memory

    search = Search(Workspace.open(office.workspace))
    text = "id,email\n7,grainne.daly@harbour.example\n8,oisin.ryan@harbour.example\n"
    assert search([Memory("x", text)])[0].findings == []
    office.do("register", office.write("staff.csv", text), "--name", "staff", "--key", "id")
    assert search([Memory("x", text)])[0].findings == [], "looked a moment ago"
    monkeypatch.setattr(watched_texts, "_LOOKED_AT", 0.0)
    Workspace.open(office.workspace)
    assert [each.data_set for each in search([Memory("x", text)])[0].findings] == ["staff"]


def test_a_source_that_nobody_looks_at_is_late_and_the_doctor_says_so(office: Desk) -> None:
    watched(office, "share")
    assert health(office, "share")["state"] == "new"
    WatchedSource.objects.update(due_at=int((time.time() - 19 * 3600) * 1e6))
    assert "late: nobody looks at it" in office.do("watch", "status")
    office.run("doctor", "--workspace", office.workspace)
    assert "nobody looks at the watched source share" in office.out


@pytest.mark.parametrize(("asked", "left"), [(7_200.0, 7_200), (1e9, 86_400), (1.0, 60)])
def test_a_source_that_asks_to_be_left_alone_is(
    office: Desk, monkeypatch: pytest.MonkeyPatch, asked: float, left: int
) -> None:
    watched(office, "busy")

    def source_of(*_: object, **__: object) -> object:
        raise Later("busy: too many requests", seconds=asked)

    monkeypatch.setattr(watch_rounds, "source_of", source_of)
    once(office, status=4)
    wait = health(office, "busy")["due_at"] / 1e6 - time.time()
    assert left - 30 < wait <= left


def test_a_password_in_an_address_is_neither_kept_nor_shown(office: Desk) -> None:
    url = "sftp://files:hunter2secret@files.example/in"
    line = office.refused(2, "watch", "add", "sftp", "--name", "x", "--url", url, "--later")
    assert "the address has a password" in line
    assert "hunter2secret" not in line
    assert not WatchedSource.objects.exists()


def test_a_finding_and_its_alert_are_there_together_or_not_at_all(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = watched(office, "share")
    (share / "list.csv").write_text(leak(0, 1))

    def full(_: int) -> None:
        raise OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(watching, "add_tests", full)
        assert "the registry: disk I/O error" in office.refused(4, "watch", "run", "--once")
    assert (findings(), SeenObject.objects.count()) == (0, 0)
    assert once(office, status=1)["share"]["findings"] == 1
    assert findings() == 1
