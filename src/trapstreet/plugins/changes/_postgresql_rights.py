"""The rights of a PostgreSQL database one by one, and how each is taken away and given back.

Who gave a right matters: only in the giver's name is it taken back, and only by the giver is it given again
as it was. To take SELECT on a table away takes that on its columns away, too, so those are given again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from trapstreet.core.model.changes import MEMBERSHIP, PUBLIC, Change, Key

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

_OURS = "n.nspname !~ '^pg_(catalog|toast|temp_|toast_temp_)' AND n.nspname <> 'information_schema'"
_OPTIONS_OF_MEMBERS = 160_000
"""The version from which on a membership says whether it inherits and may SET ROLE."""

_TABLE, _COLUMN, _FUNCTION, _COMING, _SCHEMA, _DATABASE, _MEMBER = "rcFDndg"
_KINDS = {
    "r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table",
    _COLUMN: "table", _FUNCTION: "function", _COMING: "tables to come in", _SCHEMA: "schema",
    _DATABASE: "database", _MEMBER: MEMBERSHIP,
}  # fmt: skip
_REMOVABLE = {
    _TABLE: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    _COLUMN: ("SELECT", "INSERT", "UPDATE"),
    _FUNCTION: ("EXECUTE",),
    _COMING: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    _SCHEMA: ("USAGE",),
    _DATABASE: ("CONNECT",),
    _MEMBER: ("MEMBER",),
}
"""What leads to rows and is seen by a replay. Other rights on the same things are left alone."""
_IN_ORDER = (_TABLE, _COLUMN, _FUNCTION, _COMING, _SCHEMA, _MEMBER, _DATABASE)
"""Of one right's holder: what has to be there to name the others goes last, and comes back first."""


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
        what = f"{_KINDS[self.shape]} {self.name}"
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
_MEMBERS = """
    SELECT 'g', 'g', ARRAY[g.rolname]::text[], quote_ident(g.rolname), '', 'MEMBER',
        COALESCE(giver.rolname, x.grantor::text), m.rolname,
        COALESCE(quote_ident(giver.rolname), x.grantor::text), quote_ident(m.rolname),
        x.admin_option, false,
        m.rolsuper OR m.rolname = session_user OR m.rolname ~ '^pg_', {options}
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
    for query in (_GIVEN, _MEMBERS.format(options=options)):
        rows += connection.execute(query.encode(), {"paths": paths}).fetchall()
    return [Given(*row)._replace(path=tuple(row[2])) for row in rows]


def changes_of(given: Iterable[Given], database: str) -> list[Change]:
    """What can be taken away, in the order in which it has to be: what was given on goes first."""
    all_given = [*given]
    children = _given_on(all_given) | _like_those_to_come(all_given)
    depths: dict[Key, int] = {}
    for each in all_given:
        _depth(each, children, depths)
    columns: dict[tuple[str, ...], list[Given]] = {}
    for each in all_given:
        if each.kind == _COLUMN:
            columns.setdefault((each.name, each.right, each.as_grantor, each.to), []).append(each)
    removable = [each for each in all_given if _is_removable(each, children)]
    removable.sort(
        key=lambda each: (_late(each.kind), depths[each.key], _IN_ORDER.index(each.kind), each.key)
    )
    return [_change(each, database, columns, children) for each in removable]


def _late(kind: str) -> int:
    return max(0, _IN_ORDER.index(kind) - _IN_ORDER.index(_FUNCTION))


def _is_removable(given: Given, children: "dict[Key, list[Given]]") -> bool:
    """Whether a right may be taken away, and all that was given on by it."""
    if given.fixed or given.right not in _REMOVABLE[given.kind]:
        return False
    if given.kind == _COMING and given.key not in children:
        return False
    return all(_is_removable(each, children) for each in children.get(given.key, ()))


def _given_on(given: Sequence[Given]) -> dict[Key, list[Given]]:
    """For each right, those that its holder gave on by it."""
    holds: dict[tuple[str, str, str], list[Given]] = {}
    for each in given:
        if each.grantable and (each.kind != _MEMBER or each.options):
            for kind in {_TABLE: (_TABLE, _COLUMN)}.get(each.kind, (each.kind,)):
                holds.setdefault((kind + each.name, each.right, each.to), []).append(each)
    children: dict[Key, list[Given]] = {}
    for each in given:
        for holder in holds.get((each.kind + each.name, each.right, each.as_grantor), ()):
            if holder.column in ("", each.column) and holder.key != each.key and not each.own:
                children.setdefault(holder.key, []).append(each)
    return children


def _like_those_to_come(given: Sequence[Given]) -> dict[Key, list[Given]]:
    """For each default privilege, what it gave so far: the same right on tables that are there.

    It goes with all of these alone: that nobody needs them is what speaks for it.
    """
    alike: dict[tuple[str, str, str], list[Given]] = {}
    for each in given:
        if each.kind == _TABLE and each.own:
            alike.setdefault((each.right, each.as_grantor, each.to), []).append(each)
    found: dict[Key, list[Given]] = {}
    for each in given:
        if each.kind == _COMING:
            there = alike.get((each.right, each.as_grantor, each.to), ())
            if inside := [one for one in there if not each.path or one.path[0] == each.path[0]]:
                found[each.key] = inside
    return found


def _depth(given: Given, children: dict[Key, list[Given]], depths: dict[Key, int]) -> int:
    """How many steps a right was given on, at most."""
    if given.key not in depths:
        depths[given.key] = 0  # a circle of givers ends here
        depths[given.key] = 1 + max(
            (_depth(each, children, depths) for each in children.get(given.key, ())), default=0
        )
    return depths[given.key]


def _change(
    given: Given,
    database: str,
    columns: dict[tuple[str, ...], list[Given]],
    children: dict[Key, list[Given]],
) -> Change:
    if given.kind == _MEMBER:
        forward, back = _member_statements(given)
    else:
        forward, back = [_revoke(given)], [_grant(given)]
        if given.kind == _TABLE:
            same = columns.get((given.name, given.right, given.as_grantor, given.to), ())
            forward += [_grant(each) for each in same]
        forward, back = ([*_as_giver(given, each)] for each in (forward, back))
    where = "" if given.kind == _MEMBER else database
    return Change(
        key=f"{where} {given.key}",
        database=where,
        on=given.path if given.kind == _MEMBER else (database, *given.path),
        kind=_KINDS[given.shape],
        right=f"{given.right} ({given.column})" if given.column else given.right,
        of=given.grantee,
        forward=tuple(forward),
        back=tuple(back),
        rests=tuple(sorted(f"{where} {each.key}" for each in children.get(given.key, ()))),
    )


def _as_giver(given: Given, statements: Iterable[str]) -> Iterator[str]:
    """Statements in the name of who gave the right; the owner's name is that of any superuser."""
    if not given.own:
        yield f"SET LOCAL ROLE {given.as_grantor}"
    yield from statements
    if not given.own:
        yield "RESET ROLE"


