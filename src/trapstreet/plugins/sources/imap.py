"""Mailboxes: abuse@, a shared one, one that catches all. They are read so that nobody who uses them notices.

A mail never changes, and no other gets its number as long as its folder says so (UIDVALIDITY). What is new
has a number above the last one, and that mails were taken out shows in how many there are: HIGHESTMODSEQ,
which changes with every flag, would tell nothing more.
"""

from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, cast

import msgspec

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.plugins._connecting import failure, tls_context
from trapstreet.plugins._imap import Server, by_password, by_tokens
from trapstreet.plugins._oauth import LoginKeys, tokens_of
from trapstreet.plugins.sources import Changed
from trapstreet.plugins.sources._address import Account, Address, address_of, login_of
from trapstreet.plugins.sources._imap_mail import chosen, encoded, id_of, mail_of, readable
from trapstreet.plugins.sources._kept import Kept, Refused
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._parts import Blocks
from trapstreet.plugins.sources._tree import why_of

if TYPE_CHECKING:
    from trapstreet.plugins.sources._imap_session import Mail, Session, State

title = "mailboxes (IMAP)"
schemes = ("imaps", "imap")
reveals = "Whoever runs the mail server sees that a program logs in and reads. No mail is marked as read."

_PASSWORD = "TRAPSTREET_IMAP_PASSWORD"  # noqa: S105 - the variable's name
_AT_ONCE = 500
"""Mails that are listed together, and after which the listing could go on from there."""
_BLOCK = 1 << 20
_ENDLESS = 1 << 40
_OFF = 1 << 20
"""Bytes that a mail may have beyond twice what the server said: some tell sizes that are near enough."""


class settings(Account, frozen=True, forbid_unknown_fields=True, kw_only=True):  # noqa: N801 - the kind's
    """imaps:// is TLS from the start (993), imap:// before the login (143). The path is a folder."""

    folder: Annotated[
        tuple[str, ...], option("a folder to read, with those in it; else all (repeatable)", "NAME")
    ] = ()
    ca: Annotated[Path | None, option("the authority of its certificate, PEM", "FILE")] = None
    token_url: Annotated[str, option("for OAuth 2.0: where access tokens are given out", "URL")] = ""
    client_id: Annotated[str, option("the id of the program that is registered there", "ID")] = ""
    client_secret_file: Annotated[Path | None, option("holds that program's secret", "FILE")] = None
    refresh_token_file: Annotated[Path | None, option("holds the refresh token", "FILE")] = None
    scope: Annotated[str, option("what the access token is to be for", "TEXT")] = ""


class _Read(msgspec.Struct, array_like=True, frozen=True):
    """How far a folder was listed. uid: up to which;  count: of the mails there, those listed or all."""

    validity: int
    uid: int
    count: int


def source(settings: settings) -> "_Imap":
    return _Imap(settings)


