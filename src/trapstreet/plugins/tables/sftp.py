"""Copies delivered over SFTP."""

import errno
import logging
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from getpass import getuser
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.table import Batch
from trapstreet.plugins.tables import FileWriter, Location, Table, format_to_write

if TYPE_CHECKING:
    from paramiko import MissingHostKeyPolicy, PKey, SFTPClient, SSHClient

PASSWORD = "TRAPSTREET_SFTP_PASSWORD"  # noqa: S105 - the variable's name

_ADDRESS = re.compile(r"(?P<host>\[[^\]]+\]|[^:/]+)(?::(?P<port>\d{1,5}))?(?P<path>/.*)")
_CHUNK = 1 << 15  # what every server takes in one packet
_CONNECT_SECONDS = 15.0
_SILENT_SECONDS = 120.0


class Sftp:
    """A new file of a server: `sftp://user@host:port/path/file.csv`, or /~/file.csv in the user's own folder.

    The format is that of the suffix. The server is known by ~/.ssh/known_hosts; we are known to it by a key
    of ssh-agent, one in ~/.ssh, or $TRAPSTREET_SFTP_PASSWORD. ~/.ssh/config is not read. The user needs to
    write, rename and remove in the folder. While it is written, and until it is delivered, the file lies in a
    private folder of the system's temporary folder here ($TMPDIR). A killed process leaves that folder here,
    and a hidden file there.
    """

    schemes = ("sftp",)

    def create(self, location: Location, *, like: Table) -> "SftpWriter":
        location.only()
        return SftpWriter(_address(location), like)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the file will be; `path` is absolute or in the user's folder."""

    host: str
    port: int
    user: str = field(repr=False)
    path: str

    @property
    def label(self) -> str:
        """The address without its user."""
        port = "" if self.port == 22 else f":{self.port}"
        path = self.path if self.path.startswith("/") else f"/~/{self.path}"
        return f"sftp://{self.host}{port}{path}"

    def beside(self, name: str) -> str:
        """The path of another file in the folder."""
        folder, slash, _ = self.path.rpartition("/")
        return folder + slash + name


class SftpWriter:
    """Writes a table as a file here, and over there under another name until the context ends well.

    A `TableWriter`. The file here is in a private folder and is gone at the end.
    """

    def __init__(self, address: Address, like: Table) -> None:
        self.label = address.label
        self._address = address
        self._like = like
        format_to_write(Path(address.path), label=self.label)
        with _connected(address) as server, _reporting(self.label):
            _refuse_taken(server, address)
            server.stat(address.beside("."))

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            scratch = stack.enter_context(TemporaryDirectory(prefix="trapstreet-"))
            self._file = Path(scratch) / Path(self._address.path).name
            self._writing = stack.enter_context(ExitStack())
            self._table = self._writing.enter_context(FileWriter(self._file, self._like))
            self._is_there = False
            self._open = stack.pop_all()
        return self

    def write(self, batch: Batch) -> None:
        self._table.write(batch)

    def complete(self) -> None:
        self._writing.close()
        if not self._is_there:
            self._open.enter_context(self._delivered())
            self._is_there = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._open.__exit__(kind, error, trace)
            return
        with self._open:
            self.complete()

    @contextmanager
    def _delivered(self) -> Iterator[None]:
        """The file lies there under another name, which is its own once the context ends well."""
        address = self._address
        part = address.beside(f".{self._file.name}.{token_hex(4)}")
        with _connected(address) as server:
            try:
                with _reporting(self.label):
                    _upload(server, self._file, part)
                yield
                with _reporting(self.label):
                    _refuse_taken(server, address)
                    _name(server, part, address)
            except BaseException:
                with suppress(OSError, EOFError):
                    server.remove(part)
                raise


def _address(location: Location) -> Address:
    """Raises UnusableInput; the message never shows what may be a password."""
    person, _, rest = location.place.partition("://")[2].rpartition("@")
    found = _ADDRESS.fullmatch(rest)
    if ":" in person:
        raise UnusableInput("the sftp URL holds a password", hint=f"take it out and set {PASSWORD}")
    if found is None or found["path"].endswith("/") or int(found["port"] or 22) > 65535:
        raise UnusableInput("the sftp URL cannot be read", hint="write it as sftp://user@host/path/file.csv")
    return Address(
        host=found["host"].strip("[]"),
        port=int(found["port"] or 22),
        user=unquote(person) or getuser(),
        path=unquote(found["path"]).removeprefix("/~/"),
    )


