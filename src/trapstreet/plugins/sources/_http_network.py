"""How httpcore connects and waits: to addresses that are allowed, and no longer than one request may take."""

import ipaddress
import time
from collections.abc import Collection
from typing import Any

import httpcore

from trapstreet.plugins import _http_stream
from trapstreet.plugins._connecting import addresses, connected, in_the_internet, left

CONNECT = 20.0
"""Seconds until a connection has to stand, TLS included."""
SILENCE = 60.0
"""Seconds without a byte after which a server is given up."""
_AT_ONCE = 1 << 18
"""Bytes that are taken at once, if they are there: each time costs some 20 µs."""
SLOWEST = 4096
"""Bytes a second that an answer has to come with: what comes slower uses up the same seconds."""

_PRIVATE = ("localhost", "local", "internal", "lan", "home", "corp", "intranet", "arpa", "test")


class Patience:
    """How long one request may wait altogether. It goes as httpcore's time limit to each read and write.

    There are SILENCE seconds. Waiting uses them up, and what comes gives them back, a second for SLOWEST
    bytes: a server that sends a byte a minute is given up as soon as one that is silent. The time that its
    reader takes does not count. The head of an answer has SILENCE seconds, whatever comes.

    came  bytes that came by now
    """

    def __init__(self) -> None:
        self._seconds, self.came = SILENCE, 0
        self._until: float | None = time.monotonic() + CONNECT + SILENCE

    @property
    def left(self) -> float:
        """Seconds for the next wait. Raises TimeoutError where none is left."""
        if self._seconds <= 0:
            raise TimeoutError
        return self._seconds if self._until is None else min(self._seconds, left(self._until))

    def used(self, seconds: float, came: int) -> None:
        self._seconds = min(SILENCE, self._seconds - seconds + came / SLOWEST)
        self.came += came

    def answered(self) -> None:
        """The head of the answer is there."""
        self._until = None


class Ways:
    """Which addresses may be connected to.

    named    hosts that the settings name: they may lie in a private network. One that was once in the
             internet has to stay there: else who holds its name could lead us to a cloud's metadata
    private  every other may lie there, too
    """

    def __init__(self, named: Collection[str], *, private: bool) -> None:
        self._named, self._private = named, private
        self._outside: set[str] = set()
        self._inside: set[str] = set()

    def of(self, host: str, port: int, *, until: float) -> list[str]:
        """The addresses of a host. Raises OSError where it is not known, UnusableInput for one refused."""
        if not self._private and (host not in self._named or host in self._outside):
            found = addresses(host, port, private=False, until=until)
        else:
            found = addresses(host, port, private=True, until=until)
        outside = [each for each in found if in_the_internet(each)]
        if outside:
            self._outside.add(host)
            return outside
        self._inside.add(host)
        return found

    def lies_outside(self, host: str) -> bool | None:
        """Whether the host is in the internet; None where it was not looked up yet."""
        return True if host in self._outside else False if host in self._inside else None

    def refuses_unseen(self, host: str) -> bool:
        """Whether a host that a proxy would look up is refused for its name."""
        return not self._private and host not in self._named and self.named_privately(host)

    def named_privately(self, host: str) -> bool:
        """Whether a host is by its very name none of the internet."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            last = host.rpartition(".")[2]
            return "." not in host or last.isdigit() or last in _PRIVATE
        return not in_the_internet(host)


class Backend(httpcore.NetworkBackend):
    """Connects to the very addresses that were looked at."""

    def __init__(self, ways: Ways) -> None:
        self._ways = ways

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> "Stream":
        until = time.monotonic() + CONNECT
        return Stream(connected(self._ways.of(host, port, until=until), port, until=until), until)


class Stream(_http_stream.Stream):
    """A connection. Until it stands, `until` is the limit; then it is the Patience of each request."""

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        patience: Patience = timeout
        self._socket.settimeout(patience.left)
        begun, came = time.monotonic(), b""
        try:
            came = self._socket.recv(max(max_bytes, _AT_ONCE))
        finally:
            patience.used(time.monotonic() - begun, len(came))
        return came

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        patience: Patience = timeout
        self._socket.settimeout(patience.left)
        begun = time.monotonic()
        try:
            self._send(buffer)
        finally:
            patience.used(time.monotonic() - begun, len(buffer))
