"""Times in logs, in whatever zone."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from trapstreet.core.model.errors import UnusableInput

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?(?::?(\d{2}))?")
_UNIVERSAL = {"UTC", "GMT", "Z", "UCT", "ETC/UTC"}
_KEPT = 4_096


class Times:
    """Reads times like "2026-11-23 04:50:01.123 CET" and "20261123 04:50:01": Unix microseconds.

    zone  in which times are that do not say so, and whose short names ("CET") are understood

    A short name may mean several zones: without `zone`, UTC and offsets like "+03" are all that is
    understood. About 0.6 µs where the minute was seen before.
    """

    def __init__(self, zone: tzinfo | None, *, where: str) -> None:
        self._zone, self._where = zone, where
        self._minutes: dict[tuple[str, str], int] = {}

    def at(self, text: str) -> int:
        """The time that a text names. Raises ValueError where it names none, UnusableInput for a zone that
        nobody knows."""
        moment, space, name = text.rpartition(" ")
        if not space or name[:1].isdigit():
            moment, name = text, ""
        minute, _, seconds = moment.rpartition(":")
        known = self._minutes.get((minute, name))
        if known is None:
            if len(self._minutes) >= _KEPT:
                self._minutes.clear()
            known = self._minutes[minute, name] = self._minute(minute, name)
        whole, _, fraction = seconds.partition(".")
        at = known + int(whole) * 1_000_000
        return at + int(fraction[:6].ljust(6, "0")) if fraction else at

    def _minute(self, minute: str, name: str) -> int:
        if minute[4:5] != "-":
            minute = f"{minute[:4]}-{minute[4:6]}-{minute[6:]}"
        local = datetime.fromisoformat(minute)
        if local.tzinfo is None:
            local = self._placed(local, name)
        return int(local.timestamp()) * 1_000_000

    def _placed(self, local: datetime, name: str) -> datetime:
        if name.upper() in _UNIVERSAL:
            return local.replace(tzinfo=UTC)
        if found := _OFFSET.fullmatch(name):
            sign, hours, minutes, seconds = found.groups()
            offset = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
            return local.replace(tzinfo=UTC) - (offset if sign == "+" else -offset)
        if not name:
            return local.replace(tzinfo=self._zone or UTC)
        for fold in (0, 1):  # the hour that comes twice when summer time ends
            placed = local.replace(tzinfo=self._zone, fold=fold)
            if self._zone is not None and placed.tzname() == name:
                return placed
        zone = "".join(each for each in name if each.isalnum())[:10]
        raise UnusableInput(
            f"{self._where} has its times in {zone}, which may be more than one zone",
            hint="say which it is: --time-zone Europe/Berlin",
        )
