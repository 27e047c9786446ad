"""XLSX workbooks: one sheet is one table."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.ground import Link
from trapstreet.core.model.table import Cell, Row
from trapstreet.plugins.tables import Fit, Location, Table, WriteBatch, _sheet_rows
from trapstreet.plugins.tables._files import open_regular, reading
from trapstreet.plugins.tables._sheet import read
from trapstreet.plugins.tables._sheet_table import SheetTable
from trapstreet.plugins.tables._workbook import LONGEST_TEXT, Looks, SheetWriter, held

if TYPE_CHECKING:
    from trapstreet.plugins.tables._ground_files import FileGround

_ZIP = b"PK\x03\x04"
_FIRST = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/")
"""What the first member of a workbook is called."""

_NAME_AT = 30


class Xlsx:
    """A sheet of an XLSX workbook: the first visible one with cells in it, or `?sheet=NAME`."""

    name = "xlsx"
    title = "XLSX (.xlsx)"
    suffixes = (".xlsx",)
    schemes = ()

    def recognises(self, head: bytes, suffix: str) -> Fit:
        if head.startswith(_ZIP) and head.startswith(_FIRST, _NAME_AT) and not _is_other_document(head):
            return Fit.CERTAIN
        return Fit.NAMED if suffix in (".xlsx", ".xlsm") else Fit.NO

    def open(self, location: Location) -> "XlsxTable":
        location.only("sheet")
        with reading(location.place), open_regular(location.file.path) as file:
            if file.read(len(_ZIP)) != _ZIP:
                raise UnusableInput(
                    f"{location.place}: this is no XLSX workbook: it is not a zip archive",
                    hint="save it as .xlsx, without a password",
                )
        return XlsxTable(location, f"{__name__}:{read.__name__}")

    def ground(self, location: Location, *, key: Sequence[str], links: Sequence[Link]) -> "FileGround":
        from trapstreet.plugins.tables._ground_files import FileGround

        return FileGround(location, self.open, key=key, links=links)

    @contextmanager
    def writer(self, out: BinaryIO, *, like: Table, suffix: str, scratch: Path) -> Iterator[WriteBatch]:
        width = len(like.columns)
        plain = Looks("Sheet1", (None,) * width, (None,) * width, bold=False)
        looks = like.looks if isinstance(like, XlsxTable) else plain
        sheet = SheetWriter(out, scratch, like.columns, looks, where=like.label)
        try:
            yield sheet.write
        except BaseException:
            sheet.drop()
            raise
        sheet.finish()


class XlsxTable(SheetTable):
    """A sheet that rows can be planted in."""

    editor = _sheet_rows
    losses = ("charts, pictures and pivot tables keep their ranges; formulas and comments are refused",)

    def addition(self, rows: Sequence[tuple[int | None, Row]]) -> dict[str, Any]:
        """What `_sheet_rows.add` takes to add rows, each before this row or at the end (None)."""
        return {**self.form, "rows": [[line, list(map(self._written, row))] for line, row in rows]}

    def _written(self, cell: Cell) -> list[str] | None:
        kind, value = held(cell)
        if len(value) > LONGEST_TEXT:
            raise UnusableInput(
                f"{self.label}: a text has more than {LONGEST_TEXT:,} characters",
                hint="a sheet holds no more",
            )
        return [kind, value] if value else None


def _is_other_document(head: bytes) -> bool:
    return b"word/" in head or b"ppt/" in head


FORMAT = Xlsx()
