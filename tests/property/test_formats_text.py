"""Text comes out as valid UTF-8 however its bytes were cut, and nothing that is ASCII is lost."""

import hashlib
import io
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.plugins import formats
from trapstreet.plugins.formats.text import _utf8

PLANTED = b"maria.huber@example.com"
WRITTEN = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd", "Zs")), min_size=1)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    """The data in non-empty pieces."""
    edges = sorted({0, len(data), *(position % (len(data) + 1) for position in at)})
    return [data[a:b] for a, b in pairwise(edges)]


def read(data: bytes) -> bytes | None:
    """The text of a file that holds nothing else; None if some of it was listed as unread."""
    out, hashes, unread = b"", set(), False
    for found in formats.read(SourceObject("heap", "f", len(data), lambda: io.BytesIO(data))):
        if isinstance(found, Unread):
            unread = True
            continue
        out += b"".join(found.chunks)
        hashes.add(found.sha256)
    assert unread or hashes == {hashlib.sha256(data).hexdigest()}
    return None if unread else out


@given(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")),
    st.lists(st.integers(min_value=0)),
)
def test_no_character_is_cut_in_two(text: str, at: list[int]) -> None:
    pieces = list(_utf8(iter(cut(text.encode(), at))))
    assert "".join(piece.decode() for piece in pieces) == text


@given(st.binary().map(lambda data: data.replace(b"\0", b" ")), st.lists(st.integers(min_value=0)))
def test_every_chunk_without_zero_bytes_becomes_utf8(data: bytes, at: list[int]) -> None:
    for piece in _utf8(iter(cut(data, at))):
        piece.decode()


@given(st.binary(), st.binary(), st.lists(st.integers(min_value=0)))
def test_ascii_survives_among_any_bytes(before: bytes, after: bytes, at: list[int]) -> None:
    data = before + b"\n" + PLANTED + b"\n" + after
    assert PLANTED in b"".join(_utf8(iter([data])))
    assert PLANTED in b"".join(_utf8(iter(cut(data, at)))) or b"\0" in data


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_ascii_survives_whatever_the_encoding_is_taken_for(before: bytes, after: bytes) -> None:
    out = read(before + b"\n" + PLANTED + b"\n" + after)
    assert out is None or PLANTED in out


@given(WRITTEN, st.sampled_from(["utf-16", "utf-32", "utf-8-sig"]))
def test_marked_text_of_any_script_comes_out(text: str, encoding: str) -> None:
    out = read(text.encode(encoding))
    assert out is not None
    assert text.encode() in out


@given(st.text(st.characters(codec="cp1252", exclude_characters="\0")))
def test_cp1252_comes_out_unless_it_reads_as_utf8(text: str) -> None:
    data = text.encode("cp1252")
    out = b"".join(_utf8(iter([data]))).decode()
    if not any(b >= 0xC2 for b in data):
        assert out == text
    assert len(out) <= len(text)
