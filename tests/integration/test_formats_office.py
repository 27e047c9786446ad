"""Office documents: every planted record comes out, and no document harms the reading of the next."""

import http.server
import io
import random
import re
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from formats_office import (
    SAMPLES,
    Make,
    W,
    docx,
    odf,
    packed,
    paragraph,
    pdf,
    rtf,
    xlsx,
)
from taken_apart import read, source
from trapstreet.core.model.objects import Unread
from trapstreet.plugins import formats
from trapstreet.plugins.formats._stream import Limits

NAMES = [
    f"{first} {last}"
    for first in ("Maria", "Jürgen", "Zoë", "Ann & Bob", "Karl <K>")
    for last in ("Huber", "Muster", "Groß", "Meyer")
]
ROWS = [
    [name, f"person{number}@example.com", f"0151 {2345000 + number}", f"{70000 + number}"]
    for number, name in enumerate(NAMES)
]
BY_NAME = {name: (make, inner) for name, make, inner in SAMPLES}
NEAR = 120
LINK = "mailto:link@example.com"


def lost(text: bytes, rows: list[list[str]] = ROWS) -> list[str]:
    """The addresses of the rows whose cells are not all found near each other."""
    written = text.decode()
    missing = []
    for row in rows:
        places = (match.start() for match in re.finditer(re.escape(row[1]), written))
        around = (written[max(0, at - NEAR) : at + NEAR] for at in places)
        if not any(all(cell in window for cell in row) for window in around):
            missing.append(row[1])
    return missing


