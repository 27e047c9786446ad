"""What `proofs_postgresql.py` holds beside the product's own answers: the server's."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg

from proofs_postgresql_server import Server
from proofs_postgresql_world import World

_RIGHTS = """
    SELECT format('%s %s %s %s %s by %s %s', o.what, o.name, o.col, a.privilege_type,
        CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END,
        pg_get_userbyid(a.grantor), a.is_grantable)
    FROM (
        SELECT 'relation', oid::regclass::text, '', COALESCE(relacl, acldefault(
            CASE WHEN relkind = 'S' THEN 's' ELSE 'r' END::"char", relowner)) FROM pg_class
        UNION ALL
        SELECT 'column', attrelid::regclass::text, attname, attacl FROM pg_attribute WHERE attacl IS NOT NULL
        UNION ALL
        SELECT 'function', oid::regprocedure::text, '', COALESCE(proacl, acldefault('f', proowner))
        FROM pg_proc
        UNION ALL
        SELECT 'schema', nspname, '', COALESCE(nspacl, acldefault('n', nspowner)) FROM pg_namespace
        UNION ALL
        SELECT 'database', datname, '', COALESCE(datacl, acldefault('d', datdba)) FROM pg_database
        UNION ALL
        SELECT 'default', format('%s %s %s', defaclrole, defaclnamespace, defaclobjtype), '', defaclacl
        FROM pg_default_acl
    ) o(what, name, col, acl), aclexplode(o.acl) a
"""
_MEMBERS = """
    SELECT format('member %s of %s by %s admin %s', pg_get_userbyid(member), pg_get_userbyid(roleid),
        pg_get_userbyid(grantor), admin_option)
    FROM pg_auth_members
"""
_OPTIONS = (
    "SELECT format('options of %s in %s by %s: %s %s', pg_get_userbyid(member), pg_get_userbyid(roleid),"
    " pg_get_userbyid(grantor), inherit_option, set_option) FROM pg_auth_members"
)
_PAIRS = 2
"""Logins of a world whose reach is compared with all its relations."""


def rights_of(server: Server, databases: Sequence[str]) -> frozenset[str]:
    """Every right and membership, a line each."""
    found: set[str] = set()
    for name in databases:
        with psycopg.connect(server.url(database=name)) as connection:
            queries = [_RIGHTS, _MEMBERS]
            queries += [_OPTIONS] if connection.info.server_version >= 160_000 else []
            for query in queries:
                found |= {f"{name}: {line}" for (line,) in connection.execute(query.encode()).fetchall()}
    return frozenset(found)


def false_nos(server: Server, made: World, run: Callable[..., Any], counts: Counter[str]) -> Iterator[str]:
    """Relations that the map does not say that a login reads at once, and that it reads."""
    for login in made.rng.sample(made.logins, _PAIRS):
        said = run("access", "map", server.url(), "--reach", login, good=(0, 6))
        told = {tuple(each["what"]) for each in _readings(said) if each["level"] in ("at_once", "set_role")}
        for database in made.databases:
            with psycopg.connect(server.url(database=database.name), autocommit=True) as connection:
                names = {each: _parts(connection, each) for each in database.relations}
            reads = _reads(server, login, database.name, database.relations)
            for name, path in names.items():
                if path is None or name not in reads:
                    continue
                counts["pairs of the map"] += 1
                if (database.name, *path) not in told:
                    counts["false nos of the map"] += 1
                    yield f"map: {login} reads {name} in {database.name}, which the map does not say"


def _readings(said: Any) -> Iterator[Any]:
    """All readings in a map, however it is laid out."""
    if isinstance(said, dict):
        if "level" in said and "what" in said:
            yield said
        for each in said.values():
            yield from _readings(each)
    elif isinstance(said, list):
        for each in said:
            yield from _readings(each)


def _parts(connection: "psycopg.Connection[Any]", name: str) -> tuple[str, str] | None:
    query = (
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.oid = to_regclass(%s)"
    )
    return connection.execute(query, [name]).fetchone()


def _reads(server: Server, login: str, database: str, names: Sequence[str]) -> set[str]:
    """Those of some relations of which a real SELECT of a login gives something."""
    found = set()
    try:
        with psycopg.connect(server.url(login, database), autocommit=True) as connection:
            for name in names:
                try:
                    row = connection.execute(f"SELECT 1 FROM {name} LIMIT 1".encode()).fetchone()
                except psycopg.Error:
                    continue
                found |= {name} if row else set()
    except psycopg.OperationalError:
        pass
    return found
