"""False proofs of `access advise` for PostgreSQL: what was proved not to be blocked, and is.

    .venv/bin/python bench/proofs_postgresql.py [--worlds N] [--seed S]

Each world is a server of its own on loopback, with roles, tables, code and rights drawn at random, and people
who work there through real clients. What they did is imported from the server's log; what `access advise`
(every other time with --narrow) proposes is applied; then the same people do the very same on the same data.
What worked and is refused now, or gives other rows, is a false proof, unless advice said that it could not be
checked. Then all is undone and every right compared. Beside that: relations that a login reads and the map
does not say (`proofs_postgresql_beside.py`), and what row security hides (`proofs_postgresql_rows.py`). Ends
with status 1 on anything that is not as it was said. With PROOFS_TELL=1 it
tells what the server did not take of a world.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from measuring import COMMAND, SEED
from proofs_postgresql_beside import false_nos, rights_of
from proofs_postgresql_clients import Came, becomes_of, lived, reach_of, sent
from proofs_postgresql_rows import otherwise_hidden
from proofs_postgresql_server import Server, editions, server
from proofs_postgresql_work import Session, Step, sessions
from proofs_postgresql_world import World, world
from trapstreet.events.statements import Shapes, postgresql

WRONG = (
    "false proofs", "false nos of the map", "hidden otherwise than said", "undo differences",
    "commands that failed",
)  # fmt: skip
COUNTED = (
    "worlds", "uses", "checked", "not checked", "rights", "rights taken away", "rights narrowed",
    "pairs of the map", "records that rules hide",
    "not checked and otherwise now",
    *WRONG,
)  # fmt: skip
_STANDS = ("SET ROLE", "SET SESSION", "RESET", "BEGIN")
_BEHIND = 3.0
"""Seconds after which no line of a log is taken for one that may go on."""


class Office:
    """A workspace of its own, and the command line."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        own = {key: value for key, value in os.environ.items() if not key.startswith("TRAPSTREET_")}
        self._environment = own | {
            "TRAPSTREET_WORKSPACE": str(folder / "ws"),
            "TRAPSTREET_KIT_PASSPHRASE": "only for benchmarks",
        }
        kit = ("--kit", folder / "kit.txt", "--kit-confirmed")
        self.run("init", folder / "ws", "--keys", folder / "keys", *kit)

    def run(self, *arguments: object, good: Sequence[int] = (0,)) -> Any:
        """What a command answers with --json. Raises RuntimeError on a status that is not a good one."""
        command = [str(COMMAND), *map(str, arguments), "--json"]
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment, check=False, capture_output=True, text=True
        )
        if done.returncode not in good:
            raise RuntimeError(
                f"{arguments[:2]} ended with {done.returncode}: {done.stderr}{done.stdout[:500]}"
            )
        return json.loads(done.stdout)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--worlds", type=int, default=10)
    asked.add_argument("--seed", type=int, default=SEED)
    given = asked.parse_args()
    if not editions():
        sys.exit("PostgreSQL's binaries are missing: make bench-deps")
    counts = Counter(dict.fromkeys(COUNTED, 0))
    for seed in range(given.seed, given.seed + given.worlds):
        began = time.perf_counter()
        try:
            found = _one(seed, counts)
        except RuntimeError as error:
            counts["commands that failed"] += 1
            found = [str(error)]
        print(f"seed {seed}: {len(found)} false, {time.perf_counter() - began:.0f} s", flush=True)
        for each in sorted(found, key=len):
            print(f"  {each}", flush=True)
    for what, number in counts.items():
        print(f"{what:32}{number:>9,}")
    if any(counts[each] for each in WRONG):
        sys.exit(1)


