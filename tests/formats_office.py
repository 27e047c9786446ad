"""Office documents around rows of cells.

`SAMPLES` are written as the standards say, by openpyxl or by qpdf, and need no program; `LIBREOFFICE` says
what LibreOffice makes of `flat_text` and `flat_book`.
"""

import html
import io
import struct
import zipfile
from collections.abc import Callable

Rows = list[list[str]]
Make = Callable[[Rows], bytes]

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org"
PACKAGE, RELATIONS = f"{OFFICE}/package/2006", f"{OFFICE}/officeDocument/2006/relationships"
P = (
    f'xmlns:p="{OFFICE}/presentationml/2006/main" xmlns:a="{OFFICE}/drawingml/2006/main"'
    f' xmlns:r="{RELATIONS}"'
)
ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "draw", "style", "meta")
)
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def packed(members: dict[str, str | bytes], *, first: str = "") -> bytes:
    """A ZIP archive; `first` is stored, as OpenDocument wants its type."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == first else None)
    return out.getvalue()


def in_rows(rows: Rows, cell: Callable[[str], str], element: str) -> str:
    return "".join(f"<{element}>{''.join(map(cell, row))}</{element}>" for row in rows)


def paragraph(*runs: str) -> str:
    """Of Word, each run with properties of its own, as spelling and revisions leave them."""
    return "<w:p>" + "".join(
        f'<w:r w:rsidR="00A{number}"><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">{html.escape(run)}</w:t>'
        '</w:r><w:proofErr w:type="spellStart"/>'
        for number, run in enumerate(runs)
    ) + "</w:p>"  # fmt: skip


def word_table(rows: Rows) -> str:
    def cell(text: str) -> str:
        return f"<w:tc><w:tcPr/>{paragraph(text[:3], text[3:])}</w:tc>"

    return f"<w:tbl>{in_rows(rows, cell, 'w:tr')}</w:tbl>"


def docx(body: str, **parts: str | bytes) -> bytes:
    """A Word document; parts by their name with "__" for "/" and "_" for ".": word__header1_xml."""
    named = {name.replace("__", "/").replace("_", "."): content for name, content in parts.items()}
    document = f"{XML}<w:document {W}><w:body>{body}</w:body></w:document>"
    types = f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return packed({"[Content_Types].xml": types, "word/document.xml": document, **named})


def pptx(rows: Rows) -> bytes:
    """A presentation of one slide, half of the rows in its notes."""
    half = len(rows) // 2
    slide, notes = "ppt/slides/slide1.xml", "ppt/notesSlides/notesSlide1.xml"
    overrides = {"presentation": "ppt/presentation.xml", "slide": slide, "notesSlide": notes}
    main = "application/vnd.openxmlformats-officedocument.presentationml"
    types = "".join(
        f'<Override PartName="/{part}" ContentType="{main}.{kind}{".main" * (kind == "presentation")}+xml"/>'
        for kind, part in overrides.items()
    )
    defaults = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    )
    return packed(
        {
            "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">{defaults}{types}</Types>',
            "_rels/.rels": relations(officeDocument="ppt/presentation.xml"),
            "ppt/presentation.xml": f"{XML}<p:presentation {P}><p:sldIdLst><p:sldId id='256' r:id='r1'/>"
            "</p:sldIdLst><p:sldSz cx='9144000' cy='6858000'/></p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(slide="slides/slide1.xml"),
            slide: f"{XML}<p:sld {P}>{_box(rows[:half])}</p:sld>",
            notes: f"{XML}<p:notes {P}>{_box(rows[half:])}</p:notes>",
        }
    )


def relations(**targets: str) -> str:
    each = "".join(
        f'<Relationship Id="r{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items(), start=1)
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{each}</Relationships>'


def _box(rows: Rows) -> str:
    def line(row: list[str]) -> str:
        text = " ".join(row)
        runs = "".join(f"<a:r><a:t>{html.escape(t)}</a:t></a:r>" for t in (text[:3], text[3:]))
        return f"<a:p>{runs}</a:p>"

    return (
        '<p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
        '<p:grpSpPr/><p:sp><p:nvSpPr><p:cNvPr id="2" name="t"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr>'
        '<a:xfrm><a:off x="0" y="0"/><a:ext cx="9000000" cy="5000000"/></a:xfrm><a:prstGeom prst="rect"/>'
        f"</p:spPr><p:txBody><a:bodyPr/>{''.join(map(line, rows))}</p:txBody></p:sp></p:spTree></p:cSld>"
    )


def odf_rows(rows: Rows) -> str:
    def cell(text: str) -> str:
        first, rest = html.escape(text[:3]), html.escape(text[3:])
        return f"<table:table-cell><text:p><text:span>{first}</text:span>{rest}</text:p></table:table-cell>"

    return in_rows(rows, cell, "table:table-row")


def odf(kind: str, body: str, **parts: str) -> bytes:
    """An OpenDocument file of a kind: "text", "spreadsheet", "presentation"."""
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    content = (
        f"{XML}<office:document-content {ODF} {DC}><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )
    named = {name.replace("_", "."): part for name, part in parts.items()}
    manifest = {"META-INF/manifest.xml": "<manifest:manifest/>"}
    return packed({"mimetype": mimetype, "content.xml": content, **manifest, **named}, first="mimetype")


def odt(rows: Rows) -> bytes:
    return odf("text", f"<table:table table:name='T'>{odf_rows(rows)}</table:table>")


def ods(rows: Rows) -> bytes:
    return odf("spreadsheet", f'<table:table table:name="Kunden &amp; Co">{odf_rows(rows)}</table:table>')


def xlsx(rows: Rows) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "Kunden & Co"
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsb(rows: Rows) -> bytes:
    """A binary workbook of texts ([MS-XLSB] 2.1.4, 2.4)."""

    def number(value: int) -> bytes:
        out = b""
        while value > 0x7F:
            out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
        return out + bytes([value])

    def record(kind: int, form: str = "", *fields: int, texts: tuple[str, ...] = ()) -> bytes:
        body = struct.pack("<" + form, *fields)
        body += b"".join(struct.pack("<I", len(text)) + text.encode("utf-16-le") for text in texts)
        return number(kind) + number(len(body)) + body

    cells = b"".join(
        record(0, "2IH3x3I", line, 0, 300, 1, 0, len(row) - 1)
        + b"".join(record(6, "2I", column, 0, texts=(cell,)) for column, cell in enumerate(row))
        for line, row in enumerate(rows)
    )
    size = 0, len(rows) - 1, 0, len(rows[0]) - 1
    sheet = record(0x81) + record(0x94, "4I", *size) + record(0x91) + cells + record(0x92) + record(0x82)
    sheets = record(0x8F) + record(0x9C, "2I", 0, 1, texts=("r1", "Kunden & Co")) + record(0x90)
    kind = "application/vnd.ms-excel"
    types = (
        f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels"'
        f' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.bin" ContentType="{kind}.sheet.binary.macroEnabled.main"/>'
        f'<Override PartName="/xl/worksheets/sheet1.bin" ContentType="{kind}.worksheet"/></Types>'
    )
    return packed(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": relations(officeDocument="xl/workbook.bin"),
            "xl/workbook.bin": record(0x83) + sheets + record(0x84),
            "xl/_rels/workbook.bin.rels": relations(worksheet="worksheets/sheet1.bin"),
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def rtf(rows: Rows) -> bytes:
    def cell(text: str) -> str:
        return "{\\b " + rtf_text(text[:3]) + "}" + rtf_text(text[3:]) + "\\cell "

    body = "".join(f"\\trowd {''.join(map(cell, row))}\\row\n" for row in rows)
    return f"{{\\rtf1\\ansi\\ansicpg1252\\uc1{{\\fonttbl{{\\f0 Arial;}}}}{body}}}".encode("ascii")


def rtf_text(text: str) -> str:
    def written(character: str) -> str:
        if character in "\\{}":
            return "\\" + character
        if character.isascii():
            return character
        try:
            return f"\\'{character.encode('cp1252')[0]:02x}"
        except UnicodeEncodeError:
            return f"\\u{ord(character)}?"

    return "".join(map(written, text))


def page(rows: Rows) -> bytes:
    def cell(text: str) -> str:
        return f"<td class=x><b>{html.escape(text[:3])}</b>{html.escape(text[3:])}</td>"

    body = in_rows(rows, cell, "tr")
    return f"<!DOCTYPE html><html><body><table>{body}</table></body></html>".encode()


def pdf(rows: Rows, *, pages: int = 1, **saving: object) -> bytes:
    """A page of Latin text for every so many rows, written by qpdf."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.new() as document:
        each = -(-len(rows) // pages)
        for start in range(0, len(rows), each):
            _add_page(document, [text for row in rows[start : start + each] for text in _placed(row)])
        document.save(out, **saving)  # type: ignore[arg-type]
    return out.getvalue()


def _placed(row: list[str]) -> list[str]:
    return ["0 -14 Td", *(f"({cell}) Tj 130 0 Td" for cell in map(_literal, row)), f"{-130 * len(row)} 0 Td"]


def _literal(text: str) -> str:
    escaped = text.translate({ord(c): f"\\{c}" for c in "\\()"})
    return "".join(c if c.isascii() else f"\\{ord(c):03o}" for c in escaped)


def _add_page(document: "object", lines: list[str]) -> None:
    import pikepdf

    assert isinstance(document, pikepdf.Pdf)
    sheet = document.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type1,
        BaseFont=pikepdf.Name.Helvetica,
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )
    sheet.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    content = "\n".join(["BT", "/F1 9 Tf", "20 800 Td", *lines, "ET"])
    sheet.Contents = document.make_stream(content.encode("ascii"))


