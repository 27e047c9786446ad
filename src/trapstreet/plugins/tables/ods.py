"""ODS workbooks: one sheet is one table."""

from trapstreet.plugins.tables import Fit, Location
from trapstreet.plugins.tables._sheet import read
from trapstreet.plugins.tables._sheet_table import SheetTable

_MAGIC = b"PK\x03\x04"
_KIND = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"  # the first member, stored


class Ods:
    """A sheet of an ODS workbook: the first visible one with cells in it, or `?sheet=NAME`."""

    name = "ods"
    title = "ODS (.ods)"
    suffixes = (".ods",)
    schemes = ()

    def recognises(self, head: bytes, suffix: str) -> Fit:
        if head.startswith(_MAGIC) and head[30:].startswith(_KIND):
            return Fit.CERTAIN
        return Fit.NAMED if suffix in self.suffixes else Fit.NO

    def open(self, location: Location) -> SheetTable:
        location.only("sheet")
        return SheetTable(location, f"{__name__}:{read.__name__}")


FORMAT = Ods()
