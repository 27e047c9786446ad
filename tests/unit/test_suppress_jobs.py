"""What of a call is out of the ordinary."""

from pathlib import Path

import numpy as np
import pytest

from trapstreet.index import Sketch
from trapstreet.suppress import LEAST_JOB
from trapstreet.suppress.domain.jobs import (
    ALIKE,
    FEW,
    LEAST,
    MANY,
    MOST,
    REACH,
    Alert,
    Before,
    Given,
    Terms,
    alerts,
    resemblance,
    sketch_of,
)

TERMS = Terms(rows=10_000, calls=2, period="day")
HASHES = np.random.default_rng(5).integers(0, 2**64, 100_000, dtype=np.uint64)
NOTHING = Before(0)


def given(first: int, last: int, *, told_by: str = "key") -> Given:
    return Given(last - first, told_by, sketch_of(HASHES[first:last]))


def test_the_registered_rows_are_in_order() -> None:
    assert alerts(TERMS, given(0, 10_000), NOTHING) == []


@pytest.mark.parametrize(
    ("rows", "expected"), [(4_000, [Alert.SMALL]), (6_000, []), (12_000, []), (13_000, [Alert.LARGE])]
)
def test_a_call_has_the_job_s_size(rows: int, expected: list[Alert]) -> None:
    assert alerts(TERMS, given(0, rows), NOTHING) == expected


def test_rows_of_one_customer_are_one() -> None:
    assert alerts(TERMS, Given(500_000, "key", given(0, 10_000).sketch), NOTHING) == []


def test_rows_that_repeat_count_once_towards_the_least() -> None:
    few = given(0, 3_000)
    assert alerts(TERMS, Given(9_000, "key", few.sketch), NOTHING) == [Alert.SMALL]


@pytest.mark.parametrize(("kept", "expected"), [(1.0, []), (0.97, []), (0.8, [Alert.CHANGED])])
def test_rows_of_the_same_period_stay_the_same(kept: float, expected: list[Alert]) -> None:
    exchanged = int(10_000 * (1 - kept))
    before = Before(1, "key", given(0, 10_000), sketch_of(HASHES[:10_000]))
    assert alerts(TERMS, given(exchanged, 10_000 + exchanged), before) == expected


def test_all_calls_together_count() -> None:
    before = Before(0, "key", None, sketch_of(HASHES[:14_000]))
    assert alerts(TERMS, given(4_500, 14_500), before) == []
    assert alerts(TERMS, given(10_000, 20_000), before) == [Alert.REACH]


def test_a_third_call_and_another_column_are_told() -> None:
    before = Before(2, "key", given(0, 10_000), None)
    assert alerts(TERMS, given(0, 10_000, told_by="email"), before) == [Alert.OFTEN, Alert.COLUMNS]


def test_of_a_call_that_broke_off_nobody_knows_what_it_lacked() -> None:
    before = Before(1, "key", given(0, 10_000), None)
    assert alerts(TERMS, given(0, 100), before, whole=False) == []
    assert alerts(TERMS, given(20_000, 40_000), before, whole=False) == [Alert.LARGE, Alert.REACH]


def test_batches_add_up_to_the_sketch_of_all() -> None:
    added = Given(0, "key", Sketch.empty())
    for at in range(0, 10_000, 777):
        part = HASHES[at : min(10_000, at + 777)]
        added = added.also(len(part), part)
    assert added == given(0, 10_000)


@pytest.mark.parametrize("common", [0, 2_000, 5_000, 9_000, 10_000])
def test_resemblance_is_that_of_the_sets(common: int) -> None:
    one, other = sketch_of(HASHES[:10_000]), sketch_of(HASHES[10_000 - common : 20_000 - common])
    exact = common / (20_000 - common)
    assert abs(resemblance(one, other) - exact) < 0.05


def test_resemblance_of_small_sets_is_exact() -> None:
    assert resemblance(sketch_of(HASHES[:10]), sketch_of(HASHES[5:15])) == 5 / 15
    assert resemblance(Sketch.empty(), Sketch.empty()) == 1


def test_every_alert_has_its_words() -> None:
    assert len({each.said() for each in Alert}) == len(Alert)


def test_the_manual_has_these_figures() -> None:
    manual = (Path(__file__).parents[2] / "docs/suppression.md").read_text()
    for said in (
        f"fewer than {LEAST:.0%} of the job's rows".replace("%", " %"),
        f"more than {MOST:g} times the job's rows",
        f"fewer than {FEW:.0%}, or more than {MANY:.0%} of".replace("%", " %"),
        f"resemblance below {ALIKE:.0%}".replace("%", " %"),
        f"more than {REACH:g} times the job's rows",
        f"the smallest has {LEAST_JOB} rows",
        f"{REACH:g} times its own rows before the first",
        f"{REACH + MOST:g} times with the call",
    ):
        assert said in manual
