"""Tables in SQLite files."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.plugins.tables import Fit, Location
from trapstreet.plugins.tables._files import open_regular, reading
from trapstreet.plugins.tables._sql import UNREADABLE, Result, Selection, SqlTable

_MAGIC = b"SQLite format 3\0"
_TABLES = """
    SELECT name FROM sqlite_schema
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name
"""


class SQLite:
    """A SQLite file: `sqlite:///crm.db?table=customers`, or `crm.db?table=customers`.

    After three slashes the path is relative, after four absolute; after three, one that exists only as an
    absolute path is taken as that.
    """

    name = "sqlite"
    title = "SQLite (sqlite:///FILE?table=NAME)"
    suffixes = ()
    schemes = ("sqlite",)

    def recognises(self, head: bytes, suffix: str) -> Fit:
        return Fit.CERTAIN if head.startswith(_MAGIC) else Fit.NO

    def open(self, location: Location) -> SqlTable:
        location.only("table", "query")
        selection = Selection.of(location)
        path = _path(location)
        with reading(str(path)), open_regular(path) as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise UnusableInput(f"{path}: this is no SQLite database", hint="check the path")

        @contextmanager
        def result() -> Iterator[Result]:
            with _reporting(selection), closing(_connected(path)) as connection:
                tables = [name for (name,) in connection.execute(_TABLES)]
                if not (selection.table or selection.query):
                    raise selection.nothing_selected(tables)
                if selection.table and selection.table.casefold() not in map(str.casefold, tables):
                    raise selection.no_such_table(tables)
                connection.text_factory = _text
                cursor = connection.execute(selection.statement('"', schemas=False))
                yield Result([column[0] for column in cursor.description or ()], cursor.fetchmany)

        return SqlTable(selection, self.name, result)


def _path(location: Location) -> Path:
    if not location.scheme:
        return Path(location.place)
    rest = location.place.partition("://")[2]
    given = Path(rest.removeprefix("/"))
    return Path(rest) if rest.startswith("/") and not given.exists() and Path(rest).exists() else given


def _connected(path: Path) -> sqlite3.Connection:
    """Read-only, and one state of the file however long the reading takes."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=30
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute("BEGIN")
    return connection


def _text(raw: bytes) -> object:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return UNREADABLE


@contextmanager
def _reporting(selection: Selection) -> Iterator[None]:
    """Inside, an error of SQLite becomes one of ours, without its text: that may quote a cell."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _in_our_words(getattr(error, "sqlite_errorname", ""), selection) from None


def _in_our_words(name: str, selection: Selection) -> TrapstreetError:
    if name.startswith(("SQLITE_PERM", "SQLITE_AUTH")):
        return AccessDenied(f"{selection.label}: may not be read", hint="ask for access to the file")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unreachable(f"{selection.label}: busy for 30 s", hint="try again when nobody writes to it")
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_NOMEM")):
        return Unreachable(
            f"{selection.label}: cannot be opened ({name})", hint="check the file and its folder"
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return UnusableInput(
            f"{selection.label}: the database is damaged or encrypted", hint="restore or decrypt it"
        )
    return selection.failed(name or "one SELECT is wanted")


FORMAT = SQLite()
