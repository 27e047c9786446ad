"""Cells of a workbook as lines of text, in the child: calamine aborts on a file of 5 KB with a cell in the
last corner."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import BinaryIO, cast

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, cell_text
from trapstreet.plugins.formats._locked import UNTRIED
from trapstreet.plugins.formats._parsed import TEXT, UNREAD, cut

_ROWS = 2048
_BREAKS = str.maketrans("\t\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029", " " * 11)


def sheets(file: BinaryIO) -> Iterator[object]:
    """Each sheet as a text of tab-separated lines, "!Sheet2". Empty rows are left out."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

    try:
        workbook = CalamineWorkbook.from_filelike(file)
    except PasswordError:
        yield [UNREAD, "", UNTRIED]
        return
    except CalamineError as error:
        raise UnusableInput(f"no readable workbook ({type(error).__name__})") from None
    for sheet in workbook.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet:
            yield [TEXT, f"!{sheet.name}", b""]
            yield from _blocks(workbook.get_sheet_by_name(sheet.name).iter_rows())


def _blocks(rows: Iterator[Sequence[Cell | timedelta]]) -> Iterator[bytes]:
    while block := list(islice(rows, _ROWS)):
        columns = [_column(column) for column in zip(*block, strict=True)]
        lines = list(map("\t".join, zip(*columns, strict=True)))
        text = "\n".join(lines)
        breaks, tabs = len(block) - 1, len(block) * (len(columns) - 1)
        if text.count("\n") > breaks or text.count("\t") > tabs or "\r" in text:
            clean = [[cell.translate(_BREAKS) for cell in column] for column in columns]
            lines = list(map("\t".join, zip(*clean, strict=True)))
        if "" in columns[-1]:
            lines = [line for each in lines if (line := each.rstrip("\t"))]
        yield from cut("\n".join([*lines, ""]).encode("utf-8", "replace"))


def _column(cells: tuple[Cell | timedelta, ...]) -> Sequence[str]:
    """Most columns hold one kind of value, and calamine has no integers: half of the time per cell."""
    kinds = set(map(type, cells))
    if kinds == {str}:
        return cast(tuple[str, ...], cells)
    if kinds == {float} and all(map(float.is_integer, cast(tuple[float, ...], cells))):
        return list(map(str, map(int, cast(tuple[float, ...], cells))))
    return [cell if isinstance(cell, str) else _text(cell) for cell in cells]


def _text(cell: Cell | timedelta) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell) if isinstance(cell, timedelta) else cell_text(cell) or ""
