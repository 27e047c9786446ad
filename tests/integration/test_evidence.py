"""What the watch finds is kept as it was: before it is told, sealed, for a time, and no longer."""

import errno
import hashlib
import io
import os
import signal
import stat
import time
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from children import ran
from desk import Desk
from trapstreet.app import keeping, snapshots
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.objects import Ref
from trapstreet.plugins.sources import Changed, directory
from trapstreet.store import log
from trapstreet.store.models import Alert, Case, Snapshot, SnapshotOf, WatchedSource
from watched import PEOPLE, leak, once, opened, registered, watched

__all__ = ["opened"]

WHY = ("--reason", "for counsel")


@pytest.fixture
def office(desk: Desk) -> Desk:
    return registered(desk)


def files(desk: Desk) -> list[Path]:
    folder = desk.workspace / "evidence"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def shown(desk: Desk, case: str = "k1") -> list[dict[str, Any]]:
    return list(desk.json("case", "show", case)["snapshots"])


def events(name: str) -> list[dict[str, Any]]:
    return [dict(each) for each in log.all_entries() if each.get("event") == name]


def age(days: float) -> None:
    """What was taken was taken, and closed, so long ago."""
    for each in Snapshot.objects.all():
        Snapshot.objects.filter(id=each.id).update(taken_at=each.taken_at - int(days * 86_400e6))
    for case in Case.objects.filter(closed_at__isnull=False):
        Case.objects.filter(id=case.id).update(closed_at=(case.closed_at or 0) - int(days * 86_400e6))


def set_evidence(desk: Desk, **values: str) -> None:
    file = desk.workspace / "trapstreet.toml"
    text = file.read_text()
    before = {"keep": "90 days", "largest": "100 MB", "room": "10 GB"}
    for name, value in values.items():
        assert f'{name} = "{before[name]}"' in text
        text = text.replace(f'{name} = "{before[name]}"', f'{name} = "{value}"')
    file.write_text(text)


def test_what_is_found_is_kept_as_it_was_though_it_vanishes(office: Desk, opened: list[str]) -> None:
    share = watched(office, "share")
    content = leak(0, 1).encode()
    (share / "export.csv").write_bytes(content)
    (share / "readme.txt").write_text("nothing of yours\n")
    once(office, "share", status=1)
    assert sorted(opened) == ["export.csv", "readme.txt"], "what is small is not fetched once more"
    (share / "export.csv").unlink()

    (each,) = shown(office)
    assert (each["source"], each["kept"], each["size"], each["whole"]) == (
        "share",
        len(content),
        len(content),
        True,
    )
    assert each["sha256"] == hashlib.sha256(content).hexdigest()
    assert each["excerpts"] and PEOPLE[0][1] not in str(each["excerpts"])
    assert each["path"] == str(share / "export.csv") and not each["again"] and not each["remark"]
    out = office.folder / "out.csv"
    office.do("case", "evidence", "k1", "--out", out, *WHY)
    assert out.read_bytes() == content
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "personal data in plain text" in office.err
    assert len(events("snapshot")) == len(events("snapshot read")) == 1
    office.refused(2, "case", "evidence", "k1", "--out", out, *WHY)
    said = office.do("case", "show", "k1")
    assert each["sha256"] in said and "Kept until" in said
    assert "trapstreet case evidence gives it out" in said


def test_nothing_of_it_lies_in_the_workspace_in_plain_text(office: Desk) -> None:
    share = watched(office, "share")
    (share / "export.csv").write_text(leak(0, 1))
    once(office, "share", status=1)
    (file,) = files(office)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for path in office.workspace.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert PEOPLE[0][1].encode() not in data, path
    assert list((office.workspace / "tmp").iterdir()) == []


