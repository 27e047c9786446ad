"""All that an SMB server tells of the rights on its shares, on a part of one, or on one file."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from types import MappingProxyType

from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.rights import Rights
from trapstreet.core.model.urls import password_of, without_password
from trapstreet.plugins._address import Address, address_of
from trapstreet.plugins._connecting import Refused, failure
from trapstreet.plugins._smb.answers import cause, lost
from trapstreet.plugins._smb.knowledge import guest_comes_to, knowledge_of, names_of
from trapstreet.plugins._smb.login import Server
from trapstreet.plugins._smb.map import Found, Instead, Map
from trapstreet.plugins._smb.walk import Folder, Reader

_PASSWORD = "TRAPSTREET_SMB_PASSWORD"  # noqa: S105 - the variable's name
_MOST_UNKNOWN = 50
_WHAT = ("set of files of equal rights", "sets of files of equal rights")
_WHO = ("user or group", "users and groups")


def login_at(location: str) -> tuple[Address, Server]:
    """Where, and with what to log in. Raises UnusableInput."""
    if password_of(location):
        raise UnusableInput(
            f"{without_password(location)}: the address holds a password",
            hint=f"take it out, and set {_PASSWORD}",
        )
    address = address_of(location, variable=_PASSWORD)
    password = os.environ.get(_PASSWORD)
    if not address.user or not password:
        missing = "no password" if address.user else "no user"
        raise UnusableInput(
            f"{missing} for {address.shown()}", hint=f"give smb://user@server/ and set {_PASSWORD}"
        )
    user = address.user.replace(";", "\\", 1)
    return address, Server(address.host, address.port or 445, user, Protected(password))


class Asked:
    """What a server told, once. Raises Unreachable, AccessDenied, UnusableInput.

    reader  reads it: `Reader`, or one that keeps more of it
    """

    def __init__(self, location: str, reader: Callable[[Server], Reader] = Reader) -> None:
        self.address, server = login_at(location)
        self.share, _, self.inner = self.address.path.partition("/")
        self._server = replace(self.address, path="").shown()
        self._notes: list[str] = []
        self._unknown: list[str] = []
        self._unread: list[tuple[str, ...]] = []
        try:
            with closing(reader(server)) as session:
                self.found = self._read(session, server)
        except lost() as error:
            raise failure(cause(error), server.host, server.port) from error

    def rights(self, instead: Instead = MappingProxyType({})) -> Rights:
        """The rights as they were told, or as they are with other descriptors instead of some."""
        made = Rights(self.address.shown(), "", _WHAT, _WHO, notes=[*self._notes], unread=[*self._unread])
        more = [*self._unknown]

        def not_known(what: str, why: str) -> None:
            made.unread.append((what,))
            more.append(f"{what}: {why}")

        Map(made, self.found, shown=self.shown, not_known=not_known, instead=instead)
        made.unknown += more[:_MOST_UNKNOWN]
        if len(more) > _MOST_UNKNOWN:
            made.unknown.append(f"and {len(more) - _MOST_UNKNOWN:,} more")
        return made

    def shown(self, share: str, path: str) -> str:
        """A place on the server, as people find it."""
        return "/".join(filter(None, (self._server, share, path)))

    def _read(self, session: Reader, server: Server) -> Found:
        shares = [self.share] if self.share else self._offered(session)
        known = knowledge_of(session, server, self._not_known)
        on_shares = {each: self._of_share(session, each) for each in shares}
        folders = [*self._folders(session, shares)]
        found = Found(known, on_shares, folders, guest_comes_to(server, shares))
        found.names = names_of(session, found.sids(), self._not_known)
        return found

    def _not_known(self, what: str, why: str) -> None:
        self._unread.append((what,) if what.startswith(self._server) else ())
        self._unknown.append(f"{what}: {why}")

    def _offered(self, session: Reader) -> list[str]:
        """The shares of a server that people are meant to use."""
        try:
            found = [each for each in session.shares() if each.is_disk]
        except (FileNotFoundError, PermissionError, Refused):
            raise AccessDenied(
                f"{self.address.shown()}: its shares may not be listed", hint="give one by name"
            ) from None
        if closed := [each.name for each in found if each.is_special]:
            self._notes.append(
                f"{', '.join(closed)}: shares of the system, by which administrators read whole disks;"
                " give one by name to look into it"
            )
        return [each.name for each in found if not each.is_special]

    def _of_share(self, session: Reader, name: str) -> bytes | None:
        try:
            return session.share_rights(name)
        except (FileNotFoundError, PermissionError, Refused):
            why = "the rights on the share are told to administrators only"
            self._not_known(self.shown(name, ""), why)
        return None

    def _folders(self, session: Reader, shares: Iterable[str]) -> Iterator[Folder]:
        for share in shares:
            try:
                if not session.is_folder(share, self.inner):
                    yield session.file(share, self.inner)
                    return
                for folder in session.walk(share, self.inner):
                    for path, why in folder.unread:
                        self._not_known(self.shown(share, path), why)
                    yield folder
            except FileNotFoundError:
                if self.share:
                    raise UnusableInput(
                        f"{self.address.shown()}: no such share, file or folder", hint="check the path"
                    ) from None
            except (PermissionError, Refused) as error:
                self._not_known(self.shown(share, ""), str(error) or "permission denied")
            except lost() as error:
                why = failure(cause(error), session.host, self.address.port or 445).message
                self._not_known(self.shown(share, self.inner), f"not read to its end: {why}")
                return
