"""Which columns are a record's key, and whether they are fit to be."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Column, Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Row, cell_text

_SHOWN = 5


def choose_key(columns: Sequence[Column], sample: Sequence[Row], *, where: str) -> tuple[str, ...]:
    """The first reference column that is filled and unique in the sample, else the national id or e-mail
    column that is.

    Raises UnusableInput where no such column is there: the user has to say what identifies a record.
    """
    for kind in (Kind.REFERENCE, Kind.NATIONAL_ID, Kind.EMAIL):
        for position, column in enumerate(columns):
            if column.kind == kind:
                values = [cell_text(row[position]) for row in sample]
                if all(values) and len(set(values)) == len(values):
                    return (column.name,)
    raise UnusableInput(
        f"{where}: no column identifies a row on its own",
        hint="name the key: --key COLUMN, repeated for several columns",
    )


def check_key(key: Sequence[str], columns: Sequence[Column]) -> tuple[str, ...]:
    """The key columns that the user named, once each; raises UnusableInput for one that is not there."""
    names = [column.name for column in columns]
    for name in key:
        if name not in names:
            raise UnusableInput(f"no column {name!r} to be a key", hint=f"the columns are {', '.join(names)}")
    return tuple(dict.fromkeys(key))


def refuse_empty(
    key: Sequence[str],
    positions: Sequence[int],
    rows: Sequence[Row],
    lines: Sequence[int],
    *,
    where: str,
) -> None:
    """Raises UnusableInput, with the first lines, where a row has no key at all."""
    empty = [
        line
        for row, line in zip(rows, lines, strict=True)
        if not any((cell_text(row[at]) or "").strip() for at in positions)
    ]
    if empty:
        shown = ", ".join(map(str, empty[:_SHOWN])) + (" …" if len(empty) > _SHOWN else "")
        raise UnusableInput(
            f"{where}: {_named(key)} is empty in line {shown}",
            hint="pass --key with a column that is always filled",
        )


def refuse_repeated(
    key: Sequence[str], record_ids: NDArray[np.uint64], lines: NDArray[np.int64], *, where: str
) -> None:
    """Raises UnusableInput, with the first lines, where two rows have the same key."""
    order = np.argsort(record_ids, kind="stable")
    ordered = record_ids[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1]).tolist()
    if again:
        shown = ", ".join(f"{lines[order[at]]} and {lines[order[at + 1]]}" for at in again[:_SHOWN])
        rest = "" if len(again) <= _SHOWN else f" and {len(again) - _SHOWN:,} more"
        raise UnusableInput(
            f"{where}: {_named(key)} does not identify a row: lines {shown}{rest} have the same",
            hint="pass --key with the column, or columns, that do",
        )


def _named(key: Sequence[str]) -> str:
    return f"key {' + '.join(map(repr, key))}"
