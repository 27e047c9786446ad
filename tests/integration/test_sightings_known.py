"""What the worker makes of a hit by what is known of the decoy: its person, declared uses, own traffic."""

import hmac
import http.client
import json
from collections.abc import Sequence
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from desk import Desk
from shop import shop
from traps import running, stopped
from trapstreet.app.geography import Places
from trapstreet.app.weighing import joint_evidence
from trapstreet.app.working import Worker
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.hit import Heard, Hit
from trapstreet.core.model.table import Row
from trapstreet.plugins.callbacks.twilio import signed
from trapstreet.share import holds
from trapstreet.store import copies, plantings
from trapstreet.store.models import Copy, Incident, Planting, Pool, Sighting
from working import customers, loopback, owning, spooled, token

AT = 4_000_000_000_000_000  # after everything was planted, and within no window but those of this century
HOUR = 3_600_000_000
PLANTED = 30


@pytest.fixture
def company(desk: Desk) -> Desk:
    return owning(desk)


def mail(
    *names: str,
    text: str = "hello",
    sender: str = "else.example",
    channel: str = "smtp",
    at: int = AT,
    **more: str,
) -> Hit:
    facts = [("mail-from", f"<a@{sender}>".encode()), ("header", b"From: a@" + sender.encode())]
    facts += [(label, value.encode()) for label, value in more.items()]
    return Hit(channel, at, "198.51.100.9", 25, names, (*facts, ("body", text.encode())))


def heard(desk: Desk, *hits: Heard) -> list[Sighting]:
    """The sightings of some hits, in their order."""
    folder = spooled(desk, desk.folder / "trap", hits)
    workspace = Workspace.open(desk.workspace)
    with Places() as places:
        for _ in Worker(workspace, [folder], places).take(folder):
            pass
    found = Sighting.objects.select_related("incident", "heard").order_by("heard_id", "decoy")
    return list(found)[-len(hits) :]


def rows_of(desk: Desk, name: str = "p1") -> list[Sequence[Row]]:
    ring = Workspace.open(desk.workspace).ring
    return list(plantings.rows_of(plantings.planting_named(name), ring))


def test_a_mail_that_knows_the_person_or_its_ticket_is_told(company: Desk) -> None:
    database = shop(company.folder / "shop.sqlite3", 900)
    company.do("register", f"sqlite:///{database}?table=customers", "--name", "customers", "--key", "id")
    company.do("plant", "customers", "--decoys", PLANTED)
    names = [name for name, _ in plantings.laid_of(plantings.planting_named("p1"))]
    people, tickets = rows_of(company)[0], rows_of(company)[names.index("tickets")]
    whose = {row[0]: row for row in people}
    ticket, customer = tickets[0][0], tickets[0][1]
    address = str(whose[customer][2])
    plain, known = heard(
        company,
        mail(address, text="you won"),
        mail(address, text=f"Your ticket {ticket} is closed", at=AT + 1),
    )
    assert (plain.named, known.named) == (False, True)
    assert known.incident.named
    assert known.score <= -8
    said = company.do("sighting", "list")
    assert "knows the decoy's reference number" in said
    assert str(ticket) not in said
    assert company.json("sighting", "list")["incidents"][0]["named"]


def test_a_declared_campaign_is_expected_from_its_sender_in_its_time_alone(company: Desk) -> None:
    customers(company)
    out = company.folder / "copy.csv"
    company.do(
        "share", "customers", "--to", "Mailers", "--out", out, "--decoys", "20", "--used-for", "campaign",
        "--until", "2099-01-01", "--sender", "mailers.example",
    )  # fmt: skip
    assert company.json("copy", "list")["copies"][0]["expected_uses"][0]["senders"] == ["mailers.example"]
    address = _addresses_of_copy(company)[3]
    later = AT + 366 * 24 * HOUR * 20
    passed = {"spf": "pass news.mailers.example", "channel": "mailbox"}
    ours, other, unproven, forged, late, stranger = heard(
        company,
        mail(address, sender="news.mailers.example", **passed),
        mail(address, sender="else.example", channel="mailbox", at=AT + 1),
        mail(address, sender="mailers.example", at=AT + 2),
        mail(address, sender="mailers.example", spf="fail mailers.example", channel="mailbox", at=AT + 3),
        mail(address, sender="news.mailers.example", **passed, at=later),
        mail(address, sender="evil.example", spf="pass evil.example", channel="mailbox", at=AT + 5),
    )  # fmt: skip
    expected = [each.expected for each in (ours, other, unproven, forged, late, stranger)]
    assert expected == [True, False, False, False, False, False]
    assert not ours.incident.expected, "others wrote from the same network on the same day"
    assert "not proven" in company.do("sighting", "list")
    assert "declared beforehand" not in company.do("sighting", "list", "--since", "2100-01-01")


