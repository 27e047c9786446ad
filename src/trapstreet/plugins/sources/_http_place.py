"""What settings say of a place that is asked by HTTP."""

import base64
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.urls import password_of
from trapstreet.plugins._secrets import secret, secret_text
from trapstreet.plugins.sources import Place
from trapstreet.plugins.sources._options import option


class HttpPlace(Place, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of every kind that speaks HTTP."""

    user: Annotated[str, option("Log in as this user (HTTP Basic), at the URL's host alone")] = ""
    password_file: Annotated[Path | None, option("A file that holds the password", "FILE")] = None
    ca: Annotated[
        Path | None,
        option("PEM file of the authority that certificates are from, if it is your own", "FILE"),
    ] = None
    private: Annotated[bool, option("Redirects and links may lead into private networks")] = False
    proxy: Annotated[
        str, option("Ask this proxy for every address; it sees what goes without TLS", "URL")
    ] = ""
    proxy_login_file: Annotated[Path | None, option("Holds user:password for the proxy", "FILE")] = None
    agent: Annotated[str, option("Sent as User-Agent instead of trapstreet's own name", "TEXT")] = ""
    rate: Annotated[
        float,
        msgspec.Meta(ge=0),
        option("Requests a second to each host; else 2 in the internet, any number elsewhere", "NUMBER"),
    ] = 0.0


def login_of(place: HttpPlace) -> dict[str, str]:
    """The headers that log in. Raises UnusableInput, AccessDenied."""
    login = user_of(place)
    if not login:
        return {}
    return {"Authorization": f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"}


def user_of(place: HttpPlace) -> tuple[str, str] | None:
    """User and password, None for a place without a login. Raises UnusableInput, AccessDenied."""
    parts = urlsplit(place.url)
    user = place.user or unquote(parts.username or "")
    if not user:
        if place.password_file:
            raise UnusableInput("password_file is given, but no user", hint="give user, too")
        return None
    if place.password_file:
        password = secret(place.password_file, what="the password").reveal()
    else:
        given = password_of(place.url) if parts.password else None
        password = given.reveal() if given else ""
    return user, password


def proxy_login_of(place: HttpPlace) -> tuple[str, str] | None:
    """User and password for the proxy. Raises UnusableInput, AccessDenied."""
    if not place.proxy_login_file:
        return None
    user, _, password = secret(place.proxy_login_file, what="the proxy's login").reveal().partition(":")
    return user, password


def headers_in(file: Path | None) -> dict[str, str]:
    """The headers that a file holds, "Name: value" a line: they may give access. Raises UnusableInput,
    AccessDenied."""
    found: dict[str, str] = {}
    for line in secret_text(file, what="the headers").reveal().splitlines() if file else ():
        name, colon, value = line.partition(":")
        plain = name.replace("-", "").replace("_", "").isalnum() and name.isascii()
        if not colon or not plain or not value.isascii() or not value.strip().isprintable():
            raise UnusableInput(f"{file} holds a line that is no header", hint="like Authorization: Bearer …")
        found[name] = value.strip()
    return found


def header_value(text: str, *, name: str) -> str:
    """The text, which may stand in a header. Raises UnusableInput."""
    if text.isascii() and text.isprintable():
        return text
    raise UnusableInput(f"{name} holds what no header may", hint="plain ASCII on one line")
