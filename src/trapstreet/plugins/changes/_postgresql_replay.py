"""Past uses of a PostgreSQL server, asked for again with rights taken away.

A use passes if the server lets it pass in the changed state as it does now: the same person, in the same
database, acting as the same role, with the same tables behind the names, and where row security is in force
with the same plan to the last detail. What cannot be asked for that way is not checked, and is taken for
blocked as soon as any right changes on what it names.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import MEMBERSHIP, PUBLIC, Change, Key
from trapstreet.plugins.changes._postgresql_catalogue import Catalogue, Oid, Touched
from trapstreet.plugins.changes._postgresql_checks import (
    Check,
    checks_of,
    is_a_superusers_look_at_the_catalogue,
    paths,
    understand,
)
from trapstreet.plugins.changes._postgresql_probe import (
    NO_RIGHT,
    Answer,
    Person,
    ask,
    may_become,
    rights_on,
    undone,
    without_entry,
)
from trapstreet.plugins.changes._postgresql_statements import Way

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

HOLD_SECONDS = 1.0
"""How long a transaction goes on asking: as long, somebody who alters the same tables may have to wait."""
MOST_TABLES = 2_000
"""Changed in one transaction: a server has room for 6,400 locks, if nobody raised that."""
_AT_ONCE = 100
_TABLE_PATH = 3
_MOST_ROLES = 20
_TRIES = 3


class PostgresqlReplay:
    """Uses that were looked at as things are now, ready to be asked for with changes made.

    connections  one for each database;  catalogues  what is in them
    """

    def __init__(
        self,
        connections: "Mapping[str, Connection]",
        catalogues: Mapping[str, Catalogue],
        uses: Sequence[PastUse],
        changes: Sequence[Change],
    ) -> None:
        self.uses = uses
        self._connections, self._catalogues = connections, catalogues
        self._checks = checks_of(uses, next(iter(connections)) if len(connections) == 1 else "")
        self._check_of = {number: check for check in self._checks for number in check.uses}
        self._nearness = {name: _Nearness(each, changes, name) for name, each in catalogues.items()}
        for name, checks in self._by_database(self._checks):
            if name in connections:
                self._look_at(name, checks)
            else:
                server = next(iter(catalogues.values()))
                for each in checks:
                    proved = is_a_superusers_look_at_the_catalogue(each.use, server)
                    each.unproven = "" if proved else f"database {name or 'unknown'} was not looked at"
                    each.asleep = True

    @property
    def unproven(self) -> dict[int, str]:
        """By the number of a use: why it cannot be checked."""
        return {number: each.unproven for each in self._checks if each.unproven for number in each.uses}

    def blocked(self, changes: Sequence[Change]) -> dict[int, str]:
        """The uses that fail with changes made, and why."""
        found: dict[int, str] = {}
        for name, checks in self._by_database(self._checks):
            awake = [each for each in checks if not each.asleep]
            made = [each for each in changes if each.database in ("", name)]
            if made and awake:
                for check, why in self._failing(name, awake, made):
                    found |= dict.fromkeys(check.uses, why)
        return found

    def blocks(self, use: int, changes: Sequence[Change]) -> bool:
        """Whether one use fails with changes made."""
        check = self._check_of[use]
        made = [each for each in changes if each.database in ("", check.use.database)]
        return bool(made) and not check.asleep and any(self._failing(check.use.database, [check], made))

    def near(self, use: int) -> frozenset[Key]:
        """Changes on what lies behind a use, from those whose rights it has."""
        return self._near(self._check_of[use])

    def _near(self, check: Check) -> frozenset[Key]:
        if check.asleep:
            return frozenset()
        acting = {each.acts_as for each in check.persons} | {check.use.who}
        return self._nearness[check.use.database].of(check.touched, acting)

    def _by_database(self, checks: Sequence[Check]) -> Iterator[tuple[str, list[Check]]]:
        in_order = sorted(checks, key=lambda each: each.use.database)
        for name, some in groupby(in_order, key=lambda each: each.use.database):
            yield name, [*some]

    def _look_at(self, name: str, checks: Sequence[Check]) -> None:
        """See what each use asks for, and whether it may do it now."""
        catalogue = self._catalogues[name]
        for check in checks:
            understand(check, catalogue)
        awake = [each for each in checks if not each.asleep]
        for connection, check in self._held(name, awake, ()):
            self._answer_now(connection, check, catalogue)
        left_out = {*self._outside(name, awake)}
        for check in awake:
            if check.use.who in left_out:
                check.unproven, check.asleep = "it may not connect to the database today either", True

    def _answer_now(self, connection: "Connection", check: Check, catalogue: Catalogue) -> None:
        if check.found.way == Way.SET_ROLE:
            if not may_become(connection, check.use.who, check.found.statement):
                check.unproven, check.asleep = "it may not do that today either", True
            return
        if check.found.way == Way.EXPLAIN:
            failed = self._find_persons(connection, check, catalogue)
            if failed is not None:
                check.unproven, check.asleep = _words(failed), True
                return
        if check.compares:
            check.rights = self._rights(connection, check)

    def _find_persons(self, connection: "Connection", check: Check, catalogue: Catalogue) -> Answer | None:
        """As whom, and with which search paths, it may be run now; an answer where that is nobody."""
        who = check.use.who
        acts_as = catalogue.setting(who, "role") or who
        answers = {path: self._try(connection, check, acts_as, path) for path in paths(check, catalogue)}
        if not check.before:
            refused = [path for path, answer in answers.items() if answer.state == NO_RIGHT]
            groups = sorted(catalogue.groups_above([who]) - {who, acts_as})[:_MOST_ROLES]
            for path in refused:
                for group in groups:
                    self._try(connection, check, group, path)
        check.persons = tuple(check.before)
        return None if check.persons else min(answers.values(), key=lambda each: each.state != NO_RIGHT)

    def _try(self, connection: "Connection", check: Check, acts_as: str, path: str) -> Answer:
        """Ask as somebody; who may, and means other tables than with another path, is one of the persons."""
        person = Person(check.use.who, acts_as, path)
        answer = ask(connection, check.use.statement, person)
        alike = (other for each, other in check.before.items() if each.acts_as == acts_as)
        if not answer.state and all(other.relations != answer.relations for other in alike):
            check.before[person] = answer
        return answer

    def _failing(
        self, name: str, checks: Sequence[Check], made: Sequence[Change]
    ) -> Iterator[tuple[Check, str]]:
        """The checks that fail with changes made in one database."""
        entered = any(each.kind in (MEMBERSHIP, "database") for each in made)
        outside = {*self._outside(name, checks, made)} if entered else set()
        members = any(each.kind == MEMBERSHIP for each in made)
        for connection, check in self._held(name, checks, made):
            if check.use.who in outside:
                yield check, "may not connect to the database"
            elif why := self._fails(connection, check, members=members):
                yield check, why

    def _fails(self, connection: "Connection", check: Check, *, members: bool) -> str:
        """Why a use fails in a changed state; "" if it does not."""
        if check.found.way == Way.SET_ROLE:
            may = not members or may_become(connection, check.use.who, check.found.statement)
            return "" if may else f"may not SET ROLE {check.found.statement}"
        for person in check.persons:
            after = ask(connection, check.use.statement, person)
            for _ in range(_TRIES - 1):
                after = ask(connection, check.use.statement, person) if after.busy else after
            if after.busy:
                check.unproven, check.asleep = _words(after), True
                return ""
            before = check.before[person]
            if after.state:
                return after.message
            if check.row_security and after.plan != before.plan:
                return "row security would leave it other rows"
            if after.relations != before.relations:
                return "the same names would mean other tables"
        if check.compares and self._rights(connection, check) != check.rights:
            return f"rights on what it names would change, and {check.unproven}"
        return ""

    def _rights(self, connection: "Connection", check: Check) -> str:
        touched = check.touched
        acting = sorted(check.may_be | touched.as_others)
        return rights_on(connection, acting, sorted(touched.relations), sorted(touched.functions))

    def _outside(self, name: str, checks: Sequence[Check], made: Sequence[Change] = ()) -> list[str]:
        with self._changed(name, made) as connection:
            return without_entry(connection, sorted({each.use.who for each in checks}))

    def _held(
        self, name: str, checks: Sequence[Check], made: Sequence[Change]
    ) -> "Iterator[tuple[Connection, Check]]":
        """Each check with a connection to a changed database; every second the change begins anew."""
        for some, changes in self._portions(name, checks, made):
            left = [*some][::-1]
            while left:
                began = time.monotonic()
                with self._changed(name, changes) as connection:
                    ready = time.monotonic()
                    until = ready + max(HOLD_SECONDS, ready - began)
                    while left and time.monotonic() < until:
                        yield connection, left.pop()

    def _portions(
        self, name: str, checks: Sequence[Check], made: Sequence[Change]
    ) -> Iterator[tuple[Sequence[Check], Sequence[Change]]]:
        """All checks with all changes; or, where those are of more tables than a transaction can lock, some
        checks at a time, with changes of those tables alone that can matter to them."""
        of_tables = {each.key for each in made if len(each.on) == _TABLE_PATH}
        if len({each.on for each in made if each.key in of_tables}) <= MOST_TABLES:
            yield checks, made
            return
        for start in range(0, len(checks), _AT_ONCE):
            some = checks[start : start + _AT_ONCE]
            near = frozenset[Key]().union(*(self._near(each) for each in some))
            yield some, [each for each in made if each.key not in of_tables or each.key in near]

    @contextmanager
    def _changed(self, name: str, made: Sequence[Change]) -> "Iterator[Connection]":
        connection = self._connections[name]
        with undone(connection, [each for change in made for each in change.forward]):
            yield connection


def _words(answer: Answer) -> str:
    """Why a use cannot be checked."""
    if answer.not_ours:
        return "this login may not act as that role: log in as one that may"
    if answer.busy:
        return "the server could not answer in time"
    if answer.state == NO_RIGHT:
        return f"it may not do that today either: {answer.message}"
    return f"it fails today: {answer.message}"


class _Nearness:
    """Which changes matter to what: by table, schema, function, group and database."""

    def __init__(self, catalogue: Catalogue, changes: Sequence[Change], database: str) -> None:
        self._catalogue = catalogue
        self._on: dict[tuple[str, ...], list[Change]] = {}
        self._members: dict[str, list[Change]] = {}
        for each in changes:
            if each.kind == MEMBERSHIP:
                self._members.setdefault(each.of, []).append(each)
            elif each.database == database:
                self._on.setdefault(each.on[1:], []).append(each)

    def of(self, touched: Touched, acting: set[str]) -> frozenset[Key]:
        """The changes of rights that some roles may have used on what they touched."""
        holders = self._catalogue.groups_above(acting | touched.as_others)
        things: set[tuple[str, ...]] = {()}
        for oid in touched.relations:
            relation = self._catalogue.relations[oid]
            things |= {(relation.schema,), (relation.schema, relation.name)}
        for function in self._functions(touched.functions):
            things |= {(function[0],), function}
        near = {
            each.key
            for thing in things
            for each in self._on.get(thing, ())
            if each.of == PUBLIC or each.of in holders
        }
        near |= {each.key for role in holders for each in self._members.get(role, ())}
        return frozenset(near)

    def _functions(self, oids: frozenset[Oid]) -> Iterator[tuple[str, str]]:
        for oid in oids:
            function = self._catalogue.functions[oid]
            yield function.schema, function.signature