@pytest.mark.parametrize(("make", "inner"), [s[1:] for s in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_every_planted_row_is_found_with_its_cells_beside_each_other(make: Make, inner: str) -> None:
    texts, unread = read(source(make(ROWS), "d"))
    assert lost(texts["d" + inner]) == []
    assert unread == []


@pytest.mark.parametrize("make", [s[1] for s in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_a_truncated_document_is_read_or_listed_and_its_neighbour_is_read(make: Make) -> None:
    whole = make(ROWS)
    for share in (0.1, 0.5, 0.9, 0.99):
        cut = whole[: int(len(whole) * share)]
        texts, unread = everything(packed({"cut": cut, "good.docx": BY_NAME["docx"][0](ROWS)}), "z")
        assert lost(texts["z!/good.docx"]) == []
        assert unread or lost(b"\n".join(texts.values())) == []
        assert all(each.path.startswith("z!/cut") for each in unread)


@pytest.mark.parametrize("make", [s[1] for s in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_a_document_damaged_anywhere_ends_and_raises_nothing(make: Make) -> None:
    chance = random.Random(7)
    whole = make(ROWS[:4])
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 1, 3, 20])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        _, unread = everything(bytes(damaged), "d")
        assert all(each.why.isprintable() and "Huber" not in each.why for each in unread)


def everything(data: bytes, path: str) -> tuple[dict[str, bytes], list[Unread]]:
    """As `read`, but what is left of a damaged document may come under the path of what was read of it."""
    texts: dict[str, bytes] = {}
    unread = []
    for found in formats.read(source(data, path)):
        if isinstance(found, Unread):
            unread.append(found)
        else:
            texts[found.path] = texts.get(found.path, b"") + b"".join(found.chunks)
    return texts, unread


# ---- what stands elsewhere than in the text


def test_a_word_documents_header_notes_comments_links_and_deletions_are_read() -> None:
    link = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
        'Id="r" Type="http://schemas.example/hyperlink" Target="mailto:link@example.com"/></Relationships>'
    )
    changed = (
        '<w:p><w:r><w:t>0151 </w:t></w:r><w:del w:id="1" w:author="editor@example.com"><w:r><w:delText>'
        "old@example.com</w:delText></w:r></w:del><w:ins><w:r><w:t>2345678</w:t></w:r></w:ins></w:p>"
    )
    box = f'<w:p><w:r><w:drawing descr="alt@example.com"><w:txbxContent>{paragraph("box@", "example.com")}'
    data = docx(
        changed + box + "</w:txbxContent></w:drawing></w:r></w:p>",
        word__header1_xml=f"<w:hdr {W}>{paragraph('header@', 'example.com')}</w:hdr>",
        word__footer1_xml=f"<w:ftr {W}>{paragraph('footer@', 'example.com')}</w:ftr>",
        word__footnotes_xml=f"<w:footnotes {W}>{paragraph('foot', 'note@example.com')}</w:footnotes>",
        word__comments_xml=f"<w:comments {W}>{paragraph('comment@', 'example.com')}</w:comments>",
        word___rels__document_xml_rels=link,
    )
    texts, unread = read(source(data, "d"))
    text = texts["d"].decode()
    for name in "old editor alt box header footer footnote comment link".split():
        assert f"{name}@example.com" in text, name
    assert "0151 2345678" in text
    assert unread == []


def test_a_document_whose_xml_is_printed_in_lines_is_read_as_if_it_were_not() -> None:
    body = paragraph("01", "51 23", "45678").replace("><", ">\n    <")
    texts, _ = read(source(docx(body), "d"))
    assert "0151 2345678" in texts["d"].decode()


def test_a_workbook_inside_a_document_is_read_as_a_workbook() -> None:
    data = docx(paragraph("see below"), word__embeddings__sheet_xlsx=xlsx(ROWS))
    texts, unread = read(source(data, "d"))
    assert lost(texts["d!/word/embeddings/sheet.xlsx!Kunden & Co"]) == []
    assert unread == []


def test_the_values_and_comments_of_an_opendocument_sheet_are_read() -> None:
    cells = (
        '<table:table-row><table:table-cell office:value-type="float" office:value="491512345678">'
        "<text:p>4,915E11</text:p><office:annotation><text:p>maria@example.com</text:p></office:annotation>"
        "</table:table-cell></table:table-row>"
    )
    sheets = f'<table:table table:name="A">{cells}</table:table><table:table table:name="B"/>'
    texts, unread = read(source(odf("spreadsheet", sheets, meta_xml="<x>Author</x>"), "d"))
    assert {"d!A", "d!B", "d"} <= set(texts)
    assert "491512345678" in texts["d!A"].decode()
    assert "maria@example.com" in texts["d!A"].decode()
    assert "Author" in texts["d"].decode()
    assert unread == []


def test_a_page_is_read_as_it_is_written_and_as_it_is_shown() -> None:
    page = (
        '<html><p data-id="10423">M&uuml;ller <b>01</b>51<i> 234</i></p><!-- hidden@example.com -->'
        '<a href="mailto:link@example.com">x</a><script>if (a<b && c>d) mail = "script@example.com"</script>'
    )
    texts, _ = read(source(page.encode(), "p"))
    text = texts["p"].decode()
    for wanted in (
        "10423",
        "Müller 0151 234",
        "hidden@example.com",
        "link@example.com",
        "script@example.com",
    ):
        assert wanted in text


def test_a_page_is_read_in_the_encoding_that_it_declares() -> None:
    page = '<html><meta charset="windows-1251"><p>Иван <b>Пет</b>ров</p>'.encode("cp1251")
    texts, _ = read(source(page, "p"))
    assert "Иван Петров" in texts["p"].decode()


@pytest.mark.slow
def test_no_field_is_lost_where_a_long_page_is_cut() -> None:
    make, _ = BY_NAME["html"]
    many = [[f"Maria Huber{n}", f"m{n}@example.com", f"0151 {n:07}", f"{n:08}"] for n in range(40_000)]
    texts, _ = read(source(make(many), "p"))
    text = texts["p"].decode()
    assert len(text) > 4 << 20
    shown = set(re.findall(r"\tm(\d+)@example.com\t", text))
    assert len(shown) == len(many)


def test_rtf_of_other_alphabets_and_what_is_not_shown() -> None:
    data = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset238 B;}{\f2\fcharset204 C;}}"
        rb"{\info{\author author@example.com}}{\colortbl;\red0;}"
        rb"{\f1 \'a3ukasz}\par{\f2 \'c8\'e2\'e0\'ed}\par"
        rb"\u1048?\u1074?\uc2\u1072??\u1085?? {\*\bkmkstart x}0151 {\b 23}45"
        rb"{\field{\*\fldinst HYPERLINK \"mailto:link@example.com\"}{\fldrslt here}}{\*\odd odd@example.com}"
        rb"{\pict 0011}\bin4 }}}}{\annotation note@example.com}}"
    )
    texts, unread = read(source(data, "r"))
    text = texts["r"].decode()
    for wanted in ("Łukasz\nИван\nИван 0151 2345", "author@", "link@example.com", "odd@example.com", "note@"):
        assert wanted in text
    assert "0011" not in text
    assert unread == []


def test_a_file_inside_an_rtf_document_is_read() -> None:
    inside = packed({"list.csv": "maria@example.com"}).hex().encode()
    data = b"{\\rtf1 {\\object{\\*\\objdata 01050000\n02000000" + inside + b"}}after}"
    texts, unread = read(source(data, "r"))
    assert texts["r!/object1!/list.csv"] == b"maria@example.com"
    assert (b"after" in texts["r"], unread) == (True, [])


