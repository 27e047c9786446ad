"""SipHash-2-4 is the published function."""

import hypothesis.strategies as st
import numpy as np
import pytest
import siphash24
from hypothesis import given

from trapstreet.core.maths.siphash import siphash24 as one
from trapstreet.core.maths.siphash import siphash24_many, siphash24_words
from trapstreet.index import hashes, native

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


@pytest.mark.parametrize("kernel", [True, False], ids=["kernel", "numpy"])
@given(messages=st.lists(st.binary(max_size=300), max_size=40))
def test_the_kernel_s_hashes_are_the_same(kernel: bool, messages: list[bytes]) -> None:
    if kernel and native.load() is None:
        pytest.skip("there is no kernel")
    with pytest.MonkeyPatch.context() as patch:
        if not kernel:
            patch.setattr(hashes, "load", lambda: None)
        expected = siphash24_many(KEY, messages).tolist()
        ends = np.cumsum([len(each) for each in messages], dtype=np.uint64)
        assert hashes.siphash24_many(KEY, messages).tolist() == expected
        assert hashes.siphash24_joined(KEY, b"".join(messages), ends).tolist() == expected
        with pytest.raises(ValueError, match="16 bytes"):
            hashes.siphash24_joined(KEY[1:], b"", ends[:0])


def test_whole_words_are_the_same_messages() -> None:
    words = np.arange(60, dtype=np.uint64).reshape(20, 3) * np.uint64(0x9E3779B97F4A7C15)
    assert (
        siphash24_words(KEY, words).tolist() == siphash24_many(KEY, [row.tobytes() for row in words]).tolist()
    )
