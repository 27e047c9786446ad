"""Pictures of text and scanned pages are read where that is asked for, and only there."""

import io

import pytest

from formats_office import pdf
from readers import needs
from taken_apart import read, source
from trapstreet.core.model.objects import Unread
from trapstreet.plugins.formats._stream import Limits

pytestmark = pytest.mark.system

ROWS = [["Maria Huber", f"person{n}@example.com", f"0151 234500{n}", f"7000{n}"] for n in range(8)]
OCR = Limits(ocr=True)


def scanned(kind: str) -> bytes:
    """A page as a scanner at 200 dpi saves it."""
    import pypdfium2

    with pypdfium2.PdfDocument(pdf(ROWS)) as document:
        picture = document[0].render(scale=200 / 72).to_pil().convert("L")
    out = io.BytesIO()
    picture.save(out, kind, resolution=200)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "inner"), [("png", "!picture"), ("tiff", "!picture"), ("pdf", "")])
def test_a_scanned_page_is_read(kind: str, inner: str) -> None:
    needs("tesseract")
    texts, unread = read(source(scanned(kind), "d"), OCR)
    text = texts["d" + inner].decode()
    assert [row[1] for row in ROWS if row[1] not in text or row[2] not in text] == []
    assert unread == []


def test_a_scanned_page_is_listed_where_ocr_is_not_asked_for() -> None:
    _, unread = read(source(scanned("pdf"), "d"))
    assert unread == [Unread("d", "page 1 of 1 is an image: read by OCR with --ocr")]


def test_a_damaged_picture_is_listed_and_its_plain_text_read() -> None:
    needs("tesseract")
    for head in (b"\x89PNG\r\n\x1a\n" + bytes(40), scanned("png")[:400], scanned("tiff")[:99]):
        texts, unread = read(source(head + b" maria@example.com ", "d"), OCR)
        assert b"maria@example.com" in texts["d"]
        assert unread == [Unread("d", "a picture that is damaged or too large")]


def test_a_text_that_begins_like_a_picture_is_a_text() -> None:
    assert read(source(b"BMW,maria@example.com\n", "d"), OCR) == ({"d": b"BMW,maria@example.com\n"}, [])
