"""The spool: all or none, in order, taken once, in bounded room."""

import errno
import sqlite3
from pathlib import Path
from threading import Thread

import pytest

from traps import WORKER, Kept, hit, kept, names
from trapstreet.core.model.errors import UnusableInput
from trapstreet.trap.sealing import Segment, encode
from trapstreet.trap.spool import FILE_NAME, RECORD_BYTES, SEGMENT_SECONDS, Spool, SpoolReader

ROOM = 1 << 30


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def spool(folder: Path, *, limit: int = ROOM, clock: Time | None = None) -> Spool:
    return Spool(folder, WORKER, limit=limit, clock=clock or Time())


def encoded(*numbers: int, body: bytes = b"") -> list[bytes]:
    return [encode(hit(f"h/{number}", body=body)) for number in numbers]


def test_what_was_appended_is_read_in_its_order(tmp_path: Path) -> None:
    written = spool(tmp_path)
    for numbers in ([1, 2, 3], [4], [5, 6]):
        written.append(encoded(*numbers))
    assert names(tmp_path) == [f"h/{number}" for number in range(1, 7)]


def test_the_disk_is_waited_for_with_every_transaction(tmp_path: Path) -> None:
    database = spool(tmp_path)._database
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_is_no_spool_is_told_so_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"something else " * 100)
    with pytest.raises(UnusableInput, match="is no spool"):
        spool(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == b"something else " * 100


def test_a_reader_sees_hits_while_the_trap_goes_on(tmp_path: Path) -> None:
    written = spool(tmp_path)
    written.append(encoded(1))
    assert [one.heard.names for one in kept(tmp_path, remove=True)] == [("h/1",)]
    written.append(encoded(2))
    assert names(tmp_path) == ["h/2"]


def test_no_id_is_given_twice_though_all_was_taken_and_the_trap_began_again(tmp_path: Path) -> None:
    seen = list[tuple[bytes, int, int]]()
    for _ in range(3):
        written = spool(tmp_path)
        for number in range(3):
            written.append(encoded(number))
            seen += [one.id for one in kept(tmp_path, remove=True)]
        written.close()
    assert len(seen) == len(set(seen)) == 9


def test_the_key_of_a_segment_is_gone_after_ten_minutes(tmp_path: Path) -> None:
    clock = Time()
    written = spool(tmp_path, clock=clock)
    written.append(encoded(1))
    clock.now = SEGMENT_SECONDS + 1
    written.rest()
    assert written._segment is None
    written.append(encoded(2))
    first, second = kept(tmp_path)
    assert first.id[0] != second.id[0]


def test_segments_without_records_are_dropped_and_the_newest_stays(tmp_path: Path) -> None:
    clock = Time()
    written = spool(tmp_path, clock=clock)
    for number in range(4):
        written.append(encoded(number))
        clock.now += SEGMENT_SECONDS + 1
    kept(tmp_path, remove=True)
    written.append(encoded(9))
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        count = database.execute("SELECT count(*) FROM segment").fetchone()[0]
    database.close()
    assert count == 2
    assert names(tmp_path) == ["h/9"]


def test_as_many_records_are_read_as_fit_and_one_of_any_size(tmp_path: Path) -> None:
    written = spool(tmp_path)
    for number in range(4):
        written.append(encoded(number, body=bytes(10_000)))
    reader = SpoolReader(tmp_path)
    assert [len(reader.first(size=size)) for size in (1, 15_000, 25_000, 1 << 20)] == [1, 1, 2, 4]
    assert len(reader.first(3, size=1 << 20)) == 3
    written.rest()
    waiting = reader.waiting()
    assert (waiting.records, waiting.bytes) == (4, written.used)
    reader.close()


def test_large_batches_become_several_records(tmp_path: Path) -> None:
    spool(tmp_path).append(encoded(*range(40), body=bytes(RECORD_BYTES // 10)))
    reader = SpoolReader(tmp_path)
    assert max(len(record.sealed) for record in reader.first(100)) < 1.2 * RECORD_BYTES
    reader.close()
    assert names(tmp_path) == [f"h/{number}" for number in range(40)]


def test_a_full_spool_refuses_and_takes_again_when_the_worker_was_there(tmp_path: Path) -> None:
    written = spool(tmp_path, limit=1_000_000)
    appended = 0
    with pytest.raises(OSError) as refused:
        while True:
            written.append(encoded(appended, body=bytes(50_000)))
            appended += 1
    assert refused.value.errno == errno.ENOSPC
    assert appended >= 15
    assert len(kept(tmp_path, remove=True)) == appended
    written.append(encoded(99))
    assert names(tmp_path) == ["h/99"]


def test_room_is_given_back_when_records_are_taken(tmp_path: Path) -> None:
    written = spool(tmp_path)
    for number in range(60):
        written.append(encoded(number, body=bytes(50_000)))
    kept(tmp_path, remove=True)
    written.rest()
    assert written.used < 100_000
    written.close()
    assert (tmp_path / FILE_NAME).stat().st_size < 200_000


def test_a_transaction_that_fails_leaves_nothing_and_repeats_no_number(tmp_path: Path) -> None:
    written = spool(tmp_path)
    written.append(encoded(1))
    written._database.execute("PRAGMA max_page_count = 12")
    with pytest.raises(OSError) as refused:
        written.append(encoded(2, 3, body=bytes(100_000)))
    assert refused.value.errno == errno.ENOSPC
    written._database.execute("PRAGMA max_page_count = 1000000")
    written.append(encoded(4))
    first, second = kept(tmp_path)
    assert [first.heard.names, second.heard.names] == [("h/1",), ("h/4",)]
    assert first.id[0] != second.id[0], "numbers of the lost transaction belong to a key that is used no more"


def test_a_transaction_that_fails_for_whatever_reason_takes_its_segment_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rolled back with it is the row that says whose key its records have: without it nobody opens them."""
    written = spool(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Segment, "seal", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            written.append(encoded(1))
    written.append(encoded(2))
    assert [one.heard.names for one in kept(tmp_path)] == [("h/2",)]


def test_a_worker_that_takes_while_hits_come_takes_each_once(tmp_path: Path) -> None:
    turns, each = 150, 20
    spool(tmp_path).close()

    def fill() -> None:
        written = spool(tmp_path)
        for turn in range(turns):
            written.append(encoded(*range(turn * each, (turn + 1) * each)))
        written.close()

    filling = Thread(target=fill)
    filling.start()
    taken = list[Kept]()
    while filling.is_alive():
        taken += kept(tmp_path, remove=True)
    taken += kept(tmp_path, remove=True)
    assert [one.heard.names[0] for one in taken] == [f"h/{number}" for number in range(turns * each)]
    assert len({one.id for one in taken}) == turns * each


def test_a_folder_that_goes_away_while_its_spool_is_opened_is_an_error_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    with pytest.raises(OSError, match="unable to open"):
        SpoolReader(tmp_path / "gone")


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    spool(tmp_path)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o77 == 0


def test_a_worker_that_comes_too_early_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SpoolReader(tmp_path)
    assert list(tmp_path.iterdir()) == []
