"""Elasticsearch and OpenSearch as others imitate them: what our own server of the tests only assumes."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from source_yards.elasticsearch_noida import Here as Noida
from source_yards.opensearch_osmem import Here as Osmem
from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.objects import Ref, Unread

pytestmark = pytest.mark.system


@pytest.fixture(params=[Noida, Osmem])
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Noida]:
    made: Noida = request.param(request, tmp_path)
    yield made
    made.close()


def test_a_cluster_that_lets_everybody_in_is_told_as_such_the_first_time(yard: Noida) -> None:
    yard.put("open", b"x")
    with closing(yard.source()) as source:
        assert [each.readers for each in source.list("") if isinstance(each, Ref)] == [
            "everybody in the network"
        ]


def test_an_index_has_another_version_when_something_was_done_or_became_visible(yard: Noida) -> None:
    for name in ("grew", "shrank", "changed", "hidden", "stays"):
        yard.put(name, b"x" * 3000)  # three documents
    before = versions(yard)
    asked(yard, "POST", "grew/_doc?refresh=true", {"n": 4})
    (first, *_) = asked(yard, "GET", "shrank/_search")["hits"]["hits"]
    asked(yard, "DELETE", f"shrank/_doc/{quote(first['_id'])}?refresh=true")
    (first, *_) = asked(yard, "GET", "changed/_search")["hits"]["hits"]
    asked(yard, "PUT", f"changed/_doc/{quote(first['_id'])}?refresh=true", {"n": 9})
    asked(yard, "POST", "hidden/_doc", {"n": 4})
    seen, after = found(yard, "hidden"), versions(yard)
    assert [path for path in before if before[path] == after[path]] == [yard.name("stays")]
    asked(yard, "POST", "hidden/_refresh")
    assert found(yard, "hidden") == 4
    assert (versions(yard)[yard.name("hidden")] != after[yard.name("hidden")]) == (seen != 4)


def test_documents_are_read_page_by_page_as_one_moment_has_them(yard: Noida) -> None:
    added(yard, "large", range(2500))
    with closing(yard.source()) as source:
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        with source.open(ref) as file:
            begun = file.read(10)
            added(yard, "large", range(2500, 2600))
            read = [json.loads(line) for line in (begun + file.read()).splitlines()]
    assert sorted(read, key=lambda each: int(each["n"])) == [{"n": n, "name": "José"} for n in range(2500)]


def test_a_closed_index_is_listed_as_unread_and_one_that_is_hidden_is_read(yard: Noida) -> None:
    for name in ("one", "closed"):
        yard.put(name, b"x")
    asked(yard, "POST", "closed/_close")
    assert asked(yard, "PUT", "unseen", {"settings": {"index.hidden": True}})["acknowledged"]
    with closing(yard.source()) as source:
        listed = list(source.list(""))
    assert [each.path for each in listed if isinstance(each, Unread)] == [yard.name("closed")]
    refs = [each.path for each in listed if isinstance(each, Ref)]
    assert refs == [yard.name("one"), yard.name("unseen")]


@pytest.mark.parametrize("yard", [Osmem], indirect=True)  # noida keeps the source all the same
def test_documents_without_their_source_are_said_to_be_unread(yard: Noida) -> None:
    asked(yard, "PUT", "bare", {"mappings": {"_source": {"enabled": False}}})
    added(yard, "bare", range(3))
    with closing(yard.source()) as source:
        (ref,) = (each for each in source.list("") if isinstance(each, Ref))
        with pytest.raises(OSError, match="3 documents are kept without their source"):
            source.open(ref).read()


def test_a_missing_index_is_said(yard: Noida) -> None:
    gone = yard.settings() | {"url": f"http://127.0.0.1:{yard.port}/gone"}
    with pytest.raises(Unreachable, match="no such index"), closing(yard.source(gone)) as source:
        list(source.list(""))


def added(yard: Noida, name: str, numbers: range) -> None:
    head = json.dumps({"index": {"_index": yard.prefix + name}})
    lines = [f"{head}\n{json.dumps({'n': n, 'name': 'José'})}\n" for n in numbers]
    assert not yard.host.ask("POST", "/_bulk?refresh=true", "".join(lines).encode())["errors"]


def asked(yard: Noida, method: str, target: str, wanted: Any = None) -> Any:
    content = None if wanted is None else json.dumps(wanted).encode()
    return yard.host.ask(method, f"/{yard.prefix}{target}", content)


def found(yard: Noida, name: str) -> int:
    """How many documents a search finds."""
    return int(asked(yard, "GET", f"{name}/_search")["hits"]["total"]["value"])


def versions(yard: Noida) -> dict[str, str]:
    with closing(yard.source()) as source:
        return {each.path: each.version for each in source.list("") if isinstance(each, Ref)}
