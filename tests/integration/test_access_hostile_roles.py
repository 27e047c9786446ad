"""Roles of PostgreSQL with names that no script should choke on: mapped, and through a plan and back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql

from access_worlds import World, world
from desk import Desk
from servers import postgres_url
from trapstreet.app.access import map_of
from trapstreet.plugins.changes import place_at

__all__ = ["postgres_url"]

NAMES = {
    "quotes": 'o\'ne "two" $$three$$',
    "line": "line\nbreak\r\n",
    "slash": "back\\slash \\' E'\\n",
    "percent": "per%s %(x)s {0} %%",
    "comment": "x; -- DROP /* ROLE",
    "everybody": "PUBLIC",
    "escape": "\x1b[2Jclear\u202e",
}


@pytest.fixture
def odd(postgres_url: str) -> Iterator[tuple[World, dict[str, str]]]:
    """A database in which each of them may read two tables, one as everybody's member."""
    with world(postgres_url) as made:
        mark = made.database
        names = {each: name if name == "PUBLIC" else f"{name}{mark}" for each, name in NAMES.items()}
        run = made.connection.execute
        run("CREATE TABLE used (id int); CREATE TABLE unused (id int); INSERT INTO used VALUES (1)")
        try:
            for name in names.values():
                who = sql.Identifier(name)
                run(sql.SQL("CREATE ROLE {} LOGIN; GRANT SELECT ON used, unused TO {}").format(who, who))
            yield made, names
        finally:
            for name in names.values():
                run(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def standing(made: World) -> Any:
    with place_at(made.url) as place:
        return place.standing()


def reads(made: World, name: str, table: str) -> bool:
    """Whether the server lets a role read a table."""
    row = made.connection.execute(
        "SELECT has_table_privilege(r.oid, %s, 'SELECT') FROM pg_roles r WHERE r.rolname = %s", (table, name)
    ).fetchone()
    return bool(row and row[0])


def test_the_map_tells_each_of_them_apart(odd: tuple[World, dict[str, str]], desk: Desk) -> None:
    made, names = odd
    access = map_of(made.url).access
    principals = [each.name for each in access.rights.principals]
    for name in names.values():
        assert {each.resource.path[-1] for each in access.reach(principals.index(name))} == {"used", "unused"}
    assert desk.run("access", "map", made.url, "--who", "used") == 0
    assert all(line.isprintable() for line in desk.out.splitlines())


def test_a_plan_takes_from_each_what_it_did_not_use_and_gives_all_of_it_back(
    odd: tuple[World, dict[str, str]], desk: Desk
) -> None:
    made, names = odd
    log = desk.folder / "log.jsonl"
    uses = [
        {
            "ts": "2026-11-01T10:00:00Z",
            "user": name,
            "statement": "SELECT * FROM used",
            "database": made.database,
        }
        for name in names.values()
    ]
    log.write_text("".join(f"{json.dumps(each)}\n" for each in uses))
    desk.do("access", "import", log, "--place", made.url)
    before = standing(made)
    folder = desk.folder / "less"
    said = desk.do("access", "advise", made.url, "--out", folder)
    assert all(line.isprintable() for line in said.splitlines())
    assert standing(made) == before
    desk.do("access", "apply", folder)
    for name in names.values():
        assert reads(made, name, "used"), repr(name)
        assert not reads(made, name, "unused"), repr(name)
    desk.do("access", "apply", folder, "--undo")
    assert standing(made) == before
    assert all(reads(made, name, "unused") for name in names.values())
