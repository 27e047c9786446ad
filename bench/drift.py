"""What changed on a large PostgreSQL server: how long a look takes, and how much of it is kept.

    .venv/bin/python bench/drift.py [--quick]

The server of bench/access.py: 10,000 tables in 200 schemas, 5,000 roles nested ten deep. Each look is a
command in a process of its own, after a change that is far-reaching.
"""

import sqlite3
import sys
from pathlib import Path

import psycopg

from access import ROLES, TABLES, _fill
from measuring import desk

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from servers import _postgres

SECONDS, MEGABYTES = 30, 5
CHANGES = {
    "nothing changed": ("", 0),
    "a table granted to everybody": (
        "GRANT USAGE ON SCHEMA s1 TO PUBLIC; GRANT SELECT ON s1.t1 TO PUBLIC",
        1,
    ),
    "a schema granted to everybody": ("GRANT SELECT ON ALL TABLES IN SCHEMA s1 TO PUBLIC", 1),
    "a membership near the top": ("GRANT r0, r1, r2, r3, r4, r5, r6, r7, r8, r9 TO r{last}", 1),
    "a new role": ("CREATE ROLE new_one LOGIN IN ROLE r{last}", 1),
    "a new superuser": ("ALTER ROLE new_one SUPERUSER", 1),
}


def main() -> None:
    with desk() as at:
        server = _postgres()
        assert server, "PostgreSQL's binaries are missing: make bench-deps"
        share = 20 if at.quick else 1
        tables, roles = TABLES // share, ROLES // share
        at.begin()
        url = _fill(server, tables, roles)
        at.say("rights kept the first time", at.run("access", "diff", url), seconds=SECONDS)
        for what, (change, status) in CHANGES.items():
            if change:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(change.replace("{last}", str(roles - 1)).encode())
            cost = at.run("access", "diff", url, status=status)
            at.say(what, cost, seconds=SECONDS)
            print("    " + "\n    ".join(cost.output.splitlines()[1:4]))
        with sqlite3.connect(at.workspace / "registry.sqlite3") as registry:
            (size,) = registry.execute("SELECT sum(length(content)) FROM store_keptrights").fetchone()
        kept = size <= MEGABYTES * 1_000_000
        print(f"kept: {size / 1e6:.1f} MB, promised {MEGABYTES}: {'kept' if kept else 'MISSED'}")
        if not kept:
            at.missed.append("kept")


if __name__ == "__main__":
    main()
