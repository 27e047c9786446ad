"""Ways by which an alert could be lost, be put off, or hold up all others: none is."""

import pytest

from alarms import Receiver, heard, seconds_from_now, web, with_routes
from desk import Desk
from trapstreet.app import alarming, delivering
from trapstreet.app.alarming import deliver, raise_alerts
from trapstreet.app.workspace import Workspace
from trapstreet.cases import alerts, raise_alert, read_route
from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.hit import Hit
from trapstreet.core.model.notice import Severity
from trapstreet.sightings import Joint
from trapstreet.store import cases, uses
from trapstreet.store.models import Alert, Delivery, Incident
from working import customers, owning, planted_addresses, token

MINUTE = 60_000_000


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """What every route tells."""
    there = Receiver()
    monkeypatch.setattr(delivering, "notifier_of", lambda *_, **__: there)
    return there


def raised(workspace: Workspace, source: str, severity: Severity, at: int, **rules: str) -> None:
    """An alert in a case that several have, by the route `desk` with these rules."""
    new = alerts.NewAlert(
        subject="p1-abcdefghij",
        sort="bait",
        source=source,
        kind="sighting",
        severity=severity,
        at=at,
        begun=at,
        headline=source,
        happened=(),
    )
    route, _ = read_route("desk", {"kind": "fake", **rules})
    with cases.raising():
        raise_alert(new, [route], ring=workspace.ring, at=at)


def mail(name: str, at: int, *headers: bytes, body: bytes = b"Hello") -> Hit:
    facts = (("mail-from", b"<a@else.example>"), *(("header", each) for each in headers), ("body", body))
    return Hit("smtp", at, "198.51.100.7", 25, (name,), facts)


def test_what_was_told_together_is_told_again_whichever_of_it_was_due_first(
    desk: Desk, receiver: Receiver
) -> None:
    workspace = with_routes(desk, "desk")
    start = seconds_from_now(0)
    raised(workspace, "a", Severity.MEDIUM, start)
    deliver(workspace, holder="x", at=start)
    raised(workspace, "b", Severity.MEDIUM, start + MINUTE)  # waits for an hour
    raised(workspace, "c", Severity.HIGH, start + 2 * MINUTE)  # goes at once, and takes b along
    receiver.failing = Unreachable("away", hint="")
    assert deliver(workspace, holder="x", at=start + 2 * MINUTE).failed == 2
    receiver.failing = None
    assert deliver(workspace, holder="x", at=start + 3 * MINUTE).sent == 2
    assert [[each.headline for each in told] for _, told in receiver.told] == [["a"], ["c", "b"]]


def test_a_part_of_a_message_that_is_retried_alone_leaves_the_rest_to_be_retried(
    desk: Desk, receiver: Receiver
) -> None:
    workspace = with_routes(desk, "desk")
    start = seconds_from_now(0)
    raised(workspace, "a", Severity.MEDIUM, start)
    deliver(workspace, holder="x", at=start)
    for name in ("b", "c"):
        raised(workspace, name, Severity.HIGH, start + MINUTE)
    receiver.failing = Unreachable("away", hint="")
    deliver(workspace, holder="x", at=start + 70 * MINUTE)
    deliver(workspace, holder="x", at=start + 5 * 86_400_000_000)
    assert cases.states() == {"desk": {"sent": 1, "dead": 2}}
    receiver.failing = None
    for name in ("b", "c"):
        cases.revive([Alert.objects.get(source__endswith=f" {name}").id], at=start)
        assert deliver(workspace, holder="x", at=start + 5 * 86_400_000_000).sent == 1


def test_a_critical_alert_does_not_wait_for_the_digest_of_milder_ones(desk: Desk, receiver: Receiver) -> None:
    workspace = with_routes(desk, 'desk digest = "5d"')
    start = seconds_from_now(0)
    raised(workspace, "a", Severity.CRITICAL, start, digest="5d")
    deliver(workspace, holder="x", at=start)
    raised(workspace, "b", Severity.MEDIUM, start + MINUTE, digest="5d")
    raised(workspace, "c", Severity.CRITICAL, start + 2 * MINUTE, digest="5d")
    assert Delivery.objects.get(alert__source__endswith=" c").due_at <= start + 61 * MINUTE


