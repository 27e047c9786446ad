"""Automata told from people, on hits as real clients make them (tests/cases/sightings)."""

import time
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightings import AT, CASES, HALVES, cases, confusion, table
from trapstreet.core.model.hit import Hit
from trapstreet.core.model.place import Origin, Place
from trapstreet.sightings import Kind, Label
from trapstreet.sightings.domain.automata import label_of
from trapstreet.sightings.domain.client import client_of
from trapstreet.sightings.domain.label import Earlier

HELD_OUT = "5b8022697fbf2d82d7047e510356b22e1a98c1b4c27c7359a22b55dfceb819b3"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/147.0.0.0 Safari/537.36"
)
NOTHING_KNOWN = Earlier()
HOME = Place("192.0.2.7", "192.0.2.0/24")
AMAZON = Place("192.0.2.7", "192.0.2.0/24", origin=Origin.HOSTING, provider="Amazon AWS")
SLACK = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def asked(*headers: str, method: str = "GET", version: str = "1.1", tls: bool = False) -> Hit:
    facts = [
        *([("tls", b"TLSv1.3")] if tls else []),
        ("method", method.encode()),
        ("target", b"/a"),
        ("version", version.encode()),
        *[("header", header.encode()) for header in headers],
    ]
    return Hit("http", AT, "192.0.2.7", 50000, ("trap.example/a",), tuple(facts))


def chrome(*, without: str = "", tls: bool = False) -> Hit:
    headers = (
        "Host: trap.example",
        "Connection: keep-alive",
        "Upgrade-Insecure-Requests: 1",
        f"User-Agent: {CHROME}",
        "Accept: text/html,*/*;q=0.8",
        "Accept-Encoding: gzip, deflate",
        "Accept-Language: de-DE,de;q=0.9",
    )
    return asked(*[one for one in headers if not without or not one.startswith(without)], tls=tls)


def looked_up(qname: str, qtype: str) -> Hit:
    facts = (("qname", qname.encode()), ("qtype", qtype.encode()))
    return Hit("dns", AT, "192.0.2.7", 53, (qname.lower(),), facts)


def label(hit: Hit, place: Place = HOME, earlier: Earlier = NOTHING_KNOWN) -> Label:
    return label_of(hit, place, client_of(hit), earlier)


def test_the_held_out_half_is_as_it_was_before_any_rule_was_made():
    assert sha256((CASES / "held-out.jsonl").read_bytes()).hexdigest() == HELD_OUT


def test_there_are_three_hundred_examples_each_with_its_source_and_no_program_in_both_halves():
    known, held_out = (cases(half) for half in HALVES)
    assert len(known) + len(held_out) >= 300
    assert all(case.source for case in (*known, *held_out))
    assert not {case.who for case in known} & {case.who for case in held_out}


@pytest.mark.parametrize("half", HALVES)
def test_no_automaton_passes_for_a_person_and_no_person_for_an_automaton(half: str):
    found = cases(half)
    assert [case.who for case in found if case.kind.honest and case.label.kind is Kind.PERSON] == []
    assert [case.who for case in found if case.kind is Kind.PERSON and case.label.kind.honest] == []


@pytest.mark.parametrize("half", HALVES)
def test_the_page_shows_the_confusion_that_there_is(half: str):
    page = (Path(__file__).parents[2] / "docs" / "sightings.md").read_text()
    assert "\n".join(table(confusion(cases(half)))) in page


def test_nine_of_ten_that_no_rule_was_made_for_get_the_right_label():
    found = cases("held-out")
    assert sum(case.label.kind is case.kind for case in found) >= 0.9 * len(found)


@pytest.mark.parametrize("half", HALVES)
def test_what_an_address_proves_or_four_bits_say_is_an_automaton(half: str):
    """But for one who takes Slack's name and hires Slack's hoster, which nothing in a single hit shows."""
    strong = [case for case in cases(half) if case.label.score >= 4]
    assert {case.who for case in strong if not case.kind.honest} <= {"impostor Slack on AWS"}


