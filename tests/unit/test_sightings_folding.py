"""Replays fold into one incident, and nothing is lost by it."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trapstreet.core.model.hit import Hit
from trapstreet.core.model.place import Origin, Place
from trapstreet.sightings import Kind, Label
from trapstreet.sightings.domain.folding import PAUSE, Incident, fold, incident_of

HOUR = 3_600 * 1_000_000
SLACK = Label(Kind.PREVIEW, 4, (), "Slack", on_behalf=True)
SAID = Label(Kind.TOOL, -3, ())
PERSON = Label(Kind.PERSON, -2, ())


def seen(
    at: int, *, host: int = 7, label: Label = PERSON, token: str = "t", channel: str = "http"
) -> Incident:
    place = Place(f"192.0.2.{host}", "192.0.2.0/24")
    return incident_of(token, Hit(channel, at, place.address, 1, (), ()), place, label)


def at_amazon(at: int, network: str, label: Label) -> Incident:
    place = Place("192.0.2.7", network, origin=Origin.HOSTING, provider="Amazon AWS")
    return incident_of("t", Hit("http", at, place.address, 1, (), ()), place, label)


INCIDENTS = st.lists(
    st.builds(
        lambda at, token, label: seen(at, token=token, label=label),
        st.integers(0, 20).map(lambda step: step * PAUSE // 3),
        st.sampled_from("ab"),
        st.sampled_from([SLACK, PERSON]),
    ),
    max_size=30,
)


@given(INCIDENTS, st.randoms(use_true_random=False))
def test_the_order_in_which_hits_arrive_makes_no_difference(incidents: list[Incident], random: Random):
    shuffled = random.sample(incidents, len(incidents))
    assert fold(shuffled) == fold(incidents)


@given(INCIDENTS, INCIDENTS)
def test_hits_that_arrive_later_fold_as_if_they_had_come_with_the_others(
    early: list[Incident], late: list[Incident]
):
    assert fold([*fold(early), *late]) == fold([*early, *late])


@given(INCIDENTS)
def test_every_hit_is_counted_once(incidents: list[Incident]):
    found = fold(incidents)
    assert sum(one.count for one in found) == len(incidents)
    assert sum(count for one in found for _, count in one.kinds) == len(incidents)
    assert all(
        a.first - b.last > PAUSE
        for a in found
        for b in found
        if a.party == b.party and a.token == b.token and b.first < a.first
    )


def test_a_hundred_hits_of_one_network_are_one_incident_with_the_least_score():
    hits = [seen(n * HOUR, host=n % 5, label=PERSON if n == 50 else SAID) for n in range(100)]
    (found,) = fold(hits)
    assert (found.party, found.count, found.score) == ("192.0.2.0/24", 100, -3)
    assert (found.first, found.last) == (0, 99 * HOUR)
    assert found.kinds == ((Kind.PERSON, 1), (Kind.TOOL, 99))


def test_a_day_without_a_hit_ends_an_incident():
    assert [one.count for one in fold([seen(0), seen(PAUSE), seen(2 * PAUSE + 1)])] == [2, 1]


def test_another_token_is_another_incident():
    assert len(fold([seen(0, token="a"), seen(0, token="b")])) == 2


def test_an_automaton_of_many_networks_is_one_party_where_its_address_backs_its_name():
    found = fold([at_amazon(0, "192.0.2.0/24", SLACK), at_amazon(1, "198.51.100.0/24", SLACK)])
    assert [one.party for one in found] == ["Slack at Amazon AWS"]


def test_whoever_takes_an_automatons_name_elsewhere_does_not_hide_behind_it():
    found = fold([at_amazon(0, "198.51.100.0/24", SLACK), seen(1, label=SAID)])
    assert [(one.party, one.count) for one in found] == [("192.0.2.0/24", 1), ("Slack at Amazon AWS", 1)]


def test_the_many_addresses_of_one_resolver_are_one_party():
    places = [
        Place("192.0.2.7", f"198.51.{n}.0/24", origin=Origin.HOSTING, provider="Google") for n in range(3)
    ]
    hits = [incident_of("t", Hit("dns", 0, place.address, 1, (), ()), place, PERSON) for place in places]
    assert [(one.party, one.count) for one in fold(hits)] == [("resolvers of Google", 3)]


def test_an_incident_is_named_by_one_of_its_hits_and_expected_by_all_of_them() -> None:
    hits = [seen(0), replace(seen(HOUR), named=True), replace(seen(2 * HOUR), expected=True)]
    (found,) = fold(hits)
    assert (found.named, found.expected) == (True, False)
    (found,) = fold([replace(each, expected=True) for each in hits])
    assert found.expected


def test_calls_from_one_number_are_one_party_wherever_the_provider_is() -> None:
    calls = [
        incident_of("t", Hit("phone", at, "", 0, (), (("caller", number),)), Place("", ""), PERSON)
        for at, number in ((0, b"+44 1"), (1, b"+44 1"), (2, b"+44 2"))
    ]
    assert [each.count for each in fold(calls)] == [2, 1]
