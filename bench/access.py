"""Access maps of a large PostgreSQL server: how long they take, and whether the server agrees.

    .venv/bin/python bench/access.py [--quick]

10,000 tables in 200 schemas, 5,000 roles nested ten deep; rights drawn at random with a fixed seed. Of random
(role, table) pairs each is asked of the server by a SELECT under SET SESSION AUTHORIZATION. Then 1,000,000
files of this system's users, one in twenty with an access control list, and random (user, file) pairs opened
by a process of that user; needs root.
Between them a table of 3,000 parts that 300 views show, each other columns of it.
"""

import os
import pwd
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from measuring import SEED, Desk, apart, desk, timed

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from crowds import acl, opens
from servers import _postgres
from trapstreet.access.domain.effective import Reading
from trapstreet.app.access import Mapped, map_of
from trapstreet.core.model.rights import How, Level, numbers_in

TABLES, ROLES, DEPTH, SCHEMAS, PAIRS = 10_000, 5_000, 10, 200, 2_000
PARTS, VIEWS = 3_000, 300
FILES = 1_000_000
SECONDS = 60
BY_NAME = (How.GRANT, How.COLUMNS, How.PRIVILEGE, How.SUPERUSER)


def main() -> None:
    with desk() as at:
        server = _postgres()
        assert server, "PostgreSQL's binaries are missing: make bench-deps"
        share = 20 if at.quick else 1
        tables, roles = TABLES // share, ROLES // share
        url = _fill(server, tables, roles)
        cost = timed(lambda: map_of(url).exposures())
        kept = cost.wall <= SECONDS
        print(
            f"map of {tables:,} tables and {roles:,} roles: {cost.wall:.1f} s ({cost.cpu:.1f} s of it ours),"
            f" promised {SECONDS}: {'kept' if kept else 'MISSED'}"
        )
        if not kept:
            at.missed.append("map")
        began = time.perf_counter()
        differing = _differing(url, map_of(url), tables, roles)
        print(
            f"{PAIRS:,} random pairs beside a SELECT: {len(differing)} differ"
            f" ({time.perf_counter() - began:.0f} s), promised 0: {'MISSED' if differing else 'kept'}"
        )
        if differing:
            at.missed.append(f"agreement: {differing[:3]}")
        _parts(at, server)
        _files(at)


def _parts(at: Desk, server: str) -> None:
    """A table of many parts that many views show: each part has few doors, however many the views."""
    share = 20 if at.quick else 1
    parts, views = PARTS // share, VIEWS // share
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE parted")
    url = urlunsplit(urlsplit(server)._replace(path="/parted"))
    columns = [f"c{n}" for n in range(10)]
    rng = random.Random(SEED)
    with psycopg.connect(url, autocommit=True) as connection:
        definition = ", ".join(f"{each} int" for each in columns)
        connection.execute(f"CREATE TABLE parted ({definition}) PARTITION BY LIST (c0)".encode())
        for n in range(parts):
            connection.execute(f"CREATE TABLE part{n} PARTITION OF parted FOR VALUES IN ({n})".encode())
        for n in range(views):
            shown = ", ".join(rng.sample(columns, 3))
            connection.execute(f"CREATE VIEW v{n} AS SELECT {shown} FROM parted".encode())
            connection.execute(f"GRANT SELECT ON v{n} TO r{n % 20}".encode())
    began = time.process_time()
    rights = map_of(url).access.rights
    spent = time.process_time() - began
    most = 3 * len(columns) * (parts + views)
    kept = len(rights.doors) <= most and spent <= SECONDS
    print(
        f"map of {parts:,} parts and {views:,} views: {len(rights.doors):,} doors, {spent:.1f} s of CPU,"
        f" promised {most:,} and {SECONDS}: {'kept' if kept else 'MISSED'}"
    )
    if not kept:
        at.missed.append("parts")


def _files(at: Desk) -> None:
    """A folder of a million files, and a sample of them beside the kernel."""
    count = FILES // (20 if at.quick else 1)
    root = at.folder / "files"
    at.folder.chmod(0o755)
    apart(_make_files, root, count)
    made: list[Mapped] = []
    cost = timed(lambda: made.append(map_of(str(root))) or made[0].exposures())
    kept = cost.cpu <= SECONDS
    print(
        f"map of {count:,} files: {cost.cpu:.1f} s of CPU, promised {SECONDS}: {'kept' if kept else 'MISSED'}"
    )
    if not kept:
        at.missed.append("files")
    reads, differing = _beside_the_kernel(made[0], root, count)
    print(
        f"{PAIRS:,} random pairs beside open(): {reads:,} can be read, {differing} differ, promised 0:"
        f" {'MISSED' if differing else 'kept'}"
    )
    if differing:
        at.missed.append("agreement of files")


def _beside_the_kernel(mapped: Mapped, root: Path, count: int) -> tuple[int, int]:
    """Of random users and files: how many can be read, and of how many the map of the whole folder, or one of
    that file, says something else."""
    rng, access = random.Random(SEED), mapped.access
    users = pwd.getpwall()
    asked: dict[int, list[Path]] = {}
    for _ in range(PAIRS):
        n = rng.randrange(count)
        asked.setdefault(rng.randrange(len(users)), []).append(root / f"{n // 1_000}" / f"{n}")
    sampled = {str(each) for paths in asked.values() for each in paths}
    number = {
        path: n
        for n, each in enumerate(access.rights.resources)
        for name in each.names
        if (path := f"{each.path[0]}/{name}") in sampled
    }
    reads = differing = 0
    for who, paths in asked.items():
        theirs = _opens(users[who], paths)
        reads += sum(theirs)
        for path, opened in zip(paths, theirs, strict=True):
            alone = map_of(str(path)).access.nearest(who, 0)
            found = access.nearest(who, number[str(path)])
            differing += {_is_at_once(alone), _is_at_once(found)} != {opened}
    return reads, differing


