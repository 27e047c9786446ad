"""MariaDB's statements taken apart by sqlglot.

It gets no value to see: each literal is a number or a text of ours, by which it is found again.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from trapstreet.core.model.access_events import Act
from trapstreet.events._mariadb_doubt import FREE
from trapstreet.events._mariadb_written import FIRST, as_written, place_of
from trapstreet.events.statements import Literal, Shape, Values

Table = tuple[str, str]

_OURS = re.compile(r"73[4-9]\d{7}|'v\d+'")
_QUERY = r"(?=[\s(]*(?:SELECT|WITH|INSERT|REPLACE|UPDATE|DELETE|VALUES)\b)"
_FORMAT = r"FORMAT\s*=\s*\w+"
_EXPLAINS = re.compile(
    rf"\s*(?:EXPLAIN|DESCRIBE|DESC)\s+(?:(?:EXTENDED|PARTITIONS|{_FORMAT})\s+)?{_QUERY}", re.IGNORECASE
)
_ANALYZES = re.compile(rf"\s*ANALYZE\s+(?:{_FORMAT}\s+)?{_QUERY}", re.IGNORECASE)
"""It runs the statement."""
_REPLACES = re.compile(r"([\s(]*)REPLACE\b(?!\s*\()", re.IGNORECASE)
_NAME = r"`(?:[^`]|``)+`|[\w$]+"
_BECOMES = re.compile(rf"\s*SET\s+ROLE\s+({_NAME}|'[^'\\]+'|\"[^\"\\]+\")\s*;?\s*$", re.IGNORECASE)
_ENTERS = re.compile(rf"\s*USE\s+({_NAME})\s*;?\s*$", re.IGNORECASE)
_LOOKS = re.compile(
    r"\s*(?:SHOW\s+(?:(?:FULL|EXTENDED|OPEN)\s+)?"
    r"(?:COLUMNS|FIELDS|INDEX|INDEXES|KEYS|TABLES|TABLE\s+STATUS|TRIGGERS|EVENTS|CREATE)\b"
    r"|(?:DESCRIBE|DESC|EXPLAIN)\s+(?:`|[\w$]))[^;]*;?\s*$",
    re.IGNORECASE,
)
"""It asks what a thing is, for which the server wants some right on it."""
_OWN = {"information_schema", "performance_schema", "mysql", "sys"}


def take(text: str, literals: Sequence[Literal]) -> tuple[Shape, ...]:
    """The shapes of a text's statements. Raises ValueError where the text cannot be parsed."""
    import logging

    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # else it shows each statement that it does not know

    marked = _marked(text, literals)
    if becomes := _BECOMES.match(marked):
        return (_role(becomes[1]),)
    if enters := _ENTERS.match(marked):
        name = enters[1].strip("`")
        used = f"USE {name if name.isidentifier() else enters[1]}"
        return (Shape(used, _digest(used), Act.READ),)
    if FREE.match(text):
        return (_SET,)
    explains, rest, more = _EXPLAINS.match(marked), marked, ""
    if not explains and _LOOKS.match(marked):
        written = as_written(text, literals, sqlglot.exp.Command())
        return (Shape(written, _digest(written), Act.READ) if written else Shape(),)
    for begins in (explains, _ANALYZES.match(marked)):
        if begins:
            rest, more = " " * begins.end() + rest[begins.end() :], "EXPLAIN "
    if replaces := _REPLACES.match(rest):  # by a word of the same length: literals are where they were
        rest, more = f"{replaces[1]}INSERT {rest[replaces.end() :]}", f"{more}REPLACE "
    try:
        statements = [each for each in sqlglot.parse(rest, dialect="mysql") if each is not None]
    except SqlglotError as error:
        raise ValueError("cannot be parsed") from error
    if len(statements) != 1:
        return tuple(_shape(each, literals, "") for each in statements)
    shape = _shape(statements[0], literals, as_written(text, literals, statements[0]))
    if more and shape.fingerprint:
        shape = replace(shape, fingerprint=_digest(more + shape.fingerprint))
    return (replace(shape, act=Act.EXPLAIN, values=()) if explains else shape,)


def _role(name: str) -> Shape:
    """SET ROLE, of which it counts which one it is; NONE in any case is none."""
    if name[0] in "'\"":
        name = f"`{name[1:-1].replace('`', '``')}`"
    text = f"SET ROLE {'NONE' if name.strip('`').upper() == 'NONE' else name}"
    return Shape(text, _digest(text), Act.BECOME)


def _marked(text: str, literals: Sequence[Literal]) -> str:
    parts, at = [], 0
    for n, each in enumerate(literals):
        parts.append(text[at : each.start])
        if each.text[0] in "'\"":
            parts.append(f"'v{n}'")
        else:
            parts.append(" " if each.text[0] in "-/#" else str(FIRST + n))
        at = each.end
    return "".join(parts) + text[at:]


def _shape(statement: Any, literals: Sequence[Literal], written: str) -> Shape:
    """written  the statement without its values, as somebody wrote it; "" where that is not known"""
    from sqlglot import exp

    if isinstance(statement, exp.Command):
        if str(statement.this).upper() == "CALL" and written:
            return Shape(written, _digest(written), Act.READ)
        return Shape()
    asks = statement.find(exp.Query, exp.Table, exp.Anonymous) is not None
    if isinstance(statement, exp.Set | exp.Use):
        return Shape() if asks and isinstance(statement, exp.Set) else _SET
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
    return Shape(written or text, _digest(text) if text else "", _act(statement), tables, values)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


_SET = Shape(fingerprint=_digest("SET"))


def _act(statement: Any) -> Act:
    from sqlglot import exp

    if isinstance(statement, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.TruncateTable):
        return Act.WRITE
    if isinstance(statement, exp.Create) and statement.kind == "TABLE" and statement.find(exp.Query):
        return Act.WRITE
    if isinstance(statement, exp.Create | exp.Alter | exp.Drop | exp.Analyze):
        return Act.EXPLAIN  # it takes rights, of others too perhaps, and reads nothing
    return Act.READ if isinstance(statement, exp.Query) else Act.OTHER


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
            places = [place_of(each) for each in constants]
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
        place = place_of(node)
        if isinstance(node.parent, exp.Limit | exp.Offset):
            return exp.Literal.number(1)
        whole = isinstance(node.parent, exp.Ordered | exp.Group | exp.DataTypeParam)
        if whole and place is not None and place < len(literals) and literals[place].text.isdigit():
            return exp.Literal.number(literals[place].text)
        return exp.Placeholder()

    text: str = statement.transform(without).sql(dialect="mysql", comments=False)
    return "" if _OURS.search(text) else text
