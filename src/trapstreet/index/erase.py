"""Takes records out of a version's segment, and changes nothing for the others.

In place of an erased record stands a *ghost* from then on: a random RecordId, a random digest, as many random
fingerprints, empty slots. Numbers and lengths stay, so that others keep their places, and later segments that
ended the record end its ghost. Nothing of it was made of the record's values.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from trapstreet.core.fields.kind import Kind
from trapstreet.index.contents import Extent, append, begin
from trapstreet.index.runs import Positions, among, distinct
from trapstreet.index.segment import ARRAYS, Segment, write_header
from trapstreet.index.table import U32, U64, Table, TableBuilder

_BLOCK = 1 << 20


def random_ids(count: int) -> U64:
    """So many random numbers of 64 bits, from the system's secure source."""
    return np.frombuffer(secrets.token_bytes(8 * count), dtype="<u8").astype(np.uint64)


def records_having(segment: Segment, fingerprints: U64) -> U64:
    """The RecordIds, ascending, of the version's records that have any of the fingerprints.

    None of a segment that is not `current`: nobody knows its fingerprints any more. O(fingerprints).
    """
    if not segment.current:
        return np.empty(0, dtype=np.uint64)
    table = segment.table(0)
    return distinct(table.record_ids[table.find(fingerprints)[1]])


def states_of(segment: Segment, record_ids: U64) -> int:
    """How many states of these records, given ascending, the segment has."""
    return int(np.count_nonzero(among(segment.record_ids, record_ids)))


def mentions(segment: Segment, record_ids: U64) -> bool:
    """Whether the segment has a state of any of these records, given ascending, or ends one."""
    return states_of(segment, record_ids) > 0 or bool(among(segment.ended, record_ids).any())


def erase(segment: Segment, record_ids: U64, ghosts: U64, path: Path) -> None:
    """Write a version's segment to a new file, with ghosts instead of these records.

    record_ids  ascending;  ghosts  the RecordId that stands for each, the same in all segments of a data set
    The file is on disk when this returns. Of a segment that is not `current` only what is still of use is
    written: which records lived when. Memory: 2 bytes a key, and 8 for each record or what its slots of one
    kind take.
    Raises UnusableInput where the segment is damaged.
    """
    numbers = np.flatnonzero(among(segment.record_ids, record_ids))
    header = segment.header
    with path.open("wb") as out:
        out.write(bytes(ARRAYS))  # room for the header, which is known last
        digests = np.array(segment.digests)
        digests[numbers] = random_ids(len(numbers))
        arrays = {
            "record_ids": append(out, _renamed(segment.record_ids, record_ids, ghosts)),
            "digests": append(out, digests),
            "ended": append(out, np.sort(_renamed(segment.ended, record_ids, ghosts))),
        }
        if segment.current:
            arrays |= _write_values(out, segment, numbers)
        else:
            header = msgspec.structs.replace(header, keys={}, set_aside={})
        write_header(out, msgspec.structs.replace(header, arrays=arrays))
        out.flush()
        os.fsync(out.fileno())


def _renamed(ids: U64, record_ids: U64, ghosts: U64) -> U64:
    renamed = np.array(ids)
    there = among(renamed, record_ids)
    renamed[there] = ghosts[np.searchsorted(record_ids, renamed[there])]
    return renamed


def _write_values(out: IO[bytes], segment: Segment, numbers: Positions) -> dict[str, Extent]:
    arrays = {}
    table = segment.table(0)
    for kind, slots in table.slots.items():
        emptied = np.array(slots)
        emptied[numbers] = 0
        arrays[f"{kind}.slots"] = append(out, emptied.reshape(-1))
    arrays |= _write_table(out, table, segment.shared, numbers.astype(np.uint32))
    for name in segment.header.arrays:
        if name.endswith(".space"):
            space = segment.space(Kind(name.removesuffix(".space")))
            arrays[name] = append(out, np.frombuffer(space, dtype=np.uint8))
    return arrays


def _write_table(out: IO[bytes], table: Table, shared: U64, numbers: U32) -> dict[str, Extent]:
    builder = TableBuilder(len(table.entries), len(table.record_ids))
    begin(out)
    start = out.tell()
    for fingerprints, records in _keys(table, numbers):
        out.write(builder.entries(fingerprints, records).data)
    return {
        "entries": (start, "<u8", len(table.entries)),
        "shared": append(out, shared),
        "filter": append(out, builder.filter),
        "directory": append(out, builder.directory()),
    }


def _keys(table: Table, numbers: U32) -> Iterator[tuple[U64, U32]]:
    """The table's keys in order, piece by piece; those of the records with these numbers are random now.

    Of a fingerprint as many bits are known as an entry needs and the filter looks at (FILTER_BITS).
    """
    starts = range(0, len(table.entries), _BLOCK)
    pieces = (_records(table.entries[start : start + _BLOCK], table) for start in starts)
    own = [piece[among(piece, numbers)] for piece in pieces]
    records = np.concatenate([np.empty(0, dtype=np.uint32), *own])
    drawn = np.sort(random_ids(len(records)))
    taken = 0
    left = len(table.entries)
    for fingerprints, piece in _pieces(table):
        left -= len(piece)
        end = int(np.searchsorted(drawn, fingerprints[-1], side="right")) if left else len(drawn)
        kept = ~among(piece, numbers)
        at = np.searchsorted(fingerprints[kept], drawn[taken:end], side="right")
        yield (
            np.insert(fingerprints[kept], at, drawn[taken:end]),
            np.insert(piece[kept], at, records[taken:end]),
        )
        taken = end


def _pieces(table: Table) -> Iterator[tuple[U64, U32]]:
    """Fingerprints, without their lowest bits, and records of the entries."""
    bits, shift = np.uint64(table.bits), np.uint64(table.shift)
    for start in range(0, len(table.entries), _BLOCK):
        entries = np.asarray(table.entries[start : start + _BLOCK])
        places = np.arange(start, start + len(entries), dtype=np.uint32)
        buckets = np.searchsorted(table.directory, places, side="right").astype(np.uint64) - np.uint64(1)
        below = entries >> shift << shift >> bits
        yield buckets << np.uint64(64 - table.bits) | below, _records(entries, table)


def _records(entries: U64, table: Table) -> U32:
    """The numbers of the entries' records."""
    return (entries & np.uint64((1 << table.shift) - 1)).astype(np.uint32)
