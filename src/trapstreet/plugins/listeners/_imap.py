"""A folder of a mailbox, read by IMAP (RFC 3501) so that nobody who reads it notices."""

import imaplib
import os
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from threading import Event
from typing import Any, NamedTuple

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.plugins._imap import SECONDS, Server, connection
from trapstreet.plugins.listeners._imap_cursor import Position

KEPT = 256 << 10
"""Bytes of a mail that are fetched."""
HEAD = 64 << 10
"""Bytes of a header in which recipients are looked for."""
AT_ONCE = 16
"""Mails whose headers are fetched together."""

_UIDS = 80_000
"""Numbers that are asked about at once: the answer is one line, of which imaplib takes a megabyte."""


class Mail(NamedTuple):
    """What is known of a mail before it is fetched.

    uid   in its folder;  at  when it arrived, Unix seconds;  size  in bytes;  head  of its header
    """

    uid: int
    at: int
    size: int
    head: bytes


class Folder:
    """A folder that is open for reading, in a connection of its own."""

    def __init__(self, imap: IMAPClient, name: str) -> None:
        self._imap, self._name = imap, name
        self._idles = imap.has_capability("IDLE")

    def newest(self) -> Position:
        """Where the folder ends now."""
        try:
            found = self._imap.select_folder(self._name, readonly=True)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise UnusableInput(f"cannot open it ({_said(error)})", hint="look at folders") from error
        if b"UIDVALIDITY" not in found or b"UIDNEXT" not in found:
            raise UnusableInput("the server does not number its mails", hint="it needs IMAP4rev1")
        return Position(found[b"UIDVALIDITY"], found[b"UIDNEXT"] - 1)

    def first_since(self, day: date, last: int) -> int | None:
        """The lowest UID up to `last` of what arrived on a day or later; None where nothing did. Servers
        differ in whose day that is."""
        for low in range(1, last + 1, _UIDS):
            if found := self._imap.search(["UID", f"{low}:{min(low + _UIDS - 1, last)}", "SINCE", day]):
                return int(min(found))
        return None

    def between(self, after: int, last: int) -> Iterator[list[int]]:
        """UIDs above `after` up to `last`, ascending, some at a time."""
        for low in range(after + 1, last + 1, _UIDS):
            high = min(low + _UIDS - 1, last)
            found = self._imap.search(["UID", f"{low}:{high}"])
            yield sorted(uid for uid in found if low <= uid <= high)

    def heads(self, uids: Sequence[int]) -> list[Mail]:
        """Those of the mails that are there still, in their order."""
        what = ("INTERNALDATE", "RFC822.SIZE", f"BODY.PEEK[HEADER]<0.{HEAD}>")
        found = self._imap.fetch(uids, what)
        return [_mail(uid, found[uid]) for uid in uids if uid in found]

    def content(self, uid: int) -> bytes:
        """The first `KEPT` bytes of a mail; b"" where it is gone."""
        found = self._imap.fetch([uid], [f"BODY.PEEK[]<0.{KEPT}>"])
        return _bytes(found.get(uid, {}).get(b"BODY[]<0>"))[:KEPT]

    def wait(self, seconds: float, stop: Event) -> None:
        """Until the server tells of a new mail, where it does so, or the time is over."""
        if not self._idles:
            stop.wait(seconds)
            return
        until = time.monotonic() + seconds
        self._imap.idle()
        if self._more():
            until = 0.0
        while not stop.is_set() and time.monotonic() < until:
            began = time.monotonic()
            told = self._imap.idle_check(timeout=1.0)
            if any(len(each) > 1 and each[1] == b"EXISTS" for each in told):
                break
            if not told and time.monotonic() - began < 0.5:
                break  # the connection has ended, which idle_done finds out
        self._imap.idle_done()

    def _more(self) -> bool:
        """Whether the server has said more already, which waits in our own buffer and wakes nobody."""
        self._imap.socket().settimeout(0)
        try:
            return bool(self._imap._imap.file.peek(1))
        except OSError:
            return False
        finally:
            self._imap.socket().settimeout(SECONDS)


@contextmanager
def connected(server: Server) -> Iterator[IMAPClient]:
    """A connection that is logged in. Raises Unreachable, AccessDenied and UnusableInput."""
    imap = connection(server)
    try:
        try:
            server.login(imap)
        except LoginError as error:
            if isinstance(error.__context__, imaplib.IMAP4.abort):
                raise Unreachable(f"{server.host} ended the connection", hint="it is tried again") from error
            hint = "look at user and password; many providers want one made for programs (app password)"
            raise AccessDenied(f"{server.host} refuses the login ({_said(error)})", hint=hint) from error
        yield imap
    finally:
        with suppress(Exception):  # whatever it says of a connection that is given up
            imap.shutdown()


@contextmanager
def explained(server: Server) -> Iterator[None]:
    """What a connection and imaplib raise, as an error that says what is wrong with the mailbox."""
    host = server.host
    try:
        yield
    except TrapstreetError:
        raise
    except imaplib.IMAP4.abort as error:
        raise Unreachable(f"{host} ended the connection", hint="it is tried again") from error
    except imaplib.IMAP4.error as error:
        what = f"{host} does not answer as it should ({_said(error)})"
        raise Unreachable(what, hint="it is tried again") from error
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message or "not valid"
        raise UnusableInput(
            f"{host} shows a certificate that is not trusted ({why})", hint="name its authority under ca"
        ) from error
    except OSError as error:
        raise Unreachable(
            f"{host} port {server.port} cannot be reached ({_why(error)})", hint="look at host and port"
        ) from error


def cut(imap: IMAPClient) -> None:
    """End a connection that another thread waits at."""
    with suppress(OSError, ValueError, AttributeError):
        raw = socket.socket(fileno=os.dup(imap.socket().fileno()))
        with raw:
            raw.shutdown(socket.SHUT_RDWR)


def _mail(uid: int, found: dict[bytes, Any]) -> Mail:
    at, size = found.get(b"INTERNALDATE"), found.get(b"RFC822.SIZE")
    seconds = int(at.astimezone(UTC).timestamp()) if isinstance(at, datetime) and at.tzinfo else 0
    head = _bytes(found.get(b"BODY[HEADER]<0>"))[:HEAD]
    return Mail(uid, max(0, seconds), size if isinstance(size, int) else 0, head)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _said(error: Exception) -> str:
    """What the server said, in a few printable characters."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return printable(text)[:100].strip() or "no reason given"


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, ssl.SSLError):
        return "no TLS there"
    return os.strerror(error.errno).lower() if error.errno else "the connection ended"
