"""Content that is sealed in pieces: it opens as it was, and nothing else opens."""

import io

import pytest

from trapstreet.core.model.errors import UnusableInput
from trapstreet.keys.streams import PIECE, opened_pieces, sealed_pieces

KEY = bytes(range(32))
TAG = 16


def sealed(content: bytes) -> bytes:
    return b"".join(sealed_pieces(KEY, [content[: len(content) // 3], content[len(content) // 3 :]]))


def opened(data: bytes, key: bytes = KEY) -> bytes:
    return b"".join(opened_pieces(key, io.BytesIO(data)))


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 5])
def test_content_of_any_length_opens_as_it_was(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    data = sealed(content)
    assert content[:64] not in data or size < 64
    assert opened(data) == content


def test_nothing_that_was_changed_cut_short_or_put_in_another_order_opens() -> None:
    data = sealed(b"a" * PIECE + b"b" * PIECE + b"c")
    first, second, last = (
        data[: PIECE + TAG],
        data[PIECE + TAG : 2 * (PIECE + TAG)],
        data[2 * (PIECE + TAG) :],
    )
    for changed in (
        first + second,
        second + first + last,
        first + last,
        first + second + last + last,
        first[:-1] + bytes([first[-1] ^ 1]) + second + last,
        b"",
    ):
        with pytest.raises(UnusableInput):
            opened(changed)
    with pytest.raises(UnusableInput):
        opened(data, key=bytes(32))
