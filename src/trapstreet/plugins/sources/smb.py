"""Shares of Windows servers and Samba: one, or all that a server offers.

Links, junctions and folders on other servers are not followed.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import BinaryIO, cast

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins._connecting import failure
from trapstreet.plugins._smb.answers import cause, lost
from trapstreet.plugins._smb.login import Server
from trapstreet.plugins._smb.session import SmbSession
from trapstreet.plugins._smb.wire import Facts
from trapstreet.plugins.sources import Changed
from trapstreet.plugins.sources._address import Account, address_of, login_of
from trapstreet.plugins.sources._flow import exactly
from trapstreet.plugins.sources._kept import Kept
from trapstreet.plugins.sources._parts import Blocks
from trapstreet.plugins.sources._smb_readers import readers_of
from trapstreet.plugins.sources._tree import MOST, OUTWARD, Entry, walk

title = "SMB shares"
schemes = ("smb",)
reveals = "Logins, and where the server audits them each folder and file that is opened, in its log."
settings = Account

_PASSWORD = "TRAPSTREET_SMB_PASSWORD"  # noqa: S105 - the variable's name


def source(settings: Account) -> "_Smb":
    return _Smb(settings)


class _Smb:
    """Paths begin with the share where the location is a server."""

    def __init__(self, settings: Account) -> None:
        self._address = address_of(settings.url, variable=_PASSWORD)
        user, password = login_of(settings, self._address, variable=_PASSWORD)
        if user and not password:
            raise UnusableInput(
                f"no password for {self._address.shown()}",
                hint=f"give a file with --password-file, or set {_PASSWORD}; without a user it is the guest",
            )
        server = Server(self._address.host, self._address.port or 445, user.replace(";", "\\", 1), password)
        self._as_guest = not user
        self._kept = Kept(
            partial(SmbSession, server),
            close=SmbSession.close,
            alive=lambda session: session.is_alive,
            lost=lost(),
            failed=lambda error: failure(cause(error), server.host, server.port),
        )

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        return walk(self, cursor)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        at = self._place(self._address.relative(ref.path))
        return self._kept.asked_for_object(lambda session: self._opened(session, at, ref, start, end))

    def put(self, path: str, content: bytes) -> str:
        self._kept.asked_for_object(lambda session: session.write_new(*self._place(path), content))
        return self.shown(path)

    def remove(self, path: str) -> None:
        self._kept.asked_for_object(lambda session: session.remove(*self._place(path)))

    def close(self) -> None:
        self._kept.drop()

    def shown(self, path: str) -> str:
        return self._address.shown(path)

    def look(self, path: str) -> Entry:
        share, inner = self._place(path)
        if not share:
            return Entry("", folder=True)
        facts, descriptor = self._kept.asked(lambda session: session.look(share, inner))
        return self._entry("", facts, self._readers(descriptor, of_files_in_it=False))

    def entries(self, path: str) -> Iterable[Entry]:
        share, inner = self._place(path)
        if not share:
            return self._kept.asked(_shares)
        return self._kept.asked(lambda session: [*islice(self._held(session, share, inner), MOST + 1)])

    def _place(self, path: str) -> tuple[str, str]:
        """The share, "" for the server itself, and the path in it."""
        share, _, inner = self._address.below(path).partition("/")
        return share, inner

    def _held(self, session: SmbSession, share: str, path: str) -> Iterator[Entry]:
        """Rights are asked of the folder: what it passes on is what files in it have, but for exceptions."""
        descriptor, held = session.folder(share, path)
        readers = self._readers(descriptor, of_files_in_it=True)
        for encoded, facts in held:
            try:
                name = encoded.decode("utf-16-le")
            except UnicodeDecodeError:
                yield Entry(encoded.decode("utf-16-le", "replace"), why="its name is no text")
                continue
            if "\\" in name:
                yield Entry(name, why="the server gives it a name that is none")
            else:
                yield self._entry(name, facts, readers)

    def _entry(self, name: str, facts: Facts, readers: str) -> Entry:
        if facts.leads_elsewhere:
            return Entry(name, why=OUTWARD)
        if facts.is_folder:
            return Entry(name, folder=True, itself=facts.itself)
        return Entry(name, version=facts.version, size=facts.size, modified=facts.modified, readers=readers)

    def _readers(self, descriptor: bytes, *, of_files_in_it: bool) -> str:
        """What the guest can read, everybody can."""
        return "everybody" if self._as_guest else readers_of(descriptor, of_files_in_it=of_files_in_it)

    def _opened(
        self, session: SmbSession, at: tuple[str, str], ref: Ref, start: int, end: int | None
    ) -> BinaryIO:
        handle, now = session.open(*at)
        if now.version != ref.version:
            session.close_handle(at[0], handle)
            raise Changed("it has changed since it was listed")
        last = now.size + 1 if end is None else min(now.size, end)  # one more shows that it grew
        came = session.read(at[0], handle, start, last)

        def close() -> None:
            with suppress(*lost()):  # the next step will know
                came.close()
                session.close_handle(at[0], handle)

        promised = max(0, (now.size if end is None else last) - start)
        blocks = exactly(self._watched(came), promised, more=end is not None)
        return cast(BinaryIO, Blocks(blocks, size=promised, close=close))

    def _watched(self, came: Iterator[bytes]) -> Iterator[bytes]:
        while block := self._kept.asked_for_object(lambda _: next(came, b"")):
            yield block


def _shares(session: SmbSession) -> list[Entry]:
    return [
        Entry(
            share.name,
            folder=True,
            why="a share for administrators; give it by name to read it" if share.is_special else "",
        )
        for share in session.shares()
        if share.is_disk
    ]
