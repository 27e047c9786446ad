"""Elasticsearch and OpenSearch: what changed is read and nothing else, and never less than there is."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from source_yards._elastic import API_KEY
from source_yards.elasticsearch import Here as Elasticsearch
from source_yards.opensearch import Here as OpenSearch
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread


@pytest.fixture(params=[Elasticsearch, OpenSearch])
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Elasticsearch]:
    made: Elasticsearch = request.param(request, tmp_path)
    yield made
    made.cluster.refuses.clear()
    made.cluster.failed, made.cluster.timed_out = 0, False
    made.close()


def test_an_index_has_another_version_when_something_was_done_or_became_visible(yard: Elasticsearch) -> None:
    for name in ("grew", "shrank", "hidden", "stays"):
        yard.put(name, b"x" * 3000)
    before = versions(yard)
    indices = {name: yard.cluster.indices[yard.prefix + name] for name in ("grew", "shrank", "hidden")}
    indices["grew"].index({"n": 4})
    indices["shrank"].delete(0)
    indices["hidden"].index({"n": 4}, refresh=False)
    after = versions(yard)
    assert [path for path in before if before[path] == after[path]] == [yard.name("stays")]
    indices["hidden"].refresh()
    assert versions(yard)[yard.name("hidden")] != after[yard.name("hidden")]


def test_many_documents_are_read_page_by_page_and_the_moment_is_given_back(yard: Elasticsearch) -> None:
    yard.put("large", b"")
    yard.cluster.indices[yard.prefix + "large"].index(*({"n": n, "name": "José"} for n in range(2500)))
    read = content(yard, "large").decode().splitlines()
    assert read == [f'{{"n":{n},"name":"José"}}' for n in range(2500)]
    assert not yard.cluster.kept


def test_an_index_that_is_left_half_read_is_given_back_too(yard: Elasticsearch) -> None:
    yard.put("large", b"x" * 3_000_000)
    with closing(yard.source()) as source:
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        with source.open(ref) as file:
            assert file.read(10)
    assert not yard.cluster.kept


@pytest.mark.parametrize("yard", [Elasticsearch], indirect=True)  # a scroll cannot ask for its page again
def test_documents_that_are_large_are_asked_for_a_few_at_a_time(
    yard: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trapstreet.plugins.sources._elastic.BODY", 50_000)
    yard.put("large", b"x" * 200_000)
    assert content(yard, "large") == yard.reads("large", b"x" * 200_000)
    monkeypatch.setattr("trapstreet.plugins.sources._elastic.BODY", 1000)
    with pytest.raises(OSError, match="a document of more than"):
        content(yard, "large")


def test_shards_that_fail_are_never_silently_less(yard: Elasticsearch) -> None:
    yard.put("half", b"x" * 3000)
    yard.cluster.failed = 1
    with pytest.raises(OSError, match="1 of 2 shards failed"):
        content(yard, "half")
    yard.cluster.failed, yard.cluster.timed_out = 0, True
    with pytest.raises(OSError, match="too long"):
        content(yard, "half")


@pytest.mark.parametrize("status", [429, 500, 503, 403])
def test_a_search_that_is_refused_is_an_index_that_was_not_read(yard: Elasticsearch, status: int) -> None:
    yard.put("refused", b"x")
    yard.cluster.refuses["_search"] = status
    with closing(yard.source()) as source:
        refs = [each for each in source.list("") if isinstance(each, Ref)]
        with pytest.raises(OSError):
            source.open(refs[0])


def test_documents_without_their_source_are_said_to_be_unread(yard: Elasticsearch) -> None:
    yard.put("bare", b"x" * 3000)
    yard.cluster.indices[yard.prefix + "bare"].source = False
    with pytest.raises(OSError, match="3 documents are kept without their source"):
        content(yard, "bare")


def test_where_statistics_may_not_be_seen_all_is_read_each_time(yard: Elasticsearch) -> None:
    yard.put("one", b"x")
    yard.cluster.refuses["docs"] = 403
    assert list(versions(yard).values()) == [""]


def test_closed_and_hidden_indices_are_treated_as_such(yard: Elasticsearch) -> None:
    for name in ("one", "closed"):
        yard.put(name, b"x")
    yard.cluster.indices[yard.prefix + "closed"].status = "closed"
    indices = yard.cluster.indices
    indices[".kibana"] = indices[".ds-logs-1"] = indices[yard.prefix + "one"]
    try:
        with closing(yard.source(yard.settings() | {"url": f"es+http://127.0.0.1:{yard.port}"})) as source:
            *found, end = source.list("")
        assert end == Mark("", whole=True)
        assert [each.path.rpartition("/")[2] for each in found if isinstance(each, Ref)] == [
            ".ds-logs-1",
            f"{yard.prefix}one",
        ]
        assert [each.why for each in found if isinstance(each, Unread)] == [
            "it is closed: open it to have it read"
        ]
        with closing(
            yard.source(yard.settings() | {"url": f"http://127.0.0.1:{yard.port}/.kibana"})
        ) as source:
            assert any(isinstance(each, Ref) for each in source.list(""))
    finally:
        del indices[".kibana"], indices[".ds-logs-1"]


def test_an_api_key_lets_in_and_a_missing_index_is_said(yard: Elasticsearch) -> None:
    yard.put("one", b"x")
    key = {"url": yard.url, "api_key_file": yard.secret("key", API_KEY)}
    with closing(yard.source(key)) as source:
        assert sum(isinstance(each, Ref) for each in source.list("")) == 1
    url = f"http://127.0.0.1:{yard.port}/gone"
    with (
        pytest.raises(Unreachable, match="no such index"),
        closing(yard.source(key | {"url": url})) as source,
    ):
        list(source.list(""))
    with pytest.raises(UnusableInput, match="twice"):
        yard.source(key | yard.options)


def versions(yard: Elasticsearch) -> dict[str, str]:
    with closing(yard.source()) as source:
        return {each.path: each.version for each in source.list("") if isinstance(each, Ref)}


def content(yard: Elasticsearch, name: str) -> bytes:
    with closing(yard.source()) as source:
        refs = {each.path: each for each in source.list("") if isinstance(each, Ref)}
        with source.open(refs[yard.name(name)]) as file:
            return file.read()
