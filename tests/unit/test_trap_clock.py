"""Hits have one clock's time, also while the wall clock jumps."""

from trapstreet.trap.clock import Clock

SECOND = 1_000_000_000


class Hands:
    def __init__(self) -> None:
        self.wall, self.monotonic = 1_700_000_000 * SECOND, 5 * SECOND

    def pass_by(self, seconds: float) -> None:
        self.wall += int(seconds * SECOND)
        self.monotonic += int(seconds * SECOND)


def test_time_goes_on_evenly_while_the_wall_clock_jumps() -> None:
    hands = Hands()
    clock = Clock(lambda: hands.wall, lambda: hands.monotonic)
    began = clock.now()
    hands.wall -= 3600 * SECOND
    hands.pass_by(0.4)
    assert clock.now() - began == 400_000


def test_a_jump_is_followed_once_and_counted() -> None:
    hands = Hands()
    clock = Clock(lambda: hands.wall, lambda: hands.monotonic)
    hands.wall -= 3600 * SECOND
    assert clock.check() == -3_600_000_000
    assert clock.now() == hands.wall // 1000
    assert clock.check() == 0
    assert clock.jumps == 1


def test_a_clock_that_is_adjusted_slowly_does_not_jump() -> None:
    hands = Hands()
    clock = Clock(lambda: hands.wall, lambda: hands.monotonic)
    hands.wall += SECOND // 10
    assert clock.check() == 0
    assert clock.jumps == 0
