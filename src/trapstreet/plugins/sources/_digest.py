"""HTTP Digest: a login that shows a server that we know the password, and not the password (RFC 7616)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5, sha256
from secrets import token_urlsafe
from urllib.parse import quote

_ALGORITHMS: Mapping[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: sha256(data).hexdigest(),
    "MD5": lambda data: md5(data, usedforsecurity=False).hexdigest(),
}
"""The better one first."""

_PIECE = re.compile(
    r"""\s*(?:([\w!#$%&'*+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]+)|([\w!#$%&'*+.^`|~-]+[=]*))\s*,?"""
)
_LONGEST = 1 << 14
_PLAIN = re.compile(r"[ !#-\[\]-~]*")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way that a server offers to log in. scheme and the names of what it says are in lower case."""

    scheme: str
    said: Mapping[str, str]


def challenges(header: str) -> Sequence[Challenge]:
    """What WWW-Authenticate offers (RFC 9110, 11.6.1); what is none of it is passed over."""
    found: list[tuple[str, dict[str, str]]] = []
    for piece in _PIECE.finditer(header[:_LONGEST]):
        name, value, scheme = piece.groups()
        if scheme:
            found.append((scheme.lower(), {}))
        elif found:
            plain = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
            found[-1][1].setdefault(name.lower(), plain)
    return [Challenge(scheme, said) for scheme, said in found]


class Digest:
    """A login that one challenge asks for. It counts how often it was used: one thread at a time."""

    def __init__(self, challenge: Challenge, user: str, password: str, *, cnonce: str = "") -> None:
        said = challenge.said
        self._algorithm = said.get("algorithm", "MD5")
        self._hash = _ALGORITHMS[self._algorithm.upper().removesuffix("-SESS")]
        self._said, self._user = said, user
        self._cnonce, self._count = cnonce or token_urlsafe(24), 0
        secret = self._hashed(user, said.get("realm", ""), password)
        if self._algorithm.upper().endswith("-SESS"):
            secret = self._hashed(secret, said["nonce"], self._cnonce)
        self._secret = secret

    @property
    def nonce(self) -> str:
        return self._said["nonce"]

    def header(self, method: str, target: str) -> str:
        """The value of Authorization for one request."""
        self._count += 1
        count, said = f"{self._count:08x}", self._said
        what = self._hashed(method, target)
        response = self._hashed(self._secret, said["nonce"], count, self._cnonce, "auth", what)
        quoted = {"realm": said.get("realm", ""), "uri": target, "nonce": said["nonce"]}
        quoted |= {"cnonce": self._cnonce, "response": response}
        if "opaque" in said:
            quoted["opaque"] = said["opaque"]
        plain = {"algorithm": self._algorithm, "qop": "auth", "nc": count}
        if said.get("userhash", "").lower() == "true":
            quoted["username"] = self._hashed(self._user, said.get("realm", ""))
            plain["userhash"] = "true"
        elif _PLAIN.fullmatch(self._user):
            quoted["username"] = self._user
        else:
            plain["username*"] = f"UTF-8''{quote(self._user, safe='')}"
        written = [f"{name}={_quoted(value)}" for name, value in quoted.items()]
        return "Digest " + ", ".join([*written, *(f"{name}={value}" for name, value in plain.items())])

    def _hashed(self, *parts: str) -> str:
        return self._hash(":".join(parts).encode())


def best(offered: Sequence[Challenge]) -> Challenge | None:
    """The best Digest that is offered and that we know; None where none is."""
    for algorithm in _ALGORITHMS:
        for each in offered:
            said = each.said
            asked = said.get("algorithm", "MD5").upper().removesuffix("-SESS")
            ways = re.split(r"[\s,]+", said.get("qop", "").lower())
            printable = all(value.isascii() and value.isprintable() for value in said.values())
            whole = printable and bool(said.get("nonce")) and "auth" in ways
            if each.scheme == "digest" and asked == algorithm and whole:
                return each
    return None


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
