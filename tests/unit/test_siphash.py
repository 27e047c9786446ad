"""SipHash-2-4 is the published function."""

import hypothesis.strategies as st
import numpy as np
import siphash24
from hypothesis import given

from trapstreet.core.maths.siphash import siphash24 as one
from trapstreet.core.maths.siphash import siphash24_many, siphash24_words

KEY = bytes(range(16))


def test_the_paper_s_test_vector() -> None:
    """Aumasson and Bernstein, appendix A: 15 bytes 00 … 0e under the key 00 … 0f."""
    assert one(KEY, bytes(range(15))) == 0xA129CA6149BE45E5


@given(st.binary(min_size=16, max_size=16), st.lists(st.binary(max_size=300), max_size=40))
def test_many_messages_side_by_side_equal_an_independent_implementation(
    key: bytes, messages: list[bytes]
) -> None:
    expected = [int.from_bytes(siphash24.siphash24(each, key=key).digest(), "little") for each in messages]
    assert siphash24_many(key, messages).tolist() == expected


def test_whole_words_are_the_same_messages() -> None:
    words = np.arange(60, dtype=np.uint64).reshape(20, 3) * np.uint64(0x9E3779B97F4A7C15)
    assert (
        siphash24_words(KEY, words).tolist() == siphash24_many(KEY, [row.tobytes() for row in words]).tolist()
    )
