"""The window holds the true moment in at least 99 of 100 leaks, though 5 % of the rows are garbled."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.trace.domain.dating import GARBLED, Dating, Spans, VersionSeen, date
from tries import tries

pytestmark = pytest.mark.slow

DAYS, TRIALS = 300, max(160, tries(400))
F64 = NDArray[np.float64]
Moments = Callable[[Generator, float, int], F64]
"""Which moment each row of a leak shows, from the true one."""


@dataclass(frozen=True)
class Leak:
    """Rows of a table in which every record changes at random, so many times a day; versions are daily."""

    rows: int
    changes: float

    def dated(self, random: Generator, moments: F64, days: int = DAYS) -> Dating:
        """The dating of rows, each of which shows its record's state at a moment."""
        began = moments - random.exponential(1 / self.changes, len(moments))
        over = moments + random.exponential(1 / self.changes, len(moments))
        since, until = np.maximum(np.ceil(began), 0).astype(int) + 1, np.ceil(over).astype(int) + 1
        seen = since < np.minimum(until, days + 1)
        until[until > days] = 0
        versions = [VersionSeen(day, day, False) for day in range(days)]
        return date(Spans.counted(since[seen], until[seen], versions=days), versions)


def at_random(random: Generator, moment: float, rows: int) -> F64:
    garbled = random.random(rows) < GARBLED
    return np.where(garbled, random.uniform(0, DAYS - 1, rows), moment)


def stale(random: Generator, moment: float, rows: int) -> F64:
    """One in twenty rows is from a cache that is two weeks old."""
    return np.where(random.random(rows) < GARBLED, moment - 14, moment)


def clean(random: Generator, moment: float, rows: int) -> F64:
    return np.full(rows, moment)


LEAKS = [Leak(68, 1e-3), Leak(680, 1.5e-4), Leak(680, 1e-3), Leak(680, 1e-2), Leak(6_800, 1e-3)]


def misses(leak: Leak, moments: Moments, *, whole: bool) -> int:
    random = np.random.default_rng([leak.rows, int(1e6 * leak.changes), whole])
    missed = 0
    for _ in range(TRIALS):
        moment = random.uniform(30, DAYS - 30)
        moment = np.floor(moment) if whole else moment
        dating = leak.dated(random, moments(random, moment, leak.rows))
        if dating.times == "one":
            begin, end = dating.begin or 0, dating.end or DAYS
            held = begin <= moment <= end and (not whole or int(moment) + 1 in dating.versions)
            missed += not held
    return missed


@pytest.mark.parametrize("leak", LEAKS, ids=str)
@pytest.mark.parametrize("whole", [False, True], ids=["between versions", "of a version"])
def test_with_5_percent_garbled_the_window_holds_the_moment(leak: Leak, whole: bool) -> None:
    assert log10_binomial_tail(TRIALS, 0.01, misses(leak, at_random, whole=whole)) > -3


@pytest.mark.parametrize("leak", LEAKS[2:], ids=str)
def test_with_5_percent_of_one_stale_source_it_holds_nearly_as_often(leak: Leak) -> None:
    """Where the source is hardly older all rows may agree by chance, and then a single stale one misleads."""
    assert log10_binomial_tail(TRIALS, GARBLED, misses(leak, stale, whole=True)) > -3


@pytest.mark.parametrize("leak", LEAKS, ids=str)
@pytest.mark.parametrize("whole", [False, True], ids=["between versions", "of a version"])
def test_with_none_garbled_it_always_does(leak: Leak, whole: bool) -> None:
    assert misses(leak, clean, whole=whole) == 0


def test_a_clean_leak_of_1_percent_is_dated_to_four_days_by_daily_versions() -> None:
    """Changes of 0.68 leaked rows a day: 2.5 days between two of them, and each end waits for a version."""
    random = np.random.default_rng(7)
    leak, days = Leak(680, 1e-3), 730
    widths = []
    for _ in range(TRIALS):
        dating = leak.dated(random, np.full(leak.rows, random.uniform(100, days - 30)), days)
        assert dating.begin is not None
        assert dating.end is not None
        widths.append(dating.end - dating.begin)
    assert np.median(widths) <= 4
    assert np.quantile(widths, 0.95) <= 9


@pytest.mark.parametrize(("leak", "apart"), [(Leak(680, 1e-3), 90), (Leak(6_800, 1e-3), 15)], ids=str)
@pytest.mark.parametrize("old", [0.3, 0.5])
def test_a_leak_of_two_times_has_no_window_between_them(leak: Leak, apart: int, old: float) -> None:
    """Rows of an old copy and of a new one: hardly ever a window that holds neither."""
    random = np.random.default_rng([leak.rows, int(100 * old)])
    wrong = 0
    for _ in range(TRIALS):
        first = np.floor(random.uniform(30, DAYS - apart - 30))
        moments = np.where(random.random(leak.rows) < old, first, first + apart)
        dating = leak.dated(random, moments)
        if dating.times == "one":
            begin, end = dating.begin or 0, dating.end or DAYS
            wrong += not any(begin <= moment <= end for moment in (first, first + apart))
    assert wrong <= TRIALS / 50
