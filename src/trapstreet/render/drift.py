"""What changed in the rights of a place, as lines and for machines."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

import msgspec

from trapstreet.access import Drifted, sentence
from trapstreet.access.domain.reached import Degree
from trapstreet.core.model.words import counted, printable

MOST = 30
"""Changes that are shown, unless all are asked for."""

Line = tuple[int, Drifted, str]
"""When a change was seen (Unix µs), the change, and its alert, "" for none."""


def minute(at: int) -> str:
    """A time to the minute, UTC."""
    return f"{datetime.fromtimestamp(at // 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"


def change_lines(changes: Sequence[Line], *, most: int | None = MOST) -> Iterator[str]:
    """Each change in a line, with its alert."""
    shown = changes[:most]
    for _, change, alert in shown:
        yield f"- {sentence(change)}{f' [alert {alert}]' if alert else ''}"
    if len(shown) < len(changes):
        yield f"… and {len(changes) - len(shown):,} more: --all"


def history_lines(changes: Sequence[Line], *, most: int | None = MOST) -> Iterator[str]:
    """Changes under the times when they were seen, the newest times last."""
    for at, some in groupby(changes, lambda each: each[0]):
        yield f"Seen {minute(at)}:"
        yield from change_lines([*some], most=most)


def summary(place: str, edition: str, *, since: int, changes: int, alerts: int) -> str:
    """The first line of a comparison."""
    head = f"{edition} at {printable(place)}, compared with {minute(since)}:"
    if not changes:
        return f"{head} nothing changed."
    return f"{head} {counted(changes, 'change')}, {counted(alerts, 'alert')}."


def change_object(since: int, at: int, change: Drifted, alert: str) -> dict[str, object]:
    """A change for machines."""
    found: dict[str, object] = msgspec.to_builtins(change)
    return {
        "since": since,
        "at": at,
        "alert": alert or None,
        "text": sentence(change),
        **found,
        "degree": Degree(change.degree).name.lower() if change.degree else None,
        "sensitivity": change.sensitivity or None,
        "like": list(change.like) or None,
    }
