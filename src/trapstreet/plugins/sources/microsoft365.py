"""Files in Microsoft 365: SharePoint's libraries and OneDrive, by Graph.

A library tells what has changed since it was asked last. What was deleted is seen once a week, when all of it
is listed anew. Source: Microsoft Graph REST API v1.0, "driveItem: delta".
"""

import errno
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import quote, unquote, urlsplit

import msgspec

from trapstreet.core.model.errors import TrapstreetError, Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.plugins.sources import Changed
from trapstreet.plugins.sources._bucket_requests import Provider, moment
from trapstreet.plugins.sources._graph import Closed, Graph, Readers
from trapstreet.plugins.sources._graph_answers import ASKED, Drive, Item, Page, Site
from trapstreet.plugins.sources._http_open import as_oserror, opened
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import Missing
from trapstreet.plugins.sources._microsoft_login import Login
from trapstreet.plugins.sources._options import option
from trapstreet.plugins.sources._stands import stand_of, text_of

_GRAPH = "https://graph.microsoft.com"
_LOGIN = "https://login.microsoftonline.com"
_PER_MARK = 500
_EMPTY = 1000
_ANEW = 7
"""Days after which all is listed anew, to see what is gone."""
_DAY = 86400
_DEEP = 10
_FORGOTTEN = 410


