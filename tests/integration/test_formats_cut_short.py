"""Members that end in the middle: what came of them is read, and they are listed."""

import gzip
import random

import pytest

from formats_data import database
from taken_apart import read, source

NOISE = random.Random(1).randbytes(20_000).hex()
SCRIPT = b"#!/bin/sh\nmail maria@example.com\n" + NOISE.encode()
ROWS = database(
    [["Maria", "maria@example.com", "0151", NOISE[at : at + 4000]] for at in range(0, 36_000, 4000)]
)


@pytest.mark.parametrize("content", [SCRIPT, ROWS], ids=["script", "database"])
def test_what_needs_a_file_is_read_as_far_as_it_came(content: bytes) -> None:
    texts, unread = read(source(gzip.compress(content)[:-3000], "d.gz"))
    assert b"maria@example.com" in texts["d.gz!/d"]
    assert "the compressed data ends in the middle" in [each.why for each in unread]
