"""A session at MariaDB in which nothing can be changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trapstreet.plugins._mariadb import connect, refused

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_SECONDS = 300


@contextmanager
def connected(location: str, label: str) -> "Iterator[Cursor]":
    """A cursor in a read-only transaction, each of whose statements ends in time."""
    import pymysql

    connection = connect(location, label, seconds=_SECONDS)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION max_statement_time = {_SECONDS}, lock_wait_timeout = 10")
            cursor.execute("START TRANSACTION READ ONLY")
            yield cursor
    except pymysql.MySQLError as error:
        raise refused(error, label, hint="see docs/access.md") from None
    finally:
        if connection.open:
            connection.close()
