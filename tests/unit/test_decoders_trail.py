"""How what was decoded was encoded, and the files that stood encoded in a text."""

import base64
import gzip
import json
import random
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from encodings_of_text import ENCODINGS
from trapstreet.plugins.decoders import decoded
from trapstreet.plugins.decoders._trail import Trail

VALUES = ["jörg.müller@post.example", "+353 85 123 4567", "TS-2410377"]
TEXT = f"Jörg Müller;{';'.join(VALUES)};Köln"
TITLES = {
    "hexadecimal": "hexadecimal digits",
    "octets": "hexadecimal digits in pairs",
    "base64": "base64",
    "quoted_printable": "quoted-printable",
    "percent": "percent-encoding",
    "escapes": "escapes",
    "entities": "HTML entities",
}
CASES = [(module, name) for module, encodings in ENCODINGS.items() for name in encodings]
TWICE = {"in percent-encoding": "percent-encoding!base64"}


@pytest.fixture(autouse=True)
def _files_are_closed() -> Iterator[None]:
    yield
    while OPEN:
        files = OPEN.pop().files
        if files:
            files.close()


OPEN: list[Trail] = []


def read(data: bytes, size: int = 1 << 20) -> tuple[bytes, Trail]:
    trail = Trail()
    OPEN.append(trail)
    return b"".join(decoded((data[at : at + size] for at in range(0, len(data), size)), trail)), trail


def files_of(trail: Trail) -> Iterator[tuple[str, Iterator[bytes]]]:
    return trail.files.each() if trail.files else iter(())


def way_in(data: bytes, value: str) -> str | None:
    """None where the value stands outside of what was decoded."""
    said, trail = read(data)
    at = said.index(value.encode())
    inside = any(start <= at < end for start, end in trail.spans())
    return trail.way_in(at, value.encode()) if inside else None


@pytest.mark.parametrize(("module", "name"), CASES)
def test_it_is_known_how_each_value_was_encoded(module: str, name: str) -> None:
    data = b"\n" * 3000 + b"row: " + ENCODINGS[module][name](TEXT) + b"\nend\n"
    for value in VALUES:
        expected = None if value.encode() in data else TWICE.get(name, TITLES[module])
        assert way_in(data, value) == expected


def test_the_outer_encoding_is_told_first_and_what_stands_beside_does_not_count() -> None:
    inner = base64.b64encode(json.dumps(TEXT).encode()).decode()
    other = "a%40b.example " * 200 + "caf&eacute; " * 200
    data = f"{other}\nd={quote('x ' + inner, safe='')}\n{other}\n" + "=C3=BC " * 99
    assert way_in(data.encode(), VALUES[0]) == "percent-encoding!base64!escapes"
    assert way_in(data.encode(), "a@b.example") == "percent-encoding"


def test_a_value_that_stands_plain_beside_something_encoded_is_plain() -> None:
    said, trail = read(b"maria@post.example, caf\\u00e9 and J\\u00f6rg@post.example\n")
    (start, _), *_ = trail.spans()
    assert trail.is_plain(start, b"maria@post.example")
    assert not trail.is_plain(start, "Jörg@post.example".encode())
    assert "Jörg@post.example" in said[start:].decode()


def test_where_nothing_is_encoded_nothing_is_remembered() -> None:
    _, trail = read(b"maria@post.example;+353 85 123 4567\n" * 50_000)
    assert trail.spans() == []
    assert [*files_of(trail)] == []


@pytest.mark.slow
def test_of_a_long_text_only_the_last_pieces_are_remembered() -> None:
    rows = "".join(f"person{number}@post.example\n" for number in range(1_200_000)).encode()
    said, trail = read(base64.b64encode(rows))
    assert len(trail.spans()) < 100
    assert 0 < trail.since <= trail.spans()[0][0]
    at = said.rindex(b"person1199999@post.example")
    assert trail.way_in(at, b"person1199999@post.example") == "base64"
    assert trail.way_in(100, b"person1@post.example") == ""


