"""What PostgreSQL's log says of statements, whatever its layout: lines of pgaudit, log_statement,
log_min_duration_statement, auto_explain and log_connections."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines
from trapstreet.plugins.accesslogs._auto_explain import statement_of
from trapstreet.plugins.accesslogs._ending import Ending, Said

LONGEST_FIELD = 1 << 24

_ACTS = {"READ": Act.READ, "WRITE": Act.WRITE}
_COUNTED = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"}
"""Whose rows pgaudit counts; of COPY and of cursors it says 0, whatever came."""
_EXPLAIN = "EXPLAIN"
_EXPLAINS = re.compile(r"\s*explain\b", re.IGNORECASE)
_ANALYZES = re.compile(
    r"\s*explain\s*(?:(?:verbose\s+)?|\([^)]*?\b)analy[sz]e\b(?!\s*['\"]?(?:false|off|0|no)\b)", re.IGNORECASE
)
_OWN_PROGRAM = "trapstreet"
_RELATIONS = {"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "PARTITIONED TABLE"}
_ASKED = re.compile(r"(duration: [\d.]+ ms  )?(?:statement|execute ([^:]*)): ", re.DOTALL)
_AGAIN = "fetch from "
_TIMED = re.compile(r"duration: [\d.]+ ms$")
_TOUCHING = _COUNTED | {"COPY", "EXECUTE", "FETCH", "DO", "CALL"}
_MOST_EARLY = 1_000
_PARAMETER = re.compile(r"\$(\d+) = (NULL|'((?:[^']|'')*)')", re.DOTALL)
_NAME = re.compile(r'"((?:[^"]|"")*)"|([^".]+)')
_CONNECTED = "connection authorized: "
_MOST_SESSIONS = 10_000
_YOUNG = 2_000_000
"""Microseconds: a statement's lines come at once, but nothing says which is the last."""
_REFUSED = ("42", "3D", "3F", "0A", "25", "26", "34")
"""Classes of SQLSTATE that come before anything was read: no right, no such thing, not now."""
_NOT_THERE = ("<not logged>", "<none>", "<previously logged>")


class Entry(msgspec.Struct, gc=False):
    """One message of a server, and the number of its line; "" is what is not given.

    command  what the session was doing, like SELECT;  state  its SQLSTATE
    """

    line: int
    time: int
    user: str
    database: str
    client: str
    session: str
    severity: str
    message: str
    detail: str
    query: str
    program: str
    command: str = ""
    state: str = ""


class _Open(msgspec.Struct):
    """A statement of which more lines may come.

    entry, latest  the first and the last one so far;  begun  the first came before it was run
    planned        auto_explain alone has told of it;  timed  how long it took was told
    audited        number and part of pgaudit's last line of it;  command  what that says it is
    """

    entry: Entry
    latest: Entry
    statement: str
    audited: str
    act: Act
    on: list[tuple[str, ...]] = []
    rows: int | None = None
    parameters: tuple[str | None, ...] = ()
    command: str = ""
    begun: bool = False
    planned: bool = False
    timed: bool = False

    def is_of(self, audited: str, command: str) -> bool:
        """Whether a line of the same text tells of this one: what makes a table or a cursor of a query has
        lines for both, what a function runs again has lines of the same command."""
        if self.audited in ("", audited):
            return True
        together = self.audited.partition(",")[0] == audited.partition(",")[0]
        return together and not _COUNTED.issuperset((self.command, command))

    def told(self) -> Said:
        """The use that it is; of what we asked ourselves to prove a plan, none."""
        each, latest = self.entry, self.latest
        explains = each.command == _EXPLAIN or _EXPLAINS.match(self.statement)
        if explains and each.program == _OWN_PROGRAM:
            return Said(each.line, latest.line, (), latest.time)
        event = AccessEvent(
            each.time, each.user, self.act, tuple(self.on), self.statement, each.database, each.client,
            each.program, self.rows, self.parameters,
        )  # fmt: skip
        return Said(each.line, latest.line, (event,), latest.time)


class _Untold(NamedTuple):
    """That it was said how long a statement took, and not which.  at_first: as the first of its session"""

    said: Said
    at_first: bool


class _Calls(NamedTuple):
    """Statements whose functions pgaudit told of, by their texts: their own lines come when they have ended,
    after those of what the functions ran.  number: pgaudit's, the same for all of it"""

    number: str
    by: dict[str, _Open]


