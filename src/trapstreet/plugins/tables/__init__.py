"""Tables wherever they lie: opened by location, written beside nothing that exists.

One file in this folder is one format; a file whose name begins with "_" is a part that formats share. A
format is found by its presence here: `FORMAT` is its manifest and its few methods, `DESTINATION` takes
new tables by URL. Which format a file has is decided by its content first and by its name only where
the content leaves it open.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType, TracebackType
from typing import IO, BinaryIO, Protocol, Self, runtime_checkable
from urllib.parse import unquote

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Batch
from trapstreet.core.ports import Ground
from trapstreet.plugins.tables._files import NewFile, TableFile, open_regular, reading

BATCH = 8192
"""Rows of a batch where nobody asks for another number."""

HEAD = 1 << 16
"""Bytes of the beginning of a file that formats are recognised by."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_USTAR = slice(257, 262)
_ZIP = b"PK\x03\x04"
_PACKED = {
    b"\x1f\x8b": "gzip-compressed",
    b"BZh": "bzip2-compressed",
    b"\xfd7zXZ\x00": "xz-compressed",
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
}


class Table(Protocol):
    """Named columns and a stream of rows, which starts afresh with every call of `batches`.

    format  name of the format that read it
    label   its location, safe to print: no user, no password, no query text
    """

    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def format(self) -> str: ...
    @property
    def label(self) -> str: ...

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """All rows in the table's own order, at most `size` rows and rejected rows to a batch.

        Memory does not grow with the table. Raises as `open_table` does.
        """
        ...


class Fit(IntEnum):
    """How sure a format is that a file is its own."""

    NO = 0
    POSSIBLE = 1
    NAMED = 2
    CERTAIN = 3


@dataclass(frozen=True, slots=True)
class Location:
    """Where a table lies: the place itself, and the options after its question mark.

    scheme  "" for a file
    place   path of the file, or the URL without its options; may hold a password and is never printed
    held    an open file with a descriptor, read instead of the one at `place`
    """

    scheme: str
    place: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    held: IO[bytes] | None = field(default=None, repr=False)

    @property
    def file(self) -> TableFile:
        """The file to read."""
        return TableFile(str(Path(self.place)) if self.held is None else self.place, self.held)

    def only(self, *known: str) -> None:
        """Raises UnusableInput if an option is given that the format does not have."""
        unknown = sorted(set(self.options) - set(known))
        if unknown:
            choice = ", ".join(f"?{name}=" for name in known) or "no options"
            raise UnusableInput(
                f"{self.scheme or self.place}: option {unknown[0]!r} is not known here",
                hint=f"this kind of table takes {choice}",
            )


WriteBatch = Callable[[Batch], None]


class TableFormat(Protocol):
    """One file in this folder: the manifest, and how a table is recognised and opened."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    schemes: tuple[str, ...]

    def recognises(self, head: bytes, suffix: str) -> Fit:
        """How sure the format is of a file with these first bytes and this lower-case suffix."""
        ...

    def open(self, location: Location) -> Table:
        """The table; reads what it must to know the columns, and holds no row."""
        ...


@runtime_checkable
class WritableFormat(TableFormat, Protocol):
    """A format that tables can be written in; a new file gets it by one of `suffixes`."""

    def writer(
        self, out: BinaryIO, *, like: Table, suffix: str, scratch: Path
    ) -> AbstractContextManager[WriteBatch]:
        """Writes the rows it is given in the columns of `like`, and in its style where it is of this format.

        out      the new file, empty; complete once the context is left without an exception
        scratch  a private folder on the same file system, removed afterwards
        """
        ...


@runtime_checkable
class PlantableFormat(TableFormat, Protocol):
    """A format whose tables rows can be planted in."""

    def ground(self, location: Location, *, key: Sequence[str], links: Sequence[Link]) -> Ground:
        """The table as a ground; `key` and `links` as `open_ground` takes them."""
        ...


class TableWriter(Protocol):
    """Writes a table that is there for others when the context ends well, and leaves nothing otherwise.

    label  where it is written, safe to print
    Every failure to write, a full disk included, is Unreachable (AccessDenied where writing is refused). A
    cell that cannot be held is UnusableInput; so is something of that name that appeared meanwhile.
    """

    label: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, batch: Batch) -> None:
        """Append the batch's rows; what the batch rejected is not written."""
        ...

    def complete(self) -> None:
        """Nothing more is written: the table is where it will be, and all it lacks is its name."""
        ...


