"""trapstreet init with a person at the terminal."""

import os
import pty
import sys
from pathlib import Path

from offices import Office

PROGRAM = [sys.executable, "-c", "from trapstreet.cli import main; main()"]


def _at_terminal(folder: Path, answers: list[tuple[str, str]], *arguments: str) -> tuple[int, str]:
    """Exit status and screen of a command whose questions get these answers, on a terminal of its own."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.environ.pop("TRAPSTREET_KIT_PASSPHRASE", None)
        os.execv(PROGRAM[0], [*PROGRAM, *arguments])
    screen = b""
    waiting = list(answers)
    while True:
        try:
            read = os.read(terminal, 4096)
        except OSError:
            break
        if not read:
            break
        screen += read
        if waiting and waiting[0][0].encode() in screen.rpartition(b"\n")[2]:
            os.write(terminal, f"{waiting.pop(0)[1]}\n".encode())
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), screen.decode()


def test_the_passphrase_is_asked_for_twice_and_once_more_to_test_the_kit(office: Office) -> None:
    secret = "five words on a card"
    status, screen = _at_terminal(
        office.folder,
        [
            ("Passphrase for the recovery kit: ", secret),
            ("Repeat for confirmation: ", secret),
            ("to test it: ", secret),
        ],
        *("init", "ws", "--kit", "kit.txt"),
    )
    assert status == 0, screen
    assert "kit.txt, tested" in screen
    assert secret not in screen
    office.run("doctor", "--workspace", "ws")
