"""A mutation fuzz of every format: nothing escapes, nothing hangs, what cannot be read is listed, what lies
beside it is found.

How many mutations of each sample are tried: tests/tries.py.
"""

import base64
import faulthandler
import gzip
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from random import Random

import pytest

import formats_containers
import formats_data
import formats_mail
import formats_office
import rar_archives
from mutations import mutated
from rar_archives import Held
from taken_apart import source
from trapstreet.app.source_text import SourceText, searched
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.core.model.protected import Protected
from trapstreet.plugins import formats
from trapstreet.plugins.formats._stream import Limits
from tries import FUZZ

ROWS = [[f"Maria Huber {n}", f"maria.huber{n}@example.com", f"+49 30 9018{n:04}", f"1{n}"] for n in range(40)]
TEXT = "".join("\t".join(row) + "\n" for row in ROWS).encode()
PASSWORD = "open sesame"
BESIDE = b"adele.bauer@example.com\t+49 30 111111\n"
HANGS = 300.0
"""Seconds after which a reading hangs; the slowest takes some five, on a busy machine."""

LONGEST_HEADER = 600
LIMITS = Limits(unpacked=64 << 20, ocr=True)


def _zip_of_all_methods() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for method in (0, 8, 12, 14):
            archive.writestr(f"{method}.csv", TEXT, method)
    return out.getvalue()


def _tar() -> bytes:
    out, member = io.BytesIO(), tarfile.TarInfo("a.csv")
    member.size = len(TEXT)
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(member, io.BytesIO(TEXT))
    return out.getvalue()


def _encrypted_workbook() -> bytes:
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(formats_office.xlsx(ROWS))).encrypt(PASSWORD, out)
    return out.getvalue()


def _rar5(names: str = "") -> bytes:
    """Of a solid pair, and of a file by itself."""
    pair = [Held(name, TEXT, PASSWORD, packed=True, solid=name == "b") for name in "ab"]
    return rar_archives.rar5([*pair, Held("c", TEXT, PASSWORD)], names=names)


def _picture() -> bytes:
    """A line of text, small: what reads it takes 0.1 s."""
    from PIL import Image, ImageDraw

    out = io.BytesIO()
    picture = Image.new("L", (360, 40), 255)
    ImageDraw.Draw(picture).text((4, 8), ROWS[0][1], font_size=20)
    picture.save(out, "png")
    return out.getvalue()


def _fed_to_ail() -> bytes:
    item = {"data": base64.b64encode(gzip.compress(TEXT)).decode(), "meta": {"by": "jané"}, "source": "x"}
    return json.dumps([item, item]).encode()


SAMPLES: dict[str, Callable[[], bytes]] = {
    "text in UTF-16": lambda: TEXT.decode().encode("utf-16"),
    "files in base64": lambda: (
        b'{"a": "%b",\n"b": "%b"}\n'
        % (base64.b64encode(formats_office.xlsx(ROWS)), base64.b64encode(_zip_of_all_methods()))
    ),
    "a file in hexadecimal": lambda: b"INSERT INTO f VALUES (0x%b);\n" % _zip_of_all_methods().hex().encode(),
    "zip behind headers": lambda: b"HTTP/1.1 200 OK\r\n\r\n" + _zip_of_all_methods(),
    "7z encrypted": lambda: formats_containers.seven_zip(f"-p{PASSWORD}")(TEXT),
    "7z all encrypted": lambda: formats_containers.seven_zip(f"-p{PASSWORD}", "-mhe=on")(TEXT),
    "rar 5 encrypted": _rar5,
    "rar 5 all encrypted": lambda: _rar5(names=PASSWORD),
    "rar 4 encrypted": lambda: rar_archives.rar4([Held("a", TEXT, PASSWORD), Held("b", TEXT)]),
    "rar 4 all encrypted": lambda: rar_archives.rar4([Held("a", TEXT, PASSWORD)], names=PASSWORD),
    "xlsx encrypted": _encrypted_workbook,
    "zip": _zip_of_all_methods,
    "tar": _tar,
    "gzip": lambda: gzip.compress(TEXT),
    "tar.gz": lambda: gzip.compress(_tar()),
    "AIL's items": _fed_to_ail,
    "picture": _picture,
    "closed": lambda: b"PGDMP\x01\x0e\0" + TEXT,
    **{name: partial(make, TEXT) for name, make, _ in formats_containers.STREAMS},
    **{name: partial(make, TEXT) for name, make, _ in formats_containers.ARCHIVES},
    **{name: partial(make, ROWS) for name, make, _ in formats_office.SAMPLES},
    **{name: partial(make, ROWS) for name, make, _ in formats_data.SAMPLES},
    **{name: partial(make, ROWS) for name, make in formats_data.PACKS},
    **{name: partial(make, ROWS) for name, make, _ in formats_mail.SAMPLES},
}
UNMARKED = {
    *("text in UTF-16", "files in base64", "a file in hexadecimal", "zip behind headers"),
    *("html", "rtf", "iso", "compress", "AIL's items", "picture", "closed"),
    *(name for name, *_ in formats_mail.SAMPLES),
}
"""Whose end cannot be told from a place where they were cut off; an ISO image says late what it is."""

