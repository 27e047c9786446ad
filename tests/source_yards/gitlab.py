"""A group's project at a server that answers as GitLab's REST API is documented to."""

import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

import pytest

from source_yards import AWKWARD, PASSWORD, WRONG, Yard
from source_yards import github as other
from source_yards._answers import Server

_numbers = itertools.count()


class Here(Yard):
    kind: ClassVar[str] = "gitlab"
    awkward: ClassVar[tuple[str, ...]] = AWKWARD
    keeps: ClassVar[bool] = True
    sizes: ClassVar[bool] = False
    limits: ClassVar[dict[str, float]] = other.Here.limits

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        super().__init__(request, folder)
        self.hub, self.port = server()
        self.group = f"group{next(_numbers)}/sub"
        self.files = self.hub.repositories.setdefault(f"{self.group}/app", {})
        self.url = f"gitlab://{self.group}"
        token = self.secret("token", PASSWORD)
        self.options = {"api": f"http://127.0.0.1:{self.port}", "token_file": token}

    def put(self, path: str, content: bytes) -> None:
        self.files[path] = self.hub.kept(content)

    def remove(self, path: str) -> None:
        del self.files[path]

    def name(self, path: str) -> str:
        return f"https://lab.example/{self.group}/app/-/blob/main/{quote(path)}"

    def strangers(self) -> Iterator[dict[str, Any]]:
        yield self.settings() | {"token_file": self.secret("wrong", WRONG)}

    def at(self, port: int) -> dict[str, Any]:
        return self.settings() | {"api": f"http://127.0.0.1:{port}"}


@cache
def server() -> tuple[other.Hub, int]:
    hub = other.Hub()
    return hub, Server(_Handler, hub=hub).port


class _Handler(other.Handler):
    """Gists stand for snippets, a project's number is its place among all."""

    def do_GET(self) -> None:
        self.hub.asked.append(self.path)
        parts = urlsplit(self.path)
        asked = self.query
        given = self.headers.get("PRIVATE-TOKEN")
        if given not in (None, PASSWORD):
            return self.say(401, {"message": "401 Unauthorized"})
        self.hub.left -= 1
        if self.hub.left < 0:
            return self.say(429, {}, {"RateLimit-Remaining": "0", "RateLimit-Reset": "99999999999"})
        names = list(self.hub.repositories)
        match [unquote(each) for each in parts.path.strip("/").split("/")]:
            case ["groups", group, "projects"] if asked.get("include_subgroups"):
                projects = [self._project(name) for name in names if name.startswith(f"{group}/")]
                return self.page(projects, asked) if projects else self.say(404, {})
            case ["projects"] if asked["visibility"] == "public" and asked["order_by"] == "last_activity_at":
                active = sorted(names, key=lambda each: self.hub.pushed.get(each, ""), reverse=True)
                return self.page([self._project(each) for each in active if each in self.hub.pushed], asked)
            case ["projects", number, "events"] if asked["action"] == "pushed":
                own = [each for each in self.hub.events if each["project_id"] == int(number)]
                return self.page([each for each in own if each["created_at"][:10] > asked["after"]], asked)
            case ["projects", number, "repository", "compare"]:
                return self._compare(names[int(number)], f"{asked['from']}...{asked['to']}")
            case ["projects", number, "repository", "tree"] if asked["recursive"] == "true":
                files = sorted(self.hub.repositories[names[int(number)]].items())
                return self.page(
                    [{"id": sha, "name": "x", "type": "blob", "path": path} for path, sha in files], asked
                )
            case ["projects", _, "repository", "blobs", sha, "raw"]:
                return self.sent(self.hub.blobs.get(sha))
            case ["projects", number, "repository", "files", path, "raw"]:
                name = names[int(number)]
                there = (
                    self.hub.repositories[name] if asked["ref"] == "1f2e3d" else self._at(name, asked["ref"])
                )
                return self.sent(self.hub.blobs.get(there.get(path, "")))
            case ["search"] if given and asked["scope"] == "blobs":
                found = [
                    {"project_id": names.index(name), "path": path, "ref": "1f2e3d", "data": "…"}
                    for name in names
                    for path, sha in self.hub.repositories[name].items()
                    if asked["search"].encode() in self.hub.blobs[sha]
                ]
                return self.page(found, asked)
            case ["snippets", "public"]:
                every = [each for one in self.hub.gists.values() for each in one]
                newest = sorted(every, key=lambda each: str(each["updated_at"]), reverse=True)
                return self.page(newest, asked)
            case ["snippets", number, "raw"]:
                return self.sent(self.hub.blobs.get(number))
            case _:
                return self.say(404, {})

    def _project(self, name: str) -> dict[str, Any]:
        return {
            "id": [*self.hub.repositories].index(name),
            "web_url": f"https://lab.example/{name}",
            "default_branch": "main" if self.hub.repositories[name] else None,
            "visibility": "internal",
            "last_activity_at": self.hub.pushed.get(name),
        }

    def _compare(self, name: str, span: str) -> None:
        files = self.hub.changes.get((name, span))
        if files is None:
            return self.say(404, {})
        told = [
            {"old_path": each, "new_path": each, "deleted_file": each.startswith("gone"), "diff": "…"}
            for each in files
        ]
        return self.say(200, {"diffs": told, "compare_timeout": False})

    def _at(self, name: str, commit: str) -> dict[str, str]:
        """The files that a comparison from or to a commit names."""
        every = [files for (of, span), files in self.hub.changes.items() if of == name and commit in span]
        return {path: sha for files in every for path, sha in files.items()}
