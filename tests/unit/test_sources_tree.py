"""Folders on a server: each once, in an order in which a listing can go on, whatever the server says."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trapstreet.core.model.errors import AccessDenied, Unreachable
from trapstreet.core.model.objects import Mark, Ref, Unread
from trapstreet.plugins.sources import Changed, _tree
from trapstreet.plugins.sources._flow import exactly, paced
from trapstreet.plugins.sources._tree import Entry, walk
from tries import tries

Tree = dict[str, Any]


class Held:
    """A server that holds a tree: a dict is a folder, an OSError what listing one raises, else a version."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.asked: list[str] = []

    def look(self, path: str) -> Entry:
        if isinstance(self.tree, OSError):
            raise self.tree
        return Entry("", folder=isinstance(self.tree, dict), version=str(self.tree))

    def entries(self, path: str) -> Iterable[Entry]:
        self.asked.append(path)
        here = self.tree
        for name in filter(None, path.split("/")):
            here = here[name]
        if isinstance(here, OSError):
            raise here
        for name, each in reversed(here.items()):
            yield each if isinstance(each, Entry) else _entry(name, each)

    def shown(self, path: str) -> str:
        return f"x://{path}"


def _entry(name: str, each: Any) -> Entry:
    return Entry(
        name, folder=isinstance(each, dict | OSError), version="" if isinstance(each, dict) else str(each)
    )


def listed(tree: Any, cursor: str = "") -> list[Ref | Unread | Mark]:
    return list(walk(Held(tree), cursor))


def names(found: Iterable[Ref | Unread | Mark]) -> list[str]:
    return [each.path.removeprefix("x://") for each in found if not isinstance(each, Mark)]


def test_files_come_before_the_folders_beside_them_and_all_by_name() -> None:
    found = listed({"z": 1, "b": {"y": 1, "c": {"x": 1}}, "a": 1, "b.txt": 1})
    assert names(found) == ["a", "b.txt", "z", "b/y", "b/c/x"]
    assert found[-1] == Mark("", whole=True)


def test_a_location_that_is_one_file_is_that_file() -> None:
    assert listed(7) == [Ref("x://", "7"), Mark("", whole=True)]


def test_a_location_that_is_not_there_or_closed_says_so() -> None:
    with pytest.raises(Unreachable, match="there is none"):
        listed(FileNotFoundError())
    with pytest.raises(AccessDenied):
        listed(PermissionError())


def test_a_folder_that_cannot_be_listed_is_named_with_why_and_the_others_go_on() -> None:
    found = listed({"a": PermissionError(), "b": {"c": 1}, "d": FileNotFoundError()})
    assert found[:3] == [
        Unread("x://a", "permission denied"),
        Ref("x://b/c", "1"),
        Unread("x://d", "there is none"),
    ]


def test_names_that_are_none_are_said_and_never_followed() -> None:
    found = listed({"..": {"x": 1}, ".": {"x": 1}, "a/b": {"x": 1}, "": 1, "nul\0": 1, "ok": 1})
    assert sorted(names(each for each in found if isinstance(each, Unread))) == ["", "a/b", "nul\0"]
    assert names(each for each in found if isinstance(each, Ref)) == ["ok"]


def test_folders_in_themselves_end_and_are_said() -> None:
    loop: Tree = {"file": 1, "other": 2}
    loop["again"] = loop["more"] = loop
    held = Held(loop)
    found = list(walk(held, ""))
    assert len(held.asked) < 40
    assert any(isinstance(each, Unread) and "loop" in each.why for each in found)


def test_folders_of_one_name_within_each_other_are_no_loop() -> None:
    tree: Tree = {"end.txt": 1}
    for _ in range(10):
        tree = {"backup": tree}
    assert names(listed(tree)) == ["/".join(["backup"] * 10 + ["end.txt"])]


def test_a_folder_64_deep_is_looked_into_and_one_deeper_is_said() -> None:
    tree: Tree = {"end": 1}
    for number in range(66):
        tree = {f"d{number}": tree, f"f{number}": 1}
    found = listed(tree)
    assert sum(isinstance(each, Ref) for each in found) == 65
    assert [each.why for each in found if isinstance(each, Unread)] == ["more than 64 folders deep"]


def test_of_a_folder_with_too_many_entries_the_rest_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tree, "MOST", 3)
    found = listed({str(number): 1 for number in range(5)})
    assert len([each for each in found if isinstance(each, Ref)]) == 3
    assert [each.why for each in found if isinstance(each, Unread)] == [
        "it holds more than 3 entries; the rest is not read"
    ]


trees = st.recursive(
    st.integers(0, 9),
    lambda inner: st.dictionaries(
        st.sampled_from(["a", "a.b", "b", "%", "ä", "\udcff", "c d"]), inner, max_size=4
    ),
    max_leaves=25,
)


@settings(max_examples=tries(150), deadline=None)
@given(tree=st.dictionaries(st.sampled_from("abc"), trees, max_size=3), data=st.data())
def test_from_every_mark_a_listing_goes_on_with_what_had_not_come(tree: Tree, data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_tree, "_PER_MARK", 1)
        whole = listed(tree)
        marks = [number for number, each in enumerate(whole) if isinstance(each, Mark)]
        number = data.draw(st.sampled_from(marks))
        mark = whole[number]
        assert isinstance(mark, Mark)
        assert mark.cursor.isascii()
        if mark.cursor:
            assert listed(tree, mark.cursor) == whole[number + 1 :]


def test_a_listing_that_goes_on_looks_only_at_the_folders_above(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tree, "_PER_MARK", 1)
    tree = {letter: {inner: {"x": 1} for inner in "pqr"} for letter in "abcde"}
    held = Held(tree)
    assert names(walk(held, "/d/q")) == ["d/r/x", "e/p/x", "e/q/x", "e/r/x"]
    assert held.asked == ["", "d", "d/q", "d/r", "e", "e/p", "e/q", "e/r"]


def test_exactly_as_many_bytes_come_as_were_promised() -> None:
    assert b"".join(exactly([b"ab", b"cd"], 4, more=False)) == b"abcd"
    assert b"".join(exactly([b"ab", b"cd"], 3, more=True)) == b"abc"
    assert b"".join(exactly([b"ab"], None, more=False)) == b"ab"
    came = []
    with pytest.raises(Changed):
        came.extend(exactly([b"ab", b"cd"], 3, more=False))
    assert came == [b"ab", b"c"]


def test_a_server_that_crawls_is_given_up_and_a_slow_reader_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def crawl(seconds: float) -> Iterator[bytes]:
        while True:
            now[0] += seconds
            yield b"x"

    crawling = crawl(59.0)
    with pytest.raises(TimeoutError, match="less than 100"):
        list(paced(lambda: next(crawling)))
    quick = crawl(0.001)
    for _, _ in zip(paced(lambda: next(quick)), range(100), strict=False):
        now[0] += 1000.0