class Statements:
    """Puts together what several lines say of one statement: log_statement's, then pgaudit's, one for each
    table. A statement that the server refused is no use of anything; what breaks off may have given rows.

    Errors alone make no log of uses: what broke off counts where the log tells of other statements, too.
    """

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._calls: dict[str, _Calls] = {}
        self._early: list[Said] = []
        self._untold: dict[str, _Untold] = {}
        self._tells = self._audits = self._begins = False

    def take(self, entry: Entry) -> Sequence[Said]:
        """What is known for certain after one more message. Raises ValueError for one that is torn."""
        message = entry.message
        if message.startswith("AUDIT: "):
            return self._audited(entry, message[7:])
        if entry.severity in ("ERROR", "FATAL"):
            before = self._open.get(entry.session)
            of_it = before is not None and not before.audited and _is_of(entry, before.entry)
            if before is not None and of_it and _is_refused(entry.state, before.statement):
                del self._open[entry.session]
            elif entry.query and not of_it and not _is_refused(entry.state, entry.query):
                return self._broken_off(entry)
        elif asked := _ASKED.match(message):
            if not (asked[2] or "").startswith(_AGAIN):
                return self._asked(entry, message[asked.end() :], begun=not asked[1])
            if before := self._open.get(entry.session):
                before.timed = False
        elif message.startswith("duration: "):
            return self._timed(entry)
        elif message.startswith(_CONNECTED) and entry.user:
            event = AccessEvent(
                entry.time, entry.user, Act.CONNECT, database=entry.database, client=entry.client,
                program=entry.program,
            )  # fmt: skip
            return (Said(entry.line, entry.line, (event,)),)
        return ()

    def end(self) -> Sequence[Said]:
        """What is left at the end. Where statements are logged before they run, a session's first time may
        be of one that was taken in before."""
        untold = [each.said for each in self._untold.values() if not (each.at_first and self._begins)]
        return [*untold, *self._rest()]

    def _rest(self) -> Sequence[Said]:
        left = [said for session in [*self._calls] for said in self._only_called(session)]
        left += [each.told() for each in self._open.values()]
        self._open.clear()
        return left

    def _only_called(self, session: str, *, but: str = "") -> Sequence[Said]:
        """Statements of which nothing came after what they called, but those of a number of pgaudit's."""
        calls = self._calls.get(session)
        if calls is None or calls.number == but:
            return ()
        del self._calls[session]
        return [each.told() for each in calls.by.values()]

    def _asked(self, entry: Entry, statement: str, *, begun: bool) -> Sequence[Said]:
        prepared = entry.detail.startswith("prepare: ")
        text = entry.detail.removeprefix("prepare: ") if prepared else statement
        parameters = () if prepared else _parameters(entry.detail)
        before = self._open.get(entry.session)
        if before is not None and before.planned and not begun and before.statement == text:
            before.latest, before.planned, before.parameters = entry, False, parameters
            return ()
        if begun:
            self._begins = True
            if before is None:
                self._untold.pop(entry.session, None)
        opened = _Open(entry, entry, text, "", Act.OTHER, parameters=parameters, begun=begun, timed=not begun)
        return (*self._only_called(entry.session), *self._begin(entry, opened))

    def _timed(self, entry: Entry) -> Sequence[Said]:
        """How long a statement took, with its plan perhaps."""
        before = self._open.get(entry.session)
        try:
            text = statement_of(entry.message)
        except ValueError:
            why = "a plan of auto_explain that is neither text nor JSON, or torn"
            known = before is not None and before.begun
            return () if known else (Said(entry.line, entry.line, (Unread(entry.line, why),)),)
        if text is not None:
            timed = self._untold.pop(entry.session, None) is not None
            opened = _Open(entry, entry, text, "", Act.OTHER, planned=True, timed=timed)
            if before is not None and before.statement == text and not before.planned:
                before.latest = entry
            elif before is not None and before.begun:  # within it, in a function
                return (opened.told(),)
            else:
                return self._begin(entry, opened)
        elif _TIMED.match(entry.message) and entry.command in _TOUCHING and not self._audits:
            if before is None or before.timed:
                return self._not_told(entry, at_first=before is None)
            before.timed = True
        return ()

    def _not_told(self, entry: Entry, *, at_first: bool) -> Sequence[Said]:
        """A statement of which the log says how long it took, and nothing more: but its plan may come."""
        unread = Unread(entry.line, "the log says how long a statement took, and not which one it was")
        said = Said(entry.line, entry.line, (unread,), entry.time)
        before = self._untold.pop(entry.session, None)
        if len(self._untold) >= _MOST_SESSIONS:
            return (said,) if before is None else (before.said, said)
        self._untold[entry.session] = _Untold(said, at_first=at_first)
        return () if before is None else (before.said,)

    def _broken_off(self, error: Entry) -> Sequence[Said]:
        """What an error ended, of which there is no line before."""
        before = self._open.get(error.session)
        calls = self._calls.get(error.session)
        told = calls is not None and error.query in calls.by
        if not error.user or told or (before is not None and before.statement == error.query):
            return ()
        said = _Open(error, error, error.query, "", Act.OTHER).told()
        if self._tells:
            return (said,)
        if len(self._early) >= _MOST_EARLY:
            unread = Unread(error.line, "an error broke off a statement of which nothing else is told")
            return (Said(error.line, error.line, (unread,)),)
        self._early.append(said)
        return ()

    def _audited(self, entry: Entry, text: str) -> Sequence[Said]:
        row = next(csv.reader((text,), strict=True), [])
        if len(row) < 9:
            raise ValueError("torn")
        self._audits = True
        _, number, part, class_, command, kind, name, statement, values = row[:9]
        rows = int(row[9]) if len(row) > 9 and row[9].isdigit() and command in _COUNTED else None
        act = _ACTS.get(class_, Act.OTHER)
        if entry.command == _EXPLAIN and not rows and not _ANALYZES.match(statement):
            act = Act.EXPLAIN
        before, audited = self._open.get(entry.session), f"{number},{part}"
        ended = self._only_called(entry.session, but=number)
        if statement in _NOT_THERE:
            known = before is not None and before.audited.partition(",")[0] == number
            statement = before.statement if before is not None and known else ""
        if class_ == "FUNCTION" and command == "EXECUTE" and entry.user:
            return (*ended, *self._call(entry, statement, number))
        called = self._calls[entry.session].by.pop(statement, None) if entry.session in self._calls else None
        if called is not None and (before is None or before.statement != statement):
            ended = (*ended, *self._begin(entry, called))
            before = called
        same = before is not None and before.statement == statement and before.is_of(audited, command)
        if before is None or not same:
            opened = _Open(entry, entry, statement, audited, act, command=command)
            ended = (*ended, *self._begin(entry, opened))
        else:
            opened = before
            opened.latest, opened.audited, opened.command = entry, audited, command
            if opened.act != Act.WRITE and act != Act.OTHER:
                opened.act = act
        if kind in _RELATIONS and name and (path := _path(entry.database, name)) not in opened.on:
            opened.on.append(path)
        if rows is not None:
            opened.rows = max(opened.rows or 0, rows)
        if values and values not in _NOT_THERE and not opened.parameters:
            found = next(csv.reader((values,)), [])
            opened.parameters = tuple(each or None for each in found)
        return ended

    def _call(self, entry: Entry, statement: str, number: str) -> Sequence[Said]:
        """A statement that calls a function: one use with what is told of it after this."""
        before = self._open.get(entry.session)
        if before is not None and before.statement == statement:
            if before.audited:
                return ()
            del self._open[entry.session]
        else:
            before = _Open(entry, entry, statement, "", Act.OTHER)
        done = self._rest() if len(self._calls) >= _MOST_SESSIONS else ()
        calls = self._calls.setdefault(entry.session, _Calls(number, {}))
        calls.by.setdefault(statement, before).latest = entry
        self._tells = True
        return done

    def _begin(self, entry: Entry, opened: _Open) -> Sequence[Said]:
        if not entry.user:
            return ()
        before = self._open.pop(entry.session, None)
        done = (*self._early,) if before is None else (*self._early, before.told())
        self._tells = True
        self._early.clear()
        if len(self._open) >= _MOST_SESSIONS:
            done = (*done, *self._rest())
        self._open[entry.session] = opened
        return done


