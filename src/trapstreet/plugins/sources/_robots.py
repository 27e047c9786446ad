"""What a site asks of those who follow its links (RFC 9309)."""

from dataclasses import dataclass, field
from urllib.parse import quote

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, UnusableInput
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_address import Address, address
from trapstreet.plugins.sources._http_status import Missing

_NAME = "trapstreet"
_MOST = 512 << 10
_MOST_HOSTS = 1000
_KEPT = "!#$&'()*+,/:;=?@[]~%"


class Robots:
    """Whether links may be followed: what each host asks for, looked up once.

    A host without such a page asks for nothing; one whose page cannot be had now, to be left alone.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[tuple[str, str, int], Rules | str] = {}

    def forbids(self, url: str) -> str:
        """Why a link may not be followed; "" where it may."""
        to = address(url)
        if to.origin not in self._known:
            if len(self._known) >= _MOST_HOSTS:
                self._known.clear()
            self._known[to.origin] = self._asked(to)
        rules = self._known[to.origin]
        if isinstance(rules, str):
            return rules
        return "" if rules.allow(to.target) else "robots.txt asks to leave it alone"

    def _asked(self, to: Address) -> "Rules | str":
        try:
            answer = self._client.get(f"{to.scheme}://{to.authority}/robots.txt")
            return rules_in(b"".join(answer.blocks(most=_MOST)))
        except (Missing, AccessDenied, UnusableInput):
            return Rules()
        except TrapstreetError as error:
            return f"robots.txt cannot be read: {error.message}"
        except OSError as error:
            return f"robots.txt cannot be read: it {error.strerror}"


@dataclass(slots=True)
class Rules:
    """Patterns of paths that are allowed, or not; the longest that fits counts."""

    patterns: list[tuple[bool, str]] = field(default_factory=list)

    def allow(self, target: str) -> bool:
        path = _spelled(target)
        fitting = [(len(pattern), allowed) for allowed, pattern in self.patterns if fits(pattern, path)]
        return max(fitting, default=(0, True))[1]


def rules_in(page: bytes) -> Rules:
    """The rules for us in a robots.txt: those of our name, else those of everybody."""
    groups: dict[str, Rules] = {}
    names: list[str] = []
    ended = True
    for line in page.decode("utf-8", "replace").lstrip("\ufeff").splitlines():
        key, _, value = line.partition("#")[0].partition(":")
        match key.strip().lower(), value.strip():
            case "user-agent", name:
                names = [name.lower()] if ended else [*names, name.lower()]
                ended = False
                for each in names:
                    groups.setdefault(each, Rules())
            case ("allow" | "disallow") as what, pattern:
                ended = True
                for each in names if pattern else ():
                    groups[each].patterns.append((what == "allow", _spelled(pattern)))
    return groups.get(_NAME, groups.get("*", Rules()))


def fits(pattern: str, path: str) -> bool:
    """Whether a path begins as a pattern says: * is anything, $ at its end the end.

    Each piece between two stars is looked for once, from left to right: no pattern takes long.
    """
    closed = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not others:
        return not closed or path == first
    at = len(first)
    for piece in others[:-1]:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    last = others[-1]
    if closed:
        return len(path) - len(last) >= at and path.endswith(last)
    return path.find(last, at) >= 0


def _spelled(path: str) -> str:
    return quote(path, safe=_KEPT)
