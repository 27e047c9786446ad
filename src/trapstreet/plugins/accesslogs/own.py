"""JSON lines of our own, for whatever can write them: docs/use.md has the fields."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any

import msgspec

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._files import file_path, share_path, shown

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
    rows: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None


_DECODE = msgspec.json.Decoder(_Line).decode
_FIELD = re.compile(r"`(?:\$\.)?(\w+)(?:\[\d+\])?`$")


def knows(line: str) -> bool:
    try:
        _decoded(line)
    except (ValueError, RecursionError):
        return False
    return True


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    lines.errors = "surrogateescape"
    for text in lines:
        try:
            line = _decoded(text)
        except msgspec.ValidationError as error:
            yield Unread(lines.number, _why(error))
        except (ValueError, RecursionError):
            yield Unread(lines.number, "torn, or no JSON")
        else:
            yield _told(line, lines.number, log.zone or UTC)
        lines.settle()


def _decoded(text: str) -> _Line:
    """A line, with what is no UTF-8 in its object alone. Raises ValidationError; ValueError for no JSON."""
    try:
        return _DECODE(text)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeEncodeError):  # names of files may be of any bytes
        line = msgspec.convert(json.loads(text), _Line)
    named = line.object
    return msgspec.convert(_shown(msgspec.structs.asdict(line)) | {"object": named}, _Line)


def _shown(value: Any) -> Any:
    """The same with what is no UTF-8 in its texts as U+FFFD."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {name: _shown(each) for name, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list) else value


def _why(error: msgspec.ValidationError) -> str:
    """What is wrong with a line, without anything that stands in it."""
    text = str(error)
    found = _FIELD.search(text)
    if found is None or found[1] not in _Line.__struct_fields__:
        return "no JSON object with the fields ts and user"
    if "missing" in text:
        return f"without the field {found[1]}"
    return f"the field {found[1]} is of another kind"


def _told(line: _Line, number: int, zone: tzinfo) -> AccessEvent | Unread:
    if line.action not in _ACTIONS:
        return Unread(number, "an action that is not known")
    if not line.user:
        return Unread(number, "the field user is empty")
    try:
        return _event(line, zone)
    except (ValueError, OverflowError, OSError):
        return Unread(number, "the field ts is no time")


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
        return share_path(f"smb://{server}/{share}", shown(whole))
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
