"""The watch on PostgreSQL: two watchers at a time find everything once."""

import threading
from collections.abc import Iterator
from secrets import token_hex

import pytest
from django.db import connections, transaction

from desk import Desk
from servers import postgres_url
from trapstreet.app.watching import Watcher
from trapstreet.app.workspace import Workspace
from trapstreet.store import disconnect, watching
from trapstreet.store.leases import clock
from trapstreet.store.models import Alert, Case, SeenObject, Snapshot, WatchedSource
from watched import health, leak, once, registered, watched

__all__ = ["postgres_url"]

pytestmark = pytest.mark.server("postgresql")


@pytest.fixture
def desk(desk: Desk, postgres_url: str) -> Iterator[Desk]:
    """A desk whose workspace is on PostgreSQL."""
    import psycopg

    name, base = f"watch_{token_hex(4)}", desk.folder / "postgresql"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    made = Desk(base, desk.capsys)
    base.mkdir()
    url = f"{postgres_url.rpartition('/')[0]}/{name}"
    kit = ("--kit", base / "kit.txt", "--kit-confirmed")
    assert made.run("init", made.workspace, "--keys", base / "keys", "--database", url, *kit) == 0, made.err
    yield made
    disconnect()


@pytest.mark.slow
def test_two_watchers_find_everything_once(desk: Desk) -> None:
    registered(desk)
    for number in range(12):
        share = watched(desk, f"share-{number:02}")
        (share / "a\x1b\n.txt").write_text("nothing\n")
        if number % 4 == 0:
            (share / "list.csv").write_text(leak(number // 4, number // 4 + 1))
    workspace = Workspace.open(desk.workspace)
    ids = [each.id for each in watching.sources()]
    ended: list[str] = []
    watchers = [
        Watcher(workspace, holder=name, say=lambda _: None, ended=lambda each: ended.append(each.name))
        for name in ("one", "two")
    ]

    def look(watcher: Watcher) -> None:
        watcher.once(ids, threads=3)
        connections.close_all()

    threads = [threading.Thread(target=look, args=(each,)) for each in watchers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(ended) == {f"share-{number:02}" for number in range(12)}
    assert Alert.objects.filter(kind="finding").count() == 3
    assert (SeenObject.objects.count(), SeenObject.objects.filter(found=1).count()) == (15, 3)

    assert once(desk)["share-00"]["read"] == 0
    (desk.folder / "share-00" / "list.csv").unlink()
    assert once(desk)["share-00"]["gone"] == 1
    assert health(desk, "share-00")["objects"] == 1
    desk.do("watch", "remove", "share-00")
    assert SeenObject.objects.count() == 13


def test_whoever_writes_to_some_sources_is_not_waited_for_by_who_renews_them_all(desk: Desk) -> None:
    for name in ("one", "two"):
        watched(desk, name)
    at = clock()
    first, second = watching.claim("watcher 1", at=at, most=1), watching.claim("watcher 2", at=at, most=1)
    renewed = threading.Thread(target=_renew, args=(at + 1,))
    with transaction.atomic():
        WatchedSource.objects.filter(id=first[0].id).update(quick=False)
        renewed.start()
        renewed.join(20)
        assert not renewed.is_alive(), "it waits for the first source"
        WatchedSource.objects.filter(id=second[0].id).update(quick=False)
    until = dict(WatchedSource.objects.values_list("id", "leased_until"))
    assert until == {first[0].id: at + watching.LASTS, second[0].id: at + 1 + watching.LASTS}
    watching.renew("watcher", at=at + 2)
    assert {*WatchedSource.objects.values_list("leased_until", flat=True)} == {at + 2 + watching.LASTS}


def _renew(at: int) -> None:
    watching.renew("watcher", at=at)
    connections.close_all()


def test_what_was_read_before_a_data_set_came_is_found_and_told_once(desk: Desk) -> None:
    share = watched(desk, "share")
    (share / "list.csv").write_text(leak(0, 1))
    (share / "gone.csv").write_text(leak(2, 3))
    (share / "other.txt").write_text("someone@elsewhere.example\n")
    once(desk)
    (share / "gone.csv").unlink()
    registered(desk)
    found = once(desk, status=1)["share"]
    assert (found["read"], found["findings"]) == (1, 2)
    assert Alert.objects.filter(kind="finding").count() == 2
    assert once(desk)["share"]["findings"] == 0
    assert not SeenObject.objects.filter(recalled__isnull=False).exists()


@pytest.mark.slow
def test_what_is_found_is_kept_traced_and_destroyed_in_time(desk: Desk) -> None:
    registered(desk)
    share = watched(desk, "share")
    (share / "list.csv").write_text(leak(0, 1))
    once(desk, "share", status=1)
    desk.do("work", "--once")
    shown = desk.json("case", "show", "k1")
    assert len(shown["snapshots"]) == len(shown["traces"]) == 1
    out = desk.folder / "out.csv"
    desk.do("case", "evidence", "k1", "--out", out, "--reason", "for counsel")
    assert out.read_text() == leak(0, 1)
    desk.do("baseline", "add", "old", out)
    desk.do("case", "close", "k1")
    Case.objects.update(closed_at=1)
    Snapshot.objects.update(taken_at=1)
    desk.do("work", "--once")
    assert not list((desk.workspace / "evidence").iterdir())


def test_a_control_record_proves_a_source_and_a_copy_of_it_is_told(desk: Desk) -> None:
    share, other = watched(registered(desk), "share"), watched(desk, "other")
    desk.do("watch", "control", "share", "--as", "list.csv")
    once(desk)
    assert health(desk, "share")["proof"]["state"] == "proven"
    assert not Alert.objects.exists()
    (other / "stolen.csv").write_bytes((share / "list.csv").read_bytes())
    assert once(desk, status=1)["other"]["findings"] == 1
    desk.do("watch", "remove", "share")
    assert not (share / "list.csv").exists()
