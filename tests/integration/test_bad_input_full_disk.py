"""A full disk: one line, status 4, nothing half-written, and the same command works once there is room."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from desk import Desk, workspace_in
from offices import Office

KIB = 1024
COMMANDS = {
    "register": ["register", "new.csv", "--name", "newcomers"],
    "register again": ["register", "changed.csv", "--name", "customers"],
    "share": ["share", "customers", "--to", "Auditor", "--out", "disk/copy.csv", "--decoys", "40"],
    "share a workbook": ["share", "customers", "--to", "Auditor", "--out", "disk/copy.xlsx"],
    "backup": ["backup", "disk/backup.tar"],
}


def table(path: Path, count: int, suffix: str = "") -> Path:
    rows = (f"AB-{2_000_000 + 7 * n},person{n}{suffix}@mail.example,{n % 97}\n" for n in range(count))
    path.write_text("ref,email,group\n" + "".join(rows))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with a copy, and tables for another and for a second version."""
    folder = tmp_path_factory.mktemp("made")
    table(folder / "changed.csv", 3_000, "x")
    table(folder / "new.csv", 3_000, "y")
    return workspace_in(
        folder,
        ("register", table(folder / "customers.csv", 3_000), "--name", "customers"),
        ("share", "customers", "--to", "First", "--out", folder / "first.csv"),
    )


def state(desk: Desk) -> dict[str, object]:
    """What the workspace holds, and what lies in the folder of copies and backups."""
    checks = desk.json("doctor", status=1 if desk.workspace.is_symlink() else 0)["checks"]
    assert [check["name"] for check in checks if not check["ok"]] in ([], ["disk"])
    from trapstreet.store.models import DataSet, Recipient

    versions = {each.name: each.versions.count() for each in DataSet.objects.all()}
    return {
        "versions": versions,
        "recipients": Recipient.objects.count(),
        "copies": desk.json("copy", "list")["copies"],
        "index": sorted(path.name for path in (desk.workspace / "index").rglob("*.*")),
        "sealed": sorted(path.name for path in (desk.workspace / "sealed").iterdir()),
        "unfinished": list((desk.workspace / "tmp").iterdir()),
        "disk": sorted(path.name for path in (desk.folder / "disk").iterdir() if path.name != "workspace"),
    }


def fails(desk: Desk, command: list[str], *, room: AbstractContextManager[None]) -> None:
    """The command fails for want of room, and says in one line where, and what to do."""
    with room:
        assert desk.do(*command, status=4) == ""
    (line,) = desk.err.splitlines()
    assert "make room" in line or "free some space" in line or "ulimit" in line, line
    assert "disk/" in line or str(desk.workspace) in line or "registry" in line, line


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """No file of this process grows beyond the size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def ballast(disk: Path, *, free: int) -> Iterator[None]:
    """The disk has only so many bytes left, in files that are there or to come."""
    heavy = disk / "workspace" / "ballast"
    left = shutil.disk_usage(disk).free - free
    heavy.write_bytes(bytes(max(0, left)))
    try:
        yield
    finally:
        heavy.unlink()


@pytest.fixture
def desk(made: Path, office: Office) -> Desk:
    """The same, and a folder `disk` for what is written."""
    shutil.copytree(made, office.folder, dirs_exist_ok=True)
    (office.folder / "disk").mkdir()
    return Desk(office.folder, office.capsys)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_may_write_small_files_only_leaves_nothing(desk: Desk, name: str) -> None:
    before = state(desk)
    for size in (8 * KIB, 100 * KIB):
        fails(desk, COMMANDS[name], room=small_files(size))
        assert state(desk) == before
    desk.do(*COMMANDS[name])


@pytest.fixture
def disk(made: Path, office: Office) -> Iterator[Desk]:
    """The same on a disk of 6 MB, workspace and all; only root can have one."""
    mount = office.folder / "disk"
    mount.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", mount], check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        shutil.copytree(made, office.folder, dirs_exist_ok=True)
        (office.folder / "workspace").rename(office.folder / "set aside")
        shutil.copytree(office.folder / "set aside", mount / "workspace")
        (office.folder / "workspace").symlink_to(mount / "workspace")
        yield Desk(office.folder, office.capsys)
    finally:
        from trapstreet.store import disconnect

        disconnect()
        subprocess.run(["umount", mount], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_on_a_full_disk_leaves_nothing(disk: Desk, name: str) -> None:
    before = state(disk)
    for free in (0, 40 * KIB, 100 * KIB):
        fails(disk, COMMANDS[name], room=ballast(disk.folder / "disk", free=free))
        assert state(disk) == before
    disk.do(*COMMANDS[name])
