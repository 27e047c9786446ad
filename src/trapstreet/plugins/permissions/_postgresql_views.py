"""What the views and materialized views of one PostgreSQL database show, through further ones.

What only a server shows, and is so here: the server itself keeps which columns a view's text names, those of
its conditions among them, but not that it takes a row as a whole, which `row_to_json(customers)` does.
"""

from collections.abc import Iterable, Iterator

from trapstreet.plugins.permissions._postgresql_catalogue import Oid, Relation, Shown

Named = tuple[str, ...] | None
"""Columns that are named, () for none; None: rows are taken as a whole."""

_VIEWS = ("v", "m")


class Views:
    """Those among some relations, with what each reads."""

    def __init__(self, relations: Iterable[Relation], shown: Iterable[Shown]) -> None:
        self._kinds = {each.oid: each.kind for each in relations}
        self._reads: dict[Oid, list[Shown]] = {}
        for each in shown:
            self._reads.setdefault(each.outer, []).append(each)

    def reads(self, view: Oid) -> Iterator[Oid]:
        """The relations that a view itself names."""
        return (each.inner for each in self._reads.get(view, ()))

    def shown_by(self, view: Oid) -> dict[Oid, Named]:
        """All that a view shows, through further ones, with the columns that any of these names. Which of
        them an outer view leaves out is not asked."""
        shown: dict[Oid, Named] = {}
        left, met = [view], {view}
        while left:
            for each in self._reads.get(left.pop(), ()):
                kind = self._kinds.get(each.inner)
                if kind is None or each.inner == view:
                    continue
                shown[each.inner] = together(shown.get(each.inner, ()), each.columns)
                if kind in _VIEWS and each.inner not in met:
                    met.add(each.inner)
                    left.append(each.inner)
        return shown


def together(some: Named, more: Iterable[str] | None) -> Named:
    """The columns of both, in their order."""
    return None if some is None or more is None else tuple(dict.fromkeys([*some, *more]))
