"""GitHub: an owner's files, gists, and what a search of all code finds."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from source_yards.github import Here
from trapstreet.core.model.errors import AccessDenied, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.core.ports import Source
from trapstreet.plugins.sources import Later, source_of


@pytest.fixture
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Here]:
    yard = Here(request, tmp_path)
    left = yard.hub.left
    yield yard
    yard.hub.left = left
    yard.hub.gists.clear()


def texts(source: Source, cursor: str = "") -> tuple[list[bytes], Mark]:
    *found, mark = source.list(cursor)
    assert isinstance(mark, Mark)
    read = []
    for each in found:
        if isinstance(each, Ref):
            with source.open(each) as file:
                read.append(file.read())
    return read, mark


def test_only_repositories_that_were_pushed_to_are_asked_again(yard: Here) -> None:
    yard.put("a.txt", b"a")
    other = f"{yard.owner}/old"
    yard.hub.repositories[other] = {"old.txt": yard.hub.kept(b"old")}
    yard.hub.pushed[other] = "2026-10-01T00:00:00Z"
    with closing(yard.source()) as source:
        read, mark = texts(source)
        assert read == [b"a", b"old"]
        assert mark == Mark("2026-11-01T00:00:00Z", whole=True)
        yard.put("a.txt", b"anew")
        yard.hub.pushed[f"{yard.owner}/app"] = "2026-11-02T00:00:00Z"
        yard.hub.asked.clear()
        read, mark = texts(source, mark.cursor)
    assert read == [b"anew"]
    assert mark == Mark("2026-11-02T00:00:00Z")
    assert not [each for each in yard.hub.asked if "/old/" in each]


def test_a_search_finds_files_of_anybody_once_and_says_what_it_does_not_show(yard: Here) -> None:
    stranger = {f"{n}.csv": yard.hub.kept(b"decoy@trap.example %d" % n) for n in range(1003)}
    yard.hub.repositories["stranger/leak"] = stranger
    token = yard.options["token_file"]
    settings = {"url": "github://", "api": yard.options["api"], "token_file": token}
    try:
        with closing(yard.source(settings | {"search": ["decoy@trap.example", "@trap.example"]})) as source:
            found = list(source.list(""))
            refs = [each for each in found if isinstance(each, Ref)]
            assert len(refs) == len({each.path for each in refs}) == 1000
            assert {each.readers for each in refs} == {"everybody"}
            with source.open(refs[7]) as file:
                assert file.read().startswith(b"decoy@trap.example")
            assert ["1,003" in each.why for each in found if isinstance(each, Unread)] == [True, True]
    finally:
        del yard.hub.repositories["stranger/leak"]


def gist(yard: Here, number: int, updated: str, content: bytes) -> dict[str, Any]:
    raw = f"{yard.options['api']}/raw/{yard.hub.kept(content)}"
    return {
        "html_url": f"https://hub.example/gists/{number}",
        "updated_at": updated,
        "public": True,
        "files": {"dump.csv": {"raw_url": raw, "size": len(content)}},
    }


def test_gists_of_an_owner_and_those_of_everybody_are_read_as_they_appear(yard: Here) -> None:
    yard.hub.gists = {
        yard.owner: [gist(yard, 1, "2026-11-10T00:00:00Z", b"own")],
        "stranger": [gist(yard, 2, "2026-11-11T00:00:00Z", b"strange")],
    }
    with closing(yard.source()) as source:
        assert texts(source) == ([b"own"], Mark("2026-11-10T00:00:00Z", whole=True))
    settings = {"url": "github://", "api": yard.options["api"], "new_gists": True}
    with closing(yard.source(settings)) as source:
        read, mark = texts(source)
        assert read == [b"strange", b"own"]
        assert mark == Mark("2026-11-11T00:00:00Z")
        yard.hub.gists["stranger"].append(gist(yard, 3, "2026-11-12T00:00:00Z", b"newer"))
        read, mark = texts(source, mark.cursor)
        assert read == [b"newer", b"strange"]
        assert mark == Mark("2026-11-12T00:00:00Z")


def test_a_gist_whose_file_lies_at_a_router_is_not_fetched(yard: Here) -> None:
    evil = gist(yard, 4, "2026-11-10T00:00:00Z", b"x")
    evil["files"] = {"a": {"raw_url": "http://192.168.0.1/"}, "b": {"raw_url": "https://192.168.0.1/"}}
    yard.hub.gists = {yard.owner: [evil]}
    with closing(yard.source()) as source:
        found = list(source.list(""))
        assert [each.path for each in found if isinstance(each, Unread)] == [evil["html_url"]]
        (ref,) = (each for each in found if isinstance(each, Ref))
        with pytest.raises(OSError):
            source.open(ref)


def test_when_the_requests_of_an_hour_are_used_up_it_waits(yard: Here) -> None:
    yard.put("a.txt", b"a")
    yard.hub.left = 2
    with closing(yard.source()) as source, pytest.raises(Later) as asked:
        list(source.list(""))
    assert 0 < asked.value.seconds <= 3900


def test_who_searches_without_a_token_or_for_nothing_hears_so(yard: Here) -> None:
    api = yard.options["api"]
    for settings in (
        {"url": "github://"},
        {"url": "github://", "search": ["x"]},
        {"url": "github://a/b/c"},
    ):
        with pytest.raises(UnusableInput) as refused:
            source_of("github", settings | {"api": api}, folder=Path(), where="here")
        assert refused.value.hint
    with closing(yard.source(next(yard.strangers()))) as source, pytest.raises(AccessDenied):
        list(source.list(""))
