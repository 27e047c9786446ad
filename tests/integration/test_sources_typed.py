"""Microsoft Graph by the types that Microsoft publishes of its answers, GitLab by those of a client of it:
what is read is called so there, and what our servers of the tests answer is of these types.
"""

import re
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from servers import _present
from source_yards import Yard, _graph, gitlab, microsoft365
from source_yards._answers import Server
from source_yards._typed import Types
from source_yards.github import Hub
from trapstreet.core.model.objects import Mark, Ref
from trapstreet.plugins.sources import _gitlab_pushes
from trapstreet.plugins.sources import _graph_answers as read_of_graph
from trapstreet.plugins.sources import gitlab as gitlab_source

pytestmark = pytest.mark.system
_FILES = Path(__file__).parents[2] / ".cache/apis"
GRAPH = {
    r"/v1.0/sites/getAllSites": "Site",
    r"/v1.0/sites/[^/]+/sites": "Site",
    r"/v1.0/sites/[^/]+:/.*": "Site",
    r"/v1.0/(sites|users)/[^/]+/drives": "Drive",
    r"/v1.0/drives/[^/]+/root/delta": "DriveItem",
    r"/v1.0/drives/[^/]+/items/[^/]+": "DriveItem",
    r"/v1.0/drives/[^/]+/items/[^/]+/permissions": "Permission",
}
GITLAB = {
    r"/(groups|users)/[^/]+/projects|/projects": "ProjectSchema",
    r"/projects/[^/]+/repository/tree": "RepositoryTreeSchema",
    r"/projects/[^/]+/repository/compare": "RepositoryCompareSchema",
    r"/projects/[^/]+/events": "EventSchema",
    r"/search": "BlobSchema",
    r"/snippets/public": "SnippetSchema",
}
_READ_OF_GITLAB: list[tuple[Any, str]] = [
    (_gitlab_pushes.Project, "ProjectSchema"),
    (gitlab_source._Entry, "RepositoryTreeSchema"),
    (gitlab_source._Snippet, "SnippetSchema"),
    (gitlab_source._Found, "BlobSchema"),
    (_gitlab_pushes._Event, "EventSchema"),
    (_gitlab_pushes._Comparison, "RepositoryCompareSchema"),
]
_NOT_THERE = ".push_data"
"""What GitLab documents ("Events API"), and these types leave out."""


@pytest.fixture
def graph() -> Types:
    return _present(_types_of_graph)


@pytest.fixture
def lab() -> Types:
    return _present(_types_of_gitlab)


@cache
def _types_of_graph() -> Types | None:
    return Types(_FILES / "graph.d.ts") if _FILES.exists() else None


@cache
def _types_of_gitlab() -> Types | None:
    return Types(_FILES / "gitlab.d.ts") if _FILES.exists() else None


def test_what_is_read_of_graph_is_called_as_microsoft_calls_it(graph: Types) -> None:
    for kind in set(GRAPH.values()):
        ours = read_of_graph.Item if kind == "DriveItem" else getattr(read_of_graph, kind)
        assert graph.unknown(ours, kind) == []
    assert graph.wrong(dict.fromkeys(read_of_graph.ASKED.split(",")), "DriveItem") == []


def test_what_is_read_of_gitlab_is_called_as_others_know_it(lab: Types) -> None:
    assert [each for ours, kind in _READ_OF_GITLAB for each in lab.unknown(ours, kind)] == [_NOT_THERE]


