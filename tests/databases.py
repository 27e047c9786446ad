"""SQLite files as programs leave them that crashed."""

import json
import subprocess
import sys
from pathlib import Path

from discovering import person

LEFT = 500
"""People that a program entered before it crashed."""

_CRASHES = """
import json, os, sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute("PRAGMA journal_mode = WAL")
base.execute("PRAGMA wal_autocheckpoint = 0")
base.execute("CREATE TABLE staff (full_name TEXT, email TEXT)")
base.execute("BEGIN")
base.executemany("INSERT INTO staff VALUES (?, ?)", json.load(sys.stdin))
base.execute("COMMIT")
if sys.argv[2:]:
    base.execute("PRAGMA cache_size = 1")
    base.execute("BEGIN")
    base.execute("DELETE FROM staff")
os._exit(0)
"""


def crashed(file: Path, *, in_a_transaction: bool = False) -> Path:
    """A database whose program crashed before its rows came out of the log; its index is gone since."""
    rows = json.dumps([person(n)[:2] for n in range(LEFT)])
    more = ["deleting"] if in_a_transaction else []
    subprocess.run([sys.executable, "-c", _CRASHES, file, *more], input=rows, text=True, check=True)
    beside(file, "-shm").unlink()
    return file


def beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)
