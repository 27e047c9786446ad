"""Advice on row security in `proofs_postgresql.py`: what it says that would be hidden, beside what is."""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from proofs_postgresql_server import Server
from proofs_postgresql_world import ROWS, World

_PLAIN = re.compile(r'"([a-z][a-z0-9_]*)"\."([a-z][a-z0-9_]*)"')
_BEHIND = 3.0
"""Seconds after which no line of a log is taken for one that may go on."""


def otherwise_hidden(
    server: Server, made: World, run: Callable[..., Any], rng: random.Random, counts: Counter[str]
) -> Iterator[str]:
    """Logins from whom a rule hides more or fewer of the records that they used than was said."""
    database = made.databases[0]
    plain = [each for each in database.tables if _PLAIN.fullmatch(each)]
    if not plain or database.name not in ("crm", "shop"):
        return
    table = rng.choice(plain)
    used = {login: {*_used(server, login, database.name, table, rng)} for login in made.logins}
    ended = time.monotonic()
    server.stop()
    logs = server.logged()
    server.start()
    time.sleep(max(0.0, ended + _BEHIND - time.monotonic()))
    run("access", "import", *logs, "--place", server.url(), good=(0, 6))
    rule = rng.choice(("a > 2", "b = current_user", "id < 4", "pg_has_role(current_user, b, 'MEMBER')"))
    name, plan = f"{database.name}.{table.replace(chr(34), '')}", server.folder / "rows"
    said = run("access", "advise", server.url(), "--policy", f"{name}={rule}", "--out", plan, good=(0, 6))
    before = {login: _seen(server, login, database.name, table) for login in made.logins}
    run("access", "apply", plan)
    after = {login: _seen(server, login, database.name, table) for login in made.logins}
    run("access", "apply", plan, "--undo")
    for each in said["people"]:
        if each["who"] not in used or each["fails"] or each["proved"] < each["uses"]:
            continue
        counts["records that rules hide"] += each["hidden"]
        hidden = used[each["who"]] & (before[each["who"]] - after[each["who"]])
        if len(hidden) != each["hidden"]:
            counts["hidden otherwise than said"] += 1
            yield f"rows: {rule} on {name} hides {hidden} from {each['who']}: {each['hidden']} was said"


def _used(server: Server, login: str, database: str, table: str, rng: random.Random) -> Iterator[int]:
    """The records that somebody now asks for by their key, and gets."""
    asked = rng.sample(range(1, ROWS + 1), 3)
    try:
        with psycopg.connect(server.url(login, database), autocommit=True, prepare_threshold=None) as client:
            for n in asked:
                if client.execute(f"SELECT id FROM {table} WHERE id = {n}".encode()).fetchone():
                    yield n
    except psycopg.Error:
        return


def _seen(server: Server, login: str, database: str, table: str) -> set[int]:
    try:
        with psycopg.connect(server.url(login, database)) as client:
            return {n for (n,) in client.execute(f"SELECT id FROM {table}".encode()).fetchall()}
    except psycopg.Error:
        return set()
