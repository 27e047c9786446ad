"""What is listed as read in part was searched in part, and what is listed as not read was not."""

import gzip
import os
import zipfile
from collections.abc import Callable

import pytest

from desk import Desk
from formats_containers import tarred, zipped
from formats_office import docx, paragraph, pdf
from people import customer_file
from taken_apart import read, source

ROWS = [["Maria Huber", "maria.huber@example.com", "+49 30 901820"]]
LINES = b"".join(b"maria.huber%d@example.com\n" % number for number in range(100_000))
NOISE = os.urandom(20_000)


def without_its_end(data: bytes) -> bytes:
    return data[: len(data) * 3 // 4]


def shut(name: str, members: dict[str, bytes]) -> bytes:
    """A ZIP archive whose member of the name says that it is encrypted."""
    data = bytearray(zipped(members))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            if name.encode() in data[at : at + 60]:
                data[at + flags] |= 1
    return bytes(data)


def with_an_image() -> bytes:
    import io

    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf(ROWS))) as document:
        page = document.add_blank_page(page_size=(595, 842))
        image = document.make_stream(
            b"\0" * 3, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=1, Height=1,
            ColorSpace=pikepdf.Name.DeviceRGB, BitsPerComponent=8,
        )  # fmt: skip
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary({"/I": image}))
        page.Contents = document.make_stream(b"595 0 0 842 0 0 cm /I Do")
        document.save(out)
    return out.getvalue()


PARTLY: dict[str, tuple[Callable[[], bytes], str]] = {
    "the end of a gzip is missing": (lambda: without_its_end(gzip.compress(LINES)), "d!/d"),
    "the end of a ZIP is missing": (lambda: without_its_end(zipped({"a": b"x", "b": LINES})), "d"),
    "and of its member": (lambda: without_its_end(zipped({"a": b"x", "b": LINES})), "d!/b"),
    "a tar has noise in the middle": (
        lambda: tarred({"a": b"first"})[:1024] + NOISE + tarred({"b": b"second"}),
        "d",
    ),
    "the end of a document's text is missing": (
        lambda: docx(paragraph("Maria Huber") * 3)[:-1].replace(b"</w:body>", b""),
        "d",
    ),
    "a page is an image": (with_an_image, "d"),
    "a damaged PDF has plain text in it": (lambda: b"%PDF-1.7 \0 maria@example.com", "d"),
}
NOT: dict[str, tuple[Callable[[], bytes], str]] = {
    "a gzip is damaged from its beginning": (lambda: gzip.compress(LINES)[:10] + b"\xff" * 50, "d!/d"),
    "a member is encrypted": (lambda: shut("b", {"a": b"first", "b": b"second"}), "d!/b"),
    "a member is packed in a way that nobody knows": (
        lambda: zipped({"a": LINES}, zipfile.ZIP_STORED).replace(b"\x14\0\0\0\0\0", b"\x14\0\0\0\x61\0"),
        "d!/a",
    ),
    "it is encrypted as a whole": (lambda: b"Salted__" + NOISE, "d"),
}


@pytest.mark.parametrize("what", PARTLY)
def test_what_was_read_in_part_says_so(what: str) -> None:
    make, path = PARTLY[what]
    _, unread = read(source(make(), "d"))
    assert (path, True) in [(each.path, each.partly) for each in unread], unread


@pytest.mark.parametrize("what", NOT)
def test_what_was_not_read_says_so(what: str) -> None:
    make, path = NOT[what]
    _, unread = read(source(make(), "d"))
    assert (path, False) in [(each.path, each.partly) for each in unread], unread


def test_scan_and_trace_and_verify_call_it_so(desk: Desk) -> None:
    desk.do("register", customer_file(desk.folder / "customers.csv", 200), "--name", "customers")
    cut = desk.write("cut.gz", without_its_end(gzip.compress(b"nothing of ours\n" * 10_000)))
    closed = desk.write("closed", b"Salted__" + NOISE)
    for command in ("scan", "trace"):
        said = desk.do(command, cut, closed, status=6).splitlines()
        assert any(line.startswith(f"PARTLY READ  {cut}!/cut: ") for line in said)
        assert any(line.startswith(f"NOT READ  {closed}: ") for line in said)
        one, other = desk.json(command, cut, closed, status=6)["unread"]
        assert one["partly"] is True
        assert set(other) == {"path", "why"}
