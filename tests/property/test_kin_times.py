"""A history moved to another start keeps its order, its weekdays, its distances, and its bounds."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.decoys.kin.times import DAY, HOUR, SECOND, Event, moved

START = 738_000 * DAY + 9 * HOUR
LAST = START + 3 * 365 * DAY

offsets = st.sets(st.integers(0, 3 * 365 * 86_400), min_size=1, max_size=40)
keys = st.binary(min_size=16, max_size=16)


def history(seconds: set[int], quantum: int = SECOND) -> dict[int, Event]:
    return {(START + at * SECOND) // quantum * quantum: Event(quantum, LAST + DAY) for at in seconds}


@given(seconds=offsets, later=st.integers(-400 * 86_400, 1200 * 86_400), key=keys)
def test_order_and_bounds_are_kept(seconds: set[int], later: int, key: bytes) -> None:
    events = {**history(seconds), START: Event(SECOND, LAST + DAY)}
    began = min(START + later * SECOND, LAST)
    new = moved(events, start=(START, began), draws=KeyedDraws(key, 0))
    kept = [moment for old in sorted(events) if (moment := new[old]) is not None]
    assert new[START] == began
    assert all(one < other for one, other in pairwise(kept))
    assert all(moment // DAY >= began // DAY for moment in kept)


@given(seconds=offsets, later=st.integers(-400 * 86_400, -1), key=keys)
def test_a_history_that_moves_back_loses_nothing(seconds: set[int], later: int, key: bytes) -> None:
    new = moved(history(seconds), start=(START, START + later * SECOND), draws=KeyedDraws(key, 0))
    assert None not in new.values()


@given(seconds=offsets, later=st.integers(-400 * 86_400, 0), key=keys)
def test_dates_keep_to_usual_weekdays_and_to_their_distance(
    seconds: set[int], later: int, key: bytes
) -> None:
    usual = frozenset(range(1, 6))
    times = {moment: Event(DAY, LAST + 9 * DAY, usual) for moment in history(seconds, DAY)}
    began = START + later * SECOND
    new = moved(times, start=(START, began), draws=KeyedDraws(key, 0))
    for old, moment in new.items():
        assert moment is not None
        assert old // DAY % 7 not in usual or moment // DAY % 7 in usual
        assert abs((moment - began // DAY * DAY) - (old - START // DAY * DAY)) <= 3 * DAY


@given(seconds=offsets, key=keys)
def test_a_date_stays_the_date_of_its_time(seconds: set[int], key: bytes) -> None:
    times = history(seconds)
    events = {**history(seconds, DAY), **times}
    new = moved(events, start=(START, START + 40 * DAY), draws=KeyedDraws(key, 0))
    first = {old // DAY: new[old] for old in sorted(times, reverse=True) if old % DAY}
    for day, moment in first.items():
        if day * DAY not in times and moment is not None:
            assert new[day * DAY] == moment // DAY * DAY
