"""Database URLs and the passwords in them."""

import re
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.protected import Protected

_PORTS = {"postgresql": 5432, "mariadb": 3306}
_ALIASES = {"postgres": "postgresql", "mysql": "mariadb"}
_SECRETS = ("password", "passwd", "sslpassword")


_BROKEN = re.compile(
    r"(?P<scheme>(?P<base>postgres(ql)?|mysql|mariadb|ldaps?)|[a-z][a-z0-9+.-]*)://"
    r"(?P<user>[^:@/?#[]*):(?(base)(?!\d*(/[^@?#]*)?[?#])|(?!\d*[/?#]))[^@/?#]*[/?#].*@(?P<rest>[^@]*)",
    re.IGNORECASE | re.DOTALL,
)
"""A URL whose password was not written as a URL has it. Behind a port there may be an @ in a path, but not in
that of a database, and in what is asked for."""


def parts_of(url: str) -> SplitResult:
    """What a URL is made of. Raises UnusableInput for one that is none."""
    try:
        return urlsplit(url)
    except ValueError:
        hint = "an IPv6 address stands in brackets: postgresql://user@[::1]:5432/"
        raise UnusableInput("the URL cannot be read", hint=hint) from None


def without_password(url: str) -> str:
    """The URL as it may be stored and shown: neither user:password@ nor ?password= is left in it, nor a
    password whose / ? # should have been written as %2F %3F %23, so that it seems to be a port and a path."""
    if broken := _BROKEN.fullmatch(url):
        url = f"{broken['scheme']}://{broken['user']}@{broken['rest']}"
    parts = parts_of(url)
    login, at, host = parts.netloc.rpartition("@")
    options = [each for each in parts.query.split("&") if not _is_secret(each)]
    if parts.password is None and len(options) == parts.query.count("&") + 1:
        return url
    return urlunsplit(parts._replace(netloc=login.partition(":")[0] + at + host, query="&".join(options)))


def password_of(url: str) -> Protected[str] | None:
    """The password in a URL, None where there is none."""
    parts = parts_of(url)
    options = (each.partition("=") for each in parts.query.split("&"))
    asked = next((value for name, _, value in options if name.lower() == "password"), None)
    password = parts.password or asked
    return Protected(unquote(password)) if password else None


def _is_secret(option: str) -> bool:
    return option.partition("=")[0].lower() in _SECRETS


def server_of(location: str) -> str:
    """The server of a URL, whoever asks it for what: scheme, host and port; of SQLite the file. A path is
    what it is."""
    if "://" not in location:
        return location.rstrip("/") or location
    parts = parts_of(without_password(location))
    asked = dict(each.partition("=")[::2] for each in parts.query.split("&"))
    host = parts.netloc.rpartition("@")[2] or ":".join(filter(None, (asked.get("host"), asked.get("port"))))
    scheme = parts.scheme.lower()
    if scheme == "sqlite":
        return f"sqlite://{parts.path}"
    scheme = _ALIASES.get(scheme, scheme)
    if scheme in _PORTS and parts.hostname and not re.search(r":\d+$", host):
        host += f":{_PORTS[scheme]}"
    return f"{scheme}://{unquote(host)}"
