"""Planted rows in the shape that their tables have by now: columns come, go and change places."""

from collections.abc import Sequence

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Row


def arranged(
    tables: Sequence[GroundTable],
    laid: Sequence[tuple[str, Sequence[str]]],
    rows: Sequence[Sequence[Row]],
) -> list[list[Row]]:
    """For each table of a ground the rows that were planted in it, as wide as it is now.

    laid  names and columns of the tables that the rows are of, the root first, which may have moved
    What a column that came later holds is not known (None); a column that went is left out. Raises
    UnusableInput where a table with planted rows, or a column of its key, is gone.
    """
    planted = {name: (columns, some) for (name, columns), some in zip(_at(tables, laid), rows, strict=True)}
    missing = [name for name, (_, some) in planted.items() if some and name not in {t.name for t in tables}]
    if missing:
        raise UnusableInput(
            f"{missing[0]} is gone, or refers to the planted table no longer",
            hint="bring it back, or take the decoys out of it by hand",
        )
    return [_widened(table, *planted.get(table.name, ((), ()))) for table in tables]


def compared(table: GroundTable, laid: Sequence[tuple[str, Sequence[str]]]) -> tuple[bool, ...]:
    """Which columns of a table hold what was planted there."""
    columns = dict(_at([table], laid) if table.parent is None else laid).get(table.name, ())
    return tuple(stated and name in columns for name, stated in zip(table.columns, table.given, strict=True))


def _at(
    tables: Sequence[GroundTable], laid: Sequence[tuple[str, Sequence[str]]]
) -> list[tuple[str, Sequence[str]]]:
    """What was planted, the root under the name that it has now."""
    return [(tables[0].name, laid[0][1]), *laid[1:]] if laid else []


def _widened(table: GroundTable, columns: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    gone = [table.columns[at] for at in table.key if rows and table.columns[at] not in columns]
    if gone:
        raise UnusableInput(
            f"{table.name}: its key has the column {gone[0]} by now, which planted rows do not have",
            hint="take them out with the removal script, or by hand",
        )
    places = [columns.index(name) if name in columns else None for name in table.columns]
    return [tuple(None if at is None else row[at] for at in places) for row in rows]