class Settings(Provider, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """url is a site's address as browsers show it; without a path it is all of the organisation's sites."""

    client_id: Annotated[str, option("the id of the application that is registered for this", "ID")]
    secret_file: Annotated[Path | None, option("a file with the application's secret", "FILE")] = None
    certificate_file: Annotated[
        Path | None, option("or else its certificate and private key, both PEM", "FILE")
    ] = None
    tenant: Annotated[
        str, option("the organisation's id or domain; else it is made of the address", "NAME")
    ] = ""
    user: Annotated[
        tuple[str, ...], option("whose OneDrive is looked at, like anna@acme.example, and no sites", "NAME")
    ] = ()
    rate: Annotated[float, msgspec.Meta(ge=0), option("requests a second at most; else 20", "NUMBER")] = 20.0
    graph: Annotated[str, option("where Graph is, in a national cloud", "URL")] = _GRAPH
    login: Annotated[str, option("where one logs in, in a national cloud", "URL")] = _LOGIN


title = "SharePoint and OneDrive (Microsoft 365)"
schemes = ()
settings = Settings
reveals = "Audit logs of Microsoft 365 name the application and each file that it reads."


class _Cursor(msgspec.Struct):
    """begun: the day since 1970 on which all was listed last;  links: where each library goes on."""

    begun: int = 0
    links: dict[str, str] = {}


def source(settings: Settings) -> "_Microsoft365":
    return _Microsoft365(settings)


class _Microsoft365:
    def __init__(self, settings: Settings) -> None:
        try:
            parts = urlsplit(settings.url)
            self._host, self._path = parts.hostname or "", unquote(parts.path).strip("/")
        except ValueError:
            self._host = ""
        if not self._host or parts.scheme != "https":
            raise UnusableInput(
                "the address is none of a site", hint="like https://acme.sharepoint.com/sites/finance"
            )
        self._users = settings.user
        asked = HttpPlace(
            url=f"{settings.graph.rstrip('/')}/v1.0", ca=settings.ca, proxy=settings.proxy, rate=settings.rate
        )
        logged_in = HttpPlace(url=settings.login, ca=settings.ca, proxy=settings.proxy, rate=settings.rate)
        login = Login(
            logged_in,
            tenant=settings.tenant or _tenant(self._host),
            client_id=settings.client_id,
            secret_file=settings.secret_file,
            certificate_file=settings.certificate_file,
            scope=f"{settings.graph.rstrip('/')}/.default",
        )
        self._graph = Graph(asked, login)

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Raises Unreachable, AccessDenied, UnusableInput; Later where Graph has had enough of us."""
        stand, today = stand_of(cursor, _Cursor), int(time.time() // _DAY)
        stand.begun = stand.begun or today
        readers, met, unmarked = Readers(self._graph), set[str](), 0
        closed: list[Closed] = []
        for drive in self._drives():
            if isinstance(drive, Unread):
                yield drive
                continue
            if drive.id in met:
                continue
            met.add(drive.id)
            try:
                for page, link in self._pages(drive, stand.links.get(drive.id, "")):
                    for item in page:
                        yield from self._listed(drive, item, readers)
                    stand.links[drive.id] = link
                    unmarked += len(page)
                    if unmarked >= _PER_MARK:
                        unmarked = 0
                        yield Mark(text_of(stand))
            except (Closed, Missing) as error:
                closed += [error] if isinstance(error, Closed) else []
                yield Unread(drive.web_url or drive.id, "may not be read, or has gone")
        if closed and len(closed) == len(met):
            raise closed[0]
        stand.links = {each: link for each, link in stand.links.items() if each in met}
        anew = today - stand.begun >= _ANEW
        yield Mark("" if anew else text_of(stand), whole=not cursor)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        """The state that was listed, or `Changed`."""
        try:
            item = self._graph.get(f"/drives/{ref.handle}", Item)
        except TrapstreetError as error:
            raise as_oserror(error) from error
        if ref.version not in (item.c_tag, item.e_tag) or item.size != ref.size:
            raise Changed(errno.ESTALE, "has changed since it was listed")
        url = item.download_url or ""
        if not url.startswith(("https://", f"{self._graph.url.partition('/v1.0')[0]}/")):
            raise OSError(errno.EACCES, "may not be read: Graph has no address for it")
        return opened(self._graph.client, url, size=ref.size, start=start, end=end)

    def close(self) -> None:
        self._graph.close()

    def _drives(self) -> Iterator[Drive | Unread]:
        """The libraries of whatever is to be looked at, and what may not be."""
        for user in self._users:
            try:
                yield from self._graph.pages(f"/users/{quote(user, safe='')}/drives", Page[Drive])
            except Missing as error:
                raise UnusableInput(f"{printable(user)} has no OneDrive", hint="check the name") from error
        if self._users:
            return
        if self._path:
            place = f"/sites/{self._host}:/{quote(self._path)}"
            yield from self._site(self._graph.get(place, Site), 0)
            return
        for site in self._graph.pages("/sites/getAllSites?$select=id,webUrl", Page[Site]):
            try:
                yield from self._graph.pages(f"/sites/{_quoted(site.id)}/drives", Page[Drive])
            except (Closed, Missing):
                yield Unread(site.web_url or site.id, "the site may not be looked at")

    def _site(self, site: Site, depth: int) -> Iterator[Drive | Unread]:
        """The libraries of a site and those below it."""
        place = f"/sites/{_quoted(site.id)}"
        yield from self._graph.pages(f"{place}/drives", Page[Drive])
        for below in self._graph.pages(f"{place}/sites", Page[Site]) if depth < _DEEP else ():
            try:
                yield from self._site(below, depth + 1)
            except (Closed, Missing):
                yield Unread(below.web_url or below.id, "the site may not be looked at")

    def _pages(self, drive: Drive, link: str) -> Iterator[tuple[Sequence[Item], str]]:
        """What has changed in a library, each page with where the next begins. All of it without a link, and
        where Graph does not remember so long ago."""
        anew = f"/drives/{_quoted(drive.id)}/root/delta?$select={ASKED}"
        at, empty = link or anew, 0
        while True:
            answer = self._graph.ask(at, Prefer="hierarchicalsharing")
            if answer.status == _FORGOTTEN and at != anew:
                answer.close()
                at = anew
                continue
            page = self._graph.read(answer, Page[Item])
            onward = page.following or page.changes
            if not onward:
                raise Unreachable("Graph has a list that does not go on", hint="see what answers there")
            before, at = at, self._graph.target(onward)
            yield page.value, at
            if not page.following:
                return
            empty = 0 if page.value else empty + 1
            if at == before or empty > _EMPTY:
                raise Unreachable("Graph lists the same again and again", hint="see what answers there")

    def _listed(self, drive: Drive, item: Item, readers: Readers) -> Iterator[Ref | Unread]:
        if item.deleted:
            return
        shown = item.web_dav_url or item.web_url or f"{drive.web_url}#{item.id}"
        if item.remote_item:
            yield Unread(shown, "it leads to another library, which is not followed")
        elif item.package:
            yield Unread(shown, "a notebook, whose pages Graph has under another name")
        elif item.file:
            at = moment(item.last_modified_date_time or "")
            handle = f"{_quoted(drive.id)}/items/{_quoted(item.id)}"
            yield Ref(shown, item.version, item.size, at, readers.of(_quoted(drive.id), item), handle)


def _quoted(name: str) -> str:
    """An id as it stands in Graph's addresses: b!xyz, host,id,id"""
    return quote(name, safe="!,")


def _tenant(host: str) -> str:
    """The domain that an organisation has at Microsoft by the name of its sites. Raises UnusableInput."""
    found = re.fullmatch(r"([a-z0-9]+)(-my)?\.sharepoint\.com", host)
    if not found:
        raise UnusableInput("the address does not tell whose it is", hint="give tenant")
    return f"{found[1]}.onmicrosoft.com"
