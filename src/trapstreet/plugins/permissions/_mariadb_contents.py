"""What MariaDB's grant tables and information_schema tell, row by row."""

from collections.abc import Iterable, Mapping, Sequence
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
    """Something that runs with its definer's rights."""

    schema: str
    name: str
    kind: str
    definer: str
    text: str | None

    @property
    def key(self) -> "RoutineKey":
        """By what grants are about it."""
        return routine_key(self.schema, self.name, self.kind)


class TableGrant(NamedTuple):
    host: str
    user: str
    schema: str
    name: str
    selects: bool


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

    relations  numbers of tables and views;  wide, executes  who has SELECT, EXECUTE on everything
    databases  the most specific first;  maps  accounts whose way of logging in may say that they are another
    """

    relations: Mapping[Table, int]
    wide: Bits
    executes: Bits
    databases: Sequence[DatabaseGrant]
    tables: Iterable[TableGrant]
    columns: Iterable[ColumnGrant]
    views: Iterable[View]
    routines: Sequence[Routine]
    routine_grants: Iterable[RoutineGrant]
    proxies: Iterable[Proxy]
    maps: Bits
