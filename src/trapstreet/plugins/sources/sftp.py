"""Files of SSH servers.

Links are not followed. What a server's clock calls a second is all that tells two versions of one size apart.
"""

import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from getpass import getuser
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, cast

from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import Changed
from trapstreet.plugins.sources._address import Account, address_of, login_of
from trapstreet.plugins.sources._flow import exactly
from trapstreet.plugins.sources._kept import Kept, Refused
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._parts import Blocks
from trapstreet.plugins.sources._sftp_client import Attributes, SftpClient
from trapstreet.plugins.sources._ssh import Server, ssh_failure, ssh_to
from trapstreet.plugins.sources._tree import MOST, OUTWARD, Entry, walk

if TYPE_CHECKING:
    from paramiko import SSHClient

title = "SFTP servers"
schemes = ("sftp",)
reveals = "Logins, and where the server is told to each file that is read, in its log; times of access."

_PASSWORD = "TRAPSTREET_SFTP_PASSWORD"  # noqa: S105 - the variable's name
_SILENT_SECONDS = 60.0
_ENDLESS = 1 << 62


class settings(Account, frozen=True, forbid_unknown_fields=True, kw_only=True):  # noqa: N801 - the kind's
    """A path of the URL begins at the server's root, /~/ in the user's folder."""

    key_file: Annotated[Path | None, option("a private key without a passphrase", "FILE")] = None
    host_key: Annotated[str, option("the fingerprint of the server's key, like SHA256:…")] = ""
    known_hosts: Annotated[
        Path | None,
        option("host keys, where not ~/.ssh/known_hosts", "FILE"),
    ] = None


def source(settings: settings) -> "_Sftp":
    return _Sftp(settings)


class _Sftp:
    def __init__(self, settings: settings) -> None:
        self._address = address_of(settings.url, variable=_PASSWORD)
        user, password = login_of(settings, self._address, variable=_PASSWORD)
        server = Server(
            host=self._address.host,
            port=self._address.port or 22,
            user=user or getuser(),
            password=password,
            key=settings.key_file,
            host_key=settings.host_key,
            known_hosts=settings.known_hosts,
        )
        self._kept = Kept(
            partial(_Session, server, self._address.path),
            close=_Session.close,
            alive=_Session.alive,
            lost=_lost(),
            failed=ssh_failure(server),
        )

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        return walk(self, cursor)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        path = self._address.relative(ref.path)
        return self._kept.asked_for_object(lambda session: self._opened(session, path, ref, start, end))

    def put(self, path: str, content: bytes) -> str:
        def write(session: "_Session") -> None:
            with suppress(FileNotFoundError):
                session.client.status(session.path(path), of_link=True)
                raise FileExistsError(f"{self.shown(path)} is there already")
            session.client.write_new(session.path(path), content)

        self._kept.asked_for_object(write)
        return self.shown(path)

    def remove(self, path: str) -> None:
        self._kept.asked_for_object(lambda session: session.client.remove(session.path(path)))

    def close(self) -> None:
        self._kept.drop()

    def shown(self, path: str) -> str:
        return self._address.shown(path)

    def look(self, path: str) -> Entry:
        return self._kept.asked(lambda session: _entry("", session.client.status(session.path(path))))

    def entries(self, path: str) -> Iterable[Entry]:
        return self._kept.asked(lambda session: [*islice(session.entries(path), MOST + 1)])

    def _opened(self, session: "_Session", path: str, ref: Ref, start: int, end: int | None) -> BinaryIO:
        client = session.client
        handle = client.open(session.path(path))
        now = client.status_of(handle)
        if now.version != ref.version or not _is_file(now):
            client.close_handle(handle)
            raise Changed("it has changed since it was listed")
        size = now.size if now.size is not None else _ENDLESS
        last = size + 1 if end is None else min(size, end)  # one more shows that it grew
        came = client.read(handle, start, last)
        promised = None if now.size is None else max(0, (size if end is None else last) - start)

        def close() -> None:
            with suppress(OSError, EOFError):  # the next step will know
                came.close()
                client.close_handle(handle)

        blocks = exactly(self._watched(came), promised, more=end is not None)
        return cast(BinaryIO, Blocks(blocks, size=promised, close=close))

    def _watched(self, came: Iterator[bytes]) -> Iterator[bytes]:
        while block := self._kept.asked_for_object(lambda _: next(came, b"")):
            yield block


class _Session:
    """A connection that is logged in, and where in it the location is."""

    def __init__(self, server: Server, path: str) -> None:
        self._ssh: SSHClient = ssh_to(server)
        try:
            transport = self._ssh.get_transport()
            if transport is None:
                raise ConnectionAbortedError
            channel = transport.open_session(timeout=_SILENT_SECONDS)
            channel.settimeout(_SILENT_SECONDS)
            channel.invoke_subsystem("sftp")
            self.client = SftpClient(channel)
            self._top = self._canonical(path)
        except BaseException:
            self._ssh.close()
            raise

    def _canonical(self, path: str) -> bytes:
        """The location without links, where that can be found out."""
        given = b"/" + path.encode(errors="surrogateescape")
        if given == b"/~" or given.startswith(b"/~/"):
            given = given[2:].lstrip(b"/")
        try:
            return self.client.real_path(given or b".")
        except (FileNotFoundError, PermissionError, Refused):
            return given

    def path(self, path: str) -> bytes:
        """A path that is relative to the location, as the server has it."""
        below = path.encode(errors="surrogateescape")
        return self._top.rstrip(b"/") + b"/" + below if below else self._top

    def entries(self, path: str) -> Iterator[Entry]:
        at = self.path(path)
        for name, attributes in self.client.folder(at):
            if name in (b".", b".."):
                continue
            text = name.decode(errors="surrogateescape")
            if stat.S_ISLNK(attributes.mode):
                if self._leads_out(at + b"/" + name):
                    yield Entry(text, why=OUTWARD)
            else:
                yield _entry(text, attributes)

    def _leads_out(self, link: bytes) -> bool:
        """Whether what it leads to is not read where it lies. A link to nothing hides nothing."""
        try:
            self.client.status(link)
            target = self.client.real_path(link)
        except FileNotFoundError:
            return False
        except (PermissionError, Refused):
            return True
        top = self._top.rstrip(b"/")
        return not (target == top or target.startswith(top + b"/"))

    @staticmethod
    def alive(session: "_Session") -> bool:
        transport = session._ssh.get_transport()
        return transport is not None and transport.is_active()

    @staticmethod
    def close(session: "_Session") -> None:
        session._ssh.close()


def _entry(name: str, found: Attributes) -> Entry:
    if found.is_folder:
        return Entry(name, folder=True)
    if not _is_file(found):
        return Entry(name, why="not a file")
    return Entry(
        name,
        version=found.version,
        size=found.size,
        modified=None if found.modified is None else found.modified * 1_000_000,
        readers="everybody who has an account there" if found.mode & 0o004 else "",
    )


def _is_file(found: Attributes) -> bool:
    return not found.mode or stat.S_ISREG(found.mode)


def _lost() -> tuple[type[BaseException], ...]:
    from paramiko import SSHException

    return (OSError, EOFError, SSHException)
