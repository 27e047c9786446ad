"""What lies behind the names in a past PostgreSQL statement: what EXPLAIN does not look into.

A view is what it reads; a table that is written to is its triggers, too. Of functions those matter whose
text may ask for rights of its own, and all that these name, read, write to and call in turn.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from trapstreet.plugins._postgresql_run import RUN_SQL
from trapstreet.plugins.changes._postgresql.catalogue import Catalogue, Named, Oid, words_of
from trapstreet.plugins.changes._postgresql.names import text_looks_up
from trapstreet.plugins.changes._postgresql.statements import Asked

_ASKS = re.compile(
    r"\b(select|insert|update|delete|perform|execute|call|table|merge|copy|truncate|open|from|role)\b",
    re.IGNORECASE,
)
"""Without any of these words a function's text asks for no right on a table."""
_ASKS_ROLES = re.compile(r"\b(pg_has_role|has_\w+_privilege)\b", re.IGNORECASE)
_ROLES = frozenset(("role", "session_authorization", "authorization"))
_WRITES = frozenset("insert update delete merge copy truncate".split())
_MAKES = frozenset(("create",))


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
    asks_roles whether one asks who has which role or right, or acts as a role
    schemas    those in which functions find what they name
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
    schemas: frozenset[str] = frozenset()


class _Text(NamedTuple):
    """What a function's text says of what it does.

    named  what it names;  asks  whether it may ask for rights;  the others as in `Touched`
    """

    named: Named
    asks: bool
    writes: bool
    makes: bool
    looks_up: bool
    asks_roles: bool


class Behind:
    """What lies behind names in one database; each function's text is read once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._texts: dict[Oid, _Text] = {}

    def touched(self, named: Iterable[Oid], found: Asked, acting: Iterable[str]) -> Touched:
        """What lies behind relations and the other names in a statement, whoever of some ran it.

        acting  as whom it can have been run: row security is theirs, and that of the owners of what they ran
        """
        named, roles = [*named], self.catalogue.groups_above(acting)
        while True:
            gathered = _Gathered(self, self.catalogue, roles).all_behind(named, found)
            others = self.catalogue.groups_above(roles | gathered.as_others)
            if others == roles or not self.catalogue.policies:
                return gathered
            roles = others

    def text_of(self, oid: Oid) -> _Text:
        """What a function's text says."""
        if oid not in self._texts:
            self._texts[oid] = self.said_by(self.catalogue.functions[oid].text, but=oid)
        return self._texts[oid]

    def said_by(self, text: str, *, but: Oid | None = None) -> _Text:
        """What a text says, whose own function may be in it."""
        words = words_of(text)
        relations, functions, schemas = self.catalogue.named_in(text)
        functions = [each for each in functions if each != but]
        asks_roles = bool(_ASKS_ROLES.search(text) or words & _ROLES)
        return _Text(
            Named(relations, functions, schemas),
            asks=bool(_ASKS.search(text) or words & RUN_SQL or functions or asks_roles),
            writes=bool(words & _WRITES),
            makes=bool(words & _MAKES),
            looks_up=text_looks_up(words),
            asks_roles=asks_roles,
        )


@dataclass(slots=True)
class _Gathered:
    """What was found so far; `_left` are functions to be looked into, and whether a function calls them."""

    behind: Behind
    catalogue: Catalogue
    acting: frozenset[str]
    relations: set[Oid] = field(default_factory=set)
    written: set[Oid] = field(default_factory=set)
    fired: set[Oid] = field(default_factory=set)
    bodies: dict[Oid, None] = field(default_factory=dict)
    called: set[Oid] = field(default_factory=set)
    texts: list[_Text] = field(default_factory=list)
    unseen: str = ""
    _left: deque[tuple[Oid, bool]] = field(default_factory=deque)

    def all_behind(self, named: list[Oid], found: Asked) -> Touched:
        """What lies behind all names in a statement."""
        there = self.catalogue
        names = found.functions | found.types | (found.parts & there.of_rows)
        self._call([oid for name in names for oid in there.called.get(name, ())])
        self._call([oid for name in found.operators for oid in there.operators.get(name, ())])
        self._go_to(named, writes=found.writes)
        self._call(there.on_ddl if found.makes else ())
        self._call(there.on_login if found.comes else ())
        if found.code:
            self._follow(self.behind.said_by(found.code))
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
        if found.whole:  # in whose names the server computes what it analyses, or orders anew
            owners |= {there.relations[oid].owner for oid in self.relations if self._calls(oid)}
        return Touched(
            frozenset(self.relations),
            frozenset(self.bodies),
            frozenset(owners),
            self.unseen,
            fired=frozenset(self.fired),
            called=frozenset(self.called),
            counters=frozenset(each for oid in counted for each in there.counters.get(oid, ())),
            writes=any(each.writes for each in self.texts),
            makes=any(each.makes for each in self.texts),
            looks_up=any(each.looks_up for each in self.texts),
            asks_roles=any(each.asks_roles for each in self.texts),
            schemas=frozenset(each for text in self.texts for each in text.named.schemas),
        )

    def _calls(self, oid: Oid) -> bool:
        return any(each in self.bodies for each, _ in self.catalogue.attached.get(oid, ()))

    def _look_into(self, oid: Oid, *, inside: bool) -> None:
        """What a function's text may ask for; `inside` if a function calls it, which EXPLAIN does not see."""
        function, text = self.catalogue.functions[oid], self.behind.text_of(oid)
        if text.asks:
            self.bodies[oid] = None
            self.unseen = self.unseen or function.name
            self._follow(text)
            return
        self.texts.append(text)
        if function.runs_as and (inside or text.named.schemas):
            self.bodies[oid] = None  # it needs no right, but to be called, and to find what it names

    def _follow(self, text: _Text) -> None:
        """Go on to what a text names."""
        self.texts.append(text)
        self._call(text.named.functions, inside=True)
        self._go_to(text.named.relations, writes=text.writes, inside=True)

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