def test_the_same_content_is_kept_once_and_another_packing_by_itself(office: Desk) -> None:
    share = watched(office, "share")
    for name in ("a.csv", "b.csv"):
        (share / name).write_text(leak(0, 1))
    with zipfile.ZipFile(share / "c.zip", "w") as archive:
        archive.writestr("x/a.csv", leak(0, 1))
        archive.writestr("x/b.csv", leak(2, 3))
    once(office, "share", status=1)
    found = shown(office)
    assert sorted(each["path"].rpartition("/")[2] for each in found) in (
        ["a.csv", "c.zip"],
        ["b.csv", "c.zip"],
    )
    (packed,) = (each for each in found if each["path"].endswith("c.zip"))
    assert sorted(packed["alerts"]) == ["a1", "a2"], "both leaks lie in the one archive"
    assert len(files(office)) == 2
    office.refused(2, "case", "evidence", "k1", "--out", office.folder / "x", *WHY)
    office.do("case", "evidence", "k1", "--snapshot", packed["snapshot"], "--out", office.folder / "x", *WHY)
    assert (office.folder / "x").read_bytes() == (share / "c.zip").read_bytes()


def test_what_is_large_is_fetched_once_more_and_of_the_largest_the_beginning_is_kept(
    office: Desk, opened: list[str]
) -> None:
    set_evidence(office, largest="2.5 MB")
    share = watched(office, "share")
    (share / "large.txt").write_bytes(leak(0, 1).encode() + b"x y z\n" * 200_000)
    (share / "huge.txt").write_bytes(leak(2, 3).encode() + b"x y z\n" * 600_000)
    once(office, "share", status=1)
    assert sorted(opened) == ["huge.txt", "huge.txt", "large.txt", "large.txt"]
    found = {each["path"].rpartition("/")[2]: each for each in shown(office)}
    assert found["large.txt"]["again"] and found["large.txt"]["whole"] and not found["large.txt"]["remark"]
    huge = found["huge.txt"]
    assert (huge["kept"], huge["whole"]) == (2_500_000, False)
    assert "only the first 2,500,000 bytes are kept" in huge["remark"]
    opened.clear()
    once(office, "share")
    assert opened == []


def test_the_registered_file_itself_is_no_leak_and_not_kept(office: Desk, opened: list[str]) -> None:
    office.do(
        "watch", "add", "directory", "--name", "all", "--url", office.folder, "--pass-over", "*/workspace/*"
    )
    once(office, "all", status=1)
    assert files(office) == [] and not Alert.objects.filter(kind="finding").exists()


