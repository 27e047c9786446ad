"""The literals of a statement, beside what PostgreSQL's parser says of its conditions."""

from bisect import bisect
from collections.abc import Sequence
from typing import Any, NamedTuple

from trapstreet.events.statements import Literal, unquoted


class Constant(NamedTuple):
    """A constant of a condition: the parameter of a number, or the literal at a place."""

    parameter: int
    literal: int
    array: bool


class Literals:
    """The literals of a text, found again by what the parser says of them: it does not say where they are,
    but where the operator beside them is."""

    def __init__(self, text: str, literals: Sequence[Literal]) -> None:
        self._starts: list[int] = []
        self._places: list[int] = []
        self._texts: list[str] = []
        ascii_, at, before = text.isascii(), 0, 0
        for n, each in enumerate(literals):
            at += len(text[before : each.start].encode()) if not ascii_ else each.start - before
            before = each.start
            if each.text[0] not in "-/":  # a comment
                self._starts.append(at)
                self._places.append(n)
                self._texts.append(each.text)

    def near(self, operator: int, nodes: Sequence[Any], *, before: bool, array: bool) -> tuple[Constant, ...]:
        """The constants behind an operator, or before it; () where they are not to be told for certain."""
        first = bisect(self._starts, operator) - (len(nodes) if before else 0)
        found = []
        for n, node in enumerate(nodes, first):
            if type(node).__name__ == "ParamRef":
                found.append(Constant(node.number, 0, array))
            elif 0 <= n < len(self._texts) and _text(node) in (self._texts[n], unquoted(self._texts[n])):
                found.append(Constant(0, self._places[n], array))
            else:
                return ()
        return tuple(found)


def _text(node: Any) -> str | None:
    """The text of a constant."""
    if node.isnull:
        return None
    for name in ("sval", "ival", "fval"):
        if (value := getattr(node.val, name, None)) is not None:
            return str(value)
    return None
