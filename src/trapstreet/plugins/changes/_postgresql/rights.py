"""The rights of a PostgreSQL database one by one, as the server has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from trapstreet.core.model.changes import MEMBERSHIP, PUBLIC, Key

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

_OURS = "n.nspname !~ '^pg_(catalog|toast|temp_|toast_temp_)' AND n.nspname <> 'information_schema'"
_OPTIONS_OF_MEMBERS = 160_000
"""The version from which on a membership says whether it inherits and may SET ROLE."""

TABLE, COLUMN, FUNCTION, COMING, SCHEMA, DATABASE, MEMBER = "rcFDndg"
KINDS = {
    "r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table",
    COLUMN: "table", FUNCTION: "function", COMING: "tables to come in", SCHEMA: "schema",
    DATABASE: "database", MEMBER: MEMBERSHIP,
}  # fmt: skip
"""What each letter for a kind stands for."""


class Given(NamedTuple):
    """One right as the server has it.

    kind, shape    one of the letters above, and for a relation what kind of relation it is
    path           schema, and what is in it;  name, column  in the server's own quotes
    grantor, grantee  names, PUBLIC for everybody;  as_grantor, to  the same in the server's quotes
    own            the giver is whose thing it is;  fixed  is not to be taken away, whoever asks
    options        of a membership: "INHERIT TRUE, SET TRUE"
    """

    kind: str
    shape: str
    path: tuple[str, ...]
    name: str
    column: str
    right: str
    grantor: str
    grantee: str
    as_grantor: str
    to: str
    grantable: bool
    own: bool
    fixed: bool
    options: str = ""

    @property
    def key(self) -> Key:
        """The right in one line, unlike that of any other right of the database."""
        what = f"{KINDS[self.shape]} {self.name}"
        right = " ".join(filter(None, (self.right, f"({self.column})" if self.column else "", self.options)))
        grantable = " with grant option" if self.grantable else ""
        return f"{what}: {right} to {self.to} by {self.as_grantor}{grantable}"


_GIVEN = f"""
    SELECT o.kind, o.shape, o.path, o.name, o.col, a.privilege_type,
        COALESCE(giver.rolname, a.grantor::text), COALESCE(taker.rolname, '{PUBLIC}'),
        COALESCE(quote_ident(giver.rolname), a.grantor::text),
        CASE WHEN a.grantee = 0 THEN '{PUBLIC}'
            ELSE COALESCE(quote_ident(taker.rolname), a.grantee::text) END,
        a.is_grantable, a.grantor = o.owner,
        a.grantee = o.owner OR COALESCE(taker.rolsuper, false)
            OR COALESCE(taker.rolname = session_user, false) OR (a.grantee <> 0 AND taker.oid IS NULL)
    FROM (
        SELECT 'r' AS kind, c.relkind::text AS shape, ARRAY[n.nspname, c.relname]::text[] AS path,
            c.oid::regclass::text AS name, '' AS col, c.relowner AS owner,
            COALESCE(c.relacl, acldefault('r', c.relowner)) AS acl
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS}
        UNION ALL
        SELECT 'c', 'c', ARRAY[n.nspname, c.relname]::text[], c.oid::regclass::text,
            quote_ident(t.attname), c.relowner, t.attacl
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE t.attacl IS NOT NULL AND NOT t.attisdropped
            AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS}
        UNION ALL
        SELECT 'F', 'F', ARRAY[n.nspname,
                format('%%s(%%s)', p.proname, pg_get_function_identity_arguments(p.oid))]::text[],
            p.oid::regprocedure::text, '',
            p.proowner, COALESCE(p.proacl, acldefault('f', p.proowner))
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND {_OURS}
        UNION ALL
        SELECT 'n', 'n', ARRAY[n.nspname]::text[], quote_ident(n.nspname), '', n.nspowner,
            COALESCE(n.nspacl, acldefault('n', n.nspowner))
        FROM pg_namespace n WHERE {_OURS}
        UNION ALL
        SELECT 'd', 'd', ARRAY[]::text[], quote_ident(d.datname), '', d.datdba,
            COALESCE(d.datacl, acldefault('d', d.datdba))
        FROM pg_database d WHERE d.datname = current_database()
        UNION ALL
        SELECT 'D', 'D', CASE WHEN n.oid IS NULL THEN ARRAY[]::text[] ELSE ARRAY[n.nspname]::text[] END,
            format('FOR ROLE %%I', pg_get_userbyid(w.defaclrole))
                || CASE WHEN n.oid IS NULL THEN '' ELSE format(' IN SCHEMA %%I', n.nspname) END,
            '', w.defaclrole, w.defaclacl
        FROM pg_default_acl w LEFT JOIN pg_namespace n ON n.oid = w.defaclnamespace
        WHERE w.defaclobjtype = 'r'
    ) o CROSS JOIN LATERAL aclexplode(o.acl) a
    LEFT JOIN pg_roles giver ON giver.oid = a.grantor LEFT JOIN pg_roles taker ON taker.oid = a.grantee
    WHERE (o.kind <> 'D' OR a.grantee <> o.owner)
        AND (%(paths)s::text[] IS NULL OR array_to_string(o.path, '.') = ANY(%(paths)s))
