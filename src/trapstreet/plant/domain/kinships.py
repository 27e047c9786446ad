"""By which columns the rows of linked tables are told, so that an export of them can be told by these too."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from trapstreet.core.model.ground import GroundTable, Kinship
from trapstreet.core.model.table import Row, cell_text

_NUMBER = re.compile(r"(?=.*\d)[^\W_]+(?:[-/_#][^\W_]+)*")
_DATE = re.compile(r"\d{4}[-/]\d\d?[-/]\d\d?|\d\d?[-/]\d\d?[-/]\d{4}")


def kinships(tables: Sequence[GroundTable], rows: Sequence[Sequence[Row]]) -> tuple[Kinship, ...]:
    """How the rows of each table but the root are told, and to what they refer.

    rows  what is planted in each, the root first
    Where nothing but the present content says that a column never repeats, it is a key only if it holds
    numbers or codes: no two orders may have the same time today.
    """
    return tuple(
        Kinship(
            keys=tuple(tuple(table.columns[at] for at in key) for key in _keys(table, planted)),
            parent=table.parent,
            refers=tuple(table.columns[at] for at in table.refers),
            referred=tuple(tables[table.parent].columns[at] for at in table.referred),
        )
        for table, planted in zip(tables, rows, strict=True)
        if table.parent is not None
    )


def as_laid(
    tables: Sequence[GroundTable],
    found: Sequence[Kinship],
    laid: Sequence[tuple[str, Sequence[str]]],
) -> tuple[Kinship, ...] | None:
    """What was found of the tables of a ground, for those that were planted in, in their order.

    laid  their names and columns, the root first
    None where one of them, or a column that refers, is called otherwise by now.
    """
    names = [tables[0].name, *(name for name, _ in laid[1:])]
    by_name = {table.name: kinship for table, kinship in zip(tables[1:], found, strict=True)}
    made = []
    for name, columns in laid[1:]:
        kinship = by_name.get(name)
        above = tables[kinship.parent].name if kinship else ""
        if kinship is None or above not in names or not set(kinship.refers) <= set(columns):
            return None
        parent = names.index(above)
        if not set(kinship.referred) <= set(laid[parent][1]):
            return None
        keys = tuple(key for key in kinship.keys if set(key) <= set(columns))
        made.append(replace(kinship, keys=keys, parent=parent))
    return tuple(made)


def _keys(table: GroundTable, rows: Sequence[Row]) -> Iterator[tuple[int, ...]]:
    if table.upheld:
        yield from filter(None, (table.key, *table.unique))
    elif table.key and all(_is_number(cell_text(row[at])) for row in rows for at in table.key):
        yield table.key


def _is_number(text: str | None) -> bool:
    shown = (text or "").strip()
    return bool(_NUMBER.fullmatch(shown)) and not _DATE.fullmatch(shown)
