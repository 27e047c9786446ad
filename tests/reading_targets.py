"""What may become of a reader of texts in the sandbox: it dies, or an input has hijacked it."""

import os
from collections.abc import Iterator

import msgspec

from trapstreet.plugins.readers import _presidio


def dies_at_the_fiftieth(asked: bytes) -> Iterator[object]:
    for number, each in enumerate(_presidio.mentions(asked)):
        if number > 50:
            os.abort()
        yield each


def lies(_asked: bytes) -> Iterator[object]:
    """Of stretches that are none."""
    yield True
    yield msgspec.msgpack.encode([["PERSON", -1, 5, 1.0], ["PERSON", 3, 3, 1.0]])
    yield msgspec.msgpack.encode([["PERSON", 0, 10**9, 1.0], ["PERSON", 20, 10, 1.0]])
    yield msgspec.msgpack.encode([])


def says_nothing(_asked: bytes) -> Iterator[object]:
    yield True
    yield ["PERSON", 0, 5]


def says_too_much(_asked: bytes) -> Iterator[object]:
    yield True
    for _ in range(1_000):
        yield msgspec.msgpack.encode([])
