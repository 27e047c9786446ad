"""Keyed hashes of many messages at once, by the kernel where there is one."""

from collections.abc import Sequence
from ctypes import c_uint64, c_void_p
from itertools import pairwise

import numpy as np

from trapstreet.core.maths import siphash
from trapstreet.core.maths.siphash import U64
from trapstreet.index.native import load

_BEHIND = bytes(8)  # the kernel reads whole words, beyond the last message too


def siphash24_many(key: bytes, messages: Sequence[bytes]) -> U64:
    """SipHash-2-4 of every message: uint64, shape (len(messages),).

    Raises ValueError if the key is not 16 bytes long. 70 ns for a message of 25 bytes (one core), where there
    is no kernel as quick as core.maths.siphash.
    """
    if load() is None:
        return siphash.siphash24_many(key, messages)
    lengths = np.fromiter(map(len, messages), dtype=np.uint64, count=len(messages))
    return siphash24_joined(key, b"".join(messages), np.cumsum(lengths))


def siphash24_joined(key: bytes, text: bytes, ends: U64) -> U64:
    """SipHash-2-4 of messages that stand one behind the other: message i is text[ends[i - 1] : ends[i]], the
    first one text[: ends[0]].

    Raises ValueError if the key is not 16 bytes long. 20 ns for a message of 14 bytes (one core), where there
    is no kernel as quick as core.maths.siphash.
    """
    if len(key) != 16:
        raise ValueError("a SipHash key is 16 bytes")
    library = load()
    if library is None:
        bounds = [0, *ends.tolist()]
        return siphash.siphash24_many(key, [text[start:end] for start, end in pairwise(bounds)])
    out = np.empty(len(ends), dtype=np.uint64)
    library.ts_siphash(
        key, text + _BEHIND, c_void_p(ends.ctypes.data), c_uint64(len(ends)), c_void_p(out.ctypes.data)
    )
    return out
