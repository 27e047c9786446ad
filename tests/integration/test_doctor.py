"""What the doctor says of all that must work for a use of a decoy to be heard, and for people to be told."""

import socket
import time
from typing import Any

import pytest

from couriers import troubles
from desk import Desk
from mailboxes import Dovecot, dovecot
from resolving import resolved
from served import told, with_trap
from traps import certificate, running
from trapstreet.app import checks, own_names
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.hit import Hit
from trapstreet.store import leases
from trapstreet.store.models import Delivery, Incident
from working import owning, spooled, token

__all__ = ["dovecot"]

AT = 1_795_000_000_000_000


def said(desk: Desk, name: str, about: str = "", *, unwell: bool = True) -> dict[str, Any]:
    """The one check of a name, and of a thing where there are several."""
    found = desk.json("doctor", status=1 if unwell else 0)["checks"]
    (check,) = [each for each in found if each["name"] == name and about in each["about"]]
    assert bool(check["advice"]) != check["ok"], "who is told of a problem is told what to do"
    check["line"] = f"{check['found']}: {check['advice']}"
    return dict(check)


def with_names(desk: Desk, *, domains: list[str], zones: list[str], urls: list[str]) -> None:
    settings = desk.workspace / "trapstreet.toml"
    text = settings.read_text()
    for key, values in (("domains", domains), ("zones", zones), ("urls", urls)):
        text = text.replace(f"{key} = []", f"{key} = {values}".replace("'", '"'))
    settings.write_text(text)


ZONE = """
quayside.ie.         60 IN MX 20 second.quayside.ie.
quayside.ie.         60 IN MX 10 mail.quayside.ie.
mail.quayside.ie.    60 IN A 192.0.2.7
second.quayside.ie.  60 IN A 192.0.2.8
silent.ie.           60 IN A 192.0.2.9
nowhere.ie.          60 IN MX 10 gone.nowhere.ie.
nomail.ie.           60 IN MX 0 .
quay-net.ie.         60 IN NS ns1.quay-net.ie.
ns1.quay-net.ie.     60 IN AAAA 2001:db8::7
cdn.quayside.ie.     60 IN A 192.0.2.7
"""


def test_names_that_lead_to_the_trap_are_said_with_where_they_lead(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_names(desk, domains=["quayside.ie"], zones=["quay-net.ie"], urls=["https://cdn.quayside.ie:8443/d/"])
    with resolved(monkeypatch, ZONE):
        mail, zone, web = (said(desk, name, unwell=False) for name in ("mail domain", "zone", "web address"))
    assert mail["found"] == (
        "quayside.ie mail goes to mail.quayside.ie (192.0.2.7), second.quayside.ie (192.0.2.8)"
    )
    assert zone["found"] == "quay-net.ie is delegated to ns1.quay-net.ie (2001:db8::7)"
    assert web["found"] == "cdn.quayside.ie is at 192.0.2.7"


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("silent.ie", "silent.ie has no MX record: add an MX record"),
        ("unknown.ie", "unknown.ie has no MX record"),
        ("nomail.ie", "nomail.ie has no MX record"),
        ("nowhere.ie", "nowhere.ie leads to gone.nowhere.ie, which has no address"),
        ("broken.ie", "broken.ie cannot be looked up (NoNameservers): look at this machine's network"),
    ],
)
def test_a_mail_domain_that_leads_nowhere_is_a_problem(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, domain: str, found: str
) -> None:
    with_names(desk, domains=[domain], zones=[], urls=[])
    with resolved(monkeypatch, ZONE):
        assert found in said(desk, "mail domain")["line"]