def _one(seed: int, counts: Counter[str]) -> list[str]:
    """One world; what was false in it, each in a line."""
    rng = random.Random(seed)
    with server(rng.choice(editions()), rng) as at, TemporaryDirectory() as folder:
        made = world(rng, _filled(at))
        _fill(at, made)
        names = [each.name for each in made.databases]
        reach = reach_of(at, names, [name for each in made.databases for name in each.relations])
        work = sessions(made, reach, becomes_of(at, made.logins))
        at.stop()
        at.put_aside()
        at.start()
        before = lived(at, work)
        ended = time.monotonic()
        at.stop()
        logs = at.take_back()
        at.start()
        office, url, plan = Office(Path(folder)), at.url(), Path(folder) / "plan"
        wrong = [*false_nos(at, made, office.run, counts)]
        time.sleep(max(0.0, ended + _BEHIND - time.monotonic()))
        office.run("access", "import", *logs, "--place", url, good=(0, 6))
        narrow = ["--narrow"] if rng.random() < 0.5 else []
        advice = office.run("access", "advise", url, *narrow, "--out", plan, good=(0, 6))
        counts["worlds"] += 1
        counts["rights taken away"] += sum(not each["to"] for each in advice["changes"])
        counts["rights narrowed"] += sum(bool(each["to"]) for each in advice["changes"])
        counts["not checked"] += sum(each["times"] for each in advice["proof"]["unproven"])
        counts["checked"] += advice["proof"]["uses"] - sum(
            each["times"] for each in advice["proof"]["unproven"]
        )
        rights = rights_of(at, names)
        counts["rights"] += len(rights)
        if not advice["changes"]:
            return wrong
        office.run("access", "apply", plan)
        after = lived(at, work)
        wrong += _compared(work, before, after, advice, counts)
        at.stop()
        at.start()
        office.run("access", "apply", plan, "--undo", good=(0, 6))
        back = rights_of(at, names)
        counts["undo differences"] += len(rights ^ back)
        wrong += [f"undo: {each}" for each in sorted(rights ^ back)]
        if rng.random() < 0.5:
            at.stop()
            at.start()
            wrong += otherwise_hidden(at, made, Office(Path(folder) / "rows").run, rng, counts)
        return [f"seed {seed} {at.edition.programs.parent.name} {each}" for each in wrong]


def _filled(at: Server) -> int:
    with psycopg.connect(at.url()) as connection:
        return connection.info.server_version // 10_000


def _fill(at: Server, made: World) -> None:
    connections: dict[str, psycopg.Connection[Any]] = {}
    try:
        for database, statement in made.statements:
            if database not in connections:
                connections[database] = psycopg.connect(at.url(database=database), autocommit=True)
            try:
                connections[database].execute(statement.encode())
            except psycopg.Error as error:
                if os.environ.get("PROOFS_TELL"):
                    print(f"    {str(error).splitlines()[0]}: {statement}")
                connections[database].execute(b"RESET ROLE")
    finally:
        for each in connections.values():
            each.close()


def _compared(
    work: Sequence[Session],
    before: Sequence[Sequence[Came]],
    after: Sequence[Sequence[Came]],
    advice: Any,
    counts: Counter[str],
) -> Iterator[str]:
    """Steps that worked and do otherwise now. After a first one that others stand on, those do not count."""
    shapes = Shapes(postgresql())
    unchecked = {(each["who"], each["database"], each["statement"]) for each in advice["proof"]["unproven"]}
    for session, was, now in zip(work, before, after, strict=True):
        for step, first, second in zip(session.steps, was, now, strict=True):
            counts["uses"] += not first.state
            if first.state or not _differs(step, first, second):
                continue
            if second.state == "skipped":
                continue
            said = {each.statement for each in shapes.of(sent(step))[0]}
            if any((session.login, session.database.name, each) in unchecked for each in said):
                counts["not checked and otherwise now"] += 1
            else:
                counts["false proofs"] += 1
                yield _told(session, step, first, second)
            if step.sql.startswith(_STANDS):
                break


def _differs(step: Step, first: Came, second: Came) -> bool:
    return bool(second.state) or (step.compares and first.rows != second.rows)


def _told(session: Session, step: Step, first: Came, second: Came) -> str:
    how = (
        second.message or f"{len(first.rows)} rows {first.rows[:3]}, now {len(second.rows)} {second.rows[:3]}"
    )
    acting = f" as {step.acting}" if step.acting != session.login else ""
    return (
        f"{session.login}{acting} in {session.database.name} {session.options}: {step.sql}: {step.how}: {how}"
    )


if __name__ == "__main__":
    main()
