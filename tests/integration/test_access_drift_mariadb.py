"""What changed in the rights of a real MariaDB server."""

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit
from uuid import uuid4

import pymysql
import pytest

from desk import Desk
from servers import mariadb_url

__all__ = ["mariadb_url"]

pytestmark = pytest.mark.system


@pytest.fixture
def mark(mariadb_url: str) -> Iterator[str]:
    """What the names of a database and of some accounts of its own end with."""
    made = uuid4().hex[:6]
    statements = (
        f"CREATE DATABASE crm{made}",
        f"CREATE TABLE crm{made}.customers (a int)",
        f"CREATE USER anna{made}@'%', bert{made}@'%'",
        f"CREATE ROLE agents{made}",
        f"GRANT SELECT ON crm{made}.* TO agents{made}",
    )
    do(mariadb_url, *statements)
    yield made
    do(
        mariadb_url,
        f"DROP DATABASE crm{made}",
        f"DROP USER anna{made}@'%', bert{made}@'%'",
        f"DROP ROLE agents{made}",
    )


def do(url: str, *statements: str) -> None:
    port = urlsplit(url).port or 3306
    connection = pymysql.connect(host="127.0.0.1", port=port, user="tester", autocommit=True)
    with closing(connection), connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each)


def test_a_grant_a_role_and_super_are_told_with_their_causes(desk: Desk, mariadb_url: str, mark: str) -> None:
    url = f"{mariadb_url.rpartition('/')[0]}/crm{mark}"
    anna, what = f"anna{mark}@%", f"crm{mark}.customers"

    def changes(status: int = 1) -> list[dict[str, object]]:
        return list(desk.json("access", "diff", url, status=status)["changes"])

    desk.do("access", "diff", url)
    assert changes(0) == []
    do(mariadb_url, f"GRANT agents{mark} TO anna{mark}@'%'")
    (change,) = changes()
    said = (
        f"{what} came within reach of {anna}, after SET ROLE or a grant to oneself: {anna} is now member of"
    )
    assert change["text"] == f"{said} agents{mark}"
    do(mariadb_url, f"GRANT SELECT ON crm{mark}.customers TO anna{mark}@'%'")
    (change,) = changes()
    assert (
        change["text"] == f"{anna} can read more of {what} (all of it, at once): SELECT on {what} to {anna}"
    )
    do(mariadb_url, f"GRANT SELECT ON *.* TO bert{mark}@'%'")
    (change,) = changes()
    assert change["text"] == f"bert{mark}@% got or can take: SELECT on *.*"
    assert change["alert"]
    do(mariadb_url, f"GRANT SUPER ON *.* TO anna{mark}@'%'")
    (change,) = [each for each in changes() if each["sort"] == "privileged"]
    assert (change["cause"], change["who"]) == ("SUPER", [anna])
    assert change["alert"]
