"""PostgreSQL's statements taken apart by its own parser."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.access_events import Act
from trapstreet.events._postgresql_literals import Constant, Literals
from trapstreet.events._postgresql_masked import below, masked
from trapstreet.events.statements import Literal, Shape, Values

if TYPE_CHECKING:
    from pglast import ast

Table = tuple[str, str]
Found = dict[tuple[Table, str], tuple[Constant, ...]]
"""By table and column: what the column is one of."""

_WRITES = {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "TruncateStmt"}
_BECOMES = ("role", "session_authorization")
_READS = {"SelectStmt", "DeclareCursorStmt", "CreateTableAsStmt", "PrepareStmt", "CallStmt"}
_ASKS_NOTHING = {
    "TransactionStmt", "VariableSetStmt", "VariableShowStmt", "DiscardStmt", "DeallocateStmt", "ListenStmt",
    "NotifyStmt", "UnlistenStmt", "FetchStmt", "ClosePortalStmt", "ConstraintsSetStmt", "ExecuteStmt",
}  # fmt: skip
_CATALOGUE = "pg_"
_INNER = 0
"""pglast.enums.JoinType.JOIN_INNER: a condition of an outer join leaves rows in."""


def take(text: str, literals: Sequence[Literal]) -> tuple[Shape, ...]:
    """The shapes of a text's statements. Raises ValueError where the text cannot be parsed."""
    from pglast import parser

    try:
        statements = parser.parse_sql(text)
        data, known = text.encode(), Literals(text, literals)
        return tuple(_shape(each, data, known) for each in statements)
    except (parser.ParseError, AttributeError, TypeError, KeyError, NotImplementedError) as error:
        raise ValueError("cannot be parsed") from error


def _shape(statement: "ast.RawStmt", data: bytes, literals: Literals) -> Shape:
    from pglast import parser

    start = statement.stmt_location or 0
    end = start + (statement.stmt_len or len(data) - start)
    node: Any = statement.stmt
    tables = _Tables(node, literals)
    named = tuple(tables.names)
    values = tuple(
        Values(
            named.index(table), column,
            tuple(each.literal for each in constants if not each.parameter),
            tuple(each.parameter for each in constants if each.parameter),
            any(each.array for each in constants),
        )
        for (table, column), constants in tables.values()
    )  # fmt: skip
    act = _act(node)
    text = masked(node)
    fingerprint: str = parser.fingerprint(data[start:end].decode())
    if act == Act.BECOME:  # which role it is, a fingerprint does not tell
        fingerprint = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return Shape(text, fingerprint, act, named, values)


def _act(node: Any) -> Act:
    kind = type(node).__name__
    if kind == "ExplainStmt":
        return _act(node.query) if _analyzes(node) else Act.EXPLAIN
    if kind == "CopyStmt":
        return Act.WRITE if node.is_from else Act.READ
    if kind in _WRITES:
        return Act.WRITE
    if kind == "VariableSetStmt" and node.name in _BECOMES and node.args:
        return Act.BECOME
    if kind in _READS:
        return Act.READ
    return Act.OTHER if kind in _ASKS_NOTHING else Act.MANAGE


def _analyzes(node: Any) -> bool:
    """Whether an EXPLAIN runs the statement."""
    given = [each.arg for each in node.options or () if each.defname == "analyze"]
    if not given:
        return False
    value = given[-1]  # None: ANALYZE alone
    said = getattr(value, "sval", getattr(value, "ival", getattr(value, "boolval", True)))
    return str(said).lower() not in ("false", "off", "0", "no")


