"""Past uses of a PostgreSQL server as what has to be checked: each person and statement once, understood."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from trapstreet.core.model.access_events import CONNECTED, PastUse
from trapstreet.plugins.changes._postgresql.catalogue import RUN_SQL, Catalogue, Touched
from trapstreet.plugins.changes._postgresql.probe import Answer, Person, quoted
from trapstreet.plugins.changes._postgresql.statements import Asked, Way, asked

_UNREADABLE = "the statement cannot be read"
_CATALOGUES = ("pg_catalog", "information_schema")
_TABLE_PATH = 3


@dataclass(slots=True)
class Check:
    """One statement of one person, for all the uses that were this.

    persons   as whom it is asked for: each of them may do it now
    found     what it asks for;  touched  what lies behind it;  rights  those on that, as they are now
    before    the answers as things are;  compares  whether `rights` may not change either
    may_be    all as whom it can have been done, where nobody can say
    """

    use: PastUse
    uses: list[int]
    found: Asked = field(default_factory=lambda: Asked(Way.COMPARE, writes=True))
    persons: tuple[Person, ...] = ()
    touched: Touched = field(default_factory=Touched)
    before: dict[Person, Answer] = field(default_factory=dict)
    rights: str = ""
    compares: bool = False
    may_be: frozenset[str] = frozenset()
    row_security: bool = False
    unproven: str = ""
    asleep: bool = False
    """Whatever is changed, nothing is to be asked."""


def checks_of(uses: Sequence[PastUse], only: str) -> list[Check]:
    """Uses of the same statement by the same person are one; where nothing says in which database, `only`.

    The same is what is asked for with the same words. A fingerprint is no measure: it knows neither schemas
    nor the numbers in tables' names.
    """
    checks: dict[object, Check] = {}
    for number, use in enumerate(uses):
        database = use.database or only
        found = asked(use.statement) if use.statement else None
        explained = found is not None and found.way == Way.EXPLAIN
        known = (use.who, database, found.statement if found and explained else use.statement, use.on)
        if known not in checks:
            placed = use if use.database else _in(use, only)
            checks[known] = Check(placed, [])
        checks[known].uses.append(number)
    return [*checks.values()]


def _in(use: PastUse, database: str) -> PastUse:
    return replace(use, database=database)


def understand(check: Check, catalogue: Catalogue) -> None:
    """What a use asks for, and what lies behind the names in it."""
    use = check.use
    if use.who not in catalogue.roles:
        check.unproven, check.asleep = "there is no such role any more", True
        return
    found = _asked_by(use)
    if found is None:
        check.unproven = "the statement is not known" if not use.statement else _UNREADABLE
        found = check.found
    check.found = found
    if found.way == Way.NO_RIGHT:  # but to connect, as every use does
        return
    named = {oid for schema, name in found.relations for oid in catalogue.oids(schema, name)}
    if found.way == Way.COMPARE or not named:
        named |= {oid for path in use.on if len(path) > 1 for oid in catalogue.oids(path[-2], path[-1])}
    check.may_be = catalogue.groups_above([use.who])
    check.touched = catalogue.touched(named, found.functions, found.operators, writes=found.writes)
    check.row_security = any(catalogue.relations[oid].row_security for oid in check.touched.relations)
    if found.way == Way.COMPARE:
        check.compares = True
        check.unproven = check.unproven or "such a statement cannot be explained"
        if not named and not found.functions:
            check.asleep = True
    elif check.touched.unseen:
        check.compares = True
        check.unproven = f"nobody can see what {check.touched.unseen} does"
    known = bool(named) and not check.touched.unseen and check.unproven != _UNREADABLE
    if check.compares and _needs_no_right(check, catalogue, known=known):
        check.unproven, check.asleep = "", True


def _asked_by(use: PastUse) -> Asked | None:
    """What a use asks for; None where nothing can read it."""
    if use.statement == CONNECTED:
        return Asked(Way.NO_RIGHT)
    return asked(use.statement) if use.statement else None


def is_a_superusers_look_at_the_catalogue(use: PastUse, server: Catalogue) -> bool:
    """Whether a use needs no right in whatever database it was: such are those of pg_dump in template1."""
    found = _asked_by(use)
    if found is None or found.way not in (Way.EXPLAIN, Way.NO_RIGHT):
        return False
    if use.who not in server.superusers or server.setting(use.who, "role"):
        return False
    theirs = all(
        schema in _CATALOGUES or (not schema and name.startswith("pg_")) for schema, name in found.relations
    )
    return theirs and found.functions <= server.built_in - RUN_SQL and not found.writes


def _needs_no_right(check: Check, catalogue: Catalogue, *, known: bool) -> bool:
    """Whether a use is a superuser's, of nothing that is read with the rights of somebody who is none.

    known  all that it read is in `touched`; else it may have been anything in the database
    """
    if check.use.who not in catalogue.superusers or catalogue.setting(check.use.who, "role"):
        return False
    lent = check.touched.as_others if known else catalogue.lenders
    return lent <= catalogue.superusers


def paths(check: Check, catalogue: Catalogue) -> list[str]:
    """The search paths that the use can have had: a session's usual one, and one with the schemas of the
    tables that the log names, where it names them and the statement does not."""
    usual = catalogue.setting(check.use.who, "search_path") or catalogue.path
    logged = dict.fromkeys(quoted(each[-2]) for each in check.use.on if len(each) == _TABLE_PATH)
    if not logged or all(schema for schema, _ in check.found.relations):
        return [usual]
    return [usual, ", ".join([*logged, usual])]
