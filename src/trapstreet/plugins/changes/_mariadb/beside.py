"""What a statement of a log did beside what it says.

The server gives each table that it opens a line of its own, also those behind views, and those to which
triggers, routines and foreign keys lead. Where these do not explain one, the statement is not all that was
run: its end is cut off, or what is a text in it for us was none for the server.
"""

from typing import TYPE_CHECKING

from trapstreet.core.model.access_events import PastUse
from trapstreet.plugins.changes._mariadb.catalogue import Catalogue, folded
from trapstreet.plugins.changes._mariadb.clone import one
from trapstreet.plugins.changes._mariadb.kinds import LOOKING, kind_of
from trapstreet.plugins.changes._mariadb.texts import names_of

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_PATH = 2
_RIGHTS = "mysql"
_READ_BY_ITSELF = frozenset(
    (
        "proc event func plugin servers table_stats column_stats index_stats innodb_table_stats"
        " innodb_index_stats gtid_slave_pos transaction_registry time_zone time_zone_name"
        " time_zone_transition time_zone_transition_type time_zone_leap_second"
        " help_topic help_category help_keyword help_relation"
    ).split()
)
"""The server reads them in `mysql` to do what it is told."""


_OTHER_QUOTES = ("ANSI_QUOTES", "NO_BACKSLASH_ESCAPES")
_LEAST_LIMIT = 500
"""Bytes: of statements that are cut shorter nobody is told that they may be."""


def doubt_of_all(asked: "Cursor") -> str:
    """Why what a server's log has of any statement may not be what it ran; "" nothing says so."""
    mode, begins = one(asked, "SELECT @@GLOBAL.sql_mode, @@GLOBAL.init_connect")
    if any(each in mode for each in _OTHER_QUOTES) or "sql_mode" in begins.lower():
        return "the server may read quotes in it otherwise"
    limit = one(asked, "SHOW GLOBAL VARIABLES LIKE %s", "server_audit_query_log_limit")
    if limit and 0 < int(limit[1]) < _LEAST_LIMIT:
        return f"the server's log cuts statements (server_audit_query_log_limit is {limit[1]})"
    return ""


def table_beside(use: PastUse, catalogue: Catalogue, *, writes: bool) -> str:
    """A table that the log names and to which nothing in the statement leads; "" there is none.

    writes  whether triggers and foreign keys count
    """
    if not use.statement or kind_of(use.statement) in LOOKING:  # the server opens what it tells of
        return ""
    words = names_of(use.statement) | {use.database.casefold()}
    named = catalogue.mentioned(use.statement, use.database)
    tables = catalogue.touched(named, use.statement, writes=writes).tables
    explained = catalogue.with_children(tables) if writes else tables
    for path in use.on:
        if len(path) != _PATH or folded((path[0], path[1])) in explained:
            continue
        own = path[0] == _RIGHTS and path[1] not in _READ_BY_ITSELF and _RIGHTS not in words
        if own or catalogue.named(path[1], [path[0]]):
            return ".".join(path)
    return ""
