"""Tables in databases: what to select, and a result that is read as it arrives."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Cell, Rejected, Row
from trapstreet.plugins.tables import BATCH, Fit, Location
from trapstreet.plugins.tables._cells import PLAIN, cell_of
from trapstreet.plugins.tables._columns import named_columns

UNREADABLE = object()
"""Stands for a cell that the driver cannot decode; the row is rejected."""

_MOST_NAMED = 20


class Database:
    """What the formats that are no files have in common: no file is theirs."""

    suffixes: tuple[str, ...] = ()

    def recognises(self, head: bytes, suffix: str) -> Fit:
        return Fit.NO


@dataclass(frozen=True, slots=True)
class Selection:
    """What is read from a database: a table or the result of a query, with the rest of the location.

    label  the location without user, password and query text
    """

    label: str
    location: Location
    table: str = ""
    query: str = field(default="", repr=False)

    @classmethod
    def of(cls, location: Location) -> "Selection":
        """Raises UnusableInput if both a table and a query are asked for."""
        rest = dict(location.options)
        table, query = rest.pop("table", ""), rest.pop("query", "")
        where = location.place.partition("://")[2].rpartition("@")[2] if location.scheme else location.place
        label = f"{location.scheme}://{where}" if location.scheme else where
        if table and query:
            raise UnusableInput(
                f"{label}: both a table and a query", hint="give ?table= or ?query=, not both"
            )
        label += f"?table={table}" if table else "?query=…" if query else ""
        return cls(label, replace(location, options=rest), table, query)

    def statement(self, quote: str, *, schemas: bool = True) -> str:
        """The SELECT, with the table's name in quotes of this kind; `schema.table` may be two names."""
        return self.query or f"SELECT * FROM {self.name(quote, schemas=schemas)}"  # noqa: S608 - quoted

    def name(self, quote: str, *, schemas: bool = True) -> str:
        """The table's name in quotes of this kind."""
        return ".".join(quoted(part, quote) for part in self.parts(schemas=schemas))

    def parts(self, *, schemas: bool = True) -> list[str]:
        """The table's name, with its schema before it if it says one."""
        return self.table.split(".", 1) if schemas else [self.table]

    def nothing_selected(self, tables: Sequence[str]) -> UnusableInput:
        """The error for a location with neither table nor query."""
        return UnusableInput(
            f"{self.label}: which table?", hint=f"add ?table=NAME{_named(tables)}, or ?query=SELECT …"
        )

    def no_such_table(self, tables: Sequence[str]) -> UnusableInput:
        """The error for a table that is not there."""
        return UnusableInput(f"{self.label}: there is no such table", hint=f"check the name{_named(tables)}")

    def failed(self, what: str) -> UnusableInput:
        """The error for a refused statement, without the driver's text: that may quote cells."""
        return UnusableInput(
            f"{self.label}: the database refused the query ({what})",
            hint="try it in the database's own shell",
        )


def quoted(name: str, quote: str) -> str:
    """The name in quotes of this kind."""
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


def _named(tables: Sequence[str]) -> str:
    more = ", …" if len(tables) > _MOST_NAMED else ""
    return f" (there are {', '.join(tables[:_MOST_NAMED])}{more})" if tables else ""


def password_from_environment(*names: str) -> str | None:
    """The first of TRAPSTREET_DB_PASSWORD and the driver's own variables that is set."""
    return next((os.environ[name] for name in ("TRAPSTREET_DB_PASSWORD", *names) if name in os.environ), None)


@dataclass(frozen=True, slots=True)
class Result:
    """An open result: the names of its columns, and a function that fetches that many rows more.

    types  what the database calls the type of each column, None where it does not say; () where it says none
    """

    names: Sequence[str]
    fetch: Callable[[int], Iterable[Sequence[Any]]]
    types: Sequence[str | None] = ()


class SqlTable:
    """A table or query result. Every reading opens a connection of its own; lines count the rows from 1.

    types  as `Result.types`
    """

    def __init__(
        self, selection: Selection, kind: str, result: Callable[[], AbstractContextManager[Result]]
    ) -> None:
        self.format = kind
        self.label = selection.label
        self._result = result
        with result() as opened:
            if not opened.names:
                raise UnusableInput(f"{self.label}: the query has no result", hint="give a SELECT")
            self.columns = named_columns(opened.names, where=self.label)
            self.types = tuple(opened.types)

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """Rows as the database sends them, in its order."""
        line = 1
        with self._result() as opened:
            while fetched := list(opened.fetch(size)):
                yield batch_of(fetched, line)
                line += len(fetched)


def batch_of(fetched: Sequence[Sequence[Any]], line: int) -> Batch:
    """Rows of a driver as a batch, the first of which is number `line`."""
    numbered = list(enumerate(fetched, start=line))
    broken = [number for number, values in numbered if UNREADABLE in values]
    whole = [item for item in numbered if UNREADABLE not in item[1]] if broken else numbered
    return Batch(
        rows=[_row(values) for _, values in whole],
        lines=[number for number, _ in whole],
        rejected=[Rejected(number, "holds text that is not UTF-8") for number in broken],
    )


def _row(values: Sequence[Any]) -> Row:
    cells: list[Cell] = [value if type(value) in PLAIN else cell_of(value) for value in values]
    return tuple(cells)
