"""What the caller of a suppression job learns: decoys in how many rows, before anybody is told and with the
call that tells. Every strategy that we could think of, with fixed seeds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from trapstreet.index import Sketch
from trapstreet.suppress.domain.jobs import (
    MOST,
    REACH,
    Alert,
    Before,
    Given,
    Terms,
    alerts,
    reached,
    sketch_of,
)

pytestmark = pytest.mark.slow

Rows = NDArray[np.int64]
SIZES = (10_000, 100_000, 1_000_000)
SHARE = 0.1  # of the table's rows, that the job is registered for
DECOYS = 0.01
PERIODS = 400
OFF = 0.10  # three standard errors of a sketch's count


@dataclass
class Job:
    """A job with its calls: each period has as many as are registered."""

    table: NDArray[np.uint64]
    terms: Terms
    reach: Sketch | None = None
    first: Given | None = None
    calls: int = 0
    asked: list[Rows] = field(default_factory=list)

    def call(self, rows: Rows) -> list[Alert]:
        """What is out of the ordinary about a call with these rows."""
        if self.calls == self.terms.calls:
            self.calls, self.first = 0, None
        given = Given(len(rows), "key", sketch_of(self.table[rows]))
        before = Before(self.calls, "key", self.first, self.reach)
        told = alerts(self.terms, given, before)
        self.calls += 1
        self.first, self.reach = self.first or given, reached(given, before)
        self.asked.append(rows)
        return told

    def learnt(self, *, but: int = 0) -> Rows:
        """The different rows that the caller has an answer for, without the last calls'."""
        return np.unique(np.concatenate([np.empty(0, np.int64), *self.asked[: len(self.asked) - but]]))


Strategy = Callable[[np.random.Generator, int, int], Iterator[Rows]]


def windows(random: np.random.Generator, rows: int, size: int) -> Iterator[Rows]:
    """The next part of the table each time."""
    for at in range(0, rows - size + 1, size):
        yield np.arange(at, at + size)


def samples(random: np.random.Generator, rows: int, size: int) -> Iterator[Rows]:
    """Any rows each time."""
    while True:
        yield random.choice(rows, size, replace=False)


def halves(random: np.random.Generator, rows: int, size: int) -> Iterator[Rows]:
    """All, then half of it, a quarter … as somebody does who sees a sum and not the rows."""
    while size:
        yield np.arange(size)
        size //= 2


def drift(random: np.random.Generator, rows: int, size: int) -> Iterator[Rows]:
    """A few rows exchanged each time, as few as pass for the same input."""
    for at in range(0, rows - size, max(1, size // 25)):
        yield np.arange(at, at + size)


def small_drift(random: np.random.Generator, rows: int, size: int) -> Iterator[Rows]:
    """The same with calls of half the size, so that there is more room."""
    return drift(random, rows, size // 2 + size // 50)


def one_more(random: np.random.Generator, rows: int, size: int) -> Iterator[Rows]:
    """The same rows, and one more each time."""
    for at in range(rows - size):
        yield np.append(np.arange(size), size + at)


def repeated(random: np.random.Generator, rows: int, size: int) -> Iterator[Rows]:
    """A few rows, each many times."""
    few = max(1, size // 5)
    for at in range(0, rows - few, few):
        yield np.repeat(np.arange(at, at + few), 5)


def fuller(random: np.random.Generator, rows: int, size: int) -> Iterator[Rows]:
    """As many more as pass for the job's size."""
    for at in range(0, rows, size):
        yield np.arange(at, min(rows, at + int(1.2 * size)))


def doubled(random: np.random.Generator, rows: int, size: int) -> Iterator[Rows]:
    """As many as are not refused."""
    for at in range(0, rows, 2 * size):
        yield np.arange(at, at + 2 * size)


STRATEGIES: dict[str, Strategy] = {
    each.__name__: each
    for each in (windows, samples, halves, drift, small_drift, one_more, repeated, fuller, doubled)
}


def played(strategy: Strategy, rows: int, seed: int) -> tuple[Job, bool]:
    """The job once an alert was told, or 400 calls were not."""
    random = np.random.default_rng(seed)
    size = int(SHARE * rows)
    job = Job(random.integers(0, 2**64, rows, dtype=np.uint64), Terms(size, 2, "day"))
    for _, asked in zip(range(PERIODS), strategy(random, rows, size), strict=False):
        if job.call(asked):
            return job, True
    return job, False


@pytest.mark.parametrize("rows", SIZES[:2])
@pytest.mark.parametrize("name", STRATEGIES)
def test_before_an_alert_a_caller_learns_of_half_as_many_rows_again_at_most(name: str, rows: int) -> None:
    size = SHARE * rows
    for seed in range(5):
        job, told = played(STRATEGIES[name], rows, seed)
        quiet = len(job.learnt(but=1 if told else 0))
        assert quiet <= REACH * size * (1 + OFF), f"{quiet:,} rows before any alert"
        assert len(job.learnt()) <= (REACH + MOST) * size * (1 + OFF)
        assert told or quiet <= size + PERIODS


@pytest.mark.parametrize("rows", SIZES)
def test_honest_work_is_never_an_alert(rows: int) -> None:
    """Two years of a monthly job that is run twice, of customers of whom 1 % go and 1.5 % come each month."""
    random = np.random.default_rng(3)
    size = int(SHARE * rows)
    job = Job(random.integers(0, 2**64, 2 * rows, dtype=np.uint64), Terms(size, 2, "month"))
    held, fresh = np.arange(size), size
    for _ in range(24):
        come = np.arange(fresh, fresh + int(0.015 * size))
        for again in (0, int(0.001 * size)):
            assert job.call(np.concatenate([held, come[:again]])) == []
        held = np.concatenate([held[random.random(len(held)) > 0.01], come])
        fresh += len(come)


@pytest.mark.parametrize("rows", SIZES)
def test_figures(rows: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The table of docs/threat-model.md: decoys of the whole table that a caller lists."""
    random = np.random.default_rng(rows)
    decoys = random.choice(rows, int(DECOYS * rows), replace=False)
    for name, strategy in STRATEGIES.items():
        job, told = played(strategy, rows, seed=1)
        quiet, all_in_all = (np.isin(decoys, job.learnt(but=but)).sum() for but in (int(told), 0))
        with capsys.disabled():
            print(f"{rows:9,} {name:12} calls {len(job.asked):4} told {told!s:5} {quiet:6,} {all_in_all:6,}")  # noqa: T201
        assert quiet <= REACH * SHARE * len(decoys) * (1 + 3 * OFF)
