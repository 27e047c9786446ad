"""The clock that starts when somebody says that the organisation knows."""

from typing import NamedTuple

_HOUR = 3_600_000_000

ALLOWED = 72 * _HOUR
"""Source: Regulation (EU) 2016/679, Art. 33(1). Working days and holidays, which Regulation (EEC, Euratom)
1182/71 Art. 3 lets lengthen it, are left out: the earlier end is the safe one."""


class Deadline(NamedTuple):
    """When the authority has to be told at the latest, and µs that are left (below 0: over)."""

    at: int
    left: int


def deadline(aware: int, now: int) -> Deadline:
    """Of a breach that one is aware of since `aware` (Unix µs)."""
    return Deadline(aware + ALLOWED, aware + ALLOWED - now)


def in_words(left: int) -> str:
    """`31 h 5 min left`, `over since 2 h 0 min`."""
    minutes = abs(left) // 60_000_000
    span = f"{minutes // 60} h {minutes % 60} min"
    return f"{span} left" if left >= 0 else f"over since {span}"