def entries_of(
    entries: Iterator[Entry | Unread], lines: Lines, clock: Callable[[], int]
) -> Iterator[AccessEvent | Unread]:
    """What a log's messages tell."""
    statements, ending = Statements(), Ending(lines, clock, young=_YOUNG)
    return ending.over(_said(entries, statements, ending), statements.end)


def _said(entries: Iterator[Entry | Unread], statements: Statements, ending: Ending) -> Iterator[Said]:
    for each in entries:
        if isinstance(each, Unread):
            yield Said(each.line, each.line, (each,))
            continue
        ending.reached(each.time)
        try:
            yield from statements.take(each)
        except (csv.Error, ValueError):
            torn = Unread(each.line, "torn, or no line of a pgaudit that is known")
            yield Said(each.line, each.line, (torn,))


def _is_of(error: Entry, asked: Entry) -> bool:
    """Whether an error is of the statement that was asked last: one that cannot be parsed, or is not there
    to be prepared, is in no line of its own before."""
    return asked.query in ("", error.query) and asked.message.endswith(error.query)


def _is_refused(state: str, statement: str) -> bool:
    """Whether an error came before anything was done; of several statements the first ones were done."""
    alone = ";" not in statement.rstrip().removesuffix(";")
    return not state or (alone and state.startswith(_REFUSED))


@lru_cache(maxsize=4_096)
def without_port(client: str) -> str:
    """The host of "10.0.0.5:51234"."""
    host, _, port = client.rpartition(":")
    return host if host and port.isdigit() else client


@lru_cache(maxsize=4_096)
def _path(database: str, name: str) -> tuple[str, ...]:
    """The path of a table with a name like public."Odd.Name"."""
    if '"' not in name:
        return database, *name.split(".")
    return database, *(plain or quoted.replace('""', '"') for quoted, plain in _NAME.findall(name))


def _parameters(detail: str) -> tuple[str | None, ...]:
    if not detail[:12].lower().startswith("parameters: "):
        return ()
    values: dict[int, str | None] = {}
    for number, value, text in _PARAMETER.findall(detail):
        values[int(number)] = None if value == "NULL" else text.replace("''", "'")
    return tuple(values.get(n + 1) for n in range(max(values, default=0)))
