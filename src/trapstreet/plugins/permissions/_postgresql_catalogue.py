"""What PostgreSQL's catalogues say of roles, memberships, and what is granted in each database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

Oid = int
PUBLIC: Oid = 0
KINDS = {"r": "table", "p": "table", "f": "foreign table", "v": "view", "m": "materialized view"}
"""What the kinds of relations are called."""


class Role(NamedTuple):
    oid: Oid
    name: str
    superuser: bool
    inherits: bool
    makes_roles: bool
    logs_in: bool
    replicates: bool
    passes_row_security: bool
    makes_databases: bool


class Member(NamedTuple):
    group: Oid
    member: Oid
    admits: bool
    inherits: bool
    becomes: bool


class Database(NamedTuple):
    """may_pass_on: who may grant CONNECT to others"""

    oid: Oid
    name: str
    owner: Oid
    open: bool
    is_template: bool
    may_connect: list[Oid]
    may_pass_on: list[Oid]


class Schema(NamedTuple):
    oid: Oid
    name: str
    owner: Oid
    may_use: list[Oid]


class Relation(NamedTuple):
    oid: Oid
    schema: Oid
    name: str
    kind: str
    owner: Oid
    row_security: bool
    forced: bool
    as_invoker: bool
    rows: int | None
    may_select: list[Oid]

    @property
    def called(self) -> str:
        """For people: "table customers"."""
        return f"{KINDS[self.kind]} {self.name}"


class Column(NamedTuple):
    relation: Oid
    name: str
    may_select: list[Oid]


class Policy(NamedTuple):
    relation: Oid
    name: str
    permissive: bool
    roles: list[Oid]
    lets_all: bool


class Shown(NamedTuple):
    """A view and what it reads.  columns: those that it names; None: it takes rows as a whole"""

    outer: Oid
    inner: Oid
    columns: list[str] | None


class Link(NamedTuple):
    """A parent table and its part, or a view and a function that it calls."""

    outer: Oid
    inner: Oid


class Function(NamedTuple):
    """as_owner: it runs with its owner's rights;  triggers: only a trigger can call it
    aggregate     it runs others, for which its owner is asked for EXECUTE
    source        its text, and that of its arguments' defaults
    reads, calls  what the server itself knows that it reads and calls, whatever schema that is in"""

    oid: Oid
    schema: Oid
    name: str
    owner: Oid
    as_owner: bool
    triggers: bool
    aggregate: bool
    source: str
    reads: list[Oid]
    calls: list[Oid]
    may_execute: list[Oid]


class Hook(NamedTuple):
    """Something beside views and functions that runs a function: a table by a default, check, policy, rule or
    trigger; an operator, a cast, a domain, an event trigger.

    asks  whether who has it run needs EXECUTE;  may, may_use  who has a right on it, and on its schema
    """

    function: Oid
    asks: bool
    may: list[Oid]
    may_use: list[Oid]


class Rule(NamedTuple):
    """What a relation does beside or instead of a right's use, and shows to whoever uses it.

    right     INSERT, UPDATE or DELETE;  reads  what it names, the relation itself as well
    certain   whether it does nothing else than to select, and always
    """

    relation: Oid
    right: str
    certain: bool
    reads: list[Oid]
    may_write: list[Oid]


class Watcher(NamedTuple):
    """Who may make triggers on a relation beside its owner."""

    relation: Oid
    may_trigger: list[Oid]


class Power(NamedTuple):
    """A function of the server's own by which its files can be read or written, or others be logged in as.

    symbol  what it is called in the server's code, whatever its name
    """

    name: str
    symbol: str
    may_execute: list[Oid]
    may_use: list[Oid]


class Parameter(NamedTuple):
    """right: SET or ALTER SYSTEM"""

    name: str
    right: str
    may: list[Oid]


class Sampler(NamedTuple):
    """Somebody who may read what the server keeps of tables' values by itself, or a view of it."""

    role: Oid


class Publication(NamedTuple):
    """tables: those that it names;  all_tables: it has every table, and names none"""

    name: str
    all_tables: bool
    tables: list[str]


class Foreign(NamedTuple):
    server: str
    user: str


class Handler(NamedTuple):
    """A function that runs with the rows of some tables, and is neither a superuser's nor their owners'."""

    function: str
    owner: Oid
    tables: list[str]


class Trusting(NamedTuple):
    """Functions that run as their owner and find what they name where whoever calls them says."""

    owner: Oid
    functions: list[str]


class Coming(NamedTuple):
    """Default privileges: who will read the tables that `owner` makes."""

    owner: Oid
    schema: str | None
    may_select: list[Oid]


@dataclass(frozen=True, slots=True)
class Contents:
    """What one database holds."""

    schemas: list[Schema]
    relations: list[Relation]
    columns: list[Column]
    policies: list[Policy]
    views: list[Shown]
    parts: list[Link]
    functions: list[Function]
    calls: list[Link]
    hooks: list[Hook]
    rules: list[Rule]
    watchers: list[Watcher]
    powers: list[Power]
    samplers: list[Sampler]


_Row = TypeVar("_Row", bound=NamedTuple)


def rows_of(kind: type[_Row], found: Sequence[Sequence[Any]]) -> list[_Row]:
    """Rows of an answer by their names."""
    return [kind(*each) for each in found]
