"""A MariaDB server's databases, accounts and roles, for tests of access maps."""

from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pymysql

from trapstreet.access import Reading
from trapstreet.app.access import Mapped
from trapstreet.core.model.rights import How


class Town:
    """Databases, accounts and roles of its own on a real server; `{name}` in statements is one of them."""

    def __init__(self, url: str) -> None:
        self.url, parts = url, urlsplit(url)
        self.port = parts.port or 3306
        self.mark = uuid4().hex[:6]
        self.connection = self.connected("tester")
        self._made: list[str] = []

    def connected(self, user: str) -> Any:
        return pymysql.connect(host="127.0.0.1", port=self.port, user=user, autocommit=True)

    def name(self, short: str) -> str:
        return f"{short}{self.mark}"

    def do(self, statement: str) -> Any:
        """Run it with {x} as the name x of this town."""
        text = statement.replace("{", "").replace("}", self.mark)
        with self.connection.cursor() as cursor:
            cursor.execute(text)
            if statement.startswith("CREATE "):
                what, name = statement.split()[1:3]
                self._made.append(f"DROP {what} {name.replace('{', '').replace('}', self.mark)}")
            return cursor.fetchall()

    def reads(self, user: str, select: str, *, role: str = "") -> tuple[str, bool]:
        """As which account the server lets somebody in, and whether it lets them read."""
        with closing(self.connected(self.name(user))) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER()")
            (account,) = cursor.fetchone()
            try:
                if role:
                    cursor.execute(f"SET ROLE {role}")
                cursor.execute(select.replace("{", "").replace("}", self.mark))
            except pymysql.MySQLError as error:
                assert error.args[0] in (1142, 1143, 1044, 1356, 1370, 1045), error
                return account, False
            return account, True

    def close(self) -> None:
        for statement in reversed(self._made):
            with suppress(pymysql.MySQLError), self.connection.cursor() as cursor:
                cursor.execute(statement)
        self.connection.close()


def found(town: Town, mapped: Mapped, account: str, table: str, *hows: How) -> Reading | None:
    """An account's nearest way to `db.table`, of those ways that are asked for."""
    access = mapped.access
    schema, name = table.split(".")
    number = [each.path for each in access.rights.resources].index((town.name(schema), name))
    doors = [each for each in access.doors_of(number) if each.how in (hows or How)]
    return access.nearest([each.name for each in access.rights.principals].index(account), number, doors)
