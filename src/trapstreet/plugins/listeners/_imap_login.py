"""How a mailbox lets us in: by a password, or by OAuth 2.0 (RFC 6749, 7628)."""

import imaplib
import json
import re
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.plugins.listeners._private import replace, secret

if TYPE_CHECKING:
    from imapclient import IMAPClient

_ANSWER = 1 << 16
_SECONDS = 30.0
_EARLY = 60.0
"""Seconds before its end in which an access token is not used any more."""

Login = Callable[["IMAPClient"], None]
"""Logs a connection in. Raises AccessDenied, Unreachable, UnusableInput, and what imaplib raises."""


def by_password(user: str, file: Path) -> Login:
    """The password is read anew each time, so that a mended one is tried without a restart."""

    def login(imap: "IMAPClient") -> None:
        password = secret(file)
        if imap.has_capability("AUTH=PLAIN"):
            imap.plain_login(user, password)
        else:
            imap.login(user, password)

    return login


@dataclass(slots=True)
class Tokens:
    """Access tokens for a mailbox, got by a refresh token.

    url            of the provider's token endpoint, https
    client_id      of the program that is registered there;  client_secret  its file, where it has one
    refresh_token  a file; a new one that the provider sends takes its place
    context        whom to trust
    """

    user: str
    url: str
    client_id: str
    scope: str
    client_secret: Path | None
    refresh_token: Path
    context: ssl.SSLContext
    _access: str = field(default="", repr=False)
    _until: float = 0.0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def login(self, imap: "IMAPClient") -> None:
        """OAUTHBEARER where the server has it, else XOAUTH2. A token that is refused is not tried again."""
        with self._lock:  # a refresh token that changes may be used once
            if not self._access or time.monotonic() > self._until:
                self._renew()
            token = self._access
        try:
            if imap.has_capability("AUTH=OAUTHBEARER"):
                imap.oauthbearer_login(self.user, token)
            else:
                imap.oauth2_login(self.user, token)
        except imaplib.IMAP4.error:
            self._access = ""
            raise

    def _renew(self) -> None:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": secret(self.refresh_token),
            "client_id": self.client_id,
        }
        if self.client_secret:
            form["client_secret"] = secret(self.client_secret)
        if self.scope:
            form["scope"] = self.scope
        answer = self._asked(urlencode(form).encode())
        token, seconds = answer.get("access_token"), answer.get("expires_in", 0)
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
            raise AccessDenied(f"{self._host} sent no access token", hint="look at token_url and scope")
        self._access = token
        self._until = time.monotonic() + max(0.0, _number(seconds) - _EARLY)
        new = answer.get("refresh_token")
        if isinstance(new, str) and re.fullmatch(r"[!-~]+", new) and new != form["refresh_token"]:
            with suppress(OSError):  # the old one holds as well, for a time
                replace(self.refresh_token, new.encode())

    def _asked(self, form: bytes) -> dict[str, Any]:
        """The provider's answer. It is never shown: it holds tokens."""
        import httpcore

        headers: dict[bytes | str, bytes | str] = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        limits = dict.fromkeys(("connect", "read", "write", "pool"), _SECONDS)
        body = b""
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self.context) as pool,
                pool.stream(
                    "POST", self.url, headers=headers, content=form, extensions={"timeout": limits}
                ) as got,
            ):
                for piece in got.iter_stream():
                    body += piece
                    if len(body) > _ANSWER:
                        break
        except (OSError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Unreachable(f"{self._host} cannot be reached for a token", hint="look at token_url") from (
                error
            )
        answer = _object(body)
        if got.status == 200:
            return answer
        why = str(answer.get("error", ""))
        said = why if re.fullmatch(r"[a-z_]{1,40}", why) else f"HTTP {got.status}"
        if got.status >= 500 or got.status in (408, 429):
            raise Unreachable(f"{self._host} gives no token ({said})", hint="it is tried again")
        hint = "sign in at the provider again and put the new refresh token into its file"
        raise AccessDenied(f"{self._host} refuses the refresh token ({said})", hint=hint)

    @property
    def _host(self) -> str:
        return urlsplit(self.url).hostname or ""


def check_token_url(url: str) -> None:
    """Raises UnusableInput unless it is https, or leads to this machine."""
    parts = urlsplit(url)
    own = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not parts.hostname or parts.scheme not in (("https", "http") if own else ("https",)):
        raise UnusableInput(
            "[mailbox]: token_url is no https address",
            hint="like https://oauth2.googleapis.com/token",
        )


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
