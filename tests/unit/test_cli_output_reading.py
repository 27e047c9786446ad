"""What progress is told while sources are read: the bytes that lie there, each once, of how many."""

import gzip
import io
import os
import time
import zipfile
from pathlib import Path

import pytest

from trapstreet.app.search import texts
from trapstreet.core.model.objects import Unread


class Watcher:
    """A progress that notes what it is told; the first word is waited for, as terminals wait two seconds."""

    watched = True

    def __init__(self) -> None:
        self.told: list[tuple[int, int | None]] = []

    def __call__(self, done: int, total: int | None = None) -> None:
        if not self.told:
            time.sleep(0.3)
        self.told.append((done, total))


class Nobody:
    watched = False

    def __call__(self, done: int, total: int | None = None) -> None:
        pytest.fail("told though nobody watches")


def read(location: Path | str, progress: Watcher | Nobody) -> list[str]:
    """The names of the texts, all read."""
    names = []
    for each in texts([str(location)], progress):
        if not isinstance(each, Unread):
            names.append(Path(each.path).name)
            for _ in each.chunks:
                pass
    return names


@pytest.fixture
def heap(tmp_path: Path) -> Path:
    """Files plain and packed, one empty, one that is no file."""
    heap = tmp_path / "heap"
    (heap / "below").mkdir(parents=True)
    (heap / "a.txt").write_bytes(b"a line\n" * 500_000)
    (heap / "below" / "b.gz").write_bytes(gzip.compress(b"a line\n" * 500_000))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.txt", os.urandom(100_000).hex())
    (heap / "below" / "c.zip").write_bytes(out.getvalue())
    (heap / "empty").touch()
    os.mkfifo(heap / "pipe")
    return heap


def test_the_bytes_of_the_files_count_whatever_is_packed_in_them(heap: Path) -> None:
    size = sum(path.stat().st_size for path in heap.rglob("*") if path.is_file())
    watcher = Watcher()
    assert len(read(heap, watcher)) == 23
    done = [each for each, _ in watcher.told]
    assert done == sorted(done)
    assert watcher.told[-1] == (size, size)
    assert {total for _, total in watcher.told[1:]} == {size}


def test_what_a_reader_leaves_counts_as_read(heap: Path) -> None:
    watcher = Watcher()
    for each in texts([str(heap)], watcher):
        assert isinstance(each, Unread) or each.path
    assert watcher.told[-1][0] == watcher.told[-1][1]


def test_a_file_that_grew_is_no_more_than_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a line\n" * 500_000)
    watcher = Watcher()
    for each in texts([str(path)], watcher):
        assert not isinstance(each, Unread)
        next(each.chunks)
        with path.open("ab") as file:
            file.write(b"a line\n" * 500_000)
        for _ in each.chunks:
            pass
    assert watcher.told[-1] == (3_500_000, 3_500_000)


def test_nobody_is_told_where_nobody_watches(heap: Path) -> None:
    assert len(read(heap, Nobody())) == 23


def test_nobody_knows_the_end_of_standard_input(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"a line\n" * 500_000)
    kept = os.dup(0)
    given = os.open(tmp_path / "in", os.O_RDONLY)
    os.dup2(given, 0)
    try:
        watcher = Watcher()
        read("-", watcher)
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(given)
    assert watcher.told[-1] == (3_500_000, None)
    assert {total for _, total in watcher.told} == {None}
