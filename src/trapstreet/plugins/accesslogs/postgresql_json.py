"""PostgreSQL's jsonlog (log_destination = 'jsonlog'), version 15 and later, with lines of pgaudit or
log_statement."""

import csv
import re
from collections.abc import Iterator

import msgspec

from trapstreet.core.model.access_events import AccessEvent, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._postgresql import LONGEST_FIELD, Entry, entries_of
from trapstreet.plugins.accesslogs._times import Times

title = "PostgreSQL's jsonlog (postgresql-*.json)"
schemes = ("postgresql",)

_LINE = re.compile(r'^\{"timestamp":"[^"]*",.*"error_severity":')


class _Line(msgspec.Struct, gc=False):
    timestamp: str
    error_severity: str
    session_id: str = ""
    user: str = ""
    dbname: str = ""
    remote_host: str = ""
    message: str = ""
    detail: str = ""
    statement: str = ""
    application_name: str = ""
    ps: str = ""
    state_code: str = ""


def knows(line: str) -> bool:
    return _LINE.match(line) is not None


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    csv.field_size_limit(LONGEST_FIELD)
    yield from entries_of(_entries(lines, Times(log.zone, where=log.label)), lines, log.clock)


def _entries(lines: Lines, times: Times) -> Iterator[Entry | Unread]:
    decode = msgspec.json.Decoder(_Line).decode
    for text in lines:
        try:
            each = decode(text)
            entry = Entry(
                lines.number, times.at(each.timestamp), each.user, each.dbname, each.remote_host,
                each.session_id, each.error_severity, each.message, each.detail, each.statement,
                each.application_name, each.ps, each.state_code,
            )  # fmt: skip
        except (msgspec.DecodeError, ValueError):
            yield Unread(lines.number, "torn, or no record of a jsonlog")
        else:
            yield entry
        lines.settle()
