"""Workers killed while they tell, a receiver that fails: every alert arrives. On SQLite and PostgreSQL."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from couriers import Unreliable, killed_while_they_deliver, troubles, webhook
from offices import Office
from servers import postgres_url
from trapstreet.app.alarming import raise_trouble
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.notice import Severity
from trapstreet.store import cases, disconnect
from trapstreet.store.models import Alert, Case, Delivery

__all__ = ["postgres_url"]

ALERTS = 30
MICROSECONDS = 1_000_000


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.server("postgresql"), pytest.mark.slow])]
)
def folder(request: pytest.FixtureRequest, office: Office) -> Path:
    """A workspace on either database."""
    if request.param == "sqlite":
        return office.init()
    import psycopg

    server = request.getfixturevalue("postgres_url")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS alerts_test WITH (FORCE)")
        connection.execute("CREATE DATABASE alerts_test")
    url = f"{server.rpartition('/')[0]}/alerts_test"
    office.run("init", "ws", "--database", url, "--kit", office.folder / "k.txt", "--kit-confirmed")
    return office.folder / "ws"


@pytest.fixture
def receiver() -> Iterator[Unreliable]:
    made = Unreliable(seed=7)
    yield made
    made.close()


@pytest.mark.slow
def test_all_alerts_arrive_though_workers_are_killed_and_the_receiver_fails(
    folder: Path, receiver: Unreliable
) -> None:
    webhook(folder, receiver.port)
    workspace = Workspace.open(folder)
    troubles(workspace, ALERTS)
    killed_while_they_deliver(workspace, kills=5, seed=7)
    assert receiver.alerts.keys() == {f"a{each.id}" for each in Alert.objects.all()}
    assert len(receiver.alerts) == ALERTS
    assert all(len(messages) == 1 for messages in receiver.alerts.values()), "told under two ids"
    assert Delivery.objects.filter(state=cases.SENT).count() == ALERTS


@pytest.mark.slow
def test_several_who_claim_at_once_get_different_messages_and_whole_ones(folder: Path) -> None:
    webhook(folder, 9)
    workspace = Workspace.open(folder)
    troubles(workspace, 30)
    Delivery.objects.filter(id__gt=15).update(bundle="digest")
    claimed: list[cases.Message] = []
    at = time.time_ns() // 1_000

    def claim() -> None:
        from django.db import connection

        misses = 0
        while misses < 20:
            found = cases.claim(
                ["siem"], holder="x", at=at, until=at + 60 * MICROSECONDS, ring=workspace.ring
            )
            claimed.extend([found] if found else [])
            misses += found is None
            time.sleep(0 if found else 0.005)
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    told = Counter(number for message in claimed for number in message.ids)
    assert set(told.values()) == {1}
    assert len(told) == 30
    (digest,) = [message for message in claimed if len(message.ids) > 1]
    assert len(digest.ids) == len(digest.notices) == 15


def test_a_message_whose_worker_died_is_somebody_elses_when_the_lease_is_over(folder: Path) -> None:
    webhook(folder, 9)
    workspace = Workspace.open(folder)
    troubles(workspace, 1)
    at = time.time_ns() // 1_000

    def claim(later: int) -> cases.Message | None:
        now = at + later * MICROSECONDS
        return cases.claim(["siem"], holder="x", at=now, until=now + 60 * MICROSECONDS, ring=workspace.ring)

    first = claim(0)
    assert first is not None
    assert claim(59) is None
    again = claim(61)
    assert again is not None
    assert (again.key, again.notices) == (first.key, first.notices)
    cases.sent(first, at=at)
    cases.failed(again, holder="x", error="late", due_at=at, dead=False)
    assert claim(200) is None


def test_several_who_raise_at_once_raise_each_alert_once_in_one_case(folder: Path) -> None:
    workspace = Workspace.open(folder)
    raised: list[bool] = []

    def trouble() -> None:
        from django.db import connection

        raised.extend(
            raise_trouble(workspace, f"{n}", severity=Severity.HIGH, headline="x", happened=(), steps=())
            for n in range(5)
        )
        connection.close()

    threads = [threading.Thread(target=trouble) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(raised) == Alert.objects.count() == Case.objects.count() == 5
    disconnect()
