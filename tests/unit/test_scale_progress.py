"""A scan by units says how far it is, in bytes of what is listed, and how many texts look like findings."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trapstreet.app.reading import Total
from trapstreet.app.scale.running import Sum
from trapstreet.app.scale.units import Listing
from trapstreet.watch import Part


class Line:
    """A progress line that is looked at."""

    watched = True

    def __init__(self) -> None:
        self.told: list[tuple[int, int | None]] = []

    def __call__(self, done: int, total: int | None = None) -> None:
        self.told.append((done, total))


@contextmanager
def heap(folder: Path) -> Iterator[Listing]:
    for number in range(5):
        (folder / f"{number}.txt").write_text("x" * 100)
    with Listing([str(folder)]) as listing:
        yield listing


def test_bytes_done_grow_with_units_towards_a_total(tmp_path: Path) -> None:
    line = Line()
    with heap(tmp_path) as listing, Total.of([str(tmp_path)]) as total:
        (unit,) = listing.units()
        while total.known is None:
            time.sleep(0.001)
        result = Sum(line, total, lambda count: None)
        for half in unit.halves():
            result.add(half, Part(texts=len(half.items)))
    assert line.told == [(200, 500), (500, 500)]
    assert result.whole().texts == 5


def test_without_a_total_there_is_none(tmp_path: Path) -> None:
    line = Line()
    with heap(tmp_path) as listing:
        result = Sum(line, None, lambda count: None)
        for unit in listing.units():
            result.add(unit, Part())
    assert line.told == [(500, None)]
