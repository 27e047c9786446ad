"""What is planted is found in any encoding and however the text is cut; the rest comes out as it is."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encodings_of_text import ENCODINGS, Encoding
from trapstreet.plugins import decoders
from trapstreet.plugins.decoders import decoded
from tries import tries

VALUES = ["jörg.müller@post.example", "+353 85 123 4567", "TS-2410377"]
TEXT = f"Jörg Müller;{';'.join(VALUES)};Köln"
PLAIN = st.text("abcdefg XYZ\n.,:;-()", max_size=3000).map(lambda text: text.replace("a", "a ").encode())
ALL = [each for encodings in ENCODINGS.values() for each in encodings.values()]
OUTER = [
    ENCODINGS["base64"]["one line"],
    ENCODINGS["base64"]["lines"],
    ENCODINGS["hexadecimal"]["lower"],
    ENCODINGS["percent"]["part"],
    ENCODINGS["escapes"]["JSON"],
]
"""Those that keep any text as it is."""

IN_ONE_LINE = [each for each in ALL if b"\n" not in each(TEXT).rstrip()]

CUTS = st.lists(st.integers(min_value=0), max_size=12)


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces that are often cut, in lines and between them."""
    monkeypatch.setattr(decoders, "_PIECE", 1500)


def pieces(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return iter(data[a:b] for a, b in pairwise(edges))


def lost(data: bytes, cuts: Sequence[int]) -> list[str]:
    said = b"".join(decoded(pieces(data, cuts))).decode("utf-8", "replace")
    return [value for value in VALUES if value not in said]


@settings(max_examples=tries(400), deadline=None)
@given(PLAIN, PLAIN, st.sampled_from(ALL), CUTS)
def test_what_is_planted_is_found_in_any_encoding_at_any_cuts(
    before: bytes, behind: bytes, encoding: Encoding, cuts: list[int]
) -> None:
    assert not lost(before + b"\n" + encoding(TEXT) + b"\n" + behind, cuts)


@settings(max_examples=tries(200), deadline=None)
@given(PLAIN, st.sampled_from(ALL), st.sampled_from(OUTER), CUTS)
def test_what_is_planted_is_found_in_two_encodings(
    before: bytes, inner: Encoding, outer: Encoding, cuts: list[int]
) -> None:
    assert not lost(before + b"\n" + outer(inner(TEXT).decode("latin-1")) + b"\n", cuts)


@settings(max_examples=tries(100), deadline=None)
@given(st.integers(0, 4000), st.integers(0, 4000), st.sampled_from(IN_ONE_LINE), CUTS)
def test_nothing_is_lost_in_a_line_without_an_end(
    before: int, behind: int, encoding: Encoding, cuts: list[int]
) -> None:
    words = b"word and " * 500
    data = words[:before] + b" " + encoding(TEXT).rstrip() + b" " + words[:behind]
    assert not lost(data, cuts)


@settings(max_examples=tries(60), deadline=None)
@given(
    st.integers(0, 400), st.sampled_from(["one line", "lines", "lines of 50", "UTF-16 LE", "Latin-1"]), CUTS
)
def test_values_all_through_a_long_run_are_found_where_it_is_cut(at: int, name: str, cuts: list[int]) -> None:
    rows = [f"{at + number};person{number}@post.example;TS-{2_410_377 + number}\n" for number in range(400)]
    data = ENCODINGS["base64"][name]("".join(rows))
    said = b"".join(decoded(pieces(data, cuts))).decode("utf-8", "replace")
    assert not [row for row in rows if row.partition(";")[2] not in said]


@settings(max_examples=tries(200), deadline=None)
@given(PLAIN, CUTS)
def test_where_nothing_is_encoded_the_bytes_come_out_as_they_are(text: bytes, cuts: list[int]) -> None:
    assert b"".join(decoded(pieces(text, cuts))) == text


@settings(max_examples=tries(200), deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([each(TEXT) for each in ALL])), max_size=40),
    CUTS,
)
def test_any_bytes_are_taken_and_what_stood_together_still_does(parts: list[bytes], cuts: list[int]) -> None:
    data = b"\n".join(parts)
    said = b"".join(decoded(pieces(data, cuts)))
    assert all(data[at : at + 900] in said for at in range(0, len(data), 100))


@pytest.mark.slow
def test_a_line_of_three_gigabytes_loses_nothing_and_takes_little_memory() -> None:
    ended = subprocess.run([sys.executable, "-c", ENDLESS], capture_output=True, text=True, check=True)
    size, found, peak_mb = map(int, ended.stdout.split())
    assert size > 3 << 30
    assert found == 3
    assert peak_mb < 150


ENDLESS = """
import base64
from trapstreet.plugins.decoders import decoded

VALUE = b"maria.hofer@post.example"
words = (b"word and " * 120_000)[: 1 << 20]

def line():
    for number in range(3 << 10):
        yield words
        if number % 1024 == 1000:
            yield b" " + base64.b64encode(VALUE) + b" "

size = found = 0
for piece in decoded(line()):
    size += len(piece)
    found += piece.count(VALUE)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(size, found, int(peak) >> 10)
"""
