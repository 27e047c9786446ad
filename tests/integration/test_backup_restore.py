"""Backup and restore: everything comes back, or nothing appears."""

import io
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from offices import Office
from trapstreet.app.workspace import Workspace
from trapstreet.store import disconnect


@pytest.fixture
def backup(office: Office) -> Path:
    """A backup of a workspace with something in index/ and sealed/; workspace and kit are in `office`."""
    opened = Workspace.open(office.init())
    (opened.index / "ds").mkdir()
    (opened.index / "ds" / "version-000001.segment").write_bytes(bytes(range(256)) * 40)
    opened.write_inventory("copy-1", b"its decoys")
    with opened.writing():
        opened.record({"event": "test", "what": "before the backup"})
    disconnect()
    office.run("backup", "b.tar", "--workspace", "ws")
    return office.folder / "b.tar"


def _same(office: Office, restored: str) -> None:
    """The restored workspace has what the backed-up one had."""
    for part in ("index/ds/version-000001.segment", "sealed/copy-1.sealed"):
        assert (office.folder / restored / part).read_bytes() == (office.folder / "ws" / part).read_bytes()
    opened = Workspace.open(office.folder / restored)
    from trapstreet.store import log

    assert log.verify(opened.settings.keys.log).size == 4
    opened.require_confirmed_kit()
    with opened.writing():
        assert opened.record({"event": "test", "what": "after"}) == 4
    disconnect()
    office.run("doctor", "--workspace", restored)


@pytest.mark.slow
def test_a_backup_comes_back_with_the_key_folder(office: Office, backup: Path) -> None:
    office.run("restore", backup, "new")
    _same(office, "new")


@pytest.mark.slow
def test_a_backup_comes_back_with_the_kit_where_the_keys_are_gone(office: Office, backup: Path) -> None:
    shutil.rmtree(office.keys)
    office.run("restore", backup, "new", "--kit", "kit.txt", "--keys", "keys")
    assert (office.folder / "new" / "trapstreet.toml").read_text().count(str(office.folder / "keys")) == 1
    _same(office, "new")


@pytest.mark.slow
def test_a_backup_comes_back_with_the_key_in_the_environment(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPSTREET_MASTER_KEY", bytes(range(32)).hex())
    office.init()
    office.run("backup", "b.tar", "--workspace", "ws")
    office.run("restore", "b.tar", "new")
    assert not office.keys.exists()


def test_a_backup_holds_no_key_and_no_passphrase(office: Office, backup: Path) -> None:
    (key,) = office.keys.glob("*/master.key")
    content = backup.read_bytes()
    assert key.read_bytes().strip() not in content
    assert b"five words" not in content
    with tarfile.open(backup) as archive:
        assert not [name for name in archive.getnames() if "key" in name or "kit.txt" in name]


def test_a_backup_is_never_overwritten(office: Office, backup: Path) -> None:
    before = backup.read_bytes()
    assert "b.tar exists" in office.run("backup", backup, "--workspace", "ws", status=2)
    assert backup.read_bytes() == before


def _gone(office: Office, backup: Path) -> list[object]:
    shutil.rmtree(office.keys)
    return []


def _wrong_key(office: Office, backup: Path) -> list[object]:
    (key,) = office.keys.glob("*/master.key")
    key.write_text("A" * 52)
    return []


def _open_key(office: Office, backup: Path) -> list[object]:
    (key,) = office.keys.glob("*/master.key")
    key.chmod(0o644)
    return []


def _other_kit(office: Office, backup: Path) -> list[object]:
    office.run("init", "other", "--kit", "other.txt")
    return ["--kit", "other.txt"]


def _kit_against_folder(office: Office, backup: Path) -> list[object]:
    _wrong_key(office, backup)
    return ["--kit", "kit.txt"]


def _mistyped_kit(office: Office, backup: Path) -> list[object]:
    lines = (office.folder / "kit.txt").read_text().splitlines()
    at = lines.index("---- kit begins ----") + 3
    lines[at] = lines[at][:8] + ("A" if lines[at][8] != "A" else "Q") + lines[at][9:]
    (office.folder / "kit.txt").write_text("\n".join(lines))
    return ["--kit", "kit.txt"]


def _wrong_passphrase(office: Office, backup: Path) -> list[object]:
    pytest.MonkeyPatch().setenv("TRAPSTREET_KIT_PASSPHRASE", "something else")
    return ["--kit", "kit.txt"]


def _no_kit_file(office: Office, backup: Path) -> list[object]:
    return ["--kit", "nowhere.txt"]


def _keys_inside(office: Office, backup: Path) -> list[object]:
    return ["--kit", "kit.txt", "--keys", "new/keys"]


@pytest.mark.parametrize(
    ("prepare", "status", "message"),
    [
        (_gone, 2, "no key of this workspace in"),
        (_wrong_key, 2, "the keys are not the ones of this backup"),
        (_open_key, 2, "others may read"),
        (_other_kit, 2, "the kit is another workspace's"),
        (_kit_against_folder, 2, "has another key for this workspace"),
        (_mistyped_kit, 2, "kit.txt: line 3 is mistyped"),
        (_wrong_passphrase, 2, "the passphrase does not open kit.txt"),
        (_no_kit_file, 4, "no such file or directory: nowhere.txt"),
        (_keys_inside, 2, "lies inside the workspace"),
    ],
)
def test_without_the_right_keys_nothing_comes_back(
    office: Office, backup: Path, prepare: object, status: int, message: str
) -> None:
    more = prepare(office, backup)  # type: ignore[operator]
    before = office.listing(), sorted(office.keys.rglob("*"))
    told = office.run("restore", backup, "new", *more, status=status)
    assert message in told
    assert told.count("\n") == 1
    assert (office.listing(), sorted(office.keys.rglob("*"))) == before


def test_a_backup_cut_short_anywhere_is_refused(office: Office, backup: Path) -> None:
    whole = backup.read_bytes()
    with tarfile.open(backup) as archive:
        last = archive.getmembers()[-1]
    end = last.offset_data + last.size
    before = office.listing() | {"cut.tar"}
    for size in sorted({0, 1, 511, 512, 700, *range(1024, end, 2500), end - 1}):
        (office.folder / "cut.tar").write_bytes(whole[:size])
        told = office.run("restore", "cut.tar", "new", status=2)
        assert "cut.tar" in told
        assert office.listing() == before


def test_a_backup_changed_anywhere_is_refused(office: Office, backup: Path) -> None:
    whole = bytearray(backup.read_bytes())
    with tarfile.open(backup) as archive:
        places = [
            member.offset_data + part
            for member in archive.getmembers()
            if member.size
            for part in {0, member.size // 2, member.size - 1}
        ]
    before = office.listing() | {"changed.tar"}
    for at in places:
        changed = whole.copy()
        changed[at] ^= 1
        (office.folder / "changed.tar").write_bytes(changed)
        office.run("restore", "changed.tar", "new", status=2)
        assert office.listing() == before


def _repacked(backup: Path, to: Path, change: object) -> None:
    """The backup's members after `change`: a dict of names and contents in, the same out."""
    with tarfile.open(backup) as archive:
        members = {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]
    with tarfile.open(to, "w") as archive:
        for name, content in change(members).items():  # type: ignore[operator]
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: {**m, "index/more": b"x"}, "changed or is damaged at index/more"),
        (lambda m: {**m, "../evil": b"x"}, "is no backup of trapstreet"),
        (lambda m: {**m, "index/../../evil": b"x"}, "is no backup of trapstreet"),
        (lambda m: {**m, "/tmp/evil": b"x"}, "is no backup of trapstreet"),
        (lambda m: {k: v for k, v in m.items() if k != "tables/logleaf"}, "damaged at tables/logleaf"),
        (lambda m: {k: v for k, v in m.items() if k != "trapstreet.toml"}, "is cut short or no backup"),
        (lambda m: {**m, "manifest": m["manifest"].replace(b'"format":1', b'"format":2')}, "not signed"),
        (lambda m: {"readme": b"x"}, "is no backup of trapstreet"),
    ],
)
def test_a_backup_repacked_by_somebody_is_refused(
    office: Office, backup: Path, change: object, message: str
) -> None:
    _repacked(backup, office.folder / "repacked.tar", change)
    before = office.listing()
    told = office.run("restore", "repacked.tar", "new", status=2)
    assert message in told
    assert office.listing() == before
    assert not (office.folder.parent / "evil").exists()


