"""Where the bytes stand that encodings are known by: a bit for each byte, 64 of them compared at once."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Marks = NDArray[np.uint64]
    Places = NDArray[np.int64]

_FEW = 6
"""Marks in a word of 64 that are found one by one; the rest takes longer."""


def marked(data: bytes, alphabets: Iterable[bytes]) -> "dict[bytes, Marks]":
    """For each alphabet of many characters, seven at most, which bytes are in it: the first byte has the
    lowest bit, and some zeros follow the last. For each of one character where it stands, ascending."""
    import numpy as np

    wanted = list(alphabets)
    long = [alphabet for alphabet in wanted if len(alphabet) > 1]
    signs = bytes(alphabet[0] for alphabet in wanted if len(alphabet) == 1)
    sorts = np.frombuffer(data.translate(_sorts((*long, signs))), dtype=np.uint8)
    own = np.empty_like(sorts)
    marks = {}
    for number, alphabet in enumerate((*long, signs)):
        np.bitwise_and(sorts, 1 << number, out=own)
        marks[alphabet] = np.zeros(len(data) // 64 + 2, dtype=np.uint64)
        marks[alphabet].view(np.uint8)[: (len(data) + 7) // 8] = np.packbits(own, bitorder="little")
    at = ones(marks.pop(signs))  # together: a pass for each would take longer
    found = np.frombuffer(data, dtype=np.uint8)[at]
    return marks | {bytes([sign]): at[found == sign].view(np.uint64) for sign in signs}


@cache
def _sorts(alphabets: tuple[bytes, ...]) -> bytes:
    """For each byte a bit for each alphabet that it is in."""
    return bytes(
        sum(1 << number for number, each in enumerate(alphabets) if byte in each) for byte in range(256)
    )


def matches(
    pattern: re.Pattern[bytes], data: bytes, marks: "Marks | None", *, then: bytes
) -> Iterator[re.Match[bytes]]:
    """Where the pattern matches from a marked byte on; what it matches goes on with one of these bytes."""
    if marks is None:
        yield from pattern.finditer(data)
        return
    import numpy as np

    at = marks.view(np.int64)
    at = at[:-1] if len(at) and at[-1] == len(data) - 1 else at
    at = at[among(np.frombuffer(data, dtype=np.uint8)[at + 1], then)]
    yield from filter(None, (pattern.match(data, each) for each in at.tolist()))


def among(characters: "NDArray[np.uint8]", alphabet: bytes) -> "NDArray[np.bool_]":
    """Which of the characters are in the alphabet."""
    import numpy as np

    found: NDArray[np.bool_] = np.frombuffer(_sorts((alphabet,)), dtype=np.bool_)[characters]
    return found


def ahead(marks: "Marks", count: int) -> "Marks":
    """For each byte the mark of the one so many further on, 1 to 63."""
    import numpy as np

    moved = marks >> np.uint64(count)
    moved[:-1] |= marks[1:] << np.uint64(64 - count)
    return moved


def ones(marks: "Marks") -> "Places":
    """Which bytes are marked, ascending. Quick where few are."""
    import numpy as np

    words = np.flatnonzero(marks != 0)
    left = marks[words]
    if not (left & (left - np.uint64(1))).any():  # one in each
        alone: Places = words << 6 | np.bitwise_count(left - np.uint64(1))
        return alone
    found = []
    for _ in range(_FEW):
        lowest = left & (~left + np.uint64(1))
        found.append(words << 6 | np.bitwise_count(lowest - np.uint64(1)))
        left ^= lowest
        more = left != 0
        words, left = words[more], left[more]
    at = np.flatnonzero(np.unpackbits(left.view(np.uint8), bitorder="little").view(np.bool_))
    return np.sort(np.concatenate([*found, words[at >> 6] << 6 | at & 63]))


def runs(marks: "Marks", least: int) -> "Places":
    """Where runs of at least so many marked bytes begin."""
    import numpy as np

    full, length = marks, 1
    while length < least:  # a bit says that so many bytes from there on are marked
        step = min(length, least - length)
        full, length = full & ahead(full, step), length + step
    behind = full << np.uint64(1)
    behind[1:] |= full[:-1] >> np.uint64(63)
    return ones(full & ~behind)


def lengths(marks: "Marks", starts: "Places") -> "Places":
    """How many bytes from each place on are marked, 64 at most."""
    import numpy as np

    word, bit = starts >> 6, (starts & 63).astype(np.uint64)
    further = marks[np.minimum(word + 1, len(marks) - 1)]
    gaps = ~(marks[word] >> bit | further << np.uint64(1) << (np.uint64(63) - bit))
    found: Places = np.bitwise_count((gaps & (~gaps + np.uint64(1))) - np.uint64(1)).astype(np.int64)
    return found
