"""Rows blended of several: what does not belong together comes from different rows."""

import re
from collections.abc import Sequence
from functools import partial

from trapstreet.core.fields.kind import Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.decoys.exchange import tells
from trapstreet.decoys.model import TableModel
from trapstreet.decoys.phones import written_number
from trapstreet.decoys.relations import Alike, lift

_MANY = 50  # values from which on a pair with another column's is seldom had by two rows
_AREA = 4  # characters of a national number, with what follows its country code
_COMPARED = 4000


class Blends:
    """Exchanges the columns of many values: two of them that a donor has may be together in its row alone."""

    def __init__(self, model: TableModel, draws: KeyedDraws, *, kept: Sequence[int]) -> None:
        """kept: columns that stay the donor's."""
        self._model = model
        self._draws = draws
        self._blocks = [block for block in self._joined() if not set(block) & set(kept)]
        self._alike = [Alike(model, partial(self._value, at=block[0]), but=block) for block in self._blocks]

    def blended(self, donor: Row) -> Row:
        """The donor's row, each block of it taken from a row like it; empty where the donor's is."""
        cells = list(donor)
        for block, alike in zip(self._blocks, self._alike, strict=True):
            if donor[block[0]] in (None, ""):
                continue
            found = alike.draw(donor, self._draws)
            for at in block if found else ():
                if found and (donor[at] in (None, "")) == (found[0][at] in (None, "")):
                    cells[at] = found[0][at]
        return tuple(cells)

    def _value(self, row: Row, at: int) -> Cell:
        """What other columns may tell of a cell: the street of an address, the area of a telephone number."""
        column, text = self._model.columns[at], cell_text(row[at]) or ""
        match column.kind:
            case Kind.ADDRESS:
                return re.sub(r"\d+", "", text)
            case Kind.PHONE:
                return written_number(text, self._model.phones[at].region).partition(" ")[2][:_AREA]
            case Kind.BIRTH_DATE:
                return "".join(re.findall(r"(?<!\d)\d{4}", text))
        return row[at]

    def _joined(self) -> list[list[int]]:
        """The columns of many values, those that belong together in one block; the first is filled most."""
        model = self._model
        sample = model.sample[:: max(1, len(model.sample) // _COMPARED)]
        seen = {
            at: [self._value(row, at) for row in sample]
            for at, column in enumerate(model.columns)
            if (at in model.categories and at not in model.clocks)
            or column.kind in (Kind.ADDRESS, Kind.PHONE, Kind.BIRTH_DATE)
        }
        blocks: list[list[int]] = []
        for at, values in seen.items():
            together = [block for block in blocks if any(_belong(seen[other], values) for other in block)]
            blocks = [block for block in blocks if block not in together]
            blocks.append([*(other for block in together for other in block), at])
        large = [block for block in blocks if any(len(set(seen[at])) > _MANY for at in block)]
        return [
            sorted(block, key=lambda at: -sum(cell not in (None, "") for cell in seen[at])) for block in large
        ]


def _belong(one: Sequence[Cell], other: Sequence[Cell]) -> bool:
    """Whether one of two columns tells the other, or both are of many values and go together."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a not in (None, "") and b not in (None, "")]
    if len(pairs) < 20:
        return False
    if tells(pairs, 0, 1) or tells(pairs, 1, 0):
        return True
    many = len({a for a, _ in pairs}) > 12 and len({b for _, b in pairs}) > 12
    return many and lift(pairs) > 2
