"""Every format: the planted lines come out, the way in is named, and nothing is lost in silence."""

import gzip
import hashlib
import io
import os
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from formats_containers import STREAMS, tarred, zipped
from hostile_archives import ZEROS, deflated_zeros
from taken_apart import read, source
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.plugins import formats
from trapstreet.plugins.formats._stream import Limits

LINES = [
    "Maria Huber\tmaria.huber@example.com\t+49 30 901820\t10423",
    "Jürgen Müßig\tj.müßig@example.de\t0151 2345678\t10424",
    "Łukasz Żak\tlukasz@example.pl\t+48 22 1234567\t10425",
]
TEXT = "\n".join(LINES) + "\n"
WEST = "\n".join(LINES[:2]) + "\n"  # what fits into one byte per character


def workbook(rows: list[list[object]] | None = None, *, sheet: str = "Sheet2") -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows or [line.split("\t") for line in LINES]):
        page.write_row(number, 0, row)
    book.close()
    return out.getvalue()


def cell_in_the_last_corner() -> bytes:
    """A workbook of some KB that makes its parser ask for half a terabyte."""
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>maria.huber@example.com</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>end</t></is></c></row>'
        "</sheetData></worksheet>"
    )
    with zipfile.ZipFile(io.BytesIO(workbook())) as good:
        members = {name: good.read(name) for name in good.namelist()}
    return zipped(members | {"xl/worksheets/sheet1.xml": sheet.encode()})


UTF8 = TEXT.encode()
TAR = (
    subprocess.run(["tar", "--version"], capture_output=True, text=True, check=True).stdout
    if shutil.which("tar")
    else ""
)
ROUTES: list[tuple[str, Callable[[], bytes], str, str]] = [
    ("utf-8", lambda: UTF8, "", TEXT),
    ("utf-8 with mark", lambda: TEXT.encode("utf-8-sig"), "", TEXT),
    ("utf-16 with mark", lambda: TEXT.encode("utf-16"), "", TEXT),
    ("utf-16-le", lambda: TEXT.encode("utf-16-le"), "", TEXT),
    ("utf-16-be", lambda: TEXT.encode("utf-16-be"), "", TEXT),
    ("utf-32 with mark", lambda: TEXT.encode("utf-32"), "", TEXT),
    ("utf-32-le", lambda: TEXT.encode("utf-32-le"), "", TEXT),
    ("utf-32-be", lambda: TEXT.encode("utf-32-be"), "", TEXT),
    ("latin-1", lambda: WEST.encode("latin-1"), "", WEST),
    ("cp1252", lambda: (WEST + "“€”").encode("cp1252"), "", WEST + "“€”"),
    ("utf-8 and latin-1", lambda: UTF8 + WEST.encode("latin-1"), "", TEXT + WEST),
    ("gzip", lambda: gzip.compress(UTF8), "!/dump.bin", TEXT),
    ("gzip of members", lambda: gzip.compress(UTF8[:50]) + gzip.compress(UTF8[50:]), "!/dump.bin", TEXT),
    ("gzip with padding", lambda: gzip.compress(UTF8) + bytes(900), "!/dump.bin", TEXT),
    ("zip", lambda: zipped({"a/b.csv": UTF8}), "!/a/b.csv", TEXT),
    ("zip stored", lambda: zipped({"a/b.csv": UTF8}, zipfile.ZIP_STORED), "!/a/b.csv", TEXT),
    ("zip bzip2", lambda: zipped({"a/b.csv": UTF8}, zipfile.ZIP_BZIP2), "!/a/b.csv", TEXT),
    ("zip lzma", lambda: zipped({"a/b.csv": UTF8}, zipfile.ZIP_LZMA), "!/a/b.csv", TEXT),
    ("tar pax", lambda: tarred({"ä/" + "b" * 200: UTF8}), "!/ä/" + "b" * 200, TEXT),
    ("tar gnu", lambda: tarred({"b" * 200: UTF8}, tarfile.GNU_FORMAT), "!/" + "b" * 200, TEXT),
    (
        "tar ustar",
        lambda: tarred({"a" * 90 + "/" + "b" * 90: UTF8}, tarfile.USTAR_FORMAT),
        "!/" + "a" * 90 + "/" + "b" * 90,
        TEXT,
    ),
    ("tar.gz", lambda: tarred({"b.csv": UTF8}, mode="w:gz"), "!/dump.bin!/b.csv", TEXT),
    ("tars in a row", lambda: tarred({"a.csv": b"first"}) + tarred({"b.csv": UTF8}), "!/b.csv", TEXT),
    (
        "zip in tar.gz",
        lambda: gzip.compress(tarred({"c.zip": zipped({"b": UTF8})})),
        "!/dump.bin!/c.zip!/b",
        TEXT,
    ),
    ("utf-16 in zip", lambda: zipped({"b.txt": TEXT.encode("utf-16")}), "!/b.txt", TEXT),
    ("xlsx", workbook, "!Sheet2", TEXT),
    ("xlsx in zip", lambda: zipped({"list.xlsx": workbook()}), "!/list.xlsx!Sheet2", TEXT),
    *((name, partial(make, UTF8), inner, TEXT) for name, make, inner in STREAMS),
]


