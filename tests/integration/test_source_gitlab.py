"""GitLab: a group's files, snippets, and what a search of all code finds."""

from collections.abc import Iterator
from contextlib import closing
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
