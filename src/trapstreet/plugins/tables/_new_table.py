"""New tables in databases: columns for what another table holds, and rows that are there all at once."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Protocol, Self

from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.core.model.table import Batch, Cell, Row, cell_text
from trapstreet.plugins.tables import Location, Table
from trapstreet.plugins.tables._sql import Selection, SqlTable
from trapstreet.plugins.tables._types import ColumnType, column_types

WriteRows = Callable[[Iterable[Row]], None]


class NewTable(Protocol):
    """A table that is not there yet, in one kind of database.

    kind   name of the format that reads such databases
    label  where it is, safe to print
    text   the type that holds any text
    takes  types of cells that the driver writes exactly; others are written as text
    """

    kind: str
    label: str
    text: str
    takes: frozenset[type]

    def kept(self, source: str) -> str | None:
        """The type for a column that has this one in a source of the same kind; None to go by its cells."""
        ...

    def type_for(self, found: ColumnType) -> str:
        """The type for a column of such cells."""
        ...

    def quoted(self, column: str) -> str:
        """The column's name as the database takes it. Raises UnusableInput if it cannot have that name."""
        ...

    def filling(self, columns: str) -> AbstractContextManager[Any]:
        """The table, seen by nobody else before the context ends well, and gone if it does not."""
        ...

    def rows(self, opened: Any, width: int) -> AbstractContextManager[WriteRows]:
        """Writes rows into what `filling` gave; all are there when the context is left."""
        ...

    def reporting(self) -> AbstractContextManager[None]:
        """Inside, an error of the database becomes one of ours, without its text: that may quote a cell."""
        ...


class SqlWriter:
    """Writes a table that is there for others when the context ends well: a `TableWriter`."""

    def __init__(self, new: NewTable, like: Table) -> None:
        self.label = new.label
        self._new = new
        self._like = like

    def __enter__(self) -> Self:
        types, self._as_text = _types(self._like, self._new)
        columns = ", ".join(
            f"{self._new.quoted(name)} {kind}".rstrip()
            for name, kind in zip(self._like.columns, types, strict=True)
        )
        with self._new.reporting(), ExitStack() as stack:
            opened = stack.enter_context(self._new.filling(columns))
            self._body = stack.enter_context(ExitStack())
            self._write = self._body.enter_context(self._new.rows(opened, len(types)))
            self._open = stack.pop_all()
        return self

    def write(self, batch: Batch) -> None:
        with self._new.reporting():
            try:
                self._write(map(self._written, batch.rows))
            except UnicodeEncodeError:
                raise no_fit(self.label, "half a character") from None

    def complete(self) -> None:
        with self._new.reporting():
            self._body.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._new.reporting():
            self._open.__exit__(kind, error, trace)

    def _written(self, row: Row) -> Row:
        takes = self._new.takes
        cells: list[Cell] = [
            cell_text(cell) if as_text or type(cell) not in takes else cell
            for cell, as_text in zip(row, self._as_text, strict=True)
        ]
        return tuple(cells)


def table_to_make(location: Location) -> Selection:
    """The table that a location names. Raises UnusableInput if it names none, or a query."""
    selection = Selection.of(location)
    if not selection.table or selection.query:
        raise UnusableInput(f"{selection.label}: which table is to be made?", hint="add ?table=NAME")
    return selection


def taken(label: str) -> UnusableInput:
    """The error for a name that something has already."""
    return UnusableInput(
        f"{label}: there is such a table already, and nothing is ever overwritten", hint="choose another name"
    )


def no_fit(label: str, what: str) -> UnusableInput:
    """The error for a cell that the database cannot hold as it is."""
    return UnusableInput(f"{label}: cannot hold a cell ({what})", hint="write a file, for example .csv")


def not_made(label: str, what: str) -> TrapstreetError:
    """The error for a refusal that has no words of its own."""
    return UnusableInput(
        f"{label}: the database refused the new table ({what})",
        hint="check the names of the table and of its columns, or write a file",
    )


def _types(like: Table, new: NewTable) -> tuple[Sequence[str], Sequence[bool]]:
    """A type of the database for each column, and whether its cells are to be made text.

    The type is the source's, where that is of the same kind and has a simple one; else it follows the cells.
    """
    same = isinstance(like, SqlTable) and like.format == new.kind and like.types
    sources = like.types if isinstance(like, SqlTable) and same else (None,) * len(like.columns)
    kept = [None if source is None else new.kept(source) for source in sources]
    if None not in kept:
        return [kind for kind in kept if kind is not None], [False] * len(kept)
    by_cells = list(map(new.type_for, column_types(like)))
    return (
        [other if kind is None else kind for kind, other in zip(kept, by_cells, strict=True)],
        [kind is None and other == new.text for kind, other in zip(kept, by_cells, strict=True)],
    )
