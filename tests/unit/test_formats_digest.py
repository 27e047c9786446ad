"""The SHA-256 of a text is that of its bytes, however long it is and whenever it is asked for."""

import hashlib

import pytest

from trapstreet.plugins.formats._digest import LONG, LateHash


@pytest.mark.parametrize("size", [0, 1, LONG - 1, LONG, LONG + 1, 3 * LONG])
def test_the_hash_is_that_of_all_bytes(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    digest = LateHash()
    for at in range(0, size, 1 << 20):
        digest.update(data[at : at + (1 << 20)])
    assert digest.hexdigest() == hashlib.sha256(data).hexdigest()
    assert digest.hexdigest() == hashlib.sha256(data).hexdigest()


def test_more_can_come_after_it_was_asked_for() -> None:
    digest = LateHash()
    digest.update(b"one ")
    digest.hexdigest()
    digest.update(b"two")
    assert digest.hexdigest() == hashlib.sha256(b"one two").hexdigest()


def test_no_more_than_the_beginning_of_a_long_text_is_kept() -> None:
    digest = LateHash()
    for _ in range(6):
        digest.update(bytes(1 << 20))
        assert sum(map(len, digest._kept)) <= LONG
