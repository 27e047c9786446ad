"""What is pushed to GitLab, by the events of its projects.

Source: GitLab REST API v4, "Events", "Repositories: compare".
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec

from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.objects import Ref, Unread
from trapstreet.plugins.sources._bucket_requests import moment
from trapstreet.plugins.sources._forge import Forge
from trapstreet.plugins.sources._http_status import Missing, good
from trapstreet.plugins.sources._stands import stand_of, text_of

_FIRST = 86_400_000_000
"""Microseconds before the first round from which pushes are looked at."""
_LATE = 2 * 3_600_000_000
"""Microseconds for which a project may say that nothing has happened though something has: an hour."""
_MEANWHILE = 300_000_000
"""Microseconds before a listing that the next one looks at again."""
_FILES = 1000
"""Files of a comparison that are shown at most."""
_READERS = {"public": "everybody", "internal": "everybody who has an account"}


class Stand(msgspec.Struct, frozen=True):
    """How far a listing is. since: of snippets;  pushed: Unix microseconds of the last push."""

    since: str = ""
    pushed: int = 0

    def text(self) -> str:
        return text_of(self) if self.pushed else self.since


def begun(cursor: str) -> Stand:
    """What a cursor holds: where nothing is pushed to, only since when."""
    return stand_of(cursor, Stand) if cursor.startswith("{") else Stand(cursor)


class Project(msgspec.Struct):
    id: int
    web_url: str
    default_branch: str | None = None
    visibility: str = ""
    last_activity_at: str | None = None

    @property
    def readers(self) -> str:
        return _READERS.get(self.visibility, "")


class _Push(msgspec.Struct):
    action: str
    ref_type: str = "branch"
    ref: str | None = None
    commit_from: str | None = None
    commit_to: str | None = None


class _Event(msgspec.Struct):
    created_at: str
    push_data: _Push | None = None


class _Difference(msgspec.Struct):
    old_path: str
    new_path: str
    deleted_file: bool = False


class _Comparison(msgspec.Struct):
    diffs: list[_Difference] = []
    compare_timeout: bool = False


class Pushes:
    """The files that pushes change.

    after  Unix microseconds of the last push that was seen, 0 for the first time: then those of a day
    files  what the default branch of a project has
    """

    def __init__(self, api: Forge, after: int, files: Callable[[Project], Iterator[Ref | Unread]]) -> None:
        self._api, self._files = api, files
        self._now = int(time.time() * 1e6)
        self._after = after or self._now - _FIRST
        self._last = self._after

    @property
    def seen(self) -> int:
        """Up to when every push has been seen: while one project was asked, others went on."""
        return max(self._after, min(self._last, self._now - _MEANWHILE))

    def of_everybody(self) -> Iterator[Ref | Unread]:
        """Those to all public projects. Raises TrapstreetError."""
        asked = {"visibility": "public", "order_by": "last_activity_at", "sort": "desc"}
        for project in self._api.pages("/projects", asked, list[Project]):
            if not self._moved(project):
                return
            yield from self.of(project)

    def of(self, project: Project) -> Iterator[Ref | Unread]:
        """Those to one project. Raises TrapstreetError."""
        if not self._moved(project):
            return
        day = datetime.fromtimestamp(self._after / 1e6, UTC).date() - timedelta(days=1)
        asked = {"action": "pushed", "after": day.isoformat(), "sort": "desc"}
        try:
            for event in self._api.pages(f"/projects/{project.id}/events", asked, list[_Event]):
                at = moment(event.created_at) or 0
                if at < self._after:
                    break
                self._last = max(self._last, at)
                if event.push_data and event.push_data.ref_type == "branch":
                    yield from self._pushed(project, event.push_data)
        except (Missing, AccessDenied):
            yield Unread(project.web_url, "what was pushed there may not be read")

    def _moved(self, project: Project) -> bool:
        at = moment(project.last_activity_at or "")
        return at is None or at + _LATE > self._after

    def _pushed(self, project: Project, push: _Push) -> Iterator[Ref | Unread]:
        if push.action == "removed" or not push.commit_to:
            return
        if push.action == "created" and push.ref == project.default_branch:
            yield from self._files(project)
            return
        since = push.commit_from or project.default_branch or ""
        place = f"/projects/{project.id}/repository/compare"
        span = f"from={quote(since, safe='')}&to={quote(push.commit_to, safe='')}"
        found = self._api.read(good(self._api.ask(f"{place}?{span}")), _Comparison)
        for each in found.diffs:
            commit = since if each.deleted_file else push.commit_to
            yield self._listed(project, each.old_path if each.deleted_file else each.new_path, commit)
        if found.compare_timeout or len(found.diffs) >= _FILES:
            why = "a push changes more files than GitLab lists; read the project as git"
            yield Unread(f"{project.web_url}/-/compare/{span}", why, partly=True)

    def _listed(self, project: Project, path: str, commit: str) -> Ref:
        file = f"/projects/{project.id}/repository/files/{quote(path, safe='')}/raw"
        handle = f"{self._api.url}{file}?ref={quote(commit, safe='')}"
        shown = f"{project.web_url}/-/blob/{quote(commit)}/{quote(path)}"
        return Ref(shown, commit, None, None, project.readers, handle)
