"""A scan with several threads: what it finds, what it holds, and how it ends, are those of one thread."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import msgspec
import pytest

from trapstreet.app.demo.people import customers
from trapstreet.app.search import texts
from trapstreet.core.model.objects import Unread
from trapstreet.index import Lookup, Matcher, Matches
from trapstreet.watch import Public, Scan, scan
from watching import Keys, Memory, Rows, columns_of, lookup_of, matcher_of

PATIENCE = 60.0
THREADS = 3
SIZES = (300, 5_000_000, 100_000, 70_000, 300, 1_000_000, 200_000, 65_536, 4_194_304, 90_000)
"""Of texts that are short, middling and long."""


@pytest.fixture(scope="module")
def ours() -> Rows:
    return list(customers(500, seed=7))


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory, ours: Rows) -> Lookup:
    return lookup_of(tmp_path_factory.mktemp("index"), ours, columns_of(ours))


def heap(ours: Rows) -> Iterator[Memory | Unread]:
    """Texts of all sizes, each with another record of ours at its end; something unread between them."""
    for number, size in enumerate(SIZES):
        line = f"\n{';'.join(ours[number])}\n"
        yield Memory(f"text-{number}", ("nothing of ours " * (size // 16 + 1))[: size - len(line)] + line)
        if number % 4 == 2:
            yield Unread(f"broken-{number}", "encrypted")


def scanned(objects: Iterable[Memory | Unread], lookup: Lookup, matcher: Matcher, threads: int) -> Scan:
    public = Public.of((), lookup, Keys().fingerprint_key)
    return scan(objects, lookup=lookup, matcher=matcher, public=public, threads=threads)


def test_the_same_is_found_in_the_same_order_whatever_the_number_of_threads(
    lookup: Lookup, ours: Rows
) -> None:
    alone, *others = (scanned(heap(ours), lookup, matcher_of(lookup), threads) for threads in (1, 2, 5))
    assert [each.path for each in alone.findings] == [f"text-{number}" for number in range(len(SIZES))]
    assert alone.scanned == {"objects": len(SIZES), "bytes": sum(SIZES)}
    assert [msgspec.json.encode(each) for each in others] == [msgspec.json.encode(alone)] * 2


@dataclass
class Held:
    """A matcher that finds nothing, and nothing in a first text before it is let go."""

    matcher: Matcher
    go: threading.Event = field(default_factory=threading.Event)
    fails: bool = False

    def matches(self, chunks: Iterable[bytes], *, candidates: bool = False) -> Iterator[Matches]:
        text = b"".join(chunks)
        if text.startswith(b"first"):
            assert self.go.wait(PATIENCE)
            if self.fails:
                raise MemoryError("of the first text")
        yield from self.matcher.matches([b""])


def test_no_more_texts_are_held_than_two_for_each_thread(lookup: Lookup) -> None:
    held = Held(matcher_of(lookup))
    given = 0

    def objects() -> Iterator[Memory]:
        nonlocal given
        for given in range(1, 41):
            if given == 2 * THREADS + 1:
                threading.Timer(0.2, held.go.set).start()
            assert held.go.is_set() or given <= 2 * THREADS + 1
            yield Memory(f"text-{given}", ("first" if given == 1 else "other").ljust(100_000))

    assert scanned(objects(), lookup, held, THREADS).scanned["objects"] == given == 40


def test_an_error_in_one_of_the_threads_ends_the_scan(lookup: Lookup) -> None:
    held = Held(matcher_of(lookup), fails=True)
    held.go.set()
    with pytest.raises(MemoryError, match="of the first text"):
        scanned((Memory("text", "first".ljust(100_000)) for _ in range(40)), lookup, held, THREADS)


@pytest.mark.parametrize("threads", [1, THREADS])
def test_an_interruption_while_texts_are_searched_ends_the_scan(lookup: Lookup, threads: int) -> None:
    def objects() -> Iterator[Memory]:
        yield Memory("text", "a text".ljust(100_000))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scanned(objects(), lookup, matcher_of(lookup), threads)


@pytest.mark.parametrize("threads", [1, THREADS])
def test_a_file_that_shrinks_is_searched_as_far_as_it_goes_and_listed(
    lookup: Lookup, ours: Rows, tmp_path: Path, threads: int
) -> None:
    path = tmp_path / "log"
    path.write_text(f"{';'.join(ours[0])}\n".ljust(3_000_000))
    public = Public.of((), lookup, Keys().fingerprint_key)
    objects = texts([str(tmp_path)])
    first = next(objects)
    assert not isinstance(first, Unread)
    with path.open("r+b") as file:
        file.truncate(2_000_000)

    result = scan(
        chain([first], objects), lookup=lookup, matcher=matcher_of(lookup), public=public, threads=threads
    )
    assert [each.path for each in result.findings] == [str(path)]
    assert [(each.path, each.why) for each in result.unread] == [
        (str(path), "it shrank while it was read: 2,000,000 of 3,000,000 bytes")
    ]