@pytest.mark.parametrize(("make", "inner", "expected"), [r[1:] for r in ROUTES], ids=[r[0] for r in ROUTES])
def test_the_same_lines_come_out_of_every_format(
    make: Callable[[], bytes], inner: str, expected: str
) -> None:
    texts, unread = read(source(make()))
    assert texts["heap/dump.bin" + inner].decode() == expected
    assert unread == []


@pytest.mark.parametrize("make", [r[1] for r in ROUTES], ids=[r[0] for r in ROUTES])
def test_a_pipe_gives_what_a_file_gives(make: Callable[[], bytes], tmp_path: Path) -> None:
    data = make()
    path = tmp_path / "data"
    path.write_bytes(data)

    def pipe() -> io.FileIO:
        process.append(subprocess.Popen(["/bin/cat", str(path)], stdout=subprocess.PIPE, bufsize=0))
        return process[0].stdout  # type: ignore[return-value]

    process: list[subprocess.Popen[bytes]] = []
    got = read(SourceObject("-", "-", None, pipe))  # type: ignore[arg-type]
    assert process[0].wait() == 0
    assert got[1] == []
    assert list(got[0].values()) == list(read(source(data))[0].values())


MIXED = [
    ("utf-16 with ascii appended", TEXT.encode("utf-16") + b"maria.huber@example.com,10423\n"),
    ("ascii with utf-16 appended", b"date,level\n" * 400 + "maria.huber@example.com".encode("utf-16-le")),
    (
        "utf-16-be in a program",
        b"\x7fELF\x02" + os.urandom(999) + "maria.huber@example.com".encode("utf-16-be"),
    ),
    ("ascii in a program", b"\x7fELF\0" + os.urandom(999) + b"maria.huber@example.com" + os.urandom(999)),
]


@pytest.mark.parametrize("data", [m[1] for m in MIXED], ids=[m[0] for m in MIXED])
def test_text_is_found_beside_text_of_another_kind(data: bytes) -> None:
    texts, unread = read(source(data, "f"))
    assert b"maria.huber@example.com" in texts["f"]
    assert unread == []


def test_a_text_has_the_hash_of_the_bytes_that_its_path_names() -> None:
    book = workbook()
    member = TEXT.encode("utf-16")
    cases = [
        (member, "d", member),
        (gzip.compress(member), "d!/d", member),
        (zipped({"a": member}), "d!/a", member),
        (tarred({"a": member}), "d!/a", member),
        (zipped({"list.xlsx": book}), "d!/list.xlsx!Sheet2", book),
    ]
    for data, path, named in cases:
        for stop_early in (False, True):
            for text in formats.read(source(data, "d")):
                assert isinstance(text, formats.Text)
                if not stop_early:
                    for _ in text.chunks:
                        pass
                if text.path == path:
                    wanted = text
            assert wanted.sha256 == hashlib.sha256(named).hexdigest()


