"""Segments: what goes in comes out, and a damaged file says so."""

from pathlib import Path

import numpy as np
import pytest

from trapstreet.core.fields import Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index import Header, Segment, SegmentWriter, ended_at, living


def array(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


def rows(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint32)


def segment(path: Path, ids: np.ndarray, digests: np.ndarray, ended: np.ndarray) -> Segment:
    with SegmentWriter(Header("ds-1", "version:1", 1, 1), scratch=path.parent) as writer:
        writer.add(ids, digests, {Kind.EMAIL: (ids * np.uint64(3), rows(*range(len(ids))))})
        writer.finish(path, ended=ended)
    return Segment(path)


def test_fingerprints_come_out_sorted_with_their_records(tmp_path: Path) -> None:
    with SegmentWriter(Header("ds-1", "version:1", 1, 1), scratch=tmp_path) as writer:
        writer.add(array(11, 12), array(1, 2), {Kind.EMAIL: (array(900, 5, 7), rows(0, 0, 1))})
        writer.add(array(13), array(3), {Kind.EMAIL: (array(6), rows(0)), Kind.PHONE: (array(1), rows(0))})
        writer.finish(tmp_path / "a.segment", ended=array(9, 2))
    read = Segment(tmp_path / "a.segment")
    fingerprints, records = read.fingerprints(Kind.EMAIL)
    assert fingerprints.tolist() == [5, 6, 7, 900]
    assert read.record_ids[records].tolist() == [11, 13, 12, 11]
    assert read.kinds() == [Kind.EMAIL, Kind.PHONE]
    assert read.ended.tolist() == [2, 9]
    assert read.header.owner == "version:1"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.segment"], "no spill file stays"


def test_the_living_are_those_that_did_not_end_since(tmp_path: Path) -> None:
    one = segment(tmp_path / "1", array(5, 3, 8), array(50, 30, 80), array())
    two = segment(tmp_path / "2", array(3, 9), array(31, 90), array(3, 8))
    now = living([one, two])
    assert now.record_ids.tolist() == [3, 5, 9]
    assert now.digests.tolist() == [31, 50, 90]
    since = np.array([1, 1, 2, 1])
    assert ended_at(array(8, 3, 3, 5), since, [one, two]).tolist() == [2, 2, 0, 0]


@pytest.mark.parametrize("damage", ["cut", "foreign", "header", "gone"])
def test_a_damaged_segment_is_one_clear_line(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.segment"
    segment(path, array(*range(1000)), array(*range(1000)), array())
    data = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(data[:-100])
        case "foreign":
            path.write_bytes(b"PK\x03\x04" + data)
        case "header":
            path.write_bytes(data[:14] + b"\xff" + data[15:])
        case "gone":
            path.unlink()
    with pytest.raises(UnusableInput, match="register the data set again"):
        Segment(path)


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        SegmentWriter(Header("d", "version:1", 1, 1), scratch=tmp_path) as writer,
    ):
        writer.add(array(1), array(1), {})
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
