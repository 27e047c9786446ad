"""Connections to MariaDB and MySQL by a URL, and their failures in our words."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.plugins._connecting import tls_context

if TYPE_CHECKING:
    import socket
    import ssl

    import pymysql
    from pymysql.cursors import Cursor

    Connection = pymysql.Connection[Cursor]

_CONNECT_SECONDS = 10
_NOT_LET_IN = frozenset({1044, 1045, 1130, 1698})
_GOING = frozenset({1053, 1927})
_NOT_ALLOWED = _NOT_LET_IN | {1142, 1143, 1227, 1370}


class RefusesClearPassword:
    """Stands for ways to log in by which the server gets to read the password."""

    def __init__(self, connection: Any) -> None:
        pass

    def authenticate(self, packet: Any) -> None:
        raise AccessDenied(
            "the server wants the password in the clear", hint="name the authority of its certificate as ca"
        )


HIDDEN_PASSWORDS_ONLY: dict[str, Callable[[Any], Any]] = {
    "mysql_clear_password": RefusesClearPassword,
    "dialog": RefusesClearPassword,
}
"""pymysql's `auth_plugin_map` for connections without TLS."""


class Within(NamedTuple):
    """A server whose rights are being changed, perhaps on a clone of it.

    contents  tells what there is, and who;  grants  tells who has which rights, perhaps on the clone
    """

    contents: "Cursor"
    grants: "Cursor"


def port_of(location: str, label: str) -> int:
    """The port in a URL. Raises UnusableInput."""
    try:
        return urlsplit(location).port or 3306
    except ValueError:
        raise UnusableInput(f"{label}: no such port", hint="like mariadb://user@host:3306/") from None


def tls_of(location: str) -> "ssl.SSLContext | None":
    """How TLS is verified that a URL asks for by `?ca=FILE`; None where it does not. Raises UnusableInput,
    for other options, too."""
    options = parse_qs(urlsplit(location).query, keep_blank_values=True)
    if other := options.keys() - {"ca"}:
        raise UnusableInput(
            f"{printable(min(other))} is no option of such a URL", hint="leave it out; ?ca=FILE asks for TLS"
        )
    return tls_context(Path(options["ca"][0])) if "ca" in options else None


def connect(
    location: str,
    label: str,
    *,
    seconds: int,
    passwords: tuple[str, ...] = ("TRAPSTREET_DB_PASSWORD", "MYSQL_PWD"),
) -> "Connection":
    """A connection that commits each statement. `?ca=FILE` in the URL asks for TLS and verifies it.

    seconds    that the server may be silent; until it has let one in it may for 10 at most
    passwords  the variables of the environment that may have it, where the URL does not
    Raises AccessDenied, Unreachable, UnusableInput.
    """
    import pymysql

    parts = urlsplit(location)
    password = unquote(parts.password) if parts.password else ""
    try:
        return logged_in(
            parts.hostname or "localhost",
            port_of(location, label),
            unquote(parts.username) if parts.username else None,
            password or next(filter(None, map(os.environ.get, passwords)), ""),
            seconds=seconds,
            tls=tls_of(location),
        )
    except pymysql.MySQLError as error:
        if code_of(error) in _NOT_LET_IN:
            raise AccessDenied(
                f"{label}: the server refused the user or the password (error {code_of(error)})",
                hint=f"set {' or '.join(reversed(passwords))}, or ask for access",
            ) from None
        raise refused(error, label) from None


def logged_in(
    host: str,
    port: int,
    user: str | None,
    password: str,
    *,
    seconds: int,
    tls: "ssl.SSLContext | None" = None,
    plain: bool = False,
    through: "socket.socket | None" = None,
) -> "Connection":
    """A connection that commits each statement. Raises pymysql's errors.

    tls      how it is verified;  plain  there is none, which saves 0.1 s of processor time
    through  a connection to the server that stands already
    """
    return opened(
        seconds=seconds,
        through=through,
        host=host,
        port=port,
        user=user,
        password=password,
        ssl=tls,
        ssl_disabled=plain,
        charset="utf8mb4",
        auth_plugin_map=HIDDEN_PASSWORDS_ONLY,
        autocommit=True,
    )


def opened(
    *, seconds: float | None, through: "socket.socket | None" = None, **settings: Any
) -> "pymysql.Connection[Any]":
    """A connection by the driver's settings. Raises pymysql's errors.

    seconds  that the server may be silent, None: for ever; until it has let one in it may for 10 at most
    through  a connection to the server that stands already
    """
    import pymysql

    first = _CONNECT_SECONDS if seconds is None else min(seconds, _CONNECT_SECONDS)
    connection = pymysql.connect(
        **settings, connect_timeout=first, read_timeout=first, write_timeout=first, defer_connect=True
    )
    connection.connect(through)
    # The driver has one limit for both.
    connection._read_timeout = connection._write_timeout = seconds  # type: ignore[attr-defined]
    return connection


def refused(error: Exception, label: str, *, hint: str = "check the account's rights") -> TrapstreetError:
    """What an error of the driver or the server means for those who can act."""
    code = code_of(error)
    if code in _NOT_ALLOWED:
        return AccessDenied(f"{label}: the server refused (error {code})", hint=hint)
    return Unreachable(
        f"{label}: no connection to the server, or it broke (error {code})",
        hint="check host, port and network",
    )


def is_lost(error: Exception) -> bool:
    """Whether the connection is gone, or the server is going."""
    code = code_of(error)
    return not isinstance(code, int) or not code or 2000 <= code < 3000 or code in _GOING


def code_of(error: Exception) -> object:
    """The number of an error of the server or the driver."""
    return error.args[0] if error.args else 0
