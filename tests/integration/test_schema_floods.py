"""A registry from before floods were counted: what waits for alerts still does, and uses are summed up."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from servers import postgres_url
from trapstreet.core.model.notice import Notice, Severity
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import seal
from trapstreet.store import cases, database

__all__ = ["postgres_url"]


def at(schema: str) -> Any:
    """The models of the connected database as a schema has them, which it has from now on."""
    executor = MigrationExecutor(connection)
    return executor.migrate([("store", schema)]).apps


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.server("postgresql"), pytest.mark.slow])]
)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """The models of a connected, empty registry of the version before."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/registry.sqlite3"
    else:
        url = _new_database(request.getfixturevalue("postgres_url"))
    database.connect(url)
    yield at("0006_cases")
    database.disconnect()


def _new_database(server: str) -> str:
    import psycopg

    name = f"floods_{token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as server_connection:
        server_connection.execute(f"CREATE DATABASE {name}")
    return f"{server.rpartition('/')[0]}/{name}"


def test_incidents_are_summed_up_and_those_that_wait_go_on_waiting(before: Any) -> None:
    old = {name: before.get_model("store", name).objects for name in ("Incident", "Raised", "TakenSegment")}
    for changed, first, score, kinds in (
        (1, 50, 8.0, [["crawler", 2]]),
        (2, 70, -2.0, [["person", 1]]),
        (3, 60, 0.0, [["tool", 1]]),
    ):
        old["Incident"].create(
            token="http p1-abc/0",
            owner="p1-abc",
            party=f"party {changed}",
            first=first,
            last=first + 5,
            count=1,
            kinds=kinds,
            score=score,
            changed=changed,
        )
    old["Raised"].create(name="incidents", upto=2)
    old["TakenSegment"].create(id="0" * 64, number=1)
    new = at("0007_floods")
    incidents, used, taken = (
        new.get_model("store", name).objects.all() for name in ("Incident", "UsedToken", "TakenSegment")
    )
    assert [each.changed for each in incidents.order_by("first")] == [None, 3, None]
    (one,) = used
    assert (one.token, one.owner, one.first) == ("http p1-abc/0", "p1-abc", 50)
    assert (one.counted, one.counted_party, one.somebody) == (60, "party 3", 75)
    assert taken.get().at > 0


def test_tests_of_routes_are_no_alerts_any_more(before: Any) -> None:
    get = before.get_model
    for subject, kind in (("test", "test"), ("p1-abc", "sighting")):
        case = get("store", "Case").objects.create(subject=subject, severity=1, opened_at=1)
        alert = get("store", "Alert").objects.create(
            case=case, source=f"{kind} 1", kind=kind, severity=1, at=1, raised_at=1, content=b"x"
        )
        for state in ("sent", "waiting"):
            get("store", "Delivery").objects.create(
                alert=alert,
                route=f"{kind} {state}",
                reason="new",
                bundle="x",
                state=state,
                due_at=1,
                created_at=1,
                sent_at=7 if state == "sent" else None,
            )
    get = at("0007_floods").get_model
    assert [each.subject for each in get("store", "Case").objects.all()] == ["p1-abc"]
    assert get("store", "Delivery").objects.count() == 2
    assert list(get("store", "RouteTest").objects.values_list("route", "at")) == [("test sent", 7)]


def test_a_message_that_was_tried_before_and_did_not_arrive_is_told(before: Any) -> None:
    ring, get = KeyRing.generate("w" * 16), before.get_model
    notice = Notice("a1", "k1", 1, 1, "trouble", Severity.HIGH, "The spool is damaged", (), "", "", ())
    key, sealing = f"{ring.workspace_id}-1", ring.derive("cases")
    case = get("store", "Case").objects.create(subject="trap", severity=3, opened_at=1)
    alert = get("store", "Alert").objects.create(
        case=case,
        source="k1 damaged",
        kind="trouble",
        severity=3,
        at=1,
        raised_at=1,
        content=seal(sealing, msgspec.msgpack.encode(notice), aad=b"alert k1 damaged"),
    )
    get("store", "Delivery").objects.create(
        id=1,
        alert=alert,
        route="desk",
        reason="new",
        bundle="k1",
        state="waiting",
        message=key,
        attempts=1,
        begun_at=1,
        due_at=1,
        created_at=1,
        content=seal(sealing, msgspec.msgpack.encode([notice]), aad=key.encode()),
    )
    at("0007_floods")
    message = cases.claim(["desk"], holder="x", at=100, until=200, ring=ring)
    assert message is not None
    assert (message.key, [each.headline for each in message.notices]) == (key, ["The spool is damaged"])
