"""MariaDB's server_audit (server_audit_output_type = file), with the events QUERY and TABLE."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from trapstreet.core.model.access_events import AccessEvent, Act, Unread
from trapstreet.plugins.accesslogs import Lines, Log
from trapstreet.plugins.accesslogs._times import Times

title = "MariaDB's server_audit.log"
schemes = ("mariadb",)

_LINE = re.compile(r"(\d{8} \d\d:\d\d:\d\d),([^,]*),([^,]*),([^,]*),(\d+),(\d+),([A-Z_]+),(.*)\n", re.DOTALL)
_ACTS = {"READ": Act.READ, "WRITE": Act.WRITE}
_COMMENTS = r"(?:\s|/\*.*?\*/|(?:--\s|\#)[^\n]*\n)*"
_EXPLAINS = re.compile(
    rf"{_COMMENTS}(?:EXPLAIN|DESCRIBE|DESC)\s+(?:(?:EXTENDED|PARTITIONS|FORMAT\s*=\s*\w+)\s+)?"
    r"[\s(]*(?:SELECT|WITH|INSERT|REPLACE|UPDATE|DELETE|VALUES)\b",
    re.DOTALL | re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "0": "\0"}
_STATISTICS = {"table_stats", "column_stats", "index_stats"}
"""Read by the server itself, with whatever comes first."""
_REFUSALS = frozenset(
    "1044 1045 1046 1049 1051 1054 1064 1142 1143 1146 1149 1227 1305 1356 1370 1698".split()
)
"""Errors that come before anything was read: no right, no such thing. What breaks off later may have given
rows."""
_MOST_CONNECTIONS = 10_000


@dataclass(slots=True)
class _Open:
    """A query of which more lines may come: those of its tables stand before its own."""

    time: int
    user: str
    client: str
    query: str
    act: Act = Act.OTHER
    on: list[tuple[str, ...]] = field(default_factory=list)

    def event(self, statement: str = "", database: str = "") -> AccessEvent:
        act = Act.EXPLAIN if _EXPLAINS.match(statement) else self.act
        return AccessEvent(self.time, self.user, act, tuple(self.on), statement, database, self.client)


def knows(line: str) -> bool:
    return _LINE.match(line) is not None


def read(lines: Lines, log: Log) -> Iterator[AccessEvent | Unread]:
    times = Times(log.zone, where=log.label)
    opened: dict[str, _Open] = {}
    for text in lines:
        found = _LINE.match(text)
        try:
            time = times.at(found[1]) if found else None
        except ValueError:
            time = None
        if found is None or time is None:
            yield Unread(lines.number, "torn, or no line of a server_audit.log")
        elif found[3]:
            _, _, user, client, connection, query, what, rest = found.groups()
            before = opened.get(connection)
            if before is not None and before.query != query:
                yield opened.pop(connection).event()
                before = None
            if what in _ACTS:
                if before is None:
                    before = opened[connection] = _Open(time, user, client, query)
                _add(before, _ACTS[what], rest)
            elif what.startswith("QUERY"):
                opened.pop(connection, None)
                database, statement, status = _query(rest)
                if status not in _REFUSALS:
                    yield (before or _Open(time, user, client, query)).event(statement, database)
            elif what == "CONNECT" and rest.endswith(",0"):
                yield AccessEvent(time, user, Act.CONNECT, database=rest.partition(",")[0], client=client)
        if len(opened) > _MOST_CONNECTIONS:
            yield from (each.event() for each in opened.values())
            opened.clear()
        lines.settle()
    yield from (each.event() for each in opened.values())


def _add(opened: _Open, act: Act, rest: str) -> None:
    """One more table: `database,table,` behind the operation."""
    database, _, table = rest.rpartition(",")[0].partition(",")
    if database == "mysql" and table in _STATISTICS:
        return
    if opened.act != Act.WRITE:
        opened.act = act
    if (database, table) not in opened.on:
        opened.on.append((database, table))


def _query(rest: str) -> tuple[str, str, str]:
    """Database, statement and status of `database,'statement',status`."""
    text, _, status = rest.rpartition(",")
    database, _, quoted = text.partition(",'")
    statement = _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), quoted.removesuffix("'"))
    return database, statement, status.strip()
