"""What PostgreSQL's functions name: the tables and views that whoever runs them may be shown.

A text is searched for names, however they are written there: PostgreSQL folds those without quotes, and
statements are built out of texts. What it names need not be what it reads: only the server could tell.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from trapstreet.plugins.permissions._postgresql_catalogue import Function, Oid, Relation, Schema

_NAMED = re.compile(r'(?:([\w$]+)"?\s*\.\s*"?)?([\w$]+)')
_WORD = re.compile(r"[\w$]+")


class Texts:
    """The texts of a database's functions, beside the names of all that is in it."""

    def __init__(
        self, functions: Sequence[Function], relations: Iterable[Relation], schemas: Iterable[Schema]
    ) -> None:
        self._functions = functions
        self._number = {each.oid: number for number, each in enumerate(functions)}
        self._schemas = {each.oid: each.name.casefold() for each in schemas}
        self._known_schemas = {*self._schemas.values()}
        self._relations: dict[str, list[Relation]] = {}
        self._odd: list[Relation] = []
        for each in relations:
            if _WORD.fullmatch(each.name):
                self._relations.setdefault(each.name.casefold(), []).append(each)
            else:
                self._odd.append(each)
        self._called: dict[str, list[int]] = {}
        for number, function in enumerate(functions):
            self._called.setdefault(function.name.casefold(), []).append(number)
        self._mentions = cache(self._mentioned)

    def shown_by(self, function: Function) -> Iterator[tuple[Oid, Oid]]:
        """What a function that runs as its owner may show: each relation, and whose rights it is read with.

        Functions that it calls are followed; one that runs as its own owner reads with that one's rights.
        """
        left = [(self._number[function.oid], function.owner)]
        seen = {*left}
        while left:
            number, runs_as = left.pop()
            relations, called = self._mentions(number)
            yield from ((oid, runs_as) for oid in relations)
            for each in called:
                further = self._functions[each]
                following = each, further.owner if further.as_owner else runs_as
                if following not in seen:
                    seen.add(following)
                    left.append(following)

    def _mentioned(self, number: int) -> tuple[tuple[Oid, ...], tuple[int, ...]]:
        """The relations and the functions that a function's text names."""
        function = self._functions[number]
        relations, called = {*function.reads}, set[int]()
        for schema, name in dict.fromkeys(_NAMED.findall(function.source.casefold())):
            within = schema if schema in self._known_schemas else ""
            there = self._relations.get(name, ())
            relations |= {each.oid for each in there if within in ("", self._schemas.get(each.schema))}
            called |= {*self._called.get(name, ())}
        relations |= {each.oid for each in self._odd if each.name in function.source}
        return tuple(sorted(relations)), tuple(sorted(called))
