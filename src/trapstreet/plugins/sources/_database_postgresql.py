"""PostgreSQL as a source: tables by COPY, which writes them as text, in read-only transactions of their own.

The server is waited for here, not in libpq, which would wait for ever.
"""

import errno
import select
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins._postgresql import refused
from trapstreet.plugins.sources import _database
from trapstreet.plugins.sources._database import BLOCK, EVERY_USER, PAGE, Server, Table

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGresult

_BEGIN = """
    BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {lock};
    SET LOCAL row_security = off;
    SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL synchronize_seqscans = off;
    SET LOCAL DateStyle = 'ISO'; SET LOCAL bytea_output = 'hex'
"""
_TABLES = """
    SELECT n.nspname, c.relname,
        CASE WHEN pg_is_in_recovery() OR NOT current_setting('track_counts')::bool OR c.relkind IN ('v', 'f')
        THEN ''
        ELSE concat_ws(' ', c.oid, c.xmin, c.relfilenode, pg_stat_get_tuples_inserted(c.oid),
            pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid),
            extract(epoch FROM pg_postmaster_start_time()),
            extract(epoch FROM (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database())),
            extract(epoch FROM (SELECT stats_reset FROM pg_stat_bgwriter))) END,
        EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = 0 AND a.privilege_type = 'SELECT'),
        has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = ANY ($1::"char"[]) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND (n.nspname, c.relname) > ($2::name, $3::name)
    ORDER BY n.nspname, c.relname LIMIT $4::int
"""
LOCK_MILLISECONDS = 10_000
"""That is waited for somebody who keeps a table locked."""
_LISTING_SECONDS = 60
_NO_ACCESS, _LOCKED, _TOO_LONG, _NONE = "42501", "55P03", "57014", ("42P01", "3F000")


