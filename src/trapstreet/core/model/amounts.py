"""Times and sizes as people write them: "6 hours", "10 GB"."""

import re

from trapstreet.core.model.errors import UnusableInput

_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_BYTES = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


def seconds_of(text: str, *, where: str) -> int:
    """The seconds that a text like "15 minutes" or "1 day" names. Raises UnusableInput for another text, and
    for less than a minute."""
    found = re.fullmatch(r"(\d{1,5}) *(minute|hour|day|week)s?", text.strip().lower())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not seconds:
        raise UnusableInput(f"{where}: {text!r} is no time", hint='write it like "15 minutes" or "1 day"')
    return seconds


def duration_text(seconds: int) -> str:
    """The same the other way, in the largest unit that fits: "90 minutes"."""
    for unit, size in reversed(_SECONDS.items()):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} seconds"


def bytes_of(text: str, *, where: str) -> int:
    """The bytes that a text like "500 MB" or "1.5 GB" names. Raises UnusableInput for another text, and for
    nothing at all."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?) *([kmgt]b)", text.strip().lower())
    size = int(float(found[1]) * _BYTES[found[2]]) if found else 0
    if not size:
        raise UnusableInput(f"{where}: {text!r} is no size", hint='write it like "500 MB" or "10 GB"')
    return size