@pytest.mark.parametrize(
    "place",
    [
        HOME,
        Place("192.0.2.7", "192.0.2.0/24", origin=Origin.TOR, provider="Tor"),
        Place("192.0.2.7", "192.0.2.0/24", origin=Origin.HOSTING, provider="Hetzner"),
    ],
    ids=["home", "tor", "another hoster"],
)
@pytest.mark.parametrize("says", [SLACK, GOOGLEBOT])
def test_a_name_that_its_address_contradicts_speaks_against(says: str, place: Place):
    found = label(asked("Host: trap.example", f"User-Agent: {says}"), place)
    assert found.kind is Kind.TOOL
    assert found.score < 0


def test_a_crawler_at_its_published_addresses_is_the_strongest_evidence():
    google = Place("192.0.2.7", "192.0.2.0/24", origin=Origin.BOT, provider="Googlebot")
    found = label(asked("Host: trap.example", f"User-Agent: {GOOGLEBOT}"), google)
    assert (found.kind, found.automaton, found.score) == (Kind.CRAWLER, "Googlebot", 8)


def test_a_network_of_the_users_database_backs_a_name_as_well():
    telegram = Place("192.0.2.7", "192.0.2.0/24", holder="AS62041 Telegram Messenger Inc")
    elsewhere = Place("192.0.2.7", "192.0.2.0/24", holder="AS64496 Example Net")
    hit = asked("Host: trap.example", "User-Agent: TelegramBot (like TwitterBot)")
    assert label(hit, telegram).score == 4
    assert label(hit).score == 2
    assert label(hit, elsewhere).score < 0


def test_a_preview_tells_to_look_for_the_person_who_posted_the_address():
    found = label(asked("Host: trap.example", f"User-Agent: {SLACK}"), AMAZON)
    assert found.on_behalf
    assert any("posted" in words for words in found.why)


def test_a_browser_in_a_data_centre_right_after_the_mail_is_a_scanner_and_later_is_left_open():
    assert label(chrome(), AMAZON, Earlier(sent=12)).kind is Kind.SCANNER
    assert label(chrome(), AMAZON, Earlier(sent=86_400)).kind is Kind.UNKNOWN
    assert label(chrome(), AMAZON).kind is Kind.UNKNOWN


def test_a_person_who_opens_a_mail_at_once_is_no_scanner():
    assert label(chrome(), HOME, Earlier(sent=12)).kind is Kind.PERSON


RELAY = Place("192.0.2.7", "192.0.2.0/24", origin=Origin.CDN, provider="Akamai")
MULLVAD = Place("192.0.2.7", "192.0.2.0/24", origin=Origin.VPN, provider="Mullvad")


def test_a_person_behind_apples_relay_is_a_person_and_apples_fetch_of_pictures_is_not():
    pictures = asked("Host: trap.example", "User-Agent: Mozilla/5.0")
    for earlier in (NOTHING_KNOWN, Earlier(sent=5)):
        assert label(chrome(), RELAY, earlier).kind is Kind.PERSON
        assert label(pictures, RELAY, earlier).kind is Kind.IMAGE_PROXY
    assert label(pictures, MULLVAD).kind is Kind.TOOL


def test_a_preview_by_the_senders_own_device_may_come_through_anything():
    found = label(asked("Host: trap.example", "User-Agent: WhatsApp/2.23.20.0 A"), MULLVAD)
    assert (found.kind, found.on_behalf) == (Kind.PREVIEW, True)
    assert 0 < found.score < 2


@pytest.mark.parametrize("header", ["Accept-Language", "Accept-Encoding", "Connection"])
def test_a_browsers_name_without_a_browsers_headers_is_a_tool(header: str):
    assert label(chrome()).kind is Kind.PERSON
    assert label(chrome(without=header)).kind is Kind.TOOL


def test_over_tls_a_recent_browser_sends_fetch_metadata_and_over_http_it_does_not():
    assert label(chrome(tls=True)).kind is Kind.TOOL
    assert label(chrome(tls=False)).kind is Kind.PERSON


