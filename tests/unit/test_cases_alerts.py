"""What alerts say: of one party, and of many."""

import pytest

from trapstreet.cases import Use, alerts
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.place import Place
from trapstreet.sightings import Kind, Label

AT = 1_795_000_000_000_000
OWNER = alerts.Owner("p3", "bait", "the wiki", 1)


def use(*, channel: str = "http", named: bool = False, joint: float = 0.0) -> Use:
    return Use(
        owner="p3-abcdefghij",
        channel=channel,
        decoys=(0,),
        hits=1_234,
        first=AT,
        last=AT + 3_600_000_000,
        score=0.0,
        spared=False,
        expected=False,
        named=named,
        together=1,
        joint=joint,
        place=Place("198.51.100.7", "198.51.100.0/24"),
        label=Label(Kind.TOOL, 0.0, ()),
    )


@pytest.mark.parametrize(
    ("channel", "parties", "headline"),
    [
        ("http", 9_970, "9,970 further networks visited the web address of the breadcrumb p3 (the wiki)"),
        ("dns", 1, "1 further network looked up the name of the breadcrumb p3 (the wiki)"),
        ("phone", 40, "40 further callers called the breadcrumb p3 (the wiki)"),
    ],
)
def test_many_parties_are_told_by_how_many_they_are(channel: str, parties: int, headline: str) -> None:
    new = alerts.of_crowd(use(channel=channel), OWNER, parties=parties, begun=AT)
    assert new.headline == headline
    assert new.facts[0] == ("parties", str(parties))
    first, why, *_ = new.happened
    assert first.startswith("2026-11-18 ")
    assert "1,234 hits" in first
    assert "sighting list has every one" in why


def test_many_parties_are_as_severe_as_the_worst_of_them() -> None:
    severities = [
        alerts.of_crowd(each, OWNER, parties=40, begun=AT).severity
        for each in (use(), use(joint=3.0), use(named=True))
    ]
    assert severities == [Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL]


def test_the_alert_for_many_is_no_partys_own() -> None:
    one = alerts.of_sighting(use(), OWNER, party="0" * 32, begun=AT)
    many = alerts.of_crowd(use(), OWNER, parties=40, begun=AT)
    assert one.subject == many.subject
    assert one.source != many.source
