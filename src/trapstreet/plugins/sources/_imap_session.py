"""One connection with an IMAP server that reads folders so that nobody who reads them notices.

Folders are named as the server names them, encoded (RFC 3501, 5.1.3). Loaded when a mailbox is opened.
"""

import errno
import imaplib
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple, ParamSpec, TypeVar

from imapclient.exceptions import LoginError, ProtocolError

from trapstreet.core.model.errors import AccessDenied
from trapstreet.plugins._imap import Server, connection
from trapstreet.plugins.sources import Changed, Later
from trapstreet.plugins.sources._imap_guard import Guarded
from trapstreet.plugins.sources._kept import Refused

LOST = (OSError, EOFError, imaplib.IMAP4.error, ValueError, LookupError, TypeError, RecursionError)
"""What imapclient raises for what a server should not answer."""

_NOT_NOW = re.compile(r"\[(?:UNAVAILABLE|LIMIT|INUSE)\]|too many", re.IGNORECASE)
_LATER = 900.0
_QUIET = 60.0
"""Seconds after which a connection that nobody used is asked whether it is still there."""
_NAME = re.compile(rb"[ -~]+")

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


class State(NamedTuple):
    """A folder as it is now. validity: UIDs mean something as long as it is the same; next: that no mail has
    yet, and none below it will get; mails: how many there are."""

    validity: int
    next: int
    mails: int


class Mail(NamedTuple):
    """size: as the server tells it, None where it does not; arrived: Unix microseconds."""

    uid: int
    size: int | None
    arrived: int | None