def test_a_file_and_its_member_have_names_that_say_the_way_in() -> None:
    data = zipped(
        {"a/b.csv": UTF8, "c.csv.gz": gzip.compress(UTF8), "d.tgz": gzip.compress(tarred({"e": UTF8}))}
    )
    texts, _ = read(source(data, "dump.zip"))
    assert set(texts) == {"dump.zip!/a/b.csv", "dump.zip!/c.csv.gz!/c.csv", "dump.zip!/d.tgz!/d.tar!/e"}


BAD_NAMES = ["../../../tmp/evil", "/etc/passwd", "C:\\evil", "a\x1b[31m", "con\nline", "x" * 5000]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_the_name_of_a_member_is_never_used(
    pack: Callable[[dict[str, bytes]], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    texts, unread = read(source(pack(dict.fromkeys(BAD_NAMES, UTF8)), "t"))
    assert set(texts) == {f"t!/{name}" for name in BAD_NAMES}
    assert list(texts.values()) == [UTF8] * len(BAD_NAMES)
    assert (unread, list(tmp_path.iterdir())) == ([], [])


def test_undecodable_names_in_a_tar_survive() -> None:
    header = tarred({"NAME": UTF8}, tarfile.USTAR_FORMAT)[:512].replace(b"NAME", b"N\xffME")
    fixed = header[:148] + b"%06o\0 " % (sum(header[:148]) + 256 + sum(header[156:])) + header[156:]
    texts, _ = read(source(fixed + UTF8.ljust(512, b"\0"), "t"))
    assert texts == {"t!/N\udcffME": UTF8}


def test_links_and_devices_in_a_tar_are_skipped_and_their_neighbours_read() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("odd")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("good")
        info.size = len(UTF8)
        archive.addfile(info, io.BytesIO(UTF8))
    assert read(source(out.getvalue(), "t")) == ({"t!/good": UTF8}, [])


def test_content_behind_a_link_is_read() -> None:
    header = bytearray(tarred({"link": UTF8}, tarfile.USTAR_FORMAT))
    header[156:157] = b"2"
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 256 + sum(header[156:512]))
    assert read(source(bytes(header), "t")) == ({"t!/link": UTF8}, [])


@pytest.mark.skipif("GNU" not in TAR, reason="needs GNU tar")
def test_real_tar_writes_what_we_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "list.csv").write_bytes(UTF8)
    (tmp_path / "in" / "sparse").write_bytes(b"")
    with (tmp_path / "in" / "sparse").open("r+b") as sparse:
        sparse.seek(50 << 20)
        sparse.write(UTF8)
    for form in ("v7", "ustar", "oldgnu", "gnu", "pax"):
        sparse_too = ["--sparse"] if form in ("oldgnu", "gnu", "pax") else []
        command = ["tar", f"--format={form}", *sparse_too, "-cf", "-", "in"]
        data = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
        texts, unread = read(source(data, "t"))
        assert texts["t!/in/list.csv"] == UTF8
        assert any(UTF8 in text for path, text in texts.items() if "sparse" in path), form
        assert unread == []


# ---- damaged, truncated, lying


def test_the_good_part_of_a_truncated_gzip_is_read_and_the_rest_listed() -> None:
    big = UTF8 * 20_000
    texts, unread = read(source(gzip.compress(big, 1)[:-2000], "a.gz"))
    assert big.startswith(texts["a.gz!/a"])
    assert len(texts["a.gz!/a"]) > 1_000_000
    assert unread == [Unread("a.gz!/a", "the compressed data ends in the middle", partly=True)]


def test_what_follows_a_gzip_is_read_as_it_stands_and_listed() -> None:
    texts, unread = read(source(gzip.compress(UTF8) + b"and more", "a.gz"))
    assert texts == {"a.gz!/a": UTF8 + b"and more"}
    assert unread == [Unread("a.gz!/a", "what follows the compressed data is not gzip", partly=True)]


