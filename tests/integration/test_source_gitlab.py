"""GitLab: a group's files, snippets, and what a search of all code finds."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from source_yards.gitlab import Here
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Mark, Ref
from trapstreet.core.ports import Source
from trapstreet.plugins.sources import Later, source_of


@pytest.fixture
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Here]:
    yard = Here(request, tmp_path)
    left = yard.hub.left
    yield yard
    yard.hub.left = left
    yard.hub.gists.clear()
    yard.hub.events.clear()
    yard.hub.changes.clear()
    yard.hub.pushed.clear()


def refs_of(source: Source, cursor: str = "") -> tuple[list[Ref], Mark]:
    *found, mark = source.list(cursor)
    assert isinstance(mark, Mark)
    return [each for each in found if isinstance(each, Ref)], mark


def read(source: Source, ref: Ref) -> bytes:
    with source.open(ref) as file:
        return file.read()


def test_files_of_projects_that_every_colleague_sees_are_told_so(yard: Here) -> None:
    yard.put("a/b.csv", b"a")
    with closing(yard.source()) as source:
        (ref,), mark = refs_of(source)
    assert ref.readers == "everybody who has an account"
    assert mark == Mark("", whole=True)


def test_a_search_finds_files_of_anybody_once(yard: Here) -> None:
    for number in range(150):
        yard.put(f"dumps/{number}.csv", b"decoy@trap.example %d" % number)
    settings = {"url": "gitlab://", "api": yard.options["api"], "token_file": yard.options["token_file"]}
    with closing(yard.source(settings | {"search": ["decoy@trap.example", "@trap.example"]})) as source:
        refs, _ = refs_of(source)
        assert len(refs) == len({each.path for each in refs}) == 150
        assert {read(source, each) for each in refs} == {
            b"decoy@trap.example %d" % number for number in range(150)
        }


def test_new_snippets_are_read_as_they_appear(yard: Here) -> None:
    def snippet(content: bytes, updated: str) -> dict[str, Any]:
        number = int(yard.hub.kept(content)[:12], 16)
        yard.hub.blobs[str(number)] = content
        return {"id": number, "web_url": f"https://lab.example/-/snippets/{number}", "updated_at": updated}

    yard.hub.gists = {"": [snippet(b"first", "2026-11-10T00:00:00.000Z")]}
    settings = {"url": "gitlab://", "api": yard.options["api"], "new_snippets": True}
    with closing(yard.source(settings)) as source:
        refs, mark = refs_of(source)
        assert [read(source, each) for each in refs] == [b"first"]
        yard.hub.gists[""] += [
            snippet(b"second", "2026-11-11T00:00:00.000Z"),
            snippet(b"before", "2026-11-09T00:00:00.000Z"),
        ]
        refs, mark = refs_of(source, mark.cursor)
        assert [read(source, each) for each in refs] == [b"second", b"first"]
    assert mark == Mark("2026-11-11T00:00:00.000Z")


def ago(**span: float) -> str:
    at = datetime.now(UTC) - timedelta(**span)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def push(yard: Here, at: str, files: dict[str, bytes], **data: str | None) -> None:
    """Somebody pushes to a branch."""
    name, number = f"{yard.group}/app", len(yard.hub.events)
    told: dict[str, str | None] = {"action": "pushed", "ref_type": "branch", "ref": "fix"}
    told |= {"commit_from": f"{number:040x}", "commit_to": f"{number + 1:040x}"} | data
    span = f"{told['commit_from'] or 'main'}...{told['commit_to']}"
    yard.hub.changes[name, span] = {path: yard.hub.kept(content) for path, content in files.items()}
    project = [*yard.hub.repositories].index(name)
    event = {"id": number, "project_id": project, "action_name": "pushed to", "created_at": at}
    yard.hub.events.insert(0, event | {"push_data": told})
    yard.hub.pushed[name] = at


def test_what_is_pushed_to_any_branch_is_read_and_what_it_takes_away(yard: Here) -> None:
    yard.put("main.txt", b"main")
    push(yard, ago(days=9), {"old.csv": b"old"})
    push(yard, ago(hours=3), {"dir/new #1.csv": b"new", "gone.csv": b"taken away"})
    push(yard, ago(hours=2), {"branch.csv": b"made"}, action="created", commit_from=None)
    push(yard, ago(hours=1), {}, action="removed", commit_to=None)
    with closing(yard.source(yard.settings() | {"pushes": True})) as source:
        refs, mark = refs_of(source)
        assert {each.path.rpartition("/")[2]: read(source, each) for each in refs} == {
            "main.txt": b"main",
            "branch.csv": b"made",
            "new%20%231.csv": b"new",
            "gone.csv": b"taken away",
        }
        assert not mark.whole
        push(yard, ago(minutes=1), {"latest.csv": b"latest"})
        refs, _ = refs_of(source, mark.cursor)
        assert {read(source, each) for each in refs} >= {b"main", b"latest"}
        assert not {read(source, each) for each in refs} & {b"made", b"new"}


def test_what_everybody_pushes_is_read_and_quiet_projects_are_not_asked(yard: Here) -> None:
    yard.put("main.txt", b"all that was pushed first")
    push(yard, ago(hours=3), {}, action="created", ref="main", commit_from=None)
    other = f"{yard.group}/quiet"
    yard.hub.repositories[other] = {"x": yard.hub.kept(b"x")}
    yard.hub.pushed[other] = ago(days=30)
    settings = {"url": "gitlab://", "api": yard.options["api"], "pushes": True}
    with closing(yard.source(settings)) as source:
        refs, mark = refs_of(source)
        assert [read(source, each) for each in refs] == [b"all that was pushed first"]
        push(yard, ago(minutes=10), {"next.csv": b"next"})
        yard.hub.asked.clear()
        refs, _ = refs_of(source, mark.cursor)
        assert b"next" in {read(source, each) for each in refs}
    quiet = [*yard.hub.repositories].index(other)
    assert not [each for each in yard.hub.asked if each.startswith(f"/projects/{quiet}/")]


def test_a_push_that_is_told_late_is_not_lost(yard: Here) -> None:
    settings = {"url": "gitlab://", "api": yard.options["api"], "pushes": True}
    push(yard, ago(seconds=5), {"a.csv": b"a"})
    with closing(yard.source(settings)) as source:
        _, mark = refs_of(source)
        push(yard, ago(seconds=30), {"late.csv": b"late"})
        yard.hub.events.sort(key=lambda each: str(each["created_at"]), reverse=True)
        refs, _ = refs_of(source, mark.cursor)
        assert {read(source, each) for each in refs} == {b"a", b"late"}


def test_when_the_requests_that_are_granted_are_used_up_it_waits(yard: Here) -> None:
    yard.put("a.txt", b"a")
    yard.hub.left = 1
    with closing(yard.source()) as source, pytest.raises(Later) as asked:
        refs_of(source)
    assert asked.value.seconds > 0


def test_who_searches_without_a_token_or_for_nothing_hears_so(yard: Here) -> None:
    for settings in ({"url": "gitlab://"}, {"url": "gitlab://", "search": ["x"]}, {"url": "gitlab://a/../b"}):
        with pytest.raises(UnusableInput) as refused:
            source_of("gitlab", settings | {"api": yard.options["api"]}, folder=Path(), where="here")
        assert refused.value.hint
