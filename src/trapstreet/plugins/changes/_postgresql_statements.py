"""What a past PostgreSQL statement asks for: what of it can be explained, and which names are in it.

Every value becomes a parameter, never NULL: the planner works constants out, so that of
`a = NULL AND b = (SELECT max(id) FROM secrets)` nothing is left to ask a right on `secrets` for. A parameter
also keeps a value's place in the choice of functions and operators as an untyped literal has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from typing import Any

_INT8 = 2**63
_SINCE_17 = ("WHEN NOT MATCHED BY TARGET THEN", "WHEN NOT MATCHED THEN")
"""How MERGE is written, and was before PostgreSQL 17."""


class Way(Enum):
    """How a statement's rights can be asked for."""

    EXPLAIN = auto()
    NO_RIGHT = auto()
    """It needs none: BEGIN, SET, FETCH from what was asked for before."""
    SET_ROLE = auto()
    COMPARE = auto()
    """It cannot be explained: nothing happens to it if all rights on what it names stay as they are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A past statement as it can be asked for.

    statement   to be explained, with `parameters` parameters; or the role that is set
    relations   what is named like a table in it: (schema or "", name);  functions, operators  by their names
    writes      whether it changes rows
    """

    way: Way
    statement: str = ""
    parameters: int = 0
    relations: frozenset[tuple[str, str]] = frozenset()
    functions: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    writes: bool = False


@lru_cache(maxsize=20_000)
def asked(text: str, *, split: bool = False) -> Asked | None:
    """What one statement asks for; None: it cannot be read, or it is several.

    split  equal values get parameters of their own, as they have to where they are of different types
    """
    from pglast import ast, parse_sql
    from pglast.parser import ParseError
    from pglast.stream import RawStream

    try:
        parsed = parse_sql(text)
    except (ParseError, RecursionError, ValueError):
        return None
    if len(parsed) != 1:
        return None
    statement = parsed[0].stmt
    if isinstance(statement, ast.VariableSetStmt) and statement.name == "role" and statement.args:
        return Asked(Way.SET_ROLE, statement.args[0].val.sval)
    if isinstance(statement, _harmless()):
        return Asked(Way.NO_RIGHT)
    query = _query(statement)
    named = _named(statement if query is None else query)
    if query is None:
        return named
    writes = any(True for _ in _found(query, _writing()))
    parameters = _Parameters(split=split)
    try:
        parameters.put(query)
        written = RawStream()(query).replace(*_SINCE_17)
    except (NotImplementedError, AttributeError, TypeError, ValueError, RecursionError):
        return named
    return replace(named, way=Way.EXPLAIN, statement=written, parameters=parameters.count, writes=writes)


def _harmless() -> tuple[type, ...]:
    from pglast import ast

    return (
        ast.TransactionStmt, ast.VariableSetStmt, ast.VariableShowStmt, ast.DiscardStmt, ast.DeallocateStmt,
        ast.ListenStmt, ast.NotifyStmt, ast.UnlistenStmt, ast.FetchStmt, ast.ClosePortalStmt,
        ast.ConstraintsSetStmt,
    )  # fmt: skip


def _writing() -> tuple[type, ...]:
    from pglast import ast

    return (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)


def _query(statement: Any) -> Any:
    """The query in a statement, whose rights are asked for when it begins; None: there is none."""
    from pglast import ast

    if isinstance(statement, (ast.SelectStmt, *_writing())):
        if isinstance(statement, ast.SelectStmt):
            statement.intoClause = None
        return statement
    if isinstance(
        statement, ast.DeclareCursorStmt | ast.PrepareStmt | ast.ExplainStmt | ast.CreateTableAsStmt
    ):
        return _query(statement.query)
    if isinstance(statement, ast.CopyStmt) and not (statement.is_from or statement.filename):
        return _query(statement.query) if statement.query else _whole(statement)
    return None


def _whole(copied: Any) -> Any:
    """COPY table (columns) TO, as a SELECT: it asks for the same right."""
    from pglast import ast

    columns = [(each,) for each in copied.attlist or ()] or [(ast.A_Star(),)]
    return ast.SelectStmt(
        targetList=tuple(ast.ResTarget(val=ast.ColumnRef(fields=each)) for each in columns),
        fromClause=(copied.relation,),
        limitOption=0,
        op=0,
        all=False,
        groupDistinct=False,
    )


