"""What the views of MariaDB show, by their texts as the server writes them, and through further views.

What only a server shows, and is so here: it writes each table with its database, each column behind its table
or the alias of that, and for `*` the columns that it stood for.
"""

import re
from collections.abc import Container, Iterable

from trapstreet.plugins.permissions._mariadb_contents import Table, View

Shown = dict[Table, tuple[str, ...]]
"""Tables and views, with the columns of each that are named, those of conditions among them."""

_NAME = "`((?:[^`]|``){1,256})`"
"""No name, and no alias, is longer: what stands in a literal cannot keep this busy."""
_PAIR = re.compile(rf"(?={_NAME}\.{_NAME})")
_ALIAS = re.compile(rf"(?={_NAME}\.{_NAME} {_NAME})")


class Views:
    """Some views.  relations: all the tables and views that there are"""

    def __init__(self, views: Iterable[View], relations: Container[Table]) -> None:
        self._shown = {(each.schema, each.name): shown_by(each.text or "", relations) for each in views}

    def shown_by(self, view: Table) -> Shown:
        """What a view's own text names."""
        return self._shown[view]

    def all_shown_by(self, view: Table) -> Shown:
        """All that a view shows, through further ones, with the columns that any of these names. Which of
        them an outer view leaves out is not asked."""
        found: Shown = {}
        left, met = [view], {view}
        while left:
            for inner, columns in self._shown[left.pop()].items():
                found[inner] = _together(found.get(inner, ()), columns)
                if inner in self._shown and inner not in met:
                    met.add(inner)
                    left.append(inner)
        return found


def shown_by(text: str, relations: Container[Table]) -> Shown:
    """The tables that a view's text names. A column behind a name that is no table's or alias' here, as that
    of a subquery, counts as one of each."""
    pairs = [(_plain(one), _plain(other)) for one, other in _PAIR.findall(text)]
    found: Shown = {each: () for each in pairs if each in relations}
    called: dict[str, list[Table]] = {}
    for table in found:
        called.setdefault(table[1], []).append(table)
    for schema, name, alias in _ALIAS.findall(text):
        if (table := (_plain(schema), _plain(name))) in found:
            called.setdefault(_plain(alias), []).append(table)
    for before, column in dict.fromkeys(pairs):
        if before in called or (before, column) not in found:
            for table in called.get(before, found):
                found[table] = _together(found[table], (column,))
    return found


def _together(some: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*some, *more]))


def _plain(name: str) -> str:
    return name.replace("``", "`")
