"""Folders by WebDAV: Nextcloud, ownCloud, SharePoint, Apache, IIS, storage boxes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from typing import Annotated, BinaryIO
from urllib.parse import quote

from msgspec.structs import replace

from trapstreet.core.model.errors import AccessDenied, TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import Changed
from trapstreet.plugins.sources._dav_answers import NotDav, Resource, names_of, resources
from trapstreet.plugins.sources._http_address import shown as shown_host
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_login import LoginClient
from trapstreet.plugins.sources._http_open import as_oserror, opened
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import Missing, good
from trapstreet.plugins.sources._kept import Refused
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._times import microseconds
from trapstreet.plugins.sources._tree import MOST, Entry, walk

title = "WebDAV servers"
schemes = ("dav", "davs")
reveals = "The server's log names each folder and file, and a User-Agent that names trapstreet."


class Settings(HttpPlace, frozen=True, forbid_unknown_fields=True, kw_only=True):
    plain: Annotated[
        bool, option("send the password in the clear where there is no TLS and the server knows no Digest")
    ] = False


settings = Settings

_LONGEST = 2 << 30
_ASKED = b"""<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:getcontentlength/><D:getlastmodified/><D:getetag/>\
</D:prop></D:propfind>"""
_XML = {"Content-Type": "application/xml; charset=utf-8"}
_THERE = (405, 412)


def source(settings: Settings) -> "_Dav":
    return _Dav(settings)


class _Dav:
    def __init__(self, settings: Settings) -> None:
        scheme, colon, rest = settings.url.partition("://")
        web = {"dav": "http", "davs": "https"}.get(scheme.lower(), scheme)
        self._client = LoginClient(replace(settings, url=web + colon + rest), plain=settings.plain)
        home = self._client.home
        names = names_of(home.target.partition("?")[0])
        self._url = "/".join((f"{home.scheme}://{home.authority}", *map(_quoted, names)))
        self._shown = "/".join((f"{scheme.lower()}://{home.authority}", *names))
        self._tags_agree = True

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        return walk(self, cursor)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        path = ref.path[len(self._shown) + 1 :]
        if self._tags_agree:
            try:
                return self._opened(path, ref, start, end, version=_plain(ref.version))
            except Changed:  # some servers have one tag for listings and another for reading
                pass
        self._refuse_changed(path, ref)
        self._tags_agree = False
        return self._opened(path, ref, start, end)

    def put(self, path: str, content: bytes) -> str:
        with suppress(FileNotFoundError):
            self.look(path)
            raise FileExistsError(f"{self.shown(path)} is there already")
        headers = {"If-None-Match": "*", "Content-Type": "application/octet-stream"}
        self._done("PUT", path, headers=headers, content=content)
        return self.shown(path)

    def remove(self, path: str) -> None:
        self._done("DELETE", path)

    def close(self) -> None:
        self._client.close()

    def shown(self, path: str) -> str:
        return f"{self._shown}/{path}" if path else self._shown

    def look(self, path: str) -> Entry:
        found = [*islice(self._found(path, depth="0"), 2)]
        if len(found) != 1:
            raise Refused("the server tells of something else")
        return self._entry("", found[0][1])

    def entries(self, path: str) -> Iterable[Entry]:
        here: list[tuple[tuple[str, ...], Resource]] = [*islice(self._found(path, depth="1"), MOST + 2)]
        base = _base(self._names(path), [names for names, _ in here])
        for names, resource in here:
            if names == base:
                continue
            # What it names in another folder is no name of this one, which the walk will say.
            yield self._entry(names[-1] if names[:-1] == base else "/".join(names), resource)

    def _names(self, path: str) -> tuple[str, ...]:
        return names_of(self._to(path).partition("://")[2].partition("/")[2])

    def _found(self, path: str, *, depth: str) -> Iterator[tuple[tuple[str, ...], Resource]]:
        url = self._to(path) + ("/" if depth == "1" or not path else "")
        with closing(self._asked("PROPFIND", url, {**_XML, "Depth": depth}, _ASKED)) as answer:
            if answer.status != 207:
                raise UnusableInput(
                    f"{self._host} speaks no WebDAV", hint="look at the path; web pages are of the kind web"
                )
            try:
                for each in resources(answer.blocks(most=_LONGEST)):
                    yield each.names, each
            except NotDav as error:
                raise Unreachable(f"{self._host}: {error}", hint="see what answers there") from error
            except OSError as error:
                raise Unreachable(
                    f"{self._host}: the list {error.strerror}", hint="see whether it is up"
                ) from error

    def _asked(self, method: str, url: str, headers: dict[str, str], content: bytes = b"") -> Answer:
        """An answer of 2xx. Raises TrapstreetError where nothing more is to be had from the server."""
        try:
            return good(self._client.ask(method, url, headers=headers, content=content))
        except Missing:
            raise FileNotFoundError from None
        except AccessDenied:
            if url.rstrip("/") == self._url:
                raise
            raise PermissionError from None

    def _done(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> None:
        try:
            answer = self._client.ask(method, self._to(path), headers=headers, content=content)
            if method == "PUT" and answer.status in _THERE:
                answer.skip()
                raise FileExistsError(f"{self.shown(path)} is there already")
            good(answer).skip()
        except TrapstreetError as error:
            raise as_oserror(error) from error

    def _entry(self, name: str, found: Resource) -> Entry:
        if found.status in (401, 403):
            return Entry(name, why="permission denied")
        if found.status >= 400:
            return Entry(name, why=f"the server refuses it ({found.status})")
        if found.folder:
            return Entry(name, folder=True)
        said = found.properties
        length, modified, tag = (
            said.get(f"get{each}", "") for each in ("contentlength", "lastmodified", "etag")
        )
        size = int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None
        version = f"{_plain(tag[:200])}" if tag else f"{modified[:40]} {size}" if modified else ""
        return Entry(name, False, version, size, microseconds(modified), self._client.readers(self._url))

    def _opened(self, path: str, ref: Ref, start: int, end: int | None, *, version: str = "") -> BinaryIO:
        return opened(self._client, self._to(path), version=version, size=ref.size, start=start, end=end)

    def _refuse_changed(self, path: str, ref: Ref) -> None:
        try:
            now = self.look(path)
        except TrapstreetError as error:
            raise as_oserror(error) from error
        if now.folder or (now.version, now.size) != (ref.version, ref.size):
            raise Changed("it has changed since it was listed")

    def _to(self, path: str) -> str:
        return "/".join((self._url, *map(_quoted, path.split("/")))) if path else self._url

    @property
    def _host(self) -> str:
        return shown_host(self._client.home.host)


def _quoted(name: str) -> str:
    return quote(name, safe="", errors="surrogateescape")


def _plain(tag: str) -> str:
    return tag.removeprefix("W/")


def _base(asked: tuple[str, ...], told: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """How the server names the folder that was asked for: behind a proxy it may lie elsewhere than we see."""
    return asked if asked in told or not told else min(told, key=len)
