"""Where a mailbox is (IMAP, RFC 3501), and how it lets us in: by a password, or by OAuth 2.0 (RFC 7628)."""

import imaplib
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trapstreet.core.model.protected import Protected
from trapstreet.plugins._oauth import Tokens

if TYPE_CHECKING:
    from imapclient import IMAPClient

SECONDS = 30.0
"""That a server may be silent."""

Login = Callable[["IMAPClient"], None]
"""Logs a connection in. Raises AccessDenied, Unreachable, UnusableInput, and what imaplib raises."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a mailbox is, and how it lets us in.

    security  "tls", "starttls" or "plain";  context  whom to trust
    """

    host: str
    port: int
    security: str
    context: ssl.SSLContext
    login: Login


def by_password(user: str, password: Callable[[], Protected[str]]) -> Login:
    """The password is asked for each time, so that a mended one is tried without a restart."""

    def login(imap: "IMAPClient") -> None:
        known = password().reveal()
        if imap.has_capability("AUTH=PLAIN") or not f"{user}{known}".isascii():  # LOGIN takes nothing else
            imap.plain_login(user, known)
        else:
            imap.login(user, known)

    return login


def by_tokens(user: str, tokens: Tokens) -> Login:
    """OAUTHBEARER where the server has it, else XOAUTH2. A token that is refused is not tried again."""

    def login(imap: "IMAPClient") -> None:
        token = tokens.access()
        try:
            if imap.has_capability("AUTH=OAUTHBEARER"):
                imap.oauthbearer_login(user, token)
            else:
                imap.oauth2_login(user, token)
        except imaplib.IMAP4.error:
            tokens.forget()
            raise

    return login


def connection(server: Server, client: "type[IMAPClient] | None" = None) -> "IMAPClient":
    """A connection that is not logged in yet, encrypted where that was wanted.

    client  a class made of IMAPClient
    Raises what imaplib and sockets raise.
    """
    from imapclient import IMAPClient

    client = client or IMAPClient
    logging.getLogger("imapclient").setLevel(logging.ERROR)  # it would write commands with their passwords
    tls = server.security == "tls"
    context = server.context if tls else None
    imap = client(server.host, server.port, ssl=tls, ssl_context=context, timeout=SECONDS)
    try:
        imap.normalise_times = False
        if server.security == "starttls":
            imap.starttls(server.context)
    except BaseException:
        imap.shutdown()
        raise
    return imap
