"""Which changes of rights may matter to a past use of a PostgreSQL server."""

from collections.abc import Iterator, Sequence

from trapstreet.core.model.changes import MEMBERSHIP, PUBLIC, Change, Key
from trapstreet.plugins.changes._postgresql.behind import Touched
from trapstreet.plugins.changes._postgresql.catalogue import Catalogue, Oid


class Nearness:
    """Which changes matter to what: by table, schema, function, group and database."""

    def __init__(self, catalogue: Catalogue, changes: Sequence[Change], database: str) -> None:
        self._catalogue = catalogue
        self._on: dict[tuple[str, ...], list[Change]] = {}
        self._members: dict[str, list[Change]] = {}
        for each in changes:
            if each.kind == MEMBERSHIP:
                self._members.setdefault(each.of, []).append(each)
            elif each.database == database:
                self._on.setdefault(each.on[1:], []).append(each)

    def of(self, touched: Touched, acting: set[str]) -> frozenset[Key]:
        """The changes of rights that some roles may have used on what they touched."""
        holders = self._catalogue.groups_above(acting | touched.as_others)
        things: set[tuple[str, ...]] = {()}
        for oid in touched.relations:
            relation = self._catalogue.relations[oid]
            things |= {(relation.schema,), (relation.schema, relation.name)}
        for function in self._functions(touched.functions):
            things |= {(function[0],), function}
        near = {
            each.key
            for thing in things
            for each in self._on.get(thing, ())
            if each.of == PUBLIC or each.of in holders
        }
        near |= {each.key for role in holders for each in self._members.get(role, ())}
        return frozenset(near)

    def _functions(self, oids: frozenset[Oid]) -> Iterator[tuple[str, str]]:
        for oid in oids:
            function = self._catalogue.functions[oid]
            yield function.schema, function.signature
