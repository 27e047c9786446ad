"""Addresses of servers that hold files: smb://user@host:port/folder."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from trapstreet.core.model.errors import UnusableInput

_SERVER = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s:/\\\[\]?#]+)(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """Where on which server. path: unquoted, between slashes, without them at its ends."""

    scheme: str
    host: str
    port: int | None
    path: str
    user: str = field(repr=False)

    def shown(self, path: str = "") -> str:
        """How people find a path that is relative to this one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        place = f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")
        return "/".join(filter(None, (place, self.path, path)))

    def relative(self, shown: str) -> str:
        """The path that `shown` shows."""
        return shown[len(self.shown()) + 1 :]

    def below(self, path: str) -> str:
        """A path that is relative to this one, as the server has it, without a slash before it."""
        return "/".join(filter(None, (self.path, path)))


def address_of(url: str, *, variable: str) -> Address:
    """What a URL says. variable: of the environment, for a password. Raises UnusableInput."""
    scheme, _, rest = url.partition("://")
    server, _, path = rest.partition("/")
    login, _, place = server.rpartition("@")
    user, has_password, _ = login.partition(":")
    if has_password:
        raise UnusableInput(
            f"the {scheme} address holds a password",
            hint=f"take it out; give a file with --password-file, or set {variable}",
        )
    found = _SERVER.fullmatch(place)
    if found is None or int(found["port"] or 1) not in range(1, 65536):
        raise UnusableInput(
            f"the {scheme} address cannot be read", hint=f"write it as {scheme}://user@host/folder"
        )
    return Address(
        scheme=scheme.lower(),
        host=found["host"].strip("[]"),
        port=int(found["port"]) if found["port"] else None,
        path="/".join(filter(None, unquote(path, errors="surrogateescape").split("/"))),
        user=unquote(user),
    )
