"""Alerts under way while all goes wrong: a receiver that fails one time in twenty, killed workers."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from trapstreet.app.alarming import raise_trouble
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.notice import Severity
from trapstreet.store import cases

FAILS = 0.05
PATIENCE = 180.0

_WORKER = """
import sys, time, uuid
from pathlib import Path
from trapstreet.app import delivering
from trapstreet.app.workspace import Workspace
from trapstreet.cases.domain import retry
delivering.LEASE, retry._WAITS = {lease}, {waits}
workspace, holder = Workspace.open(Path(sys.argv[1])), uuid.uuid4().hex
print("begun", flush=True)
while True:
    delivering.deliver(workspace, holder=holder, at=time.time_ns() // 1000)
    time.sleep(0.02)
"""


class WebhookReceiver:
    """An HTTP receiver on 127.0.0.1 of what the kind webhook tells; `take` says what becomes of it."""

    def __init__(self) -> None:
        lock, there = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    status = there.take(self.headers["webhook-id"], body["data"]["alerts"])
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, message: str, alerts: list[dict[str, Any]]) -> int:
        """The status that a message is answered with, by its id; one message after the other."""
        raise NotImplementedError

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Unreliable(WebhookReceiver):
    """Fails now and then: half of the time before it keeps what it got, half of the time after.

    messages  how often each message came, by its id;  alerts  which messages told an alert, by its id
    """

    def __init__(self, *, seed: int) -> None:
        self.messages: Counter[str] = Counter()
        self.alerts: dict[str, set[str]] = {}
        self.failed = 0
        self._draws = random.Random(seed)
        super().__init__()

    def take(self, message: str, alerts: list[dict[str, Any]]) -> int:
        draw = self._draws.random()
        self.failed += draw < FAILS
        if draw >= FAILS / 2:
            self.messages[message] += 1
            for alert in alerts:
                self.alerts.setdefault(alert["id"], set()).add(message)
        return 503 if draw < FAILS else 204


def webhook(workspace: Path, port: int) -> None:
    """The workspace tells alerts to a receiver on a port of this machine."""
    secret = workspace / "webhook.secret"
    secret.write_text("whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=")
    secret.chmod(0o600)
    settings = workspace / "trapstreet.toml"
    settings.write_text(
        f'{settings.read_text()}\n[notify.siem]\nkind = "webhook"\nurl = "http://127.0.0.1:{port}/"\n'
        'secret_file = "webhook.secret"\nprivate = true\n'
    )


def troubles(workspace: Workspace, number: int) -> None:
    """So many alerts, each of a case of its own."""
    for each in range(number):
        raise_trouble(
            workspace, f"part {each}", severity=Severity.HIGH, headline="x", happened=(), steps=("look",)
        )


@contextmanager
def worker(
    workspace: Path, *, lease: float = 2.0, waits: tuple[float, ...] = (0.2,)
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that delivers until it is killed, with its seconds of lease and between attempts."""
    program = _WORKER.format(lease=int(lease * 1e6), waits=waits)
    process = subprocess.Popen([sys.executable, "-c", program, str(workspace)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def killed_while_they_deliver(workspace: Workspace, *, kills: int, seed: int) -> None:
    """Two workers at once deliver all that waits; one of them is killed again and again meanwhile."""
    draws, begun = random.Random(seed), time.monotonic()
    with worker(workspace.root):
        for _ in range(kills):
            with worker(workspace.root) as other:
                time.sleep(draws.uniform(0.1, 0.6))
                other.send_signal(signal.SIGKILL)
                other.wait()
        while waiting():
            assert time.monotonic() - begun < PATIENCE
            time.sleep(0.1)


def waiting() -> int:
    """Deliveries that are not sent."""
    return sum(
        count for states in cases.states().values() for state, count in states.items() if state != "sent"
    )
