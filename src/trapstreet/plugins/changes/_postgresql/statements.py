"""What a past PostgreSQL statement asks for: what of it can be explained, and which names are in it."""

from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from trapstreet.plugins._postgresql_run import RUN_SQL
from trapstreet.plugins.changes._postgresql.names import (
    BECOMING,
    becomes,
    found_below,
    looks_up,
    operators_in,
    parts_in,
)
from trapstreet.plugins.changes._postgresql.parameters import Parameters

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
    relations   what is named like a table in it: (schema or "", name)
    functions, types, operators  by their names;  parts  of rows, which may be functions, too: t.f
    code      what DO runs, or a function that is given SQL
    comes     whether it is to come in, when event triggers on login run
    becomes   a role that a call sets, "*" where nobody can say which
    writes      whether it changes rows;  makes  whether it makes something that stays, or is temporary
    looks_up    whether it looks names up as it runs, which nobody knows: nextval('crm.ids')
    whole       whether rights on what it names are all that it can need, though it cannot be explained
    """

    way: Way
    statement: str = ""
    parameters: int = 0
    relations: frozenset[tuple[str, str]] = frozenset()
    functions: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    code: str = ""
    becomes: str = ""
    comes: bool = False
    writes: bool = False
    makes: bool = False
    looks_up: bool = False
    whole: bool = False


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
    if isinstance(statement, ast.VariableSetStmt) and statement.name in BECOMING and statement.args:
        return Asked(Way.SET_ROLE, statement.args[0].val.sval)
    if isinstance(statement, _harmless()):
        return Asked(Way.NO_RIGHT)
    query = _query(statement)
    named = _named(statement if query is None else query)
    if query is None:
        whole, defines = isinstance(statement, _whole_by_name()), isinstance(statement, _defining())
        return replace(named, makes=not whole, whole=whole, writes=not defines)
    writes = any(True for _ in found_below(query, _writing()))
    named = replace(named, makes=_makes(statement), looks_up=looks_up(query))
    parameters = Parameters(split=split)
    if isinstance(query, ast.SelectStmt):
        query.intoClause = None
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


def _whole_by_name() -> tuple[type, ...]:
    """Statements that need rights on what they name, in a schema, or of a role; and no others."""
    from pglast import ast

    return (
        ast.TruncateStmt, ast.LockStmt, ast.VacuumStmt, ast.ClusterStmt, ast.ReindexStmt,
        ast.RefreshMatViewStmt, ast.CheckPointStmt, ast.CopyStmt,
    )  # fmt: skip


def _defining() -> tuple[type, ...]:
    """Statements that change no rows, and run nothing that a table has."""
    from pglast import ast

    return (
        ast.ViewStmt, ast.IndexStmt, ast.DropStmt, ast.GrantStmt, ast.GrantRoleStmt, ast.AlterTableStmt,
        ast.CreateStmt, ast.RenameStmt, ast.AlterOwnerStmt, ast.AlterObjectSchemaStmt, ast.CreateSchemaStmt,
    )  # fmt: skip


def _makes(statement: Any) -> bool:
    from pglast import ast

    into = isinstance(statement, ast.SelectStmt) and statement.intoClause is not None
    return into or isinstance(statement, ast.CreateTableAsStmt)


def _writing() -> tuple[type, ...]:
    from pglast import ast

    return (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt, ast.MergeStmt)


def _query(statement: Any) -> Any:
    """The query in a statement, whose rights are asked for when it begins; None: there is none."""
    from pglast import ast

    if isinstance(statement, (ast.SelectStmt, *_writing())):
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

    relations = {(each.schemaname or "", each.relname) for each in found_below(statement, (ast.RangeVar,))}
    functions = {each.funcname[-1].sval for each in found_below(statement, (ast.FuncCall,))}
    types = {each.names[-1].sval for each in found_below(statement, (ast.TypeName,)) if each.names}
    return Asked(
        Way.COMPARE,
        relations=frozenset(relations),
        functions=frozenset(functions),
        types=frozenset(types),
        operators=frozenset(operators_in(statement)),
        parts=frozenset(parts_in(statement)),
        code=_code(statement, functions),
        becomes=becomes(statement) if "set_config" in functions else "",
        writes=True,
    )


def _code(statement: Any, functions: set[str]) -> str:
    """What DO runs, or functions that are given SQL as a text."""
    from pglast import ast

    if functions & RUN_SQL:
        return "\n".join(each.sval for each in found_below(statement, (ast.String,)))
    given = (isinstance(statement, ast.DoStmt) and statement.args) or ()
    return "".join(each.arg.sval for each in given if each.defname == "as")
