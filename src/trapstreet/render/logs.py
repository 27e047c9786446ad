"""Imported logs, as a table and for machines."""

from collections.abc import Sequence

from trapstreet.core.model.words import counted, printable
from trapstreet.render.uses import moment_day
from trapstreet.store.imports import TakenLog

COLUMNS = ("log", "file", "kind", "place", "uses", "from", "to", "imported", "not read")


def log_rows(logs: Sequence[TakenLog]) -> list[list[str]]:
    """What is known of each, a line a log."""
    return [
        [
            f"l{each.number}",
            each.label,
            each.kind,
            printable(each.place),
            f"{each.events:,}",
            moment_day(each.first) if each.first is not None else "",
            moment_day(each.last) if each.last is not None else "",
            moment_day(each.imported_at),
            f"{counted(each.unread, 'line')}" if each.unread else "",
        ]
        for each in logs
    ]


def log_object(log: TakenLog) -> dict[str, object]:
    """The same for machines. Times are Unix microseconds."""
    return {
        "log": f"l{log.number}",
        "file": log.label,
        "kind": log.kind,
        "place": log.place,
        "events": log.events,
        "unparsed": log.unparsed,
        "unread": log.unread,
        "first": log.first,
        "last": log.last,
        "bytes": log.size,
        "lines": log.lines,
        "sha256": log.digest,
        "imported_at": log.imported_at,
    }


def removed_line(log: TakenLog) -> str:
    """A log that was taken away."""
    return (
        f"{log.label} (l{log.number}) is taken away, with {counted(log.events, 'use')}"
        f" of {printable(log.place)}."
    )
