"""Databases are asked gently."""

from trapstreet.plugins.inventories import Pace


class Hours:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_turns_are_as_far_apart_as_was_said() -> None:
    hours = Hours()
    pace = Pace(4.0, clock=lambda: hours.now, sleep=hours.sleep)
    for _ in range(9):
        pace.turn()
    assert (hours.now, pace.turns) == (102.0, 9)


def test_time_that_nobody_used_is_not_made_up_for() -> None:
    hours = Hours()
    pace = Pace(4.0, clock=lambda: hours.now, sleep=hours.sleep)
    pace.turn()
    hours.now += 50
    for _ in range(5):
        pace.turn()
    assert hours.now == 151.0
