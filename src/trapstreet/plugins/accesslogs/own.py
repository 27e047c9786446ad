"""JSON lines of our own, for whatever can write them: docs/use.md has the fields."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

import msgspec

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._files import file_path, share_path

title = "JSON lines of one's own"
schemes = ()

_ACTIONS = {each.value: each for each in Act}


class _Line(msgspec.Struct, gc=False):
    ts: str | float
    user: str
    action: str = "read"
    object: str | list[str] = ""
    records: list[str | int] = []
    column: str = ""
    statement: str = ""
    parameters: list[str | int | float | bool | None] = []
    database: str = ""
    client: str = ""
    program: str = ""
    rows: int | None = None


def knows(line: str) -> bool:
    try:
        msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError:
        return False
    return True


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    decode = msgspec.json.Decoder(_Line).decode
    for text in lines:
        try:
            each = decode(text)
            event = _event(each, log.zone or UTC) if each.action in _ACTIONS else None
        except (msgspec.DecodeError, ValueError, OverflowError, OSError):
            yield Unread(lines.number, "torn, or without the fields ts and user")
        else:
            yield event or Unread(lines.number, "an action that is not known")
        lines.settle()


def _event(line: _Line, zone: tzinfo) -> AccessEvent:
    path = _path(line.object) if line.object else ()
    return AccessEvent(
        time=_time(line.ts, zone),
        who=line.user,
        act=_ACTIONS[line.action],
        on=(path,) if path and path != ("",) else (),
        statement=line.statement,
        database=line.database,
        client=line.client,
        program=line.program,
        rows=len(line.records) or None if line.rows is None else line.rows,
        parameters=tuple([None if each is None else str(each) for each in line.parameters]),
        records=tuple([(line.column, str(each)) for each in line.records]),
    )


def _path(named: str | list[str]) -> tuple[str, ...]:
    """The path of a table, or a file's folder and name."""
    if isinstance(named, str) and named.startswith("smb://"):
        server, _, inner = named.removeprefix("smb://").partition("/")
        share, _, whole = inner.partition("/")
        return share_path(f"smb://{server}/{share}", whole)
    if not isinstance(named, list):
        return file_path(named) if named.startswith("/") else tuple(named.split("."))
    return file_path("/".join(named)) if named and named[0].startswith("/") else tuple(named)


def _time(text: str | float, zone: tzinfo) -> int:
    if not isinstance(text, str):
        return round(text * 1_000_000)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return round(moment.timestamp() * 1_000_000)
