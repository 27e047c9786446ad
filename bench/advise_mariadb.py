"""What can be taken away in MariaDB: 1,000,000 past statements asked of an empty clone again.

    .venv/bin/python bench/advise_mariadb.py [--quick]

MariaDB with 300 tables in 20 databases, 60 roles and 200 people with three roles each, one of them from the
start; every person took on one role after the other and ran 50 shapes of statements over the tables of these,
from five addresses, with new values each time; and five of them each used one of 50 tables that everybody
may read. So each statement is asked for in four roles. The log is imported first. Measured are the replay,
from the Parquet files to the verdict on each use, with all that can be taken away gone (the clone is made by
then); and the whole command with all of that and its search.
"""

import json
import random
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pymysql

from advise import (
    FEW,
    FOR_ALL,
    GROUPS,
    PEOPLE,
    SCHEMAS,
    SELECTING,
    SHAPES,
    TABLES,
    USES,
    advised,
    replay,
    shape,
)
from measuring import SEED, desk

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from servers import _mariadb, _mariadb_clone

OF_ONE = 15
"""Tables that a role has rights on."""
ROLES = 3
"""Of each person."""
ADDRESSES = 5

Reach = dict[str, dict[str, list[str]]]
"""By person and role: the tables."""


def main() -> None:
    with desk() as at:
        at.begin()
        server, clone = _mariadb(), _mariadb_clone()
        assert server and clone, "MariaDB's server is missing: apt-get install mariadb-server"
        url = urlunsplit(urlsplit(server)._replace(path="/"))
        rng = random.Random(SEED)
        reach = _fill(url, rng)
        uses = USES // (20 if at.quick else 1)
        log = at.folder / "log.jsonl"
        with log.open("w", encoding="utf-8") as file:
            file.writelines(_log(rng, reach, uses))
        at.say("import", at.run("access", "import", log, "--place", url), items=uses)
        document = advised(at, url, uses, clone=clone)
        replay(at, url, document, uses, clone=clone)


def _fill(url: str, rng: random.Random) -> Reach:
    """Databases, roles and people."""
    tables = [f"s{n % SCHEMAS}.t{n}" for n in range(TABLES)]
    for_all = [f"everybody.t{n}" for n in range(FOR_ALL)]
    of_role = {f"g{n}": rng.sample(tables, OF_ONE) for n in range(GROUPS)}
    reach: Reach = {
        f"p{n}": {role: of_role[role] for role in rng.sample([*of_role], ROLES)} for n in range(PEOPLE)
    }
    parts = urlsplit(url)
    root = pymysql.connect(
        host=parts.hostname or "", port=parts.port or 0, user=parts.username, ssl_disabled=True
    )
    with closing(root), root.cursor() as cursor:
        for name in (*(f"s{n}" for n in range(SCHEMAS)), "everybody"):
            cursor.execute(f"CREATE DATABASE {name}")
        for each in (*tables, *for_all):
            cursor.execute(f"CREATE TABLE {each} AS SELECT 1 AS a, 1 AS b")
        for each in for_all:
            cursor.execute(f"GRANT SELECT ON {each} TO PUBLIC")
        for role, some in of_role.items():
            cursor.execute(f"CREATE ROLE {role}")
            for each in some:
                cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {each} TO {role}")
        for who, roles in reach.items():
            cursor.execute(f"CREATE USER {who}@'%'")
            for role in roles:
                cursor.execute(f"GRANT {role} TO {who}@'%'")
            cursor.execute(f"SET DEFAULT ROLE {next(iter(roles))} FOR {who}@'%'")
    return reach


def _log(rng: random.Random, reach: Reach, uses: int) -> Iterator[str]:
    work = {who: [*_day(rng, roles)] for who, roles in reach.items()}
    people = [*reach]
    for n in range(FOR_ALL):
        for who in rng.sample(people, FEW):
            work[who].insert(0, SELECTING.replace("{}", f"everybody.t{n}", 1))
    for n in range(uses):
        who, turn = people[n % PEOPLE], n // PEOPLE
        statement = work[who][turn % len(work[who])].replace("{}", str(rng.randrange(1_000_000)))
        client = f"10.0.{turn // len(work[who]) % ADDRESSES}.{n % PEOPLE}"
        event = {
            "ts": 1_767_225_600 + n, "user": who, "client": client, "database": "s0", "statement": statement,
        }  # fmt: skip
        yield f"{json.dumps(event)}\n"


def _day(rng: random.Random, roles: dict[str, list[str]]) -> Iterator[str]:
    """What somebody does, in one role after the other."""
    for n, (role, tables) in enumerate(roles.items()):
        yield f"SET ROLE {role}"
        for _ in range(len(range(n, SHAPES, ROLES))):
            yield shape(rng, rng.sample(tables, OF_ONE // 3))


if __name__ == "__main__":
    main()
