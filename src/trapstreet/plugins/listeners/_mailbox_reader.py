"""The thread that reads one folder: what is new is heard, and only then is the mailbox read on."""

import asyncio
import imaplib
import logging
import random
import traceback
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import msgspec
from imapclient import IMAPClient

from trapstreet.core.model.errors import TrapstreetError, Unreachable
from trapstreet.core.model.hit import Hit
from trapstreet.plugins._imap import Server
from trapstreet.plugins.listeners import Hear, Now
from trapstreet.plugins.listeners._imap import AT_ONCE, Folder, Mail, connected, cut, explained
from trapstreet.plugins.listeners._imap_cursor import Cursor, Position
from trapstreet.plugins.listeners._mail_trace import Header
from trapstreet.plugins.listeners._smtp_mail import split
from trapstreet.plugins.listeners._smtp_post import raw

_AWAY, _REFUSED = (1.0, 60.0), (30.0, 900.0)
"""Seconds before the next try, from and to: providers lock those out who come again and again in vain."""

_DAY = timedelta(days=1)
_SKEW = 3600
"""Seconds that the mail server's clock may be behind ours."""

_log = logging.getLogger("trapstreet.trap")


class Reader:
    """Reads a folder until it is stopped.

    trouble  what is wrong, "" while all is well
    """

    def __init__(
        self,
        server: Server,
        folder: str,
        *,
        cursor: Cursor,
        hear: Hear,
        now: Now,
        loop: asyncio.AbstractEventLoop,
        recipients: Sequence[str],
        trusted: Sequence[str],
        since: date | None,
        every: float,
    ) -> None:
        self.trouble = ""
        self._server, self._folder, self._cursor = server, folder, cursor
        self._hear, self._now, self._loop = hear, now, loop
        self._recipients, self._trusted = [pattern.lower() for pattern in recipients], trusted
        self._since, self._every = since, every
        self._stop = Event()
        self._imap: IMAPClient | None = None
        self._failures = 0
        self._thread = Thread(target=self._run, name=f"mailbox {folder}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @property
    def reading(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Read no more; a mail that is being kept is kept."""
        self._stop.set()
        if imap := self._imap:
            cut(imap)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with explained(self._server), connected(self._server) as imap:
                    self._imap = imap
                    self._read(Folder(imap, self._folder))
            except TrapstreetError as error:
                self._rest(str(error), _AWAY if isinstance(error, Unreachable) else _REFUSED)
            except Exception as error:  # noqa: BLE001  one folder's bug stops neither it nor the others
                last = traceback.extract_tb(error.__traceback__)[-1]
                what = f"a bug: {type(error).__name__} in {Path(last.filename).name} line {last.lineno}"
                self._rest(what, _AWAY)
            finally:
                self._imap = None

    def _rest(self, why: str, seconds: tuple[float, float]) -> None:
        if self._stop.is_set():
            return
        self.trouble = f"mailbox, {self._folder}: {why}"
        least, most = seconds
        wait = min(most, least * 2 ** min(self._failures, 16))
        self._failures += 1
        self._stop.wait(wait * random.uniform(0.75, 1.0))  # noqa: S311  only so that not all come at once

    def _read(self, folder: Folder) -> None:
        """Catch up until nothing has come meanwhile, wait, and again."""
        seen = None
        while not self._stop.is_set():
            newest = folder.newest()
            at = self._cursor.positions.get(self._folder)
            if at is None or at.validity != newest.validity or at.uid > newest.uid:
                at = self._begin(folder, newest, at)
            self.trouble, self._failures = "", 0
            for uids in folder.between(at.uid, newest.uid):
                at = self._take(folder, uids, at)
            if newest == seen:
                folder.wait(self._every, self._stop)
            seen = newest

    def _begin(self, folder: Folder, newest: Position, before: Position | None) -> Position:
        """Where to read on in a folder that is new, or whose mails have got new numbers.

        Of the latter those are heard that arrived in the last known second or later: some of that second
        a second time, none never.
        """
        if before:
            floor = before.at
        elif self._since:
            floor = int(datetime.combine(self._since, time.min, UTC).timestamp())
        else:
            floor = 0
        day = datetime.fromtimestamp(floor, UTC).date() - _DAY
        first = folder.first_since(day, newest.uid) if floor else None
        at = Position(
            newest.validity,
            newest.uid if first is None else first - 1,
            before.at if before else self._now() // 1_000_000 - _SKEW,
            old=newest.uid,
            floor=floor,
        )
        self._cursor.move(self._folder, at)
        return at

    def _take(self, folder: Folder, uids: Sequence[int], at: Position) -> Position:
        """Hear mails, in their order: how far that went."""
        for start in range(0, len(uids), AT_ONCE):
            some = uids[start : start + AT_ONCE]
            for mail in self._heads(folder, some):
                if self._stop.is_set():
                    return at
                header = Header(mail.head, self._trusted)
                if self._wanted(mail, header, at):
                    self._keep(self._hit(mail, header, folder.content(mail.uid)))
                    at = self._moved(at, mail.uid, mail.at)
            if at.uid < some[-1] and not self._stop.is_set():
                at = self._moved(at, some[-1], 0)
        return at

    def _moved(self, at: Position, uid: int, arrived: int) -> Position:
        latest = max(at.at, min(arrived, self._now() // 1_000_000))
        at = msgspec.structs.replace(at, uid=uid, at=latest)
        self._cursor.move(self._folder, at)
        return at

    def _heads(self, folder: Folder, uids: Sequence[int]) -> list[Mail]:
        """Those that can be fetched; one that the server cannot give does not hold up the others."""
        try:
            return folder.heads(uids)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, ValueError):
            if len(uids) > 1:
                return [mail for uid in uids for mail in self._heads(folder, [uid])]
            _log.warning("mailbox, %s: the server cannot give mail %d; it is left out", self._folder, uids[0])
            return []

    def _wanted(self, mail: Mail, header: Header, at: Position) -> bool:
        if mail.uid <= at.old and mail.at < at.floor:
            return False
        patterns = self._recipients
        return not patterns or any(fnmatchcase(name, each) for name in header.names() for each in patterns)

    def _keep(self, hit: Hit) -> None:
        """Until it is kept, or nothing more is."""

        async def heard() -> None:
            await self._hear(hit)

        while not self._stop.is_set():
            try:
                asyncio.run_coroutine_threadsafe(heard(), self._loop).result()
            except OSError:
                self._stop.wait(1.0)
            else:
                return
        raise Unreachable("stopped")

    def _hit(self, mail: Mail, header: Header, content: bytes) -> Hit:
        """The mail as a mail server of ours would have heard it, as far as that can be known."""
        now = self._now()
        fields, body = split(content or mail.head)
        source, names = header.source(), tuple(header.names())
        facts = [("folder", self._folder.encode()), ("uid", b"%d" % mail.uid), ("heard", b"%d" % now)]
        if source.helo:
            facts.append(("helo", raw(source.helo)))
        if sender := header.sender():
            facts.append(("mail-from", raw(sender)))
        facts += [("rcpt-to", f"<{name}>".encode()) for name in names]
        facts += header.results()
        facts += [("header", field) for field in fields]
        facts += [("body", body), ("mail-size", b"%d" % mail.size)]
        if content and mail.size <= len(content):
            facts.append(("mail-sha256", sha256(content).digest()))
        else:
            facts.append(("unfinished", b"cut"))
        at = min(mail.at * 1_000_000 + 999_999, now) if mail.at else now  # not before it can have come
        return Hit("mailbox", at, source.address, 0, names, tuple(facts))
