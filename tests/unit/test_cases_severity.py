"""How soon somebody should look: automata and declared uses never wake anybody, more hits never calm down."""

import itertools

import pytest

from trapstreet.cases import Leak, Spot, Use, alerts
from trapstreet.cases.domain.leaks import of_leak
from trapstreet.cases.domain.severity import of_finding, of_suppression, of_use
from trapstreet.core.model.notice import Severity
from trapstreet.core.model.place import Origin, Place
from trapstreet.sightings import Kind, Label

INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
OWNER = alerts.Owner("p3", "table", "crm.customers", 60, "customers", 68_000)


def use(**changes: object) -> Use:
    given = {
        "owner": "p3-abc",
        "channel": "smtp",
        "decoys": (0,),
        "hits": 1,
        "first": 10**15,
        "last": 10**15,
        "score": -2.0,
        "spared": False,
        "expected": False,
        "named": False,
        "together": 1,
        "joint": 0.0,
        "place": Place(
            "198.51.100.7", "198.51.100.0/24", country="IE", origin=Origin.HOSTING, provider="Acme"
        ),
        "label": Label(Kind.PERSON, -2.0, ("a browser",)),
    }
    return Use(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "severity"),
    [
        ({}, HIGH),
        ({"score": 0.0}, MEDIUM),
        ({"score": 2.0}, LOW),
        ({"score": 8.0, "spared": True}, INFO),
        ({"score": 4.0, "spared": True}, LOW),
        ({"score": 9.0, "spared": True, "label": Label(Kind.PREVIEW, 9.0, ("Slack",), on_behalf=True)}, LOW),
        ({"channel": "dns"}, MEDIUM),
        ({"channel": "phone", "score": 0.0}, HIGH),
        ({"named": True, "score": 2.0}, CRITICAL),
        ({"named": True, "expected": True}, INFO),
        ({"expected": True}, INFO),
        ({"score": 0.0, "together": 2}, HIGH),
        ({"score": 0.0, "together": 3}, CRITICAL),
        ({"score": 0.0, "together": 3, "channel": "http"}, HIGH),
        ({"score": 2.0, "together": 3}, LOW),
        ({"score": 0.0, "joint": 0.3}, MEDIUM),
        ({"score": 0.0, "joint": 2.0}, HIGH),
        ({"channel": "dns", "together": 5, "joint": 6.5}, CRITICAL),
    ],
)
def test_how_soon_somebody_should_look(what: dict[str, object], severity: Severity) -> None:
    assert of_use(use(**what)) is severity


def test_more_hits_never_make_it_less_severe() -> None:
    scores, named, together = (8.0, 2.0, 0.0, -1.0), (False, True), (1, 2, 3)
    for channel, joint in itertools.product(("http", "dns", "phone"), (0.0, 2.5, 7.0)):
        ordered = [
            (score, name, number) for score, name, number in itertools.product(scores, named, together)
        ]
        for one, other in itertools.product(ordered, ordered):
            more = other[0] <= one[0] and other[1] >= one[1] and other[2] >= one[2]
            if more:
                first, then = (
                    of_use(use(channel=channel, joint=joint, score=s, spared=s >= 4, named=n, together=t))
                    for s, n, t in (one, other)
                )
                assert then >= first, (channel, joint, one, other)


@pytest.mark.parametrize(
    ("records", "share", "certain", "severity"),
    [
        (0, 0.0, 0, MEDIUM),
        (0, 0.0, 1, HIGH),
        (3, 0.01, 0, HIGH),
        (3, 0.1, 0, CRITICAL),
        (1000, 0.0, 0, CRITICAL),
    ],
)
def test_findings(records: int, share: float, certain: int, severity: Severity) -> None:
    assert of_finding(records=records, share=share, certain=certain) is severity


@pytest.mark.parametrize(
    ("records", "certain", "severity"), [(0, 0, MEDIUM), (0, 1, CRITICAL), (9, 0, HIGH), (10, 0, CRITICAL)]
)
def test_what_anybody_may_read_is_critical_unless_it_may_be_a_customers_own_doing(
    records: int, certain: int, severity: Severity
) -> None:
    assert of_finding(records=records, share=0.0, certain=certain, anybody=True) is severity


def test_whoever_asks_a_suppression_job_which_rows_are_decoys_is_high() -> None:
    assert of_suppression(["large", "often"]) is MEDIUM
    assert of_suppression(["often", "reach"]) is HIGH
    assert of_suppression(["token"]) is HIGH


def test_an_alert_says_what_happened_where_what_is_at_stake_and_what_to_do() -> None:
    new = alerts.of_sighting(use(decoys=(0, 16), hits=3, together=4), OWNER, party="x", begun=0)
    notice = new.notice(id="a1", case="k1", raised=1, severity=new.severity)
    assert notice.headline == "Somebody wrote to 2 decoys of p3 (crm.customers) from 198.51.100.7"
    said = " ".join(notice.happened)
    for words in ("3 hits by smtp on p3/1, p3/17", "198.51.100.7", "outside", "IE", "a data centre (Acme)"):
        assert words in said
    assert "4 of its 60 decoys" in said
    assert "68,000 records" in notice.stake
    assert notice.lay == "crm.customers"
    assert notice.steps[-1] == "All steps: trapstreet case show k1"
    assert dict(notice.facts)["decoys"] == "p3/1, p3/17"


def test_nothing_that_somebody_else_chose_goes_out_raw() -> None:
    hostile = "=cmd|'/c calc'!A1\r\nBcc: x\x00\x1b[2J\u202e" + "<script>" * 100
    place = Place(hostile, hostile, country=hostile, holder=hostile, provider=hostile)
    owner = alerts.Owner("p3", "bait", hostile, 1)
    label = Label(Kind.CRAWLER, 8, (hostile,), automaton=hostile)
    for changes in ({"spared": True}, {"channel": hostile}, {"named": True}):
        new = alerts.of_sighting(use(place=place, label=label, **changes), owner, party="x", begun=0)
        spot = Spot(hostile, hostile, "")
        leak = Leak("customers", records=1, of=9, share=0.1, certain=0, planted={}, which="", spots=(spot,))
        found = of_leak(leak, "finding", places=1_000, spots=[spot] * 9, begun=1, at=1)
        for each in (new, found):
            notice = each.notice(id="a1", case="k1", raised=1, severity=each.severity)
            texts = [notice.headline, *notice.happened, notice.lay, notice.stake, *notice.steps]
            texts += [text for label, text in notice.facts if label != "automaton_bits"]
            assert all(text.isprintable() for text in texts)
            assert all(len(text) < 900 for text in texts)
            assert not any(text.startswith(("=", "+", "-", "@")) for text in texts)
