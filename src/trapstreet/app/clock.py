"""The time, as the formats keep it."""

import time


def now() -> int:
    """Unix time in microseconds, UTC."""
    return time.time_ns() // 1000
