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
from trapstreet.plugins.permissions._postgresql_functions import by_functions
from trapstreet.plugins.permissions._postgresql_parts import of_parts
from trapstreet.plugins.permissions._postgresql_roles import Roles
from trapstreet.plugins.permissions._postgresql_row_security import RowSecurity
from trapstreet.plugins.permissions._postgresql_sight import Sight
from trapstreet.plugins.permissions._postgresql_statistics import Statistics
from trapstreet.plugins.permissions._postgresql_views import Shows, Views
from trapstreet.plugins.permissions._postgresql_writing import by_rules, by_triggers

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
        self._columns: dict[Oid, list[Column]] = {}
        for column in contents.columns:
            self._columns.setdefault(column.relation, []).append(column)
        self._security = RowSecurity(contents.policies, roles)
        self._views = Views(contents.relations, contents.views)
        self._statistics = Statistics(contents.samplers, roles)
        self._sight = Sight(contents, self._columns, self._views, self._security, roles)
        self.broken = [each for each in contents.relations if not self._sight.works_for(each.oid)]
        broken = {each.oid for each in self.broken}
        self.relations = [each for each in contents.relations if each.oid not in broken]
        self._number = {each.oid: first + n for n, each in enumerate(self.relations)}

    def __iter__(self) -> Iterator[Door]:
        whole: dict[int, list[Door]] = {}
        for relation in self.relations:
            own = [*self._own(relation)]
            yield from own
            for door in self._through(relation, own):
                yield door
                if door.resource is not None and door.how != How.PARENT:
                    whole.setdefault(door.resource, []).append(door)
            yield from self._by_statistics(relation)
        for by_code in (by_functions, by_rules):
            for door in by_code(self._contents, self._sight, number=self._number, enters=self._enters):
                yield door
                if door.resource is not None:
                    whole.setdefault(door.resource, []).append(door)
        yield from by_triggers(
            self._contents, self._sight, self._security, number=self._number, enters=self._enters
        )
        for oid in self._parts:
            if doors := whole.get(self._number.get(oid, -1)):
                relation = self._relation[oid]
                table = relation.called
                same = [*of_parts(doors, table, self._roles.everybody)]
                for part in self._parts_of(oid):
                    if part in self._number:
                        yield from (replace(each, resource=self._number[part]) for each in same)

    def _own(self, relation: Relation) -> Iterator[Door]:
        """Doors to a relation by its own name."""
        schema, grant = self._sight.uses(relation.schema)
        selects = self._sight.selects(relation)
        schema &= self._sight.works_for(relation.oid)
        what = relation.called
        for how, given in self._grants(relation, what):
            opens = self._roles.has.arriving(given.to) & schema
            by = (given,) if how == How.PRIVILEGE else (grant, given)
            yield from self._by_rows(relation, how, opens, by)
        yield from self._owned(relation, selects)
        yield from self._by_columns(relation, selects, schema, grant)

    def _owned(self, relation: Relation, selects: Bits) -> Iterator[Door]:
        """Doors of owners of a relation or of its schema who could give themselves what they miss."""
        roles, what = self._roles, f"owner of {relation.called}: can grant itself SELECT"
        uses, _ = self._sight.uses(relation.schema)
        owns_schema = self._sight.owns_schema(relation.schema)
        works = self._sight.works_for(relation.oid)
        select = Grant(f"SELECT on {relation.called}", roles.given(relation.may_select))
        owned = Grant(what, roles.given([relation.owner]))
        owns = roles.holding([relation.owner]) & ~selects & works
        schemas = roles.has.arriving(owns_schema.to) & ~uses & works
        for opens, grants in (
            (owns & uses, (owned,)),
            (owns & schemas, (owns_schema, owned)),
            (selects & schemas, (owns_schema, select)),
        ):
            if opens:
                yield Door(self._number[relation.oid], How.OWNER, opens, grants, self._enters, could=True)

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
            enters_schema=self._sight.uses(relation.schema)[0],
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
        if relation.kind in (_VIEW, _COPY):
            for inner, shows in self._views.shown_by(relation.oid).items():
                if inner in self._number:
                    yield from self._shown(inner, shows, relation, own)
        for part in self._parts_of(relation.oid):
            if part in self._number:
                for door in own:
                    if door.rows != Rows.NONE:
                        grants = (*door.grants, self._shows(relation, part))
                        yield replace(door, resource=self._number[part], how=How.PARENT, grants=grants)

    def _shown(self, inner: Oid, shows: Shows, by: Relation, own: list[Door]) -> Iterator[Door]:
        """The doors to a view as doors to a relation that it shows."""
        how = How.VIEW if by.kind == _VIEW else How.COPY
        beside = self._roles.everybody
        if by.as_invoker:  # who reads with rights of their own needs it where they may not use the schema
            beside &= ~self._sight.uses(self._relation[inner].schema)[0]
        for door in own:
            for opens, sure in zip(
                self._sight.leaves(inner, shows, door.opens & beside), (True, False), strict=True
            ):
                if opens and door.rows != Rows.NONE:
                    yield Door(
                        self._number[inner], how, opens, (*door.grants, self._shows(by, inner)), self._enters,
                        Rows.SHOWN, sure=sure, could=door.could, shows=shows.columns,
                    )  # fmt: skip

    def _shows(self, by: Relation, inner: Oid) -> Grant:
        return Grant(f"{by.called} shows {self._relation[inner].name}", self._roles.everybody)

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


def _linked(links: Iterable[Link]) -> dict[Oid, list[Oid]]:
    linked: dict[Oid, list[Oid]] = {}
    for each in links:
        linked.setdefault(each.outer, []).append(each.inner)
    return linked
