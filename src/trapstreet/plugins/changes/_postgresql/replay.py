"""Past uses of a PostgreSQL server, asked for again with rights taken away.

A use passes if the server lets it pass in the changed state as it does now: the same person, in the same
database, acting as the same role, with the same tables behind the names, and where row security is in force
with the same plan to the last detail. What cannot be asked for that way is not checked, and is taken for
blocked as soon as any right changes on what it names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import MEMBERSHIP, Change, Key
from trapstreet.plugins.changes._postgresql.behind import Behind
from trapstreet.plugins.changes._postgresql.catalogue import Catalogue
from trapstreet.plugins.changes._postgresql.changed import Changed
from trapstreet.plugins.changes._postgresql.checks import (
    Check,
    became_by,
    checks_of,
    is_a_superusers_look_at_the_catalogue,
    paths,
    understand,
)
from trapstreet.plugins.changes._postgresql.entering import Entering
from trapstreet.plugins.changes._postgresql.nearness import Nearness
from trapstreet.plugins.changes._postgresql.powers import LISTS_BY_RIGHTS, held, powers_of
from trapstreet.plugins.changes._postgresql.probe import (
    NO_RIGHT,
    Answer,
    Person,
    ask,
    may_become,
    rights_on,
)
from trapstreet.plugins.changes._postgresql.statements import Asked, Way

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

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
        order = {each.key: number for number, each in enumerate(changes)}
        self._changed = Changed(connections, self._near, order)
        self._entering: dict[str, Entering] = {}
        self._nears: dict[int, frozenset[Key]] = {}
        self._checks = checks_of(uses, next(iter(connections)) if len(connections) == 1 else "")
        became = became_by(uses)
        for each in self._checks:
            each.became = became.get(each.use.who, frozenset())
        self._check_of = {number: check for check in self._checks for number in check.uses}
        self._nearness = {name: Nearness(each, changes, name) for name, each in catalogues.items()}
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
        return self._blocked(self._checks, changes)

    def blocked_of(self, uses: Iterable[int], changes: Sequence[Change]) -> dict[int, str]:
        """Of some uses, and those that are the same, which fail with changes made, and why."""
        checks = {id(check): check for check in map(self._check_of.__getitem__, uses)}
        return self._blocked([*checks.values()], changes)

    def _blocked(self, checks: Sequence[Check], changes: Sequence[Change]) -> dict[int, str]:
        found: dict[int, str] = {}
        for name, some in self._by_database(checks):
            awake = [each for each in some if not each.asleep]
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

    def asks_as(self, use: int, change: Change) -> tuple[str, ...]:
        """In whose names a use may need a right: who came, for the database; else as whom it is asked for,
        and the owners of views and functions behind it."""
        check = self._check_of[use]
        acting = () if change.kind == "database" else tuple(each.acts_as for each in check.persons)
        if not acting:
            return (check.use.who,)
        return tuple(dict.fromkeys([*acting, *sorted(check.touched.as_others)]))

    def _near(self, check: Check) -> frozenset[Key]:
        if check.asleep:
            return frozenset()
        found = self._nears.get(id(check))
        if found is None:
            acting = _acting(check) | {check.use.who}
            nearness, entering = self._nearness[check.use.database], self._entering[check.use.database]
            found = nearness.of(check.touched, acting)
            if entering.runs:
                found |= nearness.of(entering.touched(check.use.who), {check.use.who})
            self._nears[id(check)] = found
        return found

    def _by_database(self, checks: Sequence[Check]) -> Iterator[tuple[str, list[Check]]]:
        in_order = sorted(checks, key=lambda each: each.use.database)
        for name, some in groupby(in_order, key=lambda each: each.use.database):
            yield name, [*some]

    def _look_at(self, name: str, checks: Sequence[Check]) -> None:
        """See what each use asks for, and whether it may do it now."""
        catalogue = self._catalogues[name]
        behind = Behind(catalogue)
        self._entering[name] = Entering(behind)
        for check in checks:
            understand(check, behind)
        awake = [each for each in checks if not each.asleep]
        for connection, check in self._changed.held(name, awake, ()):
            self._answer_now(connection, check, catalogue)
        left_out = self._outside(name, awake)
        for check in awake:
            if check.use.who in left_out:
                check.unproven, check.asleep = "it may not connect to the database today either", True

    def _answer_now(self, connection: "Connection", check: Check, catalogue: Catalogue) -> None:
        if check.found.way == Way.SET_ROLE:
            logins = [check.use.who, *sorted(check.became if check.use.who in catalogue.superusers else ())]
            role = check.found.statement
            may = [each for each in logins if role in catalogue.roles and may_become(connection, each, role)]
            check.persons = tuple(Person(each, role, "") for each in may)
            if not may:
                _leave_but_entry(check, "it may not do that today either")
            return
        if check.found.way == Way.EXPLAIN:
            failed = self._find_persons(connection, check, catalogue)
            if failed is not None and failed.state == NO_RIGHT and not failed.not_ours:
                _leave_but_entry(check, _words(failed))
                return
            if failed is not None:
                # A session's search path or temporary table may have made it pass, or somebody's lock not.
                check.unproven, check.compares = _words(failed), True
                check.rights = self._rights(connection, check)
                return
            if LISTS_BY_RIGHTS.search(_plans(check)) and not _acting(check) <= catalogue.superusers:
                check.unproven = check.unproven or "what it gives hangs on the rights of who asks"
        if check.compares:
            check.rights = self._rights(connection, check)
        if check.found.way in (Way.EXPLAIN, Way.COMPARE):
            check.powers = powers_of(check.found, check.touched, catalogue, _plans(check))
            check.held = self._held(connection, check)

    def _find_persons(self, connection: "Connection", check: Check, catalogue: Catalogue) -> Answer | None:
        """As whom, and with which search paths, it may be run now; an answer where that is nobody."""
        who = check.use.who
        acts_as = catalogue.setting(who, "role") or who
        if acts_as != who and (acts_as not in catalogue.roles or not may_become(connection, who, acts_as)):
            acts_as = who  # the server says so as somebody comes in, and goes on
        answers = {path: self._try(connection, check, acts_as, path) for path in paths(check, catalogue)}
        for path in answers:
            for role in sorted((check.became & catalogue.roles) - {acts_as}):
                self._try(connection, check, role, path)
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
        entered = self._entering[name].runs or any(each.kind in (MEMBERSHIP, "database") for each in made)
        outside = self._outside(name, checks, made) if entered else set()
        members = any(each.kind == MEMBERSHIP for each in made)
        for connection, check in self._changed.held(name, checks, made):
            if check.use.who in outside:
                yield check, "may not connect to the database"
            elif why := self._fails(connection, check, members=members):
                yield check, why

    def _fails(self, connection: "Connection", check: Check, *, members: bool) -> str:
        """Why a use fails in a changed state; "" if it does not."""
        if check.found.way == Way.SET_ROLE:
            may = not members or all(
                may_become(connection, each.login, each.acts_as) for each in check.persons
            )
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
            return f"rights on what it names would change{check.unproven and f', and {check.unproven}'}"
        if check.powers and self._held(connection, check) != check.held:
            return "rights that it asks for as it runs would change"
        return ""

    def _held(self, connection: "Connection", check: Check) -> str:
        persons = sorted((_acting(check) or check.may_be) | check.touched.as_others)
        return held(connection, persons, check.powers, self._catalogues[check.use.database])

    def _rights(self, connection: "Connection", check: Check) -> str:
        touched = check.touched
        acting = sorted(check.may_be | touched.as_others)
        return rights_on(connection, acting, sorted(touched.relations), sorted(touched.functions))

    def _outside(self, name: str, checks: Sequence[Check], made: Sequence[Change] = ()) -> set[str]:
        with self._changed.one(name, made) as connection:
            return self._entering[name].outside(connection, sorted({each.use.who for each in checks}))


def _leave_but_entry(check: Check, why: str) -> None:
    """A use that the server refuses today asks for nothing but to connect."""
    check.found, check.compares, check.unproven = Asked(Way.NO_RIGHT), False, why


def _acting(check: Check) -> set[str]:
    """As whom it is asked for."""
    return {each.acts_as for each in check.persons}


def _plans(check: Check) -> str:
    return "\n".join(each.plan for each in check.before.values())


def _words(answer: Answer) -> str:
    """Why a use cannot be checked."""
    if answer.not_ours:
        return "this login may not act as that role: log in as one that may"
    if answer.busy:
        return "the server could not answer in time"
    if answer.state == NO_RIGHT:
        return f"it may not do that today either: {answer.message}"
    return f"it fails today: {answer.message}"
