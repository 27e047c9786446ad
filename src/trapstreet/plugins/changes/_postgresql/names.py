"""Names that a PostgreSQL statement or function looks up as it runs, out of texts that are values."""

import re
from collections.abc import Iterator
from typing import Any

BECOMING = ("role", "session_authorization")
ANY_ROLE = "*"
_COUNTING = frozenset(("nextval", "currval", "setval", "lastval"))
_BY_NAME = _COUNTING | frozenset(
    "to_regclass to_regproc to_regprocedure to_regtype to_regoper to_regoperator to_regcollation"
    " to_regnamespace pg_get_serial_sequence pg_get_viewdef pg_relation_size pg_table_size pg_indexes_size"
    " pg_total_relation_size pg_relation_filepath pg_relation_filenode pg_sequence_last_value pg_prewarm"
    " pgrowlocks pgstattuple pgstatindex row_security_active".split()
)
_OF_NAMES = frozenset(
    "regclass regproc regprocedure regtype regoper regoperator regcollation regnamespace".split()
)
_BETWEEN = (">=", "<=", ">", "<")
_KINDS = ("AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN", "AEXPR_BETWEEN_SYM", "AEXPR_NOT_BETWEEN_SYM")
_NUMBERED = re.compile(r"(oid|id)$")
"""What columns are called that have the number of a thing, in which no name is looked up."""


def looks_up(statement: Any) -> bool:
    """Whether a statement looks names up in values: the schema of each has to be open to who asks."""
    from pglast import ast

    for each in found_below(statement, (ast.FuncCall, ast.TypeCast)):
        if isinstance(each, ast.TypeCast):
            kind = each.typeName.names[-1].sval if each.typeName and each.typeName.names else ""
            if kind in _OF_NAMES and not _is_number(each.arg):
                return True
            continue
        name = each.funcname[-1].sval
        if name in _COUNTING or (name in _BY_NAME and not all(map(_is_number, (each.args or ())[:1]))):
            return True
    return False


def text_looks_up(words: frozenset[str]) -> bool:
    """The same of the words of a function's text."""
    return not words.isdisjoint(_BY_NAME | _OF_NAMES | {"rowtype", "type"})


def _is_number(node: Any) -> bool:
    from pglast import ast

    if not isinstance(node, ast.ColumnRef):
        return False
    return bool(_NUMBERED.search(getattr((node.fields or ("",))[-1], "sval", "")))


def becomes(statement: Any) -> str:
    """The role that a statement sets by a call; ANY_ROLE where a value says which; "" none."""
    from pglast import ast

    for each in found_below(statement, (ast.FuncCall,)):
        if each.funcname[-1].sval == "set_config":
            name, value = (_text_of(node) for node in ((*(each.args or ()), None, None)[:2]))
            if name is None or name.lower() in BECOMING:
                return ANY_ROLE if name is None or value is None else value
    return ""


def _text_of(node: Any) -> str | None:
    from pglast import ast

    node = node.arg if isinstance(node, ast.TypeCast) else node
    text = isinstance(node, ast.A_Const) and isinstance(node.val, ast.String)
    return node.val.sval if text else None


def operators_in(statement: Any) -> Iterator[str]:
    """The names of operators in a statement, and of those that its words stand for."""
    from pglast import ast

    for each in found_below(statement, (ast.A_Expr, ast.SubLink, ast.SortBy)):
        name = {ast.A_Expr: "name", ast.SubLink: "operName", ast.SortBy: "useOp"}[type(each)]
        yield from (part.sval for part in (getattr(each, name) or ())[-1:])
        yield from (
            _BETWEEN if isinstance(each, ast.A_Expr) and getattr(each.kind, "name", "") in _KINDS else ()
        )
    if any(True for _ in found_below(statement, (ast.SubLink, ast.CaseExpr, ast.JoinExpr))):
        yield "="


def parts_in(statement: Any) -> Iterator[str]:
    """What is written like a column or another part of something: t.name, (t.pair).x."""
    from pglast import ast

    for each in found_below(statement, (ast.ColumnRef, ast.A_Indirection)):
        parts = (each.fields or ())[1:] if isinstance(each, ast.ColumnRef) else each.indirection or ()
        yield from (part.sval or "" for part in parts if isinstance(part, ast.String))


def found_below(node: Any, kinds: tuple[type, ...]) -> Iterator[Any]:
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
