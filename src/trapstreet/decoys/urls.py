"""Web addresses in cells: read, written again in the same way, and recognised as what a column holds."""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields.fold import header_words, word_set
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_URL = re.compile(
    rf"(https?://|//)?((?:{_LABEL}\.)+(?:[^\W\d_]{{2,24}}|xn--[a-z0-9-]+))(:\d{{1,5}})?(/[^\s?#]*)?(\?[^\s#]*)?(#\S*)?",
    re.IGNORECASE,
)
_LONGEST = 2000  # characters
_HEADER = word_set(
    """
    url urls uri link links website web webseite homepage www site sito sitio page profile profil perfil
    avatar portal tracking unsubscribe abmelden landing linkedin xing facebook instagram twitter github
    """
)
_NAMED, _UNNAMED = 0.5, 0.8  # share of filled cells that are addresses, where the header says so or not
_JUDGED = 500  # filled cells after which a column of other things is not watched any longer
_FEW = 50  # different values up to which a column may be one of categories …
_SHARE = 0.2  # … where they are at most this share of its filled cells
_AT_ONE = 0.01, 20  # share of the addresses, and how many, that a host must have to be nobody's own
_ALL = 0.9  # share of the addresses at such hosts from which a column has no others


class Url(NamedTuple):
    """A web address as it is written; "" for what it goes without."""

    scheme: str
    host: str
    port: str
    path: str
    query: str
    fragment: str

    @property
    def text(self) -> str:
        return "".join(self)

    @property
    def site(self) -> str:
        """The host in small letters, without "www."."""
        return self.host.lower().removeprefix("www.")

    @property
    def evident(self) -> bool:
        """Whether it can be nothing but a web address: "acme.ie" and "report.pdf" look alike."""
        return bool(self.scheme) or self.host[:4].lower() == "www."

    @property
    def rest(self) -> str:
        """All that follows the host."""
        return self.path + self.query + self.fragment

    @property
    def form(self) -> str:
        """What the spellings of an address have in common."""
        return f"{self.site}{self.path.rstrip('/')}{self.query}".casefold()

    @property
    def visited(self) -> str:
        """What a visit shows, whatever the scheme and port: host in small letters, path unquoted, query."""
        return f"{self.host.lower()}{unquote(self.path) or '/'}{self.query}"


def read_url(cell: Cell) -> Url | None:
    """The address that a cell holds, None where it holds anything else, or more."""
    if not isinstance(cell, str) or "." not in cell or len(cell) > _LONGEST:
        return None
    match = _URL.fullmatch(cell.strip())
    return Url(*(part or "" for part in match.groups())) if match else None


@dataclass(frozen=True)
class OwnedHosts:
    """Where a visit is heard: at and below mail domains of the owner's, and below addresses of the trap's."""

    domains: tuple[str, ...]
    urls: tuple[Url, ...]

    def hears(self, url: Url) -> bool:
        return self.hears_visit(url.visited)

    def hears_visit(self, visited: str) -> bool:
        """Of what a visit shows (`Url.visited`)."""
        host, _, rest = visited.partition("?")[0].partition("/")
        return any(belongs(host, domain) for domain in self.domains) or any(
            host == own.host.lower() and f"/{rest}/".startswith(f"{own.path.rstrip('/')}/")
            for own in self.urls
        )


NOWHERE = OwnedHosts((), ())


def owned_hosts(domains: Iterable[str], urls: Iterable[str]) -> OwnedHosts:
    """domains: mail domains of the owner's in small letters; urls: addresses below which the trap answers.

    Raises UnusableInput for one that is none.
    """
    read = [(url, read_url(url)) for url in urls]
    for text, url in read:
        if url is None:
            raise UnusableInput(
                f"urls: {text!r} is no web address", hint="write it like https://cdn.your.domain/"
            )
    return OwnedHosts(tuple(domains), tuple(url for _, url in read if url))


@dataclass(frozen=True)
class UrlColumn:
    """A column of web addresses, one for each person or firm.

    likes   the sampled addresses, each with the mail domain of its row
    shared  hosts (`Url.site`) that many rows have different addresses at: the owner's own site, a network
    """

    likes: Sequence[tuple[Url, str]] = field(repr=False)
    shared: frozenset[str]
    _hashes: NDArray[np.int64] = field(repr=False)
    _rows: NDArray[np.int64] = field(repr=False)

    @cached_property
    def scattered(self) -> bool:
        """Whether persons have hosts of their own; else all addresses are at hosts that many share."""
        return sum(url.site in self.shared for url, _ in self.likes) < _ALL * len(self.likes)

    def rows_with(self, url: Url) -> int:
        """How many rows have the address, in any spelling; wrong once in 2**64 / rows. O(log n)."""
        asked = np.int64(hash(url.form))
        at = min(int(self._hashes.searchsorted(asked)), len(self._hashes) - 1)
        return int(self._rows[at]) if self._hashes[at] == asked else 0


class UrlProbe:
    """Watches whether a column holds web addresses, a batch at a time: 8 bytes and 3 µs for each."""

    def __init__(self, header: str) -> None:
        self._named = not _HEADER.isdisjoint(header_words(header).split())
        self._hashes: array[int] | None = array("q")
        self._filled = 0

    def observe(self, cells: Sequence[Cell]) -> None:
        """Take in the next cells of the column."""
        if self._hashes is None:
            return
        self._hashes.extend(hash(url.form) for cell in cells if (url := read_url(cell)))
        self._filled += sum(cell not in (None, "") for cell in cells)
        if self._filled >= _JUDGED and 2 * len(self._hashes) < self._filled:
            self._hashes = None

    def finish(self, sample: Sequence[tuple[Cell, str]]) -> UrlColumn | None:
        """The column, from sampled cells with the mail domains of their rows; None for another one.

        A column of few values, or of the pages of one site that rows have in common, is one of categories.
        """
        filled = [(read_url(cell), domain) for cell, domain in sample if cell not in (None, "")]
        likes = [(url, domain) for url, domain in filled if url]
        evident = [url for url, _ in likes if url.evident or self._named]
        if not self._hashes or len(evident) < max(1, (_NAMED if self._named else _UNNAMED) * len(filled)):
            return None
        different = len({url.form for url in evident})
        if different <= min(_FEW, _SHARE * len(filled)):
            return None
        hashes, counts = np.unique(np.frombuffer(self._hashes, dtype=np.int64), return_counts=True)
        column = UrlColumn(likes, _shared(likes), hashes, counts)
        if not column.scattered and np.count_nonzero(counts == 1) <= _SHARE * len(self._hashes):
            return None
        return column


def _shared(likes: Sequence[tuple[Url, str]]) -> frozenset[str]:
    """Hosts of many rows that are not the hosts of a firm whose staff they are."""
    rows = Counter(url.site for url, _ in likes)
    different = Counter(site for site, _ in {(url.site, url.form) for url, _ in likes})
    staff = Counter(url.site for url, domain in likes if domain and belongs(url.site, domain))
    share, least = _AT_ONE
    return frozenset(
        site
        for site, n in rows.items()
        if n >= _ALL * len(likes)
        or (n >= max(share * len(likes), least) and 2 * different[site] >= n and 2 * staff[site] < n)
    )


def belongs(host: str, domain: str) -> bool:
    """Whether a host is a domain, or below it; both in small letters."""
    return host == domain or host.endswith(f".{domain}")
