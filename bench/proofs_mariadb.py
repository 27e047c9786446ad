"""Advice on MariaDB, measured: past uses that fail, or give other rows, after it has been followed.

    .venv/bin/python bench/proofs_mariadb.py [--worlds N] [--seed S]

Each world is drawn from its own seed (S, S + 1 …): databases, tables, views, code, accounts, roles and rights
with odd names, and the work of everybody by real clients, of which the server's log is taken. The world is
made anew, advice asked for by the real commands (import, advise, apply), and the same work done again. What
gave something else in a second run with all rights, too, proves nothing and is left out. Then the world is
made anew once more, the plan's script run, undone, and SHOW GRANTS compared. Of some accounts the access map
is put beside what they read. Ends with status 1 on a false proof, on a right that somebody gained, on a way
back that does not lead back and on a table that is read though the map says no. Needs MariaDB's server and
client.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from proofs_mariadb_server import Server
from proofs_mariadb_trial import FAILURES, FIGURES, Desk, Trial
from servers import _mariadb_clone, _mariadb_office


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    tempfile.tempdir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    audited, clone = _mariadb_office(), _mariadb_clone()
    assert audited and clone, "MariaDB's server or client is missing"
    server = Server(audited)
    found: Counter[str] = Counter()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="trapstreet-proofs-") as folder:
        desk = Desk(Path(folder))
        for seed in range(asked.seed, asked.seed + asked.worlds):
            found += Trial(server, clone, desk, seed).figures()
    print(f"{asked.worlds} worlds from seed {asked.seed} in {time.perf_counter() - began:.0f} s")
    for what in FIGURES:
        print(f"{what:62}{found[what]:9,}")
    if any(found[each] for each in FAILURES):
        sys.exit(1)


if __name__ == "__main__":
    main()
