"""Database URLs and the passwords in them."""

from urllib.parse import unquote, urlsplit, urlunsplit

from trapstreet.core.model.protected import Protected

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
