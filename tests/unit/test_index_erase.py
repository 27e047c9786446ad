"""An erased record leaves nothing in a segment, and everybody else there as they were."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from trapstreet.core.fields import NORMAL_FORMS, Kind
from trapstreet.index import Header, Prints, Segment, SegmentWriter, Table, Traits, build, ended_at, living
from trapstreet.index.erase import erase, mentions, random_ids, records_having, states_of
from trapstreet.index.segment import MAGIC
from trapstreet.index.table import FILTER_BITS

RECORDS = 5_000
NOBODY = np.empty(0, dtype=np.uint64)


def ids(*values: int) -> np.ndarray:
    return np.array(sorted(values), dtype=np.uint64)


def version(path: Path, *, records: int = RECORDS, keys: int = 3, ended: np.ndarray = NOBODY) -> Segment:
    """Records 1000, 1001 …, each with some e-mail forms, and two slots of its name."""
    random = np.random.default_rng(4)
    numbers = np.arange(records, dtype=np.uint32)
    own = np.repeat(numbers, keys)
    mails = Prints(
        random.integers(0, 1 << 64, len(own), dtype=np.uint64), own, np.zeros(len(own), dtype=np.uint8)
    )
    names = Prints(
        random.integers(0, 1 << 64, 2 * records, dtype=np.uint64),
        np.repeat(numbers, 2),
        np.tile(np.array([0, 1], dtype=np.uint8), records),
        2,
    )
    with SegmentWriter(Header("ds-1", "version:1", 1, NORMAL_FORMS), scratch=path.parent) as writer:
        record_ids = numbers.astype(np.uint64) + np.uint64(1000)
        digests = random.integers(0, 1 << 64, records, dtype=np.uint64)
        writer.add(record_ids, digests, {Kind.EMAIL: mails, Kind.NAME: names})
        writer.finish(path, ended=ended, traits=Traits(), spaces={Kind.PHONE: b"dense"})
    return Segment(path)


def erased(segment: Segment, gone: np.ndarray) -> tuple[Segment, np.ndarray]:
    """The segment without these records, and what stands for them."""
    ghosts = random_ids(len(gone))
    path = segment.path.with_suffix(".erased")
    erase(segment, gone, ghosts, path)
    return Segment(path), ghosts


def known(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """The entries with their buckets put before them: as much of the fingerprints as the table knows."""
    buckets = np.repeat(np.arange(1 << table.bits, dtype=np.uint64), np.diff(table.directory))
    low = np.uint64((1 << table.shift) - 1)
    fingerprints = buckets << np.uint64(64 - table.bits) | (table.entries & ~low) >> np.uint64(table.bits)
    return fingerprints, (table.entries & low).astype(np.uint32)


@pytest.mark.parametrize("block", [1 << 20, 700], ids=["at once", "in pieces"])
def test_everything_but_the_erased_record_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr("trapstreet.index.erase._BLOCK", block)
    before = version(tmp_path / "v.segment", ended=ids(7, 1001, 90))
    gone = ids(1000, 2345, 5999)
    after, ghosts = erased(before, gone)
    others = ~np.isin(before.record_ids, gone)
    assert (after.record_ids[others] == before.record_ids[others]).all()
    assert (after.digests[others] == before.digests[others]).all()
    assert sorted(after.record_ids[~others].tolist()) == sorted(ghosts.tolist())
    assert not (after.digests[~others] == before.digests[~others]).any()
    one, other = before.table(0), after.table(0)
    assert (other.slots[Kind.NAME][others] == one.slots[Kind.NAME][others]).all()
    assert not other.slots[Kind.NAME][~others].any()
    assert (after.shared.tolist(), after.space(Kind.PHONE)) == (before.shared.tolist(), b"dense")
    assert after.ended.tolist() == before.ended.tolist()
    assert after.header == before.header, "not even its layout says that anybody was erased"

    kept = np.isin(known(one)[1], np.flatnonzero(others))
    left = np.isin(known(other)[1], np.flatnonzero(others))
    assert (one.entries[kept] == other.entries[left]).all()
    assert not np.isin(known(other)[0][~left], known(one)[0]).any(), "a ghost's fingerprints are its own"
    assert np.count_nonzero(~left) == 9


def test_the_filter_and_directory_are_what_the_remaining_keys_make(tmp_path: Path) -> None:
    after, _ = erased(version(tmp_path / "v.segment", records=70_000, keys=1), ids(1000, 40_000))
    table = after.table(0)
    assert table.shift > table.bits, "some low bits of a fingerprint are in no entry"
    assert table.shift - table.bits <= min(FILTER_BITS)
    fingerprints, records = known(table)
    again = build(fingerprints, records, count=70_000)
    assert (again.bits, again.shift) == (table.bits, table.shift)
    for name in ("filter", "directory", "entries"):
        assert (getattr(again, name) == getattr(table, name)).all()


def test_an_erased_record_is_not_found_and_all_others_are(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    own = random.integers(0, 1 << 64, 3 * RECORDS, dtype=np.uint64)
    after, _ = erased(version(tmp_path / "v.segment"), ids(1007))
    assert not len(records_having(after, own[21:24]))
    found = records_having(after, own)
    assert found.tolist() == [each for each in range(1000, 1000 + RECORDS) if each != 1007]
    assert records_having(after, own[24:25]).tolist() == [1008]


def test_later_versions_end_the_ghost_and_not_the_record(tmp_path: Path) -> None:
    first = version(tmp_path / "1.segment", records=9)
    second = version(tmp_path / "2.segment", records=3, ended=ids(1001, 1002, 1005))
    gone = ids(1001, 1005)
    ghosts = random_ids(2)
    for segment in (first, second):
        assert mentions(segment, gone)
        erase(segment, gone, ghosts, segment.path.with_suffix(".erased"))
    after = [Segment(each.path.with_suffix(".erased")) for each in (first, second)]
    assert not any(mentions(each, gone) for each in after)
    assert after[1].ended.tolist() == sorted([1002, *ghosts.tolist()])
    stand_in = dict(zip(gone.tolist(), ghosts.tolist(), strict=True))
    before = [stand_in.get(each, each) for each in living([first, second]).record_ids.tolist()]
    assert living(after).record_ids.tolist() == sorted(before)
    since = np.array([1, 1])
    assert ended_at(np.array(ghosts), since, after).tolist() == [2, 2]


def test_a_version_that_only_ends_the_record_loses_that(tmp_path: Path) -> None:
    later = version(tmp_path / "2.segment", records=0, ended=ids(5, 77))
    assert states_of(later, ids(77)) == 0
    after, ghosts = erased(later, ids(77))
    assert after.ended.tolist() == sorted([5, *ghosts.tolist()])


def test_a_segment_of_older_normal_forms_keeps_who_lived_when_and_no_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "v.segment"
    segment = version(path, records=20)
    header = msgspec.json.encode(msgspec.structs.replace(segment.header, normal_forms=1))
    data = path.read_bytes()
    start = len(MAGIC) + 4 + len(header)
    path.write_bytes(MAGIC + len(header).to_bytes(4, "little") + header + bytes(4096 - start) + data[4096:])
    old = Segment(path)
    assert not old.current
    assert not len(records_having(old, np.array([1], dtype=np.uint64)))
    after, _ = erased(old, ids(1004))
    assert not after.current
    assert set(after.header.arrays) == {"record_ids", "digests", "ended"}
    assert np.count_nonzero(after.record_ids == old.record_ids) == 19
