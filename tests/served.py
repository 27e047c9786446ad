"""`trapstreet serve` as a process of its own, and somebody who is told by it."""

import base64
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from desk import Desk
from traps import PATIENCE
from working import loopback

PROGRAM = "import sys; {before}\nfrom trapstreet.cli import run\nsys.exit(run(sys.argv[1:]))"


class Desk24:
    """A webhook's receiver on loopback, and the messages that it took, each with the time when it came.

    answers  statuses of the next answers; 200 when there are none left
    """

    def __init__(self) -> None:
        self.messages: list[tuple[float, dict[str, Any]]] = []
        self.answers: list[int] = []
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = told.answers.pop(0) if told.answers else 200
                if status == 200:
                    told.messages.append((time.time(), json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return [alert for _, message in self.messages for alert in message["data"]["alerts"]]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def told(desk: Desk) -> Iterator[Desk24]:
    """Somebody who is told of every alert of the workspace."""
    secret = desk.folder / "webhook-secret"
    secret.write_text(f"whsec_{base64.b64encode(bytes(32)).decode()}\n")
    secret.chmod(0o600)
    somebody = Desk24()
    settings = desk.workspace / "trapstreet.toml"
    settings.write_text(
        f'{settings.read_text()}\n[notify.desk]\nkind = "webhook"\nurl = "{somebody.url}"\n'
        f'secret_file = "{secret}"\nprivate = true\nleast = "info"\n'
    )
    try:
        yield somebody
    finally:
        somebody.close()


def with_trap(desk: Desk) -> Path:
    """The workspace's trap, at free ports of loopback; `[serve]` names it. The worker opens no port."""
    folder = desk.folder / "trap"
    desk.do("serve", "--only", "trap", "--folder", folder, "--set-up")
    (folder / "trap.toml").write_text(loopback((folder / "trap.toml").read_text()))
    settings = desk.workspace / "trapstreet.toml"
    text = settings.read_text().replace('trap = ""', f'trap = "{folder}"')
    settings.write_text(text.replace("traps = []", "traps = []\nport = 0"))
    return folder


@dataclass
class Served:
    """Everything that runs, with the file that its log goes to."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def ports(self, *, start: int = 1) -> Mapping[str, int]:
        """The ports of the trap that was started as the first, second, …"""
        found = re.findall(r"listening: (.*)", self.said)[start - 1]
        return {what: int(port) for what, port in re.findall(r"([\w/]+) (\d+)", found)}

    def pid(self, part: str) -> int:
        """The process that runs a part now."""
        for child in children(self.process.pid):
            command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if (b"--only" in command) == (part == "trap"):
                return child
        raise AssertionError(f"no {part} runs: {self.said}")

    def wait(self, status: int | None = None) -> int:
        """The exit status, which must be the given."""
        ended = self.process.wait(PATIENCE)
        assert status is None or ended == status, self.said
        return ended


def children(pid: int) -> list[int]:
    """The processes that a process has started and that live."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split() if alive(int(child))]


def alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def serving(desk: Desk, *arguments: object, before: str = "", ready: bool = True) -> Iterator[Served]:
    """`trapstreet serve` on the workspace; killed at the end, with all that it started, if it still runs."""
    log = desk.folder / "serve.log"
    words = ["serve", "--workspace", desk.workspace, *arguments]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(before=before), *map(str, words)], stdout=out, stderr=out
        )
    served = Served(process, log)
    try:
        until = time.monotonic() + PATIENCE
        while ready and "all parts are ready" not in served.said:
            assert process.poll() is None, served.said
            assert time.monotonic() < until, served.said
            time.sleep(0.02)
        yield served
    finally:
        process.kill()
        process.wait()
