"""Database logins that are bait: made by the SQL that the owner runs, and good for nothing."""

import configparser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from baits import bait
from servers import mariadb_url, postgres_url  # noqa: F401 - fixtures
from trapstreet.plugins.breadcrumbs import Made


def sql_of(made: Made) -> str:
    (sql,) = made.owner.values()
    return sql.decode()


@contextmanager
def asking_for_passwords(server: psycopg.Connection, user: str) -> Iterator[None]:
    """The test server lets everybody else in without one."""
    (name,) = server.execute("SHOW hba_file").fetchone() or ("",)
    rules = Path(name).read_text()
    Path(name).write_text(f"host all {user} 127.0.0.1/32 scram-sha-256\n{rules}")
    server.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        Path(name).write_text(rules)
        server.execute("SELECT pg_reload_conf()")


@pytest.mark.server("postgresql")
def test_postgresql_lets_nobody_in_and_tells_who_has_the_password(
    postgres_url: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    port = urlsplit(postgres_url).port
    made = bait("dblogin", host="127.0.0.1", port=port, database="postgres")
    (tmp_path / ".pgpass").write_bytes(made.files[".pgpass"])
    (tmp_path / ".pgpass").chmod(0o600)
    ((_, user),) = made.tokens
    where = f"host=127.0.0.1 port={port} dbname=postgres user={user}"
    password = made.files[".pgpass"].decode().strip().rpartition(":")[2]
    assert password not in sql_of(made)
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(sql_of(made).encode())
        try:
            with asking_for_passwords(server, user):
                with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
                    psycopg.connect(f"{where} passfile={tmp_path / '.pgpass'}")
                with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                    psycopg.connect(f"{where} password=another")
            rights = server.execute(
                "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls "
                "FROM pg_roles WHERE rolname = %s",
                (user,),
            ).fetchone()
            assert rights == (False,)
        finally:
            server.execute(f'DROP ROLE "{user}"'.encode())


@pytest.mark.server("mariadb")
@pytest.mark.system
def test_mariadb_lets_nobody_in(mariadb_url: str) -> None:  # noqa: F811
    port = urlsplit(mariadb_url).port
    made = bait("dblogin", engine="mariadb", host="127.0.0.1", port=port)
    mine = configparser.ConfigParser()
    mine.read_string(made.files[".my.cnf"].decode())
    login = dict(mine["client"])
    assert made.tokens == (("login", login["user"]),)
    assert login["password"] not in sql_of(made)
    with (
        pymysql.connect(host="127.0.0.1", port=port or 0, user="tester") as server,
        server.cursor() as cursor,
    ):
        cursor.execute(sql_of(made).splitlines()[0])
        try:
            for password, said in (
                (login["password"], "account is locked"),
                ("another", "using password: YES"),
            ):
                with pytest.raises(pymysql.err.OperationalError, match=said):
                    pymysql.connect(host="127.0.0.1", port=port or 0, user=login["user"], password=password)
            cursor.execute(f"ALTER USER '{login['user']}'@'%' ACCOUNT UNLOCK")
            let_in = pymysql.connect(
                host="127.0.0.1", port=port or 0, user=login["user"], password=login["password"]
            )
            let_in.close()
            cursor.execute(f"SHOW GRANTS FOR '{login['user']}'@'%'")
            assert [row[0].partition(" TO ")[0] for row in cursor.fetchall()] == ["GRANT USAGE ON *.*"]
        finally:
            cursor.execute(f"DROP USER '{login['user']}'@'%'")


def test_a_host_of_the_traps_zone_is_heard_when_it_is_looked_up() -> None:
    for engine in ("postgresql", "mariadb"):
        made = bait("dblogin", engine=engine)
        channels = dict(made.tokens)
        assert channels["dns"].endswith(".harbour-net.example")
        (line,) = made.files.values()
        assert channels["dns"].encode() in line and channels["login"].encode() in line
