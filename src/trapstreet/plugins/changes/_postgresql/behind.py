"""What lies behind the names in a past PostgreSQL statement: what EXPLAIN does not look into.

A view is what it reads; a table that is written to is its triggers, too. Of functions those matter whose
text may ask for rights of its own, and all that these name, read, write to and call in turn.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from trapstreet.plugins.changes._postgresql.catalogue import Catalogue, Oid, words_of
from trapstreet.plugins.changes._postgresql.names import text_looks_up
from trapstreet.plugins.changes._postgresql.statements import Asked

_ASKS = re.compile(
    r"\b(select|insert|update|delete|perform|execute|call|table|merge|copy|truncate|open|from|role)\b",
    re.IGNORECASE,
)
"""Without any of these words a function's text asks for no right on a table."""
_ASKS_ROLES = re.compile(r"\b(pg_has_role|has_\w+_privilege)\b", re.IGNORECASE)
_WRITES = frozenset("insert update delete merge copy truncate".split())
_MAKES = frozenset(("create",))
RUN_SQL = frozenset(
    "ts_stat ts_rewrite crosstab crosstab2 crosstab3 crosstab4 connectby xpath_table query_to_xml"
    " query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml table_to_xml table_to_xml_and_xmlschema"
    " schema_to_xml schema_to_xml_and_xmlschema database_to_xml database_to_xml_and_xmlschema".split()
)
"""Functions of the server and of what comes with it that run SQL given to them as a text."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What lies behind some names.

    relations  tables and views by their names, what views read and what row security asks
    functions  those whose text is not seen, and those that they call
    as_others  the owners of views and functions, and of `fired`, in whose names something is read
    unseen     a name of something that EXPLAIN does not look into; "" nothing
    fired      tables that the server looks into or changes as their owners: by foreign keys, and parts
    called     functions that are called row by row, as whoever writes: by indexes, checks, conditions
    counters   sequences that columns count on by default
    writes     whether a function may write;  makes  whether one may make something
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
    writes: bool = False
    makes: bool = False
    looks_up: bool = False
    asks_roles: bool = False


def touched(catalogue: Catalogue, named: Iterable[Oid], found: Asked, acting: Iterable[str]) -> Touched:
    """What lies behind relations and the other names in a statement, whoever of some ran it.

    acting  as whom it can have been run: row security is theirs, and that of the owners of what they ran
    """
    named, roles = [*named], catalogue.groups_above(acting)
    while True:
        gathered = _Gathered(catalogue, roles).all_behind(named, found)
        others = catalogue.groups_above(roles | gathered.as_others)
        if others == roles or not catalogue.policies:
            return gathered
        roles = others


@dataclass(slots=True)
class _Gathered:
    """What was found so far; `_left` are functions to be looked into, and whether a function calls them."""

    catalogue: Catalogue
    acting: frozenset[str]
    relations: set[Oid] = field(default_factory=set)
    written: set[Oid] = field(default_factory=set)
    fired: set[Oid] = field(default_factory=set)
    bodies: dict[Oid, None] = field(default_factory=dict)
    called: set[Oid] = field(default_factory=set)
    texts: list[frozenset[str]] = field(default_factory=list)
    unseen: str = ""
    asks_roles: bool = False
    _left: deque[tuple[Oid, bool]] = field(default_factory=deque)

    def all_behind(self, named: list[Oid], found: Asked) -> Touched:
        """What lies behind all names in a statement."""
        there = self.catalogue
        self._call([oid for name in found.functions | found.types for oid in there.called.get(name, ())])
        self._call([oid for name in found.operators for oid in there.operators.get(name, ())])
        self._go_to(named, writes=found.writes)
        self._call(there.on_ddl if found.makes else ())
        known: set[tuple[Oid, bool]] = set()
        while self._left:
            oid, inside = pair = self._left.popleft()
            if oid in there.functions and pair not in known:
                known.add(pair)
                self._look_into(oid, inside=inside)
        self.unseen = next(iter(sorted(found.functions & RUN_SQL)), self.unseen)
        counted = self.written | (self.relations if found.writes else set())
        owners = {there.relations[oid].owner for oid in self.relations if oid in there.views}
        owners |= {there.functions[oid].runs_as for oid in self.bodies} - {""}
        owners |= {there.relations[oid].owner for oid in self.fired}
        return Touched(
            frozenset(self.relations),
            frozenset(self.bodies),
            frozenset(owners),
            self.unseen,
            fired=frozenset(self.fired),
            called=frozenset(self.called),
            counters=frozenset(each for oid in counted for each in there.counters.get(oid, ())),
            writes=any(words & _WRITES for words in self.texts),
            makes=any(words & _MAKES for words in self.texts),
            looks_up=any(map(text_looks_up, self.texts)),
            asks_roles=self.asks_roles,
        )

    def _look_into(self, oid: Oid, *, inside: bool) -> None:
        """What a function's text may ask for; `inside` if a function calls it, which EXPLAIN does not see."""
        function = self.catalogue.functions[oid]
        words = words_of(function.text)
        relations, functions = self.catalogue.named_in(function.text)
        functions = [each for each in functions if each != oid]
        asks_roles = bool(_ASKS_ROLES.search(function.text))
        self.asks_roles |= asks_roles
        if _ASKS.search(function.text) or words & RUN_SQL or functions or asks_roles:
            self.bodies[oid] = None
            self.texts.append(words)
            self.unseen = self.unseen or function.name
            self._call(functions, inside=True)
            self._go_to(relations, writes=bool(words & _WRITES), inside=True)
        elif inside and function.runs_as:
            self.bodies[oid] = None  # it needs no right, but to be called

    def _call(self, functions: Iterable[Oid], *, inside: bool = False) -> None:
        self._left += [(oid, inside) for oid in functions]

    def _go_to(self, named: Iterable[Oid], *, writes: bool, inside: bool = False) -> None:
        """Go on to relations, what they show, and what the server does as they are read, or written to."""
        there = self.catalogue
        behind, asked = self._behind(named)
        self.relations |= behind
        self._call(asked, inside=inside)
        fired, changed = self._fired_by(behind) if writes else (set(), set())
        self.fired |= fired
        for oid in behind | fired:
            attached = there.attached.get(oid, ())
            is_written = writes and (oid in behind or oid in changed)
            self._call([each for each, how in attached if is_written or how == "read"], inside=inside)
            if is_written:
                self.written |= {oid} if inside else set()
                self.called |= {each for each, how in attached if how == "row" and each in there.functions}

    def _behind(self, named: Iterable[Oid]) -> tuple[set[Oid], list[Oid]]:
        """Relations, what they read, and what their policies do; the functions that these call."""
        behind: set[Oid] = set()
        asked: list[Oid] = []
        left = [*named]
        while left:
            oid = left.pop()
            if oid in self.catalogue.relations and oid not in behind:
                behind.add(oid)
                left.extend(self.catalogue.views.get(oid, ()))
                for policy in self.catalogue.policies_for(oid, self.acting):
                    left += [policy.reads] if policy.reads else ()
                    asked += [policy.calls] if policy.calls else ()
        return behind, asked

    def _fired_by(self, relations: Iterable[Oid]) -> tuple[set[Oid], set[Oid]]:
        """What foreign keys look into where some tables are written to, and these tables' parts; and which of
        that they may change."""
        found: set[Oid] = set()
        changed: set[Oid] = set()
        left = [*relations]
        while left:
            for oid, is_written in self.catalogue.fired.get(left.pop(), ()):
                if oid in self.catalogue.relations:
                    found.add(oid)
                    if is_written and oid not in changed:
                        changed.add(oid)
                        left.append(oid)
        return found, changed
