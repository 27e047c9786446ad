"""The libraries that formats are read by elsewhere, each with the settings that suit it best.

All yield the text that they find, and put nothing on disk.
"""

import gzip
import mailbox
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to read a format."""

    name: str
    settings: str
    read: Callable[[Path], Iterator[bytes | str]]


def peers() -> dict[str, list[Peer]]:
    """By the name of the format (documents.FORMATS), first the library that we use, where it is one.

    Raises ImportError or FileNotFoundError if one is not installed: a comparison with a gap is none.
    """
    said = subprocess.run(["pdftotext", "-v"], capture_output=True, text=True, check=True).stderr
    poppler = said.split()[2]
    archive = Peer(_named("libarchive-c"), "entries in blocks", _libarchive)
    return {
        "XLSX": [
            Peer(_named("python-calamine"), "iter_rows, joined by tabs", _calamine),
            Peer(_named("fastexcel"), "to Arrow, columns as text, rows joined", _fastexcel),
            Peer(_named("openpyxl"), "read_only, values_only, rows joined", _openpyxl),
        ],
        "DOCX": [
            Peer(_named("lxml"), "iterparse of word/document.xml, w:t joined", _lxml_docx),
            Peer(_named("docx2txt"), "process", _docx2txt),
        ],
        "PDF": [
            Peer(_named("pypdfium2"), "get_text_bounded of each page", _pdfium),
            Peer(f"pdftotext {poppler}", "-enc UTF-8, start of the program included", _pdftotext),
            Peer(_named("pypdf"), "extract_text of each page", _pypdf),
        ],
        "HTML": [
            Peer(_named("selectolax"), "lexbor, text of body", _selectolax),
            Peer(_named("lxml"), "lxml.html, text_content", _lxml_html),
        ],
        "ZIP": [archive, Peer("zipfile", "read in chunks of 1 MiB", _zipfile)],
        "tar.gz": [archive, Peer("tarfile", "r|gz, chunks of 1 MiB", _tarfile)],
        "tar.zst": [archive, Peer(_named("zstandard"), "and tarfile, r|", _tar_zstandard)],
        "7z": [archive, Peer(_named("py7zr"), "readall to memory", _py7zr)],
        "CSV.gz": [
            Peer(_named("isal"), "igzip, chunks of 1 MiB", _isal),
            Peer("gzip", "chunks of 1 MiB", _gzip),
        ],
        "mbox": [Peer("mailbox", "get_payload(decode=True) of every part", _mailbox)],
        "WARC.gz": [
            Peer(_named("fastwarc"), "every record read to its end", _fastwarc),
            Peer(_named("warcio"), "every record read to its end", _warcio),
        ],
        "SQLite": [Peer("sqlite3", "immutable, rows joined by tabs", _sqlite)],
        "Parquet": [Peer(_named("pyarrow"), "batches to Python rows, joined", _pyarrow)],
    }


def _named(package: str) -> str:
    return f"{package} {version(package)}"


def _calamine(path: Path) -> Iterator[str]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    for name in book.sheet_names:
        for row in book.get_sheet_by_name(name).iter_rows():
            yield "\t".join(map(str, row)) + "\n"


def _fastexcel(path: Path) -> Iterator[str]:
    import fastexcel

    book = fastexcel.read_excel(path)
    for name in book.sheet_names:
        batch = book.load_sheet(name, dtypes="string").to_arrow()
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield "\t".join(cell or "" for cell in row) + "\n"


def _openpyxl(path: Path) -> Iterator[str]:
    import openpyxl

    with path.open("rb") as file:  # by its name it would refuse it
        for sheet in openpyxl.load_workbook(file, read_only=True).worksheets:
            for row in sheet.iter_rows(values_only=True):
                yield "\t".join("" if cell is None else str(cell) for cell in row) + "\n"


def _lxml_docx(path: Path) -> Iterator[str]:
    from lxml import etree

    word = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    with zipfile.ZipFile(path) as archive, archive.open("word/document.xml") as part:
        for _, paragraph in etree.iterparse(part, tag=f"{word}p", resolve_entities=False, no_network=True):
            yield "".join(text.text or "" for text in paragraph.iter(f"{word}t")) + "\n"
            paragraph.clear()


def _docx2txt(path: Path) -> Iterator[str]:
    import docx2txt

    yield docx2txt.process(path)


def _pdfium(path: Path) -> Iterator[str]:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            text = page.get_textpage()
            yield text.get_text_bounded()
            text.close()
            page.close()


def _pdftotext(path: Path) -> Iterator[bytes]:
    command = ["pdftotext", "-enc", "UTF-8", str(path), "-"]
    yield subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def _pypdf(path: Path) -> Iterator[str]:
    from pypdf import PdfReader

    for page in PdfReader(path).pages:
        yield page.extract_text()


def _selectolax(path: Path) -> Iterator[str]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(path.read_bytes())
    yield tree.body.text(separator="\n") if tree.body else ""


def _lxml_html(path: Path) -> Iterator[str]:
    from lxml import html

    yield html.fromstring(path.read_bytes()).text_content()


def _libarchive(path: Path) -> Iterator[bytes]:
    import libarchive

    with libarchive.file_reader(str(path)) as archive:
        for entry in archive:
            yield from entry.get_blocks()


def _zipfile(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            with archive.open(info) as member:
                yield from _chunks(member)


def _tarfile(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|gz") as archive:
        yield from _tar_members(archive)


def _tar_zstandard(path: Path) -> Iterator[bytes]:
    import zstandard

    with (
        path.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        yield from _tar_members(archive)


def _tar_members(archive: tarfile.TarFile) -> Iterator[bytes]:
    for info in archive:
        member = archive.extractfile(info)
        if member is not None:
            yield from _chunks(member)


def _py7zr(path: Path) -> Iterator[bytes]:
    import py7zr

    factory = py7zr.io.BytesIOFactory(1 << 30)
    with py7zr.SevenZipFile(path) as archive:
        archive.extractall(factory=factory)
    for product in factory.products.values():
        product.seek(0)
        yield product.read()


def _isal(path: Path) -> Iterator[bytes]:
    from isal import igzip

    with igzip.open(path) as file:
        yield from _chunks(file)


def _gzip(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as file:
        yield from _chunks(file)


def _mailbox(path: Path) -> Iterator[bytes]:
    for message in mailbox.mbox(path, create=False):
        for part in message.walk():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield content


def _fastwarc(path: Path) -> Iterator[bytes]:
    from fastwarc import ArchiveIterator

    for record in ArchiveIterator(str(path)):
        yield record.reader.read()


def _warcio(path: Path) -> Iterator[bytes]:
    from warcio.archiveiterator import ArchiveIterator

    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            yield record.content_stream().read()


def _sqlite(path: Path) -> Iterator[str]:
    import sqlite3

    connection = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        for row in connection.execute(f'SELECT * FROM "{name}"'):
            yield "\t".join(map(str, row)) + "\n"
    connection.close()


def _pyarrow(path: Path) -> Iterator[str]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=8192):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield "\t".join(map(str, row)) + "\n"


def _chunks(file: Any) -> Iterator[bytes]:
    while block := file.read(CHUNK):
        yield block
