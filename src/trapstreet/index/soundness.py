"""What must be true of a segment's arrays before they are read: the matcher's kernel follows their numbers.

Every function raises ValueError that says, as the end of a sentence, what is wrong. Damage inside an array
that no number leads out of is not noticed: fingerprints and slots may be anything.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import kinds
from trapstreet.core.fields.kind import Kind
from trapstreet.index.contents import ALIGN, Extent
from trapstreet.index.table import LEAST_BITS

MOST_SLOTS = 255
"""Matches tell slots apart by one byte."""

_ALWAYS = {"record_ids": "<u8", "digests": "<u8", "ended": "<u8"}
_TABLE = {"filter": "<u8", "directory": "<u4", "entries": "<u8", "shared": "<u8"}
_OF_KIND = {"slots": "<u4", "space": "|u1", "fp": "<u8", "record": "<u4", "slot": "|u1"}
_TYPES = _ALWAYS | _TABLE | {f"{kind}.{name}": type_ for kind in Kind for name, type_ in _OF_KIND.items()}


def check_extents(arrays: Mapping[str, Extent], *, first: int, size: int) -> None:
    """Arrays known by name and type lie one behind the other in a file of `size` bytes, from `first` on."""
    at = first
    for name, (offset, type_, count) in sorted(arrays.items(), key=lambda item: (item[1][0], item[1][2])):
        if _TYPES.get(name) != type_:
            raise ValueError("it has an array that is not known here")
        if offset < at or offset % ALIGN:
            raise ValueError("its arrays do not lie one behind the other")
        at = offset + np.dtype(type_).itemsize * count
    if at > size:
        raise ValueError("it is cut short")
    if not arrays.keys() >= _ALWAYS.keys():
        raise ValueError("it lacks an array")
    if arrays["record_ids"][2] != arrays["digests"][2]:
        raise ValueError("its arrays are not of the same length")


def check_version(arrays: Mapping[str, Extent], *, keys: int) -> None:
    """Of a version with so many keys: its table is there, and the lengths of all arrays fit together."""
    if not arrays.keys() >= _TABLE.keys():
        raise ValueError("it lacks an array")
    records = arrays["record_ids"][2]
    buckets = arrays["directory"][2] - 1
    fits = (
        arrays["filter"][2] > 0,
        arrays["entries"][2] == keys,
        buckets >= 1 << LEAST_BITS and buckets.bit_count() == 1,
        *(
            count % records == 0 and count <= MOST_SLOTS * records if records else count == 0
            for count in _slot_counts(arrays)
        ),
    )
    if not all(fits):
        raise ValueError("its arrays are not of the lengths that fit together")


def check_copy(arrays: Mapping[str, Extent], *, slots: bool) -> None:
    """Of a copy: each fingerprint has its record; with `slots` those of confirming kinds have theirs."""
    for name, (_, _, count) in arrays.items():
        kind, _, part = name.partition(".")
        if part != "fp":
            continue
        others = ["record"] if not slots or kinds()[Kind(kind)].anchor else ["record", "slot"]
        if any(arrays.get(f"{kind}.{other}", (0, "", -1))[2] != count for other in others):
            raise ValueError("its arrays are not of the same length")


_LONGEST_BUCKET = 1 << 12
"""Entries of a bucket at most: 8 are usual, and a longer one would make every look-up slow."""


def check_directory(directory: NDArray[np.uint32], entries: int) -> None:
    """Buckets begin at the first entry, follow each other, are short, end with the last. 1 ns a bucket."""
    if directory[0] or directory[-1] != entries or (directory[1:] < directory[:-1]).any():
        raise ValueError("its directory is damaged")
    if np.diff(directory).max() > _LONGEST_BUCKET:
        raise ValueError("its directory is damaged")


def check_numbers(numbers: NDArray[Any], count: int) -> None:
    """Numbers of records or slots are below their count."""
    if len(numbers) and int(numbers.max()) >= count:
        raise ValueError("it speaks of records or slots that it does not have")


def _slot_counts(arrays: Mapping[str, Extent]) -> Iterator[int]:
    return (count for name, (_, _, count) in arrays.items() if name.endswith(".slots"))
