"""The doors to the tables of one PostgreSQL database (PostgreSQL's manual, 5.8 Privileges, 5.9 Row Security
Policies, 21 Database Roles, 41.5 Rules and Privileges).

What only a server shows, and is so here: row security does not hold for owners, whoever has BYPASSRLS, and
materialized views; a view reads with its owner's rights and asks for no right on the schemas below it; the
parts of a table are read through it with the rights on it alone; membership of pg_read_all_data opens tables
and schemas but passes no row security.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins.permissions._postgresql_catalogue import (
    PUBLIC,
    Column,
    Contents,
    Link,
    Oid,
    Relation,
)
from trapstreet.plugins.permissions._postgresql_functions import Texts
from trapstreet.plugins.permissions._postgresql_parts import of_parts
from trapstreet.plugins.permissions._postgresql_roles import Roles
from trapstreet.plugins.permissions._postgresql_row_security import RowSecurity
from trapstreet.plugins.permissions._postgresql_statistics import Statistics
from trapstreet.plugins.permissions._postgresql_views import Named, Views

_VIEW, _COPY = "v", "m"


class Doors:
    """The doors of one database.

    first   the number of its first relation among the resources;  enters  who may connect to it
    Then: `relations` in the order of their numbers, and `broken`: views that nobody can read, since their
    owners may not read what they show.
    """

    def __init__(self, contents: Contents, roles: Roles, *, first: int, enters: Bits) -> None:
        self._contents, self._roles, self._enters = contents, roles, enters
        self._relation = {each.oid: each for each in contents.relations}
        self._schema = {each.oid: each for each in contents.schemas}
        self._columns: dict[Oid, list[Column]] = {}
        for column in contents.columns:
            self._columns.setdefault(column.relation, []).append(column)
        self._security = RowSecurity(contents.policies, roles)
        self._views = Views(contents.relations, contents.views)
        self._statistics = Statistics(contents.samplers, roles)
        self._working: dict[Oid, Bits] = {}
        self._as_whom: dict[tuple[Oid, Oid], tuple[Oid, ...]] = {}
        self.broken = [each for each in contents.relations if not self._works_for(each.oid)]
        broken = {each.oid for each in self.broken}
        self.relations = [each for each in contents.relations if each.oid not in broken]
        self._number = {each.oid: first + n for n, each in enumerate(self.relations)}

    def __iter__(self) -> Iterator[Door]:
        by_views: dict[int | None, list[Door]] = {}
        for relation in self.relations:
            own = [*self._own(relation)]
            yield from own
            for door in self._through(relation, own):
                yield door
                if door.how != How.PARENT:
                    by_views.setdefault(door.resource, []).append(door)
            yield from self._by_statistics(relation)
        for oid in self._parts:
            if doors := by_views.get(self._number.get(oid)):
                relation = self._relation[oid]
                table = f"{KINDS[relation.kind]} {relation.name}"
                same = [*of_parts(doors, table, self._roles.everybody)]
                for part in self._parts_of(oid):
                    if part in self._number:
                        yield from (replace(each, resource=self._number[part]) for each in same)
        yield from self._functions()

    def _own(self, relation: Relation) -> Iterator[Door]:
        """Doors to a relation by its own name."""
        schema, grant = self._uses(relation.schema)
        selects = self._selects(relation)
        schema &= self._works_for(relation.oid)
        what = f"{KINDS[relation.kind]} {relation.name}"
        for how, given in self._grants(relation, what):
            opens = self._roles.has.arriving(given.to) & schema
            by = (given,) if how == How.PRIVILEGE else (grant, given)
            yield from self._by_rows(relation, how, opens, by)
        owner = self._roles.holding([relation.owner])
        if could := owner & ~(selects & schema):
            to = self._roles.given([relation.owner])
            owns = Grant(f"owner of {what}: can grant itself SELECT", to)
            yield Door(self._number[relation.oid], How.OWNER, could, (owns,), self._enters, could=True)
        yield from self._by_columns(relation, selects, schema, grant)

    def _uses(self, oid: Oid) -> tuple[Bits, Grant]:
        """Who may look into a schema, and by what."""
        schema = self._schema[oid]
        to = self._roles.given(schema.may_use) | self._roles.read_all
        return self._roles.has.arriving(to) | self._roles.superusers, Grant(
            f"USAGE on schema {schema.name}", to
        )

    def _selects(self, relation: Relation) -> Bits:
        """Who may select from a whole relation, apart from superusers."""
        return self._roles.has.arriving(self._roles.given(relation.may_select) | self._roles.read_all)

    def _grants(self, relation: Relation, what: str) -> Iterator[tuple[How, Grant]]:
        """What lets people select from a whole relation: everybody's right before the rights of some."""
        named = self._roles.given([each for each in relation.may_select if each != PUBLIC])
        if PUBLIC in relation.may_select:
            yield How.GRANT, Grant(f"SELECT on {what} to PUBLIC", self._roles.everybody)
            if owner := named & self._roles.given([relation.owner]):
                yield How.OWNER, Grant(f"owner of {what}", owner)
        if named:
            yield How.GRANT, Grant(f"SELECT on {what}", named)
        if self._roles.read_all:
            yield How.PRIVILEGE, self._roles.reads_all

    def _by_rows(
        self,
        relation: Relation,
        how: How,
        opens: Bits,
        grants: tuple[Grant, ...],
        columns: tuple[str, ...] = (),
    ) -> Iterator[Door]:
        """A door for those who see all rows, and one for those whom row security leaves some."""
        number = self._number[relation.oid]
        for rows, bits in self._security.rows(relation, opens):
            if bits:
                yield Door(number, how, bits, grants, self._enters, rows, columns)

    def _by_statistics(self, relation: Relation) -> Iterator[Door]:
        """Doors to those of its values that the server keeps apart."""
        if relation.kind == _VIEW:
            return
        ways = self._statistics.of(
            relation,
            self._columns.get(relation.oid, ()),
            enters_schema=self._uses(relation.schema)[0],
            free=self._security.free(relation),
        )
        for opens, grant, columns in ways:
            yield Door(
                self._number[relation.oid], How.STATISTICS, opens, (grant,), self._enters, Rows.SHOWN,
                columns, sure=False,
            )  # fmt: skip

    def _by_columns(self, relation: Relation, selects: Bits, schema: Bits, grant: Grant) -> Iterator[Door]:
        """Doors to those columns that are granted by themselves."""
        together: dict[tuple[Oid, ...], list[str]] = {}
        for column in self._columns.get(relation.oid, ()):
            if column.may_select:
                together.setdefault(tuple(sorted(column.may_select)), []).append(column.name)
        for oids, names in together.items():
            opens = self._roles.holding(oids) & schema & ~selects
            given = Grant(f"SELECT ({', '.join(names)}) on {relation.name}", self._roles.given(oids))
            yield from self._by_rows(relation, How.COLUMNS, opens, (grant, given), tuple(names))

    def _through(self, relation: Relation, own: list[Door]) -> Iterator[Door]:
        """Doors to what a view, a materialized view or a parent table shows of others."""
        if relation.kind in (_VIEW, _COPY) and not relation.as_invoker:
            how = How.VIEW if relation.kind == _VIEW else How.COPY
            for inner, named in self._views.shown_by(relation.oid).items():
                if inner in self._number:
                    yield from self._as(inner, how, Rows.SHOWN, relation, own, named=named)
        for part in self._parts_of(relation.oid):
            if part in self._number:
                for door in own:
                    yield from self._as(part, How.PARENT, door.rows, relation, [door])

    def _as(
        self, inner: Oid, how: How, rows: Rows, by: Relation, own: list[Door], *, named: Named = None
    ) -> Iterator[Door]:
        """The doors to one relation as doors to another one that it shows."""
        shown = Grant(f"{KINDS[by.kind]} {by.name} shows {self._relation[inner].name}", self._roles.everybody)
        for door in own:
            if door.rows != Rows.NONE:
                yield Door(
                    self._number[inner], how, door.opens, (*door.grants, shown), self._enters, rows,
                    () if how != How.PARENT else door.columns, could=door.could, shows=named,
                )  # fmt: skip

    def _works_for(self, oid: Oid) -> Bits:
        """As whom a relation shows what is in it, where it may be selected from: a view asks for rights on
        what it reads, those of its owner or of whoever reads it."""
        relation = self._relation[oid]
        if relation.kind != _VIEW:
            return self._roles.everybody
        if oid not in self._working:
            self._working[oid] = 0  # a view that shows itself, through others, is read by nobody
            works = self._roles.everybody
            for inner in self._views.reads(oid):
                if inner in self._relation:
                    works &= (self._may_read(inner) | self._roles.superusers) & self._works_for(inner)
            if not relation.as_invoker:
                works = self._roles.everybody if works & self._roles.given([relation.owner]) else 0
            self._working[oid] = works
        return self._working[oid]

    def _may_read(self, oid: Oid) -> Bits:
        by_column = {each for column in self._columns.get(oid, ()) for each in column.may_select}
        return self._selects(self._relation[oid]) | self._roles.holding(by_column)

    @cached_property
    def _parts(self) -> dict[Oid, list[Oid]]:
        return _linked(self._contents.parts)

    def _parts_of(self, oid: Oid) -> Iterator[Oid]:
        left, seen = [oid], {oid}
        while left:
            for part in self._parts.get(left.pop(), ()):
                if part not in seen:
                    seen.add(part)
                    left.append(part)
                    yield part

    def _functions(self) -> Iterator[Door]:
        """Functions that run as their owners may show what their texts name, if the owners may read it."""
        texts = Texts(self._contents.functions, self.relations, self._contents.schemas)
        for function in self._contents.functions:
            schema, grant = self._uses(function.schema)
            opens = self._roles.holding(function.may_execute) & schema
            if not function.as_owner or not opens:
                continue
            given = Grant(
                f"EXECUTE on function {function.name}, which runs as {self._roles.name(function.owner)}",
                self._roles.given(function.may_execute),
            )
            read = (oid for each in texts.shown_by(function) for oid in self._read_as(*each))
            for oid in dict.fromkeys(read):
                yield Door(
                    self._number[oid], How.FUNCTION, opens, (grant, given), self._enters, Rows.SHOWN,
                    sure=False,
                )  # fmt: skip

    def _read_as(self, oid: Oid, runs_as: Oid) -> tuple[Oid, ...]:
        """A relation, if a role may read it, and what lies behind: what a view shows, a table's parts."""
        if (oid, runs_as) not in self._as_whom:
            may = 0
            if oid in self._number:
                may = (self._may_read(oid) | self._roles.superusers) & self._works_for(oid)
            found: tuple[Oid, ...] = ()
            if self._roles.given([runs_as]) & may:
                whole = [oid, *self._views.shown_by(oid)]
                behind = dict.fromkeys([*whole, *(part for each in whole for part in self._parts_of(each))])
                found = tuple(each for each in behind if each in self._number)
            self._as_whom[oid, runs_as] = found
        return self._as_whom[oid, runs_as]


KINDS = {"r": "table", "p": "table", "f": "foreign table", "v": "view", "m": "materialized view"}
"""What the kinds of relations are called."""


def _linked(links: Iterable[Link]) -> dict[Oid, list[Oid]]:
    linked: dict[Oid, list[Oid]] = {}
    for each in links:
        linked.setdefault(each.outer, []).append(each.inner)
    return linked
