"""Plain text behind what is packed."""

import gzip
import zlib

import pytest

from taken_apart import read, source

TEXT = b"maria@example.com\n"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    + gzip.compress(b"x")
    + TEXT
)
RECORD = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/\r\nContent-Length: %d\r\n\r\n" % len(
    ANSWER
)


@pytest.mark.parametrize(
    "data",
    [gzip.compress(b"x") + TEXT, zlib.compress(b"blob 1\0x") + TEXT, RECORD + ANSWER + b"\r\n\r\n"],
    ids=["gzip", "git", "web"],
)
def test_it_is_read_and_listed(data: bytes) -> None:
    texts, unread = read(source(data, "d"))
    assert any(b"maria@example.com" in text for text in texts.values())
    assert len(unread) == 1
