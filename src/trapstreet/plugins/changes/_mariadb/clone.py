"""An empty MariaDB server on which changes of another one's rights are tried out.

It gets that server's accounts, roles and grants, row by row but for passwords, and its databases without a
row. Whoever is asked for there comes in by the header of a PROXY protocol, in which stands where they come
from: so the server itself finds the account and the grants that hold for them.
"""

import ipaddress
import secrets
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.changes import Change
from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.plugins._mariadb import code_of, is_lost, logged_in
from trapstreet.plugins.changes._mariadb.copying import Grants, Master, Structure
from trapstreet.plugins.changes._mariadb.script import READ_AGAIN

if TYPE_CHECKING:
    import ssl

    from pymysql.cursors import Cursor

    from trapstreet.plugins._mariadb import Connection

_SECONDS = 300
_OUR_HOST = "192.0.2.254"
"""Of a network that is nobody's (RFC 5737)."""
_OUT_OF_TURN = "sequence number"
"""Who is let in by no account hears of it before it is their turn; the driver complains of that."""
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


class Clone:
    """A clone as long as it is one: within `cloned`.

    notes  what could not be copied, and why
    """

    def __init__(
        self, address: tuple[str, int], tls: "ssl.SSLContext | None", grants: Grants, rights: dict[str, Any]
    ) -> None:
        self._address, self._tls, self._grants = address, tls, grants
        self._master = Master(
            f"trapstreet-{secrets.token_hex(8)}", _OUR_HOST, secrets.token_urlsafe(24), rights
        )
        self.notes: dict[tuple[str, str], str] = {}
        self._made: dict[object, tuple[Change, ...]] = {}
        self._connection: Connection | None = None

    @property
    def user(self) -> str:
        """The user of the account that is ours there."""
        return self._master.user

    @property
    def cursor(self) -> "Cursor":
        """As an account that may do everything there."""
        if self._connection is None:
            self._connection = self.entered(self._master.user, self._master.host)
            with self._connection.cursor() as cursor:
                cursor.execute("SET SESSION sql_log_bin = 0, max_statement_time = 0")
                cursor.execute("SET SESSION sql_mode = 'NO_AUTO_CREATE_USER'")
        return self._connection.cursor()

    def entered(self, user: str, client: str) -> "Connection":
        """A connection of somebody who comes from an address; "" from the machine itself, by a socket.

        Raises pymysql's errors.
        """
        import pymysql

        try:
            line = socket.create_connection(self._address, timeout=10)
        except OSError as error:
            raise pymysql.OperationalError(2003, str(error)) from None
        try:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.sendall(proxy_header(client))
            return logged_in(
                *self._address,
                user,
                self._master.password,
                seconds=_SECONDS,
                tls=self._tls,
                plain=self._tls is None,
                through=line,
            )
        except BaseException as error:
            line.close()
            if isinstance(error, pymysql.InternalError) and _OUT_OF_TURN in str(error):
                raise pymysql.OperationalError(1130, "no account is for where they come from") from None
            raise

    def put(self, changes: Sequence[Change], *, by_statements: bool = False) -> None:
        """Make these changes there, and take back all others.

        changes        in the order in which they are to be made
        by_statements  by theirs alone, all that are to be made and all that are to be taken back
        Raises pymysql's errors; then none is made.
        """
        import pymysql

        wanted: dict[object, list[Change]] = {}
        for each in changes:
            wanted.setdefault((each.of, each.on), []).append(each)
        there = {thing: tuple(some) for thing, some in wanted.items()}
        try:
            try:
                self._move(there)
            except pymysql.MySQLError:  # a right on a view is given only as long as its definer has rights
                if by_statements:
                    raise
                self.reset()
                self._move(there)
        except BaseException:
            self.reset()
            raise

    def _move(self, there: Mapping[object, tuple[Change, ...]]) -> None:
        if there == self._made:
            return
        cursor = self.cursor
        for thing, made in reversed([*self._made.items()]):
            if there.get(thing) != made:
                for statement in [each for change in reversed(made) for each in change.back]:
                    cursor.execute(statement)
                del self._made[thing]
        for thing, some in there.items():
            if thing not in self._made:
                for statement in [each for change in some for each in change.forward]:
                    cursor.execute(statement)
        self._made = {**there}
        cursor.execute(READ_AGAIN)

    def reset(self) -> None:
        """All rights are those of the server, whatever was made of them."""
        self._grants.put(self.cursor, self._master)
        self._made.clear()

    def fill(self, bare: "Cursor", structure: Structure) -> None:
        """Copy everything.  bare  the login that the user gave"""
        self._grants.put(bare, self._master, all_may=True)  # else views of views are refused
        self.notes |= structure.put(self.cursor)
        self.reset()

    def close(self) -> None:
        if self._connection is not None and self._connection.open:
            self._connection.close()


@contextmanager
def asking() -> Iterator[None]:
    """Errors of the clone in our words."""
    import pymysql

    try:
        yield
    except pymysql.MySQLError as error:
        raise told(error, "the clone") from None


def told(error: Exception, label: str) -> TrapstreetError:
    """What an error of a clone means."""
    code = code_of(error)
    if code in (1044, 1045, 1130, 1142, 1227, 1698):
        return AccessDenied(f"{label}: the server refused (error {code})", hint="log in as its root")
    if is_lost(error):
        return Unreachable(f"{label}: the connection broke (error {code})", hint="start a new server there")
    message = str(error.args[1]) if len(error.args) > 1 else ""
    return UnusableInput(f"{label}: {printable(message)}", hint="see docs/advise-mariadb.md")


def proxy_header(client: str) -> bytes:
    """Where a client comes from, in the PROXY protocol's version 2; "" from the same machine."""
    if not client:
        return _header(0x31, bytes(216))
    address = ipaddress.ip_address(client)
    both = address.packed * 2 + struct.pack("!HH", 40_000, 3306)
    return _header(0x11 if address.version == 4 else 0x21, both)


def _header(family: int, body: bytes) -> bytes:
    return _SIGNATURE + struct.pack("!BBH", 0x21, family, len(body)) + body


def one(cursor: "Cursor", query: str, *values: object) -> tuple[Any, ...]:
    """The only row of an answer."""
    cursor.execute(query, values or None)
    return tuple(cursor.fetchone() or ())
