"""Names that a PostgreSQL statement or function looks up as it runs, out of texts that are values."""

import re
from collections.abc import Iterator
from typing import Any

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