def test_an_honest_newsletter_can_be_declared_of_a_planting(company: Desk) -> None:
    customers(company)
    company.do("plant", "customers", "--decoys", PLANTED)
    declared = ("--used-for", "newsletter", "--until", "2099-01-01", "--sender", "harbour.example")
    assert "Expected of p1" in company.do("decoy", "expect", "p1", *declared)
    assert "WARNING" not in company.err
    address = str(rows_of(company)[0][0][2])
    (own,) = heard(company, mail(address, sender="harbour.example", dkim="pass harbour.example"))
    assert own.expected
    assert own.incident.expected
    assert company.json("decoy", "list")["plantings"][0]["states"] == {"planted": PLANTED}
    assert "EXPECTED" in company.do("sighting", "list")
    assert company.refused(2, "decoy", "expect", "p1", *declared[:-1], "no domain")
    assert "198.51.100.0/24" in company.do("decoy", "expect", "p1", *declared[:-1], "198.51.100.0/24")
    company.do("decoy", "expect", "p1", *declared[:-2])
    assert "WARNING  without --sender" in company.err


def test_a_decoy_that_was_heard_before_it_lay_anywhere_has_a_weaker_voice(company: Desk) -> None:
    customers(company)
    company.do("plant", "customers", "--decoys", PLANTED)
    quiet, noisy = (str(row[2]) for row in rows_of(company)[0][:2])
    before = Planting.objects.get().created_at - HOUR
    early, late, other = heard(company, mail(noisy, at=before), mail(noisy, at=AT), mail(quiet, at=AT + 1))
    assert [each.score for each in (early, late, other)] == [2, 2, 0]
    listed = company.json("decoy", "list")["plantings"][0]
    assert listed["own_traffic"] == ["p1/2"]
    assert "TRAFFIC OF THEIR OWN" in company.do("decoy", "list")
    assert [each["own_traffic"] for each in company.json("decoy", "list", "p1")["decoys"][:3]] == [
        False,
        True,
        False,
    ]
    assert "traffic of its own" in company.do("sighting", "list")


@pytest.mark.slow
def test_uses_of_several_decoys_of_one_copy_are_weighed_beside_all_others(company: Desk) -> None:
    customers(company)
    for number in range(6):
        company.do(
            "share", "customers", "--to", f"R{number}", "--out", company.folder / f"{number}.csv",
            "--decoys", 20, "--recipient-is-new",
        )  # fmt: skip
    addresses = _addresses_of_copy(company)
    hits = [
        Hit("smtp", AT + n * HOUR, f"203.0.{n}.9", 25, (address,), (("body", b"x"),))
        for n, address in enumerate(addresses[:8])
    ]
    owner = {each.owner for each in heard(company, *hits)}
    workspace = Workspace.open(company.workspace)
    (found,) = joint_evidence(workspace, owner).values()
    assert (found.decoys, found.parties, found.compared) == (8, 8, 6)
    assert found.log10_e > 3
    assert "Together" in company.do("sighting", "list")
    assert (Incident.objects.count(), Incident.objects.values("changed").distinct().count()) == (8, 1)


@pytest.mark.slow
def test_a_shared_decoy_is_expected_if_a_copy_that_has_it_is(company: Desk) -> None:
    customers(company)
    declared = ("--used-for", "campaign", "--until", "2099-01-01", "--sender", "mailers.example")
    for number, more in enumerate(((), declared)):
        out = company.folder / f"{number}.csv"
        company.do(
            "share",
            "customers",
            "--to",
            f"R{number}",
            "--out",
            out,
            "--decoys",
            260,
            "--recipient-is-new",
            *more,
        )
    ring = Workspace.open(company.workspace).ring
    pool, copy = Pool.objects.get(), Copy.objects.get(number=2)
    people = copies.rows_of(pool, ring)
    has = [holds(copy, pool, at, ring) for at in range(len(people))]
    held, other = (str(people[has.index(each)][2]) for each in (True, False))
    ours, theirs = heard(
        company,
        mail(held, sender="mailers.example", spf="pass mailers.example"),
        mail(other, sender="mailers.example", spf="pass mailers.example", at=AT + 1),
    )
    assert (ours.owner, theirs.owner) == (pool.id, pool.id)
    assert (ours.expected, theirs.expected) == (True, False)
    assert set(joint_evidence(Workspace.open(company.workspace), {pool.id})) == {pool.id}


