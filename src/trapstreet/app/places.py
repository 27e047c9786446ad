"""Where a table lies, as it is kept: absolute, and without a password."""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_SECRETS = ("password", "passwd", "sslpassword")


def lasting(location: str) -> str:
    """The location as another command, in another folder, can use it: passwords come from the environment
    again."""
    if "://" not in location:
        if Path(location).exists():
            return str(Path(location).absolute())
        path, mark, options = location.rpartition("?")
        return f"{Path(path).absolute()}?{options}" if mark else str(Path(location).absolute())
    parts = urlsplit(location)
    if parts.scheme == "sqlite":
        return urlunsplit(parts._replace(path="/" + str(Path(parts.path.removeprefix("/")).absolute())))
    login, at, host = parts.netloc.rpartition("@")
    kept = [each for each in parts.query.split("&") if each.partition("=")[0].lower() not in _SECRETS]
    return urlunsplit(parts._replace(netloc=login.partition(":")[0] + at + host, query="&".join(kept)))