class Session:
    """Raises OSError: FileNotFoundError, Changed and Refused are the server's no, others and the rest of LOST
    the connection's end."""

    def __init__(self, server: Server) -> None:
        self._imap: Any = connection(server, Guarded)
        self._name, self._state = "", State(0, 0, 0)
        self._place: tuple[int, int] | None = None
        self._used = time.monotonic()
        try:
            _log_in(server, self._imap)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with suppress(Exception):  # whatever it says of a connection that is given up
            self._imap.shutdown()

    @property
    def is_alive(self) -> bool:
        if time.monotonic() - self._used > _QUIET:
            with suppress(*LOST):
                self._asked(self._imap.noop)
                return True
            return False
        return True

    @property
    def removes_one(self) -> bool:
        """Whether one mail can be taken out, and no other with it (RFC 4315)."""
        return bool(self._imap.has_capability("UIDPLUS"))

    def folders(self) -> list[tuple[str, str]]:
        """Each folder that may hold mails, by name, and what stands between folders in its name."""
        found: dict[str, str] = {}
        for flags, delimiter, raw in self._asked(self._imap.list_folders):
            name = raw if isinstance(raw, bytes) else str(raw).encode()
            if not {flag.lower() for flag in flags} & {b"\\noselect", b"\\nonexistent"}:
                found[name.decode("latin-1")] = (delimiter or b"").decode("latin-1")
        return sorted(found.items())

    def examine(self, name: str) -> State:
        """Open a folder for reading. Raises Refused."""
        if not _NAME.fullmatch(name.encode("latin-1", "replace")):
            raise Refused("the server gives it a name that is none")
        self._name, self._place = "", None
        found = self._asked(self._imap.select_folder, name, readonly=True)
        try:
            self._state = State(found[b"UIDVALIDITY"], found[b"UIDNEXT"], found[b"EXISTS"])
        except KeyError:
            raise Refused("the server does not number its mails") from None
        self._name = name
        return self._state

    def mails(self, name: str, validity: int, after: int, most: int) -> tuple[list[Mail], int]:
        """The next mails of a folder above a UID, ascending, and how many of these it does not tell of; none
        at the end. Raises Refused, Changed."""
        self._open(name, validity)
        if self._place is None or self._place[0] != after:
            self._place = after, self._first(after)
        found: list[Mail] = []
        place, missed = self._place[1], 0
        while place <= self._state.mails and not found and not missed:
            numbers = range(place, min(place + most, self._state.mails + 1))
            mails, missed = self._told(numbers)
            found = sorted({each.uid: each for each in mails if each.uid > after}.values())
            place = numbers.stop
        self._place = found[-1].uid if found else after, place
        return found, missed

    def part(self, name: str, validity: int, uid: int, start: int, size: int) -> bytes:
        """So many bytes of a mail, fewer at its end. Raises FileNotFoundError, Refused, Changed."""
        self._open(name, validity)
        self._place = None  # the answer may say that others have gone
        found = self._asked(self._imap.fetch, [uid], [f"BODY.PEEK[]<{start}.{size}>"])
        if uid not in found:
            raise FileNotFoundError(errno.ENOENT, "vanished before it was read")
        value = found[uid].get(f"BODY[]<{start}>".encode(), ...)
        if value is ...:
            raise Refused("the server sends something else than was asked for")
        return value[:size] if isinstance(value, bytes) else b""

    def find(self, name: str, validity: int, uid: int) -> None:
        """Raises FileNotFoundError where a mail is not there any more."""
        self._name = ""  # as it is now, not as it was when the folder was opened
        self._open(name, validity)
        if uid not in self._asked(self._imap.fetch, [uid], ["RFC822.SIZE"]):
            raise FileNotFoundError(errno.ENOENT, "vanished while it was read")

    def named(self, name: str, message_id: str) -> list[int]:
        """The UIDs of mails in a folder that have such an id."""
        self.examine(name)
        return [*map(int, self._asked(self._imap.search, ["HEADER", "Message-ID", message_id]))]

    def append(self, name: str, mail: bytes) -> None:
        """Put a mail into a folder, as one that was seen."""
        self._asked(self._imap.append, name, mail, flags=(b"\\Seen",))

    def remove(self, name: str, uids: Sequence[int]) -> None:
        """Take out these mails and no other."""
        self._name = ""
        self._asked(self._imap.select_folder, name)
        self._asked(self._imap.add_flags, uids, (b"\\Deleted",), silent=True)
        self._asked(self._imap.uid_expunge, uids)
        self.examine(name)  # it is not left open for writing

    def _open(self, name: str, validity: int) -> None:
        if self._name != name:
            self.examine(name)
        if self._state.validity != validity:
            raise Changed(errno.ESTALE, "the mails of this folder have got new numbers")

    def _first(self, after: int) -> int:
        """The number of a mail in the folder behind which, or at which, those above a UID begin."""
        low, high = 1, self._state.mails + 1
        while after and low < high:
            middle = (low + high) // 2
            told = self._told([middle])[0]
            if told and told[0].uid <= after:
                low = middle + 1
            else:
                high = middle
        return low

    def _told(self, numbers: Sequence[int]) -> tuple[list[Mail], int]:
        """What the server tells of mails by their numbers in the folder, and of how many it does not: one
        that it cannot give does not hold up the others."""
        self._imap.use_uid = False  # numbers stay as long as nothing else is asked (RFC 3501, 7.4.1)
        try:
            found = self._asked(self._imap.fetch, [*numbers], ["UID", "RFC822.SIZE", "INTERNALDATE"])
        except Refused:
            if len(numbers) == 1:
                return [], 1
            half = len(numbers) // 2
            first, second = self._told(numbers[:half]), self._told(numbers[half:])
            return first[0] + second[0], first[1] + second[1]
        finally:
            self._imap.use_uid = True
        mails = [_mail(each) for each in found.values()]
        return [mail for mail in mails if mail.uid], sum(not mail.uid for mail in mails)

    def _asked(self, step: Callable[_Given, _Answer], *given: _Given.args, **more: _Given.kwargs) -> _Answer:
        self._imap.begin()
        try:
            return step(*given, **more)
        except (imaplib.IMAP4.abort, ProtocolError):
            raise
        except imaplib.IMAP4.error as error:
            raise Refused("the server refuses it") from error
        finally:
            self._used = time.monotonic()


def _log_in(server: Server, imap: Any) -> None:
    imap.begin()
    try:
        server.login(imap)
    except LoginError as error:
        if isinstance(error.__context__, imaplib.IMAP4.abort):
            raise error.__context__ from None
        if _NOT_NOW.search(str(error)):
            raise Later(
                f"{server.host} lets nobody in for now, or not so often",
                hint="it is tried again",
                seconds=_LATER,
            ) from error
        raise AccessDenied(
            f"{server.host} refuses the login",
            hint="look at user and password; many providers want one made for programs (app password)",
        ) from error


def _mail(found: dict[bytes, Any]) -> Mail:
    uid, size, at = (found.get(name) for name in (b"UID", b"RFC822.SIZE", b"INTERNALDATE"))
    arrived = int(at.astimezone(UTC).timestamp()) * 1_000_000 if isinstance(at, datetime) and at.tzinfo else 0
    return Mail(
        uid if isinstance(uid, int) else 0, size if isinstance(size, int) else None, max(0, arrived) or None
    )