def _is_at_once(found: Reading | None) -> bool:
    return found is not None and found.level == Level.AT_ONCE


def _make_files(root: Path, count: int) -> None:
    rng = random.Random(SEED)
    users = pwd.getpwall()
    for n in range(count):
        folder = root / f"{n // 1_000}"
        if n % 1_000 == 0:
            folder.mkdir(parents=True)
            folder.chmod(rng.choice((0o755, 0o755, 0o750, 0o711, 0o700)))
            owner = rng.choice(users)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        path = folder / f"{n}"
        path.touch()
        path.chmod(rng.choice((0o644, 0o640, 0o600, 0o604, 0o666)))
        owner = rng.choice(users)
        os.chown(path, owner.pw_uid, owner.pw_gid)
        if n % 20 == 0:
            uids, gids = (sorted({each[at] for each in users}) for at in (2, 3))
            os.setxattr(path, "system.posix_acl_access", acl(rng, 0o640, users=uids, groups=gids))


def _opens(user: pwd.struct_passwd, paths: Sequence[Path]) -> list[bool]:
    """Which of some files a process of this user can open."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.initgroups(user.pw_name, user.pw_gid)
            os.setresgid(*[user.pw_gid] * 3)
            os.setresuid(*[user.pw_uid] * 3)
            os.write(writer, bytes(map(opens, paths)))
        finally:
            os._exit(0)
    os.close(writer)
    told = [bool(each) for each in os.read(reader, len(paths))]
    os.waitpid(child, 0)
    os.close(reader)
    return told


def _fill(server: str, tables: int, roles: int) -> str:
    """A database of its own, with rights drawn at random."""
    rng = random.Random(SEED)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE large")
    url = urlunsplit(urlsplit(server)._replace(path="/large"))
    a_level = roles // DEPTH
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for n in range(roles):
            attributes = "LOGIN" if n >= roles // 2 else "NOLOGIN"
            cursor.execute(f"CREATE ROLE r{n} {attributes}".encode())
            above = range(max(0, (n // a_level - 1) * a_level), n // a_level * a_level)
            for group in rng.sample(above, min(2, len(above))):
                option = rng.choice(("", "", "", " WITH INHERIT FALSE", " WITH SET FALSE"))
                cursor.execute(f"GRANT r{group} TO r{n}{option}".encode())
        for n in range(SCHEMAS):
            cursor.execute(f"CREATE SCHEMA s{n}".encode())
            cursor.execute(f"GRANT USAGE ON SCHEMA s{n} TO {_some(rng, roles // 20, 5)}".encode())
        connection.commit()
        for n in range(tables):
            _table(cursor, rng, n, roles)
            if n % 1_000 == 999:  # a transaction has a lock for each
                connection.commit()
    return url


def _table(cursor: "psycopg.Cursor[tuple[object, ...]]", rng: random.Random, n: int, roles: int) -> None:
    name = f"s{n % SCHEMAS}.t{n}"
    if n % 10 == 9 and n >= SCHEMAS:
        cursor.execute(f"CREATE VIEW {name} AS SELECT a FROM s{(n - 8) % SCHEMAS}.t{n - 8}".encode())
    else:
        cursor.execute(f"CREATE TABLE {name} AS SELECT 1 AS a, 1 AS b".encode())
        if rng.random() < 0.1:
            cursor.execute(f"GRANT SELECT (a) ON {name} TO {_some(rng, roles, 2)}".encode())
        if rng.random() < 0.1:
            cursor.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY".encode())
            cursor.execute(f"CREATE POLICY p ON {name} TO {_some(rng, roles, 2)} USING (a > 0)".encode())
    cursor.execute(f"GRANT SELECT ON {name} TO {_some(rng, roles // 20, 4)}".encode())


def _some(rng: random.Random, among: int, most: int) -> str:
    if rng.random() < 0.02:
        return "PUBLIC"
    return ", ".join(f"r{n}" for n in rng.sample(range(among), rng.randint(1, most)))


def _differing(url: str, mapped: Mapped, tables: int, roles: int) -> list[tuple[str, str]]:
    """Pairs where the server gives no row of what the map says can be read, or the other way round.

    Half of them any role and any table, half a table and one of those who can read it by the map.
    """
    rng = random.Random(SEED)
    access = mapped.access
    names = [each.name for each in access.rights.principals]
    where = {each.path[-1]: n for n, each in enumerate(access.rights.resources)}
    differing, reads = [], 0
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        for turn in range(PAIRS):
            n = rng.randrange(tables)
            able = 0
            for door in access.doors_of(where[f"t{n}"]):
                if door.how in BY_NAME and "a" in (door.columns or "a"):
                    able |= access.levels(door)[Level.AT_ONCE]
            role = f"r{rng.randrange(roles)}"
            if turn % 2 and (those := [names[each] for each in numbers_in(able)]):
                role = rng.choice(those)
            connection.execute(f'SET SESSION AUTHORIZATION "{role}"'.encode())
            try:
                rows = connection.execute(f"SELECT a FROM s{n % SCHEMAS}.t{n}".encode())
                theirs = rows.fetchone() is not None
            except psycopg.errors.InsufficientPrivilege:
                theirs = False
            connection.execute(b"RESET SESSION AUTHORIZATION")
            reads += theirs
            if bool(able >> names.index(role) & 1) != theirs:
                differing.append((role, f"t{n}"))
    print(f"{reads:,} of the pairs can be read")
    return differing


if __name__ == "__main__":
    main()
