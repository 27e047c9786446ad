"""What a MariaDB server holds, as far as a replay has to know it: what lies behind names in a statement.

A view is what it shows; a table that is written to is its triggers, too. What routines and triggers do, the
server looks into when it runs them: it is taken from their texts, whatever that names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from trapstreet.plugins.changes._mariadb.copying import text_of
from trapstreet.plugins.changes._mariadb.standing import Table
from trapstreet.plugins.changes._mariadb.texts import asks_for_role, bare, called_in, hides, names_in

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

_RELATIONS = """
    SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES
    WHERE TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
"""
_VIEWS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, DEFINER, VIEW_DEFINITION FROM information_schema.VIEWS
    WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys')
"""
_ROUTINES = """
    SELECT db, name, definer, IF(security_type = 'DEFINER', 1, 0), body FROM mysql.proc
    WHERE db NOT IN ('mysql', 'sys')
"""
_TRIGGERS = """
    SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, DEFINER, ACTION_STATEMENT
    FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA NOT IN ('mysql', 'sys')
"""
_EVENTS = "SELECT DISTINCT definer FROM mysql.event"
_CHILDREN = """
    SELECT UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, CONSTRAINT_SCHEMA, TABLE_NAME
    FROM information_schema.REFERENTIAL_CONSTRAINTS
"""
_SHOWN = re.compile(r"`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`")


