"""Times as directories write them, as Unix µs."""

import re
from datetime import UTC, datetime

NEVER = 0x7FFFFFFFFFFFFFFF
"""How Active Directory writes "never"."""

_1601 = 116_444_736_000_000_000
_END = 253_402_300_799_000_000
_WRITTEN = re.compile(r"(\d{14})(?:[.,]\d+)?Z")


def of_filetime(ticks: int | None) -> int | None:
    """A number of 100 ns since 1601 (MS-DTYP, FILETIME); None for none, "never", and what is no time."""
    if ticks is None or ticks <= _1601 or ticks == NEVER:
        return None
    at = (ticks - _1601) // 10
    return at if at <= _END else None


def of_written(text: str | None) -> int | None:
    """A time like 20261123051200Z (RFC 4517, 3.3.13); None for none, and what is none."""
    found = _WRITTEN.fullmatch(text or "")
    if not found:
        return None
    try:
        at = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(0, int(at.timestamp())) * 1_000_000
