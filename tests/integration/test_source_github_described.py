"""GitHub as it describes itself (OpenAPI): what is asked, and what our server of the tests answers, is in its
description; the answers that it shows there are read.
"""

from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from servers import PASSWORD, _present
from source_yards._answers import Answering, Server
from source_yards._described import Description
from source_yards.github import Handler, Hub
from trapstreet.core.model.objects import Mark, Ref
from trapstreet.core.ports import Source
from trapstreet.plugins.sources import source_of

pytestmark = pytest.mark.system
_FILE = Path(__file__).parents[2] / ".cache/apis/github.json"
_HELLO = "https://github.com/octocat/Hello-World/blob"
_FILES = [f"{_HELLO}/master/file.rb", f"{_HELLO}/master/exec_file"]
_GISTS = ["https://gist.github.com/aa5a315d61ae9438b18d/hello_world.rb"]
_PUSHED = [f"{_HELLO}/6dcb09b5b57875f334f61aebed695e2e4193db5e/file1.txt"]
_FOUND = [
    "https://github.com/jquery/jquery/blob/825ac3773694e0cd23ee74895fd5aeb535b27da4/src/attributes/classes.js"
]
SHOWN: list[tuple[dict[str, Any], list[str]]] = [
    ({"url": "github://octocat"}, _FILES + _GISTS),
    ({"url": "github://octocat", "pushes": True}, _FILES + _GISTS + _PUSHED),
    ({"url": "github://", "search": ("addClass",)}, _FOUND),
    ({"url": "github://", "new_gists": True}, _GISTS),
    ({"url": "github://", "pushes": True}, _PUSHED),
]
"""What is looked at, and what is found in the examples that GitHub shows."""
MODES = [mode for mode, _ in SHOWN]


@pytest.fixture
def described() -> Description:
    return _present(_description_of_github)


@cache
def _description_of_github() -> Description | None:
    return Description(_FILE) if _FILE.exists() else None


class Recorded(Handler):
    """said: what was asked for, and what was answered, of JSON."""

    said: list[tuple[str, int, Any]]

    def say(self, status: int, answer: Any, headers: Any = None) -> None:
        self.said.append((self.path, status, answer))
        super().say(status, answer, headers)


class Published(Answering):
    """Answers what the description shows, or only what it promises of that."""

    described: Description
    least: bool

    def do_GET(self) -> None:
        shown = self.described.example(self.path)
        if self.described.asked(self.path) or shown is None:
            return self.say(404, {})
        return self.say(200, self.described.least(self.path, shown) if self.least else shown)


def test_what_is_asked_and_what_our_server_answers_is_as_github_describes_it(
    described: Description, tmp_path: Path
) -> None:
    hub, said = filled(), list[tuple[str, int, Any]]()
    server = Server(Recorded, hub=hub, said=said)
    try:
        for mode in MODES:
            with closing(source(mode, server, tmp_path)) as looking:
                *found, mark = looking.list("")
                assert any(isinstance(each, Ref) for each in found), mode
                assert isinstance(mark, Mark)
                list(looking.list(mark.cursor))
    finally:
        server.close()
    assert [wrong for target in hub.asked for wrong in described.asked(target)] == []
    answers = {(target, str(answer)): (target, answer) for target, status, answer in said if status == 200}
    assert [wrong for told in answers.values() for wrong in described.answered(*told)] == []
    kinds = "compare commits trees search gists events".split()
    assert [each for each in kinds if not any(f"/{each}" in target for target, _ in answers)] == []


@pytest.mark.parametrize(("mode", "paths"), SHOWN, ids=str)
def test_the_answers_that_github_shows_are_read(
    described: Description, mode: dict[str, Any], paths: list[str], tmp_path: Path
) -> None:
    server = Server(Published, described=described, least=False)
    with closing(source(mode, server, tmp_path)) as looking:
        found = list(looking.list(""))
    server.close()
    assert [each.path for each in found if isinstance(each, Ref)] == paths


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_an_answer_of_no_more_than_github_promises_ends_no_listing(
    described: Description, mode: dict[str, Any], tmp_path: Path
) -> None:
    server = Server(Published, described=described, least=True)
    with closing(source(mode, server, tmp_path)) as looking:
        *_, mark = looking.list("")
    server.close()
    assert isinstance(mark, Mark)


def filled() -> Hub:
    """An owner's repositories, gists and pushes."""
    hub, name = Hub(), "octocat/app"
    sha = hub.kept(b"addClass")
    hub.repositories = {name: {"a b.csv": sha}, "octocat/none": {}}
    files = {"c.csv": {"raw_url": "https://gist.example/c.csv", "size": 8}}
    hub.gists["octocat"] = [
        {
            "html_url": "https://hub.example/1",
            "updated_at": "2026-11-10T00:00:00Z",
            "public": True,
            "files": files,
        }
    ]
    told: list[tuple[str, dict[str, Any]]] = [
        ("PushEvent", {"before": "0" * 40, "head": "1" * 40, "ref": "refs/heads/main"}),
        ("PushEvent", {"before": "1" * 40, "head": "2" * 40, "ref": "refs/heads/main"}),
        ("CreateEvent", {"ref": "fix", "ref_type": "branch", "master_branch": "main"}),
        ("PublicEvent", {}),
    ]
    for number, (kind, payload) in enumerate(told):
        repo = {"id": 1, "name": name}
        hub.events.append({"id": str(number), "type": kind, "repo": repo, "payload": payload, "public": True})
    for span in (f"commits/{'1' * 40}", f"compare/{'1' * 40}...{'2' * 40}", "compare/main...fix"):
        hub.changes[name, span] = {"d.csv": sha}
    return hub


def source(mode: dict[str, Any], server: Server, folder: Path) -> Source:
    token = folder / "token"
    token.write_text(PASSWORD)
    token.chmod(0o600)
    settings = {**mode, "api": f"http://127.0.0.1:{server.port}", "token_file": str(token)}
    return source_of("github", settings, folder=folder, where="here")
