"""Watched sources for people: what is watched, how it is, and what rounds came to."""

from collections.abc import Iterator

from trapstreet.core.model.amounts import duration_text
from trapstreet.core.model.words import counted
from trapstreet.render.words import day
from trapstreet.watch.domain.steps import Figures

NONE = "Nothing is watched yet. Add a source: trapstreet watch add KIND --name NAME (docs/watch.md)."
UNTOLD = "messages of alerts wait since {since}: see that trapstreet serve, or work, runs (trapstreet doctor)"
LATE = "late: nobody looks at it; run trapstreet serve, or trapstreet watch run"


def every_text(seconds: int) -> str:
    """`every 6 hours`."""
    return f"every {duration_text(seconds)}"


def when(at: int | None) -> str:
    """A time, `never` where there is none."""
    return "never" if at is None else day(at)


def round_line(figures: Figures) -> str:
    """What a round came to, in one line."""
    size = f"{figures.bytes / 1e6:,.1f} MB"
    parts = [
        f"{counted(figures.listed, 'object')} listed",
        f"{figures.read:,} read ({size})",
        f"{figures.new:,} new",
        f"{figures.gone:,} gone",
        counted(figures.findings, "finding"),
    ]
    if figures.passed_over:
        parts.append(f"{sum(figures.passed_over.values()):,} passed over")
    if figures.unread:
        parts.append(f"{figures.unread:,} not read")
    return ", ".join(parts)


def not_read_lines(figures: Figures) -> Iterator[str]:
    """What was passed over, by why, and examples of what could not be read."""
    for why, number in sorted(figures.passed_over.items()):
        yield f"PASSED OVER  {number:,}: {why}"
    for path, why in figures.examples:
        yield f"NOT READ  {path}: {why}"
    if (more := figures.unread - len(figures.examples)) > 0:
        yield f"NOT READ  {more:,} more"
