"""Code bits are counted as the reference draws them, by every build of the kernel and without one."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from adr import vectors
from trapstreet.core.maths.codebits import CERTAIN, code_bits
from trapstreet.core.maths.siphash import siphash24
from trapstreet.index import codes, count_held, native

KEYS = [bytes([number]) * 15 + b"k" for number in range(5)]
IDS = np.random.default_rng(7).integers(0, 1 << 64, 1_003, dtype=np.uint64)
LENGTHS = (*range(18), 31, 64, 1_003)
SLOTS = (0, 1, 258, (1 << 32) - 1)
THRESHOLDS = (0, 1, 1 << 62, 1 << 63, CERTAIN - (1 << 56), CERTAIN - 1, CERTAIN)

pytestmark = pytest.mark.usefixtures("counter")


@pytest.fixture(params=["no kernel", *native.BUILDS])
def counter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts: one build of the kernel, or plain Python."""
    library = None
    if request.param != "no kernel":
        library, why = native.loaded(Path(native.__file__).with_name(request.param))
        if library is None:
            pytest.skip(why)
    monkeypatch.setattr(codes, "load", lambda: library)


def by_reference(keys: list[bytes], ids: np.ndarray, slot: int, threshold: int) -> list[int]:
    return [int(code_bits(key, ids, slot=slot, threshold=threshold).sum()) for key in keys]


@pytest.mark.slow
def test_counts_are_the_reference_s() -> None:
    for length, slot, threshold in product(LENGTHS, SLOTS, THRESHOLDS):
        counts = count_held(KEYS, IDS[:length], slot=slot, threshold=threshold)
        assert counts.dtype == np.int64
        assert counts.tolist() == by_reference(KEYS, IDS[:length], slot, threshold)


def test_no_copies_have_no_counts() -> None:
    for threshold in THRESHOLDS:
        counts = count_held([], IDS, slot=0, threshold=threshold)
        assert (counts.shape, counts.dtype) == ((0,), np.int64)


@pytest.mark.parametrize("bits", [1, 40, 1_003, 2_500])
def test_parts_of_any_size_add_up(monkeypatch: pytest.MonkeyPatch, bits: int) -> None:
    monkeypatch.setattr(codes, "_BITS", bits)
    counts = count_held(KEYS, IDS, slot=3, threshold=1 << 63)
    assert counts.tolist() == by_reference(KEYS, IDS, 3, 1 << 63)


def test_ids_that_do_not_stand_side_by_side_are_read_as_they_are() -> None:
    counts = count_held(KEYS, IDS[::-3], slot=0, threshold=1 << 63)
    assert counts.tolist() == by_reference(KEYS, IDS[::-3].copy(), 0, 1 << 63)


@pytest.mark.parametrize("many", [1, 8])
def test_bits_of_the_page_are_counted(many: int) -> None:
    page = vectors("0002")
    key = bytes.fromhex(page["code_key"])
    for case in page["code"]:
        slot, threshold = case["slot"], int(case["threshold"], 16)
        for written, bit in zip(page["ids"], case["bits"], strict=True):
            ids = np.full(many, int(written, 16), dtype=np.uint64)
            assert count_held([key], ids, slot=slot, threshold=threshold).tolist() == [many * int(bit)]


@pytest.mark.parametrize("many", [1, 8])
def test_a_bit_is_1_only_below_the_threshold(many: int) -> None:
    for record_id in IDS[:20].tolist():
        ids = np.full(many, record_id, dtype=np.uint64)
        drawn = siphash24(KEYS[0], record_id.to_bytes(8, "little") + (5).to_bytes(4, "little"))
        assert count_held(KEYS[:1], ids, slot=5, threshold=drawn).tolist() == [0]
        assert count_held(KEYS[:1], ids, slot=5, threshold=drawn + 1).tolist() == [many]


@pytest.mark.parametrize("keys", [[], KEYS])
@pytest.mark.parametrize(("slot", "threshold"), [(-1, 0), (1 << 32, 0), (0, -1), (0, CERTAIN + 1)])
def test_slots_and_thresholds_out_of_range_are_refused(keys: list[bytes], slot: int, threshold: int) -> None:
    with pytest.raises(ValueError, match=r"slot|threshold"):
        count_held(keys, IDS, slot=slot, threshold=threshold)


@pytest.mark.parametrize("threshold", [5, CERTAIN])
def test_keys_of_another_length_are_refused(threshold: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        count_held([*KEYS, b"short"], IDS, slot=0, threshold=threshold)