@contextmanager
def _connected(address: Address) -> Iterator["SFTPClient"]:
    """Raises UnusableInput where the server is not known, AccessDenied where it refuses us or is another, and
    Unreachable.
    """
    import paramiko

    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it tells nothing that the errors do not
    with paramiko.SSHClient() as client:
        try:
            client.load_system_host_keys()
        except (paramiko.hostkeys.InvalidHostKey, ValueError):
            raise UnusableInput(
                "~/.ssh/known_hosts has a line that is no host key", hint="mend it with ssh-keygen -R HOST"
            ) from None
        client.set_missing_host_key_policy(_only_known(address))
        with _reporting(address.label):
            _connect(client, address)
            server = client.open_sftp()
        with server:
            channel = server.get_channel()
            if channel is not None:
                channel.settimeout(_SILENT_SECONDS)
            yield server


def _connect(client: "SSHClient", address: Address) -> None:
    import paramiko

    try:
        client.connect(
            address.host,
            address.port,
            address.user,
            os.environ.get(PASSWORD),
            timeout=_CONNECT_SECONDS,
            banner_timeout=_CONNECT_SECONDS,
            auth_timeout=_SILENT_SECONDS,
            channel_timeout=_CONNECT_SECONDS,
        )
    except paramiko.BadHostKeyException:
        raise AccessDenied(
            f"{address.label}: its host key is not the one in ~/.ssh/known_hosts; nothing was sent",
            hint="ask whoever runs the server whether the key was changed",
        ) from None
    except paramiko.SSHException as error:
        raise _not_let_in(client, error, address.label) from None


def _not_let_in(client: "SSHClient", error: Exception, label: str) -> TrapstreetError:
    from paramiko import AuthenticationException

    transport = client.get_transport()
    if isinstance(error, AuthenticationException) or (transport is not None and transport.is_active()):
        return AccessDenied(
            f"{label}: the server took neither key nor password",
            hint=f"load a key into ssh-agent, or set {PASSWORD}",
        )
    return Unreachable(f"{label}: no SSH server answers there", hint="check host, port and network")


def _only_known(address: Address) -> "type[MissingHostKeyPolicy]":
    from paramiko import MissingHostKeyPolicy

    class Refuse(MissingHostKeyPolicy):
        def missing_host_key(self, client: "SSHClient", hostname: str, key: "PKey") -> None:
            raise UnusableInput(
                f"{address.label}: ~/.ssh/known_hosts does not know this server",
                hint=f"ask whoever runs it if its key is {key.fingerprint}; if so, connect once with sftp",
            )

    return Refuse


def _upload(server: "SFTPClient", file: Path, to: str) -> None:
    """The whole file is there, readable by its owner only. Up to 100 packets are under way."""
    with file.open("rb") as source, server.open(to, "wx") as target:
        with suppress(OSError):  # a server without file modes
            target.chmod(0o600)
        target.set_pipelined(True)
        chunk = source.read(_CHUNK)
        while following := source.read(_CHUNK):
            target.write(chunk)
            chunk = following
        target.set_pipelined(False)  # waits for the answers to all that was written, which close does not
        target.write(chunk)
    if server.stat(to).st_size != file.stat().st_size:
        raise OSError(errno.EIO, "the server kept less than it was sent")


def _name(server: "SFTPClient", part: str, address: Address) -> None:
    """The file gets its name, unless that was taken meanwhile: SFTP's own rename overwrites nothing."""
    try:
        server.rename(part, address.path)
    except OSError:
        _refuse_taken(server, address)
        raise


def _refuse_taken(server: "SFTPClient", address: Address) -> None:
    with suppress(FileNotFoundError):
        server.lstat(address.path)
        raise UnusableInput(
            f"{address.label}: the file exists, and nothing is ever overwritten", hint="choose another name"
        )


@contextmanager
def _reporting(label: str) -> Iterator[None]:
    """Inside, an error of the connection or the server becomes one of ours."""
    from paramiko import SSHException
    from paramiko.ssh_exception import NoValidConnectionsError

    try:
        yield
    except PermissionError:
        raise AccessDenied(f"{label}: may not write there", hint="ask for access to the folder") from None
    except FileNotFoundError:
        raise UnusableInput(f"{label}: there is no such folder", hint="make it first") from None
    except NoValidConnectionsError:
        raise Unreachable(
            f"{label}: nobody answers there", hint="check host and port, and that its SSH server runs"
        ) from None
    except (OSError, EOFError, SSHException) as error:
        raise Unreachable(
            f"{label}: the delivery failed ({type(error).__name__})",
            hint="check host, network and the server's disk, and try again",
        ) from None


DESTINATION = Sftp()
