"""Who may read what on an SMB server, Windows or Samba: the rights on its shares and on each file in them.

Files of one folder with the same rights are one resource with their number. Links and folders on other
servers are not followed. What the login may not look at is not known.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace

from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.rights import Rights
from trapstreet.core.model.urls import password_of, without_password
from trapstreet.plugins._address import Address, address_of
from trapstreet.plugins._connecting import Refused, failure
from trapstreet.plugins._smb.answers import cause, lost
from trapstreet.plugins._smb.login import Server
from trapstreet.plugins.permissions._smb_knowledge import guest_comes_to, knowledge_of, names_of
from trapstreet.plugins.permissions._smb_map import Found, Map
from trapstreet.plugins.permissions._smb_walk import Folder, Reader

title = "SMB shares (smb://user@server/[share[/folder]])"
schemes = ("smb",)

_PASSWORD = "TRAPSTREET_SMB_PASSWORD"  # noqa: S105 - the variable's name
_MOST_UNKNOWN = 50
_WHAT = ("set of files of equal rights", "sets of files of equal rights")
_WHO = ("user or group", "users and groups")


def rights(location: str) -> Rights:
    """The rights on all files of a server's shares, of one share, or below a folder, or on one file.

    Cost: some 1 ms of processor time a file. Raises Unreachable, AccessDenied, UnusableInput.
    """
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
    server = Server(address.host, address.port or 445, user, Protected(password))
    asked = _Asked(address)
    try:
        with closing(Reader(server)) as session:
            found = asked.read(session, server)
    except lost() as error:
        raise failure(cause(error), server.host, server.port) from error
    Map(asked.rights, found, shown=asked.shown, not_known=asked.not_known)
    asked.close()
    return asked.rights


class _Asked:
    """What is asked of one server, and what it does not tell."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._share, _, self._inner = address.path.partition("/")
        self._server = replace(address, path="").shown()
        self.rights = Rights(address.shown(), "", _WHAT, _WHO)
        self._unseen = 0

    def read(self, session: Reader, server: Server) -> Found:
        """All that the map is made of. Raises as a session does, where it breaks before files are read."""
        shares = [self._share] if self._share else self._offered(session)
        known = knowledge_of(session, server, self.not_known)
        on_shares = {each: self._of_share(session, each) for each in shares}
        folders = [*self._folders(session, shares)]
        found = Found(known, on_shares, folders, guest_comes_to(server, shares))
        found.names = names_of(session, found.sids(), self.not_known)
        return found

    def shown(self, share: str, path: str) -> str:
        """A place on the server, as people find it."""
        return "/".join(filter(None, (self._server, share, path)))

    def not_known(self, what: str, why: str) -> None:
        self._unseen += 1
        self.rights.unread.append((what,) if what.startswith(self._server) else ())
        if self._unseen <= _MOST_UNKNOWN:
            self.rights.unknown.append(f"{what}: {why}")

    def close(self) -> None:
        """Say how much is not known beside what is listed."""
        if self._unseen > _MOST_UNKNOWN:
            self.rights.unknown.append(f"and {self._unseen - _MOST_UNKNOWN:,} more")

    def _offered(self, session: Reader) -> list[str]:
        """The shares of a server that people are meant to use."""
        try:
            found = [each for each in session.shares() if each.is_disk]
        except (FileNotFoundError, PermissionError, Refused):
            raise AccessDenied(
                f"{self._address.shown()}: its shares may not be listed", hint="give one by name"
            ) from None
        if closed := [each.name for each in found if each.is_special]:
            self.rights.notes.append(
                f"{', '.join(closed)}: shares of the system, by which administrators read whole disks;"
                " give one by name to look into it"
            )
        return [each.name for each in found if not each.is_special]

    def _of_share(self, session: Reader, name: str) -> bytes | None:
        try:
            return session.share_rights(name)
        except (FileNotFoundError, PermissionError, Refused):
            self.not_known(self.shown(name, ""), "the rights on the share are told to administrators only")
        return None

    def _folders(self, session: Reader, shares: Iterable[str]) -> Iterator[Folder]:
        for share in shares:
            try:
                if not session.is_folder(share, self._inner):
                    yield session.file(share, self._inner)
                    return
                for folder in session.walk(share, self._inner):
                    for path, why in folder.unread:
                        self.not_known(self.shown(share, path), why)
                    yield folder
            except FileNotFoundError:
                if self._share:
                    raise UnusableInput(
                        f"{self._address.shown()}: no such share, file or folder", hint="check the path"
                    ) from None
            except (PermissionError, Refused) as error:
                self.not_known(self.shown(share, ""), str(error) or "permission denied")
            except lost() as error:
                why = failure(cause(error), session.host, self._address.port or 445).message
                self.not_known(self.shown(share, self._inner), f"not read to its end: {why}")
                return
