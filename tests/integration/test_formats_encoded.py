"""Findings in what is encoded say so, and files that stand encoded in a text are taken apart."""

import base64
import csv
import gzip
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from desk import Desk, workspace_in
from formats_office import pdf, xlsx
from people import customer_file
from taken_apart import source
from trapstreet.app.source_text import searched
from trapstreet.core.model.objects import Unread
from trapstreet.plugins import formats
from trapstreet.plugins.formats._stream import Limits

RECORDS = 20


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with customers.csv, and a workspace that knows it."""
    folder = tmp_path_factory.mktemp("desk")
    table = customer_file(folder / "customers.csv", 1000)
    return workspace_in(folder, ("register", table, "--name", "customers"))


@pytest.fixture
def desk(registered: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(registered, capsys)


@pytest.fixture
def records(desk: Desk) -> list[list[str]]:
    with (desk.folder / "customers.csv").open(newline="") as file:
        return [list(each.values()) for each in list(csv.DictReader(file))[300 : 300 + RECORDS]]


def lines(records: list[list[str]]) -> str:
    return "".join(";".join(each) + "\n" for each in records)


def b64(data: bytes) -> bytes:
    return base64.b64encode(data)


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.csv", data)
    return out.getvalue()


ENCODED: dict[str, tuple[Callable[[str], bytes], str]] = {
    "base64": (lambda text: b"see:\n" + base64.encodebytes(text.encode()), "!base64"),
    "hexadecimal": (lambda text: text.encode().hex().encode(), "!hexadecimal digits"),
    "base64 in a form": (
        lambda text: b"a=" + quote("x " + b64(text.encode()).decode(), safe="").encode(),
        "!percent-encoding!base64",
    ),
    "percent": (lambda text: quote(text, safe="").encode(), "!percent-encoding"),
    "plain": (lambda text: text.encode(), ""),
    "plain, with a few letters as escapes": (
        lambda text: json.dumps(text.split("\n"), indent=1).encode(),
        "",
    ),
    "plain, and once more in base64": (lambda text: text.encode() + b64(text.encode()), ""),
}


@pytest.mark.parametrize("name", ENCODED)
def test_a_finding_says_how_what_was_found_is_encoded(
    desk: Desk, tmp_path: Path, records: list[list[str]], name: str
) -> None:
    make, way = ENCODED[name]
    leak = tmp_path / "leak.txt"
    leak.write_bytes(b"nothing\n" * 3000 + make(lines(records)))
    report = desk.json("scan", leak, status=1)
    assert [(each["path"], each["records"]) for each in report["findings"]] == [(f"{leak}{way}", RECORDS)]
    desk.do("scan", leak, status=1)
    assert f"leak.txt{way}:" in desk.out or f"leak.txt{way}\n" in desk.out or f"leak.txt{way} " in desk.out


def test_an_alert_says_how_what_was_found_is_encoded(
    desk: Desk, tmp_path: Path, records: list[list[str]]
) -> None:
    leak = tmp_path / "leak.txt"
    leak.write_bytes(base64.encodebytes(lines(records[:10]).encode()))
    desk.do("scan", leak, status=1)
    (place,) = desk.json("case", "show", "k1")["alerts"][-1]["found"]
    assert place["where"] == f"{leak}!base64"


PACKED: dict[str, tuple[Callable[[list[list[str]]], bytes], str]] = {
    "XLSX in JSON": (lambda rows: b'{"a": "' + b64(xlsx(rows)) + b'"}', "!base64!/1!Kunden & Co"),
    "ZIP in SQL": (
        lambda rows: b"INSERT INTO f VALUES (1, 0x" + zipped(lines(rows).encode()).hex().encode() + b");\n",
        "!hexadecimal digits!/1!/list.csv",
    ),
    "PDF in XML": (
        lambda rows: b"<f>" + base64.encodebytes(pdf(rows)).replace(b"\n", b"\r\n") + b"</f>",
        "!base64!/1",
    ),
    "gzip in a URL of data": (
        lambda rows: b'<a href="data:;base64,' + b64(gzip.compress(lines(rows).encode())) + b'">x</a>',
        "!base64!/1!/1",
    ),
    "XLSX in JSON in a ZIP archive in XML": (
        lambda rows: b"<f>" + b64(zipped(b'{"a": "' + b64(xlsx(rows)) + b'"}')) + b"</f>",
        "!base64!/1!/list.csv!base64!/1!Kunden & Co",
    ),
    "a part of a mail that has no type": (
        lambda rows: (
            b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\nHello\r\n--q\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(xlsx(rows)) + b"\r\n--q--\r\n"
        ),
        "!/part-3!Kunden & Co",
    ),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_file_that_is_packed_in_an_encoding_is_taken_apart(
    desk: Desk, tmp_path: Path, records: list[list[str]], name: str
) -> None:
    make, way = PACKED[name]
    leak = tmp_path / "leak"
    leak.write_bytes(b"<!-- nothing -->\n" * 30 + make(records) if "mail" not in name else make(records))
    report = desk.json("scan", leak, status=1)
    found = {each["path"]: each["records"] for each in report["findings"]}
    assert found == {f"{leak}{way}": RECORDS}
    assert report["unread"] == []


def test_a_damaged_file_in_an_encoding_is_listed_and_its_neighbour_found(
    desk: Desk, tmp_path: Path, records: list[list[str]]
) -> None:
    good, bad = b64(xlsx(records)), bytearray(zipped(lines(records).encode() * 50))
    bad[60:90] = bytes(30)
    leak = tmp_path / "leak.json"
    leak.write_bytes(b'{"bad": "%b",\n"good": "%b"}' % (b64(bytes(bad)), good))
    report = desk.json("scan", leak, status=1)
    assert [each["path"] for each in report["findings"]] == [f"{leak}!base64!/2!Kunden & Co"]
    assert [each["path"] for each in report["unread"]] == [f"{leak}!base64!/1!/list.csv"]


def everything(data: bytes, limits: Limits) -> tuple[dict[str, bytes], list[Unread]]:
    texts, unread = {}, []
    for part in formats.read(source(data, "f"), limits):
        for each in [part] if isinstance(part, Unread) else searched("s", part):
            if isinstance(each, Unread):
                unread.append(each)
            else:
                texts[each.path] = b"".join(each.chunks)
    return texts, unread


def test_files_in_files_in_encodings_end_where_containers_do() -> None:
    data = b"maria@example.com\n" * 9
    for _ in range(8):
        data = b'{"a": "' + b64(zipped(data)) + b'"}'
    texts, unread = everything(data, Limits(depth=4))
    assert [each.why for each in unread] == ["a file encoded in a text, nested deeper than 4 containers"]
    assert len(texts) == 3


@pytest.mark.slow
def test_bombs_in_encodings_share_the_limits_of_their_object() -> None:
    bombs = [zipped(bytes(16 << 20) + b"%d" % number) for number in range(12)]
    rows = b"".join(b'{"n": 1, "a": "%b"}\n' % b64(each) for each in bombs)
    texts, unread = everything(rows, Limits(free=16 << 20))
    assert sum("stopped after" in each.why for each in unread) >= 1
    assert sum(map(len, texts.values())) < 100 << 20
    assert "f" in texts


def test_of_too_many_files_in_one_text_the_first_ones_are_read_and_one_line_says_so() -> None:
    rows = [b64(gzip.compress(b"maria%d@example.com and her friends" % number)) for number in range(300)]
    texts, unread = everything(b"\n".join(rows), Limits(members=100))
    assert len(texts) > 50
    (limit,) = (each.why for each in unread)
    assert limit.startswith("stopped after")
    assert limit.endswith("members")


@pytest.mark.slow
def test_a_large_file_in_one_line_of_base64_takes_little_memory() -> None:
    ended = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=True)
    inside, peak_mb = map(int, ended.stdout.split())
    assert inside == 64 << 20
    assert peak_mb < 120


LARGE = """
import base64, io, random, tempfile, zipfile
from trapstreet.app.source_text import searched
from trapstreet.core.model.objects import SourceObject
from trapstreet.plugins.formats import read

noise = random.Random(1)
packed, document = tempfile.TemporaryFile(), tempfile.NamedTemporaryFile()
with zipfile.ZipFile(packed, "w") as archive, archive.open("noise", "w") as member:
    for _ in range(64):
        member.write(noise.randbytes(1 << 20))
packed.seek(0)
document.write(b'{"a":"')
while block := packed.read(3 << 18):
    document.write(base64.b64encode(block))
document.write(b'"}')
size = document.tell()
document.flush()
inside = 0
for part in read(SourceObject("s", "f", size, lambda: open(document.name, "rb"))):
    for text in searched("s", part):
        for _ in text.chunks:
            pass
        inside += text.size if "!base64" in text.path else 0
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(inside, int(peak) >> 10)
"""
