"""Code bits: what a copy's code key decides about each record, drawn again at will and stored nowhere."""

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.maths.siphash import U64, siphash24_rows

PRESENCE = 0
"""The slot that decides whether a copy holds a record; 1 and above are marks (the table is in ADR 0002)."""

CERTAIN = 1 << 64
"""The threshold at which every bit is 1; a threshold t gives a bit 1 with probability t / CERTAIN."""


def code_bits(key: bytes, record_ids: U64, *, slot: int, threshold: int) -> NDArray[np.bool_]:
    """The bit of each record in one slot: [SipHash-2-4(key, RecordId u64 LE ‖ slot u32 LE) < threshold].

    key        the copy's 16-byte code key; bits under other keys, of other records or slots are independent
    slot       in [0, 2**32)
    threshold  floor(p · 2**64), in [0, 2**64]
    Returns bool, shape of `record_ids`. Raises ValueError if the slot or the threshold is out of range.
    0.1 µs a record, one core.
    """
    if not 0 <= slot < 1 << 32:
        raise ValueError("a slot is a u32")
    if not 0 <= threshold <= CERTAIN:
        raise ValueError("a threshold lies in [0, 2**64]")
    if threshold == CERTAIN:
        return np.ones(len(record_ids), dtype=np.bool_)
    messages = np.empty(len(record_ids), dtype=[("record", "<u8"), ("slot", "<u4")])
    messages["record"] = record_ids
    messages["slot"] = slot
    return siphash24_rows(key, messages.view(np.uint8).reshape(-1, 12)) < np.uint64(threshold)