HOOK = "https://cdn.harbour.example/hooks/0123456789abcdef01234567"
PHONE = 3
"""Of a customer: after id, name and e-mail address."""


def posted(url: str, body: bytes, *headers: bytes, at: int = AT) -> Hit:
    path = url.partition("://")[2].partition("/")[2]
    facts = (
        ("method", b"POST"), ("target", f"/{path}".encode()), ("version", b"1.1"),
        *(("header", each) for each in headers), ("body", body), ("body-size", b"%d" % len(body)),
    )  # fmt: skip
    return Hit("http", at, "192.0.2.77", 443, (f"cdn.harbour.example/{path}",), facts)


def hooked(desk: Desk, section: str) -> None:
    file = desk.workspace / "trapstreet.toml"
    file.write_text(f"{file.read_text()}\n{section}\n")


def test_a_call_to_a_decoys_number_is_a_call_once_and_only_if_it_is_signed(company: Desk) -> None:
    customers(company)
    company.do("plant", "customers", "--decoys", PLANTED)
    secret = company.workspace / "twilio.token"
    secret.write_text("12345\n")
    secret.chmod(0o600)
    url = "https://cdn.harbour.example/hooks/calls"
    hooked(company, f'[callback.calls]\nkind = "twilio"\nurl = "{url}"\nsecret_file = "twilio.token"')
    people = rows_of(company)[0]
    numbers = [str(row[PHONE])[-6:] for row in people]
    at = next(at for at, number in enumerate(numbers) if numbers.count(number) == 1 and people[at][PHONE])
    row = people[at]
    fields = {
        "CallSid": "CA1",
        "From": "+4479460958",
        "To": str(row[PHONE]),
        "SpeechResult": f"Is that {row[1]}?",
    }
    signature = b"X-Twilio-Signature: " + signed(url, fields.items(), b"12345")
    kind, body = b"Content-Type: application/x-www-form-urlencoded", urlencode(fields).encode()
    call, again, forged, nobodys = (
        posted(url, body, kind, signature),
        posted(url, body, kind, signature, at=AT + 1),
        posted(url, body.replace(b"CA1", b"CA2"), kind, signature, at=AT + 2),
        posted(
            url, body.replace(urlencode({"To": row[PHONE]}).encode(), b"To=%2B19995550100"), kind, at=AT + 3
        ),
    )
    first, second, third = heard(company, call, again, forged, nobodys)[-3:]
    assert [each.heard.channel for each in (first, second, third)] == ["phone", "callback", "callback"]
    assert [each.label for each in (first, second, third)] == ["unknown", "echo", "tool"]
    assert [each.named for each in (first, second, third)] == [True, False, False]
    assert first.decoy == at
    shown = company.json("sighting", "list")["incidents"]
    assert [each["channel"] for each in shown] == ["callback", "phone"]
    assert "person name" in shown[1]["label"]["why"][0]
    assert shown[0]["access"]["network"] == "192.0.2.0/24", "whoever made it up came from there"
    assert shown[1]["access"]["network"] == "", "a caller has none"
    said = company.do("sighting", "list")
    assert "from +4479460958" in said
    assert str(row[1]) not in said
    assert company.json("sighting", "list")["background"] == {"callback": 1}
    (late,) = heard(company, replace(call, at=AT + 40 * HOUR))
    assert (late.heard.channel, late.label) == ("callback", "echo"), "played again days later"


def test_a_forged_call_makes_no_repetition_of_the_true_one_that_follows(company: Desk) -> None:
    customers(company)
    company.do("plant", "customers", "--decoys", PLANTED)
    secret = company.workspace / "calls.secret"
    secret.write_text("12345\n")
    secret.chmod(0o600)
    hooked(company, f'[callback.calls]\nkind = "phone"\nurl = "{HOOK}"\nsecret_file = "calls.secret"')
    people = rows_of(company)[0]
    numbers = [str(row[PHONE])[-6:] for row in people]
    row = next(
        row for row, end in zip(people, numbers, strict=True) if numbers.count(end) == 1 and row[PHONE]
    )
    body = json.dumps({"to": row[PHONE], "from": "+4479460958"}).encode()
    signature = b"X-Signature: " + hmac.digest(b"12345", body, "sha256").hex().encode()
    kind = b"Content-Type: application/json"
    forged, call = posted(HOOK, body, kind), posted(HOOK, body, kind, signature, at=AT + 1)
    assert [each.heard.channel for each in heard(company, forged, call)] == ["callback", "phone"]


