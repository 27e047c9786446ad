"""A feed (RSS, Atom): what its entries say, and what they link to.

An entry is read again when it changes, and so is what it links to. What drops out of a feed is not gone.
"""

import errno
import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import Annotated, BinaryIO
from urllib.parse import urljoin

import msgspec
from msgspec.structs import replace

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources._feed import Entry, NoFeed, Reader
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_address import address, shown
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_open import opened
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._parts import part
from trapstreet.plugins.sources._robots import Robots

MOST = 16 << 20
"""Bytes of a feed."""

_TEXT = "="
"""How the handle of an entry's own text begins: the text follows."""


class Settings(HttpPlace, frozen=True, forbid_unknown_fields=True, kw_only=True):
    ignore_robots: Annotated[bool, option("Follow links to what robots.txt asks to leave alone, too")] = False


class _Cursor(msgspec.Struct):
    """What the server said of the feed as it was read last."""

    etag: str = ""
    modified: str = ""


title = "RSS and Atom feeds, and what they link to"
schemes = ("feed+https", "feed+http")
settings = Settings
reveals = (
    "The servers of the feed and of what it links to see our address, what is read, and trapstreet's name."
)


def source(settings: Settings) -> "_Feed":
    return _Feed(replace(settings, url=settings.url.removeprefix("feed+")))


class _Feed:
    def __init__(self, settings: Settings) -> None:
        self._client = Client(settings)
        self._robots = None if settings.ignore_robots else Robots(self._client)

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Every entry and what it links to; nothing where the feed is what it was at the cursor."""
        url = self._client.home.url
        before = _cursor(cursor)
        asked = {"If-None-Match": before.etag, "If-Modified-Since": before.modified}
        answer = self._client.get(
            url, headers={"Accept-Encoding": "gzip"} | {name: text for name, text in asked.items() if text}
        )
        if answer.status == 304:
            answer.skip()
            yield Mark(cursor)
            return
        after = _Cursor(answer.headers.get("etag", "")[:500], answer.headers.get("last-modified", "")[:100])
        entries, damage = self._entries(answer)
        seen: set[str] = set()
        for entry in entries:
            yield from self._objects(entry, answer.url, seen)
        if damage:
            yield Unread(url, damage)
        self._client.check()
        yield Mark(msgspec.json.encode(_Cursor() if damage else after).decode())

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        if ref.handle.startswith(_TEXT):
            return part(io.BytesIO(ref.handle[len(_TEXT) :].encode("utf-8", "replace")), start, end)
        if self._robots and (why := self._robots.forbids(ref.path)):
            raise OSError(errno.EACCES, why)
        return opened(self._client, ref.path, start=start, end=end)

    def close(self) -> None:
        self._client.close()

    def _entries(self, answer: Answer) -> tuple[Sequence[Entry], str]:
        """The entries of a feed, and what is wrong with it. Raises Unreachable, UnusableInput."""
        reader = Reader()
        try:
            reader.read(answer.body(most=MOST))
        except OSError as error:
            host = shown(address(answer.url).host)
            raise Unreachable(f"{host}: the feed {error.strerror}", hint="see what answers there") from error
        except NoFeed as error:
            if not reader.entries:
                host = shown(address(answer.url).host)
                raise UnusableInput(f"{host}: what is there {error}", hint="give a feed's address") from error
            return reader.entries, str(error)
        return reader.entries, ""

    def _objects(self, entry: Entry, feed: str, seen: set[str]) -> Iterator[Ref | Unread]:
        said = "\n".join((entry.id, entry.dates, *entry.links, entry.text))
        version = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        modified = None if entry.updated is None else int(entry.updated * 1e6)
        if entry.text:
            path = f"{feed}#{entry.id or (entry.links or [version])[0]}"
            if path not in seen:
                seen.add(path)
                size = len(entry.text.encode("utf-8", "replace"))
                yield Ref(path, version, size, modified, self._client.readers(feed), _TEXT + entry.text)
        for link in entry.links:
            try:
                url = address(urljoin(feed, link)).url
            except (UnusableInput, ValueError):
                yield Unread(f"{feed}#{entry.id or version}", "links to what is no web address")
                continue
            if url not in seen and url != feed:
                seen.add(url)
                yield Ref(url, version, None, modified, self._client.readers(url))


def _cursor(text: str) -> _Cursor:
    try:
        return msgspec.json.decode(text or "{}", type=_Cursor)
    except msgspec.MsgspecError:
        return _Cursor()
