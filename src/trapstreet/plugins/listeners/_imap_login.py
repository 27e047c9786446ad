"""How a mailbox lets us in: by a password, or by OAuth 2.0 (RFC 7628)."""

import imaplib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from trapstreet.plugins._oauth import Tokens
from trapstreet.plugins._secrets import secret

if TYPE_CHECKING:
    from imapclient import IMAPClient

Login = Callable[["IMAPClient"], None]
"""Logs a connection in. Raises AccessDenied, Unreachable, UnusableInput, and what imaplib raises."""


def by_password(user: str, file: Path) -> Login:
    """The password is read anew each time, so that a mended one is tried without a restart."""

    def login(imap: "IMAPClient") -> None:
        password = secret(file, what="the password").reveal()
        if imap.has_capability("AUTH=PLAIN"):
            imap.plain_login(user, password)
        else:
            imap.login(user, password)

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