def test_a_canarytoken_belongs_to_the_planting_that_its_memo_names(company: Desk) -> None:
    planting, _ = token(company, "url")
    hooked(company, f'[callback.tokens]\nkind = "canarytokens"\nurl = "{HOOK}"')
    told = {"memo": f"wiki {planting}", "src_ip": "198.51.100.7", "channel": "HTTP", "token": "t"}
    (used,) = heard(company, posted(HOOK, json.dumps(told).encode(), b"Content-Type: application/json"))
    assert (used.owner, used.heard.channel) == (planting, "canarytokens")
    assert company.json("sighting", "list")["incidents"][0]["access"]["network"] == "198.51.100.0/24"


def test_a_callback_goes_through_a_real_trap(company: Desk) -> None:
    planting, _ = token(company, "url")
    hooked(company, f'[callback.tokens]\nkind = "canarytokens"\nurl = "{HOOK}"')
    folder = company.folder / "trap"
    company.do("serve", "--only", "trap", "--folder", folder, "--set-up")
    settings = folder / "trap.toml"
    settings.write_text(loopback(settings.read_text()))
    told = json.dumps({"memo": planting, "src_ip": "198.51.100.7", "src_data": {"useragent": "curl/8"}})
    with running(folder) as trap:
        client = http.client.HTTPConnection("127.0.0.1", trap.ports["http"], timeout=30)
        headers = {"Host": "cdn.harbour.example", "Content-Type": "application/json"}
        client.request("POST", f"{HOOK.partition('example')[2]}?x=1", body=told, headers=headers)
        assert client.getresponse().status == 200
        client.close()
        assert stopped(trap) == 0
    workspace = Workspace.open(company.workspace)
    with Places() as places:
        (taken,) = Worker(workspace, [folder], places).take(folder)
    assert (taken.hits, taken.sightings) == (1, 1)
    used = Sighting.objects.select_related("heard").get()
    assert (used.owner, used.heard.channel) == (planting, "canarytokens")


def test_a_trap_that_says_it_heard_a_call_is_not_believed(company: Desk) -> None:
    customers(company)
    company.do("plant", "customers", "--decoys", PLANTED)
    number = str(next(row[PHONE] for row in rows_of(company)[0] if row[PHONE]))
    assert heard(company, Hit("phone", AT, "", 0, (number,), (("caller", b"+1"),))) == []
    assert company.json("sighting", "list")["damaged"] == 1


def test_a_mail_that_a_provider_posts_is_heard_like_any_other(company: Desk) -> None:
    customers(company)
    company.do("plant", "customers", "--decoys", PLANTED)
    hooked(company, f'[callback.post]\nkind = "mail"\nurl = "{HOOK}"')
    row = rows_of(company)[0][7]
    told = {"To": str(row[2]).upper(), "From": "a@else.example", "Subject": f"{row[1]}!", "TextBody": "hello"}
    (used,) = heard(company, posted(HOOK, json.dumps(told).encode(), b"Content-Type: application/json"))
    assert (used.decoy, used.heard.channel) == (7, "mail")


def test_a_callback_that_is_not_set_up_right_is_said_at_once(company: Desk) -> None:
    secret = company.workspace / "twilio.token"
    secret.write_text("12345")
    secret.chmod(0o644)
    url = "https://cdn.harbour.example/hooks/calls"
    hooked(company, f'[callback.calls]\nkind = "twilio"\nurl = "{url}"\nsecret_file = "twilio.token"')
    folder = spooled(company, company.folder / "trap")
    assert "others" in company.refused(2, "work", "--once", "--trap", folder)


def _addresses_of_copy(desk: Desk) -> list[str]:
    ring = Workspace.open(desk.workspace).ring
    rows = copies.rows_of(Copy.objects.order_by("number")[0], ring)
    return [str(next(cell for cell in row if isinstance(cell, str) and "@" in cell)) for row in rows]
