"""PostgreSQL's statements written again with a parameter in the place of every value.

A parameter and not NULL: the planner reckons with a NULL, and what it then leaves out it asks no right for.
"""

from collections.abc import Callable, Iterator
from operator import is_
from typing import Any

_FIELDS = frozenset(
    "century day decade dow doy epoch hour isodow isoyear julian microseconds millennium milliseconds minute"
    " month quarter second timezone timezone_hour timezone_minute week year".split()
)
_WRITTEN = frozenset(
    "SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt DeclareCursorStmt PrepareStmt CreateTableAsStmt"
    " CallStmt TransactionStmt FetchStmt ClosePortalStmt DiscardStmt DeallocateStmt ListenStmt UnlistenStmt"
    " TruncateStmt LockStmt VacuumStmt".split()
)
_MANAGING = frozenset(
    "RefreshMatViewStmt IndexStmt ViewStmt DropStmt GrantStmt GrantRoleStmt ClusterStmt ReindexStmt"
    " CheckPointStmt AlterTableStmt CreateStmt RenameStmt AlterOwnerStmt AlterObjectSchemaStmt"
    " CreateSchemaStmt".split()
)
"""Written where that goes, and if no value is left."""
_POSITIONS = ("sortClause", "groupClause", "distinctClause")
_VALUES = {"SCONST", "USCONST", "FCONST", "BCONST", "XCONST"}
_LONG = 1 << 63


def masked(statement: Any) -> str:
    """The statement without its values; "" where it cannot be written so. Changes what it is given."""
    from pglast import parser
    from pglast.stream import RawStream

    kind = type(statement).__name__
    if kind == "ExplainStmt":
        return masked(statement.query)
    if kind in _SPELLED:
        return _SPELLED[kind](statement)
    if kind == "CopyStmt":
        if statement.is_program or statement.filename:
            return ""
        statement.options = None
    elif kind in _MANAGING:
        return _written(statement)
    elif kind not in _WRITTEN:
        return ""
    groups = any(each.groupClause or each.distinctClause for each in below(statement, "SelectStmt"))
    masking = _Masking(shares=groups)
    printer: Any = RawStream
    text: str = printer()(masking.of(statement))
    parser.fingerprint(text)  # raises ParseError; unlike parse_sql it builds no tree (0.1 ms)
    return text if _is_clean(text, masking.kept) else ""


def _written(statement: Any) -> str:
    from pglast import parser
    from pglast.stream import RawStream

    masking = _Masking(shares=False)
    printer: Any = RawStream
    try:
        text: str = printer()(masking.of(statement))
        parser.fingerprint(text)
    except (NotImplementedError, AttributeError, TypeError, ValueError, RecursionError, parser.ParseError):
        return ""
    return text if _is_clean(text, masking.kept) else ""


