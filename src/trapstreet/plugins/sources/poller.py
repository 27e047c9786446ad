"""A paste site, or whatever else lists its items as JSON: told where the list is, and what is where in it.

Lists have the newest first: pages are read until one has an item that was there last time. What drops out of
a list is not gone.
"""

import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import urljoin

import msgspec

from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_address import address, shown
from trapstreet.plugins.sources._http_ahead import Ahead
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_open import opened
from trapstreet.plugins.sources._http_place import HttpPlace, headers_in
from trapstreet.plugins.sources._json_paths import at, filled, places, text_at
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._parts import part
from trapstreet.plugins.sources._seen import Seen
from trapstreet.plugins.sources._stands import stand_of, text_of
from trapstreet.plugins.sources._times import microseconds

MOST = 64 << 20
"""Bytes of one page of a list."""

_NEXT = re.compile(r'<([^<>]+)>\s*;[^,<>]*\brel="?next"?')
_TEXT = "="
"""How the handle of an object begins that came with the list: its text follows."""


class Settings(HttpPlace, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """url may hold {page} (1, 2, …; {page0} is 0, 1, …), {offset} (items so far), {next} and {since}."""

    items: Annotated[
        str, option("Where the list is in the answer, like data.pastes; else it is the answer")
    ] = ""
    id: Annotated[str, option("Where in an item its name is that no other has")] = "id"
    date: Annotated[str, option("Where in an item the time of its last change is")] = ""
    item: Annotated[
        str, option("The URL of an item, with {id} or where else in it, like {user.name}", "URL")
    ] = ""
    text: Annotated[str, option("Where in an item its text is, if lists hold it; else all the item says")] = (
        ""
    )
    link: Annotated[str, option("The URL where people find an item, made like that of the item", "URL")] = ""
    next: Annotated[str, option("Where in the answer the next page's URL is, or what {next} stands for")] = ""
    since: Annotated[
        str, option("What {since} stands for the first time; then the last item's date or id")
    ] = ""
    pages: Annotated[int, msgspec.Meta(ge=1), option("How many pages are read in one round, at most")] = 100
    headers_file: Annotated[
        Path | None, option("Holds headers that give access, Name: value a line", "FILE")
    ] = None


class _Cursor(msgspec.Struct):
    """known: digests of the newest items;  since: the greatest date or id."""

    known: Sequence[str] = ()
    since: str = ""


title = "paste sites and other lists in JSON"
schemes = ()
settings = Settings
reveals = "The servers of the list and of its items see our address and what is read, and trapstreet's name."


def source(settings: Settings) -> "_Poller":
    return _Poller(settings)


class _Poller:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._first = filled(settings.url, _numbers(0, 0) | {"next": "", "since": settings.since})
        if self._first is None:
            raise UnusableInput(
                "url has places that are none", hint="{page}, {page0}, {offset}, {next}, {since}"
            )
        named = [re.sub(r"\{[^{}]*\}", "1", each) for each in (settings.item, settings.link) if each]
        self._client = Client(
            msgspec.structs.replace(settings, url=self._first),
            headers=headers_in(settings.headers_file),
            named=named,
        )
        self._ahead = Ahead(lambda url: opened(self._client, url))

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """The items that were not there at the cursor, in the list's order."""
        before = stand_of(cursor, _Cursor)
        begin, limited = before.since or self._settings.since, "since" in places(self._settings.url)
        seen = Seen(set(before.known), limited=limited, since=before.since)
        page, there = _Page(url=self._filled(0, 0, "", begin)), 0
        for number in range(1, self._settings.pages + 1):
            asked = {"Accept": "application/json", "Accept-Encoding": "gzip"}
            page = self._page(self._client.get(page.url, headers=asked))
            listed = self._items(page, seen)
            yield from listed
            there += len(page.items)
            following = self._following(page, number, there, begin)
            if following is None or not listed or (seen.met and not limited):
                break
            page = _Page(url=following)
        else:
            if before.known:
                why = f"more is new than {self._settings.pages} pages hold: what came before is not read"
                yield Unread(page.url, why)
        self._client.check(*([self._settings.item] if self._settings.item else []))
        yield Mark(text_of(_Cursor(seen.newest(before.known), seen.since)))

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        if ref.handle.startswith(_TEXT):
            return part(io.BytesIO(ref.handle[len(_TEXT) :].encode("utf-8", "replace")), start, end)
        if start or end is not None:
            return opened(self._client, ref.handle, start=start, end=end)
        return self._ahead.open(ref.handle)

    def close(self) -> None:
        self._ahead.close()
        self._client.close()

    def _filled(self, number: int, there: int, following: str, since: str) -> str:
        known = _numbers(number, there) | {"next": following, "since": since}
        return filled(self._settings.url, known) or self._client.home.url

    def _page(self, answer: Answer) -> "_Page":
        host = shown(address(answer.url).host)
        try:
            body = msgspec.json.decode(answer.body(most=MOST))
        except OSError as error:
            raise Unreachable(f"{host}: the list {error.strerror}", hint="see what answers there") from error
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise UnusableInput(
                f"{host}: the list is no JSON", hint="see whether the URL is right"
            ) from error
        items = at(body, self._settings.items)
        if not isinstance(items, list):
            where = f"at {self._settings.items}" if self._settings.items else "as its answer"
            raise UnusableInput(f"{host} has no list {where}", hint="say with items where the list is")
        linked = _NEXT.search(answer.headers.get("link", ""))
        following = text_at(body, self._settings.next) if self._settings.next else linked and linked[1]
        return _Page(answer.url, items, following or "")

    def _items(self, page: "_Page", seen: Seen) -> Sequence[Ref | Unread]:
        """What is new on a page; all of it is planned before the first is read."""
        found: deque[Ref | Unread] = deque()
        seen.turn()
        for item in page.items:
            name = text_at(item, self._settings.id)
            if name is None:
                found.append(Unread(page.url, f"an item has nothing at {self._settings.id}"))
                continue
            date = (text_at(item, self._settings.date) if self._settings.date else None) or ""
            if seen.is_new(name, date):
                found.append(self._listed(item, name, date))
        return found

    def _following(self, page: "_Page", number: int, there: int, begin: str) -> str | None:
        """The URL of the next page; None where there is none. Raises UnusableInput."""
        wanted = places(self._settings.url)
        if not page.items:
            return None
        if "next" in wanted:
            return self._filled(number, there, page.following, begin) if page.following else None
        if page.following:
            url = address(urljoin(page.url, page.following))
            if url.origin != address(page.url).origin:
                raise UnusableInput(
                    f"{shown(address(page.url).host)} says that its list goes on at another host",
                    hint="see what answers there",
                )
            return url.url if url.url != page.url else None
        counted = {"page", "page0", "offset"} & set(wanted)
        return self._filled(number, there, "", begin) if counted else None

    def _listed(self, item: Any, name: str, date: str) -> Ref | Unread:
        known = {"id": name}
        modified = microseconds(date) if date else None
        here = f"{self._client.home.url}#{name}"
        link = filled(self._settings.link, known, item) if self._settings.link else ""
        if not self._settings.item:
            held = text_at(item, self._settings.text) if self._settings.text else _written(item)
            if held is None:
                return Unread(link or here, f"nothing is at {self._settings.text}")
            size = len(held.encode("utf-8", "replace"))
            readers = self._client.readers(self._client.home.url)
            return Ref(link or here, date or name, size, modified, readers, _TEXT + held)
        url = filled(self._settings.item, known, item)
        if url is None:
            return Unread(link or here, "the item lacks what its URL is made of")
        url = address(url).url
        self._ahead.plan(url)
        return Ref(link or url, date or name, None, modified, self._client.readers(url), url)


class _Page(msgspec.Struct):
    url: str
    items: list[Any] = []
    following: str = ""


def _numbers(number: int, there: int) -> dict[str, str]:
    return {"page": str(number + 1), "page0": str(number), "offset": str(there)}


def _written(item: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(item), indent=1).decode()
