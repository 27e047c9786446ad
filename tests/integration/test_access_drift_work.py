"""What changed in the rights of folders, compared by hand, by the worker, at once and killed."""

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import pytest

from alarms import seconds_from_now
from couriers import WebhookReceiver, webhook
from desk import Desk
from drifts import diff, folder, texts
from trapstreet.app import drift_work
from trapstreet.app.drift import Compared, compare
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.rights import Rights
from trapstreet.plugins import _mariadb
from trapstreet.plugins.permissions import rights_at
from trapstreet.store import cases
from trapstreet.store.models import RightsPlace

__all__ = ["folder"]


def test_a_file_made_readable_to_all_is_an_alert_and_hostile_names_are_printed(
    desk: Desk, folder: Path
) -> None:
    hostile = folder / "x\x1b[31m\udcff"
    hostile.mkdir()
    (hostile / "a").write_text("x")
    (hostile / "a").chmod(0o600)
    desk.do("access", "diff", folder)
    (folder / "list1.csv").chmod(0o644)
    (hostile / "a").chmod(0o604)
    changes = diff(desk, folder)
    assert {each["files"] for each in changes} == {1}
    assert all(each["everybody"] and each["alert"] for each in changes)
    said = texts(changes)
    assert any(each.startswith(f"1 file in {folder} became readable by everybody") for each in said)
    assert "mode rw-r--r--" in " ".join(said)
    assert not any("\x1b" in each or "\udcff" in each for each in said)


def test_a_file_more_with_the_same_rights_is_no_change(desk: Desk, folder: Path) -> None:
    desk.do("access", "diff", folder)
    (folder / "list9.csv").write_text("x")
    (folder / "list9.csv").chmod(0o640)
    assert diff(desk, folder, status=0) == []
    (folder / "list9.csv").unlink()
    assert diff(desk, folder, status=0) == []


