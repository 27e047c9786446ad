"""What a MariaDB server holds, as far as a replay has to know it: what lies behind names in a statement.

A view is what it shows; a table that is written to is its triggers, too. What routines and triggers do, the
server looks into when it runs them: it is taken from their texts, whatever that names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from trapstreet.core.model.changes import MEMBERSHIP, Change, Key
from trapstreet.plugins._mariadb_patterns import fits_in_any_case
from trapstreet.plugins.changes._mariadb.copying import text_of
from trapstreet.plugins.changes._mariadb.rights import EVERYTHING
from trapstreet.plugins.changes._mariadb.standing import Standing, Table

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
_NAMES = re.compile(r"`((?:[^`]|``)+)`|([\w$]+)")
_SHOWN = re.compile(r"`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`")
_CALLED = re.compile(r"(?:`((?:[^`]|``)+)`|([\w$]+))\s*\(")
_CALLS = re.compile(
    r"\s*CALL\s+(?:[\w$]+|`(?:[^`]|``)+`)(?:\s*\.\s*(?:[\w$]+|`(?:[^`]|``)+`))?", re.IGNORECASE
)


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
    """

    tables: frozenset[Table] = frozenset()
    routines: frozenset[Table] = frozenset()
    schemas: frozenset[str] = frozenset()
    definers: frozenset[str] = frozenset()
    unseen: str = ""


class Catalogue:
    """The databases of one server as they were when the replay began; names are compared without case."""

    def __init__(
        self,
        relations: Iterable[Table],
        views: Iterable[Code],
        routines: Iterable[Code],
        triggers: Mapping[Table, Sequence[Code]],
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

    def touched(self, named: Iterable[Table], statement: str, *, writes: bool) -> Touched:
        """What lies behind tables and the routines that a statement calls.

        writes  whether triggers are run
        """
        calls = [each for name in _called(statement) for each in self._routines.get(name, ())]
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
                    for name in dict.fromkeys(_names(code.text)):
                        left += map(folded, self._named.get(name, ()))
                        more += self._routines.get(name, ())
            elif (table := left.pop()) not in tables:
                tables.add(table)
                more += self._triggers.get(table, ()) if writes else ()
                if view := self._views.get(table):
                    left += self._shown(table)
                    more += [each for name in _called(view.text) for each in self._routines.get(name, ())]
        return tables, codes

    def depth(self, table: Table) -> int:
        """0 for a table; of a view, how many views lie in it one behind the other, itself among them."""
        left, depth, seen = [folded(table)], 0, set[Table]()
        while left := [each for each in left if each in self._views and each not in seen]:
            seen |= {*left}
            depth += 1
            left = [shown for each in left for shown in self._shown(each)]
        return depth

    def _shown(self, view: Table) -> list[Table]:
        return [folded((_bare(a), _bare(b))) for a, b in _SHOWN.findall(self._views[view].text)]

    def named(self, name: str, schemas: Iterable[str]) -> list[Table]:
        """The tables and views of that name in some databases."""
        folded = {each.casefold() for each in schemas}
        return [each for each in self._named.get(name.casefold(), ()) if each[0].casefold() in folded]

    def mentioned(self, statement: str, database: str) -> list[Table]:
        """The tables and views that a statement may mean: any of a name that is in it."""
        names = {*_names(statement)}
        schemas = {each[0] for each in self.relations if each[0].casefold() in names} | {database}
        return [each for name in names for each in self.named(name, schemas)]

    def inside(self, database: str) -> Touched:
        """All tables and views of a database: a right on one of them lets in."""
        schema = database.casefold()
        tables = frozenset(folded(each) for each in self.relations if each[0].casefold() == schema)
        return Touched(tables, schemas=frozenset({schema}))

    @property
    def definers(self) -> frozenset[str]:
        """In whose names anything may be done."""
        triggers = [code for codes in self._triggers.values() for code in codes]
        routines = [code for codes in self._routines.values() for code in codes]
        return frozenset(each.definer for each in (*self._views.values(), *routines, *triggers)) - {""}


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
    return Catalogue(relations, views, routines, triggers)


class Nearness:
    """Which changes may matter to what: by who holds the rights, and on what."""

    def __init__(self, changes: Sequence[Change], there: Standing) -> None:
        self._there = there
        self._of: dict[str, list[Change]] = {}
        for each in changes:
            self._of.setdefault(each.of, []).append(each)

    def of(self, acting: Iterable[str], touched: Touched, database: str) -> frozenset[Key]:
        """Those of rights that some may have used on what was touched.

        database  in which they were
        """
        schemas = touched.schemas | {database.casefold()}
        return frozenset(
            each.key
            for holder in self._there.above({*acting, *touched.definers})
            for each in self._of.get(holder, ())
            if _is_about(each, touched, schemas)
        )

    def of_all(self, acting: Iterable[str]) -> frozenset[Key]:
        """Those of all rights that some may have used."""
        return frozenset(
            each.key for holder in self._there.above(acting) for each in self._of.get(holder, ())
        )


def _is_about(change: Change, touched: Touched, schemas: Iterable[str]) -> bool:
    if change.kind == MEMBERSHIP or change.on == EVERYTHING:
        return True
    if len(change.on) == 1:
        return any(fits_in_any_case(change.database, each) for each in schemas)
    thing = folded((change.on[0], change.on[1]))
    return thing in touched.tables or thing in touched.routines


def folded(table: Table) -> Table:
    """A name as names are compared."""
    return table[0].casefold(), table[1].casefold()


def _bare(quoted: str) -> str:
    return quoted.replace("``", "`")


def _names(text: str) -> Iterator[str]:
    """Every name and word in a text, folded."""
    return ((_bare(quoted) or bare).casefold() for quoted, bare in _NAMES.findall(text))


def _called(text: str) -> Iterator[str]:
    """Names in a text that something may be called by, folded."""
    for quoted, bare in _CALLED.findall(text):
        yield (_bare(quoted) or bare).casefold()
    if calls := _CALLS.match(text):
        yield from _names(calls[0])
