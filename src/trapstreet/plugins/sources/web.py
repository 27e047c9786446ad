"""A page or a file at a web address; where the page lists a folder, everything below it.

A listing is what nginx, Apache, lighttpd and their like write for a folder that has no page of its own. Links
of other pages are not followed.
"""

import hashlib
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Annotated, BinaryIO

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import Later
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_open import opened
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import Answered, good
from trapstreet.plugins.sources._listing import Entry, entries, is_listing
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._robots import Robots
from trapstreet.plugins.sources._times import instant, microseconds

MOST_LISTING = 64 << 20
"""Bytes of the page that lists one folder."""

_DEEPEST = 64
_LOOPS = 2
_HEAD = 1 << 16
_NO_HEAD = (400, 405, 501)
_SHOWN = "shown"
"""The handle of objects whose version is what a listing shows, not what their own answer says."""


class Settings(HttpPlace, frozen=True, forbid_unknown_fields=True, kw_only=True):
    ignore_robots: Annotated[bool, option("Follow what robots.txt asks to leave alone, too")] = False


title = "web pages, files and open folders"
schemes = ("http", "https")
settings = Settings
reveals = "The server sees our address and what is read, with a User-Agent that names trapstreet."


def source(settings: Settings) -> "_Web":
    return _Web(settings)


class _Web:
    def __init__(self, settings: Settings) -> None:
        self._client = Client(settings)
        self._robots = None if settings.ignore_robots else Robots(self._client)

    def list(self, _cursor: str) -> Iterator[Ref | Unread | Mark]:
        """What is at the address, or everything below it, what lies in a folder before its folders."""
        answer = self._client.get(self._client.home.url)
        try:
            page = _listing_in(answer)
        except OSError as error:
            raise Unreachable(
                f"{self._client.home.host}: the page {error.strerror}", hint="see what answers there"
            ) from error
        if page is None:
            yield self._named(self._client.home.url, answer)
        else:
            yield from self._walk(answer, page)
        self._client.check()
        yield Mark("", whole=True)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        version = "" if ref.handle == _SHOWN else ref.version
        return opened(self._client, ref.path, version=version, size=ref.size, start=start, end=end)

    def close(self) -> None:
        self._client.close()

    def _walk(self, answer: Answer, page: bytes) -> Iterator[Ref | Unread]:
        """Memory: the entries of one folder, and of each above it the names of folders that wait."""
        root = answer.url
        here, looks = _entries(answer, page)
        above, waiting = [looks], [(yield from self._folder(here))]
        while waiting:
            folder = next(waiting[-1], None)
            if folder is None:
                waiting.pop()
                above.pop()
                continue
            if len(waiting) >= _DEEPEST:
                yield Unread(folder, f"nested deeper than {_DEEPEST} folders")
                continue
            try:
                answer = self._client.ask("GET", folder)
                below = _listing_in(good(answer))
            except Later:
                raise
            except OSError as error:
                yield Unread(folder, error.strerror or "cannot be read")
                continue
            except (AccessDenied, UnusableInput, Answered) as error:
                yield Unread(folder, error.message)
                continue
            if below is None:
                yield self._named(folder, answer)
                continue
            here, looks = _entries(answer, below)
            if not answer.url.startswith(root):
                yield Unread(folder, "redirects to somewhere else")
            elif above.count(looks) >= _LOOPS:
                yield Unread(folder, "looks the same as the folders above it: a loop")
            else:
                above.append(looks)
                waiting.append((yield from self._folder(here)))

    def _folder(self, here: Sequence[Entry]) -> Generator[Ref | Unread, None, Iterator[str]]:
        """The objects of a folder; returns the folders in it."""
        folders = []
        for each in here:
            if self._robots and (why := self._robots.forbids(each.url)):
                yield Unread(each.url, why)
            elif each.folder:
                folders.append(each.url)
            else:
                yield self._listed(each)
        return iter(folders)

    def _listed(self, entry: Entry) -> Ref | Unread:
        if entry.shown:
            version = f"{entry.shown} fresh" if entry.fresh else entry.shown
            readers = self._client.readers(entry.url)
            return Ref(entry.url, version, entry.size, entry.modified, readers, _SHOWN)
        try:
            answer = self._client.ask("HEAD", entry.url)
            if answer.status in _NO_HEAD:
                return Ref(entry.url, readers=self._client.readers(entry.url))
            return self._named(entry.url, good(answer))
        except Later:
            raise
        except (AccessDenied, UnusableInput, Answered) as error:
            return Unread(entry.url, error.message)

    def _named(self, url: str, answer: Answer) -> Ref:
        return Ref(
            url,
            answer.version,
            answer.size,
            microseconds(answer.headers.get("last-modified", "")),
            self._client.readers(url),
        )


def _listing_in(answer: Answer) -> bytes | None:
    """The page, if it lists a folder. Raises OSError where it breaks off or is too long."""
    page = b""
    with closing(answer):
        if "html" not in answer.headers.get("content-type", "") or answer.size == 0:
            return None
        blocks = answer.blocks(most=MOST_LISTING)
        page = b"".join(_until(blocks, _HEAD))
        if not is_listing(page, answer.url):
            return None
        return page + b"".join(blocks)


def _until(blocks: Iterator[bytes], least: int) -> Iterator[bytes]:
    came = 0
    while came < least and (block := next(blocks, None)) is not None:
        came += len(block)
        yield block


def _entries(answer: Answer, page: bytes) -> tuple[list[Entry], bytes]:
    """What a listing names, and how it looks: a folder that leads back to itself looks the same each time."""
    now = instant(answer.headers.get("date", ""))
    here = list(entries(page, answer.url, now=time.time() if now is None else now))
    names = "\n".join(f"{each.url.removeprefix(answer.url)} {each.shown}" for each in here)
    return here, hashlib.sha256(names.encode()).digest()
