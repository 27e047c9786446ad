"""What a PostgreSQL database holds, as far as a replay has to know it: what lies behind names in a statement.

A view is what it reads; a table that is written to is its triggers, too. Of functions only those matter whose
text may ask for rights of its own, which EXPLAIN does not see.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

Oid = int

_OURS = "n.nspname !~ '^pg_(catalog|toast)' AND n.nspname <> 'information_schema'"
_RELATIONS = f"""
    SELECT c.oid, n.nspname, c.relname, pg_get_userbyid(c.relowner), c.relrowsecurity
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS}
"""  # noqa: S608 - nothing in it comes from outside
_FUNCTIONS = f"""
    SELECT p.oid, n.nspname, p.proname,
        format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
        CASE WHEN p.prosecdef THEN pg_get_userbyid(p.proowner) ELSE '' END,
        COALESCE({{body}}, p.prosrc, '')
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE {_OURS} AND l.lanname NOT IN ('internal', 'c') AND p.prokind <> 'a'
"""  # noqa: S608 - nothing in it comes from outside
_BODY, _BODY_BEFORE_14 = "pg_get_function_sqlbody(p.oid)", "NULL"
_WITH_BODIES = 140_000
_AGGREGATES = f"""
    SELECT p.proname, a.aggtransfn::oid FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
    JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_OURS}
"""  # noqa: S608 - nothing in it comes from outside
_OPERATORS = f"""
    SELECT o.oprname, o.oprcode::oid FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
    WHERE {_OURS}
"""  # noqa: S608 - nothing in it comes from outside
_VIEWS = """
    SELECT DISTINCT w.ev_class, d.refobjid
    FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
"""
_POLICIES = """
    SELECT DISTINCT p.polrelid, d.refobjid
    FROM pg_policy p JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> p.polrelid
"""
_ATTACHED = """
    SELECT w.ev_class, d.refobjid, false FROM pg_depend d
    JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
    WHERE d.refclassid = 'pg_proc'::regclass
    UNION ALL
    SELECT w.polrelid, d.refobjid, false FROM pg_depend d
    JOIN pg_policy w ON d.classid = 'pg_policy'::regclass AND d.objid = w.oid
    WHERE d.refclassid = 'pg_proc'::regclass
    UNION ALL
    SELECT w.adrelid, d.refobjid, true FROM pg_depend d
    JOIN pg_attrdef w ON d.classid = 'pg_attrdef'::regclass AND d.objid = w.oid
    WHERE d.refclassid = 'pg_proc'::regclass
    UNION ALL
    SELECT w.conrelid, d.refobjid, true FROM pg_depend d
    JOIN pg_constraint w ON d.classid = 'pg_constraint'::regclass AND d.objid = w.oid
    WHERE d.refclassid = 'pg_proc'::regclass
    UNION ALL
    SELECT i.indrelid, d.refobjid, true FROM pg_depend d
    JOIN pg_index i ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
    WHERE d.refclassid = 'pg_proc'::regclass
    UNION ALL
    SELECT t.tgrelid, t.tgfoid, true FROM pg_trigger t WHERE NOT t.tgisinternal
"""
_ROLES = "SELECT rolname, rolsuper FROM pg_roles"
_BUILT_IN = "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
_ABOVE = "SELECT pg_get_userbyid(member), pg_get_userbyid(roleid) FROM pg_auth_members"
_OWNER = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
_SETTINGS = """
    SELECT COALESCE(pg_get_userbyid(NULLIF(s.setrole, 0)), ''), s.setdatabase <> 0,
        split_part(line, '=', 1), substr(line, strpos(line, '=') + 1)
    FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) line
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        AND split_part(line, '=', 1) IN ('search_path', 'role')
    ORDER BY s.setrole <> 0, s.setdatabase <> 0
"""
_USUAL_PATH = "SELECT reset_val FROM pg_settings WHERE name = 'search_path'"

_ASKS = re.compile(
    r"\b(select|insert|update|delete|perform|execute|call|table|merge|copy|truncate|open|from|role)\b",
    re.IGNORECASE,
)
"""Without any of these words a function's text asks for no right on a table."""
RUN_SQL = frozenset(
    "ts_stat crosstab crosstab2 crosstab3 crosstab4 connectby xpath_table query_to_xml query_to_xmlschema"
    " query_to_xml_and_xmlschema cursor_to_xml table_to_xml table_to_xml_and_xmlschema schema_to_xml"
    " schema_to_xml_and_xmlschema database_to_xml database_to_xml_and_xmlschema".split()
)
"""Functions of the server and of what comes with it that run SQL given to them as a text."""


class Relation(NamedTuple):
    oid: Oid
    schema: str
    name: str
    owner: str
    row_security: bool


