"""Pages by which web servers list a folder: "Index of /dump" of nginx, Apache and their like."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from urllib.parse import unquote, urljoin, urlsplit

from trapstreet.core.model.errors import UnusableInput
from trapstreet.plugins.sources._http_address import address

_TITLE = re.compile(rb"(?is)<(?:title|h1)(?:\s[^<>]{0,500})?>([^<]{1,2000})<")
_SAYS_SO = re.compile(
    r"(?i)\s*(?:index of|directory (?:listing|contents|index)\b|directory:|listing of|files within)"
)
_LINK = re.compile(rb"(?i)<a\s([^<>]{1,16384})>")
_HREF = re.compile(rb"""(?i)(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))""")
_TAG = re.compile(rb"<[^<>]{0,16384}>")
_DATES = (
    (re.compile(r"\b(\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d)(?!:)"), "%d-%b-%Y %H:%M"),
    (re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d)(?!:)"), "%Y-%m-%d %H:%M"),
    (re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\b"), "%Y-%m-%d %H:%M:%S"),
    (re.compile(r"\b(\d{4}-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d)\b"), "%Y-%b-%d %H:%M:%S"),
)
_EXACT = re.compile(r"\s+(\d{1,15})(?:\s|$)")
_SIZE = re.compile(r"\s+(\S{1,15})")
_BEHIND = 400
"""Characters behind a link in which its date and size stand."""
_FRESH = 120
"""Seconds in which a file may change again without another date."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of a listing to something right below it.

    shown     date and size as the page has them; "" where it has no date
    size      bytes, where the page tells them all
    modified  Unix microseconds as if the page told them in UTC, None where it does not
    fresh     it may change again without the page's telling
    """

    url: str
    folder: bool
    shown: str
    size: int | None
    modified: int | None
    fresh: bool


def is_listing(page: bytes, url: str) -> bool:
    """Whether a page lists the folder at a URL: its title says so, or is the folder's path."""
    found = _TITLE.search(page)
    if not found or not urlsplit(url).path.endswith("/"):
        return False
    title = unescape(found[1].decode("utf-8", "replace")).strip()
    path = unquote(urlsplit(url).path)
    return bool(_SAYS_SO.match(title)) or (title.endswith(path) and title != "/" and len(path) > 1)


def entries(page: bytes, url: str, *, now: float) -> Iterator[Entry]:
    """What a listing links to right below its URL, each once, in the page's order.

    now  when it was sent, as its server has it (Unix seconds)
    """
    base = address(url)
    folder = base.target.partition("?")[0]
    seen: set[str] = set()
    links = list(_LINK.finditer(page))
    ends = [link.start() for link in links[1:]] + [len(page)]
    for link, end in zip(links, ends[: len(links)], strict=True):
        href = _HREF.search(link[1])
        raw = next((each for each in href.groups() if each), b"") if href else b""
        target = _below(raw, url, base.origin, folder)
        if target is None or target in seen:
            continue
        seen.add(target)
        behind = _TAG.sub(b" ", page[link.end() : min(end, link.end() + 4 * _BEHIND)])
        shown, size, modified = _columns(unescape(behind.decode("utf-8", "replace"))[-_BEHIND:])
        fresh = modified is not None and modified / 1e6 > now - _FRESH
        yield Entry(target, target.endswith("/"), shown, size, modified, fresh)


def _below(href: bytes, url: str, origin: tuple[str, str, int], folder: str) -> str | None:
    """The URL that a link leads to, if it lies right below the folder."""
    text = unescape(href.decode("utf-8", "surrogateescape")).strip()
    if not text or text.startswith(("?", "#")):
        return None
    try:
        to = address(urljoin(url, text))
    except (UnusableInput, ValueError):
        return None
    name = to.target.removeprefix(folder)
    plain = unquote(name.rstrip("/"))
    if to.origin != origin or not to.target.startswith(folder) or not plain or plain in (".", ".."):
        return None
    if "/" in name.removesuffix("/") or "?" in name:
        return None
    return to.url


def _columns(text: str) -> tuple[str, int | None, int | None]:
    for pattern, form in _DATES:
        found = pattern.search(text)
        if not found:
            continue
        try:
            modified = int(datetime.strptime(found[1], form).replace(tzinfo=UTC).timestamp()) * 1_000_000
        except ValueError:
            continue
        exact, shown = _EXACT.match(text, found.end()), _SIZE.match(text, found.end())
        size = int(exact[1]) if exact else None
        return f"{found[1]} {shown[1] if shown else ''}", size, modified
    return "", None, None
