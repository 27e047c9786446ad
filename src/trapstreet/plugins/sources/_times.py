"""Times as servers write them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MILLISECONDS = 1e11


def instant(text: str) -> float | None:
    """Unix seconds of a date of RFC 822 or ISO 8601, or of Unix seconds or milliseconds; None for others."""
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        seconds = number / 1000 if number > _MILLISECONDS else number
        return seconds if 0 <= seconds < _MILLISECONDS else None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        try:
            when = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
    try:
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def microseconds(text: str) -> int | None:
    """The same in Unix microseconds."""
    seconds = instant(text)
    return None if seconds is None else int(seconds * 1e6)
