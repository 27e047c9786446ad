"""What PostgreSQL's catalogues say of roles, memberships, and what is granted in each database.

All of it may be read by everybody who can connect; nothing here asks for a right of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

Oid = int
PUBLIC: Oid = 0


class Role(NamedTuple):
    oid: Oid
    name: str
    superuser: bool
    inherits: bool
    makes_roles: bool
    logs_in: bool
    replicates: bool
    passes_row_security: bool


class Member(NamedTuple):
    group: Oid
    member: Oid
    admits: bool
    inherits: bool
    becomes: bool


class Database(NamedTuple):
    oid: Oid
    name: str
    owner: Oid
    open: bool
    may_connect: list[Oid]


class Schema(NamedTuple):
    oid: Oid
    name: str
    owner: Oid
    may_use: list[Oid]


class Relation(NamedTuple):
    oid: Oid
    schema: Oid
    name: str
    kind: str
    owner: Oid
    row_security: bool
    forced: bool
    as_invoker: bool
    rows: int | None
    may_select: list[Oid]


class Column(NamedTuple):
    relation: Oid
    name: str
    may_select: list[Oid]


class Policy(NamedTuple):
    relation: Oid
    name: str
    permissive: bool
    roles: list[Oid]
    lets_all: bool


class Shown(NamedTuple):
    """A view and what it reads.  columns: those that it names; None: it takes rows as a whole"""

    outer: Oid
    inner: Oid
    columns: list[str] | None


class Link(NamedTuple):
    """A parent table and its part."""

    outer: Oid
    inner: Oid


class Function(NamedTuple):
    """as_owner: it runs with its owner's rights;  reads: what the server itself knows that it reads"""

    oid: Oid
    schema: Oid
    name: str
    owner: Oid
    as_owner: bool
    source: str
    reads: list[Oid]
    may_execute: list[Oid]


class Sampler(NamedTuple):
    """Somebody who may read what the server keeps of tables' values by itself."""

    role: Oid


class Publication(NamedTuple):
    """tables: those that it names;  all_tables: it has every table, and names none"""

    name: str
    all_tables: bool
    tables: list[str]


class Foreign(NamedTuple):
    server: str
    user: str


class Coming(NamedTuple):
    """Default privileges: who will read the tables that `owner` makes."""

    owner: Oid
    schema: str | None
    may_select: list[Oid]


@dataclass(frozen=True, slots=True)
class Contents:
    """What one database holds."""

    schemas: list[Schema]
    relations: list[Relation]
    columns: list[Column]
    policies: list[Policy]
    views: list[Shown]
    parts: list[Link]
    functions: list[Function]
    samplers: list[Sampler]


_GRANTEES = (
    "ARRAY(SELECT DISTINCT a.grantee FROM aclexplode(COALESCE({acl}, acldefault('{kind}', {owner}))) a"
    " WHERE a.privilege_type = '{right}')"
)
_OURS = "n.nspname !~ '^pg_(catalog|toast|temp_|toast_temp_)' AND n.nspname <> 'information_schema'"

ROLES = """
    SELECT oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcanlogin, rolreplication, rolbypassrls
    FROM pg_roles ORDER BY rolname
"""
MEMBERS_BEFORE_16 = """
    SELECT m.roleid, m.member, m.admin_option, r.rolinherit, true
    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
"""
MEMBERS = "SELECT roleid, member, admin_option, inherit_option, set_option FROM pg_auth_members"
DATABASES = f"""
    SELECT oid, datname, datdba, datallowconn,
        {_GRANTEES.format(acl="datacl", kind="d", owner="datdba", right="CONNECT")}
    FROM pg_database WHERE datname NOT IN ('template0', 'template1') ORDER BY datname
"""  # noqa: S608 - nothing in it comes from outside
SCHEMAS = f"""
    SELECT n.oid, n.nspname, n.nspowner,
        {_GRANTEES.format(acl="n.nspacl", kind="n", owner="n.nspowner", right="USAGE")}
    FROM pg_namespace n WHERE {_OURS}
"""  # noqa: S608 - nothing in it comes from outside
RELATIONS = f"""
    SELECT c.oid, c.relnamespace, c.relname, c.relkind::text, c.relowner,
        c.relrowsecurity, c.relforcerowsecurity,
        EXISTS (SELECT FROM pg_options_to_table(c.reloptions) o
                WHERE o.option_name = 'security_invoker' AND o.option_value::boolean),
        CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END,
        {_GRANTEES.format(acl="c.relacl", kind="r", owner="c.relowner", right="SELECT")}
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS} ORDER BY n.nspname, c.relname
"""  # noqa: S608 - nothing in it comes from outside
COLUMNS = """
    SELECT a.attrelid, a.attname,
        ARRAY(SELECT DISTINCT e.grantee FROM aclexplode(a.attacl) e WHERE e.privilege_type = 'SELECT')
    FROM pg_attribute a WHERE a.attacl IS NOT NULL AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum
"""
POLICIES = """
    SELECT p.polrelid, p.polname, p.polpermissive, p.polroles,
        COALESCE(pg_get_expr(p.polqual, p.polrelid), 'true') = 'true'
    FROM pg_policy p WHERE p.polcmd IN ('r', '*')
"""
VIEWS = """
    WITH shows AS MATERIALIZED (
        SELECT oid, ev_class, ev_action::text LIKE '%:varattno 0 %' AS whole_rows FROM pg_rewrite
        WHERE ev_type = '1' AND ev_class >= 16384 -- not the system's own
    )
    SELECT w.ev_class, d.refobjid, CASE WHEN NOT bool_or(w.whole_rows)
        THEN COALESCE(array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum > 0), '{}') END
    FROM shows w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
    GROUP BY w.ev_class, d.refobjid
"""
PARTS = "SELECT inhparent, inhrelid FROM pg_inherits"
FUNCTIONS = f"""
    SELECT p.oid, p.pronamespace, p.proname, p.proowner, p.prosecdef, p.prosrc,
        ARRAY(SELECT DISTINCT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
            AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass),
        {_GRANTEES.format(acl="p.proacl", kind="f", owner="p.proowner", right="EXECUTE")}
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE {_OURS} AND (p.prosecdef OR l.lanname NOT IN ('internal', 'c'))
"""  # noqa: S608 - nothing in it comes from outside
SAMPLERS = """
    SELECT DISTINCT e.grantee FROM (
        SELECT relacl FROM pg_class WHERE oid IN ('pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass)
        UNION ALL SELECT attacl FROM pg_attribute
            WHERE attrelid IN ('pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass)
    ) given (acl), aclexplode(acl) e WHERE e.privilege_type = 'SELECT'
"""
PUBLICATIONS = """
    SELECT p.pubname, p.puballtables, CASE WHEN p.puballtables THEN '{}' ELSE ARRAY(
        SELECT t.schemaname || '.' || t.tablename FROM pg_publication_tables t
        WHERE t.pubname = p.pubname ORDER BY 1) END
    FROM pg_publication p ORDER BY 1
"""
FOREIGN = "SELECT srvname, COALESCE(usename, 'public') FROM pg_user_mappings ORDER BY 1, 2"
COMING = """
    SELECT d.defaclrole, n.nspname,
        ARRAY(SELECT DISTINCT a.grantee FROM aclexplode(d.defaclacl) a WHERE a.privilege_type = 'SELECT')
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace WHERE d.defaclobjtype = 'r'
"""

_Row = TypeVar("_Row", bound=NamedTuple)


def rows_of(kind: type[_Row], found: Sequence[Sequence[Any]]) -> list[_Row]:
    """Rows of an answer by their names."""
    return [kind(*each) for each in found]
