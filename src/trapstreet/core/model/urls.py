"""Database URLs and the passwords in them."""

import re
from urllib.parse import unquote, urlsplit, urlunsplit

from trapstreet.core.model.protected import Protected

_PORTS = {"postgresql": 5432, "mariadb": 3306}
_ALIASES = {"postgres": "postgresql", "mysql": "mariadb"}
_SECRETS = ("password", "passwd", "sslpassword")


def without_password(url: str) -> str:
    """The URL as it may be stored and shown: neither user:password@ nor ?password= is left in it."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    options = [each for each in parts.query.split("&") if not _is_secret(each)]
    if parts.password is None and len(options) == parts.query.count("&") + 1:
        return url
    return urlunsplit(parts._replace(netloc=login.partition(":")[0] + at + host, query="&".join(options)))


def password_of(url: str) -> Protected[str] | None:
    """The password in a URL, None where there is none."""
    parts = urlsplit(url)
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
    parts = urlsplit(location)
    asked = dict(each.partition("=")[::2] for each in parts.query.split("&"))
    host = parts.netloc.rpartition("@")[2] or ":".join(filter(None, (asked.get("host"), asked.get("port"))))
    scheme = parts.scheme.lower()
    if scheme == "sqlite":
        return f"sqlite://{parts.path}"
    scheme = _ALIASES.get(scheme, scheme)
    if scheme in _PORTS and parts.hostname and not re.search(r":\d+$", host):
        host += f":{_PORTS[scheme]}"
    return f"{scheme}://{unquote(host)}"