class _Imap:
    def __init__(self, settings: settings) -> None:
        self._address = address_of(settings.url, variable=_PASSWORD)
        if settings.folder and self._address.path:
            raise UnusableInput("a folder stands in the address and beside it", hint="give it once")
        self._chosen = [each for each in (self._address.path, *settings.folder) if each]
        self._kept = _kept(_server(settings, self._address))

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Mails whose numbers are above those at the cursor. Where some were taken out since, the last mark
        has the next listing begin anew."""
        before = _cursor(cursor)
        known = dict(before)
        there = self._kept.asked(lambda session: session.folders())
        folders, missing = chosen(there, self._chosen)
        if missing and not folders:
            what = printable(self._shown(missing[0]))
            raise Unreachable(f"{what}: there is no such folder", hint="check its name")
        for name in missing:
            yield Unread(self._shown(name), "there is no such folder")
        fewer = bool(set(before) - set(folders))
        for name in folders:
            was = before.get(name)
            try:
                fewer |= yield from self._folder(name, was, known)
            except OSError as error:
                yield Unread(self._shown(name), why_of(error))
        yield Mark(
            "" if fewer else _written({name: known[name] for name in folders if name in known}), not cursor
        )

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        validity, uid, name = ref.handle.split(" ", 2)
        mail = name, int(validity), int(uid)
        size = _ENDLESS if ref.size is None else ref.size

        def some(at: int) -> bytes:
            wanted = _BLOCK if end is None else max(0, min(_BLOCK, end - at))
            block = (
                self._kept.asked_for_object(lambda session: session.part(*mail, at, wanted))
                if wanted
                else b""
            )
            if len(block) < wanted and at + len(block) < min(size, at + wanted):
                self._kept.asked_for_object(lambda session: session.find(*mail))  # that may be why it ended
            return block

        def blocks(block: bytes) -> Iterator[bytes]:
            at = start
            while block:
                yield block
                at += len(block)
                if at > 2 * size + _OFF:
                    raise Changed("it is far longer than it was listed")
                block = some(at) if len(block) == _BLOCK else b""

        return cast(BinaryIO, Blocks(blocks(some(start))))

    def put(self, path: str, content: bytes) -> str:
        """The content is what is attached to a mail whose subject is the path."""
        folder = self._folder_to_write()

        def append(session: "Session") -> int:
            if not session.removes_one:
                raise Refused("the server could not take out one mail alone again (UIDPLUS)")
            if session.named(folder, id_of(path)):
                raise FileExistsError(f"a mail called {path} is there already")
            session.append(folder, mail_of(path, content))
            return session.named(folder, id_of(path))[0]

        return self._path(self._shown(folder), self._kept.asked_for_object(append))

    def remove(self, path: str) -> None:
        folder = self._folder_to_write()

        def expunge(session: "Session") -> None:
            if not (found := session.named(folder, id_of(path))):
                raise FileNotFoundError(f"no mail called {path} is there")
            session.remove(folder, found)

        self._kept.asked_for_object(expunge)

    def close(self) -> None:
        self._kept.drop()

    def _folder(
        self, name: str, was: _Read | None, known: dict[str, _Read]
    ) -> Generator[Ref | Unread | Mark, None, bool]:
        """Whether mails were taken out of it. Raises OSError where it cannot be read."""
        state = self._kept.asked(lambda session: session.examine(name))
        anew = was is not None and was.validity != state.validity
        uid, count = (was.uid, was.count) if was and not anew else (0, 0)
        shown, unmarked = self._shown(name), 0
        while uid < state.next - 1:
            mails, missed = self._kept.asked(partial(_following, name, state, uid))
            if missed:
                yield Unread(shown, f"{missed} of its mails cannot be listed", partly=True)
            elif not mails:
                break
            for mail in mails:
                handle = f"{state.validity} {mail.uid} {name}"
                path = self._path(shown, mail.uid)
                yield Ref(path, f"{state.validity} {mail.uid}", mail.size, mail.arrived, handle=handle)
            uid, count = mails[-1].uid if mails else uid, count + len(mails)
            unmarked += len(mails)
            if unmarked >= _AT_ONCE:
                known[name], unmarked = _Read(state.validity, uid, count), 0
                yield Mark(_written(known))
        known[name] = _Read(state.validity, max(uid, state.next - 1), state.mails)
        return anew or state.mails < count

    def _shown(self, name: str) -> str:
        return f"{replace(self._address, path='').shown()}/{readable(name)}"

    def _path(self, folder: str, uid: int) -> str:
        """RFC 5092, but for its quoting: people read it."""
        return f"{folder}/;UID={uid}"

    def _folder_to_write(self) -> str:
        return encoded(self._chosen[0] if self._chosen else "INBOX")


def _following(name: str, state: "State", after: int, session: "Session") -> "tuple[list[Mail], int]":
    """Mails that were there when the folder was looked at; those that came since are for the next listing."""
    mails, missed = session.mails(name, state.validity, after, _AT_ONCE)
    return [mail for mail in mails if mail.uid < state.next], missed


def _server(settings: settings, address: Address) -> Server:
    """Raises UnusableInput, AccessDenied."""
    user, password = login_of(settings, address, variable=_PASSWORD)
    context = tls_context(settings.ca)
    keys = LoginKeys(
        password_file=settings.password_file,
        token_url=settings.token_url,
        client_id=settings.client_id,
        client_secret_file=settings.client_secret_file,
        refresh_token_file=settings.refresh_token_file,
        scope=settings.scope,
    )
    if not user:
        raise UnusableInput("it says not who logs in", hint="give user, mostly the mailbox's address")
    if keys.token_url or keys.client_id or keys.refresh_token_file:
        tokens = tokens_of(keys, context)
        assert tokens is not None  # noqa: S101 - there is no password beside them
        login = by_tokens(user, tokens)
    elif password is not None:
        login = by_password(user, lambda: password)
    else:
        raise UnusableInput(
            "it says not how to log in",
            hint="give password_file, or token_url with client_id and refresh_token_file",
        )
    tls = address.scheme == "imaps"
    port = address.port or (993 if tls else 143)
    return Server(address.host, port, "tls" if tls else "starttls", context, login)


def _kept(server: Server) -> "Kept[Session]":
    from trapstreet.plugins.sources._imap_session import LOST, Session

    return Kept(
        partial(Session, server),
        close=Session.close,
        alive=lambda session: session.is_alive,
        lost=LOST,
        failed=lambda error: failure(error, server.host, server.port),
    )


def _cursor(text: str) -> dict[str, _Read]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, _Read])
    except msgspec.MsgspecError:
        return {}


def _written(known: dict[str, _Read]) -> str:
    return msgspec.json.encode(known).decode()
