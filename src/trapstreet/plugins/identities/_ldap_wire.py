"""Bytes to and from an LDAP server: in the open, over TLS, or sealed by the login."""

import ssl
import time
from typing import TYPE_CHECKING

from trapstreet.core.model.errors import TrapstreetError, Unreachable
from trapstreet.plugins._connecting import addresses, connected, failure

if TYPE_CHECKING:
    from spnego import ContextProxy

LONGEST = 1 << 26
"""Bytes of one message that are waited for."""

_IDLE_SECONDS = 20.0


class Wire:
    """A connection. Raises Unreachable where the other side is silent, breaks off or talks nonsense."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None) -> None:
        self._host, self._port = host, port
        self._sealed: ContextProxy | None = None
        self._raw = b""
        until = time.monotonic() + _IDLE_SECONDS
        try:
            self._socket = connected(addresses(host, port, private=True, until=until), port, until=until)
            self._socket.settimeout(_IDLE_SECONDS)
        except (OSError, TrapstreetError) as error:
            raise failure(error, host, port) from None
        if tls is not None:
            self.protect(tls)

    @property
    def is_encrypted(self) -> bool:
        """Whether it goes over TLS."""
        return isinstance(self._socket, ssl.SSLSocket)

    def protect(self, tls: ssl.SSLContext) -> None:
        """Go on over TLS."""
        try:
            self._socket = tls.wrap_socket(self._socket, server_hostname=self._host)
        except OSError as error:
            raise failure(error, self._host, self._port) from None

    def seal(self, login: "ContextProxy") -> None:
        """Go on sealed by a login (RFC 4422, 3.7)."""
        self._sealed = login

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        if self._sealed is not None:
            sealed = self._sealed.wrap(data).data
            data = len(sealed).to_bytes(4, "big") + sealed
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise failure(error, self._host, self._port) from None

    def received(self) -> bytes:
        """What comes next, at least one byte."""
        try:
            return self._some() if self._sealed is None else self._unsealed(self._sealed)
        except OSError as error:
            raise failure(error, self._host, self._port) from None

    def _unsealed(self, login: "ContextProxy") -> bytes:
        from spnego.exceptions import SpnegoError

        size = int.from_bytes(self._exactly(4), "big")
        if size > LONGEST:
            raise self.nonsense()
        try:
            return login.unwrap(self._exactly(size)).data
        except SpnegoError:
            raise self.nonsense() from None

    def nonsense(self) -> Unreachable:
        """What to say where the other side does not speak LDAP."""
        return Unreachable(f"{self._host} answers no LDAP", hint="see what answers at that port")

    def _exactly(self, size: int) -> bytes:
        while len(self._raw) < size:
            self._raw += self._some()
        data, self._raw = self._raw[:size], self._raw[size:]
        return data

    def _some(self) -> bytes:
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionResetError
        return data
