"""Encrypted documents are opened by the password among wrong ones, and listed without."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from formats_encrypted import encrypted
from formats_office import Rows, flat_book, flat_text, odt, packed, xlsx
from planted import ROWS, lost
from taken_apart import read, source
from trapstreet.core.model.objects import Unread

PASSWORD = "five wörds"
MADE: list[tuple[str, Callable[[Rows], str], str, str]] = [
    ("odt", flat_text, "fodt", ""),
    ("ods", flat_book, "fods", "!Kunden & Co"),
    ("doc", flat_text, "fodt", ""),
    ("xls", flat_book, "fods", "!Kunden & Co"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where LibreOffice keeps its profile."""
    return tmp_path_factory.mktemp("office")


@pytest.mark.system
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "flat", "ending", "inner"), MADE, ids=[each[0] for each in MADE])
def test_what_libreoffice_encrypts_is_opened_by_the_password_among_wrong_ones(
    kind: str, flat: Callable[[Rows], str], ending: str, inner: str, folder: Path
) -> None:
    document = folder / f"list.{ending}"
    document.write_text(flat(ROWS))
    data = encrypted(document, kind, PASSWORD, folder)
    assert read(source(data, "e")) == ({}, [Unread("e", "encrypted: give --password-file")])
    none = "encrypted: none of the 2 passwords fits"
    assert read(source(data, "e"), passwords=("wrong", "x")) == ({}, [Unread("e", none)])
    texts, unread = read(source(data, "e"), passwords=("wrong", PASSWORD))
    missing = [row[1] for row in ROWS if row[1] not in texts["e" + inner].decode()]
    assert missing == []
    assert unread == []


def test_a_workbook_that_excel_opens_without_asking_is_read_without_a_password() -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(xlsx(ROWS))).encrypt("VelvetSweatshop", out)
    texts, unread = read(source(out.getvalue(), "e"))
    assert lost(texts["e!Kunden & Co"]) == []
    assert unread == []


def locked_odt(entry: str) -> bytes:
    """A text document with a manifest that says that its content is encrypted."""
    with zipfile.ZipFile(io.BytesIO(odt(ROWS))) as good:
        parts: dict[str, str | bytes] = {name: good.read(name) for name in good.namelist()}
    parts["META-INF/manifest.xml"] = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<m:file-entry m:full-path="content.xml" m:size="9"><m:encryption-data>{entry}</m:encryption-data>'
        "</m:file-entry></m:manifest>"
    )
    return packed(parts, first="mimetype")


AES = (
    '<m:algorithm m:algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc"'
    ' m:initialisation-vector="{}"/>'
)
ROUNDS = '<m:key-derivation m:key-derivation-name="PBKDF2" m:iteration-count="{}" m:salt="AAAA"/>'
VECTOR = "AAAAAAAAAAAAAAAAAAAAAA=="


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (AES.format(VECTOR) + ROUNDS.format(1024), "encrypted: the password does not fit"),
        ("", "encrypted in a way that is not known here"),
        (AES.format("AAAA") + ROUNDS.format(1024), "encrypted in a way that is not known here"),
        (AES.format(VECTOR) + ROUNDS.format("9" * 12), "encrypted in a way that is not known here"),
        (AES.format("no base64!") + ROUNDS.format("x"), "encrypted in a way that is not known here"),
        ('<m:algorithm m:algorithm-name="Blowfish CFB"/>', "encrypted in a way that is not known here"),
    ],
)
def test_a_document_that_lies_about_its_encryption_is_listed(entry: str, why: str) -> None:
    assert read(source(locked_odt(entry), "e"), passwords=("wrong",)) == ({}, [Unread("e", why)])
