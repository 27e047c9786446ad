"""Accounts of a MariaDB server, version 10.4 and later.

Least grants: SELECT on mysql.global_priv, user, db, tables_priv, columns_priv and roles_mapping, and PROCESS
to see who is connected. With mysql.global_priv the reader can copy the hashes of all passwords: grant it for
the time of the check alone.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from trapstreet.core.model.accounts import (
    UNTOLD_USE,
    Account,
    Flaw,
    Form,
    Group,
    Identities,
    Policy,
    Verifier,
)
from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.urls import without_password
from trapstreet.plugins._mariadb import is_lost
from trapstreet.plugins.identities._mariadb_grant_tables import ASKED, ON_TABLES, Right, effective
from trapstreet.plugins.identities._mariadb_kept import Privileges, form_of, parsed, power, ways, weakest_form
from trapstreet.plugins.identities._sessions import mariadb

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

title = "MariaDB (mariadb://user@host/)"
schemes = ("mariadb", "mysql")

_HASHED = r'"authentication_string"\\s*:\\s*"([^"\\\\]|\\\\.)+"'
_ACCOUNTS = f"""
    SELECT g.User, g.Host, REGEXP_REPLACE(g.Priv, '{_HASHED}', '"authentication_string":"*"'),
        u.Super_priv = 'Y', u.Insert_priv = 'Y' OR u.Update_priv = 'Y' OR u.Alter_priv = 'Y',
        u.Select_priv = 'Y', u.is_role = 'Y'
    FROM mysql.global_priv g JOIN mysql.user u ON u.User = g.User AND u.Host = g.Host
    ORDER BY g.User, g.Host
"""  # noqa: S608 - nothing in it comes from outside
_KEPT = """
    SELECT User, Host, Priv FROM mysql.global_priv WHERE COALESCE(JSON_VALUE(Priv, '$.is_role'), '') <> 'true'
"""
_MEMBERS = "SELECT Host, User, Role FROM mysql.roles_mapping ORDER BY 1, 2, 3"
_MODULES = """
    SELECT PLUGIN_NAME FROM information_schema.PLUGINS
    WHERE PLUGIN_TYPE = 'PASSWORD VALIDATION' AND PLUGIN_STATUS = 'ACTIVE'
"""
_CLIENTS = """
    SELECT USER, COUNT(DISTINCT SUBSTRING_INDEX(HOST, ':', 1)) FROM information_schema.PROCESSLIST
    WHERE HOST LIKE '%:%' GROUP BY USER
"""
_VARIABLES = """
    SHOW GLOBAL VARIABLES WHERE Variable_name IN ('have_ssl', 'require_secure_transport', 'tls_version',
        'max_password_errors', 'default_password_lifetime', 'simple_password_check_minimal_length')
