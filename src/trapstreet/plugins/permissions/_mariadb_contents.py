"""What MariaDB's grant tables and information_schema tell, row by row."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from trapstreet.core.model.rights import Bits
from trapstreet.plugins.permissions._mariadb_matching import DatabaseGrant

Table = tuple[str, str]
"""Database and name."""


class View(NamedTuple):
    """as_definer: it is read with its definer's rights, not with the reader's."""

    schema: str
    name: str
    definer: str
    as_definer: bool
    text: str | None


class Routine(NamedTuple):
    """as_definer: it runs with its definer's rights, not with those of who runs it."""

    schema: str
    name: str
    kind: str
    definer: str
    as_definer: bool
    text: str | None

    @property
    def key(self) -> "RoutineKey":
        """By what grants are about it."""
        return routine_key(self.schema, self.name, self.kind)


class Trigger(NamedTuple):
    """right  what one needs on the table to make it run, as grants call it;  does  what it runs"""

    table: Table
    right: str
    does: Routine


class TableGrant(NamedTuple):
    host: str
    user: str
    schema: str
    name: str
    selects: bool
    alters: bool
    creates: bool
    drops: bool
    makes_views: bool
    deletes: bool
    inserts: bool
    updates: bool
    gives: bool


class ColumnGrant(NamedTuple):
    host: str
    user: str
    schema: str
    name: str
    column: str


class RoutineGrant(NamedTuple):
    host: str
    user: str
    schema: str
    name: str
    kind: str
    executes: bool
    alters: bool


RoutineKey = tuple[str, str, str]
"""Database, name in whatever case, and what it is: a function and a procedure may have one name."""


def routine_key(schema: str, name: str, kind: str) -> RoutineKey:
    """The body of a package is run by whoever may run that."""
    return schema, name.casefold(), kind.partition(" ")[0]


class Proxy(NamedTuple):
    """Somebody who may come in as another account, if the way of logging in says so."""

    host: str
    user: str
    as_host: str
    as_user: str


class Contents(NamedTuple):
    """What grants are about, and the grants.

    relations  numbers of tables and views;  handled  those that HANDLER reads
    databases  the most specific first
    wide, files, executes, alters, rewrites  who has SELECT, FILE, EXECUTE, ALTER or INDEX, ALTER ROUTINE on
    everything
    creates, drops, makes_views, makes_routines, deletes, inserts, updates  who has those rights on everything
    gives  who has GRANT OPTION on everything
    triggers  those that the server tells of, and that can hand on what they read
    maps  accounts whose way of logging in may say that they are another
    """

    relations: Mapping[Table, int]
    handled: Container[Table]
    wide: Bits
    files: Bits
    executes: Bits
    alters: Bits
    rewrites: Bits
    creates: Bits
    drops: Bits
    makes_views: Bits
    makes_routines: Bits
    deletes: Bits
    inserts: Bits
    updates: Bits
    gives: Bits
    databases: Sequence[DatabaseGrant]
    tables: Sequence[TableGrant]
    columns: Sequence[ColumnGrant]
    views: Sequence[View]
    routines: Sequence[Routine]
    triggers: Sequence[Trigger]
    routine_grants: Sequence[RoutineGrant]
    proxies: Iterable[Proxy]
    maps: Bits
