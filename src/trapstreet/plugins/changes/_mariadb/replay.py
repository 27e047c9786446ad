"""Past uses of a MariaDB server, asked for again on its clone with rights taken away.

A use passes if the clone lets it pass in the changed state as it does now: the same account, from the same
host, in the same database, in the same roles. What cannot be asked for that way is not checked, and is taken
for blocked as soon as any right changes on what it names.
"""

from collections.abc import Iterable, Sequence

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import Change, Key
from trapstreet.plugins.changes._mariadb.asking import Answer, Person, Question, answers, ways
from trapstreet.plugins.changes._mariadb.catalogue import Catalogue
from trapstreet.plugins.changes._mariadb.checks import (
    Check,
    People,
    Scope,
    checks_of,
    entered_by,
    may_be_named,
    understand,
    why_not,
)
from trapstreet.plugins.changes._mariadb.clone import Clone, asking
from trapstreet.plugins.changes._mariadb.kinds import ENTERING, Kind, named_by
from trapstreet.plugins.changes._mariadb.nearness import Nearness

_NOT_IN_THERE = frozenset({1044, 1049})
_SCHEDULER = "event_scheduler"
"""The user that a log has for what events do without any table."""


class MariadbReplay:
    """Uses that were looked at as things are now, ready to be asked for with changes made."""

    def __init__(
        self,
        clone: Clone,
        catalogue: Catalogue,
        people: People,
        uses: Sequence[PastUse],
        nearness: Nearness,
        *,
        doubt: str = "",
    ) -> None:
        self._clone, self._people, self._nearness = clone, people, nearness
        self._definers, self._scheduled = catalogue.definers, catalogue.scheduled
        self._opening = nearness.of_opening(catalogue.opened)
        self._checks = checks_of(uses)
        self._check_of = {number: check for check in self._checks for number in check.uses}
        clone.put(())
        for check in self._checks:
            understand(check, catalogue, clone.notes, doubt=doubt)
        self._look_at([each for each in self._checks if not each.asleep])

    @property
    def unproven(self) -> dict[int, str]:
        """By the number of a use: why it cannot be checked."""
        return {number: each.unproven for each in self._checks if each.unproven for number in each.uses}

    def blocked(self, changes: Sequence[Change]) -> dict[int, str]:
        """The uses that fail with changes made, and why."""
        return {number: why for check, why in self._failing(self._checks, changes) for number in check.uses}

    def blocks(self, use: int, changes: Sequence[Change]) -> bool:
        """Whether one use fails with changes made; those of others' rights are not made for that."""
        check = self._check_of[use]
        using = self._nearness.using(self._people.acting(check.use.who), self._definers)
        mattering = [each for each in changes if each.of in using or each.key in check.near]
        return bool(self._failing([check], mattering))

    def near(self, use: int) -> frozenset[Key]:
        """Changes on what lies behind a use, of those whose rights it can have used."""
        return self._check_of[use].near

    def _failing(self, checks: Iterable[Check], changes: Sequence[Change]) -> list[tuple[Check, str]]:
        awake = [each for each in checks if not each.asleep]
        keys = {each.key for each in changes}
        if not keys or not awake:
            return []
        failing, asked = [], []
        for check in awake:
            if check.compares and keys & check.near:
                failing.append((check, f"rights on what it names would change, and {check.unproven}"))
            elif check.questions:
                asked.append(check)
        if asked:
            with asking():
                self._clone.put(changes)
                said = answers(self._clone, (question for check in asked for question in check.questions))
            for check in asked:
                refusals = [why for each in check.questions if (why := _lost(check, each, said[each]))]
                if refusals:
                    failing.append((check, refusals[0]))
        return failing

    def _look_at(self, checks: Sequence[Check]) -> None:
        """See whether each use may be done now, and as whom."""
        tried: dict[int, list[Question]] = {}
        for number, check in enumerate(checks):
            tried[number] = self._first(check)
        said = self._answers(tried)
        again: dict[int, list[Question]] = {}
        for number, check in enumerate(checks):
            if tried[number] and not self._settle(check, tried[number], said) and _in_any_role(check):
                again[number] = self._as_roles(check, tried[number], self._people.roles(check.use.who))
        said |= self._answers(again)
        for number, check in enumerate(checks):
            some = [*tried[number], *again.get(number, ())]
            if tried[number] and not self._settle(check, some, said):
                check.unproven, is_gone = why_not({each: said[each] for each in some})
                check.compares = True
                is_read = check.use.statement.isascii()  # else a client may have written other names
                check.asleep = not is_gone and is_read and self._people.only_as_it_is(check.use.who)
                check.scope = check.scope if is_read else Scope.ALL
            self._find_near(check)

    def _answers(self, tried: dict[int, list[Question]]) -> dict[Question, Answer]:
        """What the clone says. What is refused in a database is asked in none, too: who was in none, the log
        has in that of the first table that they used."""
        said = answers(self._clone, (each for some in tried.values() for each in some))
        for some in tried.values():
            refused = [each for each in some if each.statement and said[each].code in _NOT_IN_THERE]
            some += [each._replace(database="") for each in refused if each.database]
        return said | answers(
            self._clone, (each for some in tried.values() for each in some if each not in said)
        )

    def _first(self, check: Check) -> list[Question]:
        """As whom a use is asked for at first; nothing where it is not."""
        use = check.use
        if use.who == _SCHEDULER and not self._people.exists(use.who):
            known = check.touched.tables or check.touched.routines
            check.asleep = check.scope != Scope.ALL and not known
            check.unproven = "" if check.asleep else "an event did it, and the log does not say in whose name"
            check.compares = not check.asleep
            return []
        if not self._people.exists(use.who):
            check.unproven, check.asleep = "there is no such account any more", True
            return []
        persons, why = self._people.persons(check)
        if why:
            check.unproven, check.compares = check.unproven or why, True
        if check.kind == Kind.SET_ROLE:
            role = named_by(use.statement)
            return [Question(replace_role(each, role), "", "") for each in persons]
        if not check.asks:
            return []
        asked = [each for person in persons for each in ways(person, *_asks(check))]
        return asked + self._as_roles(
            check, asked, self._people.seen_as(use.who) if _in_any_role(check) else ()
        )

    def _as_roles(self, check: Check, asked: Sequence[Question], roles: Sequence[str]) -> list[Question]:
        persons = dict.fromkeys(each.person._replace(role="") for each in asked)
        return [
            each
            for person in persons
            for role in roles
            for each in ways(replace_role(person, role), *_asks(check))
        ]

    def _settle(self, check: Check, asked: Sequence[Question], said: dict[Question, Answer]) -> bool:
        """Keep what may be done now; whether that is anything."""
        check.questions = tuple(each for each in asked if not said[each].code)
        check.shown = {each: said[each].shown for each in check.questions}
        return bool(check.questions)

    def _find_near(self, check: Check) -> None:
        acting = self._people.acting(check.use.who)
        if check.use.who == _SCHEDULER:
            acting |= self._scheduled
        if check.scope == Scope.ROLES:
            check.near = self._nearness.of_roles(acting)
            if not check.near:  # it goes on whatever is taken away
                check.unproven, check.asleep = "", True
            return
        if check.scope == Scope.ALL:
            check.near = self._nearness.of_all(acting, self._definers)
            return
        check.near = self._nearness.of(acting, check.touched, check.use.database, may_be_named(check))
        if check.scope == Scope.RUN:
            check.near |= self._nearness.executing(acting, check.touched.definers)
        if check.scope == Scope.TOLD:
            check.near |= self._nearness.of_all(acting, ()) | self._opening


def _asks(check: Check) -> tuple[str, str]:
    """In which database what is asked for; "" to be there alone."""
    if check.kind in ENTERING:
        return entered_by(check), ""
    return check.use.database, check.use.statement


def _in_any_role(check: Check) -> bool:
    """Whether it can have been done in a role that is not the one from the start."""
    return check.asks and check.kind != Kind.CONNECT


def _lost(check: Check, question: Question, answer: Answer) -> str:
    """Why it is not as it was any more; "" it is."""
    if answer.code:
        return answer.message
    return "" if answer.shown == check.shown[question] else "the server would leave out a part"


def replace_role(person: Person, role: str) -> Person:
    """The same, acting as a role."""
    return person._replace(role=role)
