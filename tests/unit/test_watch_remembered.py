"""What is remembered on disk: whole blocks or none, in the state that the registry has, without plaintext."""

import os
from pathlib import Path

import numpy as np
import pytest

from trapstreet.watch.blocks import Entry
from trapstreet.watch.domain.anything import KINDS, Values
from trapstreet.watch.remembered import Memory


def values(*prints: int) -> Values:
    """Of the first kind these, of the last one more."""
    parts = [np.empty(0, dtype=np.uint64) for _ in KINDS]
    parts[0] = np.array(sorted(prints), dtype=np.uint64)
    parts[-1] = np.array([2**63], dtype=np.uint64)
    return Values(tuple(parts))


def entry(number: int, *prints: int, state: int | None = None) -> Entry:
    return Entry(number.to_bytes(16, "big"), number if state is None else state, values(*prints))


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "remembered")


def held(memory: Memory, source: int = 1) -> list[tuple[int, int, list[int]]]:
    """Number, state and first kind's fingerprints of every entry."""
    found = []
    for block in memory.blocks(source):
        prints, counts = block.objects()
        at = 0
        for each, row in zip(block.entries, counts, strict=True):
            own = prints[at : at + row[0]].tolist()
            found.append((int.from_bytes(each["key"].tobytes(), "big"), int(each["state"]), own))
            at += int(row.sum())
    return found


def test_what_is_appended_is_there_in_another_process_too(memory: Memory, tmp_path: Path) -> None:
    memory.append(1, [entry(1, 5, 6), entry(2)], stand=3, epoch=1)
    memory.append(1, [entry(3, 7)], stand=4, epoch=1)
    memory.append(2, [entry(9, 8)], stand=4, epoch=1)
    again = Memory(tmp_path / "remembered")
    assert held(again) == [(1, 1, [5, 6]), (2, 2, []), (3, 3, [7])]
    assert [block.stand for block in again.blocks(1)] == [3, 4]
    assert again.sources() == [1, 2]
    assert (tmp_path / "remembered" / "1.seen").stat().st_mode & 0o777 == 0o600


def test_objects_with_the_same_values_share_them(memory: Memory) -> None:
    same = range(1000)
    memory.append(1, [entry(number, *same) for number in range(1, 51)], stand=1, epoch=1)
    (block,) = memory.blocks(1)
    assert len(block.prints) == 1001
    assert held(memory) == [(number, number, [*same]) for number in range(1, 51)]


@pytest.mark.parametrize("cut", range(0, 200, 13))
def test_a_block_that_was_cut_short_is_none_and_the_next_one_is_whole(
    memory: Memory, tmp_path: Path, cut: int
) -> None:
    file = tmp_path / "remembered" / "1.seen"
    memory.append(1, [entry(1, 5)], stand=1, epoch=1)
    first = file.stat().st_size
    memory.append(1, [entry(2, *range(20))], stand=1, epoch=1)
    os.truncate(file, first + cut)
    assert held(memory) == [(1, 1, [5])]
    for writer in (memory, Memory(file.parent)):
        writer.append(1, [entry(3, 7)], stand=1, epoch=1)
        assert held(writer)[-1] == (3, 3, [7])


def test_a_stand_is_raised_in_place_and_not_in_a_file_that_was_tidied(memory: Memory) -> None:
    for number in (1, 2):
        memory.append(1, [entry(number, number)], stand=1, epoch=1)
    places = [block.place for block in memory.blocks(1)]
    memory.raise_stand(1, places[1:], 7)
    assert [block.stand for block in memory.blocks(1)] == [1, 7]
    memory.tidy(1, {(2).to_bytes(16, "big"): 2})
    memory.raise_stand(1, places, 9)
    assert [block.stand for block in memory.blocks(1)] == [7]


def test_tidying_leaves_each_object_once_as_the_registry_has_it(memory: Memory) -> None:
    memory.append(1, [entry(1, 5), entry(2, 6), entry(3, 7)], stand=1, epoch=1)
    memory.append(1, [entry(1, 8, state=11), entry(4, 9)], stand=2, epoch=1)
    memory.append(1, [entry(1, 8, state=11)], stand=3, epoch=1)
    memory.tidy(1, {number.to_bytes(16, "big"): state for number, state in ((1, 11), (2, 99), (3, 3))})
    assert sorted(held(memory)) == [(1, 11, [8]), (3, 3, [7])]
    memory.append(1, [entry(5, 10)], stand=3, epoch=1)
    assert held(memory)[-1] == (5, 5, [10])


def test_erased_fingerprints_are_nowhere(memory: Memory) -> None:
    memory.append(1, [entry(1, 5, 6), entry(2, 6)], stand=1, epoch=1)
    memory.append(2, [entry(3, 6, 7)], stand=1, epoch=1)
    assert memory.erase(np.array([6], dtype=np.uint64)) == 3
    assert held(memory) == [(1, 1, [5, 0]), (2, 2, [0])]
    assert held(memory, 2) == [(3, 3, [0, 7])]
    assert memory.erase(np.array([6], dtype=np.uint64)) == 0
