"""Workbooks of Excel 97 to 2003: one sheet is one table."""

from trapstreet.plugins.tables import Fit, Location
from trapstreet.plugins.tables._sheet import read
from trapstreet.plugins.tables._sheet_table import SheetTable

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAM = "Workbook".encode("utf-16-le")  # named in the file's directory, which may lie anywhere


class Xls:
    """A sheet of an XLS workbook: the first visible one with cells in it, or `?sheet=NAME`."""

    name = "xls"
    title = "XLS (.xls)"
    suffixes = (".xls",)
    schemes = ()

    def recognises(self, head: bytes, suffix: str) -> Fit:
        if suffix in self.suffixes:
            return Fit.NAMED
        if not head.startswith(_MAGIC):
            return Fit.NO
        return Fit.CERTAIN if _STREAM in head else Fit.POSSIBLE

    def open(self, location: Location) -> SheetTable:
        location.only("sheet")
        return SheetTable(location, f"{__name__}:{read.__name__}")


FORMAT = Xls()