def _named(statement: Any) -> Asked:
    """All names in a statement, of which that is all that is known."""
    from pglast import ast

    relations = {(each.schemaname or "", each.relname) for each in _found(statement, (ast.RangeVar,))}
    functions = {each.funcname[-1].sval for each in _found(statement, (ast.FuncCall,))}
    operators = {
        name[-1].sval
        for each in _found(statement, (ast.A_Expr, ast.SubLink))
        if (name := each.operName if isinstance(each, ast.SubLink) else each.name)
    }
    return Asked(
        Way.COMPARE,
        relations=frozenset(relations),
        functions=frozenset(functions),
        operators=frozenset(operators),
        writes=True,
    )


def _found(node: Any, kinds: tuple[type, ...]) -> Iterator[Any]:
    """All nodes of some kinds below a node, itself included."""
    from pglast import ast

    left = [node]
    while left:
        each = left.pop()
        if isinstance(each, tuple):
            left.extend(each)
        elif isinstance(each, ast.Node):
            if isinstance(each, kinds):
                yield each
            left.extend(value for name in each if (value := getattr(each, name)) is not None)


class _Parameters:
    """Puts parameters in the place of values, and counts them."""

    def __init__(self, *, split: bool) -> None:
        self._split = split
        self._numbers: dict[object, int] = {}

    @property
    def count(self) -> int:
        return len(self._numbers)

    def put(self, node: Any) -> None:
        """Do so in all that is below a node. Types keep their sizes, and clauses their columns' positions."""
        from pglast import ast

        if isinstance(node, ast.FuncCall) and (node.funcname or ())[-1].sval in _KEYWORDS:
            node.args = tuple(
                each if _is_word(each) else self._replaced(each, positions=False) for each in node.args or ()
            )
            return
        for name in node:
            value = getattr(node, name)
            positions = name in _POSITIONS or isinstance(node, ast.SortBy)
            if isinstance(value, tuple):
                setattr(node, name, tuple(self._replaced(each, positions=positions) for each in value))
            elif isinstance(value, ast.Node):
                bare = name in _BARE
                setattr(node, name, self._replaced(value, positions=positions, bare=bare))

    def _replaced(self, value: Any, *, positions: bool, bare: bool = False) -> Any:
        from pglast import ast

        if isinstance(value, tuple):
            return tuple(self._replaced(each, positions=positions) for each in value)
        if isinstance(value, ast.ParamRef):
            value.number = self._number(value.number)
        elif isinstance(value, ast.A_Const):
            return (
                value if value.isnull or (positions and _is_position(value)) else self._parameter(value, bare)
            )
        elif isinstance(value, ast.Node) and not isinstance(value, ast.TypeName):
            self.put(value)
        return value

    def _parameter(self, constant: Any, bare: bool) -> Any:
        from pglast import ast

        kind, text = _kind(constant.val)
        parameter = ast.ParamRef(number=self._number((kind, text)))
        if bare or not kind:
            return parameter
        names = (ast.String("pg_catalog"), ast.String(kind))
        return ast.TypeCast(arg=parameter, typeName=ast.TypeName(names=names, typemod=-1, setof=False))

    def _number(self, value: object) -> int:
        return self._numbers.setdefault(object() if self._split else value, len(self._numbers) + 1)


_KEYWORDS = ("extract", "normalize", "is_normalized")
"""Functions with a word of the language for an argument: EXTRACT(year FROM …)."""
_POSITIONS = ("groupClause", "distinctClause", "content")
_BARE = ("limitCount", "limitOffset")


def _is_word(node: Any) -> bool:
    """Whether it can be nothing but a word: it is written without quotes."""
    from pglast import ast

    return (
        isinstance(node, ast.A_Const)
        and isinstance(node.val, ast.String)
        and str(node.val.sval).isidentifier()
    )


def _is_position(constant: Any) -> bool:
    from pglast import ast

    return isinstance(constant.val, ast.Integer)


def _kind(value: Any) -> tuple[str, object]:
    """The type that a constant has by itself, "" for none, and the constant."""
    from pglast import ast

    if isinstance(value, ast.Integer):
        return "int4", value.ival
    if isinstance(value, ast.Float):
        text = value.fval or ""
        return "int8" if text.isdecimal() and int(text) < _INT8 else "numeric", text
    if isinstance(value, ast.Boolean):
        return "bool", value.boolval
    if isinstance(value, ast.BitString):
        return "varbit", value.bsval
    return "", value.sval