def test_a_damaged_gzip_is_listed() -> None:
    data = bytearray(gzip.compress(os.urandom(5000)))
    data[2000:2100] = bytes(100)
    _, [unread] = read(source(bytes(data), "a.gz"))
    assert unread.why == "the compressed data is damaged"


def test_a_damaged_member_does_not_hide_its_neighbours() -> None:
    data = bytearray(zipped({"a": os.urandom(5000), "b": UTF8}))
    data[1000:1100] = bytes(100)
    texts, unread = read(source(bytes(data), "z"))
    assert texts["z!/b"] == UTF8
    assert [u.path for u in unread] == ["z!/a"]


NO_DIRECTORY = "the directory of the ZIP archive is damaged or missing; members were looked for without it"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_members_of_a_zip_without_its_directory_are_found(method: int) -> None:
    texts, unread = read(source(zipped({"a": UTF8, "b/c": UTF8}, method)[:-50], "z"))
    assert texts == {"z!/a": UTF8, "z!/b/c": UTF8}
    assert unread == [Unread("z", NO_DIRECTORY, partly=True)]


def test_a_zip_that_ends_in_the_middle_is_read_up_to_there() -> None:
    big = UTF8 * 1000
    texts, unread = read(source(zipped({"a": UTF8, "b": big, "c": UTF8})[:600], "z"))
    assert texts["z!/a"] == UTF8
    assert big.startswith(texts["z!/b"])
    assert unread == [
        Unread("z", NO_DIRECTORY, partly=True),
        Unread("z!/b", "the compressed data ends in the middle", partly=True),
    ]


def test_a_streamed_zip_without_its_directory_is_read_as_far_as_it_can_be() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError

    out = Pipe()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", UTF8, zipfile.ZIP_DEFLATED)
        archive.writestr("b", UTF8, zipfile.ZIP_STORED)
        archive.writestr("c", UTF8, zipfile.ZIP_DEFLATED)
    texts, unread = read(source(out.getvalue()[:-60], "z"))
    assert texts == {"z!/a": UTF8, "z!/c": UTF8}
    assert [u.path for u in unread] == ["z", "z!/b"]


def test_a_tar_that_is_damaged_in_the_middle_is_listed_and_its_rest_read() -> None:
    data = bytearray(tarred({"a": UTF8, "b": UTF8, "c": UTF8}, tarfile.USTAR_FORMAT))
    second = 512 + len(UTF8) + -len(UTF8) % 512
    data[second + 10] ^= 1
    texts, unread = read(source(bytes(data), "t"))
    assert texts["t!/a"] == UTF8
    assert texts["t!/(rest)"].count(UTF8) == 2
    assert [u.path for u in unread] == ["t"]


def test_a_tar_that_ends_in_the_middle_is_listed() -> None:
    texts, [unread] = read(source(tarred({"a": UTF8 * 100})[: 512 + 1000], "t"))
    assert texts["t!/a"] == (UTF8 * 100)[:1000]
    assert unread.path == "t!/a"


def test_what_a_broken_gzip_cuts_off_a_tar_is_said_of_the_archive_too() -> None:
    data = gzip.compress(tarred({name: os.urandom(90_000) for name in "abc"}))
    _, unread = read(source(data[:150_000], "t.tgz"))
    assert [u.path for u in unread] == ["t.tgz!/t.tar!/b", "t.tgz!/t.tar"]


