"""How httpcore connects: by `plugins._connecting`, and within one time for everything."""

import socket
import ssl
from typing import Any

import httpcore

from trapstreet.plugins._connecting import addresses, connected, left


class Backend(httpcore.NetworkBackend):
    """Connects to the very address that was looked at. `until` is by time.monotonic()."""

    def __init__(self, *, private: bool, until: float) -> None:
        self._private, self._until = private, until

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> "Stream":
        at = addresses(host, port, private=self._private, until=self._until)
        return Stream(connected(at, port, until=self._until), self._until)


class Stream(httpcore.NetworkStream):
    """A connection that ends when its time is over, however slowly bytes come."""

    def __init__(self, opened: socket.socket, until: float) -> None:
        self._socket, self._until = opened, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(left(self._until))
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._socket.settimeout(left(self._until))
        try:
            self._socket.sendall(buffer)
        except OSError as error:  # httpcore reads the answer of those who answered before they had it all
            raise httpcore.WriteError from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Stream":
        self._socket.settimeout(left(self._until))
        return Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._until)

    def get_extra_info(self, info: str) -> Any:
        return None
