"""When a leak was current: the window where all rows agree, or all but a few that are wrong."""

from collections.abc import Mapping

import numpy as np
import pytest

from trapstreet.trace.domain.dating import Dating, Spans, VersionSeen, date

ROWS = 200
AT = (100, 200, 300, 400)
SEEN = [VersionSeen(at, at, False) for at in AT]


def spans(rows: Mapping[tuple[int, int], int], versions: int = len(AT)) -> Spans:
    """From (since, until) to how many rows; until 0: it still holds."""
    since, until = (np.repeat([pair[at] for pair in rows], list(rows.values())) for at in (0, 1))
    return Spans.counted(since, until, versions=versions)


def window(dating: Dating) -> tuple[int | None, int | None] | None:
    return (dating.begin, dating.end) if dating.times == "one" else None


@pytest.mark.parametrize(
    ("states", "expected", "copies_of"),
    [
        ([(2, 0)], (100, None), [2, 3, 4]),
        ([(1, 2)], (None, 200), [1]),
        ([(2, 0), (1, 3)], (100, 300), [2]),
        ([(2, 0), (1, 4)], (100, 400), [2, 3]),
        ([(2, 0), (1, 2)], (100, 200), []),
    ],
)
def test_the_window_is_where_all_rows_were_current(
    states: list[tuple[int, int]], expected: tuple[int | None, int | None], copies_of: list[int]
) -> None:
    dating = date(spans(dict.fromkeys(states, ROWS)), SEEN)
    assert window(dating) == expected
    assert dating.agree == 1
    assert dating.versions == copies_of, "none where rows of two versions stand together"


def test_rows_that_all_versions_have_say_nothing() -> None:
    assert date(spans({(1, 0): ROWS}), SEEN).times == "unknown"
    assert date(spans({(1, 0): ROWS}, versions=1), SEEN[:1]).times == "unknown"
    assert date(Spans.counted(*np.zeros((2, 0), dtype=np.int64), versions=4), SEEN).times == "unknown"


def test_rows_of_two_times_have_no_window() -> None:
    dating = date(spans({(1, 2): ROWS, (4, 0): ROWS}), SEEN)
    assert window(dating) is None
    assert (dating.times, dating.agree, dating.versions) == ("several", 0.5, [])


def test_few_rows_of_another_time_are_seen_however_many_say_nothing() -> None:
    """Forty rows of 10,000 contradict each other: all but 0.2 % agree with any moment between."""
    rows = {(1, 0): 9_960, (1, 2): 20, (4, 0): 20}
    assert date(spans(rows), SEEN).times == "several"


def test_wrong_rows_change_nothing_but_the_share() -> None:
    right = {(1, 0): 2_000, (2, 0): 100, (1, 3): 100}
    clean, garbled = date(spans(right), SEEN), date(spans(right | {(4, 0): 2, (1, 2): 3}), SEEN)
    assert window(garbled) == window(clean) == (100, 300)
    assert garbled.agree == pytest.approx(1 - 2 / 2_205), "three agree with a moment of the window"


def test_below_nine_tenths_there_is_no_window() -> None:
    wrong = {(4, 0): ROWS}
    assert window(date(spans({(1, 2): 9 * ROWS} | wrong), SEEN)) == (None, 200)
    assert window(date(spans({(1, 2): 9 * ROWS - 2} | wrong), SEEN)) is None


def test_one_row_alone_dates_only_a_leak_that_shows_its_rows_to_be_right() -> None:
    """It may be the wrong one; where 50 rows at least would contradict a wrong time, it is believed."""
    assert date(spans({(1, 0): 30, (3, 0): 1}), SEEN).times == "unknown"
    believed = {(1, 0): 30, (2, 0): ROWS, (3, 0): 1}
    assert window(date(spans(believed), SEEN)) == (200, None)
    doubted = {(1, 0): 30, (2, 0): 20, (3, 0): 1}
    assert window(date(spans(doubted), SEEN)) == (100, None)


def test_a_version_that_was_seen_again_opens_the_window_later() -> None:
    seen = [VersionSeen(100, 180, False), VersionSeen(200, 200, False)]
    assert window(date(spans({(2, 0): ROWS}, versions=2), seen)) == (180, None)


def test_records_read_anew_say_nothing_of_when_they_changed() -> None:
    seen = [VersionSeen(100, 100, False), VersionSeen(200, 200, True), VersionSeen(300, 300, False)]
    assert date(spans({(2, 0): ROWS, (1, 2): ROWS}, versions=3), seen).times == "unknown"
    assert window(date(spans({(2, 3): ROWS, (1, 2): ROWS}, versions=3), seen)) == (None, 300)


def test_the_steps_say_how_many_agree_at_every_time() -> None:
    seen = [VersionSeen(100, 150, False), VersionSeen(200, 200, False)]
    steps = date(spans({(1, 2): 150, (2, 0): 50}, versions=2), seen).steps
    assert [(step.begin, step.end, step.agree) for step in steps] == [
        (None, 100, 0.75),
        (100, 150, 0.75),
        (150, 200, 1.0),
        (200, None, 0.25),
    ]
