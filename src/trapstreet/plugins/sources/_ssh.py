"""SSH connections: the server is known, or nothing is sent."""

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, UnusableInput
from trapstreet.core.model.protected import Protected
from trapstreet.plugins._connecting import addresses, connected, failure

if TYPE_CHECKING:
    from paramiko import MissingHostKeyPolicy, PKey, SSHClient

_CONNECT_SECONDS = 20.0
_SILENT_SECONDS = 60.0
_ALIVE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to connect to, how it is known, and how we are.

    host_key     a fingerprint like SHA256:…, "" where known_hosts has the key
    known_hosts  a file as OpenSSH has it, None for the user's own
    key          a private key's file; without it and a password, ssh-agent's and those in ~/.ssh
    """

    host: str
    port: int
    user: str = field(repr=False)
    password: Protected[str] | None
    key: Path | None
    host_key: str
    known_hosts: Path | None


def ssh_to(server: Server) -> "SSHClient":
    """A connection that is logged in. Raises TrapstreetError, OSError, EOFError and SSHException."""
    import paramiko

    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it tells nothing that the errors do not
    client = paramiko.SSHClient()
    try:
        if not server.host_key:
            _load_known(client, server.known_hosts)
        client.set_missing_host_key_policy(_policy(server))
        _log_in(client, server)
        transport = client.get_transport()
        if transport is None:
            raise ConnectionAbortedError
        transport.set_keepalive(_ALIVE_SECONDS)
    except BaseException:
        client.close()
        raise
    return client


def ssh_failure(server: Server) -> Callable[[BaseException], TrapstreetError]:
    """What it means for people that a connection was lost."""

    def meaning(error: BaseException) -> TrapstreetError:
        known = error if isinstance(error, OSError) else EOFError()
        return failure(known, server.host, server.port)

    return meaning


def _load_known(client: "SSHClient", file: Path | None) -> None:
    import paramiko

    shown = file or "~/.ssh/known_hosts"
    try:
        client.load_system_host_keys(str(file) if file else None)
    except (paramiko.hostkeys.InvalidHostKey, ValueError):
        raise UnusableInput(
            f"{shown} has a line that is no host key", hint="mend it with ssh-keygen -R HOST"
        ) from None
    except OSError as error:
        raise UnusableInput(f"{shown} cannot be read", hint="check the path") from error


def _policy(server: Server) -> "type[MissingHostKeyPolicy]":
    from paramiko import MissingHostKeyPolicy

    class Known(MissingHostKeyPolicy):
        def missing_host_key(self, client: "SSHClient", hostname: str, key: "PKey") -> None:
            if not server.host_key:
                raise UnusableInput(
                    f"the SSH server {server.host} is not known",
                    hint=f"ask whoever runs it if its key is {key.fingerprint}; if so, give that as "
                    "--host-key, or connect once with sftp",
                )
            if key.fingerprint.rstrip("=") != server.host_key.rstrip("="):
                raise AccessDenied(
                    f"the SSH server {server.host} has another host key, {key.fingerprint}; nothing was sent",
                    hint="ask whoever runs it whether the key was changed",
                )

    return Known


def _log_in(client: "SSHClient", server: Server) -> None:
    import paramiko

    until = time.monotonic() + _CONNECT_SECONDS
    at = addresses(server.host, server.port, private=True, until=until)
    made: socket.socket = connected(at, server.port, until=until)
    found = server.key is None and server.password is None
    try:
        client.connect(
            server.host,
            server.port,
            server.user,
            server.password.reveal() if server.password else None,
            key_filename=str(server.key) if server.key else None,
            allow_agent=found,
            look_for_keys=found,
            timeout=_CONNECT_SECONDS,
            banner_timeout=_CONNECT_SECONDS,
            auth_timeout=_SILENT_SECONDS,
            channel_timeout=_CONNECT_SECONDS,
            sock=made,
        )
    except paramiko.BadHostKeyException:
        raise AccessDenied(
            f"the SSH server {server.host} has not the host key that is known; nothing was sent",
            hint="ask whoever runs it whether the key was changed",
        ) from None
    except paramiko.SSHException as error:
        if isinstance(error, paramiko.AuthenticationException) or _has_met(client):
            raise AccessDenied(
                f"{server.host} took neither key nor password",
                hint="look at the user, and --key-file (without a passphrase), --password-file or ssh-agent",
            ) from None
        raise
    finally:
        if client.get_transport() is None:
            made.close()


def _has_met(client: "SSHClient") -> bool:
    """Whether the server showed its key: what fails after that is our login."""
    from paramiko import SSHException

    transport = client.get_transport()
    try:
        return transport is not None and bool(transport.get_remote_server_key())
    except SSHException:
        return False
