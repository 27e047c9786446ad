"""XLSX workbooks: what a spreadsheet makes of a table, and what it must not make of it."""

import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from openpyxl.styles import Font

from trapstreet.core.model.errors import PluginFailed, UnusableInput
from trapstreet.core.model.table import Batch, Row
from trapstreet.plugins.tables import Table, create_table, open_table

MOMENT = datetime(2021, 3, 4, 15, 30)  # noqa: DTZ001


@pytest.fixture
def workbook(tmp_path: Path) -> str:
    """The customers' sheet is behind an empty and a hidden one, with empty rows above and between."""
    book = openpyxl.Workbook()
    book.create_sheet("Alt").append(["hidden"])
    book["Alt"].sheet_state = "hidden"
    sheet = book.create_sheet("Kunden")
    sheet.append([])
    sheet.append(["Nr", "Name", "Seit", "Umsatz", "Um", "Zuletzt", "Aktiv"])
    for cell in sheet[2]:
        cell.font = Font(bold=True)
    for number, name in ((7, "=1+1"), (8, "Jörg")):
        sheet.append([number, None, date(2020, 2, 29), Decimal("1234.5"), time(9, 30), MOMENT, True])
        sheet.cell(sheet.max_row, 2).value = name
        sheet.cell(sheet.max_row, 2).data_type = "s"
        for column, code in ((3, "DD.MM.YYYY"), (4, "#,##0.00 €"), (5, "hh:mm"), (6, "DD.MM.YYYY hh:mm")):
            sheet.cell(sheet.max_row, column).number_format = code
        sheet.append([])
    sheet.column_dimensions["B"].width = 31
    path = tmp_path / "crm.xlsx"
    book.save(path)
    return str(path)


def _rows(table: Table) -> list[Row]:
    return [row for batch in table.batches() for row in batch.rows]


def _copy(table: Table, out: Path, extra: Row | None = None) -> openpyxl.Workbook:
    with create_table(out, like=table) as writer:
        for batch in table.batches():
            writer.write(batch)
        if extra is not None:
            writer.write(Batch([extra], [0]))
    return openpyxl.load_workbook(out)


def test_the_first_visible_sheet_with_cells_is_the_table_and_its_cells_keep_their_types(
    workbook: str,
) -> None:
    table = open_table(workbook)
    assert table.columns == ("Nr", "Name", "Seit", "Umsatz", "Um", "Zuletzt", "Aktiv")
    (batch,) = table.batches()
    assert batch.rows == [
        (7, "=1+1", date(2020, 2, 29), 1234.5, time(9, 30), MOMENT, True),
        (8, "Jörg", date(2020, 2, 29), 1234.5, time(9, 30), MOMENT, True),
    ]
    assert list(batch.lines) == [3, 5]


def test_a_sheet_can_be_named(workbook: str) -> None:
    table = open_table(f"{workbook}?sheet=Alt")
    assert (table.columns, table.label) == (("hidden",), f"{workbook}?sheet=Alt")
    with pytest.raises(UnusableInput, match=r"no such sheet.*Kunden"):
        open_table(f"{workbook}?sheet=Kundn")


def test_a_copy_keeps_sheet_name_formats_widths_and_header(workbook: str, tmp_path: Path) -> None:
    table = open_table(workbook)
    new: Row = (9, "=cmd|' /C calc'!A0", date(1999, 1, 2), Decimal("2.5"), time(1), MOMENT, None)
    copy = _copy(table, tmp_path / "out.xlsx", new)
    (sheet,) = copy.worksheets
    assert sheet.title == "Kunden"
    assert sheet["B1"].font.bold
    assert sheet.column_dimensions["B"].width == pytest.approx(31, abs=1)
    for row in (2, 3, 4):
        assert sheet.cell(row, 3).number_format == "DD.MM.YYYY"
        assert sheet.cell(row, 4).number_format == "#,##0.00 €"
        assert sheet.cell(row, 6).number_format == "DD.MM.YYYY hh:mm"
    assert sheet["C4"].value == datetime(1999, 1, 2)  # noqa: DTZ001
    assert [sheet.cell(row, 2).data_type for row in (2, 3, 4)] == ["s", "s", "s"]
    assert _rows(open_table(str(tmp_path / "out.xlsx"))) == [*_rows(table), (*new[:3], 2.5, *new[4:])]


def test_what_a_sheet_cannot_hold_as_a_number_is_text(tmp_path: Path) -> None:
    rows: list[Row] = [
        (
            353155501990123456,
            Decimal("0.12345678901234567890"),
            float("nan"),
            date(1800, 1, 1),
            b"\x01",
            UUID(int=5),
            "007",
        )
    ]
    (tmp_path / "seed.csv").write_text("a,b,c,d,e,f,g\n")
    like = open_table(str(tmp_path / "seed.csv"))
    with create_table(tmp_path / "out.xlsx", like=like) as writer:
        writer.write(Batch(rows, [1]))
    assert _rows(open_table(str(tmp_path / "out.xlsx"))) == [
        (
            "353155501990123456",
            "0.12345678901234567890",
            "nan",
            "1800-01-01",
            "01",
            "00000000-0000-0000-0000-000000000005",
            "007",
        )
    ]


def test_a_text_longer_than_a_cell_is_refused_and_named_by_its_column(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text(f"id,note\n1,{'x' * 40_000}\n")
    with pytest.raises(UnusableInput, match="column 'note'"):
        _copy(open_table(str(tmp_path / "long.csv")), tmp_path / "out.xlsx")
    assert not (tmp_path / "out.xlsx").exists()


def test_a_row_beyond_the_header_is_rejected_with_its_line(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["id", "name"], [1, "a"], [2, "b", "stray"], [3]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "stray.xlsx")
    (batch,) = open_table(str(tmp_path / "stray.xlsx")).batches()
    assert [(r.line, r.why) for r in batch.rejected] == [(3, "3 cells instead of 2")]
    assert batch.rows == [(1, "a"), (3, None)]


NO_WORKBOOK = {
    "text": (b"id,name\n1,Bob\n", "not a zip archive"),
    "old or encrypted": (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512, "not a zip archive"),
    "cut short": (None, "no readable workbook"),
}


@pytest.mark.parametrize("fault", NO_WORKBOOK)
def test_what_is_no_workbook_is_refused_in_one_line(fault: str, workbook: str, tmp_path: Path) -> None:
    content, why = NO_WORKBOOK[fault]
    path = tmp_path / "bad.xlsx"
    path.write_bytes(Path(workbook).read_bytes()[:3000] if content is None else content)
    with pytest.raises(UnusableInput, match=why) as caught:
        open_table(str(path))
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_zip_that_is_no_workbook_is_no_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "notes.zip", "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(UnusableInput, match="no table"):
        open_table(str(tmp_path / "notes.zip"))


def test_a_file_made_to_kill_its_reader_kills_nobody_else(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "corner.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "id")
        sheet.write_string(1_048_575, 16_383, "far")
    assert path.stat().st_size < 10_000
    with pytest.raises(PluginFailed, match="xlsx parser"):
        open_table(str(path))


@pytest.mark.parametrize("rows", [[], [["id", "", "name"], [1, 2, 3]], [["a@b.ie", "x"], [1, 2]]])
def test_a_sheet_without_a_header_is_no_table(rows: list[list[object]], tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(tmp_path / "bad.xlsx")
    with pytest.raises(UnusableInput) as caught:
        open_table(str(tmp_path / "bad.xlsx"))
    assert "a@b.ie" not in str(caught.value)
