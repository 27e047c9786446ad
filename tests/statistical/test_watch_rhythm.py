"""How often a source that is well is taken for silent, and how soon one that died is."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.random import Generator

from trapstreet.watch.domain.rhythm import DAY, ENOUGH, Rhythm, beaten, patience

pytestmark = pytest.mark.slow

_HOUR = DAY // 24
_EVERY = 6 * _HOUR
"""Between two rounds."""
_SOURCES, _DAYS = 60, 365

Times = Callable[[Generator], Iterator[float]]
"""Days at which something new appears, from 0 on."""


def steady(random: Generator) -> Iterator[float]:
    """Three a day, at any time."""
    yield from np.cumsum(random.exponential(1 / 3, 3 * _DAYS + 200))


def busy(random: Generator) -> Iterator[float]:
    """Hundreds a day: each round has something."""
    yield from np.arange(0, _DAYS, 1 / 100)


def office(random: Generator) -> Iterator[float]:
    """On working days between 8 and 18, two a day; two weeks of holidays after the half of a year."""
    for day in range(_DAYS):
        if day % 7 < 5 and not 200 <= day < 214:
            yield from sorted(day + (8 + 10 * random.random(random.poisson(2))) / 24)


def bursts(random: Generator) -> Iterator[float]:
    """Half an hour to weeks apart: gaps of a heavy tail (Pareto, 1.5)."""
    yield from np.cumsum(0.02 * (1 + random.pareto(1.5, 20_000)))


def false_alarms(times: Times, random: Generator) -> int:
    """Silences told in a year of one source that never dies."""
    rhythm, alarms, told = None, 0, False
    appears = iter([*times(random), float("inf")])
    following = next(appears)
    for at in range(0, _DAYS * DAY, _EVERY):
        is_new = following * DAY <= at
        while following * DAY <= at:
            following = next(appears)
        if is_new:
            rhythm, told = beaten(rhythm, at=at), False
        elif rhythm and not told:
            enough = patience(rhythm, every=_EVERY)
            if enough is not None and at - rhythm.last > enough:
                alarms, told = alarms + 1, True
    return alarms


@pytest.mark.parametrize(
    ("times", "most"),
    [(steady, 0.05), (busy, 0.05), (office, 0.2), (bursts, 0.6)],
    ids=["steady", "busy", "office", "bursts"],
)
def test_a_source_that_is_well_is_seldom_taken_for_silent(times: Times, most: float) -> None:
    """`most` alarms a year, its first."""
    random = np.random.default_rng(8)
    alarms = [false_alarms(times, random) for _ in range(_SOURCES)]
    mean, error = float(np.mean(alarms)), float(np.std(alarms)) / _SOURCES**0.5
    assert mean + 3 * error <= most, f"{mean} ± {error}"


def test_a_source_that_died_is_told_after_four_times_its_longest_silence() -> None:
    rhythm = None
    for at in range(0, 30 * DAY, 6 * _HOUR):
        rhythm = beaten(rhythm, at=at)
    assert rhythm is not None
    assert patience(rhythm, every=_HOUR) == DAY, "a day at least"
    rhythm = beaten(rhythm, at=rhythm.last + 2 * DAY)
    assert patience(rhythm, every=_HOUR) == 8 * DAY


@pytest.mark.parametrize(("gaps", "days"), [(ENOUGH - 1, 40), (200, 13)])
def test_before_its_rhythm_is_known_no_silence_is_told(gaps: int, days: int) -> None:
    rhythm = None
    for at in np.linspace(0, days * DAY, gaps + 1).tolist():
        rhythm = beaten(rhythm, at=int(at))
    assert rhythm is not None
    assert patience(rhythm, every=_EVERY) is None


def test_a_long_silence_is_forgotten_after_a_year_and_a_month() -> None:
    rhythm = Rhythm(0, 0)
    for at in (5 * DAY, 6 * DAY):
        rhythm = beaten(rhythm, at=at)
    for day in range(7, 420):
        rhythm = beaten(rhythm, at=day * DAY)
    assert max(length for _, length in rhythm.longest) == DAY
    assert len(rhythm.longest) <= 8