def test_a_link_in_a_backup_is_refused(office: Office, backup: Path) -> None:
    shutil.copy(backup, "linked.tar")
    with tarfile.open("linked.tar", "a") as archive:
        entry = tarfile.TarInfo("index/link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(entry)
    assert "is no backup of trapstreet" in office.run("restore", "linked.tar", "new", status=2)


def test_a_backup_of_a_newer_trapstreet_is_told_in_a_line(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.init()
    with monkeypatch.context() as patch:
        patch.setattr("trapstreet.app.backup.newest_schema", lambda: "9999_later")
        office.run("backup", "b.tar", "--workspace", "ws")
    told = office.run("restore", "b.tar", "new", status=2)
    assert "a newer trapstreet wrote this backup" in told
    assert not (office.folder / "new").exists()


def test_a_workspace_is_not_restored_over_another(office: Office, backup: Path) -> None:
    assert "is a workspace already" in office.run("restore", backup, "ws", status=2)
    office.run("doctor", "--workspace", "ws")


def test_a_full_disk_leaves_no_half_backup(
    office: Office, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "b2.tar")

    before = office.listing()
    monkeypatch.setattr("tarfile.TarFile.addfile", full)
    assert "the disk is full: b2.tar" in office.run("backup", "b2.tar", "--workspace", "ws", status=4)
    assert office.listing() == before


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.3, 0.5, 0.7])
def test_a_backup_killed_in_the_middle_is_not_there(office: Office, backup: Path, delay: float) -> None:
    (office.folder / "ws" / "index" / "large").write_bytes(bytes(100_000_000))
    program = [sys.executable, "-c", "from trapstreet.cli import main; main()"]
    process = subprocess.Popen([*program, "backup", "b2.tar", "--workspace", "ws"], stdout=subprocess.DEVNULL)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if (office.folder / "b2.tar").exists():
        office.run("restore", "b2.tar", "new")
    else:
        (office.folder / "ws" / "index" / "large").unlink()
        office.run("backup", "b2.tar", "--workspace", "ws")


@pytest.mark.slow
@pytest.mark.server("postgresql")
def test_a_backup_moves_from_sqlite_to_postgresql_and_back(
    office: Office, backup: Path, postgres_url: str
) -> None:
    url = _new_database(postgres_url, "restore_test")
    office.run("restore", backup, "pg", "--database", url)
    _same(office, "pg")
    office.run("backup", "from-pg.tar", "--workspace", "pg")
    told = office.run("restore", "from-pg.tar", "again", status=2)
    assert "holds a workspace already" in told
    assert not (office.folder / "again").exists()
    second = _new_database(postgres_url, "restore_second")
    office.run("restore", "from-pg.tar", "again", "--database", second)
    office.run("doctor", "--workspace", "again")


def _new_database(base: str, name: str) -> str:
    import psycopg

    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    head, _, _ = base.rpartition("/")
    return f"{head}/{name}"
