"""Customers packed as leaks come: one maker per format, by another tool than the one that reads it.

A maker takes customers (people.HEADER) and returns a file's bytes. All of them are in it with name, e-mail
address, phone number and ticket. Needs soffice, 7z, zstd and git.
"""

import bz2
import gzip
import io
import lzma
import os
import sqlite3
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from email.message import EmailMessage
from functools import cache
from html import escape
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from measuring import SEED
from texts import prose
from trapstreet.app.demo.people import HEADER

Row = tuple[str, ...]
Make = Callable[[Sequence[Row]], bytes]

A_PAGE = 50
"""Customers on a page of a PDF document."""

_A_MEMBER = 10_000  # customers in a member of an archive
_A_SITE = 4  # customers on a web page
_PARAGRAPH = 200  # characters of other text for each customer


def csv(rows: Sequence[Row]) -> bytes:
    return "".join(",".join(row) + "\r\n" for row in (HEADER, *rows)).encode()


def workbook(rows: Sequence[Row]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Kunden")
        for number, row in enumerate((HEADER, *rows)):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def document(rows: Sequence[Row]) -> bytes:
    """A Word document with a paragraph on each customer, whose runs end anywhere."""
    random = Random(SEED)
    paragraphs = []
    for text in _paragraphs(rows):
        cut = random.randrange(len(text))
        runs = (
            f'<w:r><w:t xml:space="preserve">{escape(run)}</w:t></w:r>' for run in (text[:cut], text[cut:])
        )
        paragraphs.append(f"<w:p>{''.join(runs)}</w:p>")
    body = f'<w:document xmlns:w="{_WORD}"><w:body>{"".join(paragraphs)}</w:body></w:document>'
    return _office("word/document.xml", "wordprocessingml.document", {"word/document.xml": body})


def slides(rows: Sequence[Row]) -> bytes:
    """A presentation with ten customers on a slide."""
    parts = {"ppt/presentation.xml": f'<p:presentation xmlns:p="{_SHOW}" xmlns:a="{_DRAWING}"/>'}
    for number, some in enumerate(_by(10, rows), 1):
        lines = (f"<a:p><a:r><a:t>{escape(_sentence(row))}</a:t></a:r></a:p>" for row in some)
        shape = f"<p:sp><p:txBody>{''.join(lines)}</p:txBody></p:sp>"
        slide = f"<p:cSld><p:spTree>{shape}</p:spTree></p:cSld>"
        parts[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld xmlns:p="{_SHOW}" xmlns:a="{_DRAWING}">{slide}</p:sld>'
        )
    return _office("ppt/presentation.xml", "presentationml.presentation", parts)


def pdf(rows: Sequence[Row]) -> bytes:
    """A_PAGE customers on a page, a line each."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=1)
    for some in _by(A_PAGE, rows):
        text = canvas.beginText(40, 800)
        text.setFont("Helvetica", 9)
        for row in some:
            text.textLine("   ".join(row))
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def page(rows: Sequence[Row]) -> bytes:
    """A web page with a table, in which names are partly bold, and a paragraph on each customer."""
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    table = "\n".join(f"<tr>{line}</tr>" for line in cells)
    text = "\n".join(f"<p>{escape(each)}</p>" for each in _paragraphs(rows))
    head = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>Customers</title></head>'
    return f"{head}<body><table>\n{table}\n</table>\n{text}\n</body></html>\n".encode()


def mail(rows: Sequence[Row]) -> bytes:
    """One mail: half of the customers in its body, half in a CSV file attached to it."""
    message = _message(rows[: len(rows) // 2])
    message.add_attachment(csv(rows[len(rows) // 2 :]), maintype="text", subtype="csv", filename="list.csv")
    return message.as_bytes()


def mailbox(rows: Sequence[Row]) -> bytes:
    """A mail to four customers; every tenth has 400 more in a table attached to it."""
    out, rest = io.BytesIO(), iter(rows)
    number = 0
    while some := list(islice(rest, 4)):
        number += 1
        message = _message(some)
        if number % 10 == 0 and (many := list(islice(rest, 400))):
            message.add_attachment(csv(many), maintype="text", subtype="csv", filename="list.csv")
        out.write(b"From crm@office.example Mon Feb  2 10:00:00 2026\n")
        out.write(message.as_bytes().replace(b"\nFrom ", b"\n>From ") + b"\n")
    return out.getvalue()


def crawl(rows: Sequence[Row]) -> bytes:
    """Web pages of four customers as a crawler keeps them, each record packed by itself."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    for number, some in enumerate(_by(_A_SITE, rows)):
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], "HTTP/1.1")
        body = page(some).replace(b"</body>", escape(_filler(number, 12_000)).encode() + b"</body>")
        writer.write_record(
            writer.create_warc_record(
                f"https://shop.example/{number}", "response", payload=io.BytesIO(body), http_headers=headers
            )
        )
    return out.getvalue()


def database(rows: Sequence[Row]) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE customers ({', '.join(HEADER)})")
        connection.executemany(f"INSERT INTO customers VALUES ({', '.join('?' * len(HEADER))})", rows)
        connection.commit()
        return connection.serialize()


