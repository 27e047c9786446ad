"""Logins that trapstreet itself asks a place with: they do nothing that a log tells of as work, and advice
leaves them what they need."""

import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from getpass import getuser

from trapstreet.app.discovered import place_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.access_events import CONNECTED, PastUse
from trapstreet.core.model.changes import PUBLIC, Change
from trapstreet.core.model.rights import Rights
from trapstreet.core.model.urls import parts_of, server_of

_GRANT_TABLES = "mysql"


def own_users(workspace: Workspace, location: str) -> frozenset[str]:
    """The users of `targets` under [access] that are at the same server as a location, as they log in."""
    targets = workspace.settings.access.targets
    there = (each for each in targets if "://" in each and place_of(each) == place_of(location))
    return frozenset(filter(None, map(_user_of, there)))


class OwnLogins:
    """What the accounts of some users have at a place, whichever host they come from.

    What they have by themselves or by a group stays. Of what everybody has they need the way in alone, and
    the tables that tell of rights.
    """

    def __init__(self, users: Collection[str], rights: Rights) -> None:
        self._server = server_of(rights.place)
        folded, names = {each.casefold() for each in users}, [each.name for each in rights.principals]
        called = _called_by(self._server)
        self._names = {each for each in names if not folded.isdisjoint(map(str.casefold, called(each)))}
        above = {number for number, each in enumerate(names) if each in self._names}
        logging_in: dict[int, set[int]] = {}
        for each in rights.memberships:
            if rights.principals[each.member].logs_in:
                logging_in.setdefault(each.group, set()).add(each.member)
        everybody = sum(each.logs_in for each in rights.principals)
        groups = [each for each in rights.memberships if len(logging_in.get(each.group, ())) < everybody]
        while new := {each.group for each in groups if each.member in above} - above:
            above |= new
        self._holders = self._names | {names[each] for each in above}

    def keep(self, change: Change) -> bool:
        """Whether a change would take away what they have by themselves or by a group, or need."""
        if not self._names:
            return False
        tells = change.of == PUBLIC and change.on[:1] == (_GRANT_TABLES,)
        return change.of in self._holders or (tells and self._server.startswith("mariadb://"))

    def ways_in(self, changes: Iterable[Change]) -> list[PastUse]:
        """That they come into each database into which everybody may, as uses that nothing may block."""
        doors = (each for each in changes if each.kind == "database" and each.right == "CONNECT")
        databases = sorted({each.database for each in doors if each.of == PUBLIC})
        return [
            PastUse(who, database, (), CONNECTED, "", (), 1, 0, 0)
            for database in databases
            for who in sorted(self._names)
        ]


def _called_by(server: str) -> Callable[[str], tuple[str, ...]]:
    """What the user of an account of that name may be called at a server: in MariaDB without its host, at a
    share without its domain."""
    if server.startswith("mariadb://"):
        return lambda name: (name.rpartition("@")[0] or name,)
    return lambda name: (name, name.rpartition("\\")[2]) if server.startswith("smb://") else (name,)


def _user_of(target: str) -> str:
    """The user of a URL; where it names none, as who PostgreSQL's own programs would log in."""
    from urllib.parse import parse_qs, unquote

    parts = parts_of(target)
    user = unquote(parts.username or "") or parse_qs(parts.query).get("user", [""])[0]
    if user or not parts.scheme.startswith("postgres"):
        return user
    with suppress(KeyError, OSError):  # nobody is called as this process's user
        return os.environ.get("PGUSER") or getuser()
    return ""
