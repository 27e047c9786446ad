"""Alerts: from a hit to whoever is told, in peace and in a flood; 1,500 by a receiver that fails, workers
killed."""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from measuring import COMMAND, SEED, Cost, Desk, desk, timed

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from couriers import Unreliable, WebhookReceiver, killed_while_they_deliver, troubles, webhook
from traps import Running, running
from trapstreet.app.alarming import raise_alerts
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.hit import Hit
from trapstreet.store import plantings
from trapstreet.store.models import Alert, Incident
from trapstreet.trap.sealing import Opener, encode
from trapstreet.trap.spool import Spool

HITS, ALERTS, KILLS = 40, 1_500, 20
NETWORKS, OTHERS, A_SECOND = 10_000, 15, 500
"""That use one decoy; other decoys that are used once each meanwhile; networks a second at the same trap."""
PROMISED = 5.0
"""Seconds from a hit to the alert."""
URL = "http://cdn.quayside.example/"
_BROWSER = (
    ("method", b"GET"),
    ("target", b"/"),
    ("version", b"1.1"),
    ("header", b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    ("header", b"Accept: text/html"),
    ("header", b"Accept-Language: en-IE,en;q=0.5"),
)


def main() -> None:
    with desk() as at:
        at.begin()
        settings = at.workspace / "trapstreet.toml"
        settings.write_text(settings.read_text().replace("urls = []", f'urls = ["{URL}"]'))
        hits, alerts, kills = (8, 150, 5) if at.quick else (HITS, ALERTS, KILLS)
        networks, others = (1_000, 4) if at.quick else (NETWORKS, OTHERS)
        trap = at.folder / "trap"
        at.run("serve", "--only", "trap", "--folder", trap, "--set-up")
        own = trap / "trap.toml"
        own.write_text(_on_loopback(own.read_text()))
        _latency(at, trap, hits)
        _flood(at, trap, networks, others)
        _killed(at, alerts, kills)


def _latency(at: Desk, trap: Path, hits: int) -> None:
    """A trap and a worker in processes of their own, hits at times that nobody knows beforehand."""
    first, *pages = [_page(at) for _ in range(hits + 1)]
    draws = Random(SEED)
    with _receiver(at) as receiver, running(trap) as listening, _worker(at, trap):
        _visit(listening, first[1])
        _wait_for(receiver, [first[0]])
        begun = _visits(listening, pages, waits=lambda: draws.expovariate(1.0))
        _wait_for(receiver, begun)
        _say_waits(at, "hit to alert", receiver, begun)


def _flood(at: Desk, trap: Path, networks: int, others: int) -> None:
    """Many networks use one decoy: at once, heard by another trap, and so many a second by the same one.
    Meanwhile other decoys are used once each, a second apart."""
    other = at.folder / "other trap"
    for where, a_second in (("another trap, at once", 0), (f"the same trap, {A_SECOND} a second", A_SECOND)):
        (name, flooded), first, *pages = [_page(at) for _ in range(others + 2)]
        with _receiver(at) as receiver, running(trap) as listening, _worker(at, trap, other):
            _visit(listening, first[1])
            _wait_for(receiver, [first[0]])
            began = time.monotonic()
            if a_second:
                flood = threading.Thread(target=_visit_from, args=(listening, flooded, networks, a_second))
                flood.start()
            else:
                _spool_flood(other, flooded, networks)
            begun = _visits(listening, pages, waits=lambda: 1.0)
            _wait_for(receiver, begun)
            while not _looked_at(name.partition("/")[0], networks):
                time.sleep(0.1)
            took = time.monotonic() - began
            what = f"hit to alert, {networks:,} networks at {where}"
            _say_waits(at, what, receiver, begun)
        print(f"{what}: all looked at within {took:.1f} s, {Alert.objects.count():,} alerts by now")


def _visit_from(trap: Running, page: str, networks: int, a_second: int) -> None:
    """Visits from so many networks, as a proxy passes them on."""
    began = time.monotonic()
    for each in range(networks):
        _visit(trap, page, behind=_address(each))
        time.sleep(max(0.0, began + each / a_second - time.monotonic()))


def _address(number: int) -> str:
    return f"20.{number >> 8}.{number & 255}.7"


def _looked_at(owner: str, networks: int) -> bool:
    """Whether so many networks' uses of a breadcrumb are in the registry, and none waits for an alert."""
    incidents = Incident.objects.filter(owner__startswith=f"{owner}-")
    return incidents.count() >= networks and not incidents.filter(changed__isnull=False).exists()


def _spool_flood(folder: Path, page: str, networks: int) -> None:
    """What a trap keeps of so many visits, each from a network of its own."""
    folder.mkdir(exist_ok=True)
    worker = Opener(_opened(folder.parent).ring.trap_key()).public
    spool, now = Spool(folder, worker, limit=1 << 40), time.time_ns() // 1_000
    hits = [Hit("http", now + each, _address(each), 4711, (page,), _BROWSER) for each in range(networks)]
    for start in range(0, networks, 500):
        spool.append([encode(hit) for hit in hits[start : start + 500]])
    spool.close()


def _visits(
    trap: Running, pages: Sequence[tuple[str, str]], *, waits: Callable[[], float]
) -> dict[str, float]:
    """Visit each page once; when, by what alerts call it."""
    begun = {}
    for name, page in pages:
        time.sleep(waits())
        _visit(trap, page)
        begun[name] = time.monotonic()
    return begun


def _say_waits(at: Desk, what: str, receiver: "_Clock", begun: Mapping[str, float]) -> None:
    waits = sorted(receiver.told[name] - begun[name] for name in begun if name in receiver.told)
    if missing := len(begun) - len(waits):
        sys.exit(f"{missing} of {len(begun)} hits gave no alert; the worker said: {_said(at)}")
    middle = waits[len(waits) // 2]
    print(f"{what}, {len(begun)} hits: median {middle:.2f} s, slowest {waits[-1]:.2f} s")
    at.say(f"{what}, the slowest", Cost(waits[-1], 0.0), seconds=PROMISED)


def _wait_for(receiver: "_Clock", names: Collection[str]) -> None:
    """Until it was told of them, or ten minutes are over: the first comes when the worker has begun."""
    until = time.monotonic() + 600
    while not receiver.told.keys() >= set(names) and time.monotonic() < until:
        time.sleep(0.02)


def _killed(at: Desk, alerts: int, kills: int) -> None:
    """Each alert of a case of its own, so that none shares a message."""
    receiver = Unreliable(seed=SEED)
    webhook(at.workspace, receiver.port)
    workspace = _opened(at.folder)
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


class _Clock(WebhookReceiver):
    """Notes when it was told of each decoy first, by the decoy's name."""

    def __init__(self) -> None:
        self.told: dict[str, float] = {}
        super().__init__()

    def take(self, message: str, alerts: list[dict[str, Any]]) -> int:
        at = time.monotonic()
        for alert in alerts:
            self.told.setdefault(_fact(alert, "decoys"), at)
        return 204


def _page(at: Desk) -> tuple[str, str]:
    """A new web breadcrumb: what alerts call it, and host and path of its address."""
    made = json.loads(at.run("bait", "url", "--place", "a wiki", "--json").output)["planting"]
    ring = _opened(at.folder).ring
    ((_, page),) = plantings.tokens_of(plantings.planting_named(made), ring)
    return f"{made.partition('-')[0]}/1", page


def _fact(alert: dict[str, list[dict[str, str]]], name: str) -> str:
    return next((fact["value"] for fact in alert["facts"] if fact["name"] == name), "")


def _said(at: Desk) -> str:
    return (at.folder / "worker.log").read_text()


def _visit(trap: Running, page: str, *, behind: str = "") -> None:
    host, _, path = page.partition("/")
    headers = {"Host": host, "User-Agent": "curl/8.5"} | ({"X-Forwarded-For": behind} if behind else {})
    connection = http.client.HTTPConnection("127.0.0.1", trap.ports["http"], timeout=60)
    connection.request("GET", f"/{path}", headers=headers)
    connection.getresponse().read()
    connection.close()


def _on_loopback(text: str) -> str:
    text = re.sub(r"listen = \[.*\]", 'listen = ["127.0.0.1:0"]', text)
    text = text.replace("[http]\n", '[http]\nproxies = ["127.0.0.1"]\n', 1)
    return text.replace("addresses = []", 'addresses = ["192.0.2.7"]') + "\n[status]\nport = 0\n"


def _opened(folder: Path) -> Workspace:
    os.environ["TRAPSTREET_KEYS"] = str(folder / "keys")
    return Workspace.open(folder / "workspace")


@contextmanager
def _receiver(at: Desk) -> Iterator["_Clock"]:
    """A receiver that alerts are told to, as long as it is there."""
    settings, receiver = at.workspace / "trapstreet.toml", _Clock()
    without = settings.read_text()
    webhook(at.workspace, receiver.port)
    try:
        yield receiver
    finally:
        receiver.close()
        settings.write_text(without)


@contextmanager
def _worker(at: Desk, *traps: Path) -> Iterator[None]:
    named = [word for trap in dict.fromkeys(traps) for word in ("--trap", trap)]
    for trap in traps:
        trap.mkdir(exist_ok=True)
        if not any(trap.iterdir()):
            _spool_flood(trap, "", 0)
    command = [COMMAND, "work", *named, "--workspace", at.workspace]
    with (at.folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
