"""What a PostgreSQL database holds, as far as a replay has to know it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

Oid = int

_WORD = re.compile(r"\w+")


class Relation(NamedTuple):
    oid: Oid
    schema: str
    name: str
    owner: str
    row_security: bool
    forced: bool
    """Whether row security holds for its owner, too."""


class Function(NamedTuple):
    """A function with a text; `runs_as` is whose rights it has, "" its caller's."""

    oid: Oid
    schema: str
    name: str
    signature: str
    runs_as: str
    text: str


class Policy(NamedTuple):
    """A policy of a table and something that it reads, or else calls; "" among its roles is everybody."""

    roles: frozenset[str]
    reads: Oid | None
    calls: Oid | None


class Named(NamedTuple):
    """What some names may mean; the schemas are those that have to be open to who uses the names."""

    relations: list[Oid]
    functions: list[Oid]
    schemas: list[str]


@dataclass(slots=True)
class Catalogue:
    """One database as it was when the replay began.

    unbound   roles for whom no row security holds
    of_rows   functions that may be called as if they were columns: t.f for f(t)
    called    functions by their names, and those that types and aggregates of a name lead to
    schemas   by their own names, and by those of types in them
    views     what views, and rules of tables, read;  policies  what those of a table read or call
    attached  functions of a table, and when they are called: "read", "row" as a row is written, "trigger"
    fired     tables that the server looks into as a row of a table is written, and whether it may change them
    odd       names that are no plain word, and so none of the words of a function's text
    """

    relations: dict[Oid, Relation]
    functions: dict[Oid, Function]
    roles: frozenset[str]
    superusers: frozenset[str]
    unbound: frozenset[str]
    built_in: frozenset[str]
    above: dict[str, frozenset[str]]
    settings: dict[str, dict[str, str]]
    path: str
    of_rows: frozenset[str] = frozenset()
    named: dict[str, list[Relation]] = field(default_factory=dict)
    called: dict[str, list[Oid]] = field(default_factory=dict)
    schemas: dict[str, list[str]] = field(default_factory=dict)
    operators: dict[str, list[Oid]] = field(default_factory=dict)
    views: dict[Oid, list[Oid]] = field(default_factory=dict)
    policies: dict[Oid, list[Policy]] = field(default_factory=dict)
    attached: dict[Oid, list[tuple[Oid, str]]] = field(default_factory=dict)
    fired: dict[Oid, list[tuple[Oid, bool]]] = field(default_factory=dict)
    counters: dict[Oid, list[Oid]] = field(default_factory=dict)
    on_ddl: list[Oid] = field(default_factory=list)
    on_login: list[Oid] = field(default_factory=list)
    odd: tuple[str, ...] = ()

    def oids(self, schema: str, name: str) -> list[Oid]:
        """The relations that a name may mean."""
        return [each.oid for each in self.named.get(name, ()) if schema in ("", each.schema)]

    def __post_init__(self) -> None:
        names = {*self.named, *self.called, *self.schemas}
        self.odd = tuple(sorted(each for each in names if not _WORD.fullmatch(each)))

    def named_in(self, text: str) -> Named:
        """What has a name that is in a text, in these letters or in capitals."""
        words = words_of(text)
        plain = words & (self.named.keys() | self.called.keys() | self.schemas.keys())
        odd = [each for each in self.odd if each.replace('"', '""') in text]
        names = [*plain, *odd]
        return Named(
            [each.oid for name in names for each in self.named.get(name, ())],
            [oid for name in names for oid in self.called.get(name, ())]
            + [oid for sign, those in self.operators.items() if sign in text for oid in those],
            [schema for name in names for schema in self.schemas.get(name, ())],
        )

    def policies_for(self, oid: Oid, acting: frozenset[str]) -> Iterator[Policy]:
        """The policies of a table that hold for somebody of some, with all their groups."""
        relation = self.relations[oid]
        bound = acting - self.unbound - (frozenset() if relation.forced else {relation.owner})
        if relation.row_security and bound:
            for each in self.policies.get(oid, ()):
                if "" in each.roles or not each.roles.isdisjoint(bound):
                    yield each

    def schemas_of(self, name: str) -> list[str]:
        """The schemas in which there is a relation of a name."""
        return [each.schema for each in self.named.get(name, ())]

    def groups_above(self, roles: Iterable[str]) -> frozenset[str]:
        """Some roles and all that they are members of, however many steps away."""
        found: set[str] = set()
        left = [*roles]
        while left:
            if (role := left.pop()) not in found:
                found.add(role)
                left.extend(self.above.get(role, ()))
        return frozenset(found)

    @property
    def lenders(self) -> frozenset[str]:
        """The owners of all views and functions in whose names something is read."""
        owners = {self.relations[oid].owner for oid in self.views if oid in self.relations}
        return frozenset(owners | {each.runs_as for each in self.functions.values()} - {""})

    def setting(self, role: str, name: str) -> str:
        """A role's own setting, which a session of it begins with; "" none."""
        return self.settings.get(role, {}).get(name) or self.settings.get("", {}).get(name, "")


def words_of(text: str) -> frozenset[str]:
    """The words of a text, as they stand and in small letters."""
    return frozenset(_WORD.findall(text)) | frozenset(_WORD.findall(text.lower()))
