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
_TABLE = re.compile(rf"(?:from|join) (?=\(*{_NAME}\.{_NAME}(?: {_NAME})?)")
_COLUMN = re.compile(rf"(?={_NAME}\.{_NAME})")


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
        found: dict[Table, dict[str, None]] = {}
        left, met = [view], {view}
        while left:
            for inner, columns in self._shown[left.pop()].items():
                found.setdefault(inner, {}).update(dict.fromkeys(columns))
                if inner in self._shown and inner not in met:
                    met.add(inner)
                    left.append(inner)
        return {table: tuple(columns) for table, columns in found.items()}


def shown_by(text: str, relations: Container[Table]) -> Shown:
    """The tables that a view's text names. A column behind a name that is no table's or alias' here, as that
    of a subquery, counts as one of each. Cost: the text's length, and for each table such columns."""
    found: dict[Table, dict[str, None]] = {}
    called: dict[str, set[Table]] = {}
    for names in _TABLE.findall(text):
        schema, name, alias = (_plain(each) for each in names)
        if (table := (schema, name)) in relations:
            found[table] = {}
            for each in (name, alias):
                called.setdefault(each, set()).add(table)
    of_any: dict[str, None] = {}
    for before, column in dict.fromkeys((_plain(one), _plain(other)) for one, other in _COLUMN.findall(text)):
        if before in called:
            for table in called[before]:
                found[table][column] = None
        elif (before, column) not in found:
            of_any[column] = None
    return {table: tuple(columns | of_any) for table, columns in found.items()}


def _plain(name: str) -> str:
    return name.replace("``", "`")
