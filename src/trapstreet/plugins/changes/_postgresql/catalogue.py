"""What a PostgreSQL database holds, as far as a replay has to know it: what lies behind names in a statement.

A view is what it reads; a table that is written to is its triggers, too. Of functions only those matter whose
text may ask for rights of its own, which EXPLAIN does not see.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from trapstreet.plugins.changes._postgresql.names import text_looks_up

Oid = int

_ASKS = re.compile(
    r"\b(select|insert|update|delete|perform|execute|call|table|merge|copy|truncate|open|from|role)\b",
    re.IGNORECASE,
)
"""Without any of these words a function's text asks for no right on a table."""
_ASKS_ROLES = re.compile(r"\b(pg_has_role|has_\w+_privilege)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
RUN_SQL = frozenset(
    "ts_stat ts_rewrite crosstab crosstab2 crosstab3 crosstab4 connectby xpath_table query_to_xml"
    " query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml table_to_xml table_to_xml_and_xmlschema"
    " schema_to_xml schema_to_xml_and_xmlschema database_to_xml database_to_xml_and_xmlschema".split()
)
"""Functions of the server and of what comes with it that run SQL given to them as a text."""


class Relation(NamedTuple):
    oid: Oid
    schema: str
    name: str
    owner: str
    row_security: bool


class Function(NamedTuple):
    """A function with a text; `runs_as` is whose rights it has, "" its caller's."""

    oid: Oid
    schema: str
    name: str
    signature: str
    runs_as: str
    text: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What lies behind some names.

    relations  tables and views by their names, what views read and what row security asks
    functions  those whose text is not seen
    as_others  the owners of views and functions, and of `fired`, in whose names something is read
    unseen     a name of something that EXPLAIN does not look into; "" nothing
    fired      tables that the server looks into or changes as their owners: by foreign keys, and parts
    called     functions that are called row by row, as whoever writes: by indexes, checks, conditions
    counters   sequences that columns count on by default
    looks_up   whether a function's text looks names up as it runs
    asks_roles whether one asks who has which role or right
    """

    relations: frozenset[Oid] = frozenset()
    functions: frozenset[Oid] = frozenset()
    as_others: frozenset[str] = frozenset()
    unseen: str = ""
    fired: frozenset[Oid] = frozenset()
    called: frozenset[Oid] = frozenset()
    counters: frozenset[Oid] = frozenset()
    looks_up: bool = False
    asks_roles: bool = False


@dataclass(slots=True)
class Catalogue:
    """One database as it was when the replay began."""

    relations: dict[Oid, Relation]
    functions: dict[Oid, Function]
    roles: frozenset[str]
    superusers: frozenset[str]
    built_in: frozenset[str]
    above: dict[str, frozenset[str]]
    settings: dict[str, dict[str, str]]
    path: str
    _named: dict[str, list[Relation]] = field(default_factory=dict)
    _called: dict[str, list[Oid]] = field(default_factory=dict)
    _operators: dict[str, list[Oid]] = field(default_factory=dict)
    _views: dict[Oid, list[Oid]] = field(default_factory=dict)
    _policies: dict[Oid, list[Oid]] = field(default_factory=dict)
    _attached: dict[Oid, list[tuple[Oid, str]]] = field(default_factory=dict)
    _fired: dict[Oid, list[tuple[Oid, bool]]] = field(default_factory=dict)
    _counters: dict[Oid, list[Oid]] = field(default_factory=dict)
    _on_ddl: list[Oid] = field(default_factory=list)
    _odd: tuple[str, ...] = ()
    """Names that are no plain word, and so none of the words of a function's text."""

    def oids(self, schema: str, name: str) -> list[Oid]:
        """The relations that a name may mean."""
        return [each.oid for each in self._named.get(name, ()) if schema in ("", each.schema)]

    def __post_init__(self) -> None:
        names = {*self._named, *self._called}
        self._odd = tuple(sorted(each for each in names if not _WORD.fullmatch(each)))

    def schemas_of(self, name: str) -> list[str]:
        """The schemas in which there is a relation of a name."""
        return [each.schema for each in self._named.get(name, ())]

    def touched(
        self,
        named: Iterable[Oid],
        functions: Iterable[str],
        operators: Iterable[str],
        *,
        writes: bool,
        makes: bool = False,
    ) -> Touched:
        """What lies behind relations, and names of functions and operators."""
        relations, unseen = self._behind(named), ""
        fired = self._fired_by(relations) if writes else set()
        attached = [pair for oid in relations | fired for pair in self._attached.get(oid, ())]
        called = [oid for name in functions for oid in self._called.get(name, ())]
        called += [oid for name in operators for oid in self._operators.get(name, ())]
        called += [oid for oid, how in attached if writes or how == "read"]
        called += self._on_ddl if makes else ()
        by_row = [oid for oid, how in attached if writes and how == "row" and oid in self.functions]
        bodies: dict[Oid, None] = {}
        looks_up = asks_roles = False
        while called:
            oid = called.pop()
            if oid in bodies or oid not in self.functions:
                continue
            text = self.functions[oid].text
            words = frozenset(_WORD.findall(text)) | frozenset(_WORD.findall(text.lower()))
            inner = [each for name in self._in(text, words, self._called) for each in self._called[name]]
            inner = [each for each in inner if each != oid]
            looks_up |= text_looks_up(words)
            asks_roles |= (asks := bool(_ASKS_ROLES.search(text)))
            if _ASKS.search(text) or words & RUN_SQL or inner or asks:
                bodies[oid] = None
                unseen = self.functions[oid].name
                names = self._in(text, words, self._named)
                relations |= self._behind(each.oid for name in names for each in self._named[name])
                called += inner
        for name in functions:
            unseen = name if name in RUN_SQL else unseen
        owners = {self.relations[oid].owner for oid in relations if oid in self._views}
        owners |= {self.functions[oid].runs_as for oid in bodies} - {""}
        owners |= {self.relations[oid].owner for oid in fired}
        return Touched(
            frozenset(relations),
            frozenset(bodies),
            frozenset(owners),
            unseen,
            fired=frozenset(fired),
            called=frozenset(by_row),
            counters=frozenset(each for oid in relations if writes for each in self._counters.get(oid, ())),
            looks_up=looks_up,
            asks_roles=asks_roles,
        )

    def _in(self, text: str, words: frozenset[str], names: Mapping[str, object]) -> Iterator[str]:
        """Those of some names that are in a function's text, in the letters that they have or in capitals."""
        yield from words & names.keys()
        yield from (each for each in self._odd if each in names and each.replace('"', '""') in text)

    def _fired_by(self, relations: Iterable[Oid]) -> set[Oid]:
        """What foreign keys look into or change where some tables are written to, and these tables' parts."""
        found: set[Oid] = set()
        left = [*relations]
        while left:
            for oid, is_written in self._fired.get(left.pop(), ()):
                if oid in self.relations and oid not in found:
                    found.add(oid)
                    left += [oid] if is_written else ()
        return found

    def _behind(self, named: Iterable[Oid]) -> set[Oid]:
        behind: set[Oid] = set()
        left = [*named]
        while left:
            if (oid := left.pop()) in self.relations and oid not in behind:
                behind.add(oid)
                left.extend(self._views.get(oid, ()))
                left.extend(self._policies.get(oid, ()))
        return behind

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
        owners = {self.relations[oid].owner for oid in self._views if oid in self.relations}
        return frozenset(owners | {each.runs_as for each in self.functions.values()} - {""})

    def setting(self, role: str, name: str) -> str:
        """A role's own setting, which a session of it begins with; "" none."""
        return self.settings.get(role, {}).get(name) or self.settings.get("", {}).get(name, "")
