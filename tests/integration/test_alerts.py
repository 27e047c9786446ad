"""From what was heard to people who are told: once, again when it gets worse, whatever happens on the way."""

import time
from collections.abc import Callable

import pytest

from alarms import AT, CURL, GOOGLEBOT, Receiver, heard, seconds_from_now, web, with_routes
from desk import Desk
from trapstreet.app import delivering
from trapstreet.app.alarming import deliver, raise_alerts, raise_trouble
from trapstreet.app.delivering import Delivered
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.notice import Severity
from trapstreet.plugins.notifiers import Later
from trapstreet.store import cases
from trapstreet.store.models import Alert, Case, Delivery, Incident
from working import owning, token

DAY = 86_400_000_000


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Receiver]:
    """What each route tells, by its name."""
    there: dict[str, Receiver] = {}

    def notifier_of(kind: str, options: object, *, folder: object, where: str) -> Receiver:
        name = where.partition("[notify.")[2].rstrip("]")
        return there.setdefault(name, Receiver())

    monkeypatch.setattr(delivering, "notifier_of", notifier_of)
    for name in ("desk", "oncall", "siem"):
        there[name] = Receiver()
    return there


@pytest.fixture
def page(desk: Desk) -> str:
    """The address of a web breadcrumb, p1."""
    return token(owning(desk), "url")[1]


def round_of(workspace: Workspace, *, later: float = 0.0) -> Delivered:
    raise_alerts(workspace)
    return deliver(workspace, holder="test", at=seconds_from_now(later))


@pytest.mark.slow
def test_a_use_is_told_once_and_what_goes_on_is_not_told_again(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, web(page))
    assert raise_alerts(workspace) == 1
    assert raise_alerts(workspace) == 0
    assert deliver(workspace, holder="x", at=seconds_from_now(0)) == Delivered(1, 0, 0, 0, {"desk": ""})
    heard(workspace, desk, web(page, at=AT + 60_000_000))
    assert round_of(workspace) == Delivered(0, 0, 0, 0)
    ((_, (notice,)),) = receivers["desk"].told
    assert (notice.id, notice.case, notice.severity, notice.reason) == ("a1", "k1", Severity.HIGH, "new")
    assert dict(cases.notice_of(Alert.objects.get(), workspace.ring).facts)["hits"] == "2"


def test_what_gets_worse_is_the_same_alert_told_again_and_needs_a_new_acknowledgement(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, web(page, headers=CURL))
    round_of(workspace)
    desk.do("alert", "ack", "a1", "--by", "Aoife")
    heard(workspace, desk, web(page, at=AT + 1))
    round_of(workspace)
    assert receivers["desk"].alerts == ["a1", "a1"]
    assert receivers["desk"].reasons == ["new", "worse"]
    first, second = (notices[0].severity for _, notices in receivers["desk"].told)
    assert first < second
    assert Alert.objects.get().acknowledged_at is None
    assert len({key for key, _ in receivers["desk"].told}) == 2


def test_automata_alone_are_on_record_and_wake_nobody(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, web(page, headers=GOOGLEBOT, address="66.249.66.1"))
    assert raise_alerts(workspace) == 1
    deliver(workspace, holder="x", at=seconds_from_now(0))
    assert receivers["desk"].told == []
    assert Alert.objects.get().severity == Severity.INFO
    assert desk.json("alert", "list")["alerts"] == []
    assert desk.json("case", "list") == {"cases": [], "hidden": 1}
    assert len(desk.json("case", "list", "--all")["cases"]) == 1


@pytest.mark.slow
def test_many_decoys_of_one_party_are_one_alert_and_several_parties_one_message(
    desk: Desk, receivers: dict[str, Receiver]
) -> None:
    from working import customers, planted_addresses

    owning(desk)
    table = customers(desk)
    desk.do("plant", "customers", "--decoys", 40)
    workspace = with_routes(desk, "desk")
    from trapstreet.core.model.hit import Hit

    addresses = planted_addresses(desk, table)
    facts = (("mail-from", b"<a@else.example>"), ("header", b"Subject: x"), ("body", b"hello"))
    mails = [
        Hit("smtp", AT, f"198.51.{network}.9", 4712, tuple(addresses[:30]), facts)
        for network in (100, 101, 102)
    ]
    heard(workspace, desk, *mails)
    assert Incident.objects.count() == 90
    assert raise_alerts(workspace) == 3
    deliver(workspace, holder="x", at=seconds_from_now(0))
    ((_, notices),) = receivers["desk"].told
    assert {notice.severity for notice in notices} == {Severity.CRITICAL}
    assert "30 decoys of p1" in notices[0].headline
    assert Case.objects.count() == 1