def test_links_notes_fields_properties_and_files_of_a_pdf_are_read() -> None:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(ROWS))) as document:
        annotations = [
            pikepdf.Dictionary(Type=pikepdf.Name.Annot, Rect=[0, 0, 9, 9], **each)
            for each in (
                {"Subtype": pikepdf.Name.Link, "A": pikepdf.Dictionary(S=pikepdf.Name.URI, URI=LINK)},
                {"Subtype": pikepdf.Name.Text, "Contents": "Zoë note@example.com"},
                {"Subtype": pikepdf.Name.Widget, "FT": pikepdf.Name.Tx, "T": "phone", "V": "0151 2345678"},
            )
        ]
        document.pages[0].Annots = pikepdf.Array(list(map(document.make_indirect, annotations)))
        document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([document.pages[0].Annots[2]]))
        document.docinfo["/Author"] = "author@example.com"
        document.attachments["list.xlsx"] = xlsx(ROWS)
        document.save(out)
    texts, unread = read(source(out.getvalue(), "p"))
    text = texts["p"].decode()
    for wanted in ("link@example.com", "Zoë note@example.com", "0151 2345678", "author@example.com"):
        assert wanted in text
    assert lost(texts["p!/list.xlsx!Kunden & Co"]) == []
    assert unread == []


def test_an_address_that_is_wrapped_in_a_narrow_cell_of_a_pdf_is_whole() -> None:
    for rows in ([["maria.huber@example.c"], ["om"]], [["maria.huber@"], ["example.com"]]):
        texts, _ = read(source(pdf(rows), "p"))
        assert "maria.huber@example.com" in texts["p"].decode()
    texts, _ = read(source(pdf([["maria.huber@example.com"], ["0151"]]), "p"))
    assert re.search(r"maria.huber@example.com\s+0151", texts["p"].decode())


# ---- encrypted


def encrypted_pdf() -> bytes:
    import pikepdf

    return pdf(ROWS, encryption=pikepdf.Encryption(user="five words", owner="five words", R=6))


def encrypted_xlsx() -> bytes:
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(xlsx(ROWS))).encrypt("five words", out)
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(("make", "inner"), [(encrypted_pdf, ""), (encrypted_xlsx, "!Kunden & Co")])
def test_an_encrypted_document_is_listed_unless_a_password_opens_it(make: Make, inner: str) -> None:
    data = make()  # type: ignore[call-arg]
    assert read(source(data, "e")) == ({}, [Unread("e", "encrypted: give --password-file")])
    assert read(source(data, "e"), passwords=("wrong",)) == (
        {},
        [Unread("e", "encrypted: the password does not fit")],
    )
    texts, unread = read(source(data, "e"), passwords=("wrong", "five words"))
    assert lost(texts["e" + inner]) == []
    assert unread == []


