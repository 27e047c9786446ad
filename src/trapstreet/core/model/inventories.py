"""What can be looked at in a place, and what a look at it shows. Values never show in what is printed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from trapstreet.core.maths.distinct import distinct_in_all
from trapstreet.core.model.objects import Unread

MOST_VALUES = 500
"""Distinct values of a column that are looked at."""

LONGEST = 1_000
"""Characters of a value that are looked at."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A table, or a file, which may hold several tables and texts.

    path     as `Holding.path` has it;  kind  table, materialized view, file …
    version  another text when the content is another one; "" where nobody can tell
    records  how many, by the server's estimate; None: unknown
    part_of  the table that is looked at in its place, of which it is a part; () for none
    handle   what the inventory knows it by
    """

    path: tuple[str, ...]
    kind: str
    version: str = ""
    records: int | None = None
    part_of: tuple[str, ...] = ()
    handle: Any = field(default=None, repr=False, compare=False)


class ColumnName(NamedTuple):
    """A column as its table declares it.

    declared  its type, "" where there is none
    distinct  how many distinct values all of it has, by the server's estimate; None: unknown
    """

    name: str
    declared: str = ""
    distinct: int | None = None


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """What a sample shows of a column; as `ColumnName`, and its distinct values that are not empty."""

    name: str
    declared: str
    distinct: int | None
    values: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownTable:
    """What a sample shows of a table. records: all that it has, by estimate; None: unknown."""

    path: tuple[str, ...]
    kind: str
    columns: tuple[ShownColumn, ...]
    records: int | None


@dataclass(frozen=True, slots=True)
class Passage:
    """The beginning of a text."""

    path: tuple[str, ...]
    text: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Whole:
    """All that lies in this database, folder or file was named; what was not named is gone.

    within  as `lies_in` has it
    unread  databases and folders that were not looked into: what lies there may be there still
    """

    within: str = ""
    unread: tuple[str, ...] = ()


class Inventory(Protocol):
    """A place that can be looked at, and that nothing is changed in.

    place   its name, as `server_of` has it;  edition  "PostgreSQL 16.2"
    within  the database, folder or file that is asked for, "" for all of the place
    """

    place: str
    edition: str
    within: str

    def walk(self) -> Iterator[Listed | Unread | Whole]:
        """All that is there, and what cannot be listed. Between two of them, `look` may be asked for the
        last one. Raises TrapstreetError where the place is lost."""
        ...

    def look(self, listed: Listed) -> Iterator[ShownTable | Passage | Unread]:
        """What it shows, by a sample, and what of it cannot be read. Raises as `walk`."""
        ...

    def close(self) -> None: ...


def lies_in(path: Sequence[str], within: str) -> bool:
    """Whether a path is in this database, folder or file, or a folder below; "" is all of a place."""
    if not within or path[0] == within or path[0].startswith(f"{within.rstrip('/')}/"):
        return True
    return "/" in path[0] and "/".join((path[0].rstrip("/"), *path[1:2])) == within


def shown_columns(
    columns: Sequence[ColumnName], rows: Sequence[Sequence[str | None]], *, records: int | None
) -> tuple[ShownColumn, ...]:
    """What some rows show of a table's columns. The rows are drawn from all of it.

    records  how many the table has; None: unknown
    """
    shown = []
    for at, column in enumerate(columns):
        cells = (row[at] for row in rows)
        counts = Counter(cell[:LONGEST] for cell in cells if cell and not cell.isspace())
        distinct = column.distinct
        if distinct is None and records is not None:
            filled = round(records * counts.total() / len(rows)) if rows else 0
            distinct = distinct_in_all(counts.values(), filled)
        shown.append(ShownColumn(column.name, column.declared, distinct, [*counts][:MOST_VALUES]))
    return tuple(shown)
