"""Web archives: Common Crawl, or a web archive of one's own, by its index.

Each record is read by itself, as a part of the file that it is in. What was captured again unchanged is the
same object. Source: "CDX Server API", Internet Archive and pywb; Common Crawl, "CDXJ Index".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.plugins.sources._cdx import Capture, NoIndex, captures, unpacked, wanted
from trapstreet.plugins.sources._cdx_server import MOST, Crawl, new_crawls
from trapstreet.plugins.sources._http import Client
from trapstreet.plugins.sources._http_address import shown
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._records import DATA, Archive, OfFolder, OfServer
from trapstreet.plugins.sources._stands import stand_of, text_of

_INDICES = (".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz")
_STEP = 1 << 16
_KEPT = 36
"""Crawls that are known to be done: one comes each month."""


class Settings(HttpPlace, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """url is a server with a list of crawls, like https://index.commoncrawl.org, the address of one index on
    a server, or an index in a file, with .cdx or .cdxj in its name."""

    pattern: Annotated[
        tuple[str, ...], option('which pages: "*.acme.example", "acme.example/shop/*"', "PATTERN")
    ]
    crawls: Annotated[
        int,
        msgspec.Meta(ge=1),
        option("how many of the newest crawls are looked at the first time", "NUMBER"),
    ] = 1
    archive: Annotated[
        str, option("where the files are that the index names: an address or a folder", "URL")
    ] = ""


title = "web archives (Common Crawl, or your own)"
schemes = ()
settings = Settings
reveals = "The servers of the index and of the archive see our address, the patterns and what is read."


class _Stand(msgspec.Struct, frozen=True, omit_defaults=True):
    """done: crawls that were listed;  at: the one that is being listed, up to which pattern and page."""

    done: tuple[str, ...] = ()
    at: str = ""
    pattern: int = 0
    page: int = 0


def source(settings: Settings) -> "_Archived":
    if not settings.pattern:
        raise UnusableInput(
            "it says not which pages are looked at", hint='give pattern, like "*.acme.example"'
        )
    return _Archived(settings)


class _Archived:
    def __init__(self, settings: Settings) -> None:
        self._patterns, self._crawls = settings.pattern, settings.crawls
        self._url, self._local = settings.url, "://" not in settings.url
        path = settings.url if self._local else urlsplit(settings.url).path
        self._is_file = path.endswith(_INDICES)
        if self._local and not self._is_file:
            raise UnusableInput(
                f"{printable(settings.url)} is no index",
                hint="its name ends with .cdx or .cdxj, or these and .gz",
            )
        self._many = not path.strip("/")
        where = self._where(settings.archive)
        self._client = Client(
            settings if not self._local else replace(settings, url=where if "://" in where else DATA),
            named=[where] if "://" in where else (),
        )
        self._archive: Archive = OfServer(self._client, where) if "://" in where else OfFolder(Path(where))

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Raises Unreachable, AccessDenied, UnusableInput; Later where a server has had enough of us."""
        stand = stand_of(cursor, _Stand)
        if self._is_file:
            yield from self._refs(self._in_file())
            yield Mark("", whole=True)
        elif not self._many:
            yield from self._listed(Crawl("-", self._url), stand)
            yield Mark("", whole=True)
        else:
            with self._told():
                crawls = new_crawls(self._client, self._url, done=stand.done, newest=self._crawls)
            for crawl in crawls:
                yield from self._listed(crawl, stand)
                stand = _Stand((*stand.done, crawl.id)[-_KEPT:])
                if crawl is not crawls[-1]:
                    yield Mark(text_of(stand))
            yield Mark(text_of(stand), whole=not cursor)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        size = ref.size or 0
        offset, _, file = ref.handle.partition(" ")
        until = size if end is None else min(end, size)
        return self._archive.open(file, int(offset) + start, int(offset) + max(start, until))

    def close(self) -> None:
        self._client.close()

    def _where(self, archive: str) -> str:
        """Where the files are: beside an index that is a file, else at Common Crawl."""
        if "://" in archive or Path(archive).is_absolute():
            return archive
        if archive:
            raise UnusableInput("archive is neither an address nor a whole path", hint="give one of them")
        if self._is_file:
            return str(Path(self._url).parent) if self._local else self._url.rpartition("/")[0]
        if not self._many:
            raise UnusableInput("it says not where the files are that the index names", hint="give archive")
        return DATA

    def _listed(self, crawl: Crawl, stand: _Stand) -> Iterator[Ref | Unread | Mark]:
        """What one index says of each pattern, page by page."""
        begun = stand.at == crawl.id
        for number, pattern in enumerate(self._patterns):
            if begun and number < stand.pattern:
                continue
            first = stand.page if begun and number == stand.pattern else 0
            with self._told():
                pages = crawl.pages(self._client, pattern)
            for page in range(first, pages or 1):
                lines = crawl.lines(self._client, pattern, {"page": str(page)} if pages else {})
                yield from self._refs(captures(lines))
                if page + 1 < pages:
                    yield Mark(text_of(_Stand(stand.done, crawl.id, number, page + 1)))
            if number + 1 < len(self._patterns):
                yield Mark(text_of(_Stand(stand.done, crawl.id, number + 1)))

    def _in_file(self) -> Iterator[Capture | None]:
        """What an index in a file says of the patterns."""
        blocks = self._blocks() if self._local else self._client.get(self._url).blocks(most=MOST)
        found = captures(unpacked(blocks) if self._url.endswith(".gz") else blocks)
        yield from (each for each in found if each is None or wanted(each.url, self._patterns))

    def _blocks(self) -> Iterator[bytes]:
        try:
            with Path(self._url).open("rb") as file:
                yield from iter(partial(file.read, _STEP), b"")
        except PermissionError as error:
            raise AccessDenied(f"{self._host}: permission denied", hint="ask for access") from error
        except FileNotFoundError as error:
            raise Unreachable(f"{self._host}: there is none", hint="check the path") from error

    def _refs(self, found: Iterator[Capture | None]) -> Iterator[Ref | Unread]:
        """Each state of a page once, of those that come one behind the other."""
        url, met, strange = "", set[str](), 0
        with self._told():
            for each in found:
                if each is None:
                    strange += 1
                    continue
                if each.url != url:
                    url = each.url
                    met.clear()
                if each.name in met:
                    continue
                met.add(each.name)
                if "://" in each.file:
                    yield Unread(each.name, "the index says that it is elsewhere, which is not followed")
                else:
                    version, handle = each.name.partition("/")[0], f"{each.offset} {each.file}"
                    yield Ref(each.name, version, each.length, each.at, self._archive.readers, handle)
        if strange:
            yield Unread(self._url, f"lines of the index that say not where their records are: {strange:,}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What is wrong with an index is said in words of ours."""
        try:
            yield
        except NoIndex as error:
            raise Unreachable(f"{self._host}: {error}", hint="see what is there") from error
        except OSError as error:
            why = error.strerror or "broke off"
            raise Unreachable(f"{self._host}: the index {why}", hint="it is tried again") from error

    @property
    def _host(self) -> str:
        return printable(self._url) if self._local else shown(self._client.home.host)
