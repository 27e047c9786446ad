"""trapstreet forget with a person at the terminal: what is typed is not shown."""

import os
import pty
import sys
from pathlib import Path

from desk import Desk
from people import customer_file, read_csv

PROGRAM = [sys.executable, "-c", "from trapstreet.cli import main; main()"]


def at_terminal(folder: Path, answers: list[str], *arguments: str) -> tuple[int, str]:
    """Exit status and screen of a command on a terminal of its own, where each question gets an answer."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execv(PROGRAM[0], [*PROGRAM, *arguments])
    screen = b""
    asked = 0
    while True:
        try:
            read = os.read(terminal, 4096)
        except OSError:
            break
        if not read:
            break
        screen += read
        while asked < len(answers) and screen.count(b"Enter ends): ") > asked:
            os.write(terminal, f"{answers[asked]}\n".encode())
            asked += 1
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), screen.decode()


def test_who_is_asked_for_without_showing_it(desk: Desk) -> None:
    table = customer_file(desk.folder / "customers.csv", 100)
    desk.do("register", table, "--name", "customers")
    row = read_csv(table)[3]
    answers = [f"email: {row['email']}", f"phone: {row['phone']}", ""]
    status, screen = at_terminal(desk.folder, answers, "forget", "--workspace", str(desk.workspace))
    assert status == 0, screen
    assert "customers: 1 record erased, in 1 version." in screen
    assert row["email"] not in screen
    assert row["phone"] not in screen
    assert desk.json("scan", table, status=1)["findings"][0]["records"] == 99