class _Masking:
    """Puts parameters where values are; `kept` whole numbers are none.

    shares  equal values are one parameter: GROUP BY knows what it groups by only so. Elsewhere one of a type
            that two places disagree about would stop the statement
    """

    def __init__(self, *, shares: bool) -> None:
        self.kept = 0
        self._shares = shares
        self._count = 0
        self._numbers: dict[tuple[str, object], int] = {}

    def of(self, node: Any) -> Any:
        """The node without values."""
        if isinstance(node, tuple):
            changed = tuple(map(self.of, node))
            return node if all(map(is_, node, changed)) else changed
        kind = type(node).__name__
        if kind == "A_Const":
            return self._parameter(node)
        if kind == "ParamRef":
            node.number = self._number("parameter", node.number)
            return node
        if kind == "TypeName":
            self.kept += sum(type(each).__name__ == "A_Const" for each in node.typmods or ())
            return node
        if not hasattr(node, "__slots__") or isinstance(node, str):
            return node
        whole = self._whole(node, kind)
        for name in list(node):
            value = getattr(node, name)
            if name in whole or value is None or isinstance(value, (int, str)):
                continue
            if name in ("limitCount", "limitOffset") and type(value).__name__ == "A_Const":
                setattr(node, name, self._parameter(value, typed=False))
            elif name in _POSITIONS:
                setattr(node, name, tuple(map(self._position, value)))
            elif (changed := self.of(value)) is not value:  # setting costs 2 µs
                setattr(node, name, changed)
        return node

    def _whole(self, node: Any, kind: str) -> tuple[str, ...]:
        """The parts of a node that hold no value though they look like one."""
        if kind == "FuncCall" and node.funcname[-1].sval == "extract" and node.args:
            field = getattr(getattr(node.args[0], "val", None), "sval", "")
            if field in _FIELDS:
                node.args = (node.args[0], *map(self.of, node.args[1:]))
                return ("args",)
        return ()

    def _position(self, node: Any) -> Any:
        """An item of ORDER BY, GROUP BY or DISTINCT ON: a whole number there means a column."""
        inner = node.node if type(node).__name__ == "SortBy" else node
        if type(inner).__name__ == "A_Const" and type(inner.val).__name__ == "Integer":
            self.kept += 1
            return node
        return self.of(node)

    def _number(self, kind: str, value: object) -> int:
        self._count += 1
        if not self._shares and kind != "parameter":
            return self._count
        return self._numbers.setdefault((kind, value), self._count)

    def _parameter(self, node: Any, *, typed: bool = True) -> Any:
        from pglast import ast

        if node.isnull:
            return node
        kind, value = type(node.val).__name__, node.val
        type_, text = "", ""
        if kind == "Integer":
            type_, text = "int4", str(value.ival)
        elif kind == "Float":
            text = value.fval
            type_ = "int8" if text.isdigit() and int(text) < _LONG else "numeric"
        elif kind == "Boolean":
            type_, text = "bool", str(value.boolval)
        elif kind == "BitString":
            type_, text = "varbit", value.bsval
        else:
            text = value.sval
        parameter = ast.ParamRef(number=self._number(type_ if typed else "limit", text))
        if not type_ or not typed:
            return parameter
        name = ast.TypeName(names=(ast.String(sval=type_),), typemod=-1)
        return ast.TypeCast(arg=parameter, typeName=name)


def _is_clean(text: str, kept: int) -> bool:
    """Whether no value is left, by the server's own lexer."""
    from pglast import parser

    kinds = [token.name for token in parser.scan(text)]
    return not _VALUES.intersection(kinds) and kinds.count("ICONST") <= kept


def _set(statement: Any) -> str:
    name: str = statement.name
    if not name or not name.replace(".", "").replace("_", "").isalnum():
        return ""
    if name not in ("role", "session_authorization"):
        return f"SET {name} TO DEFAULT"
    if not statement.args:
        return f"RESET {name}"
    value: str = statement.args[0].val.sval
    if value in ("none", "default"):  # no role can be called so
        return f"RESET {name}"
    who = '"' + value.replace('"', '""') + '"'
    return f"SET {'ROLE' if name == 'role' else 'SESSION AUTHORIZATION'} {who}"


def _execute(statement: Any) -> str:
    name: str = statement.name
    return 'EXECUTE "' + name.replace('"', '""') + '"'


_SPELLED: dict[str, Callable[[Any], str]] = {
    "VariableSetStmt": _set,
    "VariableShowStmt": lambda statement: f"SHOW {statement.name}",
    "ExecuteStmt": _execute,
    "DoStmt": lambda _: "DO ''",
}


def below(node: Any, kind: str) -> Iterator[Any]:
    """All nodes of a kind, the node itself among them."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tuple):
            waiting += each
        elif hasattr(each, "__slots__") and not isinstance(each, str):
            if type(each).__name__ == kind:
                yield each
            waiting += [value for name in each if (value := getattr(each, name)) is not None]