# ---- attacks


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    """The address of a server on loopback, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


LAUGHS = '<!DOCTYPE w [<!ENTITY a "lol@example.com">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip


MAIN_PARTS = {
    "docx": "word/document.xml",
    "pptx": "ppt/slides/slide1.xml",
    "odt": "content.xml",
    "ods": "content.xml",
    "xlsx": "xl/worksheets/sheet1.xml",
}


def test_no_entity_of_a_documents_own_is_expanded_or_fetched(
    web: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = web
    secret = tmp_path / "secret"
    secret.write_text("secret@example.com")
    attack = LAUGHS.replace("]>", f'<!ENTITY f SYSTEM "{secret.as_uri()}"><!ENTITY h SYSTEM "{address}/x">]>')
    for prolog in (attack, f'<!DOCTYPE w SYSTEM "{address}/dtd">'):
        for name, main in MAIN_PARTS.items():
            with zipfile.ZipFile(io.BytesIO(BY_NAME[name][0](ROWS))) as good:
                parts: dict[str, str | bytes] = {part: good.read(part) for part in good.namelist()}
            parts[main] = re.sub(rb"^(<\?xml[^>]*>\s*)?(<[^>]*>)", rb"\1PROLOG\2&i;&f;&h;", parts[main])  # type: ignore[type-var]
            parts[main] = parts[main].replace(b"PROLOG", prolog.encode())  # type: ignore[union-attr, arg-type]
            bad = packed(parts, first="mimetype")
            texts, unread = everything(packed({"bad": bad, "good.rtf": rtf(ROWS)}), "z")
            found = b"".join(text for path, text in texts.items() if path.startswith("z!/bad"))
            assert b"person1@example.com" in found, name
            assert b"secret@" not in found
            assert len(found) < 20_000 + sum(map(len, parts.values()))
            assert lost(texts["z!/good.rtf"]) == []
            assert all(each.path == "z!/bad" for each in unread)
    assert asked == []


@pytest.mark.slow
def test_a_document_that_unpacks_to_400_times_its_size_is_listed_and_its_neighbour_read() -> None:
    bomb = docx(paragraph("x") * 1_000_000)
    noise = random.Random(1).randbytes(200_000)
    data = packed({"bad.docx": bomb, "noise": noise, "good.docx": BY_NAME["docx"][0](ROWS)})
    texts, unread = read(source(data, "z"), Limits(free=8 << 20, ratio=20))
    assert [each.path for each in unread] == ["z!/bad.docx!/word/document.xml"]
    assert "stopped after" in unread[0].why
    assert lost(texts["z!/good.docx"]) == []


def test_two_cells_a_million_rows_apart_and_a_sheet_of_repeated_cells_harm_nobody() -> None:
    far = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>far@example.com</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>end</t></is></c></row>'
        "</sheetData></worksheet>"
    )
    with zipfile.ZipFile(io.BytesIO(xlsx(ROWS))) as good:
        parts: dict[str, str | bytes] = {name: good.read(name) for name in good.namelist()}
    repeated = (
        '<table:table table:name="A"><table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384"><text:p>rep@example.com</text:p></table:table-cell>'
        "</table:table-row></table:table>"
    )
    data = packed(
        {
            "bad.xlsx": packed(parts | {"xl/worksheets/sheet1.xml": far}),
            "bad.ods": odf("spreadsheet", repeated),
            "good.ods": BY_NAME["ods"][0](ROWS),
        }
    )
    texts, unread = read(source(data, "z"))
    assert [each.path for each in unread] == ["z!/bad.xlsx"]
    assert b"far@example.com" in texts["z!/bad.xlsx!/xl/worksheets/sheet1.xml"]
    assert texts["z!/bad.ods!A"].count(b"rep@example.com") == 1
    assert lost(texts["z!/good.ods!Kunden & Co"]) == []


def test_a_sheet_of_16384_columns_is_read_to_its_last() -> None:
    wide = [f"c{number}@example.com" for number in range(16_384)]
    texts, unread = read(source(xlsx([wide, wide]), "w"))
    assert texts["w!Kunden & Co"].decode() == ("\t".join(wide) + "\n") * 2
    assert unread == []


def test_a_row_of_100000_columns_is_read_to_its_last_though_no_program_writes_so_many() -> None:
    cells = "".join(
        f'<c t="inlineStr"><is><t>c{number}@example.com</t></is></c>' for number in range(100_000)
    )
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f'<row r="1">{cells}</row></sheetData></worksheet>'
    )
    with zipfile.ZipFile(io.BytesIO(xlsx(ROWS))) as good:
        parts: dict[str, str | bytes] = {name: good.read(name) for name in good.namelist()}
    texts, unread = read(source(packed(parts | {"xl/worksheets/sheet1.xml": sheet}), "w"))
    assert texts["w!Kunden & Co"].count(b"@example.com") == 100_000
    assert unread == []


@pytest.mark.slow
def test_tags_without_an_end_and_groups_without_a_bottom_take_linear_time() -> None:
    for evil in (
        b"<html>" + b"<" * 3_000_000,
        b"<html>" + b"<a " * 1_000_000,
        b"<html>" + b'<p a="' * 500_000,
        b"<html>" + b"&" * 3_000_000,
        b"{\\rtf1" + b"{" * 500_000,
        b"{\\rtf1" + b"{\\*\\objdata " * 50_000,
        docx("<w:p " * 500_000),
        docx("<w:delText>" * 200_000),
    ):
        began = time.process_time()
        texts, _ = read(source(evil, "e"))
        assert time.process_time() - began < 60
        assert sum(map(len, texts.values())) < 40 << 20


def pictures(count: int, text: str = "") -> bytes:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(ROWS))) as document:
        sheet = document.add_blank_page(page_size=(595, 842))
        pixel = document.make_stream(
            b"\0" * 3, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=1, Height=1,
            ColorSpace=pikepdf.Name.DeviceRGB, BitsPerComponent=8,
        )  # fmt: skip
        names = [f"/I{number}" for number in range(count)]
        sheet.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(dict.fromkeys(names, pixel)))
        sheet.Contents = document.make_stream(
            "\n".join(f"{name} Do" for name in names).encode() + text.encode()
        )
        document.save(out)
    return out.getvalue()


def test_a_page_of_2487_pictures_is_one_page_that_only_ocr_reads() -> None:
    texts, unread = read(source(pictures(2487), "p"))
    assert lost(texts["p"]) == []
    assert unread == [Unread("p", "page 2 of 2 is an image: read by OCR with --ocr", partly=True)]


def test_a_pdf_that_is_no_pdf_is_listed_and_its_plain_text_found() -> None:
    texts, [unread] = read(source(b"%PDF-1.7 \0 maria@example.com", "p"))
    assert b"maria@example.com" in texts["p"]
    assert "damaged" in unread.why


def test_an_old_document_with_a_damaged_directory_is_listed_and_its_plain_text_found() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HH", 0x3E, 3) + b"\xff" * 600
    texts, [unread] = read(source(data + b" maria@example.com " + bytes(600), "o"))
    assert b"maria@example.com" in texts["o"]
    assert unread.partly
