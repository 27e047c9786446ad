"""A SQLite file as a source, read by SQLite itself: with its write-ahead log, and while others write to it.

All its tables have one version, that of the file.
"""

import errno
import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.objects import printable
from trapstreet.plugins._sqlite import in_one_state
from trapstreet.plugins.sources._database import Table, as_csv

_PATIENCE = 30.0
_STEPS = 10_000
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' OR (type = 'view' AND ?) ORDER BY name"
_MAGIC = b"SQLite format 3\0"


class SQLite:
    """An `Engine`. minutes: that the reading of one table may take."""

    def __init__(self, path: Path, minutes: int) -> None:
        self._path, self._minutes = path, minutes

    def tables(self, after: tuple[str, str], *, views: bool) -> Iterator[Sequence[Table]]:
        shown = printable(str(self._path))
        try:
            with self._path.open("rb") as file:
                if file.read(len(_MAGIC)) not in (_MAGIC, b""):
                    raise UnusableInput(f"{shown} is no SQLite database", hint="check the path")
            version = self._version()
            with closing(self._connected()) as connection:
                names = [name for (name,) in connection.execute(_TABLES, [views])]
        except PermissionError as error:
            raise AccessDenied(f"{shown} may not be read", hint="ask for access to the file") from error
        except OSError as error:
            raise Unreachable(f"{shown} cannot be opened", hint="check the path") from error
        except sqlite3.Error as error:
            raise _failed(shown, error) from None
        found = [_table(name, version) for name in names if not name.startswith(b"sqlite_")]
        page = [each for each in found if each.name > after[1]]
        if page:
            yield page

    def rows(self, schema: str, name: str) -> Generator[bytes, None, None]:
        named = '"' + name.replace('"', '""') + '"'
        try:
            with closing(self._connected()) as connection:
                if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", [name]).fetchone():
                    raise FileNotFoundError(errno.ENOENT, "vanished before it was read")
                until = time.monotonic() + self._minutes * 60
                connection.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS)
                found = connection.execute(f"SELECT * FROM {named}")  # noqa: S608 - quoted
                yield from as_csv([each[0] for each in found.description], found)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
                raise OSError(errno.ETIME, f"reading it took longer than {self._minutes} minutes") from None
            raise OSError(errno.EIO, f"the database gave up reading it ({_name(error)})") from None

    def _connected(self) -> sqlite3.Connection:
        uri = f"{self._path.absolute().as_uri()}?{in_one_state(self._path)}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE)
        connection.text_factory = bytes
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _version(self) -> str:
        """Of the file and its write-ahead log: size, time of the last change, and its counter of changes."""
        with self._path.open("rb") as file:
            counter = file.read(28)[24:].hex()
        found = [self._path.stat()]
        log = self._path.with_name(self._path.name + "-wal")
        if log.exists():
            found.append(log.stat())
        return " ".join([counter, *(f"{each.st_size} {each.st_mtime_ns}" for each in found)])


def _table(raw: bytes, version: str) -> Table:
    try:
        return Table("", raw.decode(), version)
    except UnicodeDecodeError:
        return Table("", raw.decode(errors="surrogateescape"), why="its name is not UTF-8")


def _failed(shown: str, error: sqlite3.Error) -> AccessDenied | Unreachable | UnusableInput:
    name = _name(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unreachable(f"{shown}: busy for {_PATIENCE:.0f} s", hint="it is tried again")
    if name.startswith(("SQLITE_PERM", "SQLITE_AUTH")):
        return AccessDenied(f"{shown} may not be read", hint="ask for access to the file")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return UnusableInput(f"{shown}: the database is damaged or encrypted", hint="restore or decrypt it")
    return Unreachable(f"{shown} cannot be opened ({name})", hint="check the file and its folder")


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "") or "an error of SQLite"
