"""Which sessions of a MariaDB server read quotes and backslashes as its servers do from the start.

With ANSI_QUOTES "…" is a name, with NO_BACKSLASH_ESCAPES a backslash is a character like any other. A session
may set either, and of one whose beginning is not in the log nobody knows what it has set.
"""

import re

_SETS = re.compile(r"sql_mode\s*:?=\s*", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:ANSI|NO_BACKSLASH|ORACLE|MSSQL|DB2|MAXDB|POSTGRESQL)", re.IGNORECASE)
"""Modes in which quotes or backslashes mean something else, and names of several modes at once."""
_WRITTEN_OUT = re.compile(r"['\"]|DEFAULT\b|[A-Z_]{4,}\s*(?:[,;*]|$)", re.IGNORECASE)
_MADE_OF_IT = re.compile(r"(?:SELECT\b|CONCAT|REPLACE|IFNULL|TRIM|[\s(])*@@?[\w.]*sql_mode", re.IGNORECASE)
_VARIABLE = re.compile(r"(?<!@)@(?!@)(?![\w.]*sql_mode)", re.IGNORECASE)
_GLOBAL = re.compile(r"\bGLOBAL\b", re.IGNORECASE)


class Modes:
    """Follows the sessions of a log by the numbers of their connections.  most  sessions that are followed"""

    def __init__(self, most: int) -> None:
        self._plain: set[str] = set()
        self._most = most
        self._all_other = False

    def begins(self, connection: str) -> None:
        if len(self._plain) > self._most:
            self._plain.clear()
        if not self._all_other:
            self._plain.add(connection)

    def ends(self, connection: str) -> None:
        self._plain.discard(connection)

    def asks(self, connection: str, statement: str, *, refused: bool) -> None:
        """A session ran a statement, which may set its mode from now on."""
        if "sql_mode" not in statement.lower():
            return
        values = [statement[found.end() :] for found in _SETS.finditer(statement)]
        if not values:
            return
        written_out = all(map(_WRITTEN_OUT.match, values))
        known = written_out or all(_WRITTEN_OUT.match(each) or _MADE_OF_IT.match(each) for each in values)
        if _OTHER.search(statement) or _VARIABLE.search(statement) or not known:
            self._all_other = self._all_other or bool(_GLOBAL.search(statement))
            self.ends(connection)
        elif written_out and not refused and not _GLOBAL.search(statement):
            self.begins(connection)

    def plain(self, connection: str) -> bool:
        """Whether quotes and backslashes mean in a session what they mean from the start."""
        return connection in self._plain
