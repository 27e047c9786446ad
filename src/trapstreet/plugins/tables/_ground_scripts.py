"""Scripts that plant and remove rows by a database's own client."""

from collections.abc import Sequence
from typing import Protocol

from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Cell, Row
from trapstreet.plugins.tables._ground_rows import parents, picked, telling
from trapstreet.plugins.tables._ground_tables import Column, Described, Name, Survey

_ROWS_AT_ONCE = 100
_STAYING = "rows_that_stay"


class Dialect(Protocol):
    """How statements are written in a script.

    client  the command that runs one
    begin   what opens the transaction, such that the first error ends it and nothing is kept
    """

    client: str
    begin: tuple[str, ...]

    def quoted(self, name: str) -> str: ...
    def named(self, name: Name) -> str: ...

    def literal(self, column: Column, cell: Cell) -> str:
        """The cell as the column takes it."""
        ...

    def insert(self, table: Described, columns: str) -> str:
        """INSERT INTO … up to its VALUES."""
        ...

    def afterwards(self, table: Described, rows: Sequence[Row]) -> list[str]:
        """Statements that keep the database's own numbering going behind the rows."""
        ...


def change_script(dialect: Dialect, survey: Survey, rows: Sequence[Sequence[Row]]) -> str:
    """Plants the rows in one transaction."""
    lines = _heading(dialect, "adds", survey, rows)
    for table, new in zip(survey.tables, rows, strict=True):
        given = [at for at, column in enumerate(table.columns) if not column.generated]
        names = ", ".join(dialect.quoted(table.columns[at].name) for at in given)
        for start in range(0, len(new), _ROWS_AT_ONCE):
            lines.append(f"{dialect.insert(table, names)} VALUES")
            part = new[start : start + _ROWS_AT_ONCE]
            values = [", ".join(dialect.literal(table.columns[at], row[at]) for at in given) for row in part]
            lines.append(",\n".join(f"({each})" for each in values) + ";")
        lines += dialect.afterwards(table, new)
    return "\n".join([*lines, "COMMIT;", ""])


def removal_script(dialect: Dialect, survey: Survey, rows: Sequence[Sequence[Row]]) -> str:
    """Removes the rows, given as they were stored, in one transaction.

    What `SqlGround.remove` leaves stays here as well: root rows that somebody edited, with what refers to
    them. A row that others refer to stays where the others would go or change along with it; where the
    foreign key forbids it to go, nothing is removed.
    """
    lines = _heading(dialect, "removes", survey, rows)
    lines.insert(2, "-- Rows that somebody changed since stay, with what refers to them.")
    roots = _roots(survey.shapes, rows)
    if any(rows[1:]):
        lines.append(f"CREATE TEMPORARY TABLE {_STAYING} (number INTEGER);")
        lines += [_staying(dialect, survey, at, row) for at, row in enumerate(rows[0])]
    for number in reversed(range(len(rows))):
        for row, root in zip(rows[number], roots[number], strict=True):
            hung = number and root is not None
            unless = f" AND {root} NOT IN (SELECT number FROM {_STAYING})" if hung else ""  # noqa: S608
            lines.append(_removal(dialect, survey, number, row) + unless + ";")
    return "\n".join([*lines, "COMMIT;", ""])


def _heading(dialect: Dialect, does: str, survey: Survey, rows: Sequence[Sequence[Row]]) -> list[str]:
    counts = ", ".join(
        f"{len(each)} in {table.name}" for table, each in zip(survey.tables, rows, strict=True) if each
    )
    return [
        "-- Secret: keep this file as you keep a password, and delete it when it has been run.",
        f"-- It {does} rows ({counts}), all of them or none.".replace("\n", " "),
        f"-- To run it: {dialect.client}",
        *dialect.begin,
    ]


def _roots(shapes: Sequence[GroundTable], rows: Sequence[Sequence[Row]]) -> list[list[int | None]]:
    """For each row of each table, the root row that it hangs on, by way of what is between."""
    found: list[list[int | None]] = []
    for shape, planted in zip(shapes, rows, strict=True):
        if shape.parent is None:
            found.append(list(range(len(planted))))
            continue
        above, over = parents(shape, rows), found[shape.parent]
        hung = [above.get(cells) for cells in picked(planted, shape.refers)]
        found.append([None if at is None else over[at] for at in hung])
    return found


def _removal(dialect: Dialect, survey: Survey, number: int, row: Row) -> str:
    """A DELETE of the row if it is still ours, without its semicolon."""
    table, shape = survey.tables[number], survey.shapes[number]
    ours = _still_ours(dialect, table, shape, row)
    if shape.refers:
        ours = f"({_equal(dialect, table, row, shape.refers)} OR {ours})"
    statement = (
        f"DELETE FROM {dialect.named(table.name)} WHERE {_equal(dialect, table, row, shape.key)} AND {ours}"  # noqa: S608 - quoted
    )
    for reference in survey.references:
        if reference.parent == table.name and reference.spreads:
            cells = zip(reference.refers, table.positions(reference.referred), strict=True)
            same = " AND ".join(
                f"{dialect.quoted(name)} = {dialect.literal(table.columns[at], row[at])}"
                for name, at in cells
            )
            statement += f" AND NOT EXISTS (SELECT 1 FROM {dialect.named(reference.child)} WHERE {same})"  # noqa: S608 - quoted
    return statement


def _staying(dialect: Dialect, survey: Survey, number: int, root: Row) -> str:
    """Notes the root row's number if it was edited."""
    table, shape = survey.tables[0], survey.shapes[0]
    return (
        f"INSERT INTO {_STAYING} SELECT {number} FROM {dialect.named(table.name)} WHERE "  # noqa: S608 - quoted
        f"{_equal(dialect, table, root, shape.key)} AND NOT {_still_ours(dialect, table, shape, root)};"
    )


def _equal(dialect: Dialect, table: Described, row: Row, positions: Sequence[int]) -> str:
    return " AND ".join(
        f"{dialect.quoted(column.name)} = {dialect.literal(column, row[at])}"
        for at in positions
        for column in [table.columns[at]]
    )


def _still_ours(dialect: Dialect, table: Described, shape: GroundTable, row: Row) -> str:
    told = [at for at in telling(shape, row) if table.columns[at].comparable]
    same = [f"CASE WHEN {_equal(dialect, table, row, [at])} THEN 1 ELSE 0 END" for at in told]
    return f"(2 * ({' + '.join(same)}) > {len(told)})" if told else "(1 = 1)"
