"""An owner's repository at a server that answers as GitHub's REST API is documented to."""

import hashlib
import itertools
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

import pytest

from source_yards import AWKWARD, PASSWORD, WRONG, Yard
from source_yards._answers import Answering, Server

_numbers = itertools.count()


class Here(Yard):
    kind: ClassVar[str] = "github"
    awkward: ClassVar[tuple[str, ...]] = AWKWARD
    keeps: ClassVar[bool] = True
    limits: ClassVar[dict[str, float]] = {
        "trapstreet.plugins.sources._http_network.SILENCE": 0.5,
        "trapstreet.plugins.sources._http.PAUSE": 0.01,
    }

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.hub, self.port = server()
        self.owner = f"owner{next(_numbers)}"
        self.hub.repositories[f"{self.owner}/app"] = {}
        self.url = f"github://{self.owner}"
        token = self.secret("token", PASSWORD)
        self.options = {"api": f"http://127.0.0.1:{self.port}", "token_file": token}

    def put(self, path: str, content: bytes) -> None:
        self.hub.repositories[f"{self.owner}/app"][path] = self.hub.kept(content)

    def remove(self, path: str) -> None:
        del self.hub.repositories[f"{self.owner}/app"][path]

    def name(self, path: str) -> str:
        return f"https://hub.example/{self.owner}/app/blob/main/{quote(path)}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        yield self.settings() | {"token_file": self.secret("wrong", WRONG)}

    def at(self, port: int) -> dict[str, Any]:
        return self.settings() | {"api": f"http://127.0.0.1:{port}"}


class Hub:
    """What lies there.

    repositories  files of the default branch by "owner/name": paths to ids
    gists         by owner: as the API tells them;  pushed: when, by repository
    left          requests that are answered before the quota is used up;  searches: the same, for a second
    events        as the API tells them, the newest first;  pause: seconds to wait before they are asked again
    late          whether searches take too long
    changes       files by "owner/name" and what was compared, or one commit: paths to ids
    """

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, str]] = {}
        self.pushed: dict[str, str] = {}
        self.blobs: dict[str, bytes] = {}
        self.gists: dict[str, list[dict[str, Any]]] = {}
        self.left = self.searches = 1 << 30
        self.events: list[dict[str, Any]] = []
        self.pause = ""
        self.late = False
        self.changes: dict[tuple[str, str], dict[str, str]] = {}
        self.asked: list[str] = []

    def kept(self, content: bytes) -> str:
        name = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        self.blobs[name] = content
        return name


@cache
def server() -> tuple[Hub, int]:
    hub = Hub()
    return hub, Server(Handler, hub=hub).port


class Handler(Answering):
    hub: Hub

    def do_GET(self) -> None:
        self.hub.asked.append(self.path)
        parts = urlsplit(self.path)
        asked = self.query
        given = self.headers.get("Authorization")
        if given not in (None, f"Bearer {PASSWORD}"):
            return self.say(401, {"message": "Bad credentials"})
        self.hub.left -= 1
        if self.hub.left < 0:
            return self.say(403, {}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"})
        match [unquote(each) for each in parts.path.strip("/").split("/")]:
            case ["orgs", _, "repos" | "events"]:
                return self.say(404, {})
            case ["users", owner, "repos"]:
                return self.page(self._repositories(owner), asked)
            case ["users", owner, "gists"]:
                return self._gists(self.hub.gists.get(owner, []), asked)
            case ["gists", "public"]:
                return self._gists([each for one in self.hub.gists.values() for each in one], asked)
            case ["raw", name]:
                return self.sent(self.hub.blobs.get(name))
            case ["repos", owner, name, "git", "blobs", blob]:
                accepts = self.headers.get("Accept") == "application/vnd.github.raw+json"
                return self.sent(self.hub.blobs.get(blob) if accepts else None)
            case ["repos", owner, name, "git", "trees", "main"] if asked.get("recursive"):
                return self._tree(self.hub.repositories.get(f"{owner}/{name}", {}))
            case ["search", "code"] if given:
                self.hub.searches -= 1
                if self.hub.searches < 0:
                    self.hub.searches = 10
                    reset = str(int(time.time()) + 1)
                    return self.say(403, {}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})
                return self._search(asked)
            case ["events"] | ["users", _, "events", "public"]:
                return self._events(asked)
            case ["repos", owner, name]:
                found = [each for each in self._repositories(owner) if each["full_name"] == f"{owner}/{name}"]
                return self.say(200, found[0]) if found else self.say(404, {})
            case ["repos", owner, name, "compare" | "commits" as kind, *span]:
                return self._changes(f"{owner}/{name}", f"{kind}/{'/'.join(span)}")
            case _:
                return self.say(404, {})

    def _repositories(self, owner: str) -> list[dict[str, Any]]:
        own = [name for name in self.hub.repositories if name.startswith(f"{owner}/")]
        at = {name: self.hub.pushed.get(name, "2026-11-01T00:00:00Z") for name in own}
        return [
            {
                "full_name": name,
                "html_url": f"https://hub.example/{name}",
                "default_branch": "main",
                "private": False,
                "pushed_at": at[name],
            }
            for name in sorted(own, key=at.__getitem__, reverse=True)
        ]

    def _tree(self, files: Mapping[str, str]) -> None:
        if not files:
            return self.say(409, {"message": "Git Repository is empty."})
        entries = [
            {"path": path, "type": "blob", "sha": sha, "size": len(self.hub.blobs[sha])}
            for path, sha in sorted(files.items())
        ]
        return self.say(200, {"tree": entries, "truncated": False})

    def _gists(self, gists: list[dict[str, Any]], asked: Mapping[str, str]) -> None:
        newest = sorted(gists, key=lambda each: str(each["updated_at"]), reverse=True)
        self.page([each for each in newest if each["updated_at"] >= asked.get("since", "")], asked)

    def _events(self, asked: Mapping[str, str]) -> None:
        tag = f'W/"{len(self.hub.events)}"'
        headers = {"ETag": tag, "X-Poll-Interval": self.hub.pause}
        if self.headers.get("If-None-Match") == tag:
            return self.send(304, b"", headers)
        return self.page(self.hub.events[:300], asked, headers)

    def _changes(self, name: str, span: str) -> None:
        files = self.hub.changes.get((name, span))
        if files is None:
            return self.say(404, {})
        at = f"https://hub.example/{name}/blob/{span.rpartition('.')[2]}"
        return self.say(
            200,
            {
                "files": [
                    {"filename": path, "status": "modified", "sha": sha, "blob_url": f"{at}/{quote(path)}"}
                    for path, sha in files.items()
                ]
            },
        )

    def _search(self, asked: Mapping[str, str]) -> None:
        found = [
            {
                "html_url": f"https://hub.example/{full}/blob/1f2e3d/{quote(path)}",
                "sha": sha,
                "repository": {"full_name": full, "private": False},
            }
            for full, files in self.hub.repositories.items()
            for path, sha in files.items()
            if asked["q"].strip('"').encode() in self.hub.blobs[sha]
        ]
        size, number = int(asked["per_page"]), int(asked["page"])
        page = {"total_count": len(found), "items": found[(number - 1) * size : number * size]}
        self.say(200, {**page, "incomplete_results": self.hub.late})

    def page(
        self, every: list[Any], asked: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> None:
        size, number = int(asked["per_page"]), int(asked["page"])
        self.say(200, every[(number - 1) * size : number * size], headers)

    def sent(self, content: bytes | None) -> None:
        if content is None:
            return self.say(404, {})
        return self.send(200, content)