SAMPLES: list[tuple[str, Make, str]] = [
    ("docx", lambda rows: docx(word_table(rows)), ""),
    ("pptx", pptx, ""),
    ("odt", odt, ""),
    ("ods", ods, "!Kunden & Co"),
    ("xlsx", xlsx, "!Kunden & Co"),
    ("xlsb", xlsb, "!Kunden & Co"),
    ("rtf", rtf, ""),
    ("html", page, ""),
    ("pdf", pdf, ""),
]
"""The name, how it is made of rows of cells, the way in to their text."""


def flat_text(rows: Rows) -> str:
    """A text document for LibreOffice: a table, a header, a footer, a note, a comment, a link."""
    paragraph = "<text:p>{}</text:p>".format
    header, footer, note, comment, link = (row[1] for row in rows[-5:])
    return (
        f'{XML}<office:document {ODF} {DC} office:mimetype="application/vnd.oasis.opendocument.text"'
        ' office:version="1.3"><office:automatic-styles><style:page-layout style:name="L">'
        "<style:header-style/><style:footer-style/></style:page-layout></office:automatic-styles>"
        '<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="L">'
        f"<style:header>{paragraph(header)}</style:header><style:footer>{paragraph(footer)}</style:footer>"
        "</style:master-page></office:master-styles><office:body><office:text>"
        f'<table:table table:name="T"><table:table-column table:number-columns-repeated="{len(rows[0])}"/>'
        f"{odf_rows(rows[:-5])}</table:table>"
        '<text:p>Text<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
        f"<text:note-body>{paragraph(note)}</text:note-body></text:note>"
        f"<office:annotation><dc:creator>Z</dc:creator>{paragraph(comment)}</office:annotation>"
        f'<text:a xlink:type="simple" xlink:href="mailto:{link}">here</text:a></text:p>'
        "</office:text></office:body></office:document>"
    )


def flat_book(rows: Rows) -> str:
    """A workbook for LibreOffice."""
    return (
        f'{XML}<office:document {ODF} {DC} office:mimetype="application/vnd.oasis.opendocument.spreadsheet"'
        ' office:version="1.3"><office:body><office:spreadsheet><table:table table:name="Kunden &amp; Co">'
        f"{odf_rows(rows)}</table:table></office:spreadsheet></office:body></office:document>"
    )


LIBREOFFICE: list[tuple[str, Callable[[Rows], str | bytes], str]] = [
    *((kind, flat_text, "") for kind in ("docx", "odt", "rtf", "doc", "pdf", "html")),
    *((kind, flat_book, "!Kunden & Co") for kind in ("xlsx", "ods", "xls")),
    *((kind, pptx, "") for kind in ("odp", "ppt")),
]
"""The ending, what LibreOffice makes it of, the way in to the rows."""
