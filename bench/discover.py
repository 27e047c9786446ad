"""Sampling and classifying the columns of a PostgreSQL server: how long the whole command takes.

    .venv/bin/python bench/discover.py [--quick]

100 tables of 10 columns and 10,000 rows, about people and about things in turn; at the usual pace of ten
statements a second, again with nothing changed, and as fast as the server answers.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from measuring import SEED, desk

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from servers import _postgres
from trapstreet.app.demo.people import customers

TABLES, ROWS, SECONDS = 100, 10_000, 60
PEOPLE = (
    "id serial, ticket text, full_name text, email text, phone text, city text, product text, opened text"
)
THINGS = "id serial, sku text, colour text, amount int, price numeric(10, 2), shelf text, made date, lot text"
BESIDE = "created_at timestamp DEFAULT now(), note text DEFAULT 'as usual'"


def main() -> None:
    with desk() as at:
        server = _postgres()
        assert server, "PostgreSQL's binaries are missing: make bench-deps"
        tables = TABLES // (10 if at.quick else 1)
        url = _fill(server, tables)
        at.begin()
        columns = 10 * tables
        usual = at.run("discover", url)
        at.say(f"{columns:,} columns, ten statements a second", usual, seconds=SECONDS, items=columns)
        assert f"{tables // 2} sensitive tables" in usual.output, usual.output
        again = at.run("discover", url)
        at.say(f"{columns:,} columns, nothing changed", again, seconds=SECONDS)
        assert f"{tables:,} unchanged" in again.output, again.output
        with closing(sqlite3.connect(at.workspace / "registry.sqlite3")) as registry:
            registry.execute("UPDATE store_discoveredobject SET state = 0")
            registry.commit()
        fast = at.run("discover", url, "--per-second", "10000")
        at.say(f"{columns:,} columns, as fast as it goes", fast, seconds=SECONDS, items=columns)
        assert f"{tables:,} objects looked at" in fast.output, fast.output


def _fill(server: str, tables: int) -> str:
    """A database of its own."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(b"CREATE DATABASE discovered")
    url = urlunsplit(urlsplit(server)._replace(path="/discovered"))
    people = [*customers(ROWS, seed=SEED)]
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for n in range(tables):
            if n % 2:
                cursor.execute(f"CREATE TABLE things_{n} ({THINGS}, {BESIDE})".encode())
                cursor.execute(
                    f"INSERT INTO things_{n} (sku, colour, amount, price, shelf, made, lot)"
                    " SELECT 'SKU-' || n, (ARRAY['red', 'green', 'blue'])[1 + n % 3], n % 90, n / 7.0,"
                    " 'shelf ' || n % 40, date '2024-01-01' + n % 700, 'L' || n / 50"
                    f" FROM generate_series(1, {ROWS}) n".encode()
                )
                continue
            cursor.execute(f"CREATE TABLE people_{n} ({PEOPLE}, {BESIDE})".encode())
            names = "ticket, full_name, email, phone, city, product, opened"
            with cursor.copy(f"COPY people_{n} ({names}) FROM STDIN".encode()) as copy:
                for each in people:
                    copy.write_row(each)
        cursor.execute(b"ANALYZE")
    return url


if __name__ == "__main__":
    main()
