"""What PostgreSQL has to grant a login for its tables to be sampled."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from trapstreet.core.model.errors import TrapstreetError
from trapstreet.plugins._postgresql import psql_connect
from trapstreet.plugins.inventories._postgresql_catalogue import SCHEMAS, SECURED

if TYPE_CHECKING:
    from trapstreet.plugins.inventories._postgresql_session import Session

LOGIN = "trapstreet_discover"

_BY_HAND = "its name has characters that do not print; grant it by hand"
"""A line break in a name would end a line of psql, and begin another that nobody meant."""
_READS_ALL = 140_000
"""The version that brought pg_read_all_data."""


class Server(Protocol):
    """A server whose databases can be entered."""

    def databases(self) -> list[tuple[str, str]]: ...
    def enter(self, database: str) -> "Session": ...


def lines(server: Server) -> Sequence[str]:
    """Statements for psql. None of them makes a superuser or lets the login change anything."""
    databases = server.databases()
    said = [
        f"CREATE ROLE {LOGIN} LOGIN PASSWORD '…';",
        "",
        "-- The least: each schema by itself, with the tables that it has now.",
        "-- For those to come, ALTER DEFAULT PRIVILEGES FOR ROLE … IN SCHEMA … GRANT SELECT ON TABLES.",
    ]
    version, bypasses = 0, False
    for database, why in databases:
        if why or not database.isprintable():
            said.append(f"-- {_comment(database)}: {why or _BY_HAND}")
            continue
        try:
            session = server.enter(database)
            schemas = [name for (name,) in session.rows(SCHEMAS)]
            secured = [name for (name,) in session.rows(SECURED)]
        except TrapstreetError as error:
            said.append(f"-- {_comment(error.message)}")
            continue
        version = session.version
        said.append(f"GRANT CONNECT ON DATABASE {quoted(database)} TO {LOGIN};")
        said += psql_connect(database)
        for schema in schemas:
            if not schema.isprintable():
                said.append(f"-- {_comment(schema)}: {_BY_HAND}")
                continue
            said.append(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {LOGIN};")
            said.append(f"GRANT SELECT ON ALL TABLES IN SCHEMA {quoted(schema)} TO {LOGIN};")
        if secured:
            said.append(f"-- Row security may keep rows from it, of {_comment(', '.join(secured))}.")
        bypasses |= bool(secured)
    if version >= _READS_ALL:
        said += [
            "",
            "-- Or all of it, now and later, beside CONNECT as above:",
            f"-- GRANT pg_read_all_data TO {LOGIN};",
        ]
    if bypasses:
        said += ["", "-- All rows, whatever row security says:", f"-- ALTER ROLE {LOGIN} BYPASSRLS;"]
    return said


def quoted(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def _comment(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)
