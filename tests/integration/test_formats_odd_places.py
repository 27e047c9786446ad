"""What lies where readers do not look: archives that say wrong where they are, texts of workbooks beside
their cells, what a PDF says of itself."""

import gzip
import io
import zlib

import pytest

from formats_containers import zipped
from formats_data import brotli, page, web_archive
from formats_office import pdf
from taken_apart import read, source
from trapstreet.plugins.formats._stream import Limits

TEXT = b"Maria Huber\tmaria.huber@example.com\n" * 500
ARCHIVE = zipped({"a.csv": TEXT, "b/c.csv": TEXT})
END = ARCHIVE.rindex(b"PK\5\6")


def with_its_directory_at(place: int) -> bytes:
    """The archive, saying that its directory is elsewhere."""
    return ARCHIVE[: END + 16] + place.to_bytes(4, "little") + ARCHIVE[END + 20 :]


DIRECTORY = int.from_bytes(ARCHIVE[END + 16 : END + 20], "little")


@pytest.mark.parametrize("wrong", [0, 1, DIRECTORY - 7, DIRECTORY + 7, DIRECTORY + 9999, 0x7FFFFFFF])
def test_an_archive_that_says_wrong_where_its_directory_is_is_read_whole(wrong: int) -> None:
    texts, unread = read(source(with_its_directory_at(wrong), "z"))
    assert texts == {"z!/a.csv": TEXT, "z!/b/c.csv": TEXT}
    assert unread == []


LEADING = {
    "an empty line": b"\r\n",
    "headers of a server": b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nServer: x\r\n\r\n",
    "the mark of a volume": b"PK00",
    "noise": bytes(range(200)) * 20,
}


@pytest.mark.parametrize("what", LEADING)
def test_an_archive_behind_other_bytes_is_read_and_those_too(what: str) -> None:
    before = LEADING[what] + b" anna.huber@example.com "
    for behind in (b"", b"trailing@example.com"):
        texts, unread = read(source(before + ARCHIVE + behind, "z"))
        assert b"anna.huber@example.com" in texts.pop("z")
        assert texts == {"z!/a.csv": TEXT, "z!/b/c.csv": TEXT}
        assert unread == []


def test_a_text_that_only_speaks_of_archives_is_one_text() -> None:
    data = b"An archive begins with PK\3\4 and ends with PK\5\6. maria@example.com\n" * 40
    texts, unread = read(source(data, "t"))
    assert (texts, unread) == ({"t": data}, [])


def workbook(cells: int) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("List")
    for row in range(cells):
        sheet.write_row(row, 0, [f"p{row}@example.com", f"0151 {row:07}", row])
    sheet.set_header('&L&"Arial,Bold"&12head@example.com&RPage &P')
    sheet.set_footer("&Cfoot@example.com &D")
    lists = {"validate": "list", "source": ["one@example.com", "two@example.com"]}
    says = {"input_title": "Ask", "input_message": "0151 2345678", "error_message": "err@example.com"}
    sheet.data_validation("E1", lists | says)
    sheet.write_comment("A1", "note@example.com")
    book.add_worksheet("Plain").write(0, 0, "plain@example.com")
    book.close()
    return out.getvalue()


@pytest.mark.parametrize("cells", [1, 20_000])
def test_headers_footers_lists_hints_and_comments_of_a_workbook_are_texts(cells: int) -> None:
    texts, unread = read(source(workbook(cells), "x"))
    beside = texts["x!/xl/worksheets/sheet1.xml"].decode()
    for wanted in ("head@", "foot@", "one@", "two@", "err@"):
        assert f" {wanted}example.com" in beside.replace('"', " ").replace(",", " "), wanted
    assert "0151 2345678" in beside
    assert "p0@" not in beside
    assert b"note@example.com" in texts["x!/xl/comments1.xml"]
    assert texts["x!List"].count(b"@example.com") == cells
    assert texts["x!Plain"] == b"plain@example.com\n"
    assert "x!/xl/worksheets/sheet2.xml" not in texts
    assert unread == []


XMP = b"<x:xmpmeta><rdf:li>xmp@example.com</rdf:li></x:xmpmeta>"


def with_xmp(*, packed: bool) -> bytes:
    """A document that says so of itself in an object that was added to it."""
    whole = pdf([["Maria", "m@example.com"]])
    content, how = (zlib.compress(XMP), b"/Filter /FlateDecode ") if packed else (XMP, b"")
    head = b"9 0 obj\n<< /Type /Metadata /Subtype /XML %b/Length %d >>\nstream\n" % (how, len(content))
    at = whole.rindex(b"startxref")
    return whole[:at] + head + content + b"\nendstream\nendobj\n" + whole[at:]


@pytest.mark.parametrize("packed", [False, True])
def test_what_a_pdf_says_of_itself_in_xmp_is_read(packed: bool) -> None:
    data = with_xmp(packed=packed)
    assert (b"xmp@example.com" in data) != packed
    texts, unread = read(source(data, "p"))
    assert b"xmp@example.com" in texts["p"]
    assert b"m@example.com" in texts["p"]
    assert unread == []


def test_a_pdf_whose_xmp_is_damaged_is_read_all_the_same() -> None:
    whole = pdf([["Maria", "m@example.com"]])
    odd = b"\n9 0 obj << /Type /Metadata /Filter /FlateDecode >> stream\nnoise" + b"/Type/Metadata" * 2000
    texts, _ = read(source(whole[:-6] + odd + b"\n" + whole[-6:], "p"))
    assert b"m@example.com" in texts["p"]


@pytest.mark.parametrize("bomb", [True, False])
def test_a_bomb_in_several_codings_of_a_server_is_listed(bomb: bool) -> None:
    content = bytes(90 << 20) if bomb else page([["a", "b@example.com"]])
    packed = gzip.compress(brotli(gzip.compress(content, 1)))
    archive = web_archive(packed, Content_Encoding="gzip, br, gzip")
    _, unread = read(source(archive, "w"), Limits(free=8 << 20))
    assert bool(unread) == bomb
