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
    yard.hub.events.clear()
    yard.hub.changes.clear()
    yard.hub.searches, yard.hub.pause, yard.hub.late = 1 << 30, "", False


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


def test_a_gist_of_more_files_than_are_shown_is_said_to_be_read_in_part(yard: Here) -> None:
    yard.hub.gists = {yard.owner: [gist(yard, 5, "2026-11-10T00:00:00Z", b"x") | {"truncated": True}]}
    with closing(yard.source()) as source:
        found = list(source.list(""))
    assert [each.partly for each in found if isinstance(each, Unread)] == [True]
    assert len([each for each in found if isinstance(each, Ref)]) == 1


def test_a_search_waits_out_the_minute_that_its_requests_are_counted_in(yard: Here) -> None:
    yard.hub.searches = 0
    yard.put("a.txt", b"needle-in-a-search")
    settings = yard.settings() | {"url": "github://", "search": ["needle-in-a-search"]}
    with closing(yard.source(settings)) as source:
        read, _ = texts(source)
    assert read == [b"needle-in-a-search"]


def test_a_search_that_took_too_long_says_that_it_is_not_all(yard: Here) -> None:
    yard.hub.late = True
    yard.put("a.txt", b"needle-in-a-slow-search")
    settings = yard.settings() | {"url": "github://", "search": ["needle-in-a-slow-search"]}
    with closing(yard.source(settings)) as source:
        found = list(source.list(""))
    assert [each.partly for each in found if isinstance(each, Unread)] == [True]
    assert sum(isinstance(each, Ref) for each in found) == 1


def pushed(yard: Here, number: int, files: dict[str, bytes], **payload: str) -> dict[str, Any]:
    """An event, and what may be asked about it."""
    name = f"{yard.owner}/app"
    told = {"before": f"{number - 1:040x}", "head": f"{number:040x}"} | payload
    new = not told["before"].strip("0")
    span = f"commits/{told['head']}" if new else f"compare/{told['before']}...{told['head']}"
    yard.hub.changes[name, span] = {path: yard.hub.kept(content) for path, content in files.items()}
    at = "2026-11-20T10:00:00Z"
    event = {"id": str(number), "type": "PushEvent", "repo": {"id": 1, "name": name}, "payload": told}
    return {**event, "public": True, "created_at": at, "actor": {"login": "x"}}


def test_what_is_pushed_is_read_once_whatever_its_branch_and_a_quiet_round_is_one_request(yard: Here) -> None:
    hub = yard.hub
    hub.events[:0] = [pushed(yard, 1, {"a b.csv": b"new branch"}), pushed(yard, 0xABC, {"b.csv": b"later"})]
    settings = {"url": "github://", "api": yard.options["api"], "pushes": True}
    with closing(yard.source(settings)) as source:
        found = list(source.list(""))
        assert [each.path for each in found if isinstance(each, Ref)] == [
            f"https://hub.example/{yard.owner}/app/blob/{0xABC:040x}/b.csv",
            f"https://hub.example/{yard.owner}/app/blob/commits/{1:040x}/a%20b.csv",
        ]
        read, mark = texts(source)
        assert read == [b"later", b"new branch"]
        assert not mark.whole
        hub.asked.clear()
        assert texts(source, mark.cursor) == ([], mark)
        assert len(hub.asked) == 1
        hub.events.insert(0, pushed(yard, 0xABD, {"c.csv": b"latest"}))
        assert texts(source, mark.cursor)[0] == [b"latest"]


def test_pushes_of_an_owner_are_read_beside_what_its_repositories_hold(yard: Here) -> None:
    yard.put("main.txt", b"main")
    yard.hub.events.append(pushed(yard, 0xA, {"secret.csv": b"on a branch"}))
    with closing(yard.source(yard.settings() | {"pushes": True})) as source:
        read, mark = texts(source)
        assert read == [b"main", b"on a branch"]
        assert texts(source, mark.cursor)[0] == [b"main"]


def test_branches_that_are_made_and_repositories_that_are_opened_are_read(yard: Here) -> None:
    yard.put("all.txt", b"all of it")
    name = f"{yard.owner}/app"
    branch = {"ref": "fix/leak", "ref_type": "branch", "master_branch": "main"}
    yard.hub.changes[name, "compare/main...fix/leak"] = {"x.csv": yard.hub.kept(b"in the branch")}
    made = pushed(yard, 2, {}) | {"type": "CreateEvent", "payload": branch}
    opened = pushed(yard, 3, {}) | {"type": "PublicEvent", "payload": {}}
    tag = pushed(yard, 4, {}) | {"type": "CreateEvent", "payload": branch | {"ref_type": "tag"}}
    gone = pushed(yard, 5, {}) | {"repo": {"name": "gone/app"}}
    yard.hub.events += [gone, tag, opened, made]
    settings = {"url": "github://", "api": yard.options["api"], "pushes": True}
    with closing(yard.source(settings)) as source:
        assert texts(source)[0] == [b"in the branch", b"all of it"]
        assert [each.path for each in source.list("") if isinstance(each, Unread)] == [
            f"{yard.options['api']}/repos/gone/app"
        ]


def test_events_are_not_asked_for_before_github_says(yard: Here) -> None:
    yard.hub.pause = "60"
    settings = {"url": "github://", "api": yard.options["api"], "pushes": True}
    with closing(yard.source(settings)) as source:
        _, mark = texts(source)
        yard.hub.asked.clear()
        assert texts(source, mark.cursor) == ([], mark)
    assert not yard.hub.asked


def test_where_requests_run_out_among_the_pushes_the_next_round_goes_on_behind_them(yard: Here) -> None:
    yard.hub.events += [pushed(yard, 0x100 + n, {f"{n}.csv": b"%d" % n}) for n in reversed(range(50))]
    settings = {"url": "github://", "api": yard.options["api"], "pushes": True}
    yard.hub.left = 31  # one for the events, one for each push
    marks = []
    with closing(yard.source(settings)) as source:
        with pytest.raises(Later):
            marks.extend(each for each in source.list("") if isinstance(each, Mark))
        assert len(marks) == 1
        yard.hub.left = 1 << 30
        rest = [each for each in source.list(marks[0].cursor) if isinstance(each, Ref)]
    assert [each.path.rpartition("/")[2] for each in rest] == [f"{n}.csv" for n in range(20, 50)]


def test_when_more_happened_than_is_shown_it_says_so(yard: Here) -> None:
    settings = {"url": "github://", "api": yard.options["api"], "pushes": True}
    watch = {"type": "WatchEvent", "payload": {"action": "started"}}
    yard.hub.events += [pushed(yard, 7, {}) | watch]
    with closing(yard.source(settings)) as source:
        _, mark = texts(source)
        yard.hub.events[:0] = [pushed(yard, 0x1000 + n, {}) | watch for n in reversed(range(300))]
        found = list(source.list(mark.cursor))
    assert ["more has happened" in each.why for each in found if isinstance(each, Unread)] == [True]


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
