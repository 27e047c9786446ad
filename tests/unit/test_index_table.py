"""The table of fingerprints: finds every key, and next to nothing else, at the promised size."""

from pathlib import Path

import numpy as np
import pytest

from adr import vectors
from trapstreet.core.fields import Kind
from trapstreet.index import Table, build
from trapstreet.index.spill import KeySpill
from trapstreet.index.table import TableBuilder

RECORDS = 68_000


def keys(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1 << 64, count, dtype=np.uint64)


def table(fingerprints: np.ndarray, records: np.ndarray, **more: np.ndarray) -> Table:
    order = np.lexsort((records, fingerprints))
    ids = np.arange(RECORDS, dtype=np.uint64)
    parts = build(fingerprints[order], records[order], count=RECORDS)
    return Table(1, *parts, record_ids=ids, owners=0, **more)


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray, Table]:
    fingerprints = keys(3 * RECORDS, 1)
    records = np.repeat(np.arange(RECORDS, dtype=np.uint32), 3)
    return fingerprints, records, table(fingerprints, records)


def test_every_key_is_found_with_its_record(made: tuple[np.ndarray, np.ndarray, Table]) -> None:
    fingerprints, records, index = made
    at, found = index.find(fingerprints)
    assert at.tolist() == list(range(len(fingerprints)))
    assert found.tolist() == records.tolist()


def test_foreign_fingerprints_are_not_found(made: tuple[np.ndarray, np.ndarray, Table]) -> None:
    at, _ = made[2].find(keys(2_000_000, 2))
    assert not len(at)  # expected: 2e6 x 204,000 / 2**62


def test_a_fingerprint_that_differs_in_one_compared_bit_is_not_found(
    made: tuple[np.ndarray, np.ndarray, Table],
) -> None:
    fingerprints, _, index = made
    compared = index.bits + 64 - index.shift
    assert compared >= 62
    for bit in range(64 - compared, 64):
        at, _ = index.find(fingerprints[:500] ^ np.uint64(1 << bit))
        assert not len(at)


def test_the_filter_stops_most(made: tuple[np.ndarray, np.ndarray, Table]) -> None:
    passed = np.mean(made[2]._passes(keys(200_000, 3)))
    assert passed < 0.03


def test_a_key_costs_at_most_eleven_bytes() -> None:
    for count in (150_000, 204_000, 290_000, 416_000, 590_000):  # round both turns of the directory's size
        parts = build(np.sort(keys(count, 4)), np.zeros(count, dtype=np.uint32), count=RECORDS)
        size = parts.filter.nbytes + parts.directory.nbytes + parts.entries.nbytes
        assert size <= 11 * count


def test_equal_fingerprints_give_all_their_records_in_order() -> None:
    shared = np.array([77 << 50] * 32 + [78 << 50], dtype=np.uint64)
    index = table(shared, np.arange(33, dtype=np.uint32)[::-1])
    at, records = index.find(np.array([78 << 50, 5, 77 << 50], dtype=np.uint64))
    assert at.tolist() == [0] + [2] * 32
    assert records.tolist() == [0, *range(1, 33)]


def test_where_all_is_known_only_exact_fingerprints_are_hits() -> None:
    own = np.array([1 << 40, 1 << 63], dtype=np.uint64)
    wide = RECORDS * 64  # many records and few keys: some low bits are not in the entries
    parts = build(own, np.array([7, 8], dtype=np.uint32), count=wide)
    ids = np.arange(wide, dtype=np.uint64)
    asked = np.array([1 << 40, (1 << 40) + 1, 1 << 63], dtype=np.uint64)
    assert Table(1, *parts, record_ids=ids, owners=0).find(asked)[0].tolist() == [0, 1, 2]
    assert Table(1, *parts, record_ids=ids, owners=0, exact=own).find(asked)[0].tolist() == [0, 2]


def test_an_empty_table_finds_nothing() -> None:
    none = np.empty(0, dtype=np.uint64)
    index = table(none, np.empty(0, dtype=np.uint32))
    assert not len(index.find(keys(100, 5))[0])
    assert not len(index.find(none)[0])


def test_keys_that_come_in_pieces_make_the_same_table(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.index.spill._HELD", 1000)
    fingerprints, records = keys(20_000, 6), np.arange(20_000, dtype=np.uint32)
    fingerprints[:40] = fingerprints[100]
    fingerprints[200:210] = fingerprints[300]
    first = np.zeros(20_000, dtype=np.bool_)
    spill = KeySpill(tmp_path)
    for start in range(0, 20_000, 700):
        piece = slice(start, start + 700)
        spill.add(Kind.CARD, fingerprints[piece], records[piece], later=first[piece])
    spill.settle()
    assert spill.set_aside == {Kind.CARD: 1}
    assert spill.shared().tolist() == [int(fingerprints[100])]
    assert spill.keys == {Kind.CARD: 20_000 - 41}
    builder = TableBuilder(20_000 - 41, RECORDS)
    entries = np.concatenate([builder.entries(*each) for each in spill.sorted()])
    spill.close()
    kept = fingerprints != fingerprints[100]
    order = np.argsort(fingerprints[kept], kind="stable")
    whole = build(fingerprints[kept][order], records[kept][order], count=RECORDS)
    assert np.array_equal(entries, whole.entries)
    assert np.array_equal(builder.filter, whole.filter)
    assert np.array_equal(builder.directory(), whole.directory)


VALUES = {  # per form its records, and whether it is the first form of a cell
    "two forms of one value": ([(range(33), True), (range(33), False)], 1),
    "two values that go together": ([(range(33), True), (range(33), True)], 2),
    "a value under many tags": ([(range(40), False)], 1),
    "a value with and without its tag": ([(range(33), True), (range(40), False)], 2),
    "too few": ([(range(32), True), (range(32), False)], 0),
}


@pytest.mark.parametrize("case", VALUES)
def test_what_is_set_aside_is_counted_by_values(tmp_path: Path, case: str) -> None:
    forms, values = VALUES[case]
    spill = KeySpill(tmp_path)
    for number, (holders, first) in enumerate(forms):
        records = np.array(holders, dtype=np.uint32)
        fingerprints = np.full(len(records), 1 + number << 60, dtype=np.uint64)
        spill.add(Kind.PHONE, fingerprints, records, later=np.full(len(records), not first))
    spill.settle()
    spill.close()
    assert sum(spill.set_aside.values()) == values


def test_the_table_is_the_one_of_the_decision_record() -> None:
    """docs/adr/0006-index.md: whatever writes or reads a table, in any language, agrees on these bytes."""
    wanted = vectors("0006")
    fingerprints = np.array([int(fingerprint, 16) for fingerprint, _ in wanted["keys"]], dtype=np.uint64)
    records = np.array([record for _, record in wanted["keys"]], dtype=np.uint32)
    parts = build(fingerprints, records, count=wanted["records"])
    assert (parts.bits, parts.shift) == (wanted["bits"], wanted["shift"])
    assert [f"{word:016x}" for word in parts.filter.tolist()] == wanted["filter"]
    assert [f"{entry:016x}" for entry in parts.entries.tolist()] == wanted["entries"]
    buckets = np.flatnonzero(np.diff(parts.directory)).tolist()
    found = [[at, *parts.directory[at : at + 2].tolist()] for at in buckets]
    assert found == wanted["directory"]
    assert len(parts.directory) == 2 ** wanted["bits"] + 1
