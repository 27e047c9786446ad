"""Cells of exports: yes and no, and times, as different products write them."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

_YES = frozenset("true yes y 1 on enabled active enrolled registered capable enforced".split())
_NO = frozenset(
    "false no n 0 off disabled inactive suspended deprovisioned deactivated archived blocked staged "
    "deleted notregistered notcapable notenrolled".split()
)
_NEVER = frozenset(("never", "never logged in", "never signed in", "no_information"))
_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}")
_SLASHED = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AP]M)?)?", re.IGNORECASE
)


def yes(cell: str) -> bool | None:
    """Whether a cell says yes; None: neither yes nor no."""
    word = re.sub(r"[^a-z0-9]", "", cell.lower())
    return True if word in _YES else False if word in _NO else None


def never(cell: str) -> bool:
    """Whether it says that something never happened."""
    return cell.strip().lower() in _NEVER


class Times:
    """A column of times: those with month and day in an order that other cells of it show.

    unclear  some could be read in two ways, and are not known
    """

    def __init__(self, cells: Iterable[str]) -> None:
        self.unclear = False
        first, second, american = 0, 0, False
        for cell in cells:
            if found := _SLASHED.match(cell.strip()):
                first, second = max(first, int(found[1])), max(second, int(found[3]))
                american = american or found[8] is not None
        self._day_first: bool | None = None
        if first > 12 or second > 12 or american:
            self._day_first = first > 12

    def at(self, cell: str) -> int | None:
        """Unix µs; without a time zone UTC is meant. None: no time, or one that is not known."""
        text = cell.strip()
        if found := _SLASHED.match(text):
            return self._slashed(found)
        if not _ISO.match(text):
            return None
        try:
            moment = datetime.fromisoformat(_padded(text.replace("/", "-").removesuffix(" UTC")))
        except ValueError:
            return None
        return _micros(moment)

    def _slashed(self, found: re.Match[str]) -> int | None:
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if self._day_first is None and found[2] != ".":
            self.unclear = self.unclear or first != second
            if first != second:
                return None
        day_first = self._day_first or found[2] == "."
        day, month = (first, second) if day_first else (second, first)
        hour = int(found[5] or 0)
        if found[8]:
            hour = hour % 12 + (12 if found[8].upper() == "PM" else 0)
        try:
            return _micros(
                datetime(year, month, day, hour, int(found[6] or 0), int(found[7] or 0), tzinfo=UTC)
            )
        except ValueError:
            return None


def _padded(text: str) -> str:
    """Months and days of one digit with a zero before them, as fromisoformat wants them."""
    day, _, rest = text.replace("T", " ", 1).partition(" ")
    parts = [each.zfill(2) for each in day.split("-")]
    return "-".join(parts) + (f"T{rest}" if rest else "")


def _micros(moment: datetime) -> int | None:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    at = int(moment.timestamp() * 1_000_000)
    return at if at > 0 else None