DEARER = {"picture": 5}
"""How many others could be tried in the time of one."""

OTHERS = ("zip", "tar", "xz", "docx", "pdf", "rar 5", "html")
"""Whose headers and ends are spliced into the others."""


@cache
def sample(name: str) -> bytes:
    return SAMPLES[name]()


@pytest.fixture(autouse=True)
def _nothing_hangs() -> Iterator[None]:
    faulthandler.dump_traceback_later(HANGS, exit=True, file=sys.__stderr__)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_whatever_is_done_to_a_file_it_is_read_or_listed_and_its_neighbour_found(name: str) -> None:
    data, others, random = sample(name), [sample(other) for other in OTHERS], Random(f"fuzz {name}")
    for number in range(FUZZ // DEARER.get(name, 1)):
        done, damaged = mutated(data, random, others)
        what = f"{name}: {done}, {number}"
        texts, unread = _read_beside_another(damaged, what)
        if done == "cut short" and name not in UNMARKED and len(damaged) > LONGEST_HEADER:
            assert unread or all(row[1].encode() in texts for row in ROWS), what


@pytest.mark.slow
def test_every_format_has_a_sample_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for Outlook's folders, which are too large (tests/integration/test_formats_mail.py)."""
    reading = set[str]()

    def noted(kind: formats.Format) -> Callable[..., object]:
        parts = kind.parts
        return lambda *given: (reading.add(kind.title), parts(*given))[1]

    for kind in formats._formats():
        monkeypatch.setattr(kind, "parts", noted(kind))
    for name in SAMPLES:
        for _ in _everything(source(sample(name), "f")):
            pass
    assert {kind.title for kind in formats._formats()} - reading == {"Outlook mail folder"}


def _everything(obj: SourceObject) -> Iterator[SourceText | Unread]:
    for part in formats.read(obj, LIMITS, passwords=(Protected("wrong"), Protected(PASSWORD))):
        yield from [part] if isinstance(part, Unread) else searched("f", part)


def _read_beside_another(damaged: bytes, what: str) -> tuple[bytes, list[Unread]]:
    """All texts, and what was not read, of an archive that is sound itself."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("damaged", damaged)
        archive.writestr("beside.csv", BESIDE)
    texts: list[tuple[str, bytes]] = []
    unread = []
    for found in _everything(source(out.getvalue(), "f")):
        if isinstance(found, Unread):
            assert found.why.isprintable(), what
            assert not found.why.startswith("a bug in"), what
            assert "maria" not in found.why.lower(), what
            unread.append(found)
        else:
            texts.append((found.path, b"".join(found.chunks)))
    whole = not any(each.path == "f" for each in unread)
    assert not whole or ("f!/beside.csv", BESIDE) in texts, what
    said = [*(path for path, _ in texts), *(each.path for each in unread)]
    assert not damaged or any(path.startswith("f!/damaged") for path in said), what
    return b"\n".join(text for _, text in texts), unread
