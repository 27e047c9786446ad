"""A leak of 1 % is dated to 3 days where 0.1 % of the rows change a day; the true moment lies in the window.

68,000 records, each of which changes at random; versions are registered at fixed intervals for two years. A
leak shows a share of the records as they were at one moment. A garbled row shows its record at another moment
of the two years. What is printed is the window of the product's own function, in days.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import inf
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from measuring import CUSTOMERS, SEED
from trapstreet.core.maths.tails import log10_binomial_tail
from trapstreet.trace.domain.dating import Spans, VersionSeen, date

DAYS = 730
TRIALS = 2_000
SECOND = 1_000_000
DAY = 86_400 * SECOND
F64 = NDArray[np.float64]
Source = Literal["table", "copy"]


@dataclass(frozen=True)
class Case:
    """Changes a day in the whole table, the share of it that leaks, the share of garbled rows, days between
    two versions; taken from the table at any moment, or from a copy of a version."""

    changes: float
    leaked: float
    garbled: float
    every: float = 1.0
    source: Source = "table"


@dataclass(frozen=True)
class Result:
    """Widths of the windows in days (two years where there is none), leaks whose moment lay outside, leaks
    without a window."""

    widths: F64
    missed: int
    without: int

    @property
    def held(self) -> float:
        """The smallest share of windows that hold their moment which these leaks leave possible, at 95 %."""
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            unlikely = log10_binomial_tail(len(self.widths), middle, len(self.widths) - self.missed)
            low, high = (middle, high) if unlikely < np.log10(0.05) else (low, middle)
        return low


def main() -> None:
    print(f"{CUSTOMERS:,} rows, {DAYS} days of versions, {TRIALS:,} leaks in each line; window in days")
    print(" changes/day  leaked  garbled  every      of    median   95 %   no window   holds the moment")
    missed: list[str] = []
    for changes, leaked, garbled in product((10, 68, 680), (0.001, 0.01, 0.1), (0.0, 0.05)):
        promised = 3.0 if (changes, leaked, garbled) == (68, 0.01, 0.0) else inf
        missed += say(Case(changes, leaked, garbled), promised)
    print("what the spacing of versions does to it")
    for every in (7.0, 0.5, 1 / 24):
        missed += say(Case(68, 0.01, 0.0, every), 3.0 if every < 1 else inf)
    for garbled in (0.0, 0.05):
        missed += say(Case(68, 0.01, garbled, source="copy"))
    if missed:
        sys.exit(f"missed: {'; '.join(missed)}")


def say(case: Case, promised: float = inf) -> Sequence[str]:
    """One line; what is promised of the median width and missed, and of the share that holds."""
    result = measured(case)
    median, most = np.quantile(result.widths, [0.5, 0.95])
    what = f"{case.changes:8.0f}{case.leaked:11.1%}{case.garbled:8.0%}{case.every:9.2f} d{case.source:>8}"
    misses = []
    if median > promised:
        misses.append(f"{median:g} days, promised {promised:g}")
    if log10_binomial_tail(TRIALS, 0.01, result.missed) < -3:
        misses.append("holds the moment in fewer than 99 %")
    verdict = f"MISSED: {', '.join(misses)}" if misses else "kept"
    note = f"   promised {promised:g} days:" if promised < inf else "  "
    print(
        f"{what}{median:9.2f}{most:8.2f}{result.without:9}    {1 - result.missed / TRIALS:9.2%}"
        f" (at least {result.held:.2%}){note} {verdict}",
        flush=True,
    )
    return misses


def measured(case: Case) -> Result:
    """Leaks of one case, the same every time."""
    random = np.random.default_rng([SEED, int(case.changes), *(int(1e6 * each) for each in _shares(case))])
    times = np.arange(0, DAYS, case.every)
    versions = [VersionSeen(int(day * DAY), int(day * DAY), False) for day in times]
    widths = np.full(TRIALS, float(DAYS))
    missed = without = 0
    for trial in range(TRIALS):
        moment = random.uniform(DAYS / 2, DAYS - 30)
        if case.source == "copy":
            moment = times[np.searchsorted(times, moment)]
        dating = date(_leak(random, case, moment, times), versions)
        if dating.times != "one":
            without += 1
            continue
        begin = -inf if dating.begin is None else dating.begin / DAY
        end = inf if dating.end is None else dating.end / DAY
        widths[trial] = min(end, DAYS) - max(begin, 0)
        missed += not begin - 1 / DAY <= moment <= end + 1 / DAY
    return Result(widths, missed, without)


def _leak(random: Generator, case: Case, moment: float, times: F64) -> Spans:
    """The rows' states by versions; one that no version saw is not recognised."""
    rows = round(CUSTOMERS * case.leaked)
    shown = np.full(rows, moment)
    garbled = random.random(rows) < case.garbled
    shown[garbled] = random.uniform(0, DAYS, int(np.sum(garbled)))
    began = shown - random.exponential(CUSTOMERS / case.changes, rows)
    over = shown + random.exponential(CUSTOMERS / case.changes, rows)
    since, until = np.searchsorted(times, began) + 1, np.searchsorted(times, over) + 1
    known = since < np.minimum(until, len(times) + 1)
    until[until > len(times)] = 0
    return Spans.counted(since[known], until[known], versions=len(times))


def _shares(case: Case) -> tuple[float, float, float, float]:
    return case.leaked, case.garbled, case.every, float(case.source == "copy")


if __name__ == "__main__":
    main()
