"""Deltas in Git packs that were made to cost much, or to hide."""

import hashlib
import struct
import zlib

from taken_apart import read, source
from trapstreet.plugins.formats import _git

BASE = b"hello base\n" * 3


def test_a_delta_of_single_bytes_is_no_list_of_them() -> None:
    count = 300_000
    delta = b"\x21" + b"\xe0\xa7\x12" + b"\1a" * count
    made = _git._applied(BASE, delta)
    assert made.content == b"a" * count
    assert len(made.edges) < 1000
    assert b"".join(made.changed()) == made.content


def test_a_delta_whose_base_is_no_object_is_listed() -> None:
    first = bytes([0xB1, 2]) + zlib.compress(BASE)
    delta = b"\x21\x05\x05maria"
    second = bytes([0x68, len(first) - 1]) + zlib.compress(delta)
    pack = b"PACK" + struct.pack(">II", 2, 2) + first + second
    texts, unread = read(source(pack + hashlib.sha1(pack).digest(), "p"))
    assert list(texts.values()) == [BASE]
    assert [each.why for each in unread] == [
        "1 objects are the differences from others that are not in this pack"
    ]
