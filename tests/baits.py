"""Breadcrumbs in tests: the owner's resources, templates, and how each kind is asked for."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.plugins import breadcrumbs
from trapstreet.plugins.breadcrumbs import Made, Resources

TEMPLATES = Path(__file__).parent / "templates"  # written by LibreOffice 7.4
LETTER = str(TEMPLATES / "letter.docx")
LIST = str(TEMPLATES / "list.xlsx")
PRINT = str(TEMPLATES / "letter.pdf")
PAGE = b'<html><head><title>Terms</title></head>\n<body><a href="https://www.harbour.example/x">x</a></body></html>'

TERMS = "https://www.harbour.example/terms/partners.html"
"""A link of the letter, and of the PDF."""

CONTACT = "https://www.harbour.example/contact"
"""A link of all three templates."""

OWN = Resources(
    domains=("post.harbour.example",),
    urls=("https://cdn.harbour.example/", "https://files.harbour.example/public"),
    zones=("harbour-net.example",),
    today=date(2026, 11, 22),
)

OPTIONS: Mapping[str, Mapping[str, object]] = {
    "apikey": {"like": "hbr_live_9f3kZZ81kslAAp0qwlrk3"},
    "awskey": {"key": str(TEMPLATES / "awskey.json")},
    "dblogin": {},
    "dns": {},
    "email": {},
    "excel": {"template": LIST},
    "folder": {"template": (LETTER, LIST, PRINT)},
    "html": {},
    "note": {},
    "pdf": {"template": PRINT},
    "url": {},
    "word": {"template": LETTER},
}
"""What each kind cannot do without."""


def draws(number: int = 0) -> KeyedDraws:
    return KeyedDraws(bytes(range(16)), number)


def bait(kind: str, number: int = 0, *, own: Resources = OWN, **options: object) -> Made:
    return breadcrumbs.make(kind, {**OPTIONS[kind], **options}, own, draws(number))


def parts(document: bytes, tmp_path: Path) -> dict[str, bytes]:
    """The members of a ZIP file, in the order of its directory."""
    path = tmp_path / "document.zip"
    path.write_bytes(document)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def as_word_writes(members: Mapping[str, bytes]) -> bytes:
    """A document packed as Word packs it: 1980, fastest deflate by its flags, room to grow in the first
    member's header, content types in front."""
    names = sorted(members, key=lambda name: name != "[Content_Types].xml")
    out, directory = bytearray(), bytearray()
    for name in names:
        squeeze = zlib.compressobj(1, zlib.DEFLATED, -15)
        packed = squeeze.compress(members[name]) + squeeze.flush()
        room = struct.pack("<HHHH", 0xA220, 44, 0xA220, 2) + bytes(40) if not out else b""
        common = struct.pack(
            "<HHHHHLLLH",
            20,
            6,
            8,
            0,
            0x21,
            zlib.crc32(members[name]),
            len(packed),
            len(members[name]),
            len(name),
        )
        directory += b"PK\1\2" + struct.pack("<H", 45) + common
        directory += struct.pack("<HHHHLL", 0, 0, 0, 0, 0, len(out)) + name.encode()
        out += b"PK\3\4" + common + struct.pack("<H", len(room)) + name.encode() + room + packed
    end = struct.pack("<HHHHLLH", 0, 0, len(names), len(names), len(directory), len(out), 0)
    return bytes(out + directory + b"PK\5\6" + end)
