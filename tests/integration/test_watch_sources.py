"""Who looks at which source: several watchers share the work, on SQLite and PostgreSQL alike."""

from collections.abc import Iterator

import pytest

from registries import migrated, registry
from servers import postgres_url
from trapstreet.store import watching
from trapstreet.store.models import SeenObject, WatchedSource
from trapstreet.store.watching import Seen

__all__ = ["migrated", "postgres_url", "registry"]

AT = 1_795_000_000_000_000
_SECOND = 1_000_000


@pytest.fixture(autouse=True)
def _empty(registry: str) -> Iterator[None]:
    SeenObject.objects.all().delete()
    WatchedSource.objects.all().delete()
    yield


def add(name: str, *, due: int = AT, host: str = "", quick: bool = True) -> WatchedSource:
    return WatchedSource.objects.create(
        name=name,
        kind="directory",
        options={"url": name},
        host=host,
        every=600,
        rules={},
        added_at=AT,
        due_at=due,
        quick=quick,
        figures={},
    )


def claimed(holder: str, *, at: int = AT, most: int = 32) -> list[str]:
    return [each.name for each in watching.claim(holder, at=at, most=most)]


def test_a_source_is_one_watchers_until_it_is_given_back_or_left_alone() -> None:
    source = add("a")
    assert claimed("w 1") == ["a"]
    assert claimed("w 2") == []
    assert claimed("w 2", at=AT + watching.LASTS - 1) == []
    assert claimed("w 2", at=AT + watching.LASTS) == ["a"]
    assert not watching.held_by(source, "w 1").exists(), "who was away too long has lost it"
    watching.give_back("w 2")
    assert claimed("w 1") == ["a"]
    watching.renew("w", at=AT + watching.LASTS - 1)
    assert claimed("w 2", at=AT + watching.LASTS) == []
    watching.give_all_back("w")
    assert claimed("v 1") == ["a"]


def test_a_clock_that_was_ahead_puts_no_source_off() -> None:
    a_year = 365 * 86_400 * _SECOND
    add("a", due=AT + a_year)
    add("b", due=AT + 86_400 * _SECOND)  # as long as a source may ask to be left alone
    assert claimed("w 1") == []
    assert watching.bring_forward(AT) == 1
    assert claimed("w 1") == ["a"]


def test_those_that_wait_longest_come_first_and_slow_ones_alone() -> None:
    for number, quick in enumerate((True, True, False, True)):
        add(f"s{number}", due=AT - 10 + number, quick=quick)
    add("later", due=AT + 1)
    assert claimed("w 1", most=2) == ["s0", "s1"]
    assert claimed("w 2") == ["s2"]
    assert claimed("w 3") == ["s3"]
    assert claimed("w 4") == []


def test_of_one_host_two_sources_are_looked_at_at_a_time() -> None:
    for number in range(4):
        add(f"s{number}", host="files.example", quick=False)
    add("here")
    assert [claimed(f"w {number}", most=1) for number in range(3)] == [["s0"], ["s1"], ["here"]]
    assert claimed("w 4", most=1) == []
    watching.give_back("w 0")
    assert claimed("w 4", most=1) == ["s0"]


def seen(name: str, *, state: int = 7, why: str = "", again_at: int | None = None, found: int = 0) -> Seen:
    return Seen(name.encode().ljust(16, b"."), state, name, 5, "everybody", again_at, why, found)


def test_what_was_seen_is_one_row_however_often_it_is_read() -> None:
    source = add("a")
    watching.write(source, [seen("x"), seen("y", why="encrypted", found=2)], at=AT)
    watching.write(source, [seen("x", state=-8, why="denied", again_at=AT + 10)], at=AT + 1)
    row = SeenObject.objects.get(path="x")
    assert (row.state, row.first_at, row.read_at) == (-8, AT, AT + 1)
    assert [*watching.known(source, at=AT)] == [(seen("x").key, -8, False), (seen("y").key, 7, False)]
    assert next(watching.known(source, at=AT + 10))[1] == 0, "it is tried again"
    assert watching.counts() == {source.id: (2, 1)}
    assert watching.holding(source, most=5) == [("y", "everybody", 2)]


def test_what_is_gone_for_long_is_forgotten_and_what_comes_back_is_there() -> None:
    source = add("a")
    watching.write(source, [seen(name) for name in ("in/x", "y", "z")], at=AT)
    keys = [seen(name).key for name in ("in/x", "y", "z")]
    assert watching.mark_gone(source, keys, kept=["in"], at=AT) == 2
    assert watching.mark_gone(source, keys, kept=["in"], at=AT) == 0
    watching.mark_back(source, [seen("y").key])
    assert [gone for *_, gone in watching.known(source, at=AT)] == [False, False, True]
    watching.forget_gone(source, at=AT + watching.KEPT_GONE + 1)
    assert [*SeenObject.objects.order_by("path").values_list("path", flat=True)] == ["in/x", "y"]


def test_removing_a_source_leaves_nothing_of_it() -> None:
    source, other = add("a"), add("b")
    watching.write(source, [seen(f"{number}") for number in range(900)], at=AT)
    watching.write(other, [seen("x")], at=AT)
    watching.remove(source)
    assert [each.name for each in watching.sources()] == ["b"]
    assert SeenObject.objects.count() == 1


def test_texts_are_counted_over_all_that_was_ever_watched() -> None:
    before = watching.tests()
    watching.add_tests(0)
    watching.add_tests(3)
    watching.add_tests(4)
    assert watching.tests() == before + 7
