"""What a world of bench/proofs_mariadb.py is: statements that make a random server, and what they make of it.

What the server refuses of them is not there.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

SCRATCH = "scratch"
VISITOR = "visitor@'%'"
"""To whom others grant things, and who does nothing: rights count as they are when advice is asked for."""
TABLE, PARENT, VIEW = "table", "table that others may refer to", "view"


class Relation(NamedTuple):
    """A table or a view.  columns  those that can be read;  given  those that can be written to"""

    schema: str
    name: str
    columns: tuple[str, ...]
    given: tuple[str, ...]
    kind: str


class Routine(NamedTuple):
    schema: str
    name: str
    kind: str


class Login(NamedTuple):
    """Who comes in from where, and the schemas in which most of their work is."""

    user: str
    client: str
    homes: tuple[str, ...]


@dataclass
class World:
    """setup  statements of root, in order, that make all of it"""

    setup: list[str] = field(default_factory=list)
    schemas: list[str] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    sequences: list[tuple[str, str]] = field(default_factory=list)
    routines: list[Routine] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)


def quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def on(schema: str, name: str) -> str:
    return f"{quoted(schema)}.{quoted(name)}"


def text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
