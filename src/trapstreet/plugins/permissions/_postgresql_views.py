"""What the views and materialized views of one PostgreSQL database show, through further ones.

What only a server shows, and is so here: the server itself keeps which columns a view's text names, those of
its conditions among them, but not that it takes a row as a whole, which `row_to_json(customers)` does.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from trapstreet.plugins.permissions._postgresql_catalogue import Oid, Relation, Shown

Named = tuple[str, ...] | None
"""Columns that are named, () for none; None: rows are taken as a whole."""

_COPY, _VIEWS = "m", ("v", "m")


class Shows(NamedTuple):
    """What is seen of a relation through views.

    columns  those that any of them names
    by       the views as whose owner it is read; one that reads as whoever asks stands for that one
    """

    columns: Named
    by: frozenset[Oid]


class Views:
    """Those among some relations, with what each reads."""

    def __init__(self, relations: Iterable[Relation], shown: Iterable[Shown]) -> None:
        self._relations = {each.oid: each for each in relations}
        self._reads: dict[Oid, list[Shown]] = {}
        for each in shown:
            self._reads.setdefault(each.outer, []).append(each)

    def reads(self, view: Oid) -> Iterator[Oid]:
        """The relations that a view itself names."""
        return (each.inner for each in self._reads.get(view, ()))

    def shown_by(self, view: Oid) -> dict[Oid, Shows]:
        """All that a view shows, through further ones, with the columns that any of these names. Which of
        them an outer view leaves out is not asked."""
        shown: dict[Oid, Shows] = {}
        start = view, self._filled(view, None)
        left, met = [start], {start}
        while left:
            outer, copy = left.pop()
            by = copy if copy is not None and self._asks(outer) else outer
            for each in self._reads.get(outer, ()):
                if each.inner == view or each.inner not in self._relations:
                    continue
                before = shown.get(each.inner, Shows((), frozenset()))
                shown[each.inner] = Shows(together(before.columns, each.columns), before.by | {by})
                further = each.inner, self._filled(each.inner, copy)
                if self._relations[each.inner].kind in _VIEWS and further not in met:
                    met.add(further)
                    left.append(further)
        return shown

    def _filled(self, oid: Oid, above: Oid | None) -> Oid | None:
        """The materialized view that something is read for, when that is filled; None: for who asks."""
        return oid if oid in self._relations and self._relations[oid].kind == _COPY else above

    def _asks(self, oid: Oid) -> bool:
        """Whether a view reads as whoever asks."""
        return oid in self._relations and self._relations[oid].as_invoker


def together(some: Named, more: Iterable[str] | None) -> Named:
    """The columns of both, in their order."""
    return None if some is None or more is None else tuple(dict.fromkeys([*some, *more]))