def test_what_is_never_told_keeps_nothing_else_from_being_compared(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def partly(location: str) -> Rights:
        found = rights_at(location)
        found.unknown.append("who is a member of what: nobody tells")
        return found

    monkeypatch.setattr("trapstreet.app.drift.rights_at", partly)
    desk.do("access", "diff", folder, status=6)
    answer = desk.json("access", "diff", folder, status=6)
    assert (answer["changes"], answer["not_compared"]) == ([], [])
    assert answer["unknown"] == ["who is a member of what: nobody tells"]
    (folder / "list1.csv").chmod(0o644)
    (change,) = diff(desk, folder)
    assert change["everybody"]


def test_a_folder_of_any_name_can_be_compared_and_one_that_is_too_long_is_refused(
    desk: Desk, folder: Path
) -> None:
    odd = folder / "odd\udcff\n"
    odd.mkdir()
    desk.do("access", "diff", odd)
    assert diff(desk, odd, status=0) == []
    deep = folder.joinpath(*["x" * 200] * 3)
    deep.mkdir(parents=True)
    assert "more than 500 characters" in desk.refused(2, "access", "diff", deep)


class Kept(WebhookReceiver):
    """Keeps the alerts that it is told."""

    def __init__(self) -> None:
        self.alerts: list[dict[str, Any]] = []
        super().__init__()

    def take(self, message: str, alerts: list[dict[str, Any]]) -> int:
        self.alerts += alerts
        return 204


def with_targets(desk: Desk, *targets: object) -> None:
    """The worker compares the rights of these from now on."""
    file = desk.workspace / "trapstreet.toml"
    listed = ", ".join(json.dumps(str(each)) for each in targets)
    file.write_text(file.read_text().replace("targets = []", f"targets = [{listed}]"))


@pytest.mark.slow
def test_the_worker_compares_by_itself_and_tells_by_a_real_webhook(desk: Desk, folder: Path) -> None:
    receiver = Kept()
    try:
        with_targets(desk, folder)
        webhook(desk.workspace, receiver.port)
        desk.do("work", "--once")
        assert receiver.alerts == []
        (folder / "list1.csv").chmod(0o644)
        desk.do("work", "--once")  # whose turn it is not
        assert receiver.alerts == []
        RightsPlace.objects.update(compared_at=seconds_from_now(-25 * 3_600))
        desk.do("work", "--once")
        desk.do("work", "--once")
        (alert,) = receiver.alerts
    finally:
        receiver.close()
    assert alert["kind"] == "access"
    assert "became readable by everybody" in alert["headline"]


def test_a_target_that_cannot_be_asked_keeps_no_other_from_being_compared_and_the_doctor_says_so(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "postgresql://reader@127.0.0.1:1/crm"
    with_targets(desk, away, away.replace("reader", "trapstreet_discover"), folder)
    opened = Workspace.open(desk.workspace)
    said: list[str] = []
    assert drift_work.compare_due(opened, lambda: True, said.append) == 0
    (line,) = said
    assert line.startswith("NOT COMPARED postgresql://127.0.0.1:1/crm: ")
    (check,) = [each for each in drift_work.compared_in_time(opened) if not each.ok]
    assert "postgresql://127.0.0.1:1/crm were not compared yet" in check.found
    assert "trapstreet access diff" in check.advice
    assert desk.refused(4, "access", "diff", away)
    assert desk.json("access", "diff", away, "--since", "2020-01-01")["changes"] == []


def test_a_target_that_says_nothing_is_left_soon_and_asked_last_the_next_time(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mariadb, "_CONNECT_SECONDS", 0.3)
    asked: list[str] = []
    usual = drift_work.compare

    def compare_next(workspace: Workspace, target: str) -> Compared:
        asked.append(target)
        return usual(workspace, target)

    monkeypatch.setattr(drift_work, "compare", compare_next)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        says_nothing = f"mariadb://reader@127.0.0.1:{mute.getsockname()[1]}/"
        with_targets(desk, says_nothing, folder)
        opened = Workspace.open(desk.workspace)
        begun, said = time.monotonic(), list[str]()
        for _ in range(2):
            drift_work.compare_due(opened, lambda: True, said.append)
            RightsPlace.objects.update(compared_at=seconds_from_now(-25 * 3_600))
    assert time.monotonic() - begun < 10
    assert asked == [says_nothing, str(folder), str(folder), says_nothing]
    assert [each.partition(":")[0] for each in said] == ["NOT COMPARED mariadb"] * 2


def test_a_password_in_the_settings_is_refused(desk: Desk) -> None:
    with_targets(desk, "postgresql://reader:secret@db.internal/")
    line = desk.refused(2, "alert", "list")
    assert "a password does not belong here" in line
    assert "secret" not in line


KILLED = """
import os, signal, sys
from trapstreet.app import drift
from trapstreet.cli import main
drift.rights.enter = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
main()
"""


@pytest.mark.slow
def test_a_look_that_is_killed_between_rights_and_alert_keeps_neither_and_the_next_tells(
    desk: Desk, folder: Path
) -> None:
    desk.do("access", "diff", folder)
    (folder / "list1.csv").chmod(0o644)
    line = ["access", "diff", str(folder), "--workspace", str(desk.workspace)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *line], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert desk.json("alert", "list")["alerts"] == []
    (change,) = diff(desk, folder)
    assert change["alert"] == "a1"


def test_of_two_who_look_at_once_one_tells(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.do("access", "diff", folder)
    (folder / "list1.csv").chmod(0o644)
    opened, told, raising = Workspace.open(desk.workspace), [], cases.raising

    def after_the_other() -> AbstractContextManager[None]:
        monkeypatch.setattr("trapstreet.app.drift.cases.raising", raising)
        told.append(compare(opened, str(folder)))
        return raising()

    monkeypatch.setattr("trapstreet.app.drift.cases.raising", after_the_other)
    assert compare(opened, str(folder)).changes == ()
    assert [len(each.changes) for each in told] == [1]


def test_a_copy_put_into_a_folder_that_is_known_is_an_alert_that_names_the_older_file(
    desk: Desk, folder: Path
) -> None:
    support, public = folder / "support", folder / "public"
    for each in (support, public):
        each.mkdir()
    people = [f"{n},Anna Murphy,user{n}@mail.example" for n in range(300)]
    table = "\n".join(["id,name,email", *people])
    (support / "customers.csv").write_text(table)
    (public / "notes.txt").write_text("The canteen is closed on Friday.")
    desk.do("discover", folder)
    desk.do("access", "diff", folder)
    (public / "copy.csv").write_text(table)
    (public / "mail.txt").write_text("Anna Murphy, anna@mail.example\nBert Murphy, bert@mail.example")
    desk.do("discover", folder)
    (copy,) = diff(desk, folder)
    original = f"{support}/customers.csv"
    assert copy["text"].startswith(f"{public}/copy.csv is new and looks like a copy of {original}")
    assert (copy["sort"], copy["what"], copy["like"]) == ("copied", [[f"{public}/copy.csv"]], [original])
    assert copy["alert"]
    assert diff(desk, folder, status=0) == []
    desk.do("discover", folder)
    (folder / "new").mkdir()
    (folder / "new" / "c.csv").write_text(table)
    desk.do("discover", folder)
    said = [each for each in texts(diff(desk, folder)) if "copy of" in each]
    assert [each.partition(", readable")[0] for each in said] == [
        f"{folder}/new/c.csv is new and looks like a copy of {original}"
    ]


def test_what_discover_finds_for_the_first_time_after_a_look_is_not_called_new(
    desk: Desk, folder: Path
) -> None:
    table = "\n".join(["id,name,email", *(f"{n},Anna Murphy,user{n}@mail.example" for n in range(300))])
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(table)
    desk.do("access", "diff", folder)
    desk.do("discover", folder)
    assert diff(desk, folder, status=0) == []


def test_the_log_of_a_database_that_is_known_is_no_copy_of_it(desk: Desk, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "crm.db", isolation_level=None)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("CREATE TABLE staff (full_name TEXT, email TEXT, phone TEXT)")
        people = [("Anna Murphy", f"user{n}@mail.example", f"+1 212 555 {n:04}") for n in range(300)]
        base.executemany("INSERT INTO staff VALUES (?, ?, ?)", people)
    desk.do("discover", folder)
    desk.do("access", "diff", folder)
    with closing(sqlite3.connect(folder / "crm.db", isolation_level=None)) as base:
        base.execute("UPDATE staff SET phone = NULL WHERE rowid = 3")
        assert "crm.db-wal!staff, of crm.db" in desk.do("discover", folder)
        assert diff(desk, folder, status=0) == []