class Code(NamedTuple):
    """A routine, a trigger or a view.  definer  in whose name it runs; "" its caller's"""

    schema: str
    name: str
    definer: str
    text: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What lies behind some names.

    tables    tables and views, and what views show, folded;  routines  those that may be called, folded
    schemas   the databases of all that;  definers  in whose names something is done
    unseen    what it is that is not looked into; "" nothing
    hides     whether it reads what leaves out that on which one has no right
    by_role   whether what it gives hangs on the role in which it is done
    """

    tables: frozenset[Table] = frozenset()
    routines: frozenset[Table] = frozenset()
    schemas: frozenset[str] = frozenset()
    definers: frozenset[str] = frozenset()
    unseen: str = ""
    hides: bool = False
    by_role: bool = False

    def __or__(self, other: "Touched") -> "Touched":
        return Touched(
            self.tables | other.tables,
            self.routines | other.routines,
            self.schemas | other.schemas,
            self.definers | other.definers,
            self.unseen or other.unseen,
            self.hides or other.hides,
            self.by_role or other.by_role,
        )


class Catalogue:
    """The databases of one server as they were when the replay began; names are compared without case.

    scheduled  in whose names events are run
    """

    def __init__(
        self,
        relations: Iterable[Table],
        views: Iterable[Code],
        routines: Iterable[Code],
        triggers: Mapping[Table, Sequence[Code]],
        *,
        children: Iterable[tuple[Table, Table]] = (),
        scheduled: Iterable[str] = (),
    ) -> None:
        self.relations = frozenset(relations)
        self._named: dict[str, list[Table]] = {}
        for each in self.relations:
            self._named.setdefault(each[1].casefold(), []).append(each)
        self._views = {folded((each.schema, each.name)): each for each in views}
        self._triggers = {folded(table): codes for table, codes in triggers.items()}
        self._routines: dict[str, list[Code]] = {}
        for code in routines:
            self._routines.setdefault(code.name.casefold(), []).append(code)
        self.scheduled = frozenset(scheduled)
        self._children: dict[Table, list[Table]] = {}
        for parent, child in children:
            self._children.setdefault(folded(parent), []).append(folded(child))

    def touched(self, named: Iterable[Table], statement: str, *, writes: bool) -> Touched:
        """What lies behind tables and the routines that a statement calls.

        writes  whether triggers are run
        """
        calls = [each for name in called_in(statement) for each in self._routines.get(name, ())]
        tables, codes = self._behind(map(folded, named), calls, writes=writes)
        if codes and not writes:  # who knows what a routine writes to
            tables, codes = self._behind(map(folded, named), calls, writes=True)
        views = [self._views[each] for each in tables if each in self._views]
        routines = frozenset(folded((each.schema, each.name)) for each in codes if each.schema)
        return Touched(
            frozenset(tables),
            routines,
            frozenset(schema for schema, _ in (*tables, *routines)),
            frozenset(each.definer for each in (*views, *codes)) - {""},
            f"what {min(codes).name} does" if codes else "",
            any(hides(each.text) for each in (*views, *codes)),
            any(asks_for_role(each.text) for each in (*views, *codes)),
        )

    def _behind(
        self, named: Iterable[Table], calls: Iterable[Code], *, writes: bool
    ) -> tuple[set[Table], set[Code]]:
        """All tables, and the routines and triggers, behind some."""
        tables: set[Table] = set()
        codes: set[Code] = set()
        left, more = [*named], [*calls]
        while left or more:
            if more:
                if (code := more.pop()) not in codes:
                    codes.add(code)
                    for name in dict.fromkeys(names_in(code.text)):
                        left += map(folded, self._named.get(name, ()))
                        more += self._routines.get(name, ())
            elif (table := left.pop()) not in tables:
                tables.add(table)
                more += self._triggers.get(table, ()) if writes else ()
                if view := self._views.get(table):
                    left += self._shown(table)
                    more += [each for name in called_in(view.text) for each in self._routines.get(name, ())]
        return tables, codes

    def leading_to(self, tables: Iterable[Table]) -> Touched:
        """Some tables, and the views and routines behind which they lie: all by which they may be reached."""
        these = {folded(each) for each in tables}
        ways = {each for table in these for each in self._ways.get(table, ())}
        names = {folded((each.schema, each.name)) for each in ways}
        schemas = {schema for schema, _ in (*these, *names)}
        definers = {each.definer for each in ways} - {""}
        return Touched(frozenset(these | names), frozenset(names), frozenset(schemas), frozenset(definers))

    @cached_property
    def _ways(self) -> Mapping[Table, Sequence[Code]]:
        found: dict[Table, list[Code]] = {}
        for name, view in self._views.items():
            for table in self._behind([name], (), writes=True)[0]:
                found.setdefault(table, []).append(view)
        for code in [each for some in self._routines.values() for each in some]:
            for table in self._behind((), [code], writes=True)[0]:
                found.setdefault(table, []).append(code)
        return found

    def with_children(self, tables: Iterable[Table]) -> frozenset[Table]:
        """Some tables, and those whose rows go or change with theirs, by foreign keys; folded."""
        found: set[Table] = set()
        left = [*tables]
        while left:
            if (table := left.pop()) not in found:
                found.add(table)
                left += self._children.get(table, ())
        return frozenset(found)

    def depth(self, table: Table) -> int:
        """0 for a table; of a view, how many views lie in it one behind the other, itself among them."""
        left, depth, seen = [folded(table)], 0, set[Table]()
        while left := [each for each in left if each in self._views and each not in seen]:
            seen |= {*left}
            depth += 1
            left = [shown for each in left for shown in self._shown(each)]
        return depth

    def _shown(self, view: Table) -> list[Table]:
        return [folded((bare(a), bare(b))) for a, b in _SHOWN.findall(self._views[view].text)]

    def named(self, name: str, schemas: Iterable[str]) -> list[Table]:
        """The tables and views of that name in some databases."""
        folded = {each.casefold() for each in schemas}
        return [each for each in self._named.get(name.casefold(), ()) if each[0].casefold() in folded]

    def mentioned(self, statement: str, database: str) -> list[Table]:
        """The tables and views that a statement may mean: any of a name that is in it."""
        names = {*names_in(statement)}
        schemas = {each[0] for each in self.relations if each[0].casefold() in names} | {database}
        return [each for name in names for each in self.named(name, schemas)]

    def inside(self, *databases: str) -> Touched:
        """All tables and views of databases: a right on one of them lets in."""
        schemas = frozenset(each.casefold() for each in databases)
        tables = frozenset(folded(each) for each in self.relations if each[0].casefold() in schemas)
        return Touched(tables, schemas=schemas)

    @cached_property
    def opened(self) -> Touched:
        """What the server opens to tell of everything there is: views, and what they show."""
        return self.touched(self._views, "", writes=False)

    @property
    def definers(self) -> frozenset[str]:
        """In whose names anything may be done."""
        triggers = [code for codes in self._triggers.values() for code in codes]
        routines = [code for codes in self._routines.values() for code in codes]
        codes = (*self._views.values(), *routines, *triggers)
        return (self.scheduled | {each.definer for each in codes}) - {""}


def catalogue_of(asked: "Cursor") -> Catalogue:
    """What a server holds, which is only read."""

    def rows(query: str) -> Iterator[tuple[str, ...]]:
        asked.execute(query)
        return (tuple(text_of(each) for each in row) for row in asked.fetchall())

    views = [Code(schema, name, definer, text or "") for schema, name, definer, text in rows(_VIEWS)]
    routines = [
        Code(schema, name, definer if int(as_definer) else "", text or "")
        for schema, name, definer, as_definer, text in rows(_ROUTINES)
    ]
    triggers: dict[Table, list[Code]] = {}
    for schema, table, name, definer, text in rows(_TRIGGERS):
        triggers.setdefault((schema, table), []).append(Code("", name, definer, text or ""))
    relations = [(schema, name) for schema, name in rows(_RELATIONS)]
    children = [((schema, parent), (within, child)) for schema, parent, within, child in rows(_CHILDREN)]
    scheduled = [definer for (definer,) in rows(_EVENTS)]
    return Catalogue(relations, views, routines, triggers, children=children, scheduled=scheduled)


def folded(table: Table) -> Table:
    """A name as names are compared."""
    return table[0].casefold(), table[1].casefold()
