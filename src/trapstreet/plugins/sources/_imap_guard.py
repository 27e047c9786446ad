"""What an IMAP server may send in answer to one command: not for ever, and not more than there is room for.

Loaded when a mailbox is opened: it loads imapclient.
"""

import imaplib
import time
from collections.abc import Callable
from typing import Any

from imapclient import IMAPClient
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

PATIENCE = 60.0
"""Seconds of waiting that one command may cost; what comes pays back a second for SLOWEST bytes."""
SLOWEST = 4096
MOST = 64 << 20
"""Bytes of one answer."""

_LINE = 1_000_000
_STEP = 1 << 16


class _Guard:
    """Reads for imaplib, which by itself believes whatever length a server names."""

    file: Any
    _left, _until = MOST, 0.0

    def open(self, *place: Any, **more: Any) -> None:
        self.begin()
        super().open(*place, **more)  # type: ignore[misc]

    def begin(self) -> None:
        """The next command is sent."""
        self._left, self._until = MOST, time.monotonic() + PATIENCE

    def readline(self) -> bytes:
        line = bytearray()
        while not line.endswith(b"\n"):
            ahead = self._waited(self.file.peek, 1)
            if not ahead:
                break
            line += self._came(self.file.read(ahead.find(b"\n") + 1 or len(ahead)))
            if len(line) > _LINE:
                raise imaplib.IMAP4.abort("a line without an end")
        return bytes(line)

    def read(self, size: int) -> bytes:
        if size > self._left:
            raise imaplib.IMAP4.abort("more than was asked for")
        literal = bytearray()
        while len(literal) < size:
            block = self._came(self._waited(self.file.read1, min(_STEP, size - len(literal))))
            if not block:
                raise imaplib.IMAP4.abort("ended within a literal")
            literal += block
        return bytes(literal)

    def _waited(self, read: Callable[[int], bytes], size: int) -> bytes:
        if time.monotonic() > self._until:
            raise TimeoutError
        return read(size)

    def _came(self, block: bytes) -> bytes:
        self._left -= len(block)
        if self._left < 0:
            raise imaplib.IMAP4.abort("more than was asked for")
        self._until = min(time.monotonic() + PATIENCE, self._until + len(block) / SLOWEST)
        return block


class _Plain(_Guard, IMAP4WithTimeout):  # type: ignore[misc]
    pass


class _Tls(_Guard, IMAP4_TLS):  # type: ignore[misc]
    pass


class Guarded(IMAPClient):  # type: ignore[misc]
    """An IMAPClient that such a server cannot hold up. Folders are named as the server names them."""

    def __init__(self, *place: Any, **more: Any) -> None:
        super().__init__(*place, **more)
        self.folder_encode = False

    def begin(self) -> None:
        self._imap.begin()

    def _create_IMAP4(self) -> Any:  # noqa: N802 - imapclient's
        limit = self._timeout.connect
        if self.ssl:
            return _Tls(self.host, self.port, self.ssl_context, limit)
        return _Plain(self.host, self.port, limit)
