"""Archives made to hurt: the scan goes on, finds what lies beside them and in them, and lists them."""

import csv
import os
import socket
from pathlib import Path

import pytest

from children import ran
from desk import Desk, workspace_in
from hostile_archives import BOMBS, HARMLESS, NAMES, WITH_CONTENT
from people import customer_file

SECONDS = 10


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with customers.csv, and a workspace that knows it."""
    folder = tmp_path_factory.mktemp("desk")
    table = customer_file(folder / "customers.csv", 2000)
    return workspace_in(folder, ("register", table, "--name", "customers"))


@pytest.fixture
def desk(registered: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(registered, capsys)


@pytest.fixture
def leak(desk: Desk) -> bytes:
    with (desk.folder / "customers.csv").open(newline="") as file:
        records = list(csv.DictReader(file))[700:720]
    return "".join(" ; ".join(each.values()) + "\n" for each in records).encode()


@pytest.fixture
def heap(tmp_path: Path, leak: bytes) -> Path:
    """A folder with a good leak that comes last."""
    folder = tmp_path / "heap"
    folder.mkdir()
    (folder / "z good.txt").write_bytes(leak)
    return folder


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_listed_and_the_leak_beside_it_found(
    desk: Desk, heap: Path, leak: bytes, name: str
) -> None:
    bomb = heap / "bomb"
    bomb.write_bytes(BOMBS[name](leak))
    began = sum(os.times()[:4])
    report = desk.json("scan", heap, status=1)
    assert sum(os.times()[:4]) - began < SECONDS
    found = {finding["path"]: finding["records"] for finding in report["findings"]}
    assert found.pop(str(heap / "z good.txt")) == 20
    assert bool(found) == (name in WITH_CONTENT)
    assert all(records == 20 and path.startswith(str(bomb)) for path, records in found.items())
    assert 1 <= len(report["unread"]) < 200
    assert all(each["path"].startswith(str(bomb)) for each in report["unread"])
    assert all(each["why"].isprintable() for each in report["unread"])


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_misleads_is_read_whole(desk: Desk, heap: Path, leak: bytes, name: str) -> None:
    (heap / "odd").write_bytes(HARMLESS[name](leak))
    before = {*heap.parent.rglob("*")}
    report = desk.json("scan", heap, status=1)
    assert report["unread"] == []
    expected = {"links": 1, "sizes that lie": 2, "names that lead elsewhere": len(NAMES)}[name]
    assert [finding["records"] for finding in report["findings"]] == [20] * (expected + 1)
    assert all(finding["path"].isprintable() for finding in report["findings"])
    assert {*heap.parent.rglob("*")} == before
    desk.do("scan", heap, status=1)
    assert "\x1b" not in desk.out
    assert "\u202e" not in desk.out


def test_pipes_sockets_devices_and_loops_stop_no_scan(desk: Desk, heap: Path) -> None:
    os.mkfifo(heap / "a pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(heap)  # a socket's path is short
        listener.bind("a socket")
        os.chdir(here)
        (heap / "loop").symlink_to("loop")
        (heap / "around").symlink_to(heap, target_is_directory=True)
        (heap / "zero").symlink_to("/dev/zero")
        deep = heap
        for _ in range(38):
            deep = deep / ("d" * 100)
            deep.mkdir()
        report = desk.json("scan", heap, status=1)
    assert [finding["records"] for finding in report["findings"]] == [20]
    listed = {Path(each["path"]).name: each["why"] for each in report["unread"]}
    assert listed["a pipe"] == "a named pipe, not a file"
    assert listed["a socket"] == "a socket, not a file"
    assert "link" in listed["zero"]
    report = desk.json("scan", "/dev/zero", heap / "z good.txt", status=1)
    assert report["unread"] == [{"path": "/dev/zero", "why": "a character device, not a file"}]


@pytest.fixture
def locked(desk: Desk, heap: Path, leak: bytes) -> Path:
    """A folder with nothing but an encrypted ZIP archive of the leak, which "open sesame" opens."""
    from formats_containers import encrypted_zip

    (heap / "z good.txt").unlink()
    (heap / "locked.zip").write_bytes(encrypted_zip("open sesame", "AES256")(leak))
    return heap


@pytest.mark.system
def test_passwords_of_a_file_are_tried_and_shown_nowhere(desk: Desk, locked: Path) -> None:
    passwords = desk.write("passwords", "12345\nopen sesame\n")
    passwords.chmod(0o600)
    desk.json("scan", locked, status=6)
    ended = ran(
        desk.folder,
        ["scan", locked, "--password-file", passwords, "--workspace", desk.workspace, "--json"],
    )
    assert ended.status == 1, ended.err
    assert '"records": 20' in ended.out
    traced = desk.json("trace", locked, "--password-file", passwords, status=1)
    assert traced["unread"] == []
    desk.write("passwords", "12345\nwrong sesame\n")
    report = desk.json("scan", locked, "--password-file", passwords, status=6)
    (unread,) = report["unread"]
    assert unread["why"] == "encrypted: none of the 2 passwords fits"
    for said in (ended.out, ended.err, desk.out, desk.err):
        assert "sesame" not in said
    for file in desk.workspace.rglob("*"):
        assert not file.is_file() or b"sesame" not in file.read_bytes()


def test_a_password_file_that_others_may_read_is_refused(desk: Desk, heap: Path) -> None:
    passwords = desk.write("passwords", "open sesame\n")
    passwords.chmod(0o644)
    for command in ("scan", "trace"):
        line = desk.refused(2, command, heap, "--password-file", passwords)
        assert "chmod 600" in line
        assert "sesame" not in line
    assert "no such file" in desk.refused(2, "scan", heap, "--password-file", desk.folder / "missing")
