"""What LibreOffice saves is read whole, in every format that it has in common with Microsoft Office."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from formats_office import LIBREOFFICE, Rows, flat_book, flat_text, pptx
from readers import libreoffice
from taken_apart import read, source
from trapstreet.core.model.objects import Unread
from trapstreet.plugins import formats

ENDINGS = {flat_text: "fodt", flat_book: "fods", pptx: "pptx"}
pytestmark = pytest.mark.system

FIRST, LAST = ("Maria", "Jürgen", "Łukasz", "Zoë"), ("Huber", "Muster", "Meyer")
NAMES = [f"{first} {last}" for first in FIRST for last in LAST]
ROWS = [
    [name, f"p{number}@example.com", f"0151 {2345000 + number}", f"{70000 + number}"]
    for number, name in enumerate(NAMES)
]
COMMENT = 2  # the row from the end whose address a comment holds, which LibreOffice does not print


@pytest.mark.parametrize(("kind", "flat", "inner"), LIBREOFFICE, ids=[each[0] for each in LIBREOFFICE])
def test_every_row_is_found_in_what_libreoffice_saves(
    kind: str, flat: Callable[[Rows], str | bytes], inner: str, tmp_path: Path
) -> None:
    document = tmp_path / f"list.{ENDINGS[flat]}"
    made = flat(ROWS)
    document.write_bytes(made.encode() if isinstance(made, str) else made)
    texts, unread = read(source(libreoffice(document, kind, tmp_path).read_bytes(), "d"))
    rows = ROWS[: len(ROWS) // 2] if flat is pptx else ROWS  # the notes' master is missing in what is opened
    lost = [row[1] for row in rows if row[1] not in texts["d" + inner].decode()]
    assert lost == ([ROWS[-COMMENT][1]] if kind == "pdf" else [])
    assert unread == []


@pytest.mark.parametrize(("kind", "flat"), [("doc", flat_text), ("xls", flat_book), ("ppt", pptx)])
def test_an_old_document_damaged_anywhere_ends_and_raises_nothing(
    kind: str, flat: Callable[[Rows], str | bytes], tmp_path: Path
) -> None:
    document = tmp_path / f"list.{ENDINGS[flat]}"
    made = flat(ROWS)
    document.write_bytes(made.encode() if isinstance(made, str) else made)
    whole = libreoffice(document, kind, tmp_path).read_bytes()
    chance = random.Random(11)
    for number in range(40):
        damaged = bytearray(whole[: chance.randrange(len(whole))] if number % 8 == 7 else whole)
        for _ in range(chance.choice([1, 3, 20, 200])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        for found in formats.read(source(bytes(damaged), "d")):
            if isinstance(found, Unread):
                assert found.why.isprintable()
                assert "example" not in found.why
            else:
                assert sum(map(len, found.chunks)) < 64 << 20


def test_comments_and_headers_of_an_old_workbook_are_read(tmp_path: Path) -> None:
    import openpyxl
    from openpyxl.comments import Comment

    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["A1"].comment = "cell", Comment("p1@example.com", "me")
    sheet.oddHeader.center.text = "p2@example.com"
    book.save(tmp_path / "list.xlsx")
    texts, unread = read(source(libreoffice(tmp_path / "list.xlsx", "xls", tmp_path).read_bytes(), "d"))
    assert all(
        any(mail in text for text in texts.values()) for mail in (b"p1@example.com", b"p2@example.com")
    )
    assert unread == []