def test_encrypted_members_are_listed() -> None:
    data = bytearray(zipped({"secret": UTF8, "open": UTF8}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    texts, unread = read(source(bytes(data), "z"))
    assert (texts, unread) == ({"z!/open": UTF8}, [Unread("z!/secret", "encrypted: give --password-file")])


def test_an_unknown_compression_is_listed() -> None:
    data = bytearray(zipped({"a": UTF8}))
    data[8] = 97
    data[data.index(b"PK\x01\x02") + 10] = 97
    _, unread = read(source(bytes(data), "z"))
    assert unread == [Unread("z!/a", "compression method 97 is not known here")]


def test_a_directory_that_lies_about_a_size_hides_nothing() -> None:
    data = bytearray(zipped({"a": UTF8 * 1000}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    assert read(source(bytes(data), "z"))[0] == {"z!/a": UTF8 * 1000}


def test_a_directory_too_large_for_memory_is_refused_before_it_is_read() -> None:
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 9 << 20, 30, 0)
    data = zipped({"a": UTF8}, zipfile.ZIP_STORED)[:1000].ljust(30 + (9 << 20), b"\0") + end
    texts, [unread] = read(source(data, "z"))
    assert "larger than 8 MB" in unread.why
    assert texts["z!/a"] == UTF8


CLOSED = [b"PGDMP", b"REDIS0009", b"QFI\xfb"]


@pytest.mark.parametrize("head", CLOSED)
def test_what_cannot_be_taken_apart_is_listed_and_its_plain_text_found(head: bytes) -> None:
    texts, [unread] = read(source(head + b"\0 maria@example.com", "c"))
    assert b"maria@example.com" in texts["c"]
    assert "is not taken apart" in unread.why


# ---- files that change, and errors of the file system


def test_a_file_that_shrinks_is_read_and_listed() -> None:
    texts, unread = read(source(UTF8, "f", size=1000))
    assert texts == {"f": UTF8}
    assert unread == [Unread("f", f"it shrank while it was read: {len(UTF8)} of 1,000 bytes", partly=True)]


def test_a_file_that_grows_is_read_to_its_new_end() -> None:
    assert read(source(UTF8, "f", size=3)) == ({"f": UTF8}, [])


def test_a_file_that_vanished_is_listed(tmp_path: Path) -> None:
    obj = SourceObject("heap", "gone", 5, (tmp_path / "gone").open)  # type: ignore[arg-type]
    assert read(obj) == ({}, [Unread("gone", "no such file or directory")])


def test_an_error_in_the_middle_is_listed_with_its_reason() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 1 << 20:
                raise OSError(5, "Input/output error")
            return super().read(size)

    data = b"x" * (3 << 20)
    texts, unread = read(SourceObject("heap", "f", len(data), partial(Failing, data)))
    assert len(texts["f"]) == 1 << 20
    assert unread == [Unread("f", "input/output error", partly=True)]


# ---- workbooks


def test_a_workbook_that_kills_its_parser_is_read_as_a_zip_and_the_good_one_beside_it_too() -> None:
    data = zipped({"bad.xlsx": cell_in_the_last_corner(), "good.xlsx": workbook()})
    assert len(cell_in_the_last_corner()) < 10_000
    texts, [unread] = read(source(data, "z"))
    assert unread.path == "z!/bad.xlsx"
    assert "the xlsx parser died (SIGABRT)" in unread.why
    assert b"maria.huber@example.com" in texts["z!/bad.xlsx!/xl/worksheets/sheet1.xml"]
    assert texts["z!/good.xlsx!Sheet2"] == UTF8


def test_cells_are_written_as_people_write_them() -> None:
    import datetime as dt

    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    for value in (
        ["id", 10423, 1.5, 491512345678, True, dt.date(2019, 11, 5)],
        [
            "x",
            None,
            "tab\there",
            "line\nbreak",
            dt.datetime.fromisoformat("2019-11-05T07:30"),
            dt.time(7, 30),
        ],
    ):
        book.active.append(value)
    book.create_sheet("Zweites Blatt").append(["maria@example.com"])
    book["Zweites Blatt"].sheet_state = "veryHidden"
    out = io.BytesIO()
    book.save(out)
    texts, unread = read(source(out.getvalue(), "l.xlsx"))
    assert texts["l.xlsx!Sheet"].decode() == (
        "id\t10423\t1.5\t491512345678\ttrue\t2019-11-05\n"
        "x\t\ttab here\tline break\t2019-11-05T07:30:00\t07:30:00\n"
    )
    assert texts["l.xlsx!Zweites Blatt"] == b"maria@example.com\n"
    assert unread == []


def test_comments_and_caches_of_a_workbook_are_read_too() -> None:
    with zipfile.ZipFile(io.BytesIO(workbook())) as book:
        members = {name: book.read(name) for name in book.namelist()}
    hidden = {"xl/comments1.xml": UTF8, "xl/pivotCache/pivotCacheDefinition1.xml": UTF8}
    texts, _ = read(source(zipped(members | hidden | {"xl/worksheets/sheet9.xml": UTF8}), "l.xlsx"))
    assert texts["l.xlsx!Sheet2"] == UTF8
    for name in (*hidden, "xl/worksheets/sheet9.xml"):
        assert texts[f"l.xlsx!/{name}"] == UTF8


def test_a_large_sheet_comes_in_chunks_and_whole() -> None:
    rows: list[list[object]] = [[f"person{n}@example.com", n, "x" * 40] for n in range(10_000)]
    texts, _ = read(source(workbook(rows), "l"))
    assert texts["l!Sheet2"].count(b"\n") == 10_000
    assert b"person9999@example.com\t9999\t" in texts["l!Sheet2"]


# ---- bombs: each in a process of its own, so that its memory can be measured


def zip_around(deflated: bytes, size: int, copies: int = 1, *, claim: int | None = None) -> bytes:
    """A ZIP of one deflated stream under many names that all point at it."""
    crc = 0
    claimed = size if claim is None else claim
    local = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(deflated), claimed, 1, 0) + b"a"
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(deflated), claimed, 1, 0, 0, 0, 0, 0, 0
    )
    body = local + deflated
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, copies, copies, 47 * copies, len(body), 0)
    return body + (entry + b"a") * copies + end


