"""Commands that are interrupted, killed, or run at once: nothing half-written, and they work again.

The commands are processes of their own; each is stopped when a file shows that it is in the middle.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desk import Desk
from offices import Office

pytestmark = pytest.mark.slow

ROWS = 8_000
PROGRAM = """
import signal
from trapstreet.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it
main()
"""
PATIENCE = 60.0


@pytest.fixture
def desk(office: Office) -> Desk:
    """A workspace, and a table large enough that a command can be met in the middle."""
    office.init("workspace")
    made = Desk(office.folder, office.capsys)
    rows = (f"AB-{2_000_000 + 7 * n},Ann Quill,person{n}@mail.example,{n % 97}\n" for n in range(ROWS))
    made.write("customers.csv", "ref,name,email,group\n" + "".join(rows))
    return made


def begin(desk: Desk, command: str, *arguments: object, **streams: object) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-c", PROGRAM, command, *map(str, arguments), "--workspace", str(desk.workspace)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    return subprocess.Popen(line, cwd=desk.folder, **pipes)  # type: ignore[call-overload, no-any-return]


def wait_for(there: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not there():
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.001)


def stopped(process: subprocess.Popen[bytes], number: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out.decode(), err.decode()


def register(desk: Desk) -> subprocess.Popen[bytes]:
    """A registration, met while it reads."""
    process = begin(desk, "register", "customers.csv", "--name", "customers")
    wait_for(lambda: list(desk.workspace.glob("tmp/*/digests")), process)
    return process


def share(desk: Desk) -> subprocess.Popen[bytes]:
    """A copy, met while it is written."""
    process = begin(desk, "share", "customers", "--to", "Auditor", "--out", "copy.csv")
    wait_for(lambda: list(desk.folder.glob(".copy.csv.*/part")), process)
    return process


def scan(desk: Desk) -> subprocess.Popen[bytes]:
    """A scan, met while it waits for more of its standard input."""
    process = begin(desk, "scan", "-", stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write((desk.folder / "customers.csv").read_bytes())
    process.stdin.flush()  # more than a pipe holds: it is being read
    return process


def trace(desk: Desk) -> subprocess.Popen[bytes]:
    process = begin(desk, "trace", "-", "--html", "dossier.html", stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write((desk.folder / "customers.csv").read_bytes())
    process.stdin.flush()
    return process


def leak(desk: Desk, table: str) -> Path:
    """The last rows of a table."""
    lines = (desk.folder / table).read_text().splitlines(keepends=True)
    return desk.write("leak.txt", "".join(lines[-1500:]))


def kept(desk: Desk) -> dict[str, object]:
    """What the registry holds, and what lies about."""
    desk.do("doctor")
    from trapstreet.store.models import Copy, Recipient, Version

    return {
        "versions": Version.objects.count(),
        "copies": Copy.objects.count(),
        "recipients": Recipient.objects.count(),
        "files": sorted(path.name for path in desk.folder.iterdir()),
        "workspace": sorted(
            str(path.relative_to(desk.workspace))
            for part in ("index", "sealed", "tmp")
            for path in (desk.workspace / part).rglob("*")
            if path.is_file()
        ),
    }


MEET = {"register": register, "share": share, "scan": scan, "trace": trace}


@pytest.mark.parametrize("command", MEET)
def test_an_interrupted_command_leaves_nothing_and_works_again(desk: Desk, command: str) -> None:
    if command != "register":
        desk.do("register", "customers.csv", "--name", "customers")
    before = kept(desk)
    status, out, err = stopped(MEET[command](desk), signal.SIGINT)
    if command == "scan":  # tells what it has found: test_scan_stopped.py
        assert (status, out.splitlines()[-1][:15]) == (130, "Stopped: 1 text")
    else:
        assert (status, out, err.strip()) == (130, "", "trapstreet: interrupted; nothing was half-written")
    assert kept(desk) == before
    match command:
        case "register":
            assert desk.json("register", "customers.csv", "--name", "customers")["version"] == 1
        case "share":
            desk.do("share", "customers", "--to", "Auditor", "--out", "copy.csv")
            assert len((desk.folder / "copy.csv").read_text().splitlines()) == 1 + ROWS + ROWS // 100
        case _:
            assert desk.json(command, leak(desk, "customers.csv"), status=1)


def test_a_second_version_that_is_interrupted_leaves_the_first(desk: Desk) -> None:
    desk.do("register", "customers.csv", "--name", "customers")
    path = desk.folder / "customers.csv"
    path.write_text(path.read_text().replace("Quill", "Pen"))
    before = kept(desk)
    assert stopped(register(desk), signal.SIGINT)[0] == 130
    assert kept(desk) == before
    assert desk.json("register", "customers.csv", "--name", "customers")["version"] == 2


@pytest.mark.parametrize("command", ["register", "share"])
def test_a_killed_command_is_simply_run_again(desk: Desk, command: str) -> None:
    if command == "share":
        desk.do("register", "customers.csv", "--name", "customers")
    before = kept(desk)
    assert stopped(MEET[command](desk), signal.SIGKILL)[0] == -signal.SIGKILL
    after = kept(desk)
    assert {name: after[name] for name in ("versions", "copies", "recipients")} == {
        name: before[name] for name in ("versions", "copies", "recipients")
    }
    assert not (desk.folder / "copy.csv").exists()
    if command == "register":
        assert desk.json("register", "customers.csv", "--name", "customers")["rows"] == ROWS
    report = desk.json("share", "customers", "--to", "Auditor", "--out", "copy.csv")
    (result,) = desk.json("trace", leak(desk, "copy.csv"), status=1)["data_sets"]
    assert [each["copy"] for each in result["accused"]] == [report["copy"]]


def test_what_a_killed_command_left_is_swept_a_day_later(desk: Desk) -> None:
    stopped(register(desk), signal.SIGKILL)
    (left,) = (desk.workspace / "tmp").iterdir()
    yesterday = time.time() - 90_000
    os.utime(left, (yesterday, yesterday))
    desk.do("register", "customers.csv", "--name", "customers")
    assert list((desk.workspace / "tmp").iterdir()) == []


def test_two_copies_made_at_once_are_two_different_copies(desk: Desk) -> None:
    desk.do("register", "customers.csv", "--name", "customers")
    both = [
        begin(desk, "share", "customers", "--to", recipient, "--out", f"{number}.csv", "--json")
        for number, recipient in enumerate(("Call centre Cork", "Mailing house Lyon"))
    ]
    reports = []
    for process in both:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        reports.append(json.loads(out))
    assert sorted(each["copy"].partition("-")[0] for each in reports) == ["1", "2"]
    decoys = [own_lines(desk.folder / f"{n}.csv", desk.folder / "customers.csv") for n in (0, 1)]
    assert len(decoys[0]) == len(decoys[1]) == ROWS // 100
    assert not decoys[0] & decoys[1]
    desk.do("doctor")


def own_lines(copy: Path, source: Path) -> set[str]:
    return set(copy.read_text().splitlines()) - set(source.read_text().splitlines())


def test_a_registration_and_a_copy_at_once_both_succeed(desk: Desk) -> None:
    desk.do("register", "customers.csv", "--name", "customers")
    both = [
        begin(desk, "register", "customers.csv", "--name", "again"),
        begin(desk, "share", "customers", "--to", "Auditor", "--out", "copy.csv"),
        begin(desk, "scan", leak(desk, "customers.csv")),
    ]
    for process, said in zip(
        both, ((0, b""), (0, b""), (1, b"1 new alert: trapstreet case list\n")), strict=True
    ):
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == said
    desk.do("doctor")
