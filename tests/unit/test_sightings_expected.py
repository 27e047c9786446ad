"""A declared use is expected from its sender and in its time; everything else says why it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trapstreet.core.model.hit import Hit
from trapstreet.sightings import Expectation
from trapstreet.sightings.domain.expected import expected

CAMPAIGN = Expectation("campaign", 100, 200, ("mailers.example",))
ANYTHING = Expectation("audit", 100, 200)
NEWS = Expectation("news", 100, 200, ("198.51.100.0/24", "2001:db8:7::/48", "news.example"))
PASSED = ("spf", b"pass mailers.example")


def mail(
    *facts: tuple[str, bytes],
    at: int = 150,
    channel: str = "smtp",
    sender: bytes = b"<a@mailers.example>",
    address: str = "192.0.2.1",
) -> Hit:
    return Hit(channel, at, address, 25, ("x@post.example",), (("mail-from", sender), *facts))


@pytest.mark.parametrize(
    ("hit", "declared", "verdict", "why"),
    [
        (mail(PASSED), [CAMPAIGN], True, "SPF passed"),
        (mail(PASSED, sender=b"<a@news.mailers.example> SIZE=9"), [CAMPAIGN], True, "campaign"),
        (mail(PASSED, sender=b"<a@notmailers.example>"), [CAMPAIGN], False, "another sender"),
        (mail(PASSED, sender=b"<a@mailers.example.evil.example>"), [CAMPAIGN], False, "another sender"),
        (mail(PASSED, sender=b"<>"), [CAMPAIGN], False, "another sender"),
        (mail(PASSED, ("header", b"From: m@mailers.example"), sender=b"<b@x.example>"), [CAMPAIGN], True,
         "declared"),
        (mail(PASSED, at=99), [CAMPAIGN], False, "outside the time"),
        (mail(PASSED, at=201), [CAMPAIGN], False, "outside the time"),
        (mail(PASSED, at=200), [CAMPAIGN], True, "campaign"),
        (mail(PASSED, channel="http"), [CAMPAIGN], False, "mails alone"),
        (mail(channel="http"), [ANYTHING], True, "no sender in particular"),
        (mail(channel="http"), [CAMPAIGN, ANYTHING], True, "audit"),
        (mail(), [], False, ""),
        (mail(("dkim", b"fail x.example"), ("dkim", b"pass mailers.example")), [CAMPAIGN], True, "DKIM"),
        (mail(("spf", b"pass evil.example")), [CAMPAIGN], False, "could not confirm"),
        (mail(("spf", b"none")), [CAMPAIGN], False, "could not confirm"),
        (mail(address="198.51.100.9", sender=b"<x@other.example>"), [NEWS], True, "network of its sender"),
        (mail(address="2001:db8:7::1"), [NEWS], True, "network of its sender"),
        (mail(address="198.51.101.9", sender=b"<x@news.example>"), [NEWS], False, "nobody checked it"),
        (mail(address="198.51.100.9", channel="http"), [NEWS], False, "mails alone"),
    ],
)  # fmt: skip
def test_what_is_expected_and_why_not(hit: Hit, declared: list[Expectation], verdict: bool, why: str) -> None:
    found, words = expected(hit, declared)
    assert found is verdict
    assert why in words


@pytest.mark.parametrize("channel", ["smtp", "mailbox", "mail"])
def test_a_sender_that_nobody_checked_is_not_proven_whatever_the_mail_says(channel: str) -> None:
    said = (
        ("header", b"From: Mailing house <a@mailers.example>"),
        ("header", b"Authentication-Results: mx.you.example; spf=pass smtp.mailfrom=mailers.example"),
    )
    is_expected, why = expected(mail(*said, channel=channel), [CAMPAIGN])
    assert not is_expected
    assert why.endswith("says that it comes from its sender, which is not proven: nobody checked it")


@given(
    facts=st.lists(
        st.tuples(st.sampled_from(["header", "spf", "dkim", "mail-from"]), st.binary(max_size=60))
    ),
    channel=st.sampled_from(["smtp", "mailbox", "http", "phone"]),
)
def test_whatever_a_client_sends_is_judged(facts: list[tuple[str, bytes]], channel: str) -> None:
    hit = Hit(channel, 150, "", 0, (), (("header", b"From: " + (facts[0][1] if facts else b"")), *facts))
    verdict, why = expected(hit, [CAMPAIGN])
    assert isinstance(verdict, bool)
    assert why
