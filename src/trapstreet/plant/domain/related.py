"""Which rows of a table have to do with decoys: those that show what only decoys have, those that refer to
decoys."""

from collections.abc import Iterable, Sequence

from trapstreet.core.model.ground import GroundTable, named
from trapstreet.core.model.table import Cell, Row, cell_text
from trapstreet.plant.domain.fates import Related, Texts

Wanted = dict[tuple[int, ...], list[Row]]
"""Cells by the positions where they are looked for."""


class Showing:
    """Rows of the planted table that show a decoy's e-mail address, phone number or reference number, as it
    was written, in lower or in upper case; an e-mail address is enough to be the decoy's."""

    def __init__(self, rows: Sequence[Row], *, emails: Sequence[int], numbers: Sequence[int]) -> None:
        """emails, numbers  positions of the columns that hold them"""
        self.wanted: Wanted = {}
        self._shown: list[tuple[int, bool, dict[str, int]]] = []
        for column in (*emails, *numbers):
            decoys = {_folded(row[column]): at for at, row in enumerate(rows) if _folded(row[column])}
            cells = dict.fromkeys(
                each for row in rows if _folded(row[column]) for each in _spelled(row[column])
            )
            self.wanted[(column,)] = [(cell,) for cell in cells]
            self._shown.append((column, column in emails, decoys))

    def __call__(self, row: Row) -> Related | None:
        for column, is_email, decoys in self._shown:
            decoy = decoys.get(_folded(row[column]))
            if decoy is not None:
                return Related(decoy, sure=is_email)
        return None


class Referring:
    """Rows of a table that refer to rows of decoys, given each with its decoy."""

    def __init__(self, table: GroundTable, own: Iterable[tuple[int, Row]]) -> None:
        referred = {tuple(row[at] for at in table.referred): decoy for decoy, row in own}
        self.wanted: Wanted = {table.refers: [cells for cells in referred if None not in cells]}
        self._refers = table.refers
        self._decoys: dict[Texts, int] = {tuple(map(cell_text, cells)): of for cells, of in referred.items()}

    def __call__(self, row: Row) -> Related | None:
        decoy = self._decoys.get(named(row, self._refers))
        return None if decoy is None else Related(decoy)


def _folded(cell: Cell) -> str:
    return (cell_text(cell) or "").strip().casefold()


def _spelled(cell: Cell) -> tuple[Cell, ...]:
    return (cell, cell.lower(), cell.upper()) if isinstance(cell, str) else (cell,)