def test_a_case_speaks_at_most_once_an_hour_of_what_is_no_worse(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, web(page))
    round_of(workspace)
    for network in range(1, 5):
        heard(workspace, desk, web(page, address=f"203.0.{network}.7"))
        assert round_of(workspace, later=60).sent == 0
    assert round_of(workspace, later=3_700) == Delivered(4, 0, 0, 0, {"desk": ""})
    assert [len(notices) for _, notices in receivers["desk"].told] == [1, 4]


def test_a_closed_case_stays_closed_until_something_is_new_or_worse(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk")
    now = seconds_from_now(0)
    heard(workspace, desk, web(page, headers=CURL, at=now))
    round_of(workspace)
    desk.do("case", "close", "k1", "--why", "our own scan")
    heard(workspace, desk, web(page, headers=CURL, at=now + 1))
    assert round_of(workspace).sent == 0
    heard(workspace, desk, web(page, headers=CURL, at=now + DAY, address="203.0.113.9"))
    assert round_of(workspace).sent == 1
    assert receivers["desk"].told[-1][1][0].case == "k2"
    shown = desk.json("case", "show", "k2")
    assert shown["case"]["earlier"] == "k1"
    desk.do("case", "close", "k2")
    heard(workspace, desk, web(page, at=now + DAY + 1, address="203.0.113.9"))
    assert round_of(workspace).sent == 1
    assert receivers["desk"].told[-1][1][0].case == "k3"
    assert "was closed before" in desk.refused(2, "case", "close", "k1")


def test_what_fails_is_tried_again_with_the_same_key_and_the_same_words_until_it_arrives(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk")
    desk_receiver = receivers["desk"]
    seen: list[tuple[str, object]] = []
    tell = desk_receiver.tell

    def watched(notices: object, *, key: str) -> None:
        seen.append((key, notices))
        tell(notices, key=key)  # type: ignore[arg-type]

    desk_receiver.tell = watched  # type: ignore[method-assign, assignment]
    desk_receiver.failing = Unreachable("the receiver answers 503", hint="it is tried again")
    heard(workspace, desk, web(page))
    assert round_of(workspace) == Delivered(
        0, 1, 1, 0, {"desk": "the receiver answers 503: it is tried again"}
    )
    assert round_of(workspace, later=1) == Delivered(0, 0, 1, 0)
    heard(workspace, desk, web(page, at=AT + 5))
    assert round_of(workspace, later=6) == Delivered(
        0, 1, 1, 0, {"desk": "the receiver answers 503: it is tried again"}
    )
    listed = desk.json("alert", "list")["alerts"][0]
    assert listed["deliveries"] == {"desk": "waiting"}
    assert "503" in listed["why"]["desk"]
    desk_receiver.failing = None
    assert round_of(workspace, later=40) == Delivered(1, 0, 0, 0, {"desk": ""})
    assert len(seen) == 3
    assert seen[0] == seen[1] == seen[2]


def test_a_receiver_that_asks_for_time_gets_it_and_one_that_refuses_is_tried_more_slowly(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk", "oncall")
    receivers["desk"].failing = Later("busy", seconds=500)
    receivers["oncall"].failing = AccessDenied("wrong password")
    heard(workspace, desk, web(page))
    round_of(workspace)
    due = dict(Delivery.objects.values_list("route", "due_at"))
    assert due["desk"] >= seconds_from_now(490)
    assert due["oncall"] >= seconds_from_now(290)


def test_after_three_days_a_message_is_dead_and_said_to_be_by_the_other_routes(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk", 'oncall only = ["finding"]')
    receivers["desk"].failing = Unreachable("connection refused")
    heard(workspace, desk, web(page))
    round_of(workspace)
    assert round_of(workspace, later=3 * 86_400 - 60).dead == 0
    dead = round_of(workspace, later=3 * 86_400 + 20_000)
    assert (dead.dead, dead.failed) == (1, 1)
    deliver(workspace, holder="x", at=seconds_from_now(3 * 86_400 + 20_010))
    ((_, (notice,)),) = receivers["oncall"].told
    assert "route desk do not arrive" in notice.headline
    assert "NOT TOLD by desk (connection refused)" in desk.do("alert", "list", "--dead")
    receivers["desk"].failing = None
    assert "1 message will be tried again" in desk.do("alert", "retry")
    assert round_of(workspace, later=1).sent == 1
    assert desk.json("alert", "list", "--dead")["alerts"] == []


def test_a_bug_in_a_notifier_costs_its_route_alone_and_shows_no_content(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk", "oncall")
    receivers["desk"].failing = KeyError("198.51.100.7 secret")
    heard(workspace, desk, web(page))
    done = round_of(workspace)
    assert (done.sent, done.failed) == (1, 1)
    error = Delivery.objects.get(route="desk").error
    assert error.startswith("a bug: KeyError in alarms.py line")
    assert "secret" not in error


def test_a_receiver_that_hangs_keeps_no_other_route_waiting_and_no_lock(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    import threading

    workspace = with_routes(desk, "desk", "oncall")
    let_go, told = threading.Event(), threading.Event()
    receivers["desk"].tell = lambda notices, *, key: let_go.wait(60)  # type: ignore[method-assign, assignment, return-value]
    receivers["oncall"].tell = lambda notices, *, key: told.set()  # type: ignore[method-assign, assignment]
    heard(workspace, desk, web(page))
    raise_alerts(workspace)

    def free_it() -> None:
        assert told.wait(60)
        with workspace.writing(wait=5):
            let_go.set()

    helper = threading.Thread(target=free_it)
    helper.start()
    assert deliver(workspace, holder="x", at=seconds_from_now(0)).sent == 2
    helper.join()


def test_quiet_hours_digest_and_kinds_hold_for_their_route_and_critical_passes(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    hour = time.gmtime().tm_hour
    quiet = f'quiet = "{hour:02}:00-{(hour + 2) % 24:02}:00"'
    digest = f'digest = "{(hour + 12) % 24:02}:00"'
    workspace = with_routes(desk, f"desk {quiet}", 'oncall least = "critical"', f"siem {digest}")
    heard(workspace, desk, web(page))
    assert round_of(workspace).sent == 0
    assert round_of(workspace, later=2 * 3_600).sent == 1
    assert (len(receivers["desk"].told), len(receivers["oncall"].told)) == (1, 0)
    Incident.objects.update(named=True, changed=10**6)
    assert round_of(workspace).sent == 3
    assert [len(each.told) for each in receivers.values()] == [2, 1, 1]
    assert receivers["oncall"].told[0][1][0].severity is Severity.CRITICAL


def test_what_nobody_acknowledges_in_time_is_told_by_another_route_once(
    desk: Desk, page: str, receivers: dict[str, Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = with_routes(
        desk, 'desk escalates = "oncall"; after = "30m"', 'oncall least = "critical"; quiet = "00:00-23:59"'
    )
    heard(workspace, desk, web(page))
    round_of(workspace)

    def later(minutes: int) -> Delivered:
        monkeypatch.setattr("trapstreet.app.alarming.clock", lambda: seconds_from_now(60 * minutes))
        return round_of(workspace, later=60 * minutes)

    assert later(29).sent == 0
    assert later(31).sent == 1
    assert later(95).sent == 0
    assert receivers["oncall"].reasons == ["escalated"]
    desk.do("alert", "ack", "a1")
    token(desk, "dns")
    Incident.objects.update(named=True, changed=10**6)
    assert later(96).sent == 2
    desk.do("alert", "ack", "k1")
    assert later(200).sent == 0


def test_a_route_that_is_gone_from_the_settings_is_told_of_and_nothing_is_lost(
    desk: Desk, page: str, receivers: dict[str, Receiver]
) -> None:
    workspace = with_routes(desk, "desk", "oncall")
    heard(workspace, desk, web(page))
    raise_alerts(workspace)
    workspace = with_routes(desk, "desk")
    assert deliver(workspace, holder="x", at=seconds_from_now(0)) == Delivered(1, 0, 1, 0, {"desk": ""})
    assert "NOT TOLD  1 message for the route oncall" in desk.do("alert", "list")
    workspace = with_routes(desk, "desk", "oncall")
    assert deliver(workspace, holder="x", at=seconds_from_now(0)).sent == 1


def test_trouble_is_told_once_until_its_case_is_closed(desk: Desk, receivers: dict[str, Receiver]) -> None:
    workspace = with_routes(desk, "desk")

    def trouble() -> bool:
        return raise_trouble(
            workspace,
            "part trap",
            severity=Severity.HIGH,
            headline="the trap keeps dying",
            happened=["five times"],
            steps=["look"],
        )

    assert trouble()
    assert not trouble()
    desk.do("case", "close", "k1")
    assert trouble()
    assert round_of(workspace).sent == 2


def test_suppression_that_is_misused_and_records_that_do_not_open_are_alerts(
    desk: Desk, receivers: dict[str, Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    from trapstreet.store.models import DamagedRecord

    workspace = with_routes(desk, "desk")
    monkeypatch.setenv("TRAPSTREET_JOB_TOKEN", "guessed")
    rows = desk.write("due.csv", "id\n1\n")
    for _ in range(3):
        desk.refused(3, "suppress", "run", "=billing", rows, "--out", desk.folder / "out.csv")
    DamagedRecord.objects.create(segment="0" * 64, number=1, sealed=b"x", taken_at=1)
    assert raise_alerts(workspace) == 2
    assert raise_alerts(workspace) == 0
    deliver(workspace, holder="x", at=seconds_from_now(0))
    headlines = sorted(notice.headline for _, notices in receivers["desk"].told for notice in notices)
    assert headlines == [
        "1 record of a trap's spool cannot be opened",
        "Suppression: somebody called a job that does not exist",
    ]


def test_a_scan_raises_an_alert_for_what_was_not_found_before(
    desk: Desk, receivers: dict[str, Receiver]
) -> None:
    from working import customers

    workspace = with_routes(owning(desk), "desk")
    table = customers(desk)
    desk.do("scan", table, status=1)
    assert "alert" not in desk.err, "it lies where it was registered from"
    leak = desk.folder / "=leak.csv"
    leak.write_bytes(table.read_bytes())
    desk.do("scan", leak, status=1)
    assert "1 new alert" in desk.err
    (desk.folder / "again.csv").write_bytes(table.read_bytes())
    desk.do("scan", leak, desk.folder / "again.csv", status=1)
    assert "alert" not in desk.err
    deliver(workspace, holder="x", at=seconds_from_now(0))
    ((_, (notice,)),) = receivers["desk"].told
    assert notice.severity is Severity.CRITICAL
    assert (notice.kind, dict(notice.facts)["data_set"]) == ("finding", "customers")


def test_a_test_is_told_at_once_and_says_which_route_does_not_work(
    desk: Desk, receivers: dict[str, Receiver]
) -> None:
    with_routes(desk, 'desk least = "critical"; quiet = "00:00-23:59"', "oncall")
    receivers["oncall"].failing = Unreachable("nobody answers")
    assert desk.json("alert", "test", status=4) == {
        "routes": [
            {"route": "desk", "error": "", "status": 0},
            {"route": "oncall", "error": "nobody answers", "status": 4},
        ]
    }
    assert "oncall: NOT TOLD: nobody answers" in desk.do("alert", "test", "oncall", status=4)
    assert "no route is called 'none'" in desk.refused(2, "alert", "test", "none")
    assert receivers["desk"].reasons == ["test"]
    assert (Alert.objects.count(), Case.objects.count(), Delivery.objects.count()) == (0, 0, 0)
    assert cases.last_sent().keys() == {"desk"}
    with_routes(desk)
    assert "There is no route yet" in desk.do("alert", "test")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnusableInput("[notify.desk]: no such file"), 2),
        (AccessDenied("wrong password"), 3),
        (Unreachable("connection refused"), 4),
        (KeyError("a bug"), 5),
    ],
)
def test_the_status_of_a_test_says_who_has_to_do_something(
    desk: Desk, receivers: dict[str, Receiver], error: Exception, status: int
) -> None:
    with_routes(desk, "desk")
    receivers["desk"].failing = error
    assert "desk: NOT TOLD: " in desk.do("alert", "test", status=status)
    assert cases.last_sent() == {}


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ('[notify.desk]\nkind = "mail"\nleast = "urgent"', "[notify.desk]: least = 'urgent' is no severity"),
        ("[notify.desk]\n", "[notify.desk]: 'kind' is missing"),
        ('[notify."Desk 1"]\nkind = "mail"', "is no name of a route"),
        ('[notify.desk]\nkind = "mail"\nescalates = "desk"', "escalates to 'desk', which is no other route"),
    ],
)
def test_a_section_that_does_not_do_is_one_clear_line(desk: Desk, section: str, why: str) -> None:
    file = desk.workspace / "trapstreet.toml"
    file.write_text(f"{file.read_text()}\n{section}\n")
    assert why in desk.refused(2, "alert", "list")


def test_who_does_what_is_sealed_and_content_too(
    desk: Desk, page: str, receivers: dict[str, Receiver], every: Callable[[Desk], bytes]
) -> None:
    workspace = with_routes(desk, "desk")
    heard(workspace, desk, web(page))
    round_of(workspace)
    desk.do("alert", "ack", "a1", "--by", "Aoife Sentinel", "--note", "sentinel-note")
    desk.do("alert", "assign", "k1", "--to", "Brian Sentinel")
    kept = every(desk)
    for secret in (b"Aoife", b"Brian", b"sentinel-note", b"198.51.100.7", b"Somebody visited"):
        assert secret not in kept
    shown = desk.do("case", "show", "k1")
    assert "Aoife Sentinel acknowledged a1. sentinel-note" in shown
    assert "given to Brian Sentinel" in shown


@pytest.fixture
def every() -> Callable[[Desk], bytes]:
    def read(desk: Desk) -> bytes:
        return b"".join(path.read_bytes() for path in desk.workspace.rglob("*") if path.is_file())

    return read
