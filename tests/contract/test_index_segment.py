"""Segments: what goes in comes out, and a damaged file says so."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from trapstreet.core.fields import NORMAL_FORMS, Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index import Header, Prints, Segment, SegmentWriter, Traits, ended_at, living
from trapstreet.index.segment import MAGIC

PAGE = Path(__file__).parents[2] / "docs" / "adr" / "0006-index.md"


def array(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


def rows(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint32)


def anchor(fingerprints: np.ndarray, of: np.ndarray) -> Prints:
    return Prints(fingerprints, of, np.zeros(len(of), dtype=np.uint8))


def header(owner: str = "version:1", normal_forms: int = NORMAL_FORMS) -> Header:
    return Header("ds-1", owner, 1, normal_forms)


def segment(path: Path, ids: np.ndarray, digests: np.ndarray, ended: np.ndarray) -> Segment:
    with SegmentWriter(header(), scratch=path.parent) as writer:
        writer.add(ids, digests, {Kind.EMAIL: anchor(ids * np.uint64(3), rows(*range(len(ids))))})
        writer.finish(path, ended=ended, traits=Traits())
    return Segment(path)


def keys(read: Segment, asked: np.ndarray) -> list[tuple[int, int]]:
    """(fingerprint, record id) of those found."""
    table = read.table(0)
    at, records = table.find(asked)
    return list(zip(asked[at].tolist(), table.record_ids[records].tolist(), strict=True))


def test_a_version_answers_which_records_have_a_fingerprint(tmp_path: Path) -> None:
    high = 1 << 63
    with SegmentWriter(header(), scratch=tmp_path) as writer:
        mails = anchor(array(high | 900, 5 << 40, 7), rows(0, 0, 1))
        writer.add(array(11, 12), array(1, 2), {Kind.EMAIL: mails})
        more = {Kind.EMAIL: anchor(array(7, 6 << 50), rows(0, 0)), Kind.PHONE: anchor(array(1), rows(0))}
        writer.add(array(13), array(3), more)
        writer.finish(tmp_path / "a.segment", ended=array(9, 2), traits=Traits())
    read = Segment(tmp_path / "a.segment")
    asked = array(7, 8, high | 900, high | 901, 5 << 40, 1, 0)
    assert keys(read, asked) == [(7, 12), (7, 13), (high | 900, 11), (5 << 40, 11), (1, 13)]
    assert read.ended.tolist() == [2, 9]
    assert read.header.keys == {Kind.EMAIL: 5, Kind.PHONE: 1}
    assert read.header.owner == "version:1"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.segment"], "no spill file stays"


def test_confirming_forms_stand_in_the_slots_of_their_record(tmp_path: Path) -> None:
    def names(fingerprints: np.ndarray, of: np.ndarray, slots: list[int]) -> Mapping[Kind, Prints]:
        return {Kind.NAME: Prints(fingerprints, of, np.array(slots, dtype=np.uint8), 2)}

    with SegmentWriter(header(), scratch=tmp_path) as writer:
        writer.add(array(10), array(1), {})
        two = names(array(5 << 32, 6 << 32 | 77, 12), rows(0, 0, 1), [0, 1, 1])
        writer.add(array(11, 12), array(2, 3), two)
        writer.add(array(13), array(4), {})
        writer.finish(tmp_path / "a.segment", ended=array(), traits=Traits())
    slots = Segment(tmp_path / "a.segment").table(0).slots
    assert slots[Kind.NAME].tolist() == [[0, 0], [5, 6], [0, 1], [0, 0]], "a top half of 0 is written as 1"


def test_a_copy_keeps_all_of_every_fingerprint(tmp_path: Path) -> None:
    with SegmentWriter(header("copy:cp-1"), scratch=tmp_path) as writer:
        names = Prints(array(70, 60), rows(0, 1), np.array([1, 0], dtype=np.uint8), 2)
        writer.add(array(11, 12), array(1, 2), {Kind.EMAIL: anchor(array(9, 5, 7), rows(0, 0, 1))})
        writer.add(array(13, 14), array(3, 4), {Kind.EMAIL: anchor(array(6), rows(0)), Kind.NAME: names})
        writer.finish(tmp_path / "a.segment", ended=array(), traits=Traits())
    read = Segment(tmp_path / "a.segment")
    fingerprints, records = read.fingerprints(Kind.EMAIL)
    assert fingerprints.tolist() == [5, 6, 7, 9]
    assert read.record_ids[records].tolist() == [11, 13, 12, 11]
    assert read.kinds() == [Kind.EMAIL, Kind.NAME]
    fingerprints, records = read.fingerprints(Kind.NAME)
    assert fingerprints.tolist() == [60, 70]
    assert read.record_ids[records].tolist() == [14, 13]
    assert read.form_slots(Kind.NAME).tolist() == [0, 1]


def test_what_more_than_32_records_share_is_set_aside_and_counted(tmp_path: Path) -> None:
    shared, nearly = array(*[4 << 60] * 33), array(*[5 << 60] * 32)
    with SegmentWriter(header(), scratch=tmp_path) as writer:
        prints = anchor(np.concatenate([shared, nearly, array(8)]), rows(*range(33), *range(32), 0))
        writer.add(array(*range(33)), array(*range(33)), {Kind.PHONE: prints})
        writer.finish(tmp_path / "a.segment", ended=array(), traits=Traits())
        assert writer.set_aside == {Kind.PHONE: 1}
    read = Segment(tmp_path / "a.segment")
    assert read.header.set_aside == {Kind.PHONE: 1}
    assert read.header.keys == {Kind.PHONE: 33}
    assert read.shared.tolist() == [4 << 60]
    assert len(keys(read, array(4 << 60, 5 << 60, 8))) == 33


def test_what_a_search_must_know_of_all_values_is_in_the_header(tmp_path: Path) -> None:
    with SegmentWriter(header(), scratch=tmp_path) as writer:
        traits = Traits(phone_lengths={8, 6}, unicode_emails=2)
        writer.finish(tmp_path / "a.segment", ended=array(), traits=traits, spaces={Kind.PHONE: b"\x01dense"})
    read = Segment(tmp_path / "a.segment")
    assert (read.header.phone_lengths, read.header.unicode_emails) == ((6, 8), 2)
    assert (read.space(Kind.PHONE), read.space(Kind.REFERENCE)) == (b"\x01dense", b"")


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


def test_a_segment_of_the_first_format_still_says_which_records_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.segment"
    segment(path, array(5, 3), array(50, 30), array(9))
    assert Segment(path).current
    path.write_bytes(b"TSINDEX\x01" + path.read_bytes()[len(MAGIC) :])
    old = Segment(path)
    assert not old.current
    assert living([old]).record_ids.tolist() == [3, 5]


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        SegmentWriter(header(), scratch=tmp_path) as writer,
    ):
        writer.add(array(1), array(1), {Kind.EMAIL: anchor(array(1), rows(0))})
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