"""  # noqa: S608 - nothing in it comes from outside
_SEEN = (
    "('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',"
    " 'pg_execute_server_program')"
)
"""The server's own roles of which a past use shows whether it needed them."""
_MEMBERS = """
    WITH RECURSIVE unseen(role) AS (
        SELECT oid FROM pg_roles WHERE rolname ~ '^pg_' AND rolname NOT IN {seen}
        UNION SELECT x.member FROM pg_auth_members x JOIN unseen u ON x.roleid = u.role
    )
    SELECT 'g', 'g', ARRAY[g.rolname]::text[], quote_ident(g.rolname), '', 'MEMBER',
        COALESCE(giver.rolname, x.grantor::text), m.rolname,
        COALESCE(quote_ident(giver.rolname), x.grantor::text), quote_ident(m.rolname),
        x.admin_option, false,
        m.rolsuper OR m.rolname = session_user OR m.rolname ~ '^pg_'
            OR g.oid IN (SELECT role FROM unseen), {options}
    FROM pg_auth_members x JOIN pg_roles g ON g.oid = x.roleid JOIN pg_roles m ON m.oid = x.member
    LEFT JOIN pg_roles giver ON giver.oid = x.grantor
    WHERE %(paths)s::text[] IS NULL OR g.rolname = ANY(%(paths)s)
"""
_OPTIONS = "format('INHERIT %%s, SET %%s', upper(x.inherit_option::text), upper(x.set_option::text))"
_OTHERWISE = f"""
    SELECT format('role %I%s%s%s%s%s', rolname, CASE WHEN rolsuper THEN ' superuser' END,
        CASE WHEN NOT rolinherit THEN ' noinherit' END, CASE WHEN rolcreaterole THEN ' createrole' END,
        CASE WHEN rolcanlogin THEN ' login' END, CASE WHEN rolbypassrls THEN ' bypassrls' END)
    FROM pg_roles
    UNION ALL
    SELECT format('%s %s owner %s%s%s', c.relkind, c.oid::regclass, c.relowner::regrole,
        CASE WHEN c.relrowsecurity THEN ' row security' END,
        CASE WHEN c.relforcerowsecurity THEN ' forced' END)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS}
    UNION ALL
    SELECT format('policy %I on %s %s %s to %s using %s', p.polname, p.polrelid::regclass, p.polpermissive,
        p.polcmd, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid))
    FROM pg_policy p
    UNION ALL
    SELECT format('function %s owner %s', p.oid::regprocedure, p.proowner::regrole)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND {_OURS}
    UNION ALL
    SELECT format('schema %I owner %s', n.nspname, n.nspowner::regrole) FROM pg_namespace n WHERE {_OURS}
"""  # noqa: S608 - nothing in it comes from outside


@dataclass(frozen=True, slots=True)
class Standing:
    """What one database's rights are.

    given   every right that somebody was given;  otherwise  all else that decides, as lines
    """

    given: tuple[Given, ...]
    otherwise: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """All of it as sorted lines."""
        return sorted([*(each.key for each in self.given), *self.otherwise])


def standing(connection: "Connection") -> Standing:
    """The rights in a database, and the memberships of the server. The search path is to be pg_catalog.

    Three seconds for 130,000 rights.
    """
    otherwise = connection.execute(_OTHERWISE.encode()).fetchall()
    return Standing(tuple(given_on(connection)), tuple(text for (text,) in otherwise))


def given_on(connection: "Connection", paths: Sequence[str] | None = None) -> list[Given]:
    """What was given on all things, or on those with these paths, with dots between; perhaps on more."""
    options = _OPTIONS if connection.info.server_version >= _OPTIONS_OF_MEMBERS else "''"
    rows = []
    for query in (_GIVEN, _MEMBERS.format(options=options, seen=_SEEN)):
        rows += connection.execute(query.encode(), {"paths": paths}).fetchall()
    return [Given(*row)._replace(path=tuple(row[2])) for row in rows]
