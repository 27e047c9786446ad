"""What a PostgreSQL database holds, read from its own catalogue."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from trapstreet.plugins.changes._postgresql.catalogue import Catalogue, Function, Policy, Relation
from trapstreet.plugins.changes._postgresql.leading import (
    ATTACHED,
    IN_POLICIES,
    LEADS,
    NAMED,
    OF_ROWS,
    OPERATORS,
    Leading,
)

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

_OURS = "n.nspname !~ '^pg_(catalog|toast)' AND n.nspname <> 'information_schema'"
_RELATIONS = f"""
    SELECT c.oid, n.nspname, c.relname, pg_get_userbyid(c.relowner), c.relrowsecurity,
        c.relforcerowsecurity
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS}
"""  # noqa: S608 - nothing in it comes from outside
_FUNCTIONS = f"""
    SELECT p.oid, n.nspname, p.proname,
        format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
        CASE WHEN p.prosecdef THEN pg_get_userbyid(p.proowner) ELSE '' END,
        concat_ws(E'\n', COALESCE({{body}}, p.prosrc), array_to_string(p.proconfig, E'\n'))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE {_OURS} AND p.prokind <> 'a' AND (p.prosecdef OR l.lanname NOT IN ('internal', 'c'))
"""  # noqa: S608 - nothing in it comes from outside
_BODY, _BODY_BEFORE_14 = "pg_get_function_sqlbody(p.oid)", "NULL"
_WITH_BODIES = 140_000
_SCHEMAS = f"""
    SELECT n.nspname, n.nspname FROM pg_namespace n WHERE {_OURS}
    UNION
    SELECT t.typname, n.nspname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE {_OURS} AND t.typelem = 0
        AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
"""  # noqa: S608 - nothing in it comes from outside
_VIEWS = """
    SELECT DISTINCT w.ev_class, d.refobjid
    FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
"""
_POLICIES = """
    SELECT p.polrelid,
        ARRAY(SELECT CASE r WHEN 0 THEN '' ELSE pg_get_userbyid(r) END FROM unnest(p.polroles) r), d.refobjid
    FROM pg_policy p JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> p.polrelid
"""
_FIRED = """
    SELECT conrelid, confrelid, false FROM pg_constraint WHERE contype = 'f'
    UNION ALL
    SELECT confrelid, conrelid, confupdtype IN ('c', 'n', 'd') OR confdeltype IN ('c', 'n', 'd')
    FROM pg_constraint WHERE contype = 'f'
    UNION ALL
    SELECT inhparent, inhrelid, true FROM pg_inherits
"""
_COUNTERS = """
    SELECT w.adrelid, d.refobjid FROM pg_depend d
    JOIN pg_attrdef w ON d.classid = 'pg_attrdef'::regclass AND d.objid = w.oid
    JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND c.relkind = 'S'
"""
_ON_EVENTS = "SELECT evtfoid, evtevent = 'login' FROM pg_event_trigger WHERE evtenabled <> 'D'"
_ROLES = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles"
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


def catalogue_of(connection: "Connection") -> Catalogue:
    """The database of a connection whose search path is pg_catalog. A second for 10,000 tables."""

    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query.encode()).fetchall()

    relations = {row[0]: Relation(*row) for row in rows(_RELATIONS)}
    body = _BODY if connection.info.server_version >= _WITH_BODIES else _BODY_BEFORE_14
    functions = {row[0]: Function(*row) for row in rows(_FUNCTIONS.format(body=body))}
    ((class_of_functions,),) = rows("SELECT 'pg_proc'::regclass::oid")
    leading = Leading(rows(LEADS), class_of_functions, functions)
    attached = ((oid, (function, how)) for oid, one, how in rows(ATTACHED) for function in leading.to(one))
    policies = [(oid, Policy(frozenset(to), read, None)) for oid, to, read in rows(_POLICIES)]
    policies += [
        (oid, Policy(frozenset(to), None, function))
        for oid, to, one in rows(IN_POLICIES)
        for function in leading.to(one)
    ]
    above = _lists(rows(_ABOVE))
    (owner,) = rows(_OWNER)[0]
    above.setdefault(owner, []).append("pg_database_owner")
    roles = rows(_ROLES)
    settings: dict[str, dict[str, str]] = {}
    for role, _, name, value in rows(_SETTINGS):
        settings.setdefault(role, {})[name] = value
    (path,) = rows(_USUAL_PATH)[0]
    return Catalogue(
        relations,
        functions,
        frozenset(name for name, _, _ in roles),
        frozenset(name for name, is_super, _ in roles if is_super),
        frozenset(name for name, is_super, bypasses in roles if is_super or bypasses),
        frozenset(name for (name,) in rows(_BUILT_IN)),
        {member: frozenset(groups) for member, groups in above.items()},
        settings,
        path,
        of_rows=frozenset(name for (name,) in rows(OF_ROWS)),
        named=_lists((each.name, each) for each in relations.values()),
        called=_lists(leading.by(rows(NAMED))),
        schemas=_lists(rows(_SCHEMAS)),
        operators=_lists(leading.by(rows(OPERATORS))),
        views=_lists(rows(_VIEWS)),
        policies=_lists(policies),
        attached=_lists(attached),
        fired=_lists((oid, (other, is_written)) for oid, other, is_written in rows(_FIRED)),
        counters=_lists(rows(_COUNTERS)),
        on_ddl=[oid for oid, comes in rows(_ON_EVENTS) if not comes],
        on_login=[oid for oid, comes in rows(_ON_EVENTS) if comes],
    )


def _lists(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    lists: dict[Any, list[Any]] = {}
    for one, other in pairs:
        lists.setdefault(one, []).append(other)
    return lists