def columns(rows: Sequence[Row]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(
        pa.table(dict(zip(HEADER, zip(*rows, strict=True), strict=True))), out, row_group_size=20_000
    )
    return out.getvalue()


def zipped(rows: Sequence[Row]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _members(rows):
            archive.writestr(name, content)
    return out.getvalue()


def tarred(rows: Sequence[Row]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in _members(rows):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def seven_zipped(rows: Sequence[Row]) -> bytes:
    with TemporaryDirectory(prefix="trapstreet-bench-") as folder:
        for name, content in _members(rows):
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        _run("7z", "a", "-bd", "-mmt1", "packed.7z", "crm", cwd=folder)
        return Path(folder, "packed.7z").read_bytes()


def packed(make: Make, pack: Callable[[bytes], bytes]) -> Make:
    return lambda rows: pack(make(rows))


def zstandard(data: bytes) -> bytes:
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def history(rows: Sequence[Row]) -> bytes:
    """A pack of git: the table in four versions, of which the last holds nobody."""
    with TemporaryDirectory(prefix="trapstreet-bench-") as folder:
        _run("git", "init", "-q", cwd=folder)
        for number in range(4):
            share = rows[number::3] if number < 3 else []
            Path(folder, "list.csv").write_bytes(csv(share))
            _run("git", "add", ".", cwd=folder)
            who = ("-c", "user.name=crm", "-c", "user.email=crm@office.example")
            _run("git", *who, "commit", "-q", "-m", f"version {number}", cwd=folder)
        _run("git", "gc", "-q", cwd=folder)
        (pack,) = Path(folder, ".git/objects/pack").glob("*.pack")
        return pack.read_bytes()


def converted(make: Make, before: str, after: str, *options: str) -> Make:
    """What LibreOffice makes of it, by suffixes."""

    def convert(rows: Sequence[Row]) -> bytes:
        with TemporaryDirectory(prefix="trapstreet-bench-") as folder:
            Path(folder, f"in.{before}").write_bytes(make(rows))
            profile = f"-env:UserInstallation=file://{folder}/profile"
            how = (profile, "--headless", *options, "--convert-to", after)
            _run("soffice", *how, f"in.{before}", cwd=folder)
            return Path(folder, f"in.{after}").read_bytes()

    return convert


def mailed_archive(rows: Sequence[Row]) -> bytes:
    """A mail with a 7z archive in which a workbook lies."""
    with TemporaryDirectory(prefix="trapstreet-bench-") as folder:
        Path(folder, "list.xlsx").write_bytes(workbook(rows))
        _run("7z", "a", "-bd", "packed.7z", "list.xlsx", cwd=folder)
        message = _message([])
        content = Path(folder, "packed.7z").read_bytes()
        message.add_attachment(content, maintype="application", subtype="x-7z-compressed", filename="l.7z")
        return message.as_bytes()


FORMATS: dict[str, Make] = {
    "CSV": csv,
    "CSV.gz": packed(csv, gzip.compress),
    "CSV.bz2": packed(csv, bz2.compress),
    "CSV.xz": packed(csv, lzma.compress),
    "CSV.zst": packed(csv, zstandard),
    "ZIP": zipped,
    "tar": tarred,
    "tar.gz": packed(tarred, gzip.compress),
    "tar.zst": packed(tarred, zstandard),
    "7z": seven_zipped,
    "XLSX": workbook,
    "XLS": converted(workbook, "xlsx", "xls"),
    "ODS": converted(workbook, "xlsx", "ods"),
    "DOCX": document,
    "DOCX by LibreOffice": converted(page, "html", "docx", "--infilter=HTML (StarWriter)"),
    "DOC": converted(document, "docx", "doc"),
    "ODT": converted(document, "docx", "odt"),
    "RTF": converted(document, "docx", "rtf"),
    "PPTX": slides,
    "PDF": pdf,
    "PDF by LibreOffice": converted(document, "docx", "pdf"),
    "HTML": page,
    "mail": mail,
    "mbox": mailbox,
    "SQLite": database,
    "Parquet": columns,
    "WARC.gz": crawl,
    "git pack": history,
    "XLSX in 7z in a mail": mailed_archive,
}

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHOW = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN_PART = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def _office(main: str, kind: str, parts: dict[str, str]) -> bytes:
    """A document of Office 2007 and later."""
    content = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    types = (
        f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{main}" ContentType="{content}"/></Types>'
    )
    relations = (
        f'<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="r1" Type="{_MAIN_PART}" Target="{main}"/></Relationships>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", relations)
        for name, content in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + content)
    return out.getvalue()


def _message(rows: Sequence[Row]) -> EmailMessage:
    """A mail about the customers, as text and as HTML; the text is quoted-printable."""
    message = EmailMessage()
    message["From"], message["To"] = "crm@office.example", "all@office.example"
    message["Subject"], message["Date"] = "Customers", "Mon, 02 Feb 2026 10:00:00 +0000"
    message.set_content("\n\n".join(_paragraphs(rows)) + "\n", cte="quoted-printable")
    message.add_alternative(page(rows).decode(), subtype="html")
    return message


def _members(rows: Sequence[Row]) -> Iterator[tuple[str, bytes]]:
    for number, some in enumerate(_by(_A_MEMBER, rows)):
        yield f"crm/{number}.csv", csv(some)


def _paragraphs(rows: Sequence[Row]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield f"{_sentence(row)} {_filler(number, _PARAGRAPH)}"


def _sentence(row: Row) -> str:
    ticket, name, address, phone = row[:4]
    return f"{name} ({address}, {phone}) asked about {ticket}."


def _filler(number: int, size: int) -> str:
    """Prose, other for every number."""
    text = _prose()
    begin = number * 997 % (len(text) - size)
    return text[begin : begin + size]


@cache
def _prose() -> str:
    text = " ".join(prose(1 << 22).decode("ascii", "ignore").split())
    return "".join(filter(str.isprintable, text))


def _by(size: int, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[begin : begin + size] for begin in range(0, len(rows), size))


def _run(*command: str, cwd: str) -> None:
    environment = os.environ | {"HOME": cwd}
    subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=True)
