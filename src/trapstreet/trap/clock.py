"""The time of hits: a wall clock that does not jump without being noticed."""

import time
from collections.abc import Callable

JUMP = 500_000
"""Microseconds between the two clocks that are a jump, not the haste of adjusting them."""


class Clock:
    """Unix time in microseconds: the wall clock of the last `check`, and monotonic time since.

    wall, monotonic  clocks in nanoseconds
    jumps            how often the wall clock was found elsewhere than it should have been
    """

    def __init__(
        self,
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._base = wall() - monotonic()
        self.jumps = 0

    def now(self) -> int:
        """Unix time in microseconds. About 0.1 µs."""
        return (self._base + self._monotonic()) // 1000

    def check(self) -> int:
        """Follow the wall clock if it jumped: by how many microseconds, or 0. To be called once a second."""
        base = self._wall() - self._monotonic()
        moved = (base - self._base) // 1000
        if abs(moved) < JUMP:
            return 0
        self._base = base
        self.jumps += 1
        return moved
