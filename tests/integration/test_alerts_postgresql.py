"""Alerts on PostgreSQL: floods are counted there as well, and its clock decides when a message is due."""

import time
from collections.abc import Iterator
from secrets import token_hex

import pytest

from alarms import AT, Receiver, heard, web, with_routes
from couriers import troubles
from desk import Desk
from servers import postgres_url
from trapstreet.app import delivering
from trapstreet.app.alarming import deliver, raise_alerts
from trapstreet.app.workspace import Workspace
from trapstreet.store import cases, disconnect, sightings, uses
from trapstreet.store.leases import clock
from trapstreet.store.models import Alert, Delivery, Heard, Incident
from working import owning, token

__all__ = ["postgres_url"]

pytestmark = pytest.mark.server("postgresql")
HOUR = 3_600.0
DAY = 86_400_000_000


@pytest.fixture
def desk(desk: Desk, postgres_url: str) -> Iterator[Desk]:
    """A desk whose workspace is on PostgreSQL."""
    import psycopg

    name, base = f"alerts_{token_hex(4)}", desk.folder / "postgresql"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    made = Desk(base, desk.capsys)
    base.mkdir()
    url = f"{postgres_url.rpartition('/')[0]}/{name}"
    kit = ("--kit", base / "kit.txt", "--kit-confirmed")
    assert made.run("init", made.workspace, "--keys", base / "keys", "--database", url, *kit) == 0, made.err
    yield made
    disconnect()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """What every route tells."""
    there = Receiver()
    monkeypatch.setattr(delivering, "notifier_of", lambda *_, **__: there)
    return there


def test_what_a_machine_with_a_fast_clock_raises_is_told_at_once_by_one_whose_clock_is_right(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = time.time_ns
    workspace = with_routes(desk, "desk")
    monkeypatch.setattr(time, "time_ns", lambda: right() + int(HOUR * 1e9))
    troubles(workspace, 1)
    monkeypatch.setattr(time, "time_ns", right)
    due = Delivery.objects.get().due_at / 1e6
    assert abs(due - time.time()) < HOUR / 2
    assert deliver(workspace, holder="x", at=clock()).sent == 1


@pytest.mark.slow
def test_a_flood_is_counted_and_what_is_old_forgotten(desk: Desk, receiver: Receiver) -> None:
    page = token(owning(desk), "url")[1]
    workspace: Workspace = with_routes(desk, "desk")
    heard(workspace, desk, *(web(page, address=f"198.51.{each}.7", at=AT + each) for each in range(205)))
    assert raise_alerts(workspace) == 31
    heard(workspace, desk, *(web(page, address=f"198.51.{each}.8", at=AT + 300) for each in range(205)))
    assert raise_alerts(workspace) == 0
    crowd = cases.notice_of(Alert.objects.get(source__endswith=" crowd"), workspace.ring)
    assert {"parties": "175", "hits": "350"}.items() <= dict(crowd.facts).items()
    assert uses.owners_waiting() == {}
    desk.do("case", "close", "k1")
    before = clock() + 400 * DAY
    assert sightings.forget(before=before, most=150, ring=workspace.ring, at=before) == 150
    assert sightings.forget(before=before, most=150, ring=workspace.ring, at=before) == 55
    assert (Incident.objects.count(), Heard.objects.count()) == (0, 0)
