"""A paste feed: pastes a second that one core fetches, takes apart, searches and remembers.

    python bench/watch_feeds.py [--quick]

The paste site is a process of its own on another core, whose time is told apart. One paste in LEAKS holds
three of 68,000 customers.
"""

import json
import os
import socket
import subprocess
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from random import Random

from measuring import COMMAND, SEED, Desk, desk

RATE, SECONDS = 100, 60
"""Pastes a second that a feed brings, and for how long."""
LEAKS = 200
PAGE = 250
_WORDS = (
    "error warning retry socket 0x7f3a function return value config import self data 10.0.0.7 null".split()
)


def main() -> None:
    with desk() as at:
        table = at.with_customers()
        count = RATE * (10 if at.quick else SECONDS)
        listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        site = get_context("fork").Process(target=serve, args=(listening, table, count, at.core), daemon=True)
        site.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.close()
        for name, path in (("at-once", "all"), ("as-they-come", "now")):
            at.run(
                "watch", "add", "poller", "--name", name, "--url", f"{url}/{path}?page={{page}}",
                "--item", f"{url}/raw/{path}/{{id}}", "--later",
            )  # fmt: skip
        _at_once(at, url, count)
        _as_they_come(at, url, count)
        site.terminate()
        site.join()


def _at_once(at: Desk, url: str, count: int) -> None:
    began = _cpu(url)
    cost = at.run("watch", "run", "--once", "at-once", "--json", status=1)
    found = _figures(cost.output, "findings")
    if (_figures(cost.output, "read"), found) != (count, count // LEAKS):
        at.missed.append(f"{found} findings")
    at.say(f"{count:,} pastes in one round, {found} leaks", cost, items=count, seconds=count / RATE)
    print(f"{'the paste site':52}{'':10}{_cpu(url) - began:7.2f} s CPU")


def _as_they_come(at: Desk, url: str, count: int) -> None:
    """Round upon round, as pastes come: all were read soon after the last came."""
    _ask(url, "/begin")
    began, read, rounds = time.perf_counter(), 0, 0
    while read < count and time.perf_counter() - began < 2 * count / RATE:
        round_ = [COMMAND, "watch", "run", "--once", "as-they-come", "--json", "--workspace", at.workspace]
        said = subprocess.run(
            round_, stdout=subprocess.PIPE, text=True, check=False
        )  # status 1 where a leak was found
        read += _figures(said.stdout, "read")
        rounds += 1
    late = time.perf_counter() - began - count / RATE
    what = f"{RATE} pastes a second for {count // RATE} s, {rounds} rounds"
    print(f"{what:52}{read:,} of {count:,} read, {late:.1f} s after the last came")
    if read < count:
        at.missed.append(what)


def _figures(output: str, name: str) -> int:
    return sum(each["figures"][name] for each in json.loads(output)["rounds"])


def _cpu(url: str) -> float:
    return float(_ask(url, "/cpu"))


def _ask(url: str, path: str) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as met:
        met.sendall(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        return met.recv(4096).partition(b"\r\n\r\n")[2]


def serve(listening: socket.socket, table: Path, count: int, core: int) -> None:
    """/all has every paste, /now those that came since /begin, newest first; /raw/…/N is one."""
    os.sched_setaffinity(0, set(range(os.cpu_count() or 1)) - {core} or {core})
    draw = Random(SEED)
    rows = table.read_text().splitlines()[1:]
    pastes = []
    for number in range(count):
        lines = [" ".join(draw.choices(_WORDS, k=12)) for _ in range(draw.randrange(5, 100))]
        if number % LEAKS == LEAKS - 1:
            lines += draw.sample(rows, 3)
        pastes.append("\n".join(lines).encode())
    begun = [time.monotonic()]

    def page(path: str, number: int) -> bytes:
        there = count if path == "all" else min(count, int((time.monotonic() - begun[0]) * RATE))
        newest = range(there - 1 - (number - 1) * PAGE, max(-1, there - 1 - number * PAGE), -1)
        return json.dumps([{"id": each} for each in newest]).encode()

    def body(target: str) -> bytes:
        match target.split("/")[1:]:
            case ["raw", _, number]:
                return pastes[int(number)]
            case ["cpu"]:
                return str(time.process_time()).encode()
            case ["begin"]:
                begun[0] = time.monotonic()
                return b""
            case _:
                path, _, number = target.removeprefix("/").partition("?page=")
                return page(path, int(number))

    def answer(met: socket.socket) -> None:
        met.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with met, met.makefile("rb") as reading:
            while request := reading.readline():
                while reading.readline().strip():
                    pass
                said = body(request.split(b" ")[1].decode())
                met.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)

    while True:
        met, _ = listening.accept()
        threading.Thread(target=answer, args=(met,), daemon=True).start()


if __name__ == "__main__":
    main()
