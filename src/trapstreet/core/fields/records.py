"""The normal forms of whole records: the hot path of registering."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from trapstreet.core.fields.kind import Column, FieldKind, Kind
from trapstreet.core.fields.registry import kinds
from trapstreet.core.model.table import Row, cell_text

if TYPE_CHECKING:
    from numpy import uint8, uint32
    from numpy.typing import NDArray

_Cells = Sequence[tuple[Column, Sequence[str | None]]]

_MOST_PLACES = 255


class Forms(NamedTuple):
    """Normal forms of one kind in a batch of rows, row by row.

    forms  byte strings
    rows   for each form the number of its row in the batch
    slots  for each form of a confirming kind its slot: the column's place among the kind's columns times the
           kind's `slots`, plus the form's place in the cell; of an anchor its place in the cell, at most 255
    """

    forms: list[bytes]
    rows: "NDArray[uint32]"
    slots: "NDArray[uint8]"


def record_forms(columns: Sequence[Column], rows: Sequence[Row]) -> dict[Kind, Forms]:
    """All normal forms of a batch, by kind; kinds without a column are absent.

    columns  one per cell of a row, in order; TEXT columns are passed over
    A row has each form of an anchor once. Given and family names are read together, as further columns of
    kind `name`. 2 to 6 µs per fingerprinted cell (bench/register.py).
    """
    sources: dict[Kind, list[tuple[Column, list[str | None]]]] = {}
    for at, column in enumerate(columns):
        if column.kind not in (Kind.TEXT, Kind.GIVEN_NAME, Kind.FAMILY_NAME):
            sources.setdefault(column.kind, []).append((column, _texts(rows, at)))
    for column, names in _composed_names(columns, rows):
        sources.setdefault(Kind.NAME, []).append((column, names))
    return {kind: _forms_of(kinds()[kind], cells) for kind, cells in sources.items()}


def slot_widths(columns: Sequence[Column]) -> dict[Kind, int]:
    """How many slots a record has per confirming kind: the kind's `slots` for each of its columns."""
    present = [column.kind for column in columns]
    composed = min(present.count(Kind.GIVEN_NAME), present.count(Kind.FAMILY_NAME))
    present += [Kind.NAME] * composed
    widths = {kind: field.slots * present.count(kind) for kind, field in kinds().items()}
    return {kind: width for kind, width in widths.items() if width}


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


def _forms_of(field: FieldKind, cells: _Cells) -> Forms:
    import numpy as np  # here, since the command line's help needs the kinds and no arrays

    if field.anchor and len(cells) == 1:
        return _of_column(field, *cells[0])
    forms: list[bytes] = []
    slots: list[int] = []
    counts = []
    for texts in zip(*(texts for _, texts in cells), strict=True):
        before = len(forms)
        if field.anchor:
            found = _places(field, cells, texts)
            forms += found
            slots += found.values()
        else:
            for place, ((column, _), text) in enumerate(zip(cells, texts, strict=True)):
                own = field.forms(text, column) if text else ()
                forms += own
                slots += range(place * field.slots, place * field.slots + len(own))
        counts.append(len(forms) - before)
    rows = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
    return Forms(forms, rows, np.minimum(slots, _MOST_PLACES).astype(np.uint8))


def _of_column(field: FieldKind, column: Column, texts: Sequence[str | None]) -> Forms:
    """The forms of an anchor's only column."""
    import numpy as np

    found = [field.forms(text, column) if text else () for text in texts]
    counts = np.fromiter(map(len, found), dtype=np.intp, count=len(found))
    rows = np.repeat(np.arange(len(found), dtype=np.uint32), counts)
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return Forms(list(chain(*found)), rows, np.minimum(places, _MOST_PLACES).astype(np.uint8))


def _places(field: FieldKind, cells: _Cells, texts: Sequence[str | None]) -> dict[bytes, int]:
    """The forms of an anchor's cells in one row, each once, with the foremost of their places in a cell."""
    found: dict[bytes, int] = {}
    for (column, _), text in zip(cells, texts, strict=True):
        for place, form in enumerate(field.forms(text, column) if text else ()):
            found[form] = min(place, found.get(form, place))
    return found
