"""Alerts: from a hit to whoever is told; 1,500 of them by a receiver that fails, with workers killed."""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

from measuring import COMMAND, SEED, Cost, Desk, desk, timed

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from couriers import Unreliable, killed_while_they_deliver, troubles, webhook
from traps import Running, running
from trapstreet.app.alarming import raise_alerts
from trapstreet.app.workspace import Workspace
from trapstreet.store import plantings
from trapstreet.store.models import Alert

HITS, ALERTS, KILLS = 40, 1_500, 20
PROMISED = 5.0
"""Seconds from a hit to the alert."""
URL = "http://cdn.quayside.example/"


def main() -> None:
    with desk() as at:
        at.begin()
        settings = at.workspace / "trapstreet.toml"
        settings.write_text(settings.read_text().replace("urls = []", f'urls = ["{URL}"]'))
        hits, alerts, kills = (8, 150, 5) if at.quick else (HITS, ALERTS, KILLS)
        _latency(at, hits)
        _killed(at, alerts, kills)


def _latency(at: Desk, hits: int) -> None:
    """A trap and a worker in processes of their own, hits at times that nobody knows beforehand."""
    first, *pages = [_page(at) for _ in range(hits + 1)]
    receiver = _Clock()
    webhook(at.workspace, receiver.port)
    trap = at.folder / "trap"
    at.run("serve", "--only", "trap", "--folder", trap, "--set-up")
    settings = trap / "trap.toml"
    settings.write_text(_on_loopback(settings.read_text()))
    draws, begun = Random(SEED), dict[str, float]()
    with running(trap) as listening, _worker(at, trap):
        _visit(listening, first[1])
        _wait_for(receiver, 1)
        for name, page in pages:
            time.sleep(draws.expovariate(1.0))
            _visit(listening, page)
            begun[name] = time.monotonic()
        _wait_for(receiver, hits + 1)
    receiver.close()
    waits = sorted(receiver.told[name] - begun[name] for name in begun if name in receiver.told)
    missing = hits - len(waits)
    if missing:
        sys.exit(f"{missing} of {hits} hits gave no alert; the worker said: {_said(at)}")
    middle = waits[len(waits) // 2]
    print(f"hit to alert, {hits} hits: median {middle:.2f} s, slowest {waits[-1]:.2f} s")
    at.say("hit to alert, the slowest", Cost(waits[-1], 0.0), seconds=PROMISED)


def _wait_for(receiver: "_Clock", number: int) -> None:
    """Until it was told of so many, or a minute is over: the first comes when the worker has begun."""
    until = time.monotonic() + 60
    while len(receiver.told) < number and time.monotonic() < until:
        time.sleep(0.02)


def _killed(at: Desk, alerts: int, kills: int) -> None:
    """Each alert of a case of its own, so that none shares a message."""
    settings = at.workspace / "trapstreet.toml"
    settings.write_text(settings.read_text().partition("\n[notify.")[0])
    receiver = Unreliable(seed=SEED)
    webhook(at.workspace, receiver.port)
    os.environ["TRAPSTREET_KEYS"] = str(at.folder / "keys")
    workspace = Workspace.open(at.workspace)
    before = Alert.objects.count()
    at.say("raising them", timed(lambda: troubles(workspace, alerts)), items=alerts)
    cost = timed(lambda: killed_while_they_deliver(workspace, kills=kills, seed=SEED))
    receiver.close()
    wanted = {f"a{each.id}" for each in Alert.objects.order_by("id")[before:]}
    told = len(wanted & receiver.alerts.keys())
    twice = sum(count - 1 for count in receiver.messages.values())
    print(
        f"{alerts:,} alerts, {receiver.failed:,} attempts failed, {kills} workers killed: {told:,} "
        f"delivered, {twice} of them again under the same id, in {cost.wall:.0f} s"
    )
    if told < alerts or any(len(ids) > 1 for ids in receiver.alerts.values()):
        at.missed.append(f"{alerts - told} alerts lost, or told under two ids")
    assert raise_alerts(workspace) == 0


class _Clock:
    """A receiver that notes when it was told of each decoy first, by the decoy's name."""

    def __init__(self) -> None:
        self.told: dict[str, float] = {}
        there = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                at, size = time.monotonic(), int(self.headers["Content-Length"])
                for alert in json.loads(self.rfile.read(size))["data"]["alerts"]:
                    there.told.setdefault(_fact(alert, "decoys"), at)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _page(at: Desk) -> tuple[str, str]:
    """A new web breadcrumb: what alerts call it, and host and path of its address."""
    made = json.loads(at.run("bait", "url", "--place", "a wiki", "--json").output)["planting"]
    os.environ["TRAPSTREET_KEYS"] = str(at.folder / "keys")
    ring = Workspace.open(at.workspace).ring
    ((_, page),) = plantings.tokens_of(plantings.planting_named(made), ring)
    return f"{made.partition('-')[0]}/1", page


def _fact(alert: dict[str, list[dict[str, str]]], name: str) -> str:
    return next((fact["value"] for fact in alert["facts"] if fact["name"] == name), "")


def _said(at: Desk) -> str:
    return (at.folder / "worker.log").read_text()


def _visit(trap: Running, page: str) -> None:
    host, _, path = page.partition("/")
    connection = http.client.HTTPConnection("127.0.0.1", trap.ports["http"], timeout=10)
    connection.request("GET", f"/{path}", headers={"Host": host, "User-Agent": "curl/8.5"})
    connection.getresponse().read()
    connection.close()


def _on_loopback(text: str) -> str:
    text = re.sub(r"listen = \[.*\]", 'listen = ["127.0.0.1:0"]', text)
    return text.replace("addresses = []", 'addresses = ["192.0.2.7"]') + "\n[status]\nport = 0\n"


@contextmanager
def _worker(at: Desk, trap: Path) -> Iterator[None]:
    command = [COMMAND, "work", "--trap", trap, "--workspace", at.workspace]
    with (at.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
