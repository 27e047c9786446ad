"""The normal forms of whole records: the hot path of registering."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trapstreet.core.fields.kind import Column, FieldKind, Kind
from trapstreet.core.fields.registry import kinds
from trapstreet.core.model.table import Row, cell_text

if TYPE_CHECKING:
    from numpy import uint32
    from numpy.typing import NDArray

    Forms = tuple[list[bytes], NDArray[uint32]]


def record_forms(columns: Sequence[Column], rows: Sequence[Row]) -> "dict[Kind, Forms]":
    """All normal forms of a batch: per kind the forms, and for each the number of its row in the batch.

    columns  one per cell of a row, in order; TEXT columns are passed over
    A row has each form of a kind once. Given and family names are read together, as kind `name`. Kinds
    without a column are absent. 2 to 6 µs per fingerprinted cell (bench/register.py).
    """
    sources: dict[Kind, list[tuple[Column, list[str | None]]]] = {}
    for at, column in enumerate(columns):
        if column.kind not in (Kind.TEXT, Kind.GIVEN_NAME, Kind.FAMILY_NAME):
            sources.setdefault(column.kind, []).append((column, _texts(rows, at)))
    for column, names in _composed_names(columns, rows):
        sources.setdefault(Kind.NAME, []).append((column, names))
    return {kind: _forms_of(kinds()[kind], cells) for kind, cells in sources.items()}


def _texts(rows: Sequence[Row], at: int) -> list[str | None]:
    return [cell if type(cell := row[at]) is str else cell_text(cell) for row in rows]


def _composed_names(columns: Sequence[Column], rows: Sequence[Row]) -> list[tuple[Column, list[str | None]]]:
    """Each given-name column with the family-name column of the same rank: full names."""
    given = [at for at, column in enumerate(columns) if column.kind is Kind.GIVEN_NAME]
    family = [at for at, column in enumerate(columns) if column.kind is Kind.FAMILY_NAME]
    return [
        (
            columns[first],
            [
                f"{one} {other}" if one and other else None
                for one, other in zip(_texts(rows, first), _texts(rows, last), strict=True)
            ],
        )
        for first, last in zip(given, family, strict=False)
    ]


def _forms_of(field: FieldKind, cells: Sequence[tuple[Column, Sequence[str | None]]]) -> "Forms":
    import numpy as np  # here, since the command line's help needs the kinds and no arrays

    forms: list[bytes] = []
    counts = []
    for texts in zip(*(texts for _, texts in cells), strict=True):
        found: tuple[bytes, ...] = ()
        for (column, _), text in zip(cells, texts, strict=True):
            if text:
                found += field.forms(text, column)
        if len(cells) > 1:
            found = tuple(dict.fromkeys(found))
        forms += found
        counts.append(len(found))
    return forms, np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
