"""MariaDB and MySQL as a source. A schema is a database there.

UPDATE_TIME tells changes by seconds, and InnoDB knows it only since the server was started: what was changed
just now, or nobody knows when, has no version and is read each round.
"""

import errno
import ssl
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins._connecting import tls_context
from trapstreet.plugins._mariadb import HIDDEN_PASSWORDS_ONLY, opened
from trapstreet.plugins.sources import _database
from trapstreet.plugins.sources._database import Server, Table, as_csv

if TYPE_CHECKING:
    from pymysql.connections import Connection

_TABLES = """
    SELECT table_name, table_type, CASE WHEN update_time < NOW() - INTERVAL 1 SECOND
        THEN CONCAT_WS(' ', engine, create_time, update_time) END
    FROM information_schema.tables WHERE table_schema = %s ORDER BY table_name
"""
_OWN = ("information_schema", "performance_schema", "mysql", "sys")
_VIEW = "VIEW"
_LISTING_SECONDS = 60
_NO_ACCESS = (1044, 1045, 1130, 1142, 1143, 1227, 1370, 1698)
_NO_DATABASE = (1046, 1049)
_NONE = (1146, 1051, 1049)
_TOO_LONG, _LOCKED = (1969, 3024), (1205, 3572)


class MariaDB:
    """An `Engine`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._label = f"mariadb://{server.host}"
        self._context = tls_context(server.ca) if server.ca else None

    def tables(self, after: tuple[str, str], *, views: bool) -> Iterator[Sequence[Table]]:
        for schema in self._schemas():
            if schema < after[0]:
                continue
            with self._reporting(), closing(self._connected(_LISTING_SECONDS)) as connection:
                found = _asked(connection, _TABLES, schema)
            names = {name: version for name, kind, version in found if views or kind != _VIEW}
            page = [Table(schema, name, names[name] or "") for name in sorted(names)]
            page = [each for each in page if (each.schema, each.name) > after]
            if page:
                yield page

    def rows(self, schema: str, name: str) -> Generator[bytes, None, None]:
        import pymysql
        from pymysql.cursors import SSCursor

        named = ".".join("`" + each.replace("`", "``") + "`" for each in (schema, name))
        try:
            connection = self._connected(self._server.minutes * 60)
            cursor = SSCursor(connection)
            try:
                cursor.execute(f"SELECT * FROM {named}")  # noqa: S608 - quoted
                columns = [each[0] for each in cursor.description or ()]
                yield from as_csv(columns, iter(cursor.fetchone, None))
            finally:
                with suppress(AttributeError):  # else the driver reads the rest of the result
                    cursor._result.unbuffered_active = False  # type: ignore[attr-defined]
                connection.close()
        except pymysql.MySQLError as error:
            raise _no(_code(error), self._server.minutes) from None
        except TrapstreetError as error:
            raise OSError(errno.EIO, error.message) from error

    def _schemas(self) -> list[str]:
        if self._server.database:
            return [self._server.database]
        with self._reporting(), closing(self._connected(_LISTING_SECONDS)) as connection:
            found = [str(name) for (name,) in _asked(connection, "SHOW DATABASES")]
        return sorted(name for name in found if name.lower() not in _OWN)

    def _connected(self, seconds: int) -> "Connection[Any]":
        """A connection in a read-only transaction, each of whose statements ends in time. Texts come as bytes
        of UTF-8. Raises what pymysql raises."""
        from pymysql.converters import conversions

        server = self._server
        connection = opened(
            seconds=_database.SILENT_SECONDS,
            host=server.host,
            port=server.port or 3306,
            database=server.database or None,
            user=server.user or None,
            password=server.password.reveal() if server.password else "",
            charset="utf8mb4",
            use_unicode=False,
            conv={kind: conversions[kind] for kind in conversions if not isinstance(kind, int)},
            ssl=self._context,
            auth_plugin_map={} if self._context else HIDDEN_PASSWORDS_ONLY,
        )
        try:
            maria = "MariaDB" in str(connection.get_server_info())  # type: ignore[no-untyped-call]
            limit = f"max_statement_time = {seconds}" if maria else f"max_execution_time = {seconds * 1000}"
            more = "" if maria else ", information_schema_stats_expiry = 0"
            with connection.cursor() as cursor:
                cursor.execute(f"SET SESSION {limit}, lock_wait_timeout = 10, net_write_timeout = 3600{more}")
                cursor.execute("START TRANSACTION READ ONLY")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        import pymysql

        try:
            yield
        except pymysql.MySQLError as error:
            code = _code(error)
            if code in _NO_ACCESS:
                raise AccessDenied(
                    f"{self._label}: the server refused the user or the password (error {code})",
                    hint="look at user and password, and what they are granted",
                ) from None
            if code in _NO_DATABASE:
                raise UnusableInput(
                    f"{self._label}: there is no such database", hint="check its name"
                ) from None
            if isinstance(error.__cause__ or error.__context__, ssl.SSLCertVerificationError):
                raise UnusableInput(
                    f"the certificate of {self._server.host} is not trusted", hint="name its authority as ca"
                ) from None
            raise Unreachable(
                f"{self._label}: no connection to the server (error {code})",
                hint="check host, port and network",
            ) from None
        except (OSError, ValueError, LookupError, TypeError, AssertionError) as error:  # pymysql at nonsense
            raise Unreachable(
                f"{self._label} broke off or answered nonsense", hint="see what answers there"
            ) from error


def _asked(connection: "Connection[Any]", statement: str, *values: str) -> list[list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [[bytes(cell or b"").decode() for cell in row] for row in cursor.fetchall()]


def _code(error: Exception) -> object:
    return error.args[0] if error.args else 0


def _no(code: object, minutes: int) -> OSError:
    if code in _NONE:
        return FileNotFoundError(errno.ENOENT, "vanished before it was read")
    if code in _NO_ACCESS:
        return PermissionError(errno.EACCES, "not allowed to read it: SELECT is not granted")
    if code in _LOCKED:
        return OSError(errno.EBUSY, "somebody keeps it locked")
    if code in _TOO_LONG:
        return OSError(errno.ETIME, f"reading it took longer than {minutes} minutes")
    return OSError(errno.EIO, f"the database gave up reading it (error {code})")
