"""A declared use is expected from its sender and in its time; everything else says why it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trapstreet.core.model.hit import Hit
from trapstreet.sightings import Expectation, expected

CAMPAIGN = Expectation("campaign", 100, 200, ("mailers.example",))
ANYTHING = Expectation("audit", 100, 200)


def mail(
    *facts: tuple[str, bytes], at: int = 150, channel: str = "smtp", sender: bytes = b"<a@mailers.example>"
) -> Hit:
    return Hit(channel, at, "192.0.2.1", 25, ("x@post.example",), (("mail-from", sender), *facts))


@pytest.mark.parametrize(
    ("hit", "declared", "verdict", "why"),
    [
        (mail(), [CAMPAIGN], True, "nobody checked its sender"),
        (mail(sender=b"<a@news.mailers.example> SIZE=9"), [CAMPAIGN], True, "campaign"),
        (mail(sender=b"<a@notmailers.example>"), [CAMPAIGN], False, "another sender"),
        (mail(sender=b"<a@mailers.example.evil.example>"), [CAMPAIGN], False, "another sender"),
        (mail(sender=b"<>"), [CAMPAIGN], False, "another sender"),
        (mail(("header", b"From: m@mailers.example"), sender=b"<b@x.example>"), [CAMPAIGN], True, "declared"),
        (mail(at=99), [CAMPAIGN], False, "outside the time"),
        (mail(at=201), [CAMPAIGN], False, "outside the time"),
        (mail(at=200), [CAMPAIGN], True, "campaign"),
        (mail(channel="http"), [CAMPAIGN], False, "mails alone"),
        (mail(channel="http"), [ANYTHING], True, "no sender in particular"),
        (mail(channel="http"), [CAMPAIGN, ANYTHING], True, "audit"),
        (mail(), [], False, ""),
        (mail(("spf", b"pass mailers.example")), [CAMPAIGN], True, "SPF passed"),
        (mail(("dkim", b"fail x.example"), ("dkim", b"pass mailers.example")), [CAMPAIGN], True, "DKIM"),
        (mail(("spf", b"pass evil.example")), [CAMPAIGN], False, "could not confirm"),
        (mail(("spf", b"none")), [CAMPAIGN], False, "could not confirm"),
        (mail(("header", b"Authentication-Results: x; spf=fail")), [CAMPAIGN], True, "nobody checked"),
    ],
)  # fmt: skip
def test_what_is_expected_and_why_not(hit: Hit, declared: list[Expectation], verdict: bool, why: str) -> None:
    found, words = expected(hit, declared)
    assert found is verdict
    assert why in words


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
