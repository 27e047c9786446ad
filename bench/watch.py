"""The watch: a quiet round at 10,000 sources with a million objects; what kill -9 loses or tells twice."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from random import Random

from measuring import COMMAND, SEED, Desk, desk
from trapstreet.app import watched
from trapstreet.app.workspace import Workspace
from trapstreet.watch.domain.rules import Rules

SOURCES, OBJECTS = 10_000, 100
"""Sources, and objects of each."""
KILLS, LEAKS, OTHERS = 100, 5, 400
"""How often a round is killed, and how many leaks and other texts are new each time."""
LONGEST = 0.6
"""Seconds after a round began in which it is killed: about as long as it takes."""
ROUND = 300.0
"""Seconds that a quiet round of all sources takes at most."""


def main() -> None:
    with desk() as at:
        at.begin()
        table = at.folder / "people.csv"
        table.write_text("id,name,email\n" + "".join(_person(n) for n in range(KILLS * LEAKS)))
        at.run("register", table, "--name", "people", "--key", "id")
        _killed(at)
        _quiet(at)


def _person(number: int) -> str:
    return f"{number},Person {number} Byrne,person.{number}.byrne@harbour.example\n"


def _quiet(at: Desk) -> None:
    """Every object is read in the first round and none in the second."""
    sources, names = SOURCES // (20 if at.quick else 1), []
    for source in range(sources):
        folder = at.folder / "shares" / f"{source // 100:03}" / f"{source:05}"
        folder.mkdir(parents=True)
        first = folder / "minutes-0000.txt"
        first.write_text(f"Minutes of meeting {source}\n")
        for number in range(1, OBJECTS):
            os.link(first, folder / f"minutes-{number:04}.txt")
        names.append(folder)
    _watch(at, names)
    first = at.run("watch", "run", "--once", "--json")
    read, listed = _figures(first.output)
    at.say(f"first round: {sources:,} sources, {read:,} objects read", first, items=read)
    quiet = at.run("watch", "run", "--once", "--json")
    read, listed = _figures(quiet.output)
    at.say(f"quiet round: {listed:,} objects listed", quiet, items=listed, seconds=ROUND)
    size = sum(file.stat().st_size for file in at.workspace.glob("registry.sqlite3*"))
    print(f"{'registry':52}{size / listed:7.0f} bytes an object")
    for what in ("backup", "restore"):
        words = (
            ("backup", at.folder / "b") if what == "backup" else ("restore", at.folder / "b", at.folder / "r")
        )
        more = () if what == "backup" else ("--keys", at.folder / "keys")
        at.say(what, at.run(*words, *more), items=listed)
    if read:
        at.missed.append(f"{read:,} unchanged objects were read")


def _killed(at: Desk) -> None:
    """Rounds killed at random moments; in the end every leak was told once, every object is known once."""
    draw, kills = Random(SEED), KILLS // (10 if at.quick else 1)
    folders = [at.folder / f"drop-{number}" for number in range(3)]
    for folder in folders:
        folder.mkdir()
    _watch(at, folders)
    leaks = objects = interrupted = 0
    began = time.perf_counter()
    for _ in range(kills):
        for _ in range(LEAKS):
            (draw.choice(folders) / f"leak-{leaks}.csv").write_text(_person(leaks).partition(",")[2])
            leaks += 1
        for _ in range(OTHERS):
            (draw.choice(folders) / f"other-{objects}.txt").write_text(f"nothing {objects}\n")
            objects += 1
        child = subprocess.Popen(
            [COMMAND, "watch", "run", "--once", "--workspace", at.workspace],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for_round(at.workspace, child)
        time.sleep(draw.uniform(0.0, LONGEST))
        child.send_signal(signal.SIGKILL)
        child.wait()
        interrupted += _let_go(at.workspace)
    at.run("watch", "run", "--once", status=_status(at.workspace, leaks))
    with sqlite3.connect(at.workspace / "registry.sqlite3") as registry:
        told = registry.execute("SELECT count(*) FROM store_alert WHERE kind = 'finding'").fetchone()[0]
        known = registry.execute("SELECT count(*) FROM store_seenobject").fetchone()[0]
        there = registry.execute("SELECT sum(objects_there) FROM store_watchedsource").fetchone()[0]
    seconds = time.perf_counter() - began
    what = f"kill -9 at {kills} moments, {interrupted} in a round"
    lost = f"{leaks - told:,} of {leaks:,} leaks lost"
    double = f"{known - leaks - objects:,} objects known twice, {there - known:,} miscounted"
    print(f"{what:52}{seconds:7.2f} s  {lost}, {double}", flush=True)
    if (told, known, there) != (leaks, leaks + objects, leaks + objects):
        at.missed.append("kill -9: 0 lost, 0 double")


def _status(workspace: Path, leaks: int) -> int:
    """That of the last round: 1 where it finds what is left, 0 where nothing is."""
    with sqlite3.connect(workspace / "registry.sqlite3") as registry:
        told = registry.execute("SELECT count(*) FROM store_alert WHERE kind = 'finding'").fetchone()[0]
    return int(told < leaks)


def _wait_for_round(workspace: Path, child: subprocess.Popen[bytes]) -> None:
    """A watcher has taken sources, or has ended."""
    with sqlite3.connect(f"file:{workspace / 'registry.sqlite3'}?mode=ro", uri=True) as registry:
        while (
            child.poll() is None
            and not registry.execute("SELECT 1 FROM store_watchedsource WHERE leased_until").fetchone()
        ):
            time.sleep(0.002)


def _let_go(workspace: Path) -> bool:
    """Whether a watcher was killed in a round. Its sources are anybody's, as they were a minute later."""
    with sqlite3.connect(workspace / "registry.sqlite3") as registry:
        return (
            registry.execute("UPDATE store_watchedsource SET leased_until = 0 WHERE leased_until").rowcount
            > 0
        )


def _watch(at: Desk, folders: list[Path]) -> None:
    from django.db import transaction

    workspace = Workspace.open(at.workspace)
    with transaction.atomic():
        for folder in folders:
            watched.add(
                workspace,
                folder.name,
                "directory",
                {"url": str(folder)},
                every=21_600,
                rules=Rules(),
                later=True,
            )


def _figures(output: str) -> tuple[int, int]:
    """Objects read and listed in all rounds together."""
    figures = [each["figures"] for each in json.loads(output)["rounds"]]
    return sum(each["read"] for each in figures), sum(each["listed"] for each in figures)


if __name__ == "__main__":
    main()
