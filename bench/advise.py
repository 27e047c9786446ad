"""What can be taken away: how long it takes to ask a server about 1,000,000 past statements again.

    .venv/bin/python bench/advise.py [--quick]

PostgreSQL with 300 tables in 20 schemas, 60 groups and 200 people in three groups each; every person ran 50
shapes of statements over the tables that they can read, drawn at random with a fixed seed, with new values
each time; and five of them each used one of 50 tables that everybody may read. The log is imported first
(bench/access_events.py measures that). Measured are the replay, from the Parquet files to the verdict on each
use, with all that can be taken away gone; the whole command with its search; and the same with what few used
given to those few.
"""

import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from measuring import SEED, Desk, desk

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from servers import _postgres
from trapstreet.app.uses import past_uses
from trapstreet.app.workspace import Workspace
from trapstreet.plugins.changes import place_at

USES, PEOPLE, GROUPS, TABLES, SCHEMAS, SHAPES = 1_000_000, 200, 60, 300, 20, 50
FOR_ALL, FEW = 50, 5
"""Tables that everybody may read, and how many people use each."""
SECONDS = 60
SELECTING = "SELECT * FROM {} WHERE a = {}"
_WHERE = (
    SELECTING,
    "SELECT b, count(*) FROM {} WHERE a > {} GROUP BY b ORDER BY 2 DESC LIMIT 10",
    "SELECT t.a FROM {} t WHERE t.b = (SELECT max(b) FROM {} WHERE a < {})",
    "UPDATE {} SET b = {} WHERE a = 3",
    "SELECT x.a, y.b FROM {} x JOIN {} y USING (a) WHERE x.b IN ({}, 7)",
)


def main() -> None:
    with desk() as at:
        at.begin()
        server = _postgres()
        assert server, "PostgreSQL's binaries are missing: make bench-deps"
        rng = random.Random(SEED)
        url, reach = _fill(server, rng)
        uses = USES // (20 if at.quick else 1)
        log = at.folder / "log.jsonl"
        with log.open("w", encoding="utf-8") as file:
            file.writelines(_log(rng, reach, uses))
        at.say("import", at.run("access", "import", log, "--place", url), items=uses)
        document = advised(at, url, uses)
        replay(at, url, document, uses)
        document = advised(at, url, uses, "--narrow")
        narrowed = [each for each in document["changes"] if each["to"]]
        for_all = sum(each["of"] == "PUBLIC" for each in narrowed)
        print(f"{len(narrowed):,} rights narrowed, of them {for_all} of everybody")
        if for_all < FOR_ALL or document["proof"]["blocked"]:
            at.missed.append("narrowed")


def advised(at: Desk, url: str, uses: int, *how: str, clone: str = "") -> dict[str, Any]:
    """What `access advise` says of a server that past uses are known of."""
    plan = at.folder / f"plan{''.join(how)}"
    what = " ".join(("access advise", *how))
    beside = ("--clone", clone) if clone else ()
    at.say(
        f"{what}, search and all", at.run("access", "advise", url, *how, *beside, "--out", plan), items=uses
    )
    document: dict[str, Any] = json.loads((plan / "plan.json").read_bytes())
    gone, needed = len(document["changes"]), len(document["needed"])
    print(f"{gone:,} rights can go or be narrowed, {needed:,} are needed; {document['largest']=}")
    return document


def replay(at: Desk, url: str, document: dict[str, Any], uses: int, *, clone: str = "") -> None:
    """The replay by itself, all gone that can go by that advice."""
    workspace = Workspace.open(at.workspace)
    taken = {each["key"] for each in document["changes"]}
    with place_at(url, clone) as place:
        changes = [each for each in place.changes() if each.key in taken]
        began, cpu = time.perf_counter(), time.process_time()
        found = past_uses(workspace, url)
        asked = place.replay(found, changes)
        blocked = asked.blocked(changes)
        wall, ours = time.perf_counter() - began, time.process_time() - cpu
    counted = sum(each.times for each in found)
    kept = wall <= SECONDS
    print(
        f"replay of {counted:,} uses ({len(found):,} of different people or statements): {wall:.1f} s"
        f" ({ours:.1f} s of CPU ours), promised {SECONDS}: {'kept' if kept else 'MISSED'};"
        f" {len(blocked)} blocked, {len(asked.unproven)} not checked"
    )
    if not kept:
        at.missed.append("replay")
    if blocked or counted != uses:
        at.missed.append("verdict")


def _fill(server: str, rng: random.Random) -> tuple[str, dict[str, list[str]]]:
    """A database, and the tables that each person can read."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE worked")
    url = urlunsplit(urlsplit(server)._replace(path="/worked"))
    tables = [f"s{n % SCHEMAS}.t{n}" for n in range(TABLES)]
    of_group: dict[str, list[str]] = {}
    with psycopg.connect(url) as connection:
        for n in range(SCHEMAS):
            connection.execute(f"CREATE SCHEMA s{n}".encode())
        for each in tables:
            connection.execute(f"CREATE TABLE {each} AS SELECT 1 AS a, 1 AS b".encode())
        for n in range(GROUPS):
            connection.execute(f"CREATE ROLE g{n}".encode())
            of_group[f"g{n}"] = rng.sample(tables, 15)
            for each in of_group[f"g{n}"]:
                connection.execute(f"GRANT USAGE ON SCHEMA {each.partition('.')[0]} TO g{n}".encode())
                connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {each} TO g{n}".encode())
        reach: dict[str, list[str]] = {}
        for n in range(PEOPLE):
            groups = rng.sample([*of_group], 3)
            connection.execute(f"CREATE ROLE p{n} LOGIN IN ROLE {', '.join(groups)}".encode())
            reach[f"p{n}"] = [table for group in groups for table in of_group[group]]
        connection.execute(b"CREATE SCHEMA everybody; GRANT USAGE ON SCHEMA everybody TO PUBLIC")
        for n in range(FOR_ALL):
            connection.execute(f"CREATE TABLE everybody.t{n} AS SELECT 1 AS a, 1 AS b".encode())
            connection.execute(f"GRANT SELECT ON everybody.t{n} TO PUBLIC".encode())
    return url, reach


def _log(rng: random.Random, reach: dict[str, list[str]], uses: int) -> Iterator[str]:
    shapes = {
        who: [shape(rng, rng.sample(tables, len(tables) // 3)) for _ in range(SHAPES)]
        for who, tables in reach.items()
    }
    people = [*reach]
    for n in range(FOR_ALL):
        for who in rng.sample(people, FEW):
            shapes[who].insert(0, SELECTING.replace("{}", f"everybody.t{n}", 1))
    for n in range(uses):
        who = people[n % PEOPLE]
        statement = shapes[who][n // PEOPLE % len(shapes[who])].replace("{}", str(rng.randrange(1_000_000)))
        event = {"ts": 1_767_225_600 + n, "user": who, "database": "worked", "statement": statement}
        yield f"{json.dumps(event)}\n"


def shape(rng: random.Random, tables: list[str]) -> str:
    """A statement over some of these tables, {} for its value."""
    drawn = rng.choice(_WHERE)
    while drawn.count("{}") > 1 and "{} SET" not in drawn:
        drawn = drawn.replace("{}", rng.choice(tables), 1)
    return drawn.replace("{} SET", f"{rng.choice(tables)} SET")


if __name__ == "__main__":
    main()
