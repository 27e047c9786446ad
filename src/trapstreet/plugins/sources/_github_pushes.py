"""What is pushed to GitHub, by the events that it tells: which repository went from which commit to which.

Source: GitHub REST API, "Events", "Compare two commits".
"""

import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources._forge import Forge
from trapstreet.plugins.sources._github_answers import Comparison, Event, Repository
from trapstreet.plugins.sources._http_answer import Answer
from trapstreet.plugins.sources._http_status import Missing, good
from trapstreet.plugins.sources._stands import stand_of, text_of

_PAGES, _PAGE = 3, 100
"""GitHub shows 300 events."""
_FILES = 300
"""Files of a comparison that are shown at most."""
_PER_MARK = 20
_LONGEST = 3600
_UNCHANGED = 304


class Stand(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a listing is.

    since   up to when repositories and gists were looked at
    tag     of the events' first page;  again: Unix seconds before which they are not asked for
    known   ids of the events that were seen, of those that were shown last
    """

    since: str = ""
    tag: str = ""
    again: int = 0
    known: tuple[str, ...] = ()

    def text(self) -> str:
        if self.tag or self.again or self.known:
            return text_of(self)
        return self.since


def begun(cursor: str) -> Stand:
    """What a cursor holds: where nothing is pushed to, only since when."""
    return stand_of(cursor, Stand) if cursor.startswith("{") else Stand(cursor)


class Pushes:
    """The files that pushes change, of an owner's repositories or of everybody's; and all that the default
    branch has of repositories that are made public.

    files  what a repository has;  Then: `stand`
    """

    def __init__(
        self, api: Forge, owner: str, stand: Stand, files: Callable[[Repository], Iterator[Ref | Unread]]
    ) -> None:
        self._api, self._owner, self._files = api, owner, files
        self.stand = stand

    def list(self) -> Iterator[Ref | Unread | Mark]:
        """Raises TrapstreetError. Nothing where GitHub asked to be left alone for longer."""
        if time.time() < self.stand.again:
            return
        place, answer = self._first()
        pause = answer.headers.get("x-poll-interval", "")
        again = int(time.time()) + min(int(pause), _LONGEST) if pause.isdigit() else 0
        self.stand = replace(self.stand, again=again)
        if answer.status == _UNCHANGED:
            answer.close()
            return
        tag = answer.headers.get("etag", "")[:200]
        shown = {each.id: each for each in self._shown(place, answer)}
        if self.stand.known and len(shown) >= _PAGES * _PAGE and not shown.keys() & {*self.stand.known}:
            why = "more has happened than GitHub's last 300 events: what came before them is not read"
            yield Unread(f"{self._api.url}{place}", why)
        known = [each for each in self.stand.known if each in shown]
        waiting = [each for name, each in shown.items() if name not in known]
        for count, event in enumerate(reversed(waiting), 1):
            yield from self._event(event)
            known.append(event.id)
            if count % _PER_MARK == 0:
                self.stand = replace(self.stand, known=(*known,))
                yield Mark(self.stand.text())
        self.stand = replace(self.stand, tag=tag, known=(*known,))

    def _first(self) -> tuple[str, Answer]:
        """The first page of events, and where it is: an organisation has them elsewhere than a user."""
        unchanged = {"If-None-Match": self.stand.tag} if self.stand.tag else {}
        if not self._owner:
            return "/events", good(self._asked("/events", 1, unchanged))
        try:
            place = f"/orgs/{self._owner}/events"
            return place, good(self._asked(place, 1, unchanged))
        except Missing:
            place = f"/users/{self._owner}/events/public"
            return place, good(self._asked(place, 1, unchanged))

    def _shown(self, place: str, first: Answer) -> Iterator[Event]:
        """The newest first, as far as one that was seen."""
        for number in range(1, _PAGES + 1):
            answer = first if number == 1 else good(self._asked(place, number))
            events = self._api.read(answer, list[Event])
            yield from events
            if len(events) < _PAGE or any(each.id in self.stand.known for each in events):
                return

    def _asked(self, place: str, number: int, headers: dict[str, str] | None = None) -> Answer:
        return self._api.ask(f"{place}?per_page={_PAGE}&page={number}", headers=headers)

    def _event(self, event: Event) -> Iterator[Ref | Unread]:
        name, said = quote(event.repo.name), event.payload
        try:
            match event.type:
                case "PushEvent" if said.head:
                    new = not (said.before or "").strip("0")
                    span = f"commits/{said.head}" if new else f"compare/{said.before}...{said.head}"
                    yield from self._changed(name, span, event)
                case "CreateEvent" if said.ref_type == "branch" and said.ref != said.master_branch:
                    yield from self._changed(name, f"compare/{said.master_branch}...{said.ref}", event)
                case "CreateEvent" | "PublicEvent" if said.ref_type in (None, "branch"):
                    repository = self._api.read(good(self._api.ask(f"/repos/{name}")), Repository)
                    yield from self._files(repository)
        except (Missing, AccessDenied):
            why = "what was pushed there may not be read, or has gone"
            yield Unread(f"{self._api.url}/repos/{name}", why)

    def _changed(self, name: str, span: str, event: Event) -> Iterator[Ref | Unread]:
        """The files that some commits change, and those that they remove as they were."""
        place = f"/repos/{name}/{quote(span)}"
        files = self._api.read(good(self._api.ask(place)), Comparison).files
        readers = "everybody" if event.public else ""
        for each in files:
            if each.sha and each.blob_url:
                handle = f"{self._api.url}/repos/{name}/git/blobs/{quote(each.sha)}"
                yield Ref(each.blob_url, each.sha, None, None, readers, handle)
        if len(files) >= _FILES:
            why = "a push changes more files than GitHub lists; read the repository as git"
            yield Unread(f"{self._api.url}{place}", why, partly=True)