class Destination(Protocol):
    """A place by URL that takes new tables."""

    schemes: tuple[str, ...]

    def create(self, location: Location, *, like: Table) -> TableWriter:
        """A new table there with the columns of `like`.

        Raises UnusableInput at once if the name is taken or the place is not there, AccessDenied or
        Unreachable as `open_table` does.
        """
        ...


@cache
def formats() -> tuple[TableFormat, ...]:
    """Every format in this folder."""
    return tuple(module.FORMAT for module in _modules() if hasattr(module, "FORMAT"))


@cache
def destinations() -> tuple[Destination, ...]:
    """Every destination in this folder."""
    return tuple(module.DESTINATION for module in _modules() if hasattr(module, "DESTINATION"))


@cache
def _modules() -> tuple[ModuleType, ...]:
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(import_module(f"{__name__}.{name}") for name in names)


def open_table(location: str) -> Table:
    """The table at a path or URL; options follow a question mark, as in `crm.xlsx?sheet=Kunden`.

    Raises UnusableInput where the table cannot be used as it is, Unreachable where there is nothing or nobody
    answers, AccessDenied where reading is refused.
    """
    return open_located(located(location))


def open_located(where: Location) -> Table:
    """The table at a location that was taken apart; raises as `open_table` does."""
    return _format_of(where).open(where)


def open_ground(location: str, *, key: Sequence[str], links: Sequence[Link] = ()) -> Ground:
    """The table at a path or URL, with those that refer to it, to plant rows in.

    location  as `open_table` takes it; a table, no query and no view
    key       the columns that identify a row, used where the table has no key of its own
    links     files whose rows refer to a file's; a database's foreign keys are followed by themselves
    Raises UnusableInput where nothing can be planted or something is in the way, Unreachable where nobody
    answers, the disk is full or others keep the table locked, AccessDenied where it is refused.
    """
    where = located(location)
    found = _format_of(where)
    if not isinstance(found, PlantableFormat):
        raise UnusableInput(
            f"{where.scheme or where.place}: no rows can be planted in this kind of table",
            hint="plant in a file or a database, or hand out a copy with trapstreet share",
        )
    return found.ground(where, key=key, links=links)


def _format_of(where: Location) -> TableFormat:
    if where.scheme:
        found = [known for known in formats() if where.scheme in known.schemes]
        if not found:
            schemes = ", ".join(sorted(f"{s}://" for known in formats() for s in known.schemes))
            raise UnusableInput(
                f"{where.scheme}:// is no place for a table", hint=f"give a file, or one of {schemes}"
            )
        return found[0]
    if where.held is None and container_of(where.place):
        raise UnusableInput(f"{where.place}: the table lies in a container", hint="unpack it first")
    return _recognised(_head(where), where.place)


def _head(where: Location) -> bytes:
    with reading(where.place), open_regular(where.file.path) as file:
        return file.read(HEAD)


def create_table(where: str | Path, *, like: Table) -> TableWriter:
    """A new table with the columns of `like`: a file, or a place by URL.

    where  a path, whose suffix names the format; sftp://… likewise; a new table of a database as
           postgresql://…?table=NAME, mariadb://… or sqlite:///FILE?table=NAME
    Raises UnusableInput if something of that name exists, its folder, schema or database does not, or its
    suffix names no format to write; AccessDenied and Unreachable as `open_table` does.
    """
    if isinstance(where, Path) or not _SCHEME.match(where):
        return FileWriter(Path(where), like)
    location = located(where)
    found = [known for known in destinations() if location.scheme in known.schemes]
    if not found:
        schemes = ", ".join(sorted(f"{s}://" for known in destinations() for s in known.schemes))
        raise UnusableInput(
            f"{location.scheme}:// takes no new table", hint=f"give a file, or one of {schemes}"
        )
    return found[0].create(location, like=like)


