"""A scan that notes what it has finished goes on from there, however it ended, and finds the same."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from children import PATIENCE, program, ran
from desk import Desk, Kept, copy_of, workspace_in
from heaps import heap
from people import customer_file

pytestmark = pytest.mark.slow

FOLDERS, FILES = 8, 5

SMALL = """
from trapstreet.app.scale import units
units.OBJECTS = {files}
"""

OPENED = """
from trapstreet.plugins.sources import directory
really = directory._Directory.open
def noted(self, ref, start=0, end=None):
    with open("opened", "a") as names:
        print(ref.path, file=names)
    {wait}
    return really(self, ref, start, end)
directory._Directory.open = noted
"""

SLOWLY = "import time; time.sleep(0.05)"


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a heap of texts, some of which show customers, and a workspace that knows these."""
    folder = tmp_path_factory.mktemp("desk")
    table = customer_file(folder / "customers.csv", 400)
    lines = table.read_text().splitlines(keepends=True)
    heap(folder / "heap", lines[1:], folders=FOLDERS, files=FILES, every=6)
    return workspace_in(folder, ("register", table, "--name", "customers"))


@pytest.fixture
def desk(
    registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("trapstreet.app.scale.units.OBJECTS", FILES)
    return copy_of(registered, tmp_path, capsys)


@pytest.fixture(scope="module")
def killed(registered: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The same, with the notes of a scan that was killed, and the names of what it had opened."""
    folder = shutil.copytree(registered, tmp_path_factory.mktemp("killed"), dirs_exist_ok=True)
    interrupted(folder, signal.SIGKILL)
    return Kept(folder)


@pytest.fixture
def half(killed: Kept, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk at which a scan was killed; its files are copies, which a scan takes for others."""
    monkeypatch.setattr("trapstreet.app.scale.units.OBJECTS", FILES)
    desk = killed.again(capsys)
    monkeypatch.chdir(desk.folder)
    return desk


def child(*, wait: str = "pass") -> tuple[list[object], str]:
    """The arguments of a scan that notes what it opens, and what has to be run before it."""
    line: list[object] = ["scan", "heap", "--json", "--resume", "notes", "--workspace", "workspace"]
    return line, SMALL.format(files=FILES) + OPENED.format(wait=wait)


def opened(desk: Desk) -> list[str]:
    """What was opened since this was asked last."""
    names = (desk.folder / "opened").read_text().splitlines()
    (desk.folder / "opened").unlink()
    return names


def interrupted(folder: Path, number: signal.Signals) -> None:
    """A scan there is stopped by a signal when it has finished some units."""
    line, before = child(wait=SLOWLY)
    process = subprocess.Popen(
        program(folder / "peak", *line, before=before), cwd=folder, stdout=subprocess.DEVNULL
    )
    names = folder / "opened"
    deadline = time.monotonic() + PATIENCE
    while not names.exists() or len(names.read_text().splitlines()) < 3 * FILES + 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    process.wait(PATIENCE)


def resumed(desk: Desk) -> tuple[Any, list[str]]:
    """What the scan that goes on says, and what it opens."""
    line, before = child()
    ended = ran(desk.folder, line, before=before)
    assert ended.status == 1, ended.err
    return json.loads(ended.out), opened(desk)


def test_a_scan_by_units_finds_what_a_scan_finds_and_leaves_no_notes(desk: Desk) -> None:
    at_once = desk.json("scan", "heap", status=1)
    assert len(at_once["findings"]) == 7
    assert desk.json("scan", "heap", "--resume", "notes", status=1) == at_once
    assert not (desk.folder / "notes").exists()
    assert "ray" not in sys.modules


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_what_was_finished_is_not_read_again_and_nothing_is_lost(desk: Desk, number: signal.Signals) -> None:
    whole = desk.json("scan", "heap", status=1)
    interrupted(desk.folder, number)
    before = opened(desk)
    assert (desk.folder / "notes").stat().st_mode & 0o777 == 0o600
    found, after = resumed(desk)
    assert found == whole
    again = set(before) & set(after)
    assert len(again) <= FILES  # the unit that was not finished
    assert len(before) + len(after) - len(again) == FOLDERS * FILES
    assert not (desk.folder / "notes").exists()


def test_a_unit_that_has_changed_is_read_again(desk: Desk) -> None:
    interrupted(desk.folder, signal.SIGKILL)
    opened(desk)
    table = (desk.folder / "customers.csv").read_text().splitlines()
    (desk.folder / "heap" / "0" / "1.txt").write_text("\n".join(table[100:120]))
    found, after = resumed(desk)
    assert {name for name in after if "/0/" in name} == {f"heap/0/{number}.txt" for number in range(FILES)}
    assert not any("/1/" in name for name in after)
    assert "heap/0/1.txt" in {each["path"] for each in found["findings"]}


def test_notes_that_were_cut_short_count_up_to_there(half: Desk) -> None:
    whole = half.json("scan", "heap", status=1)
    notes = half.folder / "notes"
    size = notes.stat().st_size
    for cut in (size - 3, 30, 0):
        os.truncate(notes, cut)
        kept = notes.read_bytes()
        assert half.json("scan", "heap", "--resume", notes, status=1) == whole
        notes.write_bytes(kept)


def test_notes_of_another_scan_or_none_at_all_are_refused_and_left_as_they_are(half: Desk) -> None:
    notes = half.folder / "notes"
    held = notes.read_bytes()
    assert "belongs to another scan" in half.refused(2, "scan", "heap", "customers.csv", "--resume", notes)
    assert "belongs to another scan" in half.refused(2, "scan", "heap", "--ocr", "--resume", notes)
    table = half.write("more.csv", "id,email\n1,a.person@quayside.example\n")
    half.do("register", table, "--name", "more")
    assert "belongs to another scan" in half.refused(2, "scan", "heap", "--resume", notes)
    assert notes.read_bytes() == held
    for text in ("a\n", "a letter to my mother\n" * 20):
        mine = half.write("mine.txt", text)
        assert "no file of a scan of this workspace" in half.refused(2, "scan", "heap", "--resume", mine)
        assert mine.read_text() == text


def test_two_scans_do_not_share_their_notes(desk: Desk) -> None:
    line, before = child(wait=SLOWLY)
    process = subprocess.Popen(
        program(desk.folder / "peak", *line, before=before), cwd=desk.folder, stdout=subprocess.DEVNULL
    )
    try:
        while not (desk.folder / "opened").exists():
            time.sleep(0.01)
        assert "another scan goes on with it" in desk.refused(4, "scan", "heap", "--resume", "notes")
    finally:
        process.kill()
        process.wait()


def test_notes_show_nothing_to_whoever_has_no_keys(half: Desk) -> None:
    held = (half.folder / "notes").read_bytes()
    assert b"heap" not in held
    assert b"customers" not in held


def test_standard_input_is_read_each_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.run(
        program(desk.folder / "peak", "scan", "-", "--resume", "notes", "--workspace", desk.workspace),
        cwd=desk.folder,
        input=(desk.folder / "customers.csv").read_bytes(),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 1
    assert b"FOUND  -" in ended.stdout


def test_what_cannot_be_is_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--address is for --engine ray" in desk.refused(2, "scan", "heap", "--address", "127.0.0.1:1")
    ray = ("--engine", "ray", "--address")
    assert "is no HOST:PORT" in desk.refused(2, "scan", "heap", *ray, "ray://head:1")
    assert "no Ray cluster answers" in desk.refused(4, "scan", "heap", *ray, "127.0.0.1:1")
    with monkeypatch.context() as patch:
        for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"):
            patch.setenv(name, "0")
        patch.setitem(sys.modules, "ray", None)
        assert "Ray, which is not installed" in desk.refused(2, "scan", "heap", "--engine", "ray")
    assert "no other machine can read standard input" in desk.refused(2, "scan", "-", *ray, "127.0.0.1:1")
