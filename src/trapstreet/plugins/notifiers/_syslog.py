r"""Sending to a collector of logs by syslog, RFC 5424.

Over UDP a message is a datagram (RFC 5426), over TCP and TLS it follows its length (octet counting, RFC 6587
and 5425). Syslog knows no acknowledgement: over TCP and TLS we look whether the collector closes the
connection without complaint; a datagram that is lost is lost.
"""

import re
import socket
import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from trapstreet.core.model.notice import Notice, Severity
from trapstreet.plugins._connecting import SECONDS, addresses, connected, failure, left, tls_context
from trapstreet.plugins.notifiers._words import instant, line

_MOST = {"udp": 2048, "tcp": 8192, "tls": 8192}
"""Bytes that every collector should take: RFC 5426, section 3.2, and RFC 5425, section 4.3.1."""
_FAREWELL = 2.0
"""Seconds for the collector to say that it does not like the connection."""
_REFUSAL = 0.1
"""Seconds for the host to say that nobody takes datagrams there."""
_FACILITY = 4  # security messages
_LEVELS = {Severity.INFO: 6, Severity.LOW: 5, Severity.MEDIUM: 4, Severity.HIGH: 3, Severity.CRITICAL: 2}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a route to a collector.

    host, port  the collector; port 0 is the usual one: 514 for UDP and TCP, 6514 for TLS
    transport   "tls", "tcp" or "udp"
    ca          PEM file of the authority that its certificate is from, where that is your own
    """

    host: str
    transport: Literal["tls", "tcp", "udp"] = "tls"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    ca: Path | None = None


class Collector:
    """Sends messages to one collector."""

    def __init__(self, settings: Settings) -> None:
        self.most = _MOST[settings.transport]
        self._settings = settings
        self._port = settings.port or (6514 if settings.transport == "tls" else 514)
        self._tls = tls_context(settings.ca) if settings.transport == "tls" else None

    def send(self, messages: Sequence[bytes]) -> None:
        """All messages, in their order. Raises as `Notifier.tell`."""
        try:
            if self._settings.transport == "udp":
                self._send_datagrams(messages)
            else:
                self._send_stream(b"".join(b"%d %b" % (len(message), message) for message in messages))
        except (OSError, UnicodeError) as error:
            raise failure(error, self._settings.host, self._port) from None

    def _send_datagrams(self, messages: Sequence[bytes]) -> None:
        """To the first of the host's addresses that does not say that nobody listens there."""
        last = OSError("no address")
        until = time.monotonic() + SECONDS
        for address in addresses(self._settings.host, self._port, private=True, until=until):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as opened:
                try:
                    opened.connect((address, self._port))
                    for message in messages:
                        opened.send(message)
                    opened.settimeout(_REFUSAL)
                    opened.recv(1)
                except TimeoutError:
                    return
                except OSError as error:
                    last = error
                else:
                    return
        raise last

    def _send_stream(self, stream: bytes) -> None:
        until = time.monotonic() + SECONDS
        at = addresses(self._settings.host, self._port, private=True, until=until)
        with connected(at, self._port, until=until) as opened:
            if not self._tls:
                opened.sendall(stream)
                opened.shutdown(socket.SHUT_WR)
                _leave(opened)
                return
            with self._tls.wrap_socket(opened, server_hostname=self._settings.host) as tls:
                tls.settimeout(left(until))
                tls.sendall(stream)
                tls.settimeout(_FAREWELL)
                try:
                    tls.unwrap()
                except (TimeoutError, ssl.SSLEOFError, ssl.SSLSyscallError, ssl.SSLZeroReturnError):
                    return


def header(notice: Notice) -> str:
    """All of a message's header but the structured data, with a space at its end."""
    host = re.sub(r"[^!-~]", "", socket.gethostname())[:255] or "-"
    kind = re.sub(r"[^!-~]", "", notice.kind)[:32] or "-"
    level = 8 * _FACILITY + _LEVELS[notice.severity]
    return f"<{level}>1 {instant(notice.raised)} {host} trapstreet - {kind} "


def cut(text: str, most: int) -> str:
    """As much of the text as has so many bytes in UTF-8."""
    return text.encode()[:most].decode("utf-8", "ignore")


def short(text: str, most: int = 64) -> str:
    """A text of ours, like a name, as one line of so many bytes at most."""
    return cut(line(text), most)


def _leave(opened: socket.socket) -> None:
    """Wait until the other side closes, and no longer than a while. Raises OSError if it breaks off."""
    until = time.monotonic() + _FAREWELL
    try:
        while time.monotonic() < until:
            opened.settimeout(left(until))
            if not opened.recv(4096):
                return
    except TimeoutError:
        return