class _Tables:
    """The tables that a statement names, and the constants that say which of their rows it is after."""

    def __init__(self, statement: Any, literals: Literals) -> None:
        self._literals = literals
        self.names: dict[Table, int] = {}
        self._found: dict[Table, list[Found]] = {}
        self._common = {each.ctename for each in below(statement, "CommonTableExpr")}
        self._visit(statement, {})

    def values(self) -> Iterator[tuple[tuple[Table, str], tuple[Constant, ...]]]:
        """By table and column; only where every mention of the table says so."""
        for table, mentions in self.names.items():
            found = self._found.get(table, [])
            if len(found) != mentions:
                continue
            for at in found[0]:
                if all(at in each for each in found):
                    yield at, tuple(constant for each in found for constant in each[at])

    def _visit(self, node: Any, scope: Found) -> None:
        """Count the tables below a node; a statement's own conditions hold for the tables of its FROM."""
        if isinstance(node, tuple):
            for each in node:
                self._visit(each, scope)
            return
        kind = type(node).__name__
        if kind == "RangeVar":
            self._mention(node, scope)
            return
        if kind in ("SelectStmt", "UpdateStmt", "DeleteStmt"):
            scope = self._conditions(node)
        elif kind == "InsertStmt":
            scope = {}
        elif not hasattr(node, "__slots__") or isinstance(node, str):
            return
        for name in node:
            value = getattr(node, name)
            if isinstance(value, tuple) or (value is not None and hasattr(value, "__slots__")):
                self._visit(value, scope)

    def _mention(self, node: Any, scope: Found) -> None:
        if (table := self._table(node)) is None:
            return
        self.names[table] = self.names.get(table, 0) + 1
        own = {at: constants for at, constants in scope.items() if at[0] == table}
        if own:
            self._found.setdefault(table, []).append(own)

    def _table(self, node: Any) -> Table | None:
        schema = node.schemaname or ""
        if not schema and node.relname in self._common:
            return None
        if schema in ("pg_catalog", "information_schema") or (
            not schema and node.relname.startswith(_CATALOGUE)
        ):
            return None
        return schema, node.relname

    def _conditions(self, node: Any) -> Found:
        """What a statement's WHERE and inner joins say of its own tables."""
        sources = getattr(node, "fromClause", None) or getattr(node, "usingClause", None) or ()
        own = getattr(node, "relation", None)
        tables: dict[str, Table | None] = {}
        conditions = [getattr(node, "whereClause", None)]
        waiting = [*sources, *([own] if own is not None else [])]
        twice = set()
        while waiting:
            each = waiting.pop()
            kind = type(each).__name__
            if kind == "JoinExpr":
                waiting += [each.larg, each.rarg]
                if int(each.jointype) == _INNER:
                    conditions.append(each.quals)
            elif kind == "RangeVar":
                table = self._table(each)
                if table in tables.values():
                    twice.add(table)
                tables[each.alias.aliasname if each.alias else each.relname] = table
            else:
                tables[f"\0{len(tables)}"] = None
        found: Found = {}
        for each in conditions:
            found |= self._equal(each, tables) if each is not None else {}
        return {at: constants for at, constants in found.items() if at[0] not in twice}

    def _equal(self, node: Any, tables: dict[str, Table | None]) -> Found:
        """The columns that a condition holds to some constants."""
        if type(node).__name__ != "BoolExpr":
            return self._compared(node, tables)
        parts = [self._equal(each, tables) for each in node.args]
        if node.boolop.name == "AND_EXPR":
            return {at: constants for part in reversed(parts) for at, constants in part.items()}
        if node.boolop.name == "OR_EXPR":
            return {
                at: tuple(constant for part in parts for constant in part[at])
                for at in parts[0]
                if all(at in part for part in parts)
            }
        return {}

    def _compared(self, node: Any, tables: dict[str, Table | None]) -> Found:
        """The column that a comparison holds to some constants."""
        if type(node).__name__ != "A_Expr" or len(node.name or ()) != 1 or node.name[0].sval != "=":
            return {}
        left, right, how = node.lexpr, node.rexpr, node.kind.name
        if how not in ("AEXPR_OP", "AEXPR_IN", "AEXPR_OP_ANY"):
            return {}
        before = how == "AEXPR_OP" and _column(left, tables) is None
        if before:
            left, right = right, left
        at = _column(left, tables)
        nodes = _constants(right) if at else None
        if at is None or not nodes:
            return {}
        array = how == "AEXPR_OP_ANY" and not _is_list(right)
        found = self._literals.near(node.location, nodes, before=before, array=array)
        return {at: found} if found else {}


def _column(node: Any, tables: dict[str, Table | None]) -> tuple[Table, str] | None:
    while type(node).__name__ == "TypeCast":
        node = node.arg
    if type(node).__name__ != "ColumnRef" or any(not hasattr(each, "sval") for each in node.fields):
        return None
    *of, column = (each.sval for each in node.fields)
    alone = next(iter(tables.values())) if len(tables) == 1 else None
    table = tables.get(of[-1]) if of else alone
    return (table, column) if table else None


def _constants(node: Any) -> list[Any] | None:
    """The constants that a side of a comparison is made of, None where it has anything else."""
    while type(node).__name__ == "TypeCast":
        node = node.arg
    kind = type(node).__name__
    if kind in ("A_Const", "ParamRef"):
        return [node]
    if not _is_list(node):
        return None
    found: list[Any] = []
    for each in node if isinstance(node, tuple) else node.elements or ():
        inner = _constants(each)
        if inner is None:
            return None
        found += inner
    return found


def _is_list(node: Any) -> bool:
    while type(node).__name__ == "TypeCast":
        node = node.arg
    return isinstance(node, tuple) or type(node).__name__ == "A_ArrayExpr"