def bombs() -> dict[str, bytes]:
    raw = deflated_zeros(ZEROS)
    flat = gzip.compress(b"")[:10] + raw + struct.pack("<2I", 0, ZEROS)
    with zipfile.ZipFile(io.BytesIO(workbook())) as book:
        members = {name: book.read(name) for name in book.namelist()}
    blank = b" " * (100 << 20)
    pax = bytearray(tarred({"a": b""}, tarfile.USTAR_FORMAT)[:512])
    pax[124:136], pax[156:157] = b"77777777777\0", b"x"
    pax[148:156] = b"%06o\0 " % (sum(pax[:148]) + 256 + sum(pax[156:]))
    return {
        "gzip": flat,
        "gzip in gzip": gzip.compress(flat),
        "tar.gz": gzip.compress(bytes(pax) + bytes(300 << 20), 1),
        "zip": zip_around(raw, ZEROS),
        "zip that claims ten bytes": zip_around(raw, ZEROS, claim=10),
        "zip of many names": zip_around(raw, ZEROS, 5_000),
        "zip in zip": zipped({f"{n}.zip": zip_around(raw, ZEROS) for n in range(3)}),
        "xlsx": zipped(members | {"xl/worksheets/sheet1.xml": blank}),
    }


MEASURED = """
import os, resource, sys, time
sys.path.insert(0, sys.argv[2])
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.plugins import formats
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
path = sys.argv[1]
obj = SourceObject(path, path, os.path.getsize(path), lambda: open(path, "rb", buffering=0))
seen, whys = 0, []
for found in formats.read(obj):
    if isinstance(found, Unread):
        whys.append(found.why)
    else:
        seen += sum(map(len, found.chunks))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(time.process_time() - began, grown >> 10, seen >> 20, whys)
"""


@pytest.fixture(scope="module")
def bomb_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bombs")
    for name, data in bombs().items():
        (folder / name).write_bytes(data)
    return folder


