"""Roles of a PostgreSQL server, version 13 and later, and the ways to log in there.

A login is enough for the roles. What superusers alone may read stays unknown without

    GRANT pg_read_all_settings TO reader;                       -- modules that check passwords
    GRANT pg_read_all_stats TO reader;                          -- who is connected
    GRANT SELECT ON pg_hba_file_rules TO reader;
    GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO reader;    -- how one logs in
    GRANT SELECT ON pg_authid TO reader;                        -- in which form passwords are kept

The last lets the reader copy the hashes of all passwords: grant it for the time of the check alone.
"""

import base64
import binascii
from typing import TYPE_CHECKING, Any

from trapstreet.core.model.accounts import UNTOLD_USE, Account, Flaw, Form, Group, Identities, Verifier
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.urls import without_password
from trapstreet.plugins.identities._postgresql_rules import SETTINGS, Rule, flaws_of, flaws_of_settings
from trapstreet.plugins.identities._sessions import postgresql

if TYPE_CHECKING:
    import psycopg

title = "PostgreSQL (postgresql://user@host/)"
schemes = ("postgresql", "postgres")

_ROLES = """
    SELECT rolname, rolcanlogin, rolsuper, rolcreaterole,
        coalesce(rolvaliduntil, 'infinity') <> 'infinity',
        has_column_privilege(oid, 'pg_catalog.pg_authid', 'rolpassword', 'SELECT')
            OR has_column_privilege(oid, 'pg_catalog.pg_shadow', 'passwd', 'SELECT')
    FROM pg_roles ORDER BY rolname
"""
_MEMBERS = "SELECT pg_get_userbyid(member), pg_get_userbyid(roleid) FROM pg_auth_members ORDER BY 1, 2"
_FORMS = """
    SELECT rolname, CASE WHEN rolpassword IS NULL THEN 'none' WHEN rolpassword LIKE 'md5%' THEN 'md5'
        WHEN rolpassword LIKE 'SCRAM-SHA-256$%' THEN 'scram' ELSE 'other' END
    FROM pg_authid
"""
_VERIFIERS = "SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin AND rolpassword IS NOT NULL"
_CLIENTS = """
    SELECT usename, count(DISTINCT client_addr) FROM pg_stat_activity
    WHERE usename IS NOT NULL AND client_addr IS NOT NULL GROUP BY usename
"""
_SEES_CLIENTS = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
_RULES = """
    SELECT line_number, type, database, user_name, address, netmask, auth_method, error
    FROM pg_hba_file_rules ORDER BY line_number
"""
_FORM_NAMES = {"none": Form.NONE, "md5": Form.MD5, "scram": Form.SCRAM, "other": Form.OTHER}
_MIGHTY = {
    "pg_execute_server_program": "runs programs as the server",
    "pg_write_server_files": "writes the server's files",
}
_OWN_GRANTS_ONLY = 160_000
"""The version from which on CREATEROLE makes members of those roles only that it has ADMIN OPTION on."""


def identities(location: str, *, verifiers: bool) -> Identities:
    """The roles of a server. Raises Unreachable, AccessDenied, UnusableInput."""
    label = without_password(location)
    with postgresql(location, label) as connection:
        version = connection.info.server_version
        found = Identities(label, f"PostgreSQL {version // 10_000}.{version % 10_000}")
        found.untold += [UNTOLD_USE, "when a password was set", "second factors"]
        server = _Server(connection, found)
        server.roles(version)
        server.settings()
        server.rules()
        if verifiers:
            server.verifiers()
    return found


class _Server:
    """What one server tells; what it refuses is noted in `found`."""

    def __init__(self, connection: "psycopg.Connection[Any]", found: Identities) -> None:
        self._connection, self._found = connection, found

    def roles(self, version: int) -> None:
        forms = dict(self._asked(_FORMS, "in which form passwords are kept (GRANT SELECT ON pg_authid)"))
        clients = dict(self._asked(_CLIENTS, "who is connected"))
        if self._asked(_SEES_CLIENTS, "") != [(True,)]:
            self._found.unknown.append("who is connected (GRANT pg_read_all_stats to this role)")
        for name, logs_in, rules, creates, expires, copies in self._asked(_ROLES, "roles"):
            may = "superuser" if rules else ""
            if creates and not rules and version < _OWN_GRANTS_ONLY:
                may = "able to grant itself programs of the server (CREATEROLE)"
            if not logs_in:
                self._found.groups.append(Group(name, f"is {may}" if may else _MIGHTY.get(name, "")))
                continue
            form = _FORM_NAMES[forms[name]] if name in forms else None
            self._found.groups.append(Group(name, f"is {may}" if may else ""))
            wrong = {Flaw.WEAK_FORM: form is Form.MD5, Flaw.COPIES_HASHES: copies and not may}
            self._found.accounts.append(
                Account(
                    name=name,
                    enabled=True,
                    rules=may,
                    form=form,
                    password_expires=None if form is Form.NONE else expires,
                    clients=clients.get(name),
                    flaws=frozenset(flaw for flaw, there in wrong.items() if there),
                )
            )
        self._found.memberships += self._asked(_MEMBERS, "memberships")

    def settings(self) -> None:
        known = {name: value for name in SETTINGS if (value := self._setting(name)) is not None}
        self._found.flaws += flaws_of_settings(known)
        if "shared_preload_libraries" not in known:
            self._found.unknown.append(
                "whether new passwords are checked (GRANT pg_read_all_settings to this role)"
            )

    def rules(self) -> None:
        what = "how one logs in: pg_hba.conf (GRANT SELECT ON pg_hba_file_rules, EXECUTE on its function)"
        rows = self._asked(_RULES, what)
        self._found.flaws += flaws_of([Rule(*each[:-1]) for each in rows if not each[-1]])
        self._found.unknown += [
            f"line {each[0]} of pg_hba.conf: the server cannot use it" for each in rows if each[-1]
        ]

    def verifiers(self) -> None:
        for name, kept in self._asked(_VERIFIERS, "the hashes of passwords (GRANT SELECT ON pg_authid)"):
            if made := _verifier(name, kept):
                self._found.verifiers.append(made)

    def _setting(self, name: str) -> str | None:
        rows = self._asked(f"SELECT current_setting('{name}', true)", "")
        return rows[0][0] if rows else None

    def _asked(self, query: str, what: str) -> list[tuple[Any, ...]]:
        import psycopg

        try:
            return self._connection.execute(query.encode()).fetchall()
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
            if what:
                self._found.unknown.append(what)
        except psycopg.errors.QueryCanceled:
            self._found.unknown.append(f"{what}: took too long")
        return []


def _verifier(name: str, kept: str) -> Verifier | None:
    """What a password can be tried against: md5(password ‖ name), or SCRAM's StoredKey (RFC 5803)."""
    try:
        if kept.startswith("md5"):
            return Verifier(name, Form.MD5, Protected(bytes.fromhex(kept[3:])), Protected(name.encode()))
        scheme, rounds_and_salt, keys = kept.split("$")
        rounds, _, salt = rounds_and_salt.partition(":")
        if scheme != "SCRAM-SHA-256":
            return None
        stored = base64.b64decode(keys.partition(":")[0], validate=True)
        return Verifier(
            name, Form.SCRAM, Protected(stored), Protected(base64.b64decode(salt, validate=True)), int(rounds)
        )
    except (ValueError, binascii.Error):
        return None
