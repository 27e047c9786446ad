"""Past uses of a PostgreSQL server as what has to be checked: each person and statement once, understood."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from trapstreet.core.model.access_events import CONNECTED, PastUse
from trapstreet.plugins._postgresql_run import RUN_SQL
from trapstreet.plugins.changes._postgresql.behind import Behind, Touched
from trapstreet.plugins.changes._postgresql.catalogue import Catalogue
from trapstreet.plugins.changes._postgresql.names import ANY_ROLE
from trapstreet.plugins.changes._postgresql.powers import Powers
from trapstreet.plugins.changes._postgresql.probe import Answer, Person, quoted
from trapstreet.plugins.changes._postgresql.statements import Asked, Way, asked

_UNREADABLE = "the statement cannot be read"
_CATALOGUES = ("pg_catalog", "information_schema")
_TABLE_PATH = 3
_SETS, _CALL = "SET ", "set_config"
_DEFAULT = "public"
"""What an import takes for the schema of a table where neither the statement nor the log says it."""
_MOST_SCHEMAS = 20


@dataclass(slots=True)
class Check:
    """One statement of one person, for all the uses that were this.

    persons   as whom it is asked for: each of them may do it now
    found     what it asks for;  touched  what lies behind it;  rights  those on that, as they are now
    before    the answers as things are;  compares  whether `rights` may not change either
    may_be    all as whom it can have been done, where nobody can say
    became    as whom else who came acted at some time, by SET ROLE or a call
    powers    what it needs that is not explained, and in `held` what there is of that now
    """

    use: PastUse
    uses: list[int]
    found: Asked = field(default_factory=lambda: Asked(Way.COMPARE, writes=True, makes=True))
    persons: tuple[Person, ...] = ()
    touched: Touched = field(default_factory=Touched)
    before: dict[Person, Answer] = field(default_factory=dict)
    rights: str = ""
    compares: bool = False
    may_be: frozenset[str] = frozenset()
    became: frozenset[str] = frozenset()
    powers: Powers = field(default_factory=Powers)
    held: str = ""
    row_security: bool = False
    unproven: str = ""
    asleep: bool = False
    """Whatever is changed, nothing is to be asked."""


def became_by(uses: Sequence[PastUse]) -> dict[str, frozenset[str]]:
    """By account: as whom else it acted at some time, ANY_ROLE among them where that may be anybody."""
    found: dict[str, set[str]] = {}
    for use in uses:
        sets = use.statement.startswith(_SETS) or _CALL in use.statement
        said = asked(use.statement) if sets else None
        if said is not None and (role := said.statement if said.way == Way.SET_ROLE else said.becomes):
            found.setdefault(use.who, set()).add(role)
    return {who: frozenset(roles) for who, roles in found.items()}


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
        known = (use.who, database, found if explained else use.statement, use.on)
        if known not in checks:
            placed = use if use.database else _in(use, only)
            checks[known] = Check(placed, [])
        checks[known].uses.append(number)
    return [*checks.values()]


def _in(use: PastUse, database: str) -> PastUse:
    return replace(use, database=database)


def understand(check: Check, behind: Behind) -> None:
    """What a use asks for, and what lies behind the names in it."""
    use, catalogue = check.use, behind.catalogue
    if use.who not in catalogue.roles:
        check.unproven, check.asleep = "there is no such role any more", True
        return
    found = _asked_by(use)
    if found is None:
        check.unproven = "the statement is not known" if not use.statement else _UNREADABLE
        found = check.found
    check.found = found
    if ANY_ROLE in check.became:
        check.became |= catalogue.groups_above([use.who]) - {use.who}
    check.became &= catalogue.roles
    if found.way == Way.NO_RIGHT:  # but to connect, as every use does
        return
    named = {oid for schema, name in found.relations for oid in catalogue.oids(schema, name)}
    if found.way == Way.COMPARE or not named:
        named |= {oid for path in use.on if len(path) > 1 for oid in catalogue.oids(path[-2], path[-1])}
    check.may_be = catalogue.groups_above([use.who, *check.became])
    check.touched = behind.touched(named, found, check.may_be)
    check.row_security = any(catalogue.relations[oid].row_security for oid in check.touched.relations)
    if found.way == Way.COMPARE:
        check.compares = True
        if not found.whole or (found.relations and not named):
            check.unproven = check.unproven or "such a statement cannot be explained"
    if check.touched.unseen:
        check.compares = True
        check.unproven = f"nobody can see what {check.touched.unseen} does"
    known = bool(named or not found.writes) and not check.touched.unseen and check.unproven != _UNREADABLE
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
    if not check.became <= catalogue.superusers:
        return False
    lent = check.touched.as_others | (frozenset() if known else catalogue.lenders)
    return lent <= catalogue.superusers


def paths(check: Check, catalogue: Catalogue) -> list[str]:
    """The search paths that the use can have had: a session's usual one, one with the schemas of the tables
    that the log names, where it names them and the statement does not; and where it does not either, one for
    each schema that has such a table: sessions set their own."""
    usual = catalogue.setting(check.use.who, "search_path") or catalogue.path
    logged = dict.fromkeys(quoted(each[-2]) for each in check.use.on if len(each) == _TABLE_PATH)
    bare = [name for schema, name in check.found.relations if not schema]
    if not bare:
        return [usual]
    found = [usual, ", ".join([*logged, usual])] if logged else [usual]
    told = {each[-1] for each in check.use.on if len(each) == _TABLE_PATH and each[-2] != _DEFAULT}
    left = sorted({each for name in bare if name not in told for each in catalogue.schemas_of(name)})
    return [*found, *(f"{quoted(each)}, {usual}" for each in left[:_MOST_SCHEMAS])]
