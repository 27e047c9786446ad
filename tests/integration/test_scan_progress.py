"""The progress of scan and trace on a terminal, and that it leaves nothing behind."""

import gzip
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from children import PATIENCE, program
from desk import Desk, copy_of, workspace_in
from people import customer_file

AT_ONCE = """
import fcntl, struct, termios, time
from trapstreet.app import reading
from trapstreet.cli import output
output.SHOWN_AFTER = 0.0
tell = reading._tell
def slowly(*told):
    time.sleep(0.1)
    tell(*told)
reading._tell = slowly
try:
    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
except OSError:
    pass
"""
"""The first line is not waited for, and 12 MB take two seconds."""

SHOW, HIDE, ERASE = b"\x1b[?25h", b"\x1b[?25l", b"\x1b[2K"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    return workspace_in(
        folder, ("register", customer_file(folder / "customers.csv", 500), "--name", "customers")
    )


@pytest.fixture
def desk(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return copy_of(made, tmp_path, capsys)


class Terminal:
    """A command with a terminal as its standard error, and a pipe as its standard input."""

    def __init__(self, desk: Desk, arguments: Sequence[object]) -> None:
        self._own, theirs = pty.openpty()
        self.process = subprocess.Popen(
            program(desk.folder / "peak", *arguments, "--workspace", desk.workspace, before=AT_ONCE),
            cwd=desk.folder,
            env={**os.environ, "TERM": "xterm"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
        )
        os.close(theirs)
        self.screen = b""

    def until(self, shown: bytes | None) -> bytes:
        """What was drawn until something is shown, or until the command has ended."""
        deadline = time.monotonic() + PATIENCE
        while shown is None or shown not in self.screen:
            assert time.monotonic() < deadline, self.screen[-500:]
            if not select.select([self._own], [], [], 0.1)[0]:
                continue
            try:
                self.screen += os.read(self._own, 1 << 16)
            except OSError:  # the other end is closed
                break
        return self.screen

    def ended(self) -> int:
        self.until(None)
        os.close(self._own)
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait()


def large(desk: Desk) -> Path:
    """12.0 MB of texts in a folder, one of them packed."""
    folder = desk.folder / "heap"
    (folder / "below").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"nothing of ours\n" * 250_000)
    (folder / "below" / "b.txt").write_bytes(b"nothing of ours\n" * 500_000)
    (folder / "below" / "c.gz").write_bytes(gzip.compress(bytes(20_000_000)))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("command", ["scan", "trace"])
def test_a_line_says_how_much_of_how_much_how_fast_and_how_long_still(desk: Desk, command: str) -> None:
    began = time.monotonic()
    terminal = Terminal(desk, [command, large(desk)])
    assert terminal.ended() == 0
    label = {"scan": b"scanning", "trace": b"tracing"}[command]
    assert 2 < terminal.screen.count(label) < 10 * (time.monotonic() - began)
    assert b"/12.0 MB" in terminal.screen
    assert b"MB/s" in terminal.screen
    assert b"0:00:0" in terminal.screen
    assert_clean(terminal.screen)


@pytest.mark.slow
def test_standard_input_has_no_end_to_wait_for(desk: Desk) -> None:
    terminal = Terminal(desk, ["scan", "-"])
    assert terminal.process.stdin
    for _ in range(4):
        terminal.process.stdin.write(b"nothing of ours\n" * 20_000)
        terminal.process.stdin.flush()
    terminal.until(b"B/s")
    terminal.process.stdin.close()
    assert terminal.ended() == 0
    assert b"/1.3 MB" not in terminal.screen
    assert b"0:00:0" not in terminal.screen
    assert_clean(terminal.screen)


@pytest.mark.slow
def test_an_interrupted_scan_leaves_the_terminal_clean(desk: Desk) -> None:
    terminal = Terminal(desk, ["scan", "-"])
    assert terminal.process.stdin
    terminal.process.stdin.write(b"nothing of ours\n" * 20_000)
    terminal.process.stdin.flush()
    terminal.until(b"scanning")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.ended() == 130
    assert_clean(terminal.screen)


@pytest.mark.slow
def test_a_line_says_how_many_texts_look_like_findings_so_far(desk: Desk) -> None:
    lines = (desk.folder / "customers.csv").read_bytes().splitlines(keepends=True)
    for number in range(3):
        desk.write(f"{number}.txt", b"".join(lines[1 + 20 * number : 21 + 20 * number]))
    terminal = Terminal(desk, ["scan", "0.txt", "1.txt", "2.txt", "-"])
    assert terminal.process.stdin
    terminal.process.stdin.write(b"nothing of ours\n" * 20_000)
    terminal.process.stdin.flush()
    assert b"scanning" in terminal.until(b"3 found so far")
    terminal.process.stdin.close()
    assert terminal.ended() == 1


@pytest.mark.parametrize("command", ["scan", "trace"])
def test_nothing_is_drawn_where_there_is_no_terminal(
    desk: Desk, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.cli.output.SHOWN_AFTER", 0.0)
    desk.do(command, large(desk))
    assert desk.err == ""


def assert_clean(screen: bytes) -> None:
    """The cursor is there again, and the line is gone."""
    assert screen.rfind(SHOW) > screen.rfind(HIDE) > -1
    assert screen.rfind(ERASE) > screen.rfind(b"\r\n")
    assert screen.endswith(ERASE)