FILE = gzip.compress(random.Random(5).randbytes(700_000), mtime=0)
SMALL = gzip.compress(random.Random(6).randbytes(200), mtime=0)
DOCUMENTS: dict[str, Callable[[bytes], bytes]] = {
    "a string of JSON": lambda data: b'{"n": 1, "data": "' + base64.b64encode(data) + b'", "z": "AAAA"}\n',
    "one with slashes escaped": lambda data: (
        b'{"data": "' + base64.b64encode(data).replace(b"/", b"\\/") + b'"}'
    ),
    "lines in JSON": lambda data: json.dumps({"data": base64.encodebytes(data).decode()}).encode(),
    "lines in JSON in JSON": lambda data: json.dumps(
        json.dumps({"data": base64.encodebytes(data).replace(b"\n", b"\r\n").decode()})
    ).encode(),
    "lines in XML": lambda data: b"<a>\n" + base64.encodebytes(data).replace(b"\n", b"&#xD;\n") + b"</a>\n",
    "lines that are indented": lambda data: b"<a>\n    " + base64.encodebytes(data).replace(b"\n", b"\n    "),
    "a URL of data": lambda data: b'<img src="data:;base64,' + base64.b64encode(data) + b'" alt="">',
    "a URL-safe alphabet without padding": lambda data: (
        b"t=" + base64.urlsafe_b64encode(data).rstrip(b"=") + b".sig"
    ),
    "a form": lambda data: b"a=1&f=" + quote(base64.b64encode(data), safe="").encode() + b"&b=2",
    "SQL": lambda data: b"INSERT INTO f VALUES (7, x'" + data.hex().upper().encode() + b"', 'maria');\n",
    "SQL Server's SQL": lambda data: b"VALUES (7, 0x" + data.hex().encode() + b", 'maria');\n",
    "a dump of PostgreSQL": lambda data: b"7\t\\\\x" + data.hex().encode() + b"\tmaria\n",
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("file", [SMALL, FILE], ids=["small", "large"])
@pytest.mark.parametrize("size", [1 << 20, 70_001])
def test_a_file_that_stands_encoded_in_a_document_comes_out_byte_for_byte(
    name: str, file: bytes, size: int
) -> None:
    data = b"line of text\n" * 3000 + DOCUMENTS[name](file) + b"\nmore\n" * 9
    _, trail = read(data, size)
    found = [(title, b"".join(blocks)) for title, blocks in files_of(trail)]
    assert [content for _, content in found] == [file]
    assert found[0][0] in ("base64", "hexadecimal digits")


def test_all_files_come_out_in_their_order_and_each_once() -> None:
    files = [gzip.compress(random.Random(seed).randbytes(50 * seed), mtime=0) for seed in range(1, 60)]
    rows = [json.dumps({"id": n, "scan": base64.b64encode(each).decode()}) for n, each in enumerate(files)]
    _, trail = read("\n".join(rows + rows[:7]).encode())
    assert [b"".join(blocks) for _, blocks in files_of(trail)] == files


def test_a_file_in_an_encoding_in_an_encoding_comes_out() -> None:
    inner = json.dumps({"data": base64.b64encode(SMALL).decode()})
    for outer in (
        base64.b64encode(inner.encode()),
        quote(inner, safe="").encode(),
        inner.encode().hex().encode(),
    ):
        _, trail = read(b"x: " + outer + b"\n")
        assert [b"".join(blocks) for _, blocks in files_of(trail)] == [SMALL]


def test_a_file_whose_end_is_missing_comes_as_far_as_it_is_there() -> None:
    cut = base64.b64encode(FILE)[:200_001]
    _, trail = read(b'{"data": "' + cut)
    (content,) = [b"".join(blocks) for _, blocks in files_of(trail)]
    assert FILE.startswith(content)
    assert len(content) == 150_000


def test_what_only_begins_as_a_file_does_is_none() -> None:
    noise = base64.b64encode(b"PK" + random.Random(3).randbytes(4000))
    text = base64.b64encode(b"SQL is a language, and PARt of many things. " * 40)
    _, trail = read(noise + b"\n" + text + b"\nUEsDBA== H4sIAAAAAAAA\n")
    assert [*files_of(trail)] == []
