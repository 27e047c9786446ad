"""Parameters in the place of a statement's values.

Every value becomes a parameter, never NULL: the planner works constants out, so that of
`a = NULL AND b = (SELECT max(id) FROM secrets)` nothing is left to ask a right on `secrets` for. A parameter
also keeps a value's place in the choice of functions and operators as an untyped literal has it.
"""

from typing import Any

_INT8 = 2**63


class Parameters:
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