def test_of_hundreds_of_networks_that_come_at_once_each_is_alerted_of(desk: Desk, receiver: Receiver) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, *(web(page, address=f"198.51.{network}.7") for network in range(205)))
    raise_alerts(workspace)
    assert (Incident.objects.count(), Alert.objects.count()) == (205, 205)


def test_a_further_decoy_used_by_a_known_party_is_told_although_its_case_was_closed(
    desk: Desk, receiver: Receiver
) -> None:
    table = customers(owning(desk))
    desk.do("plant", "customers", "--decoys", 20)
    first, second, third, *_ = planted_addresses(desk, table)
    workspace = with_routes(desk, "desk")
    now = seconds_from_now(0)
    heard(workspace, desk, mail(first, now), mail(second, now))
    raise_alerts(workspace)
    desk.do("case", "close", "k1", "--why", "our own test")
    later = seconds_from_now(1)
    heard(workspace, desk, mail(first, later))
    assert raise_alerts(workspace) == 0
    heard(workspace, desk, mail(third, later + 1))
    assert raise_alerts(workspace) == 1


HOSTILE = {
    "parameters": (b"Content-Type: multipart/mixed; boundary*=a; boundary*0=b", b"--a--"),
    "digits": (
        b"Content-Type: multipart/mixed; boundary=a",
        b"--a\r\nContent-Type: multipart/mixed; boundary*" + b"9" * 5000 + b"*=x\r\n\r\nhi\r\n--a--",
    ),
    "charset": (b"Content-Type: multipart/mixed; boundary*=ut\x00f''abc", b"--abc\r\n\r\nhi\r\n--abc--"),
    "brackets": (b"From: " + b"(" * 2000, b"Hello"),
}
"""A header and a body, for which the standard library raises TypeError, ValueError and RecursionError."""


def test_a_mail_made_to_break_its_reader_holds_up_nothing(desk: Desk, receiver: Receiver) -> None:
    table = customers(owning(desk))
    desk.do("plant", "customers", "--decoys", 20)
    news = ("--used-for", "news", "--until", "2099-01-01", "--sender", "news.example")
    desk.do("decoy", "expect", "p1", *news)
    names = planted_addresses(desk, table)
    workspace = with_routes(desk, "desk")
    now = seconds_from_now(5)
    for at, (header, body) in enumerate(HOSTILE.values()):
        heard(workspace, desk, mail(names[at], now + at, header, body=body))
    assert Incident.objects.count() == len(HOSTILE)
    assert raise_alerts(workspace) > 0


def test_a_use_that_cannot_be_judged_is_told_and_holds_up_no_other(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    owning(desk)
    (poor, poor_page), (good, good_page) = token(desk, "url"), token(desk, "url")
    judged = alarming._sighted

    def broken(workspace: Workspace, group: uses.Group, joint: Joint) -> alerts.NewAlert | None:
        if group[0].startswith(poor):
            raise ZeroDivisionError
        return judged(workspace, group, joint)

    monkeypatch.setattr(alarming, "_sighted", broken)
    workspace = with_routes(desk, "desk")
    now = seconds_from_now(5)
    heard(workspace, desk, web(poor_page, at=now))
    heard(workspace, desk, web(good_page, at=now + 1))
    raise_alerts(workspace)
    said = {alert.kind: alert.case.subject for alert in Alert.objects.select_related("case")}
    assert said["trouble"].startswith(f"trouble unjudged {poor}")
    assert said["sighting"].startswith(good)


def test_a_worker_whose_clock_was_ahead_holds_no_message_for_ever(desk: Desk, receiver: Receiver) -> None:
    workspace = with_routes(desk, "desk")
    start = seconds_from_now(0)
    raised(workspace, "a", Severity.HIGH, start)
    Delivery.objects.update(leased_until=start + 365 * 24 * 60 * MINUTE, leased_by="gone")
    assert deliver(workspace, holder="x", at=start + MINUTE).sent == 1
