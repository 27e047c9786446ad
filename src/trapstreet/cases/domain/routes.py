"""Who is told of what, and when: the rules of a section [notify.NAME]."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.sections import read_section

KINDS = ("sighting", "finding", "suppression", "access", "trouble")

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_EPOCH = datetime.fromtimestamp(0, UTC)


class Route(msgspec.Struct, frozen=True):
    """One way by which people are told.

    name      of the section;  kind  of the notifier
    least     what is less severe is not told;  only  kinds of alerts, () for all
    quiet     from, to: nothing is told at these times of the day but what is critical
    digest    everything but what is critical is told together, at a time of the day or every so many µs
    zone      where these times hold
    escalates  the route that tells what nobody acknowledged for `after` µs, if it is at least escalate_least
    """

    name: str
    kind: str
    least: Severity = Severity.LOW
    only: tuple[str, ...] = ()
    quiet: tuple[time, time] | None = None
    digest: time | int | None = None
    zone: ZoneInfo = ZoneInfo("UTC")
    escalates: str = ""
    after: int = 30 * 60 * 1_000_000
    escalate_least: Severity = Severity.HIGH

    def tells(self, kind: str, severity: Severity) -> bool:
        """Whether an alert is one for this route."""
        return severity >= self.least and (not self.only or kind in self.only)

    def due(self, severity: Severity, at: int) -> int:
        """When an alert raised at a time (Unix µs) may be told."""
        if severity >= Severity.CRITICAL:
            return at
        if isinstance(self.digest, int):
            at = -(-at // self.digest) * self.digest
        elif self.digest is not None:
            at = _next(self.digest, at, self.zone)
        if self.quiet is not None and _within(self.quiet, at, self.zone):
            return _next(self.quiet[1], at, self.zone)
        return at


class _Rules(msgspec.Struct, frozen=True):
    """What a section [notify.NAME] may say whatever its kind."""

    kind: str
    least: str = "low"
    only: tuple[str, ...] = ()
    quiet: str = ""
    timezone: str = "UTC"
    digest: str = ""
    escalates: str = ""
    after: str = "30m"
    escalate_least: str = "high"


def read_route(name: str, section: Mapping[str, Any]) -> tuple[Route, dict[str, Any]]:
    """The rules of a section, and what of it is its kind's own. Raises UnusableInput for rules that are
    none."""
    known = set(_Rules.__struct_fields__)
    own = {key: value for key, value in section.items() if key not in known}
    given = {key: value for key, value in section.items() if key in known}
    rules = read_section(given, _Rules, where="", hint="docs/alerts.md has all rules")
    return (
        Route(
            name=name,
            kind=rules.kind,
            least=_severity(rules.least, "least"),
            only=_only(rules.only),
            quiet=_quiet(rules.quiet) if rules.quiet else None,
            digest=_digest(rules.digest) if rules.digest else None,
            zone=_zone(rules.timezone),
            escalates=rules.escalates,
            after=_length(rules.after, "after"),
            escalate_least=_severity(rules.escalate_least, "escalate_least"),
        ),
        own,
    )


def _within(quiet: tuple[time, time], at: int, zone: ZoneInfo) -> bool:
    start, end = quiet
    now = _local(at, zone).time()
    return start <= now < end if start <= end else now >= start or now < end


def _next(clock: time, at: int, zone: ZoneInfo) -> int:
    """The first moment after `at` (Unix µs) at which clocks there show a time. An hour that the clocks leave
    out counts as the next; of one that they show twice both do."""
    today = _local(at, zone).date()
    moments = [
        _microseconds(datetime.combine(today + timedelta(days=days), clock.replace(fold=fold), zone))
        for days in (0, 1, 2)
        for fold in (0, 1)
    ]
    # Of an hour left out, the second of a pair would lie before it.
    shown = [each for each in moments[1::2] if _local(each, zone).time() == clock]
    return min(each for each in (*moments[::2], *shown) if each > at)


def _local(at: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _severity(text: str, key: str) -> Severity:
    words = {each.word: each for each in Severity}
    if text not in words:
        raise UnusableInput(f"{key} = {text!r} is no severity", hint=f"there are {', '.join(words)}")
    return words[text]


def _only(kinds: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise UnusableInput(f"only: {unknown[0]!r} is no kind of alert", hint=f"there are {', '.join(KINDS)}")
    return kinds


def _quiet(text: str) -> tuple[time, time]:
    start, mark, end = text.partition("-")
    if not mark or start.strip() == end.strip():
        raise UnusableInput(f"quiet = {text!r} is no span of a day", hint='write it like "22:00-07:00"')
    return _clock(start, "quiet"), _clock(end, "quiet")


def _digest(text: str) -> time | int:
    return _clock(text, "digest") if ":" in text else _length(text, "digest")


def _clock(text: str, key: str) -> time:
    found = re.fullmatch(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*", text)
    if not found:
        raise UnusableInput(f"{key}: {text!r} is no time of the day", hint="write it like 07:00")
    return time(int(found[1]), int(found[2]))


def _length(text: str, key: str) -> int:
    found = re.fullmatch(r"\s*(\d{1,5})\s*([smhd])\s*", text)
    if not found or not int(found[1]):
        raise UnusableInput(f"{key} = {text!r} is no length of time", hint="write it like 30m or 1h")
    return int(found[1]) * _UNITS[found[2]] * 1_000_000


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnusableInput(
            f"timezone = {name!r} is not known here",
            hint="write it like Europe/Dublin; where none is known, install tzdata",
        ) from error