def _what(given: Given) -> str:
    right = f"{given.right} ({given.column})" if given.column else given.right
    kind = {_FUNCTION: "ROUTINE ", _SCHEMA: "SCHEMA ", _DATABASE: "DATABASE "}.get(given.kind, "TABLE ")
    return f"{right} ON {kind}{given.name}"


def _revoke(given: Given) -> str:
    if given.kind == _COMING:
        return f"ALTER DEFAULT PRIVILEGES {given.name} REVOKE {given.right} ON TABLES FROM {given.to}"
    return f"REVOKE {_what(given)} FROM {given.to}"


def _grant(given: Given) -> str:
    option = " WITH GRANT OPTION" if given.grantable else ""
    if given.kind == _COMING:
        return f"ALTER DEFAULT PRIVILEGES {given.name} GRANT {given.right} ON TABLES TO {given.to}{option}"
    return f"GRANT {_what(given)} TO {given.to}{option}"


def _member_statements(given: Given) -> tuple[list[str], list[str]]:
    by = f"GRANTED BY {given.as_grantor}"
    if given.options:
        options = f" WITH ADMIN {str(given.grantable).upper()}, {given.options}"
    else:
        options = " WITH ADMIN OPTION" if given.grantable else ""
    return (
        [f"REVOKE {given.name} FROM {given.to} {by}"],
        [f"GRANT {given.name} TO {given.to}{options} {by}"],
    )
