"""Workbooks of long cells."""

import io

import openpyxl

from taken_apart import read, source


def test_2100_rows_of_9000_characters_are_read_as_rows() -> None:
    book, out = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet("S")
    for number in range(2100):
        sheet.append([f"maria{number}@example.com", "x" * 9000])
    book.save(out)
    texts, unread = read(source(out.getvalue(), "d"))
    assert texts["d!S"].count(b"@example.com\t") == 2100
    assert unread == []