class _Refused(Exception):
    """The server said no, with a SQLSTATE."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class PostgreSQL:
    """An `Engine`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._label = f"postgresql://{server.host}"
        if not server.database:
            raise UnusableInput(f"{self._label} names no database", hint="like postgresql://db.example/crm")

    def tables(self, after: tuple[str, str], *, views: bool) -> Iterator[Sequence[Table]]:
        kinds = "{r,v,m,f}" if views else "{r}"
        while True:
            asked = [kinds, *after, str(PAGE)]
            with self._reporting(), self._connected(_LISTING_SECONDS) as connection:
                page = [_table(row) for row in connection.ask(_TABLES, asked)]
            if page:
                yield page
            if len(page) < PAGE:
                return
            after = page[-1].schema, page[-1].name

    def rows(self, schema: str, name: str) -> Generator[bytes, None, None]:
        named = ".".join('"' + each.replace('"', '""') + '"' for each in (schema, name))
        try:
            with self._connected(self._server.minutes * 60) as connection:
                yield from connection.copy(
                    f"COPY (SELECT * FROM ONLY {named}) TO STDOUT (FORMAT csv, HEADER)"  # noqa: S608 - quoted
                )
        except _Refused as error:
            raise _no(error.state, self._server.minutes) from None
        except TrapstreetError as error:
            raise OSError(errno.EIO, error.message) from error

    @contextmanager
    def _connected(self, seconds: int) -> "Iterator[_Session]":
        import psycopg

        server = self._server
        settings: dict[str, Any] = {
            "host": server.host,
            "port": server.port or 5432,
            "dbname": server.database,
            "user": server.user or None,
            "password": server.password.reveal() if server.password else None,
            "connect_timeout": _database.CONNECT_SECONDS,
            "application_name": "trapstreet",
            "client_encoding": "UTF8",
        }
        if server.ca:
            settings |= {"sslmode": "verify-full", "sslrootcert": str(server.ca)}
        else:
            settings["require_auth"] = "!password"  # the server would get to read it
        try:
            connection = psycopg.connect(**settings)
        except psycopg.Error as error:
            raise self._not_connected(str(error)) from None
        try:
            session = _Session(connection)
            session.run(_BEGIN.format(milliseconds=seconds * 1000, lock=LOCK_MILLISECONDS))
            yield session
        finally:
            connection.close()

    def _not_connected(self, text: str) -> TrapstreetError:
        """Why there is no connection; the driver gives only a text to go by."""
        if "cleartext password" in text:
            return AccessDenied(
                f"{self._label} wants the password in the clear", hint="name its authority as ca"
            )
        if "certificate" in text:
            return UnusableInput(
                f"the certificate of {self._server.host} is not trusted",
                hint="name its authority's PEM file as ca",
            )
        error = refused(text, self._label)
        if isinstance(error, AccessDenied) and "password" in error.message:
            return AccessDenied(error.message, hint="look at user and password, and at pg_hba.conf there")
        return error

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Inside, what keeps tables from being listed becomes an error for those who can act."""
        try:
            yield
        except TimeoutError as error:
            raise Unreachable(f"{self._label} did not answer in time", hint="see how busy it is") from error
        except OSError as error:
            raise Unreachable(f"{self._label} broke off", hint="see whether it is up") from error
        except _Refused as error:
            if error.state == _NO_ACCESS:
                raise AccessDenied(f"{self._label} may not be listed", hint="docs/sources.md") from None
            raise Unreachable(
                f"{self._label} refuses to list its tables (SQLSTATE {error.state})", hint="see its log"
            ) from None


class _Session:
    """A connection, asked by way of libpq. Raises OSError where it is lost, TimeoutError where the server is
    silent for too long, _Refused."""

    def __init__(self, connection: "Connection[Any]") -> None:
        self._pg = connection.pgconn
        self._pg.nonblocking = 1

    def run(self, statements: str) -> None:
        self._send(self._pg.send_query, statements.encode())
        while self._result() is not None:
            pass

    def ask(self, statement: str, values: Sequence[str]) -> list[list[str]]:
        self._send(self._pg.send_query_params, statement.encode(), [value.encode() for value in values])
        found: list[list[str]] = []
        while (result := self._result()) is not None:
            for row in range(result.ntuples):
                cells = [result.get_value(row, column) or b"" for column in range(result.nfields)]
                found.append([bytes(cell).decode() for cell in cells])
        return found

    def copy(self, statement: str) -> Iterator[bytes]:
        self._send(self._pg.send_query, statement.encode())
        self._result()
        block: list[bytes] = []
        size = 0
        while True:
            length, row = self._asked(self._pg.get_copy_data, 1)
            if length == 0:
                self._wait()
            elif length < 0:
                break
            else:
                block.append(bytes(row))
                size += length
                if size >= BLOCK:
                    yield b"".join(block)
                    block, size = [], 0
        yield b"".join(block)
        while self._result() is not None:  # says whether that was all
            pass

    def _send(self, send: Any, *given: Any) -> None:
        self._asked(send, *given)
        while self._asked(self._pg.flush):
            select.select([], [self._pg.socket], [], 1.0)

    def _result(self) -> "PGresult | None":
        from psycopg.pq import DiagnosticField, ExecStatus

        while self._asked(self._pg.is_busy):
            self._wait()
        result: PGresult | None = self._asked(self._pg.get_result)
        if result is not None and result.status == ExecStatus.FATAL_ERROR:
            raise _Refused((result.error_field(DiagnosticField.SQLSTATE) or b"08006").decode())
        return result

    def _wait(self) -> None:
        until = time.monotonic() + _database.SILENT_SECONDS
        while not select.select([self._pg.socket], [], [], max(0.0, until - time.monotonic()))[0]:
            if time.monotonic() > until:
                raise TimeoutError("no answer in time")
        self._asked(self._pg.consume_input)

    def _asked(self, step: Any, *given: Any) -> Any:
        from psycopg import Error

        try:
            return step(*given)
        except Error as error:
            raise ConnectionAbortedError(errno.ECONNABORTED, "the connection was lost") from error


def _table(row: Sequence[str]) -> Table:
    schema, name, version, everybody, allowed = row
    why = "" if allowed == "t" else "not allowed to read it: SELECT is not granted"
    return Table(schema, name, version, EVERY_USER if everybody == "t" else "", why)


def _no(state: str, minutes: int) -> OSError:
    if state in _NONE:
        return FileNotFoundError(errno.ENOENT, "vanished before it was read")
    if state == _NO_ACCESS:
        return PermissionError(errno.EACCES, "may not be read, or only some of its rows may (row security)")
    if state == _LOCKED:
        return OSError(errno.EBUSY, "somebody keeps it locked")
    if state == _TOO_LONG:
        return OSError(errno.ETIME, f"reading it took longer than {minutes} minutes")
    return OSError(errno.EIO, f"the database gave up reading it (SQLSTATE {state})")