class Function(NamedTuple):
    """A function with a text; `runs_as` is whose rights it has, "" its caller's."""

    oid: Oid
    schema: str
    name: str
    signature: str
    runs_as: str
    text: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What lies behind some names.

    relations  tables and views by their names, what views read and what row security asks
    functions  those whose text is not seen
    as_others  the owners of views and functions, in whose names something is read
    unseen     a name of something that EXPLAIN does not look into; "" nothing
    """

    relations: frozenset[Oid] = frozenset()
    functions: frozenset[Oid] = frozenset()
    as_others: frozenset[str] = frozenset()
    unseen: str = ""


@dataclass(slots=True)
class Catalogue:
    """One database as it was when the replay began."""

    relations: dict[Oid, Relation]
    functions: dict[Oid, Function]
    roles: frozenset[str]
    superusers: frozenset[str]
    built_in: frozenset[str]
    above: dict[str, frozenset[str]]
    settings: dict[str, dict[str, str]]
    path: str
    _named: dict[str, list[Relation]] = field(default_factory=dict)
    _called: dict[str, list[Oid]] = field(default_factory=dict)
    _operators: dict[str, list[Oid]] = field(default_factory=dict)
    _views: dict[Oid, list[Oid]] = field(default_factory=dict)
    _policies: dict[Oid, list[Oid]] = field(default_factory=dict)
    _attached: dict[Oid, list[tuple[Oid, bool]]] = field(default_factory=dict)

    def oids(self, schema: str, name: str) -> list[Oid]:
        """The relations that a name may mean."""
        return [each.oid for each in self._named.get(name, ()) if schema in ("", each.schema)]

    def touched(
        self, named: Iterable[Oid], functions: Iterable[str], operators: Iterable[str], *, writes: bool
    ) -> Touched:
        """What lies behind relations, and names of functions and operators."""
        relations, unseen = self._behind(named), ""
        called = [oid for name in functions for oid in self._called.get(name, ())]
        called += [oid for name in operators for oid in self._operators.get(name, ())]
        for oid in relations:
            called += [each for each, on_write in self._attached.get(oid, ()) if writes or not on_write]
        bodies: dict[Oid, None] = {}
        while called:
            oid = called.pop()
            if oid in bodies or oid not in self.functions:
                continue
            words = frozenset(re.findall(r"\w+", self.functions[oid].text))
            inner = [each for word in words for each in self._called.get(word, ()) if each != oid]
            if _ASKS.search(self.functions[oid].text) or words & RUN_SQL or inner:
                bodies[oid] = None
                unseen = self.functions[oid].name
                relations |= self._behind(each.oid for word in words for each in self._named.get(word, ()))
                called += inner
        for name in functions:
            unseen = name if name in RUN_SQL else unseen
        owners = {self.relations[oid].owner for oid in relations if oid in self._views}
        owners |= {self.functions[oid].runs_as for oid in bodies} - {""}
        return Touched(frozenset(relations), frozenset(bodies), frozenset(owners), unseen)

    def _behind(self, named: Iterable[Oid]) -> set[Oid]:
        behind: set[Oid] = set()
        left = [*named]
        while left:
            if (oid := left.pop()) in self.relations and oid not in behind:
                behind.add(oid)
                left.extend(self._views.get(oid, ()))
                left.extend(self._policies.get(oid, ()))
        return behind

    def groups_above(self, roles: Iterable[str]) -> frozenset[str]:
        """Some roles and all that they are members of, however many steps away."""
        found: set[str] = set()
        left = [*roles]
        while left:
            if (role := left.pop()) not in found:
                found.add(role)
                left.extend(self.above.get(role, ()))
        return frozenset(found)

    @property
    def lenders(self) -> frozenset[str]:
        """The owners of all views and functions in whose names something is read."""
        owners = {self.relations[oid].owner for oid in self._views if oid in self.relations}
        return frozenset(owners | {each.runs_as for each in self.functions.values()} - {""})

    def setting(self, role: str, name: str) -> str:
        """A role's own setting, which a session of it begins with; "" none."""
        return self.settings.get(role, {}).get(name) or self.settings.get("", {}).get(name, "")


def catalogue_of(connection: "Connection") -> Catalogue:
    """The database of a connection whose search path is pg_catalog. A second for 10,000 tables."""

    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query.encode()).fetchall()

    relations = {row[0]: Relation(*row) for row in rows(_RELATIONS)}
    body = _BODY if connection.info.server_version >= _WITH_BODIES else _BODY_BEFORE_14
    functions = {row[0]: Function(*row) for row in rows(_FUNCTIONS.format(body=body))}
    called = [(each.name, oid) for oid, each in functions.items()] + rows(_AGGREGATES)
    above = _lists(rows(_ABOVE))
    (owner,) = rows(_OWNER)[0]
    above.setdefault(owner, []).append("pg_database_owner")
    roles = dict(rows(_ROLES))
    settings: dict[str, dict[str, str]] = {}
    for role, _, name, value in rows(_SETTINGS):
        settings.setdefault(role, {})[name] = value
    (path,) = rows(_USUAL_PATH)[0]
    return Catalogue(
        relations,
        functions,
        frozenset(roles),
        frozenset(name for name, is_super in roles.items() if is_super),
        frozenset(name for (name,) in rows(_BUILT_IN)),
        {member: frozenset(groups) for member, groups in above.items()},
        settings,
        path,
        _named=_lists((each.name, each) for each in relations.values()),
        _called=_lists(called),
        _operators=_lists(rows(_OPERATORS)),
        _views=_lists(rows(_VIEWS)),
        _policies=_lists(rows(_POLICIES)),
        _attached=_lists((oid, (function, on_write)) for oid, function, on_write in rows(_ATTACHED)),
    )


def _lists(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    lists: dict[Any, list[Any]] = {}
    for one, other in pairs:
        lists.setdefault(one, []).append(other)
    return lists
