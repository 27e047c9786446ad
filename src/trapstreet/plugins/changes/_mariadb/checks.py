"""Past uses of a MariaDB server as what has to be checked: each person and statement once, understood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.changes import PUBLIC, Key
from trapstreet.plugins.changes._mariadb.asking import NOWHERE, Answer, Person, Question
from trapstreet.plugins.changes._mariadb.beside import table_beside
from trapstreet.plugins.changes._mariadb.catalogue import Catalogue, Touched, folded
from trapstreet.plugins.changes._mariadb.hosts import Hosts
from trapstreet.plugins.changes._mariadb.kinds import (
    ASKED,
    ENTERING,
    Kind,
    is_never_run,
    kind_of,
    may_change,
    named_by,
)
from trapstreet.plugins.changes._mariadb.standing import Standing, Table
from trapstreet.plugins.changes._mariadb.texts import asks_for_role, hides, names_of

_MOST_ROLES = 20
_PATH = 2


_TELLING = ("information_schema", "sys")
_RIGHTS = "mysql"
"""The database in which the server keeps accounts."""
_LEFT_OUT = "it reads information_schema, which leaves out what one has no right on"


class Scope(Enum):
    """Which rights may matter to a use, of those who did it and those in whose names it was done."""

    NAMED = auto()
    """On what it names, and what lies behind that."""
    RUN = auto()
    """Likewise, and rights to run routines: it did more than it names."""
    TOLD = auto()
    """Likewise, and any of theirs: it tells of things that it does not name."""
    ROLES = auto()
    """None but those that roles give."""
    ALL = auto()


@dataclass(slots=True)
class Check:
    """One statement of one account, for all the uses that were this.

    asks       whether the server is asked; else no right may change on anything that it names
    questions  as whom, where and what is asked: each of them may do it now
    shown      what of the answers to them is compared
    near       changes that may matter;  compares  whether none of them may be made
    unproven   why it cannot be checked;  asleep  whatever is changed, nothing is to be asked
    """

    use: PastUse
    uses: list[int]
    kind: Kind
    asks: bool = False
    questions: tuple[Question, ...] = ()
    shown: dict[Question, str] = field(default_factory=dict)
    touched: Touched = field(default_factory=Touched)
    scope: Scope = Scope.NAMED
    near: frozenset[Key] = frozenset()
    compares: bool = False
    unproven: str = ""
    asleep: bool = False


def checks_of(uses: Sequence[PastUse]) -> list[Check]:
    """Uses of the same statement by the same account from the same hosts, of the same tables, are one."""
    checks: dict[object, Check] = {}
    for number, use in enumerate(uses):
        known = (use.who, use.clients, use.database, use.statement, frozenset(use.on))
        checks.setdefault(known, Check(use, [], kind_of(use.statement))).uses.append(number)
    return [*checks.values()]


def understand(check: Check, catalogue: Catalogue, left_out: Mapping[Table, str], *, doubt: str = "") -> None:
    """What a use asks for, and what lies behind the names in it.

    left_out  what the clone does not have, and why
    doubt     why what the log has of any statement may not be what was run
    """
    use = check.use
    check.asks = check.kind in ASKED | ENTERING
    if check.kind in ENTERING:
        check.touched = catalogue.inside(entered_by(check))
    if check.kind in ENTERING | {Kind.SET_ROLE}:
        return
    named = [
        found for path in use.on if len(path) == _PATH for found in catalogue.named(path[1], [path[0]])
    ] or catalogue.mentioned(use.statement, use.database)
    writes = not use.statement or may_change(use.statement)
    check.touched = catalogue.touched(named, use.statement, writes=writes)
    if not named and check.kind in (Kind.LIST, Kind.SHOW):
        check.touched = catalogue.inside(*names_of(use.statement))
    reads_catalogue = check.touched.hides or hides(use.statement) or use.database.casefold() in _TELLING
    beside = "" if reads_catalogue else table_beside(use, catalogue, writes=writes)
    did_more = bool(beside) or not use.statement
    if did_more:
        check.touched |= catalogue.leading_to(named)
    is_open = did_more and (not use.on or any(path[0] == "mysql" for path in use.on))
    is_open = is_open or bool(doubt and "?" in use.statement)
    tells = reads_catalogue and bool(use.statement) and not writes and not check.touched.unseen
    if (reads_catalogue or is_open) and not tells:
        check.scope = Scope.ALL
    elif check.kind == Kind.MAKE:
        check.scope = Scope.ROLES
    elif did_more or tells:
        check.scope = Scope.RUN if did_more else Scope.TOLD
    missing = [each for each in left_out if folded(each) in check.touched.tables]
    if missing:
        check.asks = False
        check.unproven = f"{'.'.join(missing[0])} could not be copied: {left_out[missing[0]]}"
    elif not check.asks:
        check.unproven = (
            "such a statement cannot be asked for" if use.statement else "the statement is not known"
        )
    elif reads_catalogue:
        check.unproven = _LEFT_OUT
    else:
        check.unproven = _why_not_asked(check, beside) or doubt
    check.compares = bool(check.unproven)


def _why_not_asked(check: Check, beside: str) -> str:
    """Why what the clone says of a use would prove nothing; "" it would."""
    if check.touched.unseen:
        return f"nobody can see {check.touched.unseen}"
    if check.touched.by_role or asks_for_role(check.use.statement):
        return "what it gives hangs on the role in which it is done"
    if is_never_run(check.use.statement):
        return "it names a function that is never run"
    return f"it used {beside}, says the log, and does not name it" if beside else ""


def entered_by(check: Check) -> str:
    """The database of a USE, or of a connection."""
    return check.use.database if check.kind == Kind.CONNECT else named_by(check.use.statement)


class People:
    """As whom uses can have been done."""

    def __init__(self, there: Standing, hosts: Hosts, uses: Sequence[PastUse]) -> None:
        self._there, self._hosts = there, hosts
        self._accounts: dict[str, list[str]] = {}
        for each in there.holders:
            if not each.is_role:
                self._accounts.setdefault(each.user, []).append(each.name)
        self._became: dict[str, dict[str, None]] = {}
        for check in checks_of(uses):
            if check.kind == Kind.SET_ROLE:
                self._became.setdefault(check.use.who, {})[named_by(check.use.statement)] = None

    def acting(self, user: str) -> frozenset[str]:
        """Accounts and roles whose rights somebody may have had, wherever they came from."""
        return self._there.above([*self._accounts.get(user, ()), *self._accounts.get("", ())])

    def exists(self, user: str) -> bool:
        """Whether there is an account that may let them in."""
        return user in self._accounts or "" in self._accounts

    def persons(self, check: Check) -> tuple[list[Person], str]:
        """From everywhere they came, acting as what they are let in as; and why that is not all there was.
        Of addresses from where the same grants hold, one stands for all."""
        use, why = check.use, ""
        found: dict[object, Person] = {}
        for client in use.clients or ("",):
            address = self._hosts.surely(use.who, client)
            if address is None:
                why = (
                    "it depends on the address from where it came, and the log has a name"
                    if client
                    else "it depends on from where it came, and the log does not say"
                )
            else:
                found.setdefault(self._hosts.like(use.who, address), Person(use.who, address))
                if self._hosts.takes_either(use.who, address):
                    why = "grants for two hosts fit equally from where it came, and the server takes either"
        return [*found.values()], why

    def only_as_it_is(self, user: str) -> bool:
        """Whether what they are refused now they were refused with the same rights: they get no temporary
        tables, which hide others and on which everybody has all rights."""
        return self._there.may_get_temporary.isdisjoint(self.acting(user))

    def seen_as(self, user: str) -> list[str]:
        """The roles that somebody was seen to take on."""
        return [*self._became.get(user, ())]

    def roles(self, user: str) -> list[str]:
        """The roles that somebody may take on, not all of them where there are many."""
        names = {*self._accounts.get(user, ()), PUBLIC, *self._accounts.get("", ())}
        return sorted(self.acting(user) - names)[:_MOST_ROLES]


def may_be_named(check: Check) -> frozenset[str]:
    """All that a use that is not checked may be about, there or not, folded: any name in it, and, as it may
    ask for an account, the server's own database. Nothing of other uses."""
    if not check.compares:
        return frozenset()
    use = check.use
    parts = (part.casefold() for path in use.on for part in path)
    return names_of(use.statement) | {use.database.casefold(), _RIGHTS, *parts}


def why_not(answers: Mapping[Question, Answer]) -> tuple[str, bool]:
    """Why a use that fails today cannot be checked, and whether it may be let pass with no more rights."""
    told = [each for each in answers.values() if each.code != NOWHERE] or [*answers.values()]
    for each in told:
        if each.is_gone:
            return f"it fails today: {each.message}", True
    for each in told:
        if each.refused:
            return f"it may not do that today either: {each.message}", False
    return f"the server cannot be asked: {told[0].message}", True
