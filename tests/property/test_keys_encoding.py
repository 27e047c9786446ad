"""Encodings that formats rest on: equal bytes mean equal things."""

from unicodedata import normalize

import cbor2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trapstreet.core.maths.codebits import CERTAIN, code_bits
from trapstreet.core.model.encoding import canonical_cbor, prefixed
from trapstreet.core.model.record_id import key_forms, record_ids

PARTS = st.lists(st.none() | st.binary(max_size=5), max_size=4)
CELLS = st.none() | st.text(max_size=6)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=4) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(PARTS, PARTS)
def test_different_parts_have_different_bytes(one: list[bytes | None], other: list[bytes | None]) -> None:
    assert (prefixed(*one) == prefixed(*other)) == (one == other)


@given(PLAIN)
def test_deterministic_cbor_reads_back(value: object) -> None:
    assert cbor2.loads(canonical_cbor(value)) == value  # type: ignore[arg-type]


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 9), min_size=2), st.randoms())
def test_the_order_of_keys_does_not_change_cbor(value: dict[str, int], random: object) -> None:
    shuffled = list(value.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert canonical_cbor(value) == canonical_cbor(dict(shuffled))


@pytest.mark.parametrize("value", [0.5, {1: 2}, {"a": [object()]}, {1, 2}, ("a", 1.0)])
def test_what_a_format_does_not_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_cbor(value)  # type: ignore[arg-type]


@given(st.lists(CELLS, max_size=3), st.lists(CELLS, max_size=3))
def test_two_rows_are_one_record_exactly_if_their_key_cells_are_the_same_text(
    one: list[str | None], other: list[str | None]
) -> None:
    def same(cell: str | None) -> str | None:
        return None if cell is None else normalize("NFC", cell).strip()

    alike = [same(cell) for cell in one] == [same(cell) for cell in other]
    forms = key_forms([one, other])
    assert (forms[0] == forms[1]) == alike
    ids = record_ids(bytes(16), [one, other])
    assert (ids[0] == ids[1]) == alike


def test_a_long_key_and_a_lone_surrogate_have_forms() -> None:
    (long,), (odd,) = key_forms([["x" * 300]]), key_forms([["\ud800"]])
    assert long[:4] == (300).to_bytes(4, "little")
    assert odd == b"\x03\x00\x00\x00\xed\xa0\x80"


@pytest.mark.parametrize("share", [0.01, 0.35, 0.5, 0.99])
def test_code_bits_come_as_often_as_their_threshold_says(share: float) -> None:
    n = 200_000
    ids = np.arange(n, dtype=np.uint64)
    ones = int(code_bits(bytes(range(16)), ids, slot=1, threshold=int(share * 2**64)).sum())
    assert abs(ones - n * share) < 5 * (n * share * (1 - share)) ** 0.5


def test_code_bits_of_other_slots_and_keys_are_other_bits() -> None:
    ids = np.arange(10_000, dtype=np.uint64)
    half = CERTAIN // 2
    bits = [
        code_bits(bytes([key]) * 16, ids, slot=slot, threshold=half) for key, slot in ((1, 0), (1, 1), (2, 0))
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(int((bits[one] == bits[other]).sum()) - 5_000) < 300


@pytest.mark.parametrize(("slot", "threshold"), [(-1, 0), (1 << 32, 0), (0, -1), (0, CERTAIN + 1)])
def test_slots_and_thresholds_out_of_range_are_refused(slot: int, threshold: int) -> None:
    with pytest.raises(ValueError, match=r"slot|threshold"):
        code_bits(bytes(16), np.arange(3, dtype=np.uint64), slot=slot, threshold=threshold)
