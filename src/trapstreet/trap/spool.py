"""What was heard, on disk until the worker has taken it: one file, appended to by the trap in transactions.

SQLite in WAL mode, synchronous=FULL: what `append` returned from survives the process and the machine.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from trapstreet.core.model.errors import UnusableInput
from trapstreet.trap.sealing import Segment

FILE_NAME = "spool.sqlite"
SEGMENT_SECONDS = 600
"""How long the trap could read what it wrote itself."""
SEGMENT_BYTES = 64 << 20
RECORD_BYTES = 1 << 20
"""What a record holds at most before one more hit goes into the next."""

_SCHEMA = 1
_BUSY_SECONDS = 10.0
_CREATE = f"""
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE segment (number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE);
CREATE TABLE record (
    segment INTEGER NOT NULL REFERENCES segment, number INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (segment, number)
) WITHOUT ROWID;
PRAGMA user_version = {_SCHEMA};
COMMIT;
"""


class Spool:
    """The trap's end. All methods belong to one thread at a time, and raise OSError where the disk refuses.

    folder  where the file lies, or will
    worker  the X25519 public key that everything is sealed to
    limit   bytes that the file may fill; ENOSPC beyond
    """

    def __init__(
        self, folder: Path, worker: bytes, *, limit: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._worker, self._limit, self._clock = worker, limit, clock
        self._path = folder / FILE_NAME
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        self._database = _connect(self._path)
        self._open()
        self._segment: _Open | None = None
        self.used = self._measure()

    def _open(self) -> None:
        with _as_oserror():
            schema = self._database.execute("PRAGMA user_version").fetchone()[0]
            if not schema:
                self._database.executescript(_CREATE)
        if schema not in (0, _SCHEMA):
            raise UnusableInput(f"{self._path} is of another version", hint="use the trapstreet that made it")

    def append(self, heard: Sequence[bytes]) -> None:
        """Keep what was heard, each as `sealing.encode` gives it; on disk when it returns, all or none."""
        if self.used > self._limit:
            self.used = self._measure()
            if self.used > self._limit:
                raise OSError(errno.ENOSPC, "the spool is full", str(self._path))
        try:
            with _transaction(self._database):
                self._insert(heard)
        except BaseException:
            self._segment = None  # neither its row nor its numbers can be relied upon
            raise

    def rest(self) -> None:
        """Forget the key of a segment that is old, and see how much room there is. For once a second."""
        if self._segment and self._segment.until < self._clock():
            self._segment = None
        self.used = self._measure()

    def close(self) -> None:
        """Forget the key."""
        self._segment = None
        self._database.close()

    def _insert(self, heard: Sequence[bytes]) -> None:
        segment = self._current()
        for part in _parts(heard):
            sealed = segment.keys.seal(segment.records, part)
            self._database.execute(
                "INSERT INTO record VALUES (?, ?, ?)", (segment.number, segment.records, sealed)
            )
            segment.records += 1
            segment.bytes += len(sealed)
            self.used += len(sealed)

    def _current(self) -> "_Open":
        open_ = self._segment
        if open_ is None or open_.bytes > SEGMENT_BYTES or open_.until < self._clock():
            keys = Segment(self._worker)
            row = self._database.execute("INSERT INTO segment (id) VALUES (?)", (keys.id,))
            open_ = _Open(keys, row.lastrowid or 0, self._clock() + SEGMENT_SECONDS)
            self._segment = open_
        return open_

    def _measure(self) -> int:
        with _as_oserror():
            return _measured(self._database)


@dataclass(slots=True)
class _Open:
    keys: Segment = field(repr=False)
    number: int
    until: float
    records: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record as it lies in the spool; (segment, number) is never given twice.

    order  where it stands among all records, for `SpoolReader.remove`
    """

    segment: bytes
    number: int
    sealed: bytes = field(repr=False)
    order: tuple[int, int] = field(repr=False)


class Waiting(NamedTuple):
    """How many records are in a spool, and how many bytes they and their file's tables fill."""

    records: int
    bytes: int


class SpoolReader:
    """The worker's end, in another process. Raises OSError where there is no spool, or the disk refuses."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE_NAME
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "there is no spool yet", str(path))
        self._database = _connect(path)

    def first(self, limit: int = 64, *, size: int = 1 << 62) -> list[Sealed]:
        """The oldest records, in the order in which they were kept: no more than fill `size` bytes, and at
        least one of any."""
        found = list[Sealed]()
        with _as_oserror():
            rows = self._database.execute(
                "SELECT s.id, r.number, r.sealed, r.segment, length(r.sealed) FROM record r"
                " JOIN segment s ON s.number = r.segment ORDER BY r.segment, r.number LIMIT ?",
                (limit,),
            )
            for id_, number, sealed, segment, length in rows:
                size -= length or 0
                if found and size < 0:
                    break
                found.append(Sealed(id_, number, sealed, (segment, number)))
            rows.close()
        return found

    def waiting(self) -> Waiting:
        """What waits. Counts at most 100,000 records."""
        with _as_oserror():
            (records,) = self._database.execute(
                "SELECT count(*) FROM (SELECT 1 FROM record LIMIT 100000)"
            ).fetchone()
            return Waiting(int(records), _measured(self._database))

    def remove(self, taken: Iterable[Sealed]) -> None:
        """Drop records that are kept elsewhere by now, and give their room back; on disk when it returns."""
        with _transaction(self._database):
            self._database.executemany(
                "DELETE FROM record WHERE segment = ? AND number = ?", [record.order for record in taken]
            )
            self._database.execute(
                "DELETE FROM segment WHERE number < (SELECT max(number) FROM segment)"
                " AND number < ifnull((SELECT min(segment) FROM record), 1 << 62)"
            )
        with _as_oserror():
            self._database.executescript("PRAGMA incremental_vacuum(4096)")  # execute() frees one page only

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def _connect(path: Path) -> sqlite3.Connection:
    """The database, which one thread at a time uses. Raises UnusableInput if the file is something else."""
    with _as_oserror():
        database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        with _as_oserror():
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA trusted_schema = OFF")  # the worker opens what a trap has written
    except OSError as error:
        database.close()
        if isinstance(error.__cause__, sqlite3.OperationalError):
            raise
        raise UnusableInput(f"{path} is no spool", hint="move it away") from error
    return database


def _measured(database: sqlite3.Connection) -> int:
    pages, free, size = (
        database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _parts(heard: Sequence[bytes]) -> Iterator[list[bytes]]:
    part, size = list[bytes](), 0
    for one in heard:
        part.append(one)
        size += len(one)
        if size >= RECORD_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    with _as_oserror():
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise


@contextmanager
def _as_oserror() -> Iterator[None]:
    """What SQLite says of the disk, as the errors that everybody knows."""
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        raise OSError(errno.ENOSPC if full else errno.EIO, f"the spool: {error}") from error
