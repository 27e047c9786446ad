"""When a message that could not be told is tried again, and when that ends."""

_SECOND = 1_000_000
_WAITS = (5, 30, 120, 600, 1_800, 3_600, 10_800)
"""Seconds until the next attempt, by how many failed; the last goes on."""

_REFUSED = 3
"""Attempts that a refusal counts for: a receiver that says no seldom changes its mind within minutes."""

GIVEN_UP = 3 * 86_400 * _SECOND
"""Microseconds of failing after which a message is dead: kept, shown, and not tried again by itself."""


def next_try(failed: int, *, refused: bool, draw: float) -> int:
    """Microseconds until the next attempt.

    failed  attempts so far, at least 1;  refused  by the receiver or the settings, not out of reach
    draw    in [0, 1): waits are spread over their second half, so that not all come back at once
    """
    step = failed - 1 + (_REFUSED if refused else 0)
    return int(_WAITS[min(step, len(_WAITS) - 1)] * (0.5 + draw / 2) * _SECOND)


def is_over(begun: int, at: int) -> bool:
    """Whether a message first tried at `begun` is dead at a time (both Unix µs)."""
    return at - begun >= GIVEN_UP