BOMBS = ["gzip", "gzip in gzip", "tar.gz", "zip", "zip that claims ten bytes"]
BOMBS += ["zip of many names", "zip in zip", "xlsx"]


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_stops_in_2_s_and_100_mb_and_is_listed(name: str, bomb_files: Path) -> None:
    command = [sys.executable, "-c", MEASURED, str(bomb_files / name), str(Path(formats.__file__).parents[3])]
    for _ in range(3):  # a busy machine is given three chances
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds, grown, seen, whys = out.split(" ", 3)
        if float(seconds) < 2:
            break
    assert float(seconds) < 2
    assert int(grown) < 100
    assert int(seen) <= 300
    assert any(why in whys for why in ("stopped after", "extended header", "contradicts the directory"))


def test_limits_are_said_and_what_came_before_is_kept() -> None:
    data = tarred({str(n): b"" for n in range(50)}, mode="w:gz")
    assert len(data) < 700
    texts, [unread] = read(source(data, "t"), Limits(members=7))
    assert (len(texts), unread) == (6, Unread("t", "stopped after 7 members"))
    texts, [unread] = read(source(gzip.compress(os.urandom(9 << 20)), "g"), Limits(unpacked=4 << 20))
    assert 3 << 20 < len(texts["g!/g"]) <= 4 << 20
    assert unread.why == "stopped after 4 MB unpacked"
    spooled = gzip.compress(zipped({"a": os.urandom(3 << 20)}, zipfile.ZIP_STORED))
    _, [*_, unread] = read(source(spooled, "g"), Limits(spool=1 << 20))
    assert unread == Unread("g!/g", "needs a temporary file of more than 1 MB", partly=True)


def test_containers_are_opened_to_a_depth_of_five() -> None:
    data = UTF8
    for _ in range(5):
        data = gzip.compress(data)
    texts, unread = read(source(data, "d"))
    assert (list(texts.values()), unread) == ([UTF8], [])
    texts, [unread_one] = read(source(gzip.compress(data), "d"))
    assert set(texts) == {"d" + "!/d" * 5}, "its bytes, for what is plain text in them"
    assert unread_one == Unread("d" + "!/d" * 5, "a gzip file nested deeper than 5 containers")


def test_plain_text_in_a_container_that_lies_too_deep_is_read() -> None:
    data = zipped({"a": UTF8}, zipfile.ZIP_STORED)
    for _ in range(5):
        data = gzip.compress(data)
    texts, [unread] = read(source(data, "d"))
    assert UTF8 in texts["d" + "!/d" * 5]
    assert unread.why == "a ZIP archive nested deeper than 5 containers"


def test_a_bug_in_a_format_ends_no_scan_and_the_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from trapstreet.plugins.formats import html

    page = b"<html><p>maria@example.com</p></html>"
    monkeypatch.setattr(html, "parts", lambda data, path: iter({}["damaged"]))
    texts, [unread] = read(source(page, "d"))
    assert texts == {"d": page}
    assert unread.why == "a bug in what reads a web page (KeyError); read as plain text"
    monkeypatch.setattr(html, "recognises", lambda data: {}["damaged"])
    texts, _ = read(source(page, "d"))
    assert texts == {"d": page}


def test_a_nest_without_an_end_is_left_at_the_limit_and_its_sides_are_read() -> None:
    nest = UTF8
    for _ in range(40):
        nest = zipped({"r.zip": nest, "side": UTF8})
    texts, [unread] = read(source(nest, "r.zip"))
    assert len(texts) == 6, "the last is the archive that lies too deep, as it is"
    assert "nested deeper" in unread.why


# ---- no trace


def test_temporary_files_have_no_name_and_descriptors_are_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(list(Path("/dev/fd").iterdir()))
    seen = []
    for text in formats.read(source(zipped({"a.zip": zipped({"b": UTF8}), "l.xlsx": workbook()}))):
        seen += [path for path in tmp_path.iterdir() if not stat.S_ISDIR(path.stat().st_mode)]
        assert isinstance(text, formats.Text)
        next(text.chunks, None)
    del text
    assert seen == []
    assert list(tmp_path.iterdir()) == []
    assert len(list(Path("/dev/fd").iterdir())) == before
