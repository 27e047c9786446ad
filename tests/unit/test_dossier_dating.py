"""What a dossier says, and draws, of when a leak was current."""

import re
from collections.abc import Sequence

import numpy as np
import pytest

from trapstreet.core.fields import Kind
from trapstreet.render.dossier import Circumstances, dossier
from trapstreet.render.dossier_timeline import BOTTOM, LEFT, RIGHT, TOP, timeline
from trapstreet.render.words import dating_line, ranges, verdict_lines
from trapstreet.trace import Accusation, DataSetTrace, Dating, DecoyEvidence, Trace
from trapstreet.trace.domain.dating import Spans, VersionSeen, date
from trapstreet.trace.service import Records

DAY = 86_400_000_000
BEGAN = 1_767_225_600_000_000
VERSIONS = [VersionSeen(BEGAN + day * DAY, BEGAN + day * DAY, False) for day in range(60)]


def dated(since: Sequence[int], until: Sequence[int], rows: Sequence[int]) -> Dating:
    spans = Spans.counted(np.repeat(since, rows), np.repeat(until, rows), versions=len(VERSIONS))
    return date(spans, VERSIONS)


FIVE_DAYS = dated([30, 1, 60], [0, 34, 0], [300, 300, 6])
SEVERAL = dated([1, 50], [20, 0], [100, 100])
UNKNOWN = dated([1], [0], [100])


def traced(dating: Dating, *, then: int = 0) -> Trace:
    evidence = DecoyEvidence("unique decoys", 4, 300, [Kind.EMAIL], 5_000, 1e-6, -12.5, 0.25)
    accused = [Accusation("7-abcdefghij", -12.5, 0.091, [evidence])]
    result = DataSetTrace(
        data_set="customers",
        records=Records(606, 0),
        fields={Kind.EMAIL: 606},
        decoys=4,
        versions=[1],
        dating=dating,
        verdict="accused",
        accused=accused,
        places=[],
        group=[],
        not_only_source=[],
        copies_then=then,
        bound=1e-6,
        copies=100,
        plantings=0,
    )
    return Trace([result], [], [], {})


def page(dating: Dating, *, then: int = 0) -> str:
    return dossier(traced(dating, then=then), Circumstances(BEGAN, [], [], {"customers": 68_000}))


def test_the_window_is_said_with_the_share_that_agrees() -> None:
    assert dating_line(FIVE_DAYS) == (
        "99 % of its rows agree: the data was current between 2026-01-29 00:00 UTC and 2026-02-03 00:00 UTC."
    )
    clean = dated([30], [0], [300])
    assert dating_line(clean) == "All of its rows agree: the data was current after 2026-01-29 00:00 UTC."


def test_a_share_below_all_is_never_said_to_be_all() -> None:
    almost = dated([30, 1], [0, 2], [100_000, 1])
    assert dating_line(almost).startswith("99.9 % of its rows agree")


def test_a_leak_of_two_times_is_said_to_be_one() -> None:
    said = dating_line(SEVERAL)
    assert said == "Its rows do not agree on one time when they were current: at best 50 % of its rows do."


def test_where_the_versions_say_nothing_nothing_is_drawn() -> None:
    assert timeline(UNKNOWN) is None
    assert 'class="timeline"' not in page(UNKNOWN)
    assert not any("agree" in line for line in verdict_lines(traced(UNKNOWN).data_sets[0], rows=100))


def test_the_plot_stays_in_its_frame_and_shades_the_window() -> None:
    plot = timeline(FIVE_DAYS)
    assert plot is not None
    numbers = [float(number) for number in re.findall(r"[\d.]+", plot.path)]
    assert LEFT <= min(plot.versions) < max(plot.versions) <= RIGHT
    heights = [float(height) for height in re.findall(r"[ML][\d.]+ ([\d.]+)", plot.path)]
    assert min(heights) >= TOP
    assert max(heights) <= BOTTOM
    assert max(numbers) <= RIGHT
    assert plot.window is not None
    left, width = plot.window
    day = (RIGHT - LEFT) / ((plot.latest - plot.earliest) / DAY)
    assert width == pytest.approx(5 * day, abs=0.2)
    assert (left - LEFT) / day == pytest.approx((FIVE_DAYS.begin or 0) / DAY - plot.earliest / DAY, abs=0.1)


@pytest.mark.parametrize("dating", [FIVE_DAYS, SEVERAL], ids=lambda dating: dating.times)
def test_the_plot_is_drawn_without_a_script_and_read_out(dating: Dating) -> None:
    html = page(dating)
    assert "<script" not in html
    assert f'aria-label="{dating_line(dating)}"' in html
    assert ('class="window"' in html) == (dating.times == "one")


def test_the_dossier_says_how_the_bound_was_divided() -> None:
    html = page(FIVE_DAYS, then=9)
    assert "Nine tenths of that chance are kept for the 9 copies that can show the data of that time." in html
    assert "copy of version 30 to 33" in html
    assert "Nine tenths" not in page(FIVE_DAYS)


def test_numbers_in_a_row_are_said_together() -> None:
    assert ranges([]) == ""
    assert ranges([1, 3, 4, 5, 9]) == "1, 3 to 5, 9"
