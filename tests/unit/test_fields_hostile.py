"""Attacker-made bytes: an answer in linear time, whatever they are."""

import random
import time

import pytest

from trapstreet.core.fields import Column, Search, kinds
from trapstreet.core.fields.tokens import LONGEST_SOURCE, LONGEST_TEXT, tokens

SIZE = 200_000
GRAMMAR = ("=TCK D6", "D8", "H8 H4 H4 H4 H12", "A1-6 D1-4 A1-6", "X8", "D4 D2 D2")
HOSTILE = {
    "zeros": b"0",
    "letters": b"a",
    "dots before an @": b"a.",
    "ats": b"@",
    "addresses without end": b"a@a.",
    "one digit and a blank": b"1 ",
    "two digits and a blank": b"12 ",
    "brackets": b"1((",
    "starts of an IBAN": b"DE89 ",
    "starts of a ticket": b"TCK-",
    "half characters": b"\xc3",
    "punycode": b"a@xn--",
    "long labels": b"a@" + b"a-" * 126,
    "NUL": b"\0",
    "noughts in brackets": b"(0)",
    "numbers of one digit": b"1-",
    "escapes": b"\\u00e9",
    "accents alone": b"\xcc\x81",
    "apostrophes": b"a\\''",
    "long characters": "﷽".encode(),
    "dates": b"1.2.80 May ",
    "unicode addresses": "ü@ü.".encode(),
    "hex": bytes(random.Random(1).choices(b"0123456789abcdef", k=4096)),
    "random": random.Random(2).randbytes(4096),
}
ANCHORS = [kind for kind in kinds() if kinds()[kind].anchor]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ANCHORS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_take_linear_time(kind, name):
    columns = tuple(Column("cell", kind, "", region=region, grammar=GRAMMAR) for region in ("IE", "US"))
    pattern = HOSTILE[name]
    data = (pattern * (SIZE // len(pattern) + 1))[:SIZE] + b"@example.com"
    began = time.process_time()
    for candidate in kinds()[kind].find(data, Search(columns)):
        assert 0 <= candidate.start < candidate.end <= len(data)
        assert candidate.end - candidate.start <= 64 + 1 + 255
    assert time.process_time() - began < 10  # twenty times the cost measured; quadratic work takes minutes


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kinds()[kind].slots])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_windows_take_linear_time(kind, name):
    pattern = HOSTILE[name]
    data = (pattern * (SIZE // len(pattern)))[: SIZE // 5]
    began = time.process_time()
    seen = tokens(data)
    for token in seen:
        assert 0 <= token.start < token.end <= len(data)
        assert token.end - token.start <= LONGEST_SOURCE
        assert 0 < len(token.text) <= LONGEST_TEXT
    for first, last, form in kinds()[kind].near(seen):
        assert 0 <= first <= last < len(seen)
        assert form
    assert time.process_time() - began < 10
