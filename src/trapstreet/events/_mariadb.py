"""MariaDB's statements taken apart by sqlglot.

It gets no value to see: each literal is a number or a text of ours, by which it is found again.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from trapstreet.core.model.access_events import Act
from trapstreet.events.statements import Literal, Shape, Values

Table = tuple[str, str]

_FIRST = 7_340_000_000
"""Numbers from here on stand for literals."""
_OURS = re.compile(r"73[4-9]\d{7}|'v\d+'")
_OWN = {"information_schema", "performance_schema", "mysql", "sys"}


def take(text: str, literals: Sequence[Literal]) -> tuple[Shape, ...]:
    """The shapes of a text's statements. Raises ValueError where the text cannot be parsed."""
    import logging

    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # else it shows each statement that it does not know

    try:
        statements = sqlglot.parse(_marked(text, literals), dialect="mysql")
        return tuple(_shape(each, literals) for each in statements if each is not None)
    except SqlglotError as error:
        raise ValueError("cannot be parsed") from error


def _marked(text: str, literals: Sequence[Literal]) -> str:
    parts, at = [], 0
    for n, each in enumerate(literals):
        parts.append(text[at : each.start])
        if each.text[0] in "'\"":
            parts.append(f"'v{n}'")
        else:
            parts.append(" " if each.text[0] in "-/#" else str(_FIRST + n))
        at = each.end
    return "".join(parts) + text[at:]


def _shape(statement: Any, literals: Sequence[Literal]) -> Shape:
    from sqlglot import exp

    if isinstance(statement, exp.Command | exp.Set | exp.Use):
        return Shape()
    common = {each.alias_or_name for each in statement.find_all(exp.CTE)}
    names: dict[Table, int] = {}
    for each in statement.find_all(exp.Table):
        if each.name and each.db not in _OWN and (each.db or each.name not in common):
            names[each.db, each.name] = names.get((each.db, each.name), 0) + 1
    tables = tuple(names)
    values = tuple(
        Values(tables.index(table), column, places)
        for (table, column), places in _equals(statement).items()
        if names.get(table) == 1
    )
    text = _masked(statement, literals)
    fingerprint = hashlib.blake2b(text.encode(), digest_size=8).hexdigest() if text else ""
    return Shape(text, fingerprint, _act(statement), tables, values)


def _act(statement: Any) -> Act:
    from sqlglot import exp

    if isinstance(statement, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.TruncateTable):
        return Act.WRITE
    return Act.READ if isinstance(statement, exp.Query) else Act.OTHER


def _place(node: Any) -> int | None:
    """Which of the statement's literals a node is."""
    from sqlglot import exp

    if not isinstance(node, exp.Literal):
        return None
    text = node.this[1:] if node.is_string else node.this
    if not text.isdigit() or (node.is_string and node.this[:1] != "v"):
        return None
    return int(text) if node.is_string else int(text) - _FIRST


def _equals(statement: Any) -> dict[tuple[Table, str], tuple[int, ...]]:
    """The columns that a WHERE holds to some literals, where one table alone is asked."""
    from sqlglot import exp

    found: dict[tuple[Table, str], tuple[int, ...]] = {}
    for where in statement.find_all(exp.Where):
        asked = where.parent
        tables = [
            each for each in asked.find_all(exp.Table) if each.find_ancestor(exp.Query, type(asked)) is asked
        ]
        by_name = {each.alias_or_name: (each.db, each.name) for each in tables}
        for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
            inner = condition.unnest()
            if isinstance(inner, exp.EQ):
                sides = inner.left, inner.right
                column, given = sides if isinstance(inner.left, exp.Column) else sides[::-1]
                constants = [given]
            elif isinstance(inner, exp.In) and inner.expressions:
                column, constants = inner.this, inner.expressions
            else:
                continue
            places = [_place(each) for each in constants]
            if not isinstance(column, exp.Column) or None in places:
                continue
            table = by_name.get(column.table) if column.table else None
            if not column.table and len(by_name) == 1:
                (table,) = by_name.values()
            if table is not None:
                found[table, column.name] = tuple(each for each in places if each is not None)
    return found


def _masked(statement: Any, literals: Sequence[Literal]) -> str:
    """The statement with ? for every value, but 1 in LIMIT; "" where one might be left."""
    from sqlglot import exp

    def without(node: Any) -> Any:
        if not isinstance(node, exp.Literal):
            return node
        place = _place(node)
        if isinstance(node.parent, exp.Limit | exp.Offset):
            return exp.Literal.number(1)
        whole = isinstance(node.parent, exp.Ordered | exp.Group | exp.DataTypeParam)
        if whole and place is not None and place < len(literals) and literals[place].text.isdigit():
            return exp.Literal.number(literals[place].text)
        return exp.Placeholder()

    text: str = statement.transform(without).sql(dialect="mysql", comments=False)
    return "" if _OURS.search(text) else text
