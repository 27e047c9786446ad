"""Tables wherever they lie: opened by location, written beside nothing that exists.

One file in this folder is one format; a file whose name begins with "_" is a part that formats share. A
format is found by its presence here: `FORMAT` is its manifest and its two or three methods. Which format a
file has is decided by its content first and by its name only where the content leaves it open.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import TracebackType
from typing import BinaryIO, Protocol, runtime_checkable
from urllib.parse import unquote

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch
from trapstreet.plugins.tables._files import NewFile, open_regular, reading

BATCH = 8192
"""Rows of a batch where nobody asks for another number."""

_HEAD = 1 << 16
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s]@[^@\s]+\.\w")
_PHONE = re.compile(r"\+\d[\d ()./-]{6,}")
_YEAR = re.compile(r"(19|20)\d\d")
_PACKED = {
    b"\x1f\x8b": "gzip-compressed",
    b"BZh": "bzip2-compressed",
    b"\xfd7zXZ\x00": "xz-compressed",
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
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
    """

    scheme: str
    place: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

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


@cache
def formats() -> tuple[TableFormat, ...]:
    """Every format in this folder."""
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(import_module(f"{__name__}.{name}").FORMAT for name in names)


def open_table(location: str) -> Table:
    """The table at a path or URL; options follow a question mark, as in `crm.xlsx?sheet=Kunden`.

    Raises UnusableInput where the table cannot be used as it is, Unreachable where there is nothing or nobody
    answers, AccessDenied where reading is refused.
    """
    where = _located(location)
    if where.scheme:
        found = [known for known in formats() if where.scheme in known.schemes]
        if not found:
            schemes = ", ".join(sorted(f"{s}://" for known in formats() for s in known.schemes))
            raise UnusableInput(
                f"{where.scheme}:// is no place for a table", hint=f"give a file, or one of {schemes}"
            )
        return found[0].open(where)
    with reading(where.place), open_regular(Path(where.place)) as file:
        head = file.read(_HEAD)
    return _recognised(head, where.place).open(where)


def create_table(path: str | Path, *, like: Table) -> "TableWriter":
    """A new table file with the columns of `like`, in the format that the path's suffix names.

    Raises UnusableInput if the file exists, its folder does not, or its suffix names no format to write.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    writable = [known for known in formats() if isinstance(known, WritableFormat)]
    for known in writable:
        if suffix in known.suffixes:
            return TableWriter(NewFile(target), known, like)
    suffixes = ", ".join(sorted(s for known in writable for s in known.suffixes))
    raise UnusableInput(
        f"{target}: its name does not say which format to write", hint=f"end it in {suffixes}"
    )


class TableWriter:
    """Writes a table that appears under its name when the context ends well, and leaves nothing otherwise.

    Every failure to write, a full disk included, is Unreachable (AccessDenied where writing is refused). A
    cell that the format cannot hold is UnusableInput; so is a file of that name that appeared meanwhile.
    """

    def __init__(self, new: NewFile, known: WritableFormat, like: Table) -> None:
        self._new = new
        self._format = known
        self._like = like

    def __enter__(self) -> "TableWriter":
        suffix = self._new.path.suffix.lower()
        with self._new.reporting(), ExitStack() as stack:
            out = stack.enter_context(self._new).begin()
            self._body = stack.enter_context(ExitStack())
            body = self._format.writer(out, like=self._like, suffix=suffix, scratch=self._new.scratch)
            self._write = self._body.enter_context(body)
            self._open = stack.pop_all()
        return self

    def write(self, batch: Batch) -> None:
        """Append the batch's rows; what the batch rejected is not written."""
        with self._new.reporting():
            self._write(batch)

    def complete(self) -> None:
        """Nothing more is written: the table is on disk, and all it lacks is its name."""
        with self._new.reporting():
            self._body.close()
            self._new.sync()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._new.reporting():
            self._open.__exit__(kind, error, trace)


def named_columns(names: Iterable[object], *, where: str, guessed: bool = False) -> tuple[str, ...]:
    """The names as column names, outer white space off.

    guessed  the names are the first row of something that need not have a header
    Raises UnusableInput if one is empty or repeated, or if guessed names look like data. The message gives
    positions and never a name: without a header the "names" are somebody's data.
    """
    columns = tuple("" if name is None else str(name).strip() for name in names)
    if not any(columns):
        raise UnusableInput(f"{where}: no column has a name", hint="the first row must name the columns")
    if guessed and _looks_like_data(columns):
        raise UnusableInput(
            f"{where}: the first row looks like data, not like column names",
            hint="add a first row that names the columns",
        )
    if "" in columns:
        raise UnusableInput(
            f"{where}: column {columns.index('') + 1} of {len(columns)} has no name",
            hint="name every column in the first row",
        )
    for second, name in enumerate(columns):
        if (first := columns.index(name)) != second:
            raise UnusableInput(
                f"{where}: columns {first + 1} and {second + 1} have the same name",
                hint="give each column a name of its own",
            )
    return columns


def _looks_like_data(names: Sequence[str]) -> bool:
    """An e-mail address or a +phone number among them, or mostly numbers and dates; a year may well name a
    column."""
    if any(_ADDRESS.search(name) or _PHONE.fullmatch(name) for name in names):
        return True
    wordless = [
        name for name in names if name and not any(map(str.isalpha, name)) and not _YEAR.fullmatch(name)
    ]
    return len(wordless) * 2 > sum(map(bool, names))


def _located(location: str) -> Location:
    """A path that exists is a path, whatever it looks like; otherwise options follow the question mark."""
    scheme = _SCHEME.match(location)
    with reading(location):
        if not scheme and Path(location).exists():
            return Location("", location)
    place, _, rest = location.partition("?") if scheme else _last_question_mark(location)
    options: dict[str, str] = {}
    for part in filter(None, rest.split("&")):
        name, _, value = part.partition("=")
        if "@" in name:  # the question mark was one of the password's: say nothing of what stands there
            raise UnusableInput(
                "the database URL cannot be read", hint="write ? in a user or password as %3F"
            )
        options[unquote(name)] = unquote(value)
    return Location(scheme[1].lower() if scheme else "", place, options)


def _last_question_mark(location: str) -> tuple[str, str, str]:
    place, mark, rest = location.rpartition("?")
    return (place, mark, rest) if mark else (location, "", "")


def _recognised(head: bytes, place: str) -> TableFormat:
    if not head:
        raise UnusableInput(f"{place}: the file is empty", hint="a table has at least a row of column names")
    for magic, what in _PACKED.items():
        if head.startswith(magic):
            raise UnusableInput(f"{place}: the file is {what}", hint="unpack it first")
    suffix = Path(place).suffix.lower()
    best = max(formats(), key=lambda known: known.recognises(head, suffix))
    if best.recognises(head, suffix) is Fit.NO:
        titles = ", ".join(known.title for known in formats() if known.suffixes)
        raise UnusableInput(f"{place}: this is no table that can be read", hint=f"tables are {titles}")
    return best
