"""What PostgreSQL's functions name: the tables and views that whoever runs them may be shown.

A text is searched for names, however they are written there: PostgreSQL folds those without quotes, and
statements are built out of texts. What it names need not be what it reads: only the server could tell.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from trapstreet.core.model.rights import Bits, Door, Grant, How, Rows
from trapstreet.plugins._postgresql_run import RUN_SQL
from trapstreet.plugins.permissions._postgresql_catalogue import Contents, Function, Oid, Relation, Schema
from trapstreet.plugins.permissions._postgresql_running import Running
from trapstreet.plugins.permissions._postgresql_sight import Sight

_NAMED = re.compile(r'(?:([\w$]+)"?\s*\.\s*"?)?([\w$]+)')
_WORD = re.compile(r"[\w$]+")
_UNTOLD = re.compile(
    r"\bexecute\b(?!\s+(?:function|procedure|on)\b)(?!\s+'[^']*'\s*(?:;|into\b|using\b))"
    r"|\b(?:spi_\w+|spi\s*\.\s*exec\w*|plpy\s*\.\s*cursor|dblink\w*|pg_read_file|pg_read_binary_file|lo_import"
    r"|pg_stats(?:_ext\w*)?|pg_statistic\w*|pg_logical_slot_(?:get|peek)\w+"
    rf"|{'|'.join(sorted(RUN_SQL))})\b",
    re.IGNORECASE,
)
"""Where a text runs a statement that it does not spell out itself, reads files, or what the server keeps of
any table."""
_WATCHING = re.compile(r"\bpg_stat_(?:get_)?(?:activity|statements)\b", re.IGNORECASE)
"""Where a text reads the statements of others."""
_HANDED_IN = re.compile(r"\btg_argv\b", re.IGNORECASE)


def makes_up(text: str) -> bool:
    """Whether a function's text runs what it does not tell, or reads files."""
    return bool(_UNTOLD.search(text))


def by_functions(
    contents: Contents, sight: Sight, *, number: Mapping[Oid, int], enters: Bits
) -> Iterator[Door]:
    """Functions that run as their owners may show what their texts name, if the owners may read it; and
    anything that these may read, where a text does not tell what it runs."""
    texts = Texts(contents.functions, contents.relations, contents.schemas)
    running = Running(contents, sight)
    made_up: dict[Oid, tuple[Bits, Bits]] = {}
    watched: dict[Oid, tuple[Bits, Bits]] = {}
    for function in contents.functions:
        if not function.as_owner:
            yield from _by_callers_rights(function, running, sight, number=number, enters=enters)
            continue
        ways = [*running.ways(function)]
        read = [oid for each in texts.shown_by(function) for oid in sight.seen_as(*each)] if ways else []
        for opens, grants in ways:
            for oid in dict.fromkeys(read):
                if oid in number:
                    yield Door(number[oid], How.FUNCTION, opens, grants, enters, Rows.SHOWN, sure=False)
            for those, owners in ((made_up, texts.made_up(function)), (watched, texts.watching(function))):
                for owner in owners:
                    before = those.get(owner, (0, 0))
                    those[owner] = before[0] | opens, before[1] | grants[-1].to
    for owner, (opens, to) in made_up.items():
        yield from _by_made_up(owner, opens, to, contents, sight, number=number, enters=enters)
    roles = sight.roles
    for owner, (opens, to) in watched.items():
        if roles.given([owner]) & roles.watching:
            what = f"EXECUTE on functions that run as {roles.name(owner)} and show statements of others"
            people, grants = opens & ~roles.superusers, (Grant(what, to),)
            yield Door(None, How.STATEMENTS, people, grants, enters, Rows.SHOWN, sure=False)


def _by_callers_rights(
    function: Function, running: Running, sight: Sight, *, number: Mapping[Oid, int], enters: Bits
) -> Iterator[Door]:
    """Doors to what a function that runs as its caller finds in schemas that the caller may not use."""
    if not function.reads:
        return
    runs = running.runs(function)
    for oid in function.reads:
        if oid in number:
            relation = sight.relation(oid)
            outside = runs & ~sight.uses(relation.schema)[0]
            right = Grant(f"SELECT on {relation.called}", sight.roles.given(relation.may_select))
            called = Grant(f"function {function.name} finds it in any schema", sight.roles.everybody)
            for shown, opens in sight.shown_to(oid, outside) if outside else ():
                if opens and shown in number:
                    yield Door(
                        number[shown], How.FUNCTION, opens, (right, called), enters, Rows.SHOWN, sure=False
                    )


def _by_made_up(
    owner: Oid,
    opens: Bits,
    to: Bits,
    contents: Contents,
    sight: Sight,
    *,
    number: Mapping[Oid, int],
    enters: Bits,
) -> Iterator[Door]:
    """Doors to all that an owner may read: one way for all functions of that one, not one for each."""
    roles = sight.roles
    what = f"EXECUTE on functions that run as {roles.name(owner)} and make up what they run"
    everything = Door(None, How.FUNCTION, opens, (Grant(what, to),), enters, Rows.SHOWN, sure=False)
    if roles.given([owner]) & roles.superusers:
        yield replace(everything, opens=opens & ~roles.superusers)
        return
    seen = {oid for each in contents.relations for oid in sight.seen_as(each.oid, owner)}
    yield from (replace(everything, resource=number[oid]) for oid in sorted(seen) if oid in number)


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
        """What a function that runs as its owner may show: relations, and whose rights they are read with."""
        for number, runs_as in self._reached(function):
            yield from ((oid, runs_as) for oid in self._mentions(number)[0])

    def _reached(self, function: Function) -> Iterator[tuple[int, Oid]]:
        """A function that runs as its owner and those that it calls, by their numbers, and with whose rights
        they run: one that runs as its own owner has that one's."""
        left = [(self._number[function.oid], function.owner)]
        seen = {*left}
        while left:
            number, runs_as = left.pop()
            yield number, runs_as
            for each in self._mentions(number)[1]:
                further = self._functions[each]
                following = each, further.owner if further.as_owner else runs_as
                if following not in seen:
                    seen.add(following)
                    left.append(following)

    def made_up(self, function: Function) -> set[Oid]:
        """With whose rights a function that runs as its owner runs what its text does not tell.

        One that is there for triggers is called by anybody's trigger, but what it runs can be chosen only by
        what that hands to it.
        """
        if function.triggers and not _HANDED_IN.search(function.source):
            return set()
        return {
            runs_as for number, runs_as in self._reached(function) if makes_up(self._functions[number].source)
        }

    def watching(self, function: Function) -> set[Oid]:
        """With whose rights a function that runs as its owner reads the statements of others."""
        return {
            runs_as
            for number, runs_as in self._reached(function)
            if _WATCHING.search(self._functions[number].source)
        }

    def _mentioned(self, number: int) -> tuple[tuple[Oid, ...], tuple[int, ...]]:
        """The relations and the functions that a function's text names."""
        function = self._functions[number]
        relations = {*function.reads}
        called = {self._number[each] for each in function.calls if each in self._number}
        for schema, name in dict.fromkeys(_NAMED.findall(function.source.casefold())):
            within = schema if schema in self._known_schemas else ""
            there = self._relations.get(name, ())
            relations |= {each.oid for each in there if within in ("", self._schemas.get(each.schema))}
            called |= {*self._called.get(name, ())}
        relations |= {each.oid for each in self._odd if each.name in function.source}
        return tuple(sorted(relations)), tuple(sorted(called))
