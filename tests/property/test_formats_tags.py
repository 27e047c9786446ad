"""The text of a marked-up document does not depend on how it came, and nothing between its tags is lost."""

import html
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trapstreet.plugins.formats._office import OOXML
from trapstreet.plugins.formats._tags import Dialect, plain

NO_BREAKS = Dialect(begins={}, ends={}, shown=None)
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="<>&"))
MARKUP = st.sampled_from(
    [
        *(
            "<w:p>",
            "</w:p>",
            "<w:r>",
            '<w:t xml:space="preserve">',
            "</w:t>",
            "<w:tab/>",
            "</w:tc>",
            "<!-- x -->",
        ),
        *('<w:p w14:paraId="1">', '<w:drawing descr="a > b">', '<w:ins w:author="me@example.com">'),
        *("&amp;", "&#64;"),
    ]
)
DOCUMENTS = st.lists(MARKUP | WORDS).map("".join)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(position % (len(data) + 1) for position in at)})
    return [data[a:b] for a, b in pairwise(edges)]


def lines(chunks: list[bytes]) -> bytes:
    """What is read, less the breaks that a cell's end took the place of where both were at hand."""
    return b"".join(plain(iter(chunks), OOXML)).replace(b"\n\t", b"\t")


@given(DOCUMENTS, st.lists(st.integers(min_value=0)))
def test_where_a_document_is_cut_makes_no_difference(document: str, at: list[int]) -> None:
    data = document.encode()
    assert lines(cut(data, at)) == lines([data])


@given(st.lists(WORDS), st.lists(st.integers(min_value=0)))
def test_all_that_stands_between_tags_comes_out(words: list[str], at: list[int]) -> None:
    data = "".join(f"<x y='1'>{html.escape(word)}</x>" for word in words).encode()
    assert b"".join(plain(iter(cut(data, at)), NO_BREAKS)).decode() == "".join(words)


@given(st.binary(), st.lists(st.integers(min_value=0)))
def test_bytes_of_any_kind_raise_nothing(data: bytes, at: list[int]) -> None:
    for _ in plain(iter(cut(data, at)), OOXML):
        pass