def test_zones_and_hosts_that_lead_nowhere_are_problems(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with_names(desk, domains=[], zones=["nowhere-net.ie"], urls=["https://gone.quayside.ie/"])
    with resolved(monkeypatch, ZONE):
        assert "nowhere-net.ie has no NS record: name the trap" in said(desk, "zone")["line"]
        assert "gone.quayside.ie has no address record" in said(desk, "web address")["line"]


def test_a_resolver_that_does_not_answer_is_said_and_takes_seconds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dns.resolver

    monkeypatch.setattr(own_names, "SECONDS", 0.3)
    with_names(desk, domains=[f"d{number}.ie" for number in range(16)], zones=[], urls=[])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        ours = dns.resolver.Resolver(configure=False)
        ours.nameservers, ours.port = ["127.0.0.1"], silent.getsockname()[1]
        monkeypatch.setattr(dns.resolver, "default_resolver", ours)
        began = time.monotonic()
        assert "cannot be looked up (LifetimeTimeout)" in said(desk, "mail domain", "d3.ie")["line"]
    assert time.monotonic() - began < 20


def test_names_that_are_reserved_are_not_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with_names(desk, domains=["post.harbour.example"], zones=[], urls=[])
    monkeypatch.setattr("dns.resolver.resolve", lambda *_, **__: pytest.fail("asked"))
    assert "reserved for examples" in said(desk, "mail domain", unwell=False)["found"]


def test_a_trap_that_runs_is_well_and_one_that_does_not_is_said(desk: Desk) -> None:
    owning(desk)
    folder = with_trap(desk)
    ports = [_free_port() for _ in range(2)]
    head, _, tail = (folder / "trap.toml").read_text().partition("[http]")
    tail = tail.replace("127.0.0.1:0", f"127.0.0.1:{ports[0]}", 1).replace("port = 0", f"port = {ports[1]}")
    (folder / "trap.toml").write_text(f"{head}[http]{tail}")
    assert f"nothing answers at port {ports[1]}" in said(desk, "trap")["line"]
    text = (folder / "trap.toml").read_text()
    (folder / "trap.toml").write_text(text.replace(f"port = {ports[1]}", "port = 0"))
    assert "does not answer" in said(desk, "port", str(ports[0]))["line"]
    (folder / "trap.toml").write_text(text)
    with running(folder):
        assert said(desk, "trap")["found"] == "it is well"
        assert f"[http] 127.0.0.1:{ports[0]} answers" in said(desk, "port", str(ports[0]))["found"]
        assert "trapstreet_hits_kept_total{" not in _metrics(ports[1]), "to look is no hit"
    (folder / "trap.toml").write_text("worker = 1")
    assert "trap.toml" in said(desk, "trap")["line"]


def _metrics(port: int) -> str:
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return str(answer.read().decode())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.mark.system
def test_a_mailbox_that_lets_us_in_is_well_and_one_that_does_not_is_a_problem(
    desk: Desk, dovecot: Dovecot
) -> None:
    folder = with_trap(owning(desk))
    head = (folder / "trap.toml").read_text().partition("[http]")[0]
    section = dovecot.settings("doctor@you.example", folder)
    (folder / "trap.toml").write_text(f"{head}[status]\nport = 0\n{section}")
    assert "doctor@you.example at localhost lets us in" in said(desk, "mailbox")["found"]
    (folder / "password").write_text("another")
    line = said(desk, "mailbox")["line"]
    assert "localhost" in line
    assert "another" not in line
    with dovecot.stopped():
        assert "localhost" in said(desk, "mailbox")["line"]


def test_certificates_that_end_soon_or_cannot_be_read_are_problems(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    owning(desk)
    folder = with_trap(desk)
    files = certificate(folder)
    text = (folder / "trap.toml").read_text()
    tls = "".join(f'{key} = "{path}"\n' for key, path in files.items())
    (folder / "trap.toml").write_text(text.replace("[smtp]\n", f"[smtp]\n{tls}"))
    assert "chain.pem ends in 0 days: renew it" in said(desk, "certificate")["line"]
    monkeypatch.setattr(checks, "ENDS_SOON", 0)
    assert said(desk, "certificate")["ok"]
    files["certificate"].write_text("no certificate")
    assert "no certificate in PEM" in said(desk, "certificate")["line"]
    files["certificate"].unlink()
    assert "No such file" in said(desk, "certificate")["line"]
    settings = desk.workspace / "trapstreet.toml"
    elsewhere = settings.read_text().replace(f'trap = "{folder}"', 'trap = ""')
    settings.write_text(elsewhere.replace("traps = []", f'traps = ["{folder}"]'))
    found = desk.json("doctor", status=1)["checks"]
    assert "certificate" not in {check["name"] for check in found}, "it lies on the trap's machine"


def test_a_spool_that_fills_or_cannot_be_read_is_a_problem(desk: Desk) -> None:
    owning(desk)
    folder = with_trap(desk)
    assert "nothing was heard yet" in said(desk, "spool")["found"]
    spooled(desk, folder, [Hit("http", AT, "192.0.2.1", 1, ("x/y",), (("body", bytes(800_000)),))])
    assert said(desk, "spool")["ok"]
    text = (folder / "trap.toml").read_text()
    (folder / "trap.toml").write_text(f"{text}\n[spool]\nmegabytes = 1\n")
    assert "0.8 MB of 1 wait" in said(desk, "spool")["line"]
    assert "see that a worker runs" in said(desk, "spool")["line"]
    (folder / "spool.sqlite").write_bytes(b"something else " * 100)
    assert "is no spool" in said(desk, "spool")["line"]


def test_clocks_that_are_apart_are_a_problem(desk: Desk) -> None:
    assert said(desk, "clock", unwell=False)["ok"]
    later = time.time_ns() // 1000 + 3_600_000_000
    Incident.objects.create(
        token="http p1-x/0", party="p", first=later, last=later, count=1, kinds=[], score=0
    )
    assert "3600 s apart" in said(desk, "clock")["line"]


def test_whether_a_worker_runs_is_said(desk: Desk) -> None:
    owning(desk)
    with_trap(desk)
    assert "none runs: start it" in said(desk, "worker")["line"]
    leases.take("alerts", "quay 4711 0a1b2c3d")
    assert said(desk, "worker")["found"] == "at work: quay 4711 (machine and process)"


def test_routes_are_tried_and_dead_ones_are_problems(desk: Desk) -> None:
    owning(desk)
    with_trap(desk)
    assert "nobody is told of alerts: add [notify.NAME]" in said(desk, "route")["line"]
    with told(desk) as somebody:
        assert (
            "[notify.desk] has never delivered anything; 0 wait: trapstreet alert test desk"
            in (said(desk, "route")["line"])
        )
        desk.do("alert", "test", "desk")
        assert len(somebody.messages) == 1
        assert "[notify.desk] delivered last at" in said(desk, "route")["found"]
    troubles(Workspace.open(desk.workspace), 1)
    Delivery.objects.update(state="dead")
    assert "1 could not be delivered in days" in said(desk, "route")["line"]


def test_a_route_with_a_mistake_is_a_problem_although_it_told_before(desk: Desk) -> None:
    owning(desk)
    with_trap(desk)
    with told(desk):
        desk.do("alert", "test", "desk")
    settings = desk.workspace / "trapstreet.toml"
    settings.write_text(settings.read_text() + 'privat = "true"\n')
    assert "[notify.desk]: unknown key 'privat'" in said(desk, "route")["line"]


def test_decoys_with_traffic_of_their_own_are_said(desk: Desk) -> None:
    owning(desk)
    planting, page = token(desk, "url")
    assert said(desk, "decoys", unwell=False)["ok"]
    early = Hit("http", 1_000_000, "192.0.2.1", 1, (page,), (("method", b"GET"),))
    folder = spooled(desk, desk.folder / "trap", [early])
    desk.do("work", "--once", "--trap", folder)
    line = said(desk, "decoys")["line"]
    assert "traffic of their own, which hides a thief's: 1 decoy" in line
    assert planting in line


def test_a_disk_without_room_is_a_problem(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LEAST_FREE", 1 << 60)
    assert "make room" in said(desk, "disk")["line"]


@pytest.mark.slow
def test_the_worker_raises_an_alert_for_what_will_go_wrong_once(desk: Desk) -> None:
    owning(desk)
    folder = with_trap(desk)
    files = certificate(folder)
    text = (folder / "trap.toml").read_text()
    tls = "".join(f'{key} = "{path}"\n' for key, path in files.items())
    (folder / "trap.toml").write_text(text.replace("[smtp]\n", f"[smtp]\n{tls}"))
    with told(desk) as somebody:
        for _ in range(2):
            desk.do("work", "--once")
            desk.do("work", "--once")
        assert [alert["kind"] for alert in somebody.alerts] == ["trouble"]
    assert "chain.pem ends in 0 days" in str(somebody.alerts)
