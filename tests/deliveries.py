"""Places by URL that tables are delivered to, and what can be seen there by others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote

import pytest

from given import AWKWARD, COLUMNS, Given, write
from servers import PASSWORD, Sshd
from trapstreet.core.model.errors import TrapstreetError

SECRET = quote(PASSWORD, safe="")
GIVEN = Given(COLUMNS, AWKWARD)


@dataclass(frozen=True)
class Place:
    """Where one table is delivered.

    url    what `create_table` takes
    read   what `open_table` takes, once the table is there
    there  the names of all tables or files there
    block  puts something else under the table's name
    """

    url: str
    read: str
    there: Callable[[], set[str]]
    block: Callable[[], object]


def in_new_sqlite_file(request: pytest.FixtureRequest, folder: Path) -> Place:
    path = folder / "new.db"
    url = f"sqlite:///{path}?table=copy"
    return Place(url, url, lambda: {each.name for each in folder.iterdir()}, path.touch)


def in_sqlite(request: pytest.FixtureRequest, folder: Path) -> Place:
    path = folder / "crm.db"
    with changing_sqlite(path) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")

    def there() -> set[str]:
        with changing_sqlite(path) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}

    def block() -> None:
        with changing_sqlite(path) as connection:
            connection.execute("CREATE TABLE Copy (id INTEGER)")

    url = f"sqlite:///{path}?table=copy"
    return Place(url, url, there, block)


@contextmanager
def changing_sqlite(path: Path) -> Iterator[Any]:
    import sqlite3

    connection = sqlite3.connect(path, timeout=0.1)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def in_postgresql(request: pytest.FixtureRequest, folder: Path) -> Place:
    import psycopg

    server: str = request.getfixturevalue("postgres_url")
    schema = f"s_{token_hex(4)}"

    def run(statement: str) -> list[Any]:
        with psycopg.connect(server) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    run(f'CREATE SCHEMA "{schema}"')
    url = f"{server}?table={schema}.copy"
    listing = f"SELECT relname FROM pg_class WHERE relnamespace = '{schema}'::regnamespace"
    return Place(
        url,
        url,
        lambda: {name for (name,) in run(listing)},
        lambda: run(f'CREATE VIEW "{schema}".copy AS SELECT 1 AS one'),
    )


def in_mariadb(request: pytest.FixtureRequest, folder: Path) -> Place:
    server: str = request.getfixturevalue("mariadb_url")
    schema = f"s_{token_hex(4)}"
    run_mariadb(server, f"CREATE DATABASE {schema} CHARACTER SET latin1")
    url = f"{server.rpartition('/')[0]}/{schema}?table=copy"
    return Place(
        url,
        url,
        lambda: {name for (name,) in run_mariadb(server, f"SHOW TABLES FROM {schema}")},
        lambda: run_mariadb(server, f"CREATE TABLE {schema}.copy (id INT)"),
    )


def run_mariadb(server: str, statement: str, user: str = "tester") -> list[Any]:
    import pymysql

    port = int(server.rpartition(":")[2].partition("/")[0])
    with (
        pymysql.connect(host="127.0.0.1", port=port, user=user, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return list(cursor.fetchall())


def on_sftp_server(request: pytest.FixtureRequest, folder: Path) -> Place:
    server: Sshd = request.getfixturevalue("sshd")
    known_at_home(request.getfixturevalue("monkeypatch"), folder / "home", server)
    there = folder / "incoming"
    there.mkdir()
    path = there / "copy.csv"
    return Place(
        f"sftp://{server.user}@127.0.0.1:{server.port}{path}",
        str(path),
        lambda: {each.name for each in there.iterdir()},
        path.touch,
    )


def known_at_home(monkeypatch: pytest.MonkeyPatch, home: Path, server: Sshd) -> Path:
    """A home folder with the server's host key and a key that it lets in; the folder .ssh."""
    ssh = home / ".ssh"
    ssh.mkdir(parents=True)
    (ssh / "known_hosts").write_text(server.known + "\n")
    (ssh / "id_ed25519").write_bytes(server.key.read_bytes())
    (ssh / "id_ed25519").chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.delenv("TRAPSTREET_SFTP_PASSWORD", raising=False)
    return ssh


def refused(url: str, kind: type[TrapstreetError], words: str, given: Given = GIVEN) -> None:
    """It is refused in one line with a hint that shows no password and no cell."""
    with pytest.raises(kind, match=words) as caught:
        write(url, given)
    text = f"{caught.value!r} {caught.value} {caught.value.__cause__}"
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert not any(secret in text for secret in (PASSWORD, SECRET, "s3cr3t", "protected", "Annie"))


EVERYWHERE = [
    pytest.param(in_new_sqlite_file, id="new sqlite file"),
    pytest.param(in_sqlite, id="sqlite"),
    pytest.param(in_postgresql, id="postgresql", marks=pytest.mark.server("postgresql")),
    pytest.param(in_mariadb, id="mariadb", marks=(pytest.mark.server("mariadb"), pytest.mark.system)),
    pytest.param(on_sftp_server, id="sftp", marks=(pytest.mark.server("sshd"), pytest.mark.system)),
]
"""Each makes an empty `Place`."""