def test_our_server_answers_what_microsofts_types_allow(
    graph: Types, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with closing(microsoft365.Here(request, tmp_path)) as yard:
        below = f"{yard.url}/below"
        yard.cloud.sites[below] = [_graph.Drive("b!below", f"{below}/Documents")]
        yard.cloud.users["anna@acme.example"] = [_graph.Drive("b!anna", "https://acme.example/personal/anna")]
        shared = {"id": "1", "roles": ["read"], "link": {"scope": "anonymous", "type": "view"}}
        given = {"id": "2", "roles": ["read"], "grantedToV2": {"siteUser": {"loginName": "anna"}}}
        for path in ("gone.csv", "team/open.csv"):
            made = yard.drive.put(path, b"x", shared={"scope": "users"})
            yard.drive.permissions[made] = [{**shared, "hasPassword": True}, given]
        yard.remove("gone.csv")
        said: list[tuple[str, Any]] = []
        server = recorded(_graph._Handler, said, cloud=yard.cloud)
        here = yard.at(server.port)
        looked_at(yard, here)
        looked_at(yard, here | {"url": "https://acme.sharepoint.com"})
        looked_at(yard, here | {"url": "https://acme.sharepoint.com", "user": ("anna@acme.example",)})
        server.close()
        del yard.cloud.sites[below], yard.cloud.users["anna@acme.example"]
    assert answered(graph, GRAPH, [each for each in said if each[0].startswith("/v1.0/")]) == []


def test_our_server_answers_what_types_of_gitlab_allow(
    lab: Types, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    yard, hub = gitlab.Here(request, tmp_path), Hub()
    name, now = f"{yard.group}/app", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    hub.repositories[name] = {"dumps/a b.csv": hub.kept(b"decoy@trap.example")}
    hub.pushed[name] = now
    push = {"action": "pushed", "ref_type": "branch", "ref": "main", "commit_from": "a", "commit_to": "b"}
    hub.events = [{"id": 1, "project_id": 0, "created_at": now, "push_data": push}]
    hub.changes[name, "a...b"] = {"c.csv": hub.kept(b"pushed")}
    hub.gists["x"] = [{"id": 7, "web_url": "https://lab.example/-/snippets/7", "updated_at": now}]
    hub.blobs["7"] = b"x"
    said: list[tuple[str, Any]] = []
    server = recorded(gitlab._Handler, said, hub=hub)
    here = yard.at(server.port)
    everywhere = here | {"url": "gitlab://", "search": ("decoy@",), "new_snippets": True, "pushes": True}
    looked_at(yard, here | {"pushes": True})
    looked_at(yard, everywhere)
    server.close()
    assert answered(lab, GITLAB, said) == ["[].push_data is unknown"]
    assert [wrong for target in hub.asked for wrong in unknown_to_gitbeaker(target)] == []


def unknown_to_gitbeaker(target: str) -> list[str]:
    """What is wrong with a request to GitLab: a path that its client does not ask, or a parameter without a
    member of that name in any of its options."""
    path, _, query = target.removeprefix("/").partition("?")
    code = (_FILES / "gitlab.mjs").read_text()
    ways = [re.sub(r"\$\{[^}]+\}", "[^/]*", each) for each in re.findall(r"[`\"]([\w/${}]+)[`\"]", code)]
    options = (_FILES / "gitlab.d.ts").read_text()
    camel = {name: re.sub(r"_(\w)", lambda found: found[1].upper(), name) for name, _ in parse_qsl(query)}
    wrong = [] if any(re.fullmatch(way, path) for way in ways) else [target]
    return wrong + [name for name, there in camel.items() if not re.search(rf"\b{there}\??:", options)]


def recorded(handler: type[Any], said: list[tuple[str, Any]], **held: Any) -> Server:
    """A server of the tests; said: the paths that were asked for, and what was answered, of JSON."""

    class Recorded(handler):
        def say(self, status: int, answer: Any, headers: Any = None) -> None:
            if status == 200:
                said.append((urlsplit(self.path).path, answer))
            super().say(status, answer, headers)

    return Server(Recorded, **held)


def looked_at(yard: Yard, settings: dict[str, Any]) -> None:
    with closing(yard.source(settings)) as source:
        *found, mark = source.list("")
        for each in found:
            if isinstance(each, Ref):
                source.open(each).close()
    assert isinstance(mark, Mark)


def answered(types: Types, kinds: dict[str, str], said: list[tuple[str, Any]]) -> list[str]:
    """What is wrong with answers, of which there has to be one of each kind."""
    wrong, met = set(), set()
    for path, answer in said:
        kind = next(kind for way, kind in kinds.items() if re.fullmatch(way, path))
        found = answer["value"] if isinstance(answer, dict) and "value" in answer else answer
        met |= {kind} if found else set()
        wrong |= {*types.wrong(found, f"{kind}[]" if isinstance(found, list) else kind)}
    assert met == set(kinds.values())
    return sorted(wrong)
