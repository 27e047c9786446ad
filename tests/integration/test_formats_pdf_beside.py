"""What a PDF holds beside its pages' texts."""

import zlib

import pytest

from taken_apart import read, source


def pdf(*objects: bytes) -> bytes:
    """Without a table of its objects: readers find them."""
    bodies = (b"%d 0 obj\n%b\nendobj\n" % (number, body) for number, body in enumerate(objects, 1))
    return b"%PDF-1.7\n" + b"".join(bodies) + b"trailer\n<</Root 1 0 R>>\n%%EOF\n"


def stream(content: bytes) -> bytes:
    packed = zlib.compress(content)
    return b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(packed), packed)


PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
PINNED = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[4 0 R]>>"
SAMPLES = {
    "form": pdf(
        b"<</Pages 2 0 R/AcroForm<</Fields[]/XFA[(datasets) 4 0 R]>>>>",
        PAGES,
        PAGE,
        stream(b"maria@example.com"),
    ),
    "outline": pdf(
        b"<</Pages 2 0 R/Outlines 4 0 R>>",
        PAGES,
        PAGE,
        b"<</First 5 0 R/Last 5 0 R/Count 1>>",
        b"<</Title(maria@example.com)/Parent 4 0 R/Dest[3 0 R/Fit]>>",
    ),
    "pinned": pdf(
        b"<</Pages 2 0 R>>",
        PAGES,
        PINNED,
        b"<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 5 0 R>>",
        b"<</Type/Filespec/F(a.csv)/UF(a.csv)/EF<</F 6 0 R>>>>",
        stream(b"maria@example.com"),
    ),
}


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES)
def test_it_is_read(data: bytes) -> None:
    texts, unread = read(source(data, "d"))
    assert b"maria@example.com" in texts["d!/a.csv" if b"a.csv" in data else "d"]
    assert unread == []
