"""GitHub: the files of an owner's repositories and gists, what a search of all code finds, new gists, pushes.

Of a repository the default branch is looked at, where something was pushed since the last time; the kind git
reads all its history. Of pushes to any branch the files are read that they change.

Source: GitHub REST API, version 2022-11-28.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import quote

from msgspec.structs import replace

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.sources._bucket_requests import Provider
from trapstreet.plugins.sources._forge import PAGE, Forge
from trapstreet.plugins.sources._github_answers import Gist, Repository, Search, Tree
from trapstreet.plugins.sources._github_pushes import Pushes, begun
from trapstreet.plugins.sources._http_open import opened
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import Missing, good
from trapstreet.plugins.sources._options import option

_API = "https://api.github.com"
_FOUND = 1000
"""Results that a search shows at most."""
_MINUTE = 65.0
"""Seconds that a search may wait: ten requests a minute are granted."""
_GISTS = 30
"""Pages of gists that are shown at most."""
_FILES = 300
"""Files of a gist that are shown at most."""
_NOTHING_YET = 409
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Settings(Provider, frozen=True, forbid_unknown_fields=True, kw_only=True):
    api: Annotated[str, option("where the API is, for a GitHub of your own", "URL")] = _API
    token_file: Annotated[Path | None, option("a file with an access token", "FILE")] = None
    search: Annotated[tuple[str, ...], option("what to search all code for; needs a token", "TEXT")] = ()
    new_gists: Annotated[bool, option("look at the public gists of everybody, as they appear")] = False
    pushes: Annotated[
        bool, option("look at what is pushed to any branch, the owner's or else everybody's, as it happens")
    ] = False


title = "GitHub"
schemes = ("github",)
settings = Settings
reveals = "GitHub sees what is asked for, so whoever works there sees the texts that are searched for."


def source(settings: Settings) -> "_GitHub":
    owner = settings.url.partition("://")[2].strip("/")
    if owner and not _OWNER.fullmatch(owner):
        raise UnusableInput(
            f"{printable(owner)} is no name at GitHub", hint="give github://owner, or github:// to search"
        )
    if not (owner or settings.search or settings.new_gists or settings.pushes):
        raise UnusableInput("it says not what to look at", hint="give an owner, search, new_gists, or pushes")
    if settings.search and not settings.token_file:
        raise UnusableInput("only who has a token may search code", hint="give token_file")
    return _GitHub(owner, settings)


class _GitHub:
    def __init__(self, owner: str, settings: Settings) -> None:
        self._owner, self._settings = owner, settings
        headers = {"Accept": "application/vnd.github.raw+json", "X-GitHub-Api-Version": "2022-11-28"}
        if settings.token_file:
            token = secret(settings.token_file, what="the token").reveal()
            headers["Authorization"] = f"Bearer {token}"
        place = HttpPlace(url=settings.api.rstrip("/"), ca=settings.ca, proxy=settings.proxy)
        self._api = Forge("GitHub", place, headers)
        self._newest = ""

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Raises Unreachable, AccessDenied, UnusableInput; Later where an hour's requests are used up."""
        stand = begun(cursor)
        self._newest = stand.since
        if self._owner:
            yield from self._repositories(stand.since)
            yield from self._gists(f"/users/{self._owner}/gists", stand.since)
        met: set[str] = set()
        for text in self._settings.search:
            yield from self._found(text, met)
        if self._settings.new_gists:
            yield from self._gists("/gists/public", stand.since)
        if self._settings.pushes:
            stand = replace(stand, since=self._newest)
            pushes = Pushes(self._api, self._owner, stand, self._files)
            yield from pushes.list()
            stand = pushes.stand
        streams = self._settings.new_gists or self._settings.pushes
        yield Mark(replace(stand, since=self._newest).text(), whole=not cursor and not streams)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        return opened(self._api.client, ref.handle, size=ref.size, start=start, end=end)

    def close(self) -> None:
        self._api.client.close()

    def _repositories(self, cursor: str) -> Iterator[Ref | Unread]:
        order = {"sort": "pushed", "direction": "desc"}
        try:
            first = self._api.page(f"/orgs/{self._owner}/repos", order, list[Repository], 1)
            place = f"/orgs/{self._owner}/repos"
        except Missing:
            place = f"/users/{self._owner}/repos"
            first = self._api.page(place, order, list[Repository], 1)
        for repository in self._api.pages(place, order, list[Repository], first):
            if repository.pushed_at < cursor:
                return
            self._newest = _later(self._newest, repository.pushed_at)
            yield from self._files(repository)

    def _files(self, repository: Repository) -> Iterator[Ref | Unread]:
        """What lies in the default branch, as far as one answer tells."""
        shown = f"{repository.html_url}/blob/{quote(repository.default_branch)}"
        name = quote(repository.full_name)
        answer = self._api.ask(
            f"/repos/{name}/git/trees/{quote(repository.default_branch, safe='')}?recursive=1"
        )
        if answer.status == _NOTHING_YET:
            answer.close()
            return
        if answer.status in (403, 404):
            answer.close()
            yield Unread(repository.html_url, "may not be read, or has gone")
            return
        tree = self._api.read(good(answer), Tree)
        if tree.truncated:
            yield Unread(repository.html_url, "has more files than GitHub lists; read it as git")
        readers = "" if repository.private else "everybody"
        for each in tree.tree:
            if each.type == "blob":
                handle = f"{self._api.url}/repos/{name}/git/blobs/{quote(each.sha)}"
                yield Ref(f"{shown}/{quote(each.path)}", each.sha, each.size, None, readers, handle)

    def _gists(self, place: str, cursor: str) -> Iterator[Ref | Unread]:
        since = {"since": cursor} if cursor else {}
        for gist in self._api.pages(place, since, list[Gist], most=_GISTS):
            self._newest = _later(self._newest, gist.updated_at)
            for name, file in gist.files.items():
                if not file.raw_url.startswith(("https://", f"{self._api.url}/")):
                    yield Unread(gist.html_url, "has a file that leads elsewhere, or nowhere")
                    continue
                version = f"{file.raw_url[-300:]} {gist.updated_at} {file.size}"
                path = f"{gist.html_url}/{quote(name)}"
                readers = "everybody" if gist.public else "everybody who has the link"
                yield Ref(path, version, file.size, None, readers, file.raw_url)
            if gist.truncated or len(gist.files) >= _FILES:
                yield Unread(gist.html_url, "has more files than GitHub lists; read it as git", partly=True)

    def _found(self, text: str, met: set[str]) -> Iterator[Ref | Unread]:
        place, seen, total, broken_off = f"{self._api.url}/search/code", 0, 0, False
        for number in range(1, _FOUND // PAGE + 1):
            answer = self._api.page("/search/code", {"q": text}, Search, number, patience=_MINUTE)
            seen, total = seen + len(answer.items), answer.total_count
            broken_off |= answer.incomplete_results
            for each in answer.items:
                if each.html_url in met:
                    continue
                met.add(each.html_url)
                handle = (
                    f"{self._api.url}/repos/{quote(each.repository.full_name)}/git/blobs/{quote(each.sha)}"
                )
                readers = "" if each.repository.private else "everybody"
                yield Ref(each.html_url, each.sha, None, None, readers, handle)
            if len(answer.items) < PAGE:
                break
        if broken_off:
            why = "took GitHub too long to search: what it had found by then is read"
            yield Unread(place, why, partly=True)
        if total > seen:
            yield Unread(place, f"finds {total:,} files, and shows {seen:,}; search for more")


def _later(one: str, other: str) -> str:
    return max(one, other) if _TIME.fullmatch(other) else one
