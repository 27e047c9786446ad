"""Ways by which an alert could be lost, be put off, or hold up all others: none is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alarms import AT, CURL, FIREFOX, Receiver, heard, seconds_from_now, web, with_routes
from desk import Desk, workspace_in
from people import read_csv
from trapstreet.app import alarming, delivering
from trapstreet.app.alarming import deliver, raise_alerts
from trapstreet.app.workspace import Workspace
from trapstreet.cases import alerts, raise_alert, read_route
from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.hit import Hit
from trapstreet.core.model.notice import Severity
from trapstreet.store import cases, uses
from trapstreet.store.models import Alert, Case, Delivery, Incident
from working import customers, owning, planted_addresses, token

MINUTE, DAY = 60_000_000, 86_400_000_000


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


def facts(alert: Alert, workspace: Workspace) -> dict[str, str]:
    return dict(cases.notice_of(alert, workspace.ring).facts)


def crowd(workspace: Workspace) -> Alert:
    """The alert for many parties."""
    return Alert.objects.get(source__endswith=" crowd")


def test_of_hundreds_of_networks_the_first_have_an_alert_each_and_the_others_are_counted_in_one(
    desk: Desk, receiver: Receiver
) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, *(web(page, address=f"198.51.{each}.7", at=AT + each) for each in range(205)))
    assert raise_alerts(workspace) == 31
    assert (Incident.objects.count(), Alert.objects.count()) == (205, 31)
    assert facts(crowd(workspace), workspace)["parties"] == "175"
    again = [web(page, address=f"198.51.{network}.8", at=AT + MINUTE) for network in range(100, 235)]
    heard(workspace, desk, *again)
    assert raise_alerts(workspace) == 0
    assert Alert.objects.count() == 31
    said = cases.notice_of(crowd(workspace), workspace.ring)
    counted = dict(said.facts)
    assert (counted["parties"], counted["hits"]) == ("205", "310")
    assert said.at == AT + MINUTE
    assert said.headline == (
        "205 further networks visited the web address of the breadcrumb p1 (the url's shelf)"
    )


def test_what_one_of_many_does_that_is_worse_is_told(desk: Desk, receiver: Receiver) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, *(web(page, address=f"198.51.{network}.7") for network in range(40)))
    raise_alerts(workspace)
    deliver(workspace, holder="x", at=seconds_from_now(0))
    before = len(receiver.told)
    last = Incident.objects.order_by("-id")[0]
    Incident.objects.filter(id=last.id).update(named=True, changed=10**6)
    assert raise_alerts(workspace) == 1
    deliver(workspace, holder="x", at=seconds_from_now(0))
    assert crowd(workspace).severity == Severity.CRITICAL
    ((_, notices),) = receiver.told[before:]
    assert notices[0].id == f"a{crowd(workspace).id}"


def test_parties_that_come_one_a_day_have_an_alert_each(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    monkeypatch.setattr(alarming, "_ALONE", 2)
    for day in range(4):
        monkeypatch.setattr(alarming, "clock", lambda day=day: seconds_from_now(day * 86_400 + 60))
        heard(workspace, desk, web(page, address=f"198.51.{day}.7", at=AT + day * 86_400_000_000))
        assert raise_alerts(workspace) == 1
    assert not Alert.objects.filter(source__endswith=" crowd").exists()


def test_a_flood_on_one_decoy_keeps_the_first_use_of_another_waiting_for_one_look(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    owning(desk)
    (_, flooded_page), (quiet, quiet_page) = token(desk, "url"), token(desk, "url")
    workspace = with_routes(desk, "desk")
    monkeypatch.setattr(alarming, "_AT_ONCE", 50)
    heard(workspace, desk, *(web(flooded_page, address=f"198.51.{network}.7") for network in range(200)))
    asked = []

    def goes_on() -> bool:
        asked.append(Alert.objects.filter(case__subject__startswith=quiet).count())
        if len(asked) == 1:
            heard(workspace, desk, web(quiet_page))
        return len(asked) < 3

    raise_alerts(workspace, goes_on)
    assert asked == [0, 1, 1]
    assert Incident.objects.filter(changed__isnull=False).count() == 100
    assert raise_alerts(workspace) == 0
    assert facts(crowd(workspace), workspace)["parties"] == "170"


def test_what_a_look_asks_of_the_registry_does_not_grow_with_the_networks(
    desk: Desk, receiver: Receiver
) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk", "oncall")
    asked = []
    for networks in (range(40), range(40, 50), range(50, 250)):
        heard(workspace, desk, *(web(page, address=f"198.51.{network}.7") for network in networks))
        with CaptureQueriesContext(connection) as queries:
            raise_alerts(workspace)
        asked.append(len(queries))
    assert asked[2] == asked[1] < asked[0]


def test_an_incident_that_changes_while_it_is_looked_at_is_looked_at_again(
    desk: Desk, receiver: Receiver
) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, web(page))
    (read,) = uses.waiting(Incident.objects.get().owner, 10)
    heard(workspace, desk, web(page, at=AT + 1))
    uses.settle([read])
    assert len(uses.owners_waiting()) == 1


def test_an_incident_that_changes_after_somebody_else_raised_its_alert_is_looked_at_again(
    desk: Desk, receiver: Receiver
) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, web(page))
    read = uses.waiting(Incident.objects.get().owner, 10)
    assert raise_alerts(workspace) == 1
    heard(workspace, desk, web(page, at=AT + 1))
    uses.settle(read)
    assert len(uses.owners_waiting()) == 1


def test_what_was_heard_late_and_is_worse_than_its_closed_case_is_told(
    desk: Desk, receiver: Receiver
) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    now = seconds_from_now(0)
    heard(workspace, desk, web(page, headers=CURL, at=now))
    raise_alerts(workspace)
    desk.do("case", "close", "k1", "--why", "our own scan")
    heard(workspace, desk, web(page, headers=CURL, address="203.0.113.9", at=now))
    assert raise_alerts(workspace) == 0
    heard(workspace, desk, web(page, address="203.0.113.10", at=now))
    assert raise_alerts(workspace) == 1
    assert Alert.objects.get(case=2).severity > Alert.objects.get(case=1).severity


def test_what_a_party_did_before_its_case_was_closed_is_told_where_it_is_heard_after_a_later_use_and_is_worse(
    desk: Desk, receiver: Receiver
) -> None:
    desk = Desk(workspace_in(desk.folder / "own"), desk.capsys)  # by whose keys the decoy has a rare name
    owning(desk)
    table = customers(desk, 900)
    desk.do("plant", "customers", "--decoys", 20)
    first, second, *_ = planted_addresses(desk, table)
    (who,) = (row["name"] for row in read_csv(table) if row["email"] == second)
    workspace = with_routes(desk, "desk")
    start = seconds_from_now(0)
    heard(workspace, desk, mail(first, start))
    raise_alerts(workspace)
    desk.do("case", "close", "k1", "--why", "our own test")
    heard(workspace, desk, mail(first, start + 2 * DAY))
    raise_alerts(workspace)
    (before,) = Alert.objects.filter(case=2)
    named = mail(second, start + 1, body=f"Dear {who}".encode())
    heard(workspace, desk, named)
    assert raise_alerts(workspace) == 1
    after = Alert.objects.get(id=before.id)
    assert (before.severity, after.severity) == (Severity.MEDIUM, Severity.CRITICAL)
    heard(workspace, desk, mail(first, start + 2 * DAY + 1))
    assert raise_alerts(workspace) == 0
    said = " ".join(cases.notice_of(Alert.objects.get(id=before.id), workspace.ring).happened)
    assert "The message or call names the persona" in said


def test_what_was_judged_in_an_earlier_case_does_not_make_a_later_use_worse(
    desk: Desk, receiver: Receiver
) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    start = seconds_from_now(0)
    for days, headers in enumerate((FIREFOX, CURL, CURL)):
        heard(workspace, desk, web(page, headers=headers, at=start + 2 * days * DAY))
        raise_alerts(workspace)
        Case.objects.filter(closed_at__isnull=True).update(closed_at=start + (2 * days + 1) * DAY)
    found = Alert.objects.order_by("case").values_list("severity", flat=True)
    assert list(found) == [Severity.HIGH, Severity.MEDIUM, Severity.MEDIUM]


def test_after_an_acknowledgement_what_is_new_is_told_at_once(desk: Desk, receiver: Receiver) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    for network in (1, 2):
        heard(workspace, desk, web(page, address=f"198.51.{network}.7"))
        raise_alerts(workspace)
        assert deliver(workspace, holder="x", at=seconds_from_now(1)).sent == int(network == 1)
    desk.do("alert", "ack", "k1")
    heard(workspace, desk, web(page, address="198.51.3.7"))
    raise_alerts(workspace)
    assert deliver(workspace, holder="x", at=seconds_from_now(1)).sent == 2
    assert sorted(receiver.alerts) == ["a1", "a2", "a3"]


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

    def broken(workspace: Workspace, subject: alarming._Subject, whom: uses.Whom) -> alerts.NewAlert | None:
        if whom.owner.startswith(poor):
            raise ZeroDivisionError
        return judged(workspace, subject, whom)

    monkeypatch.setattr(alarming, "_sighted", broken)
    workspace = with_routes(desk, "desk")
    now = seconds_from_now(5)
    heard(workspace, desk, web(poor_page, at=now))
    heard(workspace, desk, web(good_page, at=now + 1))
    raise_alerts(workspace)
    said = {alert.kind: alert.case.subject for alert in Alert.objects.select_related("case")}
    assert said["trouble"].startswith(f"trouble unjudged {poor}")
    assert said["sighting"].startswith(good)


def test_joint_evidence_that_cannot_be_worked_out_holds_up_no_alert(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = token(owning(desk), "url")[1]
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, web(page))
    monkeypatch.setattr("trapstreet.app.weighing.joint_evidence", lambda *_: {}["damaged"])
    raise_alerts(workspace)
    assert sorted(Alert.objects.values_list("kind", flat=True)) == ["sighting", "trouble"]


def test_a_worker_whose_clock_was_ahead_holds_no_message_for_ever(desk: Desk, receiver: Receiver) -> None:
    workspace = with_routes(desk, "desk")
    start = seconds_from_now(0)
    raised(workspace, "a", Severity.HIGH, start)
    Delivery.objects.update(leased_until=start + 365 * 24 * 60 * MINUTE, leased_by="gone")
    assert deliver(workspace, holder="x", at=start + MINUTE).sent == 1
