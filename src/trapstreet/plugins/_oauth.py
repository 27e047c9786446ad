"""OAuth 2.0 for mail servers that take no passwords (RFC 6749, 7628): access tokens from a refresh token."""

import json
import re
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeGuard
from urllib.parse import urlencode, urlsplit

import msgspec

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.plugins._secrets import replace, secret

SECONDS = 15.0
"""That a provider may take for a token in all."""

_ANSWER = 1 << 16
_EARLY = 60.0
"""Seconds before its end in which an access token is not used any more."""


class LoginKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a section that say how to log in.

    password_file  a file with the password; or, for OAuth 2.0, all of these but the secret and the scope:
    token_url, client_id, client_secret_file, refresh_token_file, scope
    """

    password_file: Path | None = None
    token_url: str = ""
    client_id: str = ""
    client_secret_file: Path | None = None
    refresh_token_file: Path | None = None
    scope: str = ""


def tokens_of(login: LoginKeys, context: ssl.SSLContext) -> "Tokens | None":
    """The tokens that a section asks for; None where it has a password. Raises UnusableInput where it says
    not, or twice, how to log in, and as Tokens does."""
    given = [login.token_url, login.client_id, login.refresh_token_file]
    if bool(login.password_file) == any(given) or any(given) != all(given):
        raise UnusableInput(
            "it says not, or twice, how to log in",
            hint="give password_file, or token_url with client_id and refresh_token_file (docs/trap.md)",
        )
    if not login.refresh_token_file:
        return None
    return Tokens(
        login.token_url,
        login.client_id,
        login.scope,
        login.client_secret_file,
        login.refresh_token_file,
        context,
    )


@dataclass(slots=True)
class Tokens:
    """Access tokens for a mailbox, got by a refresh token. May be used by several threads.

    url            of the provider's token endpoint, https
    client_id      of the program that is registered there;  client_secret  its file, where it has one
    refresh_token  a file; a new one that the provider sends takes its place
    context        whom to trust
    Raises UnusableInput where the files or the address do not do.
    """

    url: str
    client_id: str
    scope: str
    client_secret: Path | None
    refresh_token: Path
    context: ssl.SSLContext
    _access: str = field(default="", repr=False)
    _until: float = 0.0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        if not leads_to_provider(self.url):
            raise UnusableInput(
                "token_url is no https address", hint="like https://oauth2.googleapis.com/token"
            )
        self._secrets()

    def access(self) -> str:
        """A token that holds now. Raises AccessDenied, Unreachable, UnusableInput."""
        with self._lock:  # a refresh token that changes may be used once
            if not self._access or time.monotonic() > self._until:
                self._renew()
            return self._access

    def forget(self) -> None:
        """The token was refused: the next is a new one."""
        self._access = ""

    def _secrets(self) -> dict[str, str]:
        found = {"refresh_token": secret(self.refresh_token, what="the refresh token").reveal()}
        if self.client_secret:
            found["client_secret"] = secret(self.client_secret, what="the client's secret").reveal()
        return found

    def _renew(self) -> None:
        form = {"grant_type": "refresh_token", "client_id": self.client_id} | self._secrets()
        if self.scope:
            form["scope"] = self.scope
        status, body = self._asked(urlencode(form).encode())
        hint = "sign in at the provider again and put the new refresh token into its file"
        grant = granted(status, body, host=self._host, what="the refresh token", hint=hint)
        self._access = grant.access
        self._until = time.monotonic() + grant.seconds
        if grant.refresh and grant.refresh != form["refresh_token"]:
            with suppress(OSError):  # the old one holds as well, for a time
                replace(self.refresh_token, grant.refresh.encode())

    def _asked(self, form: bytes) -> tuple[int, bytes]:
        import httpcore

        try:
            return self._posted(form)
        except (OSError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Unreachable(f"{self._host} cannot be reached for a token", hint="look at token_url") from (
                error
            )

    def _posted(self, form: bytes) -> tuple[int, bytes]:
        """Status and body. Raises OSError and what httpcore raises."""
        import httpcore

        headers: dict[bytes | str, bytes | str] = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        limits = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
        until, body = time.monotonic() + SECONDS, b""
        with (
            httpcore.ConnectionPool(ssl_context=self.context) as pool,
            pool.stream(
                "POST", self.url, headers=headers, content=form, extensions={"timeout": limits}
            ) as got,
        ):
            for piece in got.iter_stream():
                body += piece
                if time.monotonic() > until:
                    raise TimeoutError
                if len(body) > _ANSWER:
                    break
        return got.status, body

    @property
    def _host(self) -> str:
        return urlsplit(self.url).hostname or ""


class Grant(NamedTuple):
    """access: a token;  seconds: for which it is used;  refresh: a new refresh token, "" without one."""

    access: str
    seconds: float
    refresh: str = ""


def granted(status: int, body: bytes, *, host: str, what: str, hint: str) -> Grant:
    """The tokens in a provider's answer. It is never shown: it may hold tokens though it refuses.

    what  was shown to the provider: "the refresh token";  hint  where that was refused
    Raises AccessDenied; Unreachable where the provider is in trouble.
    """
    answer = _object(body)
    if status == 200:
        token, refresh = answer.get("access_token"), answer.get("refresh_token", "")
        if not _is_token(token):
            raise AccessDenied(f"{host} sent no access token", hint="look at token_url and scope")
        seconds = max(0.0, _number(answer.get("expires_in", 0)) - _EARLY)
        return Grant(token, seconds, refresh if _is_token(refresh) else "")
    why = str(answer.get("error", ""))
    said = why if re.fullmatch(r"[a-z_]{1,40}", why) else f"HTTP {status}"
    if status >= 500 or status in (408, 429):
        raise Unreachable(f"{host} gives no token ({said})", hint="it is tried again")
    raise AccessDenied(f"{host} refuses {what} ({said})", hint=hint)


def leads_to_provider(url: str) -> bool:
    """Whether it is an address that begins with https, or one of this machine."""
    try:
        parts = urlsplit(url)
        known = url.isascii() and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, half an IPv6 address
        return False
    own = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return known and parts.scheme in (("https", "http") if own else ("https",))


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and re.fullmatch(r"[!-~]+", value) is not None


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