def format_to_write(path: Path, *, label: str) -> WritableFormat:
    """The format that the path's suffix names. Raises UnusableInput if it names none that can be written."""
    writable = [known for known in formats() if isinstance(known, WritableFormat)]
    for known in writable:
        if path.suffix.lower() in known.suffixes:
            return known
    suffixes = ", ".join(sorted(s for known in writable for s in known.suffixes))
    raise UnusableInput(f"{label}: its name does not say which format to write", hint=f"end it in {suffixes}")


class FileWriter:
    """Writes a table as a file that appears under its name when the context ends well: a `TableWriter`."""

    def __init__(self, path: Path, like: Table) -> None:
        self.label = str(path)
        self._format = format_to_write(path, label=self.label)
        self._new = NewFile(path)
        self._like = like

    def __enter__(self) -> Self:
        suffix = self._new.path.suffix.lower()
        self._open = ExitStack()
        try:  # to the very end: an interrupt in the last moment leaves nothing either
            with self._new.reporting():
                out = self._open.enter_context(self._new).begin()
                self._body = self._open.enter_context(ExitStack())
                body = self._format.writer(out, like=self._like, suffix=suffix, scratch=self._new.scratch)
                self._write = self._body.enter_context(body)
        except BaseException:
            self._open.__exit__(*sys.exc_info())
            raise
        return self

    def write(self, batch: Batch) -> None:
        with self._new.reporting():
            self._write(batch)

    def complete(self) -> None:
        with self._new.reporting():
            self._body.close()
            self._new.sync()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._new.reporting():
            self._open.__exit__(kind, error, trace)


def located(location: str) -> Location:
    """The location taken apart. A path that exists is a path, whatever it looks like; otherwise options
    follow the question mark. Raises UnusableInput if it cannot be."""
    scheme = _SCHEME.match(location)
    with reading(location):
        if not scheme and Path(location).exists():
            return Location("", location)
    place, _, rest = location.partition("?") if scheme else _last_question_mark(location)
    options: dict[str, str] = {}
    for part in filter(None, rest.split("&")):
        name, _, value = part.partition("=")
        if "@" in name:  # the question mark was one of the password's: say nothing of what stands there
            raise UnusableInput("the URL cannot be read", hint="write ? in a user or password as %3F")
        options[unquote(name)] = unquote(value)
    return Location(scheme[1].lower() if scheme else "", place, options)


def _last_question_mark(location: str) -> tuple[str, str, str]:
    place, mark, rest = location.rpartition("?")
    return (place, mark, rest) if mark else (location, "", "")


def container_of(place: str) -> str:
    """The file that a path leads into, as "dump.zip" of "dump.zip!/a/b.csv"; "" if it leads into none."""
    steps = place.split("!/")
    if len(steps) == 1:
        return ""
    with reading(place):
        if Path(place).exists():
            return ""
        outer = ("!/".join(steps[:count]) for count in range(1, len(steps)))
        return next((each for each in outer if Path(each).is_file()), "")


def fit_of(head: bytes, name: str) -> Fit:
    """How sure the surest format is of a file with these first bytes and this name."""
    if _packed_as(head):
        return Fit.NO
    return max(known.recognises(head, _suffix(name)) for known in formats())


def fit_of_file(where: Location) -> Fit:
    """The same of the file at a location. Raises as `open_table`."""
    return fit_of(_head(where), where.place)


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def _recognised(head: bytes, place: str) -> TableFormat:
    if not head:
        raise UnusableInput(f"{place}: the file is empty", hint="a table has at least a row of column names")
    if what := _packed_as(head):
        raise UnusableInput(f"{place}: the file is {what}", hint="unpack it first")
    best = max(formats(), key=lambda known: known.recognises(head, _suffix(place)))
    if best.recognises(head, _suffix(place)) is Fit.NO:
        if head.startswith(_ZIP):
            raise UnusableInput(f"{place}: this is no table, but a ZIP archive", hint="unpack it first")
        titles = ", ".join(known.title for known in formats() if known.suffixes)
        raise UnusableInput(f"{place}: this is no table that can be read", hint=f"tables are {titles}")
    return best


def _packed_as(head: bytes) -> str:
    if head[_USTAR] == b"ustar":
        return "a tar archive"
    return next((what for magic, what in _PACKED.items() if head.startswith(magic)), "")
