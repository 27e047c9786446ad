"""Who may select what in one PostgreSQL database, and as whom the views on the way read.

What only a server shows, and is so here: a view reads with its owner's rights, and what row security leaves
to its owner is what everybody sees through it; a `security_invoker` view reads with those of whoever asks,
also where another owner's view names it; a rule reads with the rights of the owner of what it is on.
"""

from collections.abc import Iterable, Iterator
from functools import cache

from trapstreet.core.model.rights import Bits, Grant
from trapstreet.plugins.permissions._postgresql_catalogue import (
    Column,
    Contents,
    Link,
    Oid,
    Relation,
)
from trapstreet.plugins.permissions._postgresql_roles import Roles
from trapstreet.plugins.permissions._postgresql_row_security import RowSecurity
from trapstreet.plugins.permissions._postgresql_views import Shows, Views

_VIEW, _COPY = "v", "m"


class Sight:
    """The schemas and relations of one database, as its roles see them.

    columns  those of each relation that are granted by themselves
    """

    def __init__(
        self,
        contents: Contents,
        columns: dict[Oid, list[Column]],
        views: Views,
        security: RowSecurity,
        roles: Roles,
    ) -> None:
        self.roles = roles
        self._relation = {each.oid: each for each in contents.relations}
        self._schema = {each.oid: each for each in contents.schemas}
        self._columns, self._views, self._security = columns, views, security
        self._working: dict[Oid, Bits] = {}
        self.seen_as = cache(self._seen_as)
        """What a role sees rows of by selecting from a relation: (relation, role)."""

    def relation(self, oid: Oid) -> Relation:
        """The one of that number."""
        return self._relation[oid]

    def uses(self, oid: Oid) -> tuple[Bits, Grant]:
        """Who may look into a schema, and by what."""
        schema = self._schema[oid]
        to = self.roles.given(schema.may_use) | self.roles.read_all | self.roles.write_all
        grant = Grant(f"USAGE on schema {schema.name}", to)
        return self.roles.has.arriving(to) | self.roles.superusers, grant

    def owns_schema(self, oid: Oid) -> Grant:
        """What lets the owner of a schema look into it after all."""
        schema = self._schema[oid]
        return Grant(
            f"owner of schema {schema.name}: can grant itself USAGE", self.roles.given([schema.owner])
        )

    def selects(self, relation: Relation) -> Bits:
        """Who may select from a whole relation, apart from superusers."""
        return self.roles.has.arriving(self.roles.given(relation.may_select) | self.roles.read_all)

    def works_for(self, oid: Oid) -> Bits:
        """For whom a relation shows what is in it, if they may select from it: a view asks for rights on what
        it reads, those of its owner or of whoever reads it."""
        relation = self._relation[oid]
        if relation.kind != _VIEW:
            return self.roles.everybody
        if oid not in self._working:
            self._working[oid] = 0  # a view that shows itself, through others, is read by nobody
            works = self.roles.everybody
            for inner in self._views.reads(oid):
                if inner in self._relation:
                    works &= self._reads_as(relation, inner) & self.works_for(inner)
            self._working[oid] = works
        return self._working[oid]

    def _reads_as(self, view: Relation, inner: Oid) -> Bits:
        """For whom a view may read what it names."""
        may = self.may_read(inner)
        if view.as_invoker:
            return may
        return self.roles.everybody if may & self.roles.given([view.owner]) else 0

    def reads(self, oid: Oid) -> Bits:
        """Who may select from a relation, or from columns of it, by its name."""
        relation = self._relation[oid]
        return self.may_read(oid) & self.uses(relation.schema)[0] & self.works_for(oid)

    def calling(self, calls: Iterable[Link]) -> dict[Oid, list[tuple[Relation, bool]]]:
        """Of each function that some views call: these, and the views that show them; with whether what it
        gave may lie in a materialized view among them."""
        called: dict[Oid, set[Oid]] = {}
        for each in calls:
            called.setdefault(each.outer, set()).add(each.inner)
        calling: dict[Oid, list[tuple[Relation, bool]]] = {}
        for relation in self._relation.values() if called else ():
            if relation.kind in (_VIEW, _COPY):
                within = [relation.oid, *self._views.shown_by(relation.oid)]
                filled = any(self._relation[each].kind == _COPY for each in within)
                for function in {function for each in within for function in called.get(each, ())}:
                    calling.setdefault(function, []).append((relation, filled))
        return calling

    def may_read(self, oid: Oid) -> Bits:
        """Who has a right to select from a relation, or from columns of it."""
        by_column = {each for column in self._columns.get(oid, ()) for each in column.may_select}
        return self.selects(self._relation[oid]) | self.roles.holding(by_column) | self.roles.superusers

    def leaves(self, inner: Oid, shows: Shows, readers: Bits) -> tuple[Bits, Bits]:
        """Which of some readers see rows of a relation through views that show it: surely, and perhaps.

        A materialized view has what its owner saw when it was last filled, which may be more than that one
        sees now.
        """
        sees = self._sees(inner)
        sure = perhaps = 0
        for oid in shows.by:
            view = self._relation[oid]
            if view.kind == _VIEW and view.as_invoker:
                sure |= readers & sees
            elif self.roles.given([view.owner]) & sees:
                sure |= readers
            elif view.kind == _COPY:
                perhaps |= readers
        return sure, perhaps & ~sure

    def _sees(self, oid: Oid) -> Bits:
        """For whom row security leaves any rows of a relation."""
        relation = self._relation[oid]
        if not relation.row_security:
            return self.roles.everybody
        return self._security.leaves(relation)

    def shown_to(self, oid: Oid, readers: Bits) -> Iterator[tuple[Oid, Bits]]:
        """What those among some readers who may select from a relation see rows of by it, and who does."""
        readers &= self.may_read(oid) & self.works_for(oid)
        yield oid, readers & self._sees(oid)
        for inner, shows in self._views.shown_by(oid).items():
            sure, perhaps = self.leaves(inner, shows, readers)
            yield inner, sure | perhaps

    def _seen_as(self, oid: Oid, role: Oid) -> tuple[Oid, ...]:
        who = self.roles.given([role])
        if oid not in self._relation or not who & self.may_read(oid) & self.works_for(oid):
            return ()
        own = [oid] if who & self._sees(oid) else []
        behind = self._views.shown_by(oid).items()
        own += [each for each, shows in behind if any(self.leaves(each, shows, who))]
        return tuple(dict.fromkeys(own))
