"""What a MariaDB statement of a log is, by the words that it begins with, and whether it writes."""

import re
from enum import Enum, auto

from trapstreet.core.model.access_events import CONNECTED

_QUERY = r"(?:SELECT|WITH|INSERT|REPLACE|UPDATE|DELETE|VALUES)\b"
_HOW = r"(?:(?:EXTENDED|PARTITIONS|FORMAT\s*=\s*\w+)\s+)?"


class Kind(Enum):
    """What is done with it hangs on this alone."""

    CONNECT = auto()
    """No statement: somebody came in."""
    USE = auto()
    SET_ROLE = auto()
    LIST = auto()
    """It tells which things there are, and may get shorter: SHOW TABLES."""
    SHOW = auto()
    """It tells of one thing, and the server leaves parts out: SHOW COLUMNS."""
    DESCRIBE = auto()
    """Likewise, with a word of its own."""
    EXPLAIN = auto()
    """How a query would be, or was, run."""
    QUERY = auto()
    """It reads or writes rows."""
    MAKE = auto()
    """It asks for rights to make things and no others: only with a role can those be taken away."""
    OTHER = auto()


ENTERING = frozenset({Kind.CONNECT, Kind.USE})
LOOKING = frozenset({Kind.LIST, Kind.SHOW, Kind.DESCRIBE})
ASKED = LOOKING | {Kind.EXPLAIN, Kind.QUERY}
"""A server can be asked whether somebody may do it, and nothing is done."""

_BEGINS = {
    kind: re.compile(begins, re.IGNORECASE | re.DOTALL)
    for kind, begins in {
        Kind.CONNECT: rf"{CONNECTED}$",
        Kind.USE: r"\s*USE\s+(.+)",
        Kind.SET_ROLE: r"\s*SET\s+ROLE\s+(.+)",
        Kind.SHOW: r"\s*SHOW\s+(?:(?:FULL|EXTENDED)\s+)?(?:COLUMNS|FIELDS|INDEX|INDEXES|KEYS|CREATE)\b",
        Kind.LIST: r"\s*SHOW\b",
        Kind.EXPLAIN: rf"\s*(?:EXPLAIN|DESCRIBE|DESC)\s+{_HOW}[\s(]*{_QUERY}"
        r"|\s*ANALYZE\b(?!\s+(?:\w+\s+)?TABLE)",
        Kind.DESCRIBE: r"\s*(?:DESCRIBE|DESC|EXPLAIN)\b",
        Kind.QUERY: rf"[\s(]*{_QUERY}",
        Kind.MAKE: r"\s*(?:CREATE|DROP|ALTER)\b"
        r"(?!.*\b(?:SELECT|WITH|VALUES|LIKE|RENAME|EXCHANGE|TRIGGER|MERGE|UNION)\b)",
    }.items()
}
"""The first that fits holds."""
_VALUES = re.compile(r"(`(?:[^`]|``)*`)|\?")
_WRITES = re.compile(r"\b(?:INSERT|REPLACE|UPDATE|DELETE)\b", re.IGNORECASE)
_CHANGES = re.compile(r"\b(?:INSERT|REPLACE|UPDATE|DELETE|LOAD|CALL|TRUNCATE)\b", re.IGNORECASE)
_NEVER_RUN = re.compile(
    r"\b(?:OUTFILE|DUMPFILE|LOAD_FILE|SLEEP|BENCHMARK|GET_LOCK|RELEASE_LOCK|RELEASE_ALL_LOCKS|SETVAL|NEXTVAL"
    r"|MASTER_(?:GTID|POS)_WAIT|KILL)\b",
    re.IGNORECASE,
)


def kind_of(statement: str) -> Kind:
    """What a statement is."""
    return next((kind for kind, begins in _BEGINS.items() if begins.match(statement)), Kind.OTHER)


def named_by(statement: str) -> str:
    """The role of a SET ROLE, the database of a USE."""
    found = _BEGINS[kind_of(statement)].match(statement)
    text = found[1].strip() if found else ""
    return text[1:-1].replace("``", "`") if text.startswith("`") else text


def with_values(statement: str, value: str) -> str:
    """A statement with a value for each that was taken out."""
    return _VALUES.sub(lambda found: found[1] or value, statement)


def may_change(statement: str) -> bool:
    """Whether it may write rows, be it through what it calls: any of the words is in it."""
    return bool(_CHANGES.search(statement))


def writes(statement: str) -> bool:
    """Whether it writes rows: the word is in it, in no name between backticks."""
    return bool(_WRITES.search(_VALUES.sub("", statement)))


def is_never_run(statement: str) -> bool:
    """Whether it writes, and names a function that does something by itself."""
    return writes(statement) and bool(_NEVER_RUN.search(_VALUES.sub("", statement)))
