"""GitLab: the files of a group's or user's projects, what a search of all code finds, new snippets, pushes.

Of a project the default branch is looked at; the kind git reads all its history. Of pushes to any branch the
files are read that they change. Source: GitLab REST API, v4.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO
from urllib.parse import quote

import msgspec

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread, printable
from trapstreet.plugins._secrets import secret
from trapstreet.plugins.sources._bucket_requests import Provider, moment
from trapstreet.plugins.sources._forge import Forge
from trapstreet.plugins.sources._gitlab_pushes import Project, Pushes, Stand, begun
from trapstreet.plugins.sources._http_open import opened
from trapstreet.plugins.sources._http_place import HttpPlace
from trapstreet.plugins.sources._http_status import Missing
from trapstreet.plugins.sources._options import option

_API = "https://gitlab.com/api/v4"
_OWNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


class Settings(Provider, frozen=True, forbid_unknown_fields=True, kw_only=True):
    api: Annotated[str, option("where the API is, for a GitLab of your own", "URL")] = _API
    token_file: Annotated[Path | None, option("a file with an access token", "FILE")] = None
    search: Annotated[tuple[str, ...], option("what to search all code for; needs a token", "TEXT")] = ()
    new_snippets: Annotated[bool, option("look at the public snippets of everybody, as they appear")] = False
    pushes: Annotated[
        bool, option("look at what is pushed to any branch, the group's or else everybody's, as it happens")
    ] = False


title = "GitLab"
schemes = ("gitlab",)
settings = Settings
reveals = "GitLab sees what is asked for, so whoever runs it sees the texts that are searched for."


class _Entry(msgspec.Struct):
    id: str
    path: str
    type: str


class _Snippet(msgspec.Struct):
    id: int
    web_url: str
    updated_at: str


class _Found(msgspec.Struct):
    project_id: int
    path: str
    ref: str


def source(settings: Settings) -> "_GitLab":
    owner = settings.url.partition("://")[2].strip("/")
    if owner and not _OWNER.fullmatch(owner):
        raise UnusableInput(
            f"{printable(owner)} is no name at GitLab", hint="give gitlab://group, or gitlab:// to search"
        )
    if not (owner or settings.search or settings.new_snippets or settings.pushes):
        raise UnusableInput(
            "it says not what to look at", hint="give a group or user, search, new_snippets, or pushes"
        )
    if settings.search and not settings.token_file:
        raise UnusableInput("only who has a token may search code", hint="give token_file")
    return _GitLab(owner, settings)


class _GitLab:
    def __init__(self, owner: str, settings: Settings) -> None:
        self._owner, self._settings = owner, settings
        headers = {}
        if settings.token_file:
            headers["PRIVATE-TOKEN"] = secret(settings.token_file, what="the token").reveal()
        place = HttpPlace(url=settings.api.rstrip("/"), ca=settings.ca, proxy=settings.proxy)
        self._api = Forge("GitLab", place, headers)

    def list(self, cursor: str) -> Iterator[Ref | Unread | Mark]:
        """Raises Unreachable, AccessDenied, UnusableInput; Later where the requests granted are used up."""
        stand = begun(cursor)
        pushes = Pushes(self._api, stand.pushed, self._files)
        if self._owner:
            for project in self._projects():
                yield from self._files(project)
                if self._settings.pushes:
                    yield from pushes.of(project)
        elif self._settings.pushes:
            yield from pushes.of_everybody()
        met: set[str] = set()
        for text in self._settings.search:
            yield from self._found(text, met)
        newest = stand.since
        if self._settings.new_snippets:
            for snippet in self._api.pages("/snippets/public", {}, list[_Snippet]):
                if snippet.updated_at < stand.since:
                    break
                if moment(snippet.updated_at) is not None:
                    newest = max(newest, snippet.updated_at)
                handle = f"{self._api.url}/snippets/{snippet.id}/raw"
                at = moment(snippet.updated_at)
                yield Ref(snippet.web_url, snippet.updated_at, None, at, "everybody", handle)
        streams = self._settings.new_snippets or self._settings.pushes
        now = Stand(newest, pushes.seen if self._settings.pushes else 0)
        yield Mark(now.text(), whole=not streams)

    def open(self, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        return opened(self._api.client, ref.handle, size=ref.size, start=start, end=end)

    def close(self) -> None:
        self._api.client.close()

    def _projects(self) -> Iterator[Project]:
        name = quote(self._owner, safe="")
        asked = {"order_by": "id", "sort": "asc"}
        try:
            place, more = f"/groups/{name}/projects", {"include_subgroups": "true"}
            first = self._api.page(place, asked | more, list[Project], 1)
        except Missing:
            place, more = f"/users/{name}/projects", {}
            first = self._api.page(place, asked, list[Project], 1)
        yield from self._api.pages(place, asked | more, list[Project], first)

    def _files(self, project: Project) -> Iterator[Ref | Unread]:
        if not project.default_branch:
            return
        place = f"/projects/{project.id}/repository"
        shown = f"{project.web_url}/-/blob/{quote(project.default_branch)}"
        asked = {"recursive": "true", "ref": project.default_branch}
        try:
            for each in self._api.pages(f"{place}/tree", asked, list[_Entry]):
                if each.type == "blob":
                    handle = f"{self._api.url}{place}/blobs/{quote(each.id)}/raw"
                    path = f"{shown}/{quote(each.path)}"
                    yield Ref(path, each.id, None, None, project.readers, handle)
        except Missing:  # nothing was pushed, or its code is not for us
            yield Unread(project.web_url, "has no files, or none that we may see")

    def _found(self, text: str, met: set[str]) -> Iterator[Ref | Unread]:
        for each in self._api.pages("/search", {"scope": "blobs", "search": text}, list[_Found]):
            file = f"/projects/{each.project_id}/repository/files/{quote(each.path, safe='')}/raw"
            handle = f"{self._api.url}{file}?ref={quote(each.ref, safe='')}"
            if handle not in met:
                met.add(handle)
                yield Ref(f"{self._api.url}{file}", each.ref, None, None, "", handle)
