"""PostgreSQL's csvlog (log_destination = 'csvlog'), versions 12 to 18, with lines of pgaudit or
log_statement."""

import csv
import re
from collections.abc import Iterator

from trapstreet.core.model.access_events import AccessEvent, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._postgresql import LONGEST_FIELD, Entry, entries_of, without_port
from trapstreet.plugins.accesslogs._times import Times

title = "PostgreSQL's csvlog (postgresql-*.csv)"
schemes = ("postgresql",)

_FEWEST = 23
"""Fields of a record in version 12; later ones have more behind them."""
_LINE = re.compile(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,"]{1,10},(?:"(?!")|,)')
"""How a record begins. A user's text in one cannot look like this: its quotes are doubled."""


def knows(line: str) -> bool:
    return _LINE.match(line) is not None


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    csv.field_size_limit(LONGEST_FIELD)
    yield from entries_of(_entries(lines, Times(log.zone, where=log.label)), lines, log.clock)


def _entries(lines: Lines, times: Times) -> Iterator[Entry | Unread]:
    """A torn record costs itself: the reader begins again with the next line that a record begins with."""
    rows = csv.reader(lines, strict=True)
    at = times.at
    while True:
        try:
            for row in rows:
                if len(row) < _FEWEST:
                    raise csv.Error("torn")
                yield Entry(
                    lines.first, at(row[0]), row[1], row[2], without_port(row[4]), row[5], row[11], row[13],
                    row[14], row[19], row[22], row[7], row[12],
                )  # fmt: skip
                lines.settle()
        except (csv.Error, ValueError):
            if not lines.unsettled or _is_unfinished(lines):
                lines.torn = True
                return
            yield Unread(lines.first, "torn, or no record of a csvlog")
            lines.give_back(_next_record(lines.unsettled))
            lines.settle()
            rows = csv.reader(lines, strict=True)
        else:
            return


def _is_unfinished(lines: Lines) -> bool:
    """Whether the file ends within a record, whose end is still to be written."""
    text = lines.unsettled
    return (
        lines.at_end
        and bool(_LINE.match(text[0]))
        and not any(map(_LINE.match, text[1:]))
        and "".join(text).count('"') % 2 == 1
    )


def _next_record(text: list[str]) -> int:
    """How many lines to pass over."""
    return next((n for n, line in enumerate(text) if n and _LINE.match(line)), max(1, len(text)))
