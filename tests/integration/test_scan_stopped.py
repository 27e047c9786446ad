"""A scan that is stopped tells and alarms what it had found until then."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from children import PATIENCE, program
from desk import Desk, copy_of, workspace_in
from people import customer_file

SLOW_ALARM = """
import time
from trapstreet.app import leaks
leaks.alarm_findings = lambda *_: time.sleep(60)
"""


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with customers.csv, of which a leak lies in leak.txt, and a workspace that knows it."""
    folder = tmp_path_factory.mktemp("desk")
    table = customer_file(folder / "customers.csv", 200)
    lines = table.read_text().splitlines()
    (folder / "leak.txt").write_text("\n".join(lines[101:]))
    (folder / "first rows").write_text("\n".join(lines[1:51]))
    return workspace_in(folder, ("register", table, "--name", "customers"))


@pytest.fixture
def desk(registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """Another workspace each time: an alert is raised once."""
    return copy_of(registered, tmp_path, capsys)


def begun(desk: Desk, *arguments: object, before: str = "") -> subprocess.Popen[bytes]:
    """A scan of leak.txt and of standard input, met while it waits for more of this."""
    line: Sequence[object] = ["scan", "leak.txt", "-", *arguments, "--workspace", desk.workspace]
    process = subprocess.Popen(
        program(desk.folder / "peak", *line, before=before),
        cwd=desk.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write((desk.folder / "first rows").read_bytes() + b"\nnothing of ours\n" * 20_000)
    process.stdin.flush()  # more than a pipe holds: it is being read
    return process


def ended(process: subprocess.Popen[bytes], number: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.slow
def test_what_was_found_until_then_is_told_and_alarmed(desk: Desk) -> None:
    status, out, err = ended(begun(desk), signal.SIGINT)
    assert (status, err) == (130, "2 new alerts: trapstreet case list\n")
    lines = out.splitlines()
    assert lines[0] == "FOUND  leak.txt"
    assert "100 of 200 records" in lines[1]
    assert "FOUND  -" in lines
    assert "50 of 200 records" in out
    (partly,) = [line for line in lines if "READ  " in line]
    assert partly.startswith("PARTLY READ  -: the scan was stopped while it was read")
    assert lines[-2].startswith("2 of them hold your data (2 texts, ")
    assert lines[-1] == "Stopped: 2 texts of the source were read, the rest was not looked at."
    assert desk.do("alert", "list").count("Data of customers was found") == 2


@pytest.mark.slow
def test_a_report_says_that_it_was_stopped_and_of_a_whole_scan_nothing(desk: Desk) -> None:
    status, out, _ = ended(begun(desk, "--json"), signal.SIGTERM)
    report = json.loads(out)
    assert status == 130
    assert report["stopped"] is True
    assert [each["path"] for each in report["findings"]] == ["leak.txt", "-"]
    (unread,) = report["unread"]
    assert unread["partly"] is True
    assert "stopped" not in desk.json("scan", desk.folder / "leak.txt", status=1)


def test_what_was_stopped_before_anything_was_found_says_so(desk: Desk) -> None:
    (desk.folder / "leak.txt").write_text("nothing of ours")
    (desk.folder / "first rows").write_text("nothing of ours, either")
    status, out, err = ended(begun(desk), signal.SIGINT)
    assert (status, err) == (130, "")
    assert out.splitlines()[-2].startswith("None of your data found (2 texts, ")
    assert out.splitlines()[-1].startswith("Stopped: 2 texts")


@pytest.mark.slow
def test_the_second_signal_ends_it_at_once(desk: Desk) -> None:
    process = begun(desk, before=SLOW_ALARM)
    process.send_signal(signal.SIGINT)
    assert process.stdout
    while not process.stdout.readline().startswith(b"Stopped: "):
        assert process.poll() is None
    status, _, err = ended(process, signal.SIGINT)
    assert (status, err.strip()) == (130, "trapstreet: interrupted; nothing was half-written")


@pytest.mark.slow
def test_a_scan_that_was_told_to_ignore_it_goes_on(desk: Desk) -> None:
    def ignoring() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    run_by: Callable[[], None] = ignoring
    code = "from trapstreet.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "scan", "-", "--json", "--workspace", str(desk.workspace)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=run_by,  # noqa: PLW1509 - one thread
    )
    assert process.stdin
    process.stdin.write(b"nothing of ours\n" * 20_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate((desk.folder / "first rows").read_bytes(), timeout=PATIENCE)
    assert process.returncode == 1
    assert "stopped" not in json.loads(out)


def test_ctrl_c_while_the_program_is_loaded_is_one_line() -> None:
    loading = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
from trapstreet.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", loading], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "trapstreet: interrupted\n")