"""
_NO_SUCH = frozenset({1109, 1146})
_DENIED = frozenset({1044, 1142, 1143, 1227})
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_NEVER_LOCKS = 4_294_967_295


def identities(location: str, *, verifiers: bool) -> Identities:
    """The accounts of a server. Raises Unreachable, AccessDenied, UnusableInput."""
    label = without_password(location)
    with mariadb(location, label) as cursor:
        cursor.execute("SELECT VERSION()")
        version = str((cursor.fetchone() or ("",))[0]).partition("-")[0]
        found = Identities(label, f"MariaDB {version}")
        found.untold += [UNTOLD_USE, "second factors"]
        server = _Server(cursor, found)
        server.accounts(label)
        server.settings()
        if verifiers:
            server.verifiers()
    return found


class _Server:
    """What one server tells; what it refuses is noted in `found`."""

    def __init__(self, cursor: "Cursor", found: Identities) -> None:
        self._cursor, self._found = cursor, found
        self._variables = {str(name): str(value) for name, value in self._asked(_VARIABLES, "its settings")}

    def accounts(self, label: str) -> None:
        clients = dict(self._asked(_CLIENTS, "who is connected (GRANT PROCESS ON *.*)"))
        rows = self._listed(label)
        roles, of_user = {each.user for each in rows if each.is_role}, Counter(each.user for each in rows)
        self._members(roles)
        rights = self._on_grant_tables()
        copies = set()
        for row in rows:
            own = [each for each in rights if each.is_for(row.user, row.host, roles)]
            kept = parsed(row.kept)
            may = _may(row, kept, own)
            if row.reads or any(each.reads for each in own):
                copies.add(row.name)
            if row.is_role:
                self._found.groups.append(Group(row.user, f"has {may}" if row.rules else may))
            else:
                connected = clients.get(row.user) if of_user[row.user] == 1 else None
                self._found.accounts.append(self._account(row, kept, may, connected))
        self._copies_hashes(copies)

    def _listed(self, label: str) -> "list[_Listed]":
        import pymysql

        try:
            return [_Listed(*each) for each in self._rows(_ACCOUNTS)]
        except pymysql.MySQLError as error:
            if is_lost(error):
                raise
            if error.args[0] in _NO_SUCH:
                raise UnusableInput(
                    f"{label}: no MariaDB 10.4 or later", hint="it has no mysql.global_priv"
                ) from None
            raise AccessDenied(
                f"{label}: the accounts may not be read",
                hint="GRANT SELECT on mysql's tables: docs/hygiene.md",
            ) from None

    def _members(self, roles: Collection[str]) -> None:
        for host, user, role in self._asked(_MEMBERS, "who has which roles"):
            member = user if not host and user in roles else f"{user}@{host}"
            self._found.memberships.append((member, role))

    def _on_grant_tables(self) -> list[Right]:
        told = [self._asked(query, "rights on the grant tables") for query in (ASKED, ON_TABLES)]
        return effective(*([Right(*each) for each in answer] for answer in told))

    def _copies_hashes(self, those: set[str]) -> None:
        """Some accounts and roles may copy the hashes of passwords, and so may those who are in them."""
        left = [*those]
        for each in left:
            inner = {member for member, group in self._found.memberships if group == each} - those
            those |= inner
            left += inner
        self._found.accounts[:] = [
            replace(each, flaws=each.flaws | {Flaw.COPIES_HASHES})
            if each.name in those and not each.rules
            else each
            for each in self._found.accounts
        ]

    def _account(self, row: "_Listed", kept: Privileges, rules: str, clients: int | None) -> Account:
        form = weakest_form(kept)
        flaws = set()
        enabled = not kept.get("account_locked", False)
        if not row.user:
            flaws.add(Flaw.ANONYMOUS)
        elif form is Form.NONE:
            flaws.add(Flaw.EMPTY)
        elif form in (Form.NATIVE, Form.OLD_NATIVE):
            flaws.add(Flaw.WEAK_FORM)
        if rules and row.host not in _LOCAL and row.host.startswith("%") and form is not Form.LOCKED:
            flaws.add(Flaw.FROM_ANYWHERE)
        changed, days = kept.get("password_last_changed"), kept.get("password_lifetime", -1)
        if days == -1:
            days = int(self._variables.get("default_password_lifetime", "0"))
        return Account(
            name=row.name,
            enabled=enabled and form is not Form.LOCKED,
            form=form,
            rules=rules,
            password_set=changed * 1_000_000 if isinstance(changed, int) and changed > 0 else None,
            password_expires=days != 0,
            clients=clients,
            flaws=frozenset(flaws),
        )

    def settings(self) -> None:
        have, flaws = self._variables, self._found.flaws
        if not have:
            return
        if have.get("have_ssl") in ("NO", "DISABLED"):
            flaws.append((Flaw.NO_TLS, f"have_ssl is {have['have_ssl']}"))
        elif have.get("require_secure_transport", "OFF") == "OFF":
            flaws.append((Flaw.TLS_OPTIONAL, "require_secure_transport is OFF"))
        if {"TLSv1.0", "TLSv1.1"} & set(have.get("tls_version", "").split(",")):
            flaws.append((Flaw.OLD_TLS, f"tls_version is {have['tls_version']}"))
        modules = {str(name) for (name,) in self._asked(_MODULES, "which modules check passwords")}
        limit = int(have.get("max_password_errors", "0"))
        length = have.get("simple_password_check_minimal_length")
        self._found.policies.append(
            Policy(
                name="the server's password rules",
                min_length=int(length) if length and "simple_password_check" in modules else None,
                locks_after=0 if limit >= _NEVER_LOCKS else limit or None,
                checks=bool(modules - {"password_reuse_check"}),
            )
        )

    def verifiers(self) -> None:
        for user, host, kept in self._asked(_KEPT, "the hashes of passwords"):
            for each in ways(parsed(kept)):
                text = str(each.get("authentication_string", ""))
                if form_of(each) is Form.NATIVE and len(text) == 41:
                    value = Protected(bytes.fromhex(text[1:]))
                    self._found.verifiers.append(Verifier(f"{user}@{host}", Form.NATIVE, value))

    def _asked(self, query: str, what: str) -> list[tuple[Any, ...]]:
        import pymysql

        try:
            return self._rows(query)
        except pymysql.MySQLError as error:
            if error.args[0] not in _DENIED | _NO_SUCH:
                raise
            self._found.unknown.append(what)
            return []

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(query)
        return [
            tuple(value.decode(errors="replace") if isinstance(value, bytes) else value for value in row)
            for row in self._cursor.fetchall()
        ]


class _Listed(NamedTuple):
    """An account or a role, as the server lists it.

    kept    what it has in global_priv, without hashes
    rules, writes, reads  whether it may do anything, and whether it may write or read all tables
    """

    user: str
    host: str
    kept: str
    rules: bool
    writes: bool
    reads: bool
    is_role: bool

    @property
    def name(self) -> str:
        return self.user if self.is_role else f"{self.user}@{self.host}"


def _may(row: _Listed, kept: Privileges, own: Iterable[Right]) -> str:
    """By what it can give itself any right on the server; "" by nothing."""
    if row.rules:
        return "SUPER"
    if row.writes or any(each.writes for each in own):
        return "may write the grant tables"
    return power(kept)
