"""Paste sites and other lists in JSON as a source."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hostile_web import HostileWeb, answer
from source_yards.poller import PasteSite
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import _http_ahead, poller, source_of
from trapstreet.plugins.sources._json_paths import at, filled

KEYS = {"items": "data.pastes", "id": "key", "date": "meta.at"}


@pytest.fixture
def site() -> Iterator[PasteSite]:
    made = PasteSite()
    yield made
    made.close()


def test_what_was_there_last_time_is_not_listed_again(site: PasteSite) -> None:
    _publish(site, range(600))
    with _polled(site) as source:
        first = _names(source.list(""))
        cursor = _cursor(source.list(""))
        _publish(site, range(600, 610))
        site.asked.clear()
        assert _names(source.list(cursor)) == [f"p{number}" for number in reversed(range(600, 610))]
        assert site.asked == ["/list?page=1"]
    assert first == [f"p{number}" for number in reversed(range(600))]


def test_as_many_pages_are_read_as_have_something_new(site: PasteSite) -> None:
    _publish(site, range(10))
    with _polled(site) as source:
        cursor = _cursor(source.list(""))
        _publish(site, range(10, 1010))
        assert len(_names(source.list(cursor))) == 1000
        assert not _unread(source.list(cursor))
        assert _names(source.list(_cursor(source.list(cursor)))) == []


def test_more_new_items_than_the_pages_hold_are_said(site: PasteSite) -> None:
    _publish(site, range(10))
    with _polled(site, pages=2) as source:
        cursor = _cursor(source.list(""))
        _publish(site, range(10, 1010))
        assert len(_names(source.list(cursor))) == 500
        assert _unread(source.list(cursor)) == ["more is new than 2 pages hold: what came before is not read"]
        assert not _unread(source.list(""))


def test_an_item_that_was_changed_is_listed_again(site: PasteSite) -> None:
    _publish(site, range(10))
    with _polled(site) as source:
        cursor = _cursor(source.list(""))
        site.pastes["p3"] = (10_000, b"changed")
        assert _names(source.list(cursor)) == ["p3"]


@pytest.mark.slow
def test_the_cursor_of_a_huge_list_stays_small(site: PasteSite) -> None:
    _publish(site, range(5000))
    with _polled(site) as source:
        assert len(_cursor(source.list(""))) < 20_000


def test_items_are_read_several_at_a_time_and_in_turn() -> None:
    together, most, lock = [0], [0], threading.Lock()

    def speak(client: Any, path: str) -> None:
        if path == "/list":
            client.sendall(answer(json.dumps([{"id": number} for number in range(40)]).encode()))
            return
        with lock:
            together[0] += 1
            most[0] = max(most[0], together[0])
        time.sleep(0.05)
        with lock:
            together[0] -= 1
        client.sendall(answer(path.encode()))

    with HostileWeb(speak) as server, _at(f"{server.url}/list", item=f"{server.url}/raw/{{id}}") as source:
        begun = time.monotonic()
        for ref in source.list(""):
            if isinstance(ref, Ref):
                assert _content(source, ref) == f"/raw/{ref.path.rpartition('/')[2]}".encode()
        assert 3 <= most[0] <= _http_ahead.TOGETHER
        assert time.monotonic() - begun < 1.5


def test_what_is_passed_over_and_what_is_long_is_read_when_it_is_asked_for(site: PasteSite) -> None:
    _publish(site, range(40))
    site.pastes["p20"] = (site.pastes["p20"][0], b"x" * (_http_ahead.MOST + 5))
    with _polled(site) as source:
        refs = [each for each in source.list("") if isinstance(each, Ref)]
        del site.pastes["p25"]
        for ref in refs[::5]:
            assert _content(source, ref) == site.pastes[ref.path.rpartition("/")[2]][1]
        assert (
            len(_content(source, next(each for each in refs if each.path.endswith("/p20"))))
            > _http_ahead.MOST
        )
        with pytest.raises(OSError, match="vanished before it was read"):
            source.open(next(each for each in refs if each.path.endswith("/p25")))


def test_an_item_whose_text_comes_with_the_list_is_not_fetched() -> None:
    items = [{"id": 1, "body": {"raw": "mail jane@h.example"}, "user": "jane"}, {"id": 2, "body": {}}]
    with _listing(items) as server:
        with _at(f"{server.url}/list", text="body.raw", link="https://h.example/{user}/{id}") as source:
            ref, unread, _ = source.list("")
            assert isinstance(ref, Ref)
            assert (ref.path, ref.size) == ("https://h.example/jane/1", 19)
            assert _content(source, ref) == b"mail jane@h.example"
            assert "jane@" not in repr(ref)
            assert isinstance(unread, Unread)
            assert unread.why == "nothing is at body.raw"
        assert len(server.asked) == 1


def test_an_item_without_an_address_or_a_text_is_all_that_the_list_says_of_it() -> None:
    with _listing([{"id": "a", "title": "jané", "tags": [1]}]) as server, _at(f"{server.url}/list") as source:
        ref, _ = source.list("")
        assert json.loads(_content(source, ref)) == {"id": "a", "title": "jané", "tags": [1]}


@pytest.mark.parametrize("how", ["path", "token", "header"])
def test_a_list_that_names_its_next_page_is_followed_to_its_end(how: str) -> None:
    def speak(client: Any, path: str) -> None:
        page = int(parse_qs(urlsplit(path).query).get("p", ["0"])[0] or 0)
        items = [{"id": page * 10 + number} for number in range(10)]
        more = page < 3
        following = {"path": f"/list?p={page + 1}", "token": str(page + 1)}.get(how) if more else None
        headers = {"Link": f'</list?p={page + 1}>; rel="next"'} if how == "header" and more else {}
        client.sendall(answer(json.dumps({"all": items, "next": following}).encode(), **headers))

    where = "/list?p={next}" if how == "token" else "/list"
    named = {} if how == "header" else {"next": "next"}
    with HostileWeb(speak) as server, _at(server.url + where, items="all", **named) as source:
        assert len(_names(source.list(""))) == 40
        assert len(server.asked) == 4


def test_only_what_came_since_is_asked_for_where_the_address_says_so() -> None:
    with (
        _listing(
            [{"id": 7, "at": "2026-11-22T10:00:00Z"}, {"id": 9, "at": "2026-11-21T10:00:00Z"}]
        ) as server,
        _at(f"{server.url}/list?since={{since}}", date="at", since="2026-01-01") as source,
    ):
        cursor = _cursor(source.list(""))
        [*source.list(cursor)]
    asked = [each.split(" ")[1] for each in server.asked]
    assert asked == ["/list?since=2026-01-01", "/list?since=2026-11-22T10%3A00%3A00Z"]


def test_a_list_from_the_oldest_to_the_newest_goes_on_where_it_ended() -> None:
    def speak(client: Any, path: str) -> None:
        query = parse_qs(urlsplit(path).query)
        since, page = int(query["since"][0]), int(query["page"][0])
        there = [number for number in range(newest[0]) if number >= since]
        client.sendall(
            answer(json.dumps([{"id": each} for each in there[page * 50 - 50 : page * 50]]).encode())
        )

    newest = [2000]
    where = "/list?since={since}&page={page}"
    with HostileWeb(speak) as server, _at(server.url + where, since="0") as source:
        found = [*source.list("")]
        assert len(_names(found)) == 2000
        newest[0] = 2200
        again = [*source.list(_cursor(found))]
        assert [int(each.split("#")[1]) for each in _names(again)] == [*range(2000, 2200)]


def test_a_server_that_gives_the_same_page_for_ever_is_asked_twice() -> None:
    with _listing([{"id": 1}, {"id": 2}]) as server, _at(f"{server.url}/list?page={{page}}") as source:
        assert len(_names(source.list(""))) == 2
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>words</html>", "the list is no JSON"),
        (b"[" * 100_000, "the list is no JSON"),
        (b'{"a": 1}', "has no list as its answer"),
        (b"\xff\xfe", "the list is no JSON"),
        (b"", "the list is no JSON"),
    ],
)
def test_what_is_no_list_is_an_error_that_says_so(body: bytes, why: str) -> None:
    refused = pytest.raises(UnusableInput, match=why)
    with _saying(body) as server, _at(f"{server.url}/list") as source, refused as caught:
        [*source.list("")]
    assert "words" not in str(caught.value)


def test_items_of_other_shapes_are_unread_and_the_others_go_on() -> None:
    items = [
        None,
        5,
        "text",
        [],
        {},
        {"id": None},
        {"id": {"a": 1}},
        {"id": "../../admin?x=1"},
        {"id": ".."},
        {"id": 1},
    ]
    with _listing(items) as server, _at(f"{server.url}/list", item=f"{server.url}/raw/{{id}}") as source:
        found = [*source.list("")]
    assert _unread(found) == ["an item has nothing at id"] * 7
    assert [each.path.removeprefix(server.url) for each in found if isinstance(each, Ref)] == [
        "/raw/..%2F..%2Fadmin%3Fx%3D1", "/raw/%2E%2E", "/raw/1",
    ]  # fmt: skip


def test_a_next_page_at_another_host_is_refused() -> None:
    def speak(client: Any, _: str) -> None:
        body = {"all": [{"id": 1}], "next": "http://other.example/list"}
        client.sendall(answer(json.dumps(body).encode()))

    refused = pytest.raises(UnusableInput, match="goes on at another host")
    with HostileWeb(speak) as server, _at(f"{server.url}/list", items="all", next="next") as source, refused:
        [*source.list("")]


def test_headers_that_give_access_go_to_the_lists_host_and_stay_in_their_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("X-Key: s3cret\nAuthorization: Bearer t0ken\n")
    (tmp_path / "keys").chmod(0o600)
    with _listing([{"id": 1}]) as server, HostileWeb(lambda c, _: c.sendall(answer(b"a"))) as other:
        options = {"item": f"{other.url}/{{id}}", "headers_file": tmp_path / "keys"}
        with _at(f"{server.url}/list", **options) as source:
            ref, _ = source.list("")
            assert _content(source, ref) == b"a"
    assert "X-Key: s3cret\r\nAuthorization: Bearer t0ken" in server.asked[0]
    assert "s3cret" not in other.asked[0]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"url": "http://h.example/{nonsense}"}, "url has places that are none"),
        ({"url": "http://h.example/", "pages": 0}, "pages"),
        ({"url": "http://h.example/", "item": "nothing/{id}"}, "no web address"),
        ({"url": "http://h.example/", "headers_file": "bad"}, "holds a line that is no header"),
    ],
)
def test_settings_that_do_not_do_are_refused(options: dict[str, Any], why: str, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("no header here")
    (tmp_path / "bad").chmod(0o600)
    with pytest.raises(UnusableInput, match=why) as caught:
        source_of("poller", options, folder=tmp_path, where="here")
    assert "no header here" not in str(caught.value)


def test_a_place_in_an_answer_is_found_and_filled_in_as_one_piece() -> None:
    value = {"a": [{"b": 5}, {"b": True}], "n": None}
    assert (at(value, "a.0.b"), at(value, "a.1.b"), at(value, "a.9.b"), at(value, "n.b"), at(value, "")) == (
        5, True, None, None, value,
    )  # fmt: skip
    assert filled("/{a.0.b}/{id}", {"id": "x/y ü"}, value) == "/5/x%2Fy%20%C3%BC"
    assert filled("/{missing}", {}, value) is None


def _publish(site: PasteSite, numbers: range) -> None:
    site.pastes |= {f"p{number}": (number, f"paste {number}".encode()) for number in numbers}


def _polled(site: PasteSite, **options: Any) -> Any:
    return _at(f"{site.url}/list?page={{page}}", **KEYS, item=f"{site.url}/raw/{{id}}", **options)


@contextmanager
def _at(url: str, **options: Any) -> Iterator[Any]:
    with closing(poller.source(poller.Settings(url=url, **options))) as source:
        yield source


def _listing(items: list[Any]) -> HostileWeb:
    return _saying(json.dumps(items).encode())


def _saying(body: bytes) -> HostileWeb:
    return HostileWeb(lambda client, _: client.sendall(answer(body)))


def _names(found: Any) -> list[str]:
    return [each.path.rpartition("/")[2] for each in found if isinstance(each, Ref)]


def _unread(found: Any) -> list[str]:
    return [each.why for each in found if isinstance(each, Unread)]


def _cursor(found: Any) -> str:
    *_, mark = found
    assert isinstance(mark, Mark)
    assert not mark.whole
    return mark.cursor


def _content(source: Any, ref: Any) -> bytes:
    with source.open(ref) as file:
        return b"".join(iter(lambda: file.read(1 << 20), b""))
