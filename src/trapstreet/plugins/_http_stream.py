"""A connection of httpcore's over a socket that `plugins._connecting` opened."""

import select
import socket
import ssl
from contextlib import suppress
from typing import Any, Self

import httpcore

from trapstreet.plugins._connecting import left


class Stream(httpcore.NetworkStream):
    """Ends when its time is over, however slowly bytes come; httpcore's own limits go for nothing.

    until  by time.monotonic()
    """

    def __init__(self, opened: socket.socket, until: float) -> None:
        self._socket, self._until = opened, until
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        self._socket.settimeout(left(self._until))
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        self._socket.settimeout(left(self._until))
        self._send(buffer)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # else who waits for it in another thread goes on waiting
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: Any = None
    ) -> Self:
        self._socket.settimeout(left(self._until))
        return type(self)(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._until)

    def get_extra_info(self, info: str) -> Any:
        """Whether bytes wait, or the end: what is asked of a connection that was kept open."""
        if info != "is_readable":
            return None
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        return bool(waiting.poll(0))

    def _send(self, buffer: bytes) -> None:
        try:
            self._socket.sendall(buffer)
        except ConnectionError as error:
            # httpcore reads the answer of those who answered before they had it all.
            raise httpcore.WriteError from error