def test_behind_the_users_own_proxy_headers_of_a_single_connection_do_not_count():
    hit = chrome(without="Connection")
    proxied = msgspec.structs.replace(hit, facts=(("proxy", b"10.0.0.1 443"), *hit.facts))
    assert label(proxied).kind is Kind.PERSON


@pytest.mark.parametrize(
    ("qname", "qtype", "earlier", "kind"),
    [
        ("q7.cdn.example", "A", Earlier(), Kind.UNKNOWN),
        ("q7.cdn.example", "AAAA", Earlier(heard=3_600), Kind.UNKNOWN),
        ("q7.cdn.example", "A", Earlier(heard=9 * 86_400), Kind.ECHO),
        ("q7.cdn.example", "NS", Earlier(), Kind.ECHO),
        ("_.q7.cdn.example", "A", Earlier(), Kind.ECHO),
        ("Q7.CdN.eXample", "HTTPS", Earlier(), Kind.PERSON),
        ("q7.cdn.example", "TYPE65", Earlier(), Kind.PERSON),
        ("q7.cdn.example", "MX", Earlier(), Kind.UNKNOWN),
    ],
)
def test_a_lookup_is_an_echo_where_machines_ask(qname: str, qtype: str, earlier: Earlier, kind: Kind):
    assert label(looked_up(qname, qtype), HOME, earlier).kind is kind


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ((("mail-from", b"<> SIZE=1200"),), Kind.ECHO),
        ((("mail-from", b"<a@b.example>"), ("header", b"Auto-Submitted: auto-replied")), Kind.ECHO),
        ((("mail-from", b"<a@b.example>"), ("header", b"Auto-Submitted: no")), Kind.UNKNOWN),
        ((("mail-from", b"<a@b.example>"), ("rcpt-to", b"<c@d.example>")), Kind.UNKNOWN),
    ],
)
def test_bounces_and_automatic_answers_are_echoes_and_other_mail_is_not_judged(facts, kind: Kind):
    assert label(Hit("smtp", AT, "192.0.2.7", 25, ("c@d.example",), facts)).kind is kind


@pytest.mark.parametrize(
    "unit", [b"A", b"Mozilla/5.0 (", b"bot ", b"Chrome/1", b"; ", b"(http://", b"\xff\x00\n"]
)
def test_a_user_agent_of_a_megabyte_takes_no_time_and_is_cut(unit: bytes):
    label(chrome())
    hit = asked("Host: trap.example")
    hit = msgspec.structs.replace(
        hit, facts=(*hit.facts, ("header", b"User-Agent: " + unit * (1_000_000 // len(unit))))
    )
    began = time.process_time()
    found = label(hit)
    assert time.process_time() - began < 1
    assert len(client_of(hit).says) <= 512
    assert client_of(hit).says.isprintable()
    assert all(words.isprintable() for words in found.why)


def test_a_million_headers_are_not_looked_at():
    hit = asked("Host: trap.example", f"User-Agent: {CHROME}")
    hit = msgspec.structs.replace(hit, facts=hit.facts + (("header", b"X: y"),) * 1_000_000)
    began = time.process_time()
    label(hit)
    assert time.process_time() - began < 1


FACTS = st.tuples(
    st.sampled_from(["header", "method", "qname", "qtype", "mail-from", "tls", "version"]),
    st.binary(max_size=60),
)


@given(
    channel=st.sampled_from(["http", "dns", "smtp", "login"]),
    facts=st.lists(FACTS | FACTS.map(lambda fact: ("header", b"User-Agent:" + fact[1])), max_size=8),
    origin=st.sampled_from(list(Origin)),
    earlier=st.builds(Earlier, sent=st.none() | st.floats(), heard=st.none() | st.floats(allow_nan=False)),
)
def test_whatever_a_client_sends_gets_a_label(channel: str, facts, origin: Origin, earlier: Earlier):
    hit = Hit(channel, AT, "\x00", 0, (), tuple(facts))
    found = label(hit, Place("\x00", "", origin=origin), earlier)
    assert found.kind in Kind
    assert -10 <= found.score <= 10
    assert all(words.isprintable() for words in found.why)
