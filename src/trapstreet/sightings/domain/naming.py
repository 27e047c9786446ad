"""Which decoy a hit is a use of: its names held against the tokens that are known."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from trapstreet.core.model.hit import MAIL, Hit, Swarm

_HASH = 8
_KEYS = 4
"""Of swarms, and their channels, under which tokens are kept hashed: some 200 bytes a token each."""
_Parameters = frozenset[str]


class Used(NamedTuple):
    """A decoy that was used: whose it is (a planting, a copy, a pool of shared decoys) and its position; and
    those of its colleagues who share what was used, so that it may have been any of them."""

    owner: str
    at: int
    colleagues: tuple[int, ...] = ()

    def token(self, channel: str) -> str:
        """What incidents are told by: the decoy, and the channel by which it was used."""
        return f"{channel} {self.owner}/{self.at}"


class Names:
    """The tokens of decoys, protected. What is asked for may be any text."""

    def __init__(self) -> None:
        self._plain: dict[tuple[str, str], Used] = {}
        self._pages: dict[str, dict[_Parameters, Used]] = {}
        self._links: dict[str, Used] = {}  # that have a query, as they are spelled
        self._hashed: dict[tuple[bytes, str], dict[bytes, list[Used]]] = {}  # by key and channel of swarms
        self._channels: Mapping[str, Callable[[str, Hit], Iterator[Used]]] = {
            "http": self._http,
            "dns": self._dns,
            **dict.fromkeys(MAIL, self._smtp),
        }

    def add(self, tokens: Mapping[tuple[str, str], Used]) -> None:
        """Know further tokens, by channel and value (plugins.breadcrumbs.Token, decoys.tokens)."""
        if tokens:
            self._hashed.clear()
        for (channel, value), used in tokens.items():
            if channel == "http":
                page, parameters = _page(value)
                self._pages.setdefault(page, {})[parameters] = used
                if parameters:
                    self._links[value] = used
            else:
                self._plain[channel, value.lower()] = used

    def of(self, hit: Hit) -> list[Used]:
        """The decoys that a hit used, each once.

        Of a web address host and path have to be the token's, but for a slash at the end, and all of the
        token's query has to be there; a name of DNS may stand below the token's; a mail address may have
        something behind a "+".
        """
        find = self._channels.get(hit.channel)
        found = [used for name in hit.names for used in find(name, hit)] if find else []
        return list(dict.fromkeys(found))

    def among(self, swarm: Swarm, hashed: Callable[[bytes, str], bytes]) -> list[Used]:
        """The decoys whose tokens are among a swarm's names, in the spellings that are usual.

        hashed  a name's hash under a swarm's key (trap.swarms.name_hash), 0.7 µs; asked once for each token
                and key, of which a trap has a new one with every start
        """
        known = self._hashed.get((swarm.key, swarm.channel))
        if known is None:
            if len(self._hashed) >= _KEYS:
                self._hashed.clear()
            known = self._hashed[swarm.key, swarm.channel] = defaultdict(list)
            for name, used in self._spelled(swarm.channel):
                known[hashed(swarm.key, name)].append(used)
        there = (swarm.names[at : at + _HASH] for at in range(0, len(swarm.names), _HASH))
        return sorted({used for name in there for used in known.get(name, ())})

    def _spelled(self, channel: str) -> Iterator[tuple[str, Used]]:
        if channel == "http":
            for page, queries in self._pages.items():
                if used := queries.get(frozenset()):
                    yield from ((page, used), (f"{page}/", used))
            yield from self._links.items()
            return
        for (own, value), used in self._plain.items():
            if own == ("smtp" if channel in MAIL else channel):
                yield value, used

    def _http(self, name: str, hit: Hit) -> Iterator[Used]:
        host, _, path = name.partition("/")
        queries = self._pages.get(f"{host.lower()}/{path}".rstrip("/"), {})
        if not queries:
            return
        target = next((value for label, value in hit.facts if label == "target"), b"")
        asked = _parameters(target.partition(b"?")[2].partition(b"#")[0].decode("latin-1"))
        if asked in queries:
            yield queries[asked]
            return
        met = [parameters for parameters in queries if parameters <= asked]
        most = max(map(len, met), default=0)
        yield from (queries[parameters] for parameters in met if len(parameters) == most)

    def _dns(self, name: str, hit: Hit) -> Iterator[Used]:
        rest = name.lower().rstrip(".")
        while rest:
            if used := self._plain.get(("dns", rest)):
                yield used
                return
            rest = rest.partition(".")[2]

    def _smtp(self, name: str, hit: Hit) -> Iterator[Used]:
        local, _, domain = name.lower().rpartition("@")
        for spelled in (local, local.partition("+")[0]):
            if used := self._plain.get(("smtp", f"{spelled}@{domain}")):
                yield used
                return


def _page(value: str) -> tuple[str, _Parameters]:
    """Host and path as the trap names them, without a slash at the end, and the query of a token."""
    whole, _, query = value.partition("?")
    host, _, path = whole.partition("/")
    try:
        host = host.lower().encode("idna").decode()
    except UnicodeError:
        host = host.lower()
    return f"{host}/{unquote(path)}".rstrip("/"), _parameters(query)


def _parameters(query: str) -> _Parameters:
    return frozenset(unquote(part) for part in query.split("&") if part)
