"""MariaDB's server_audit (server_audit_output_type = file), with the events QUERY and TABLE."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from trapstreet.core.model.access_events import AccessEvent, Act, Doubt, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._ending import Ending, Said
from trapstreet.plugins.accesslogs._mariadb_cut import Sized, with_doubts
from trapstreet.plugins.accesslogs._mariadb_modes import Modes
from trapstreet.plugins.accesslogs._times import Times

title = "MariaDB's server_audit.log"
schemes = ("mariadb",)

_LINE = re.compile(r"(\d{8} \d\d:\d\d:\d\d),([^,]*),(.*?),([^,]*),(\d+),(\d+),([A-Z_]+),(.*)\n", re.DOTALL)
"""The user's name is all that is left before where they come from, commas and all."""
_ACTS = {"READ": Act.READ, "WRITE": Act.WRITE}
_COMMENTS = r"(?:\s|/\*.*?\*/|(?:--\s|\#)[^\n]*\n)*"
_EXPLAINS = re.compile(
    rf"{_COMMENTS}(?:EXPLAIN|DESCRIBE|DESC)\s+(?:(?:EXTENDED|PARTITIONS|FORMAT\s*=\s*\w+)\s+)?"
    r"[\s(]*(?:SELECT|WITH|INSERT|REPLACE|UPDATE|DELETE|VALUES)\b",
    re.DOTALL | re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "0": "\0"}
_CALLS = ("mysql", "proc")
"""Read where a routine is called."""
_STATISTICS = (["table_stats"], ["column_stats"], ["index_stats"])
"""Read by the server itself, with whatever comes first."""
_REFUSALS = frozenset(
    "1044 1045 1046 1049 1051 1054 1064 1109 1142 1143 1146 1149 1227 1305 1345 1356 1370 1698 1959".split()
)
"""Errors that come before anything was read: no right, no such thing. What breaks off later may have given
rows."""
_COMES = ("CONNECT", "DISCONNECT")
_SCHEDULER = ("event_scheduler", "")
"""User and host of the server's own: it reads and writes its list of events. What an event does to tables the
log has in its definer's name."""
_MOST_CONNECTIONS = 10_000
_YOUNG = 30_000_000
"""Microseconds: the line of the query comes when it has run."""


@dataclass(slots=True)
class _Open:
    """A query of which more lines may come: those of its tables stand before its own."""

    line: int
    time: int
    user: str
    client: str
    query: str
    act: Act = Act.OTHER
    on: list[tuple[str, ...]] = field(default_factory=list)
    last: int = 0

    def is_before(self, query: str) -> bool:
        return int(self.query) < int(query)

    def said(
        self, last: int = 0, statement: str = "", database: str = "", *, size: int = 0, plain: bool = True
    ) -> Said:
        """All that is known of it.

        last   the number of the line that ends it, where there is one
        size   bytes of the statement in the log;  plain  as in `Modes`
        """
        act = Act.EXPLAIN if _EXPLAINS.match(statement) else self.act
        doubt = Doubt.NONE if plain else Doubt.QUOTES
        event = Sized(
            self.time,
            self.user,
            act,
            tuple(self.on),
            statement,
            database,
            self.client,
            doubt=doubt,
            size=size,
        )
        return Said(self.line, last or self.last, (event,), self.time)


def knows(line: str) -> bool:
    return _LINE.match(line) is not None


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    opened: dict[str, list[_Open]] = {}
    ending = Ending(lines, log.clock, young=_YOUNG)
    said = _said(lines, Times(log.zone, where=log.label), opened, ending)
    yield from with_doubts(ending.over(said, lambda: _left(opened)))


def _said(lines: Lines, times: Times, opened: dict[str, list[_Open]], ending: Ending) -> Iterator[Said]:
    entered: dict[str, str] = {}
    modes = Modes(_MOST_CONNECTIONS)
    for text in lines:
        found, number = _LINE.match(text), lines.number
        try:
            time = times.at(found[1]) if found else None
        except ValueError:
            time = None
        if found is None or time is None:
            yield Said(number, number, (Unread(number, "torn, or a name in it has a line's end"),))
        elif found[3]:
            ending.reached(time)
            _, _, user, client, connection, query, what, rest = found.groups()
            begun = opened.pop(connection, [])
            yield from (each.said() for each in _over(begun, query))
            if what in _ACTS and not ((user, client) == _SCHEDULER and rest.startswith("mysql,")):
                before = begun.pop() if _is_at(begun, query) else _Open(number, time, user, client, query)
                begun.append(before)
                before.last = number
                _add(before, _ACTS[what], rest)
            elif what.startswith("QUERY"):
                before = begun.pop() if _is_at(begun, query) else _Open(number, time, user, client, query)
                database, statement, status, escaped = _query(rest)
                if status not in _REFUSALS:
                    size = lines.size - len(text.encode()) + len(escaped.encode())
                    plain = modes.plain(connection)
                    yield before.said(number, statement, database, size=size, plain=plain)
                modes.asks(connection, statement, refused=status != "0")
            elif what in _COMES:
                (modes.begins if what == "CONNECT" else modes.ends)(connection)
                if came := _came(entered, connection, what, rest):
                    act, database, statement = came
                    event = AccessEvent(time, user, act, (), statement, database, client)
                    yield Said(number, number, (event,))
            if begun:
                opened[connection] = begun
        if len(opened) > _MOST_CONNECTIONS:
            yield from _left(opened)
            opened.clear()
        lines.settle()


def _over(begun: list[_Open], query: str) -> list[_Open]:
    """Takes those of a connection's queries off of which no more comes, and returns them. What a routine runs
    is told before the call of it: a call goes on while later ones are told."""
    over = []
    while begun and begun[-1].query != query and not (_CALLS in begun[-1].on and begun[-1].is_before(query)):
        over.append(begun.pop())
    return over


def _is_at(begun: list[_Open], query: str) -> bool:
    return bool(begun) and begun[-1].query == query


def _left(opened: dict[str, list[_Open]]) -> list[Said]:
    return [each.said() for begun in opened.values() for each in begun]


def _came(entered: dict[str, str], connection: str, what: str, rest: str) -> tuple[Act, str, str] | None:
    """What a line tells of a database that somebody came into: act, database and statement.

    entered  by connection: in which one it began
    """
    database = rest.rsplit(",", 2)[0]
    if what == "DISCONNECT":  # clients enter one also without a statement: here is the last one
        begun = entered.pop(connection, "")
        return (Act.READ, database, f"USE `{database.replace('`', '``')}`") if database != begun else None
    if not rest.endswith(",0"):
        return None
    if len(entered) > _MOST_CONNECTIONS:
        entered.clear()
    entered[connection] = database
    return Act.CONNECT, database, ""


def _add(opened: _Open, act: Act, rest: str) -> None:
    """One more table: `database,table,` behind the operation. Names with commas may be two or more."""
    parts = rest.rpartition(",")[0].split(",")
    if parts[0] == "mysql" and parts[1:] in _STATISTICS:
        return
    if opened.act != Act.WRITE:
        opened.act = act
    for end in range(1, max(2, len(parts))):
        path = ",".join(parts[:end]), ",".join(parts[end:])
        if path not in opened.on:
            opened.on.append(path)


def _query(rest: str) -> tuple[str, str, str, str]:
    """Database, statement and status of `database,'statement',status`; the statement also as it stands."""
    text, _, status = rest.rpartition(",")
    database, _, quoted = text.partition(",'")
    escaped = quoted.removesuffix("'")
    statement = _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), escaped)
    return database, statement, status.strip(), escaped
