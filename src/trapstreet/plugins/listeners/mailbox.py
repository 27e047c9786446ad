"""A mailbox that one has already, a shared or a catch-all one: read by IMAP, nothing in it is changed."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins._imap import Login, Server, by_password, by_tokens
from trapstreet.plugins._oauth import LoginKeys, tokens_of
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.listeners import Hear, Now
from trapstreet.plugins.listeners._imap_cursor import Cursor

if TYPE_CHECKING:
    from trapstreet.plugins.listeners._mailbox_reader import Reader

title = "mailbox"
pulls = True
reveals = (
    "Nothing to those who write to it. Whoever runs the mail server sees that a program reads the mailbox; "
    "it marks no mail as read and deletes none."
)


class Settings(LoginKeys, frozen=True, forbid_unknown_fields=True):
    """Section [mailbox].

    host, port     the IMAP server; 993, or 143 without TLS from the start
    security       "tls", "starttls", or "plain", which is for this machine alone
    ca             PEM file of authorities to trust instead of the system's
    user           who logs in, mostly the address, with the LoginKeys
    folders        what is read, each in a connection of its own
    recipients     patterns like "maria+*@you.example": a mail for nobody among them is passed over and never
                   kept; none keeps all
    received_by    hosts whose Received and Authentication-Results lines are believed
    since          a date like 2026-11-01 from which mails are heard at the first start; else those that come
    every          seconds between two looks; new mails are heard at once where the server tells of them
    cursor         file that says how far was read
    """

    host: str = ""
    port: Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)] = 0
    security: Literal["tls", "starttls", "plain"] = "tls"
    ca: Path | None = None
    user: str = ""
    folders: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=8)] = ("INBOX",)
    recipients: tuple[str, ...] = ()
    received_by: tuple[str, ...] = ()
    since: str = ""
    every: Annotated[float, msgspec.Meta(ge=1, le=600)] = 30.0
    cursor: Path = Path("mailbox.json")


settings = Settings


class Found(msgspec.Struct, frozen=True):
    """A mailbox that let us in: whether it tells of new mails by itself, and its folder of junk, or ""."""

    idles: bool
    junk: str


_GRACE = 5.0
"""Seconds in which what was begun may end."""


async def listen(settings: Settings, hear: Hear, now: Now) -> "_Listening":
    """Begin to read. A mailbox that is away is tried until it is there. Raises UnusableInput."""
    from trapstreet.plugins.listeners._mailbox_reader import Reader

    server, since = server_of(settings), _day(settings.since)
    for folder in settings.folders:
        if not folder.strip() or not folder.isprintable():
            raise UnusableInput("a folder has no name", hint='like folders = ["INBOX", "Junk"]')
    cursor = cursor_of(settings)
    loop = asyncio.get_running_loop()
    readers = [
        Reader(
            server,
            folder,
            cursor=cursor,
            hear=hear,
            now=now,
            loop=loop,
            recipients=settings.recipients,
            trusted=settings.received_by,
            since=since,
            every=settings.every,
        )
        for folder in dict.fromkeys(settings.folders)
    ]
    for reader in readers:
        reader.start()
    return _Listening(readers)


def server_of(settings: Settings) -> Server:
    """The server, and how it lets us in. Raises UnusableInput for settings and files that do not do."""
    if not re.fullmatch(r"[\w.:-]+", settings.host) or not settings.user:
        raise UnusableInput(
            "it names no host, or no user",
            hint='give both, like host = "imap.you.example" and user = "info@you.example"',
        )
    if not settings.user.isprintable():
        raise UnusableInput("user has characters that do not print", hint="write it anew")
    if settings.security == "plain" and not _here(settings.host):
        hint = 'leave security out, or set it to "starttls"'
        raise UnusableInput("a password does not leave this machine without TLS", hint=hint)
    context = _context(settings.ca)
    return Server(
        host=settings.host,
        port=settings.port or (993 if settings.security == "tls" else 143),
        security=settings.security,
        context=context,
        login=_login(settings, context),
    )


def look(settings: Settings) -> "Found":
    """Log in once and open each folder, as reading does. Raises Unreachable, AccessDenied, UnusableInput."""
    from imapclient.imapclient import JUNK

    from trapstreet.plugins.listeners._imap import Folder, connected, explained

    server = server_of(settings)
    with explained(server), connected(server) as imap:
        for name in settings.folders:
            Folder(imap, name).newest()
        return Found(idles=imap.has_capability("IDLE"), junk=imap.find_special_folder(JUNK) or "")


def cursor_of(settings: Settings) -> Cursor:
    """How far it was read. Raises UnusableInput where the file is something else."""
    return Cursor(settings.cursor, f"{settings.user} at {settings.host}")


def _login(settings: Settings, context: ssl.SSLContext) -> Login:
    if tokens := tokens_of(settings, context):
        return by_tokens(settings.user, tokens)
    assert settings.password_file  # noqa: S101  else there are tokens
    password = partial(secret, settings.password_file, what="the password")
    password()
    return by_password(settings.user, password)


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise UnusableInput(f"{ca} holds no certificates", hint="give a PEM file under ca") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _here(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UnusableInput(f"since = {text!r} is no date", hint="like 2026-11-01") from error


class _Listening:
    """The readers, as long as they read."""

    ports: Mapping[str, int] = MappingProxyType({})

    def __init__(self, readers: "list[Reader]") -> None:
        self._readers = readers

    @property
    def trouble(self) -> str:
        """What is wrong with the mailbox; "" while it is read."""
        return "; ".join(dict.fromkeys(reader.trouble for reader in self._readers if reader.trouble))

    async def close(self) -> None:
        for reader in self._readers:
            reader.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                while any(reader.reading for reader in self._readers):
                    await asyncio.sleep(0.02)
