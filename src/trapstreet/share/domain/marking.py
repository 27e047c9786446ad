"""Marks on the cells of a copy: which columns have them, with which chances, and how a row is spelled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import Column
from trapstreet.core.marks import Mark, allowed_on, mark_named
from trapstreet.core.maths.codebits import code_bits
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.p_table import MarkClass, MarkCode, threshold
from trapstreet.core.model.table import Cell, Row, cell_text

U64 = NDArray[np.uint64]
I8 = NDArray[np.int8]

_WHOLE = 1 << 32
EVEN = (MarkClass(_WHOLE, threshold(0.5)),)
BIASED = tuple(
    MarkClass(round(share * _WHOLE), threshold(p))
    for share, p in ((0.4, 0.2), (0.4, 0.8), (0.1, 0.07), (0.1, 0.93))
)
"""Every other mark is biased: even ones tell most about one copy, biased ones about copies that were
mixed."""

NO_BIT = -1


def mark_codes(
    asked: Sequence[tuple[str, str]], columns: Sequence[Column], key: Sequence[str]
) -> tuple[MarkCode, ...]:
    """The marks of a new copy, from pairs of column and mark; slots count from 1.

    Raises UnusableInput for a column or mark that is not known, or a mark that may not be set there.
    """
    known = {column.name: column for column in columns}
    codes: list[MarkCode] = []
    for slot, (name, mark) in enumerate(asked, start=1):
        column = known.get(name)
        if column is None:
            raise UnusableInput(f"no column {name!r} to mark", hint=f"the columns are {', '.join(known)}")
        if any(code.column == name for code in codes):
            raise UnusableInput(
                f"column {name!r} has two marks", hint="one mark a column: they undo each other"
            )
        why = allowed_on(mark_named(mark), column, key=name in key, names=True)
        if why:
            raise UnusableInput(why, hint="mark another column, or choose another mark")
        codes.append(MarkCode(slot, name, mark, BIASED if slot % 2 == 0 else EVEN))
    return tuple(codes)


def refuse_doubles(codes: Sequence[MarkCode], columns: Sequence[Column], sample: Sequence[Row]) -> None:
    """Raises UnusableInput where a marked column stands in another one, too: the difference would show.

    sample  rows of the table; a column is doubled if most of its cells are another's, or part of one
    """
    places = {column.name: at for at, column in enumerate(columns)}
    for code in codes:
        at = places[code.column]
        filled = [row for row in sample if row[at] not in (None, "")]
        for other, column in enumerate(columns):
            if other != at and 2 * sum(_doubled(row[at], row[other]) for row in filled) > len(filled):
                raise UnusableInput(
                    f"{code.column!r} stands in {column.name!r} too: a mark would show beside it",
                    hint="mark a column that is neither joined nor computed from others",
                )


def _doubled(cell: Cell, other: Cell) -> bool:
    text, whole = cell_text(cell), cell_text(other)
    return text is not None and whole is not None and text in whole


def bits_of(code_key: bytes, record_ids: U64, code: MarkCode) -> NDArray[np.bool_]:
    """Which spelling each record's cell has in a copy."""
    bits = np.empty(len(record_ids), dtype=np.bool_)
    classes = code.class_of(record_ids)
    for number, each in enumerate(code.classes):
        at = classes == number
        bits[at] = code_bits(code_key, record_ids[at], slot=code.slot, threshold=each.threshold)
    return bits


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark in the columns of a table."""

    at: int
    column: Column
    mark: Mark
    code: MarkCode

    @property
    def name(self) -> tuple[str, str]:
        """Column and mark."""
        return self.code.column, self.code.mark

    def shown(self, row: Row) -> int:
        """0 or 1, as the cell is spelled; NO_BIT where it cannot be marked."""
        cell = row[self.at]
        pair = self.mark.spellings(cell, self.column)
        return NO_BIT if pair is None else int(cell == pair[1])


def marked(codes: Sequence[MarkCode], columns: Sequence[Column]) -> list[Marked]:
    """The marks by their places in the table; those of columns that it has not are left out."""
    places = {column.name: at for at, column in enumerate(columns)}
    return [
        Marked(places[code.column], columns[places[code.column]], mark_named(code.mark), code)
        for code in codes
        if code.column in places
    ]


def spelled(rows: Sequence[Row], marks: Sequence[Marked], bits: Sequence[Sequence[bool]]) -> dict[int, Row]:
    """The rows that a copy spells otherwise, by their places; bits has a sequence for each mark."""
    changed: dict[int, Row] = {}
    for mark, own in zip(marks, bits, strict=True):
        for place, (row, bit) in enumerate(zip(rows, own, strict=True)):
            cell = row[mark.at]
            pair = mark.mark.spellings(cell, mark.column)
            if pair is not None and pair[bit] != cell:
                new = changed.get(place, row)
                changed[place] = (*new[: mark.at], pair[bit], *new[mark.at + 1 :])
    return changed


class SourceSpelling:
    """How the source spells the cells that copies mark: 9 bytes for a row and mark, and the cells of marks
    that cannot be read back.

    marks    in the columns of the source;  own  in those of the table to be restored; what only one of them
             has stays as it is
    """

    def __init__(self, marks: Sequence[Marked], own: Sequence[Marked]) -> None:
        self._marks = marks
        self._own = [mark for mark in own if mark.name in {each.name for each in marks}]
        self._learnt: dict[tuple[str, str], list[tuple[U64, I8]]] = {mark.name: [] for mark in marks}
        self._cells: dict[tuple[str, str], dict[int, Cell]] = {mark.name: {} for mark in marks}
        self._sorted: dict[tuple[str, str], tuple[U64, I8]] = {}

    def learn(self, record_ids: U64, rows: Sequence[Row]) -> None:
        """Take in rows of the source."""
        for mark in self._marks:
            bits = np.array([mark.shown(row) for row in rows], dtype=np.int8)
            known = np.flatnonzero(bits != NO_BIT)
            self._learnt[mark.name].append((record_ids[known], bits[known]))
            if not mark.mark.reversible:
                cells = zip(record_ids[known].tolist(), known.tolist(), strict=True)
                self._cells[mark.name] |= {record_id: rows[at][mark.at] for record_id, at in cells}

    def restored(self, rows: Sequence[Row], record_ids: U64) -> dict[int, Row]:
        """The rows that are spelled otherwise than in the source, as the source spells them, by place."""
        changed: dict[int, Row] = {}
        for mark in self._own:
            bits, cells = self._bits(mark.name, record_ids), self._cells[mark.name]
            for place in np.flatnonzero(bits != NO_BIT).tolist():
                row = changed.get(place, rows[place])
                pair = mark.mark.spellings(row[mark.at], mark.column)
                source = cells.get(int(record_ids[place]), row[mark.at])
                cell = pair[bits[place]] if pair else source
                if cell != row[mark.at]:
                    changed[place] = (*row[: mark.at], cell, *row[mark.at + 1 :])
        return changed

    def _bits(self, name: tuple[str, str], record_ids: U64) -> I8:
        """The source's bit of each record, NO_BIT where it is not known."""
        if name not in self._sorted:
            nothing = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int8)
            ids, bits = map(np.concatenate, zip(nothing, *self._learnt.pop(name), strict=True))
            order = np.argsort(ids)
            self._sorted[name] = ids[order], bits[order]
        ids, bits = self._sorted[name]
        if not len(ids):
            return np.full(len(record_ids), NO_BIT, dtype=np.int8)
        at = np.minimum(np.searchsorted(ids, record_ids), len(ids) - 1)
        return np.where(ids[at] == record_ids, bits[at], np.int8(NO_BIT))