def test_what_is_large_and_changes_at_each_fetch_is_kept_as_it_was_then_which_is_said(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = watched(office, "share")
    (share / "large.txt").write_bytes(leak(0, 1).encode() + b"x y z\n" * 200_000)
    real, times = directory._Directory.open, [0]

    def changing(self: Any, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        times[0] += 1
        if times[0] > 1:
            return io.BytesIO(leak(2, 3).encode())
        return real(self, ref, start, end)

    monkeypatch.setattr(directory._Directory, "open", changing)
    once(office, "share", status=1)
    (each,) = shown(office)
    assert each["remark"] == "it changed between being read and being kept: this is what it was then"
    assert each["sha256"] == hashlib.sha256(leak(2, 3).encode()).hexdigest()
    office.do("case", "evidence", "k1", "--out", office.folder / "x", *WHY)
    assert "it changed between being read and being kept" in office.err


def test_what_changed_or_went_before_it_could_be_kept_is_told_and_said(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = watched(office, "share")
    (share / "large.txt").write_bytes(leak(0, 1).encode() + b"x y z\n" * 200_000)
    real, times = directory._Directory.open, [0]

    def gone(self: Any, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        times[0] += 1
        if times[0] > 1:
            raise Changed(errno.ESTALE, "it changed since it was listed")
        return real(self, ref, start, end)

    monkeypatch.setattr(directory._Directory, "open", gone)
    once(office, "share", status=1)
    (each,) = shown(office)
    assert each["remark"].startswith("not kept: it could not be fetched once more")
    assert not each["there"] and not each["sha256"] and files(office) == []
    assert "not kept" in office.do("case", "show", "k1")
    assert Alert.objects.filter(kind="finding").count() == 1
    office.refused(2, "case", "evidence", "k1", "--out", office.folder / "x", *WHY)


def test_a_full_disk_or_a_room_that_is_full_keeps_no_finding_from_being_told(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = watched(office, "share")
    (share / "a.csv").write_text(leak(0, 1))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "sealed_pieces", full)
        once(office, "share", status=1)
    assert "no space left" in shown(office)[0]["remark"]
    set_evidence(office, room="0.001 KB")
    (share / "b.csv").write_text(leak(2))
    (share / "c.csv").write_text(leak(3))
    once(office, "share", status=1)
    assert {each["remark"] for each in shown(office)[1:]} == {
        "only the first 1 bytes are kept (largest and room under [evidence])",
        "not kept: the snapshots take all the room that they have (room under [evidence])",
    }
    assert Alert.objects.filter(kind="finding").count() == 3
    assert "evidence      0.0 MB of 0 MB for snapshots are taken" in office.do("doctor", status=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "before",
    [
        "from trapstreet.app import watch_rounds as m; m.alarm_findings = lambda *_: os.kill(os.getpid(), 9)",
        "from trapstreet.store import watching as m; m.add_tests = lambda _: os.kill(os.getpid(), 9)",
        "from trapstreet.app import keeping as m; m.sealed_pieces = lambda *_: os.kill(os.getpid(), 9)",
    ],
    ids=["when the file is written", "when all is entered but not committed", "while the file is written"],
)
def test_killed_anywhere_no_finding_is_without_its_snapshot_and_what_is_left_over_goes(
    office: Desk, before: str
) -> None:
    share = watched(office, "share")
    (share / "a.csv").write_text(leak(0, 1))
    command = ("watch", "run", "--once", "--workspace", office.workspace)
    assert ran(office.folder, command, before=f"import os; {before}").status == -signal.SIGKILL
    assert (Alert.objects.count(), Snapshot.objects.count()) == (0, 0)
    WatchedSource.objects.update(leased_until=0)
    office.run(*command)
    assert len(shown(office)) == 1
    left = len(files(office)) - 1
    assert left == ("sealed_pieces" not in before)
    workspace = Workspace.open(office.workspace)
    snapshots.destroy_old(workspace)
    assert len(files(office)) == 1 + left, "a round may still be at it"
    long_ago = time.time() - 2 * 86_400
    for file in files(office):
        os.utime(file, (long_ago, long_ago))
    snapshots.destroy_old(workspace)
    assert len(files(office)) == 1
    office.do("case", "evidence", "k1", "--out", office.folder / "out", *WHY)


def test_a_snapshot_is_destroyed_when_its_time_is_over_unless_an_open_case_needs_it(office: Desk) -> None:
    share = watched(office, "share")
    (share / "a.csv").write_text(leak(0, 1))
    once(office, "share", status=1)
    workspace = Workspace.open(office.workspace)
    age(days=91)
    assert snapshots.destroy_old(workspace) == 0, "its case is open"
    office.do("case", "close", "k1")
    assert snapshots.destroy_old(workspace) == 0, "its case was closed just now"
    age(days=91)
    office.do("work", "--once")
    assert files(office) == []
    assert [bytes(each.key) for each in Snapshot.objects.all()] == [b""]
    (each,) = shown(office)
    assert each["sha256"] and each["destroyed"] and not each["there"]
    assert [each["why"] for each in events("snapshot destroyed")] == ["time"]
    office.refused(2, "case", "evidence", "k1", "--out", office.folder / "x", *WHY)
    office.do("doctor")


def test_a_person_can_have_it_destroyed_before_its_time_which_the_case_says(office: Desk) -> None:
    share = watched(office, "share")
    (share / "a.csv").write_text(leak(0, 1))
    once(office, "share", status=1)
    sealed = files(office)[0].read_bytes()
    name, key = files(office)[0].name, bytes(Snapshot.objects.get().key)
    assert any(key in file.read_bytes() for file in office.workspace.glob("registry.sqlite3*"))
    office.do("case", "evidence", "k1", "--destroy", "--reason", "asked by a person", "--by", "Aoife")
    assert files(office) == []
    assert not any(key in file.read_bytes() for file in office.workspace.glob("registry.sqlite3*"))
    assert "was destroyed: asked by a person" in office.do("case", "show", "k1")
    (office.workspace / "evidence" / name).write_bytes(sealed)
    office.refused(2, "case", "evidence", "k1", "--out", office.folder / "x", *WHY)
    office.refused(2, "case", "evidence", "k1", "--destroy", "--out", office.folder / "x", *WHY)
    once(office, "share")
    assert len(shown(office)) == 1


def test_snapshots_are_in_backups_which_open_them_with_the_keys_alone(office: Desk) -> None:
    share = watched(office, "share")
    content = leak(0, 1)
    (share / "a.csv").write_text(content)
    once(office, "share", status=1)
    backup = office.folder / "backup"
    office.do("backup", backup)
    assert PEOPLE[0][1].encode() not in backup.read_bytes()
    again = office.folder / "again"
    assert office.run("restore", backup, again, "--keys", office.folder / "keys") == 0, office.err
    out = office.folder / "out"
    assert office.run("case", "evidence", "k1", "--out", out, *WHY, "--workspace", again) == 0, office.err
    assert out.read_text() == content


def test_a_snapshot_whose_file_was_changed_or_is_elsewhere_is_said(office: Desk) -> None:
    share = watched(office, "share")
    (share / "a.csv").write_text(leak(0, 1))
    once(office, "share", status=1)
    (file,) = files(office)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    out = office.folder / "out"
    assert "was changed or cut short" in office.refused(2, "case", "evidence", "k1", "--out", out, *WHY)
    file.unlink()
    assert "lies with the watcher" in office.refused(4, "case", "evidence", "k1", "--out", out, *WHY)
    assert not out.exists()
    assert SnapshotOf.objects.count() == 1


def test_an_export_of_the_case_has_hash_and_circumstances(office: Desk) -> None:
    share = watched(office, "share")
    (share / "a.csv").write_text(leak(0, 1))
    once(office, "share", status=1)
    out = office.folder / "case"
    office.do("case", "export", "k1", "--out", out)
    digest = hashlib.sha256(leak(0, 1).encode()).hexdigest()
    assert digest in (out / "case.json").read_text()
    assert digest in (out / "case.html").read_text()


def test_what_is_kept_of_a_person_is_named_when_the_person_is_forgotten(office: Desk) -> None:
    share = watched(office, "share")
    (share / "a.csv").write_text(leak(0, 1))
    once(office, "share", status=1)
    office.do("baseline", "add", "old", share / "a.csv")
    person = office.write("person.txt", f"email: {PEOPLE[0][1]}\n")
    what = [each["what"] for each in office.json("forget", "--from", person, "--dry-run")["remains"]]
    assert "snapshots of what was found (1 snapshot)" in what
    assert "baselines of what is out already (1 baseline)" in what
    assert "samples of the records that were found in 1 leak" in what


def test_an_alert_says_what_was_not_read(office: Desk) -> None:
    share = watched(office, "share")
    with zipfile.ZipFile(share / "a.zip", "w") as archive:
        archive.writestr("good.csv", leak(0, 1))
        archive.writestr("bad.csv", "x" * 1000)
    data = (share / "a.zip").read_bytes()
    at = data.index(b"x" * 1000)
    (share / "a.zip").write_bytes(data[:at] + b"y" + data[at + 1 :])
    once(office, "share", status=1)
    (alert,) = office.json("case", "show", "k1")["alerts"]
    assert any(line.startswith("Not all of it could be read") for line in alert["happened"]), alert[
        "happened"
    ]
