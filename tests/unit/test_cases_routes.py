"""Who is told of what, and when: rules, quiet hours on days when the clocks change, digests, waits."""

from datetime import UTC, datetime

import pytest

from trapstreet.cases import Route, awareness, read_route, retry
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.notice import Severity

HOUR = 3_600_000_000
HIGH, CRITICAL = Severity.HIGH, Severity.CRITICAL


def route(**rules: object) -> Route:
    return read_route("desk", {"kind": "mail", **rules})[0]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1e6)


def told(rules: Route, when: str, severity: Severity = HIGH) -> str:
    return datetime.fromtimestamp(rules.due(severity, at(when)) / 1e6, UTC).strftime("%m-%d %H:%M")


def test_a_section_is_read_and_the_kinds_own_keys_are_handed_on() -> None:
    rules, own = read_route("desk", {"kind": "mail", "to": ["x"], "least": "high", "only": ["finding"]})
    assert own == {"to": ["x"]}
    assert rules.tells("finding", HIGH)
    assert not rules.tells("finding", Severity.MEDIUM)
    assert not rules.tells("sighting", CRITICAL)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"least": "urgent"}, "no severity"),
        ({"only": ["sightings"]}, "no kind of alert"),
        ({"quiet": "22-7"}, "no time of the day"),
        ({"quiet": "22:00-22:00"}, "no span of a day"),
        ({"quiet": "25:00-07:00"}, "no time of the day"),
        ({"timezone": "Mars/Olympus"}, "is not known"),
        ({"timezone": "../../etc/passwd"}, "is not known"),
        ({"digest": "daily"}, "no length of time"),
        ({"after": "0m"}, "no length of time"),
        ({"least": 3}, "expected `str`"),
    ],
)
def test_a_rule_that_is_none_is_said_to_be(rules: dict[str, object], why: str) -> None:
    with pytest.raises(UnusableInput, match=why):
        route(**rules)
    with pytest.raises(UnusableInput, match="'kind' is missing"):
        read_route("desk", {})


def test_quiet_hours_hold_until_they_end_and_critical_passes() -> None:
    rules = route(quiet="22:00-07:00", timezone="Europe/Dublin")
    assert told(rules, "2026-11-22T21:59+00:00") == "11-22 21:59"
    assert told(rules, "2026-11-22T22:00+00:00") == "11-23 07:00"
    assert told(rules, "2026-11-23T06:59+00:00") == "11-23 07:00"
    assert told(rules, "2026-11-23T07:00+00:00") == "11-23 07:00"
    assert told(rules, "2026-11-22T23:00+00:00", CRITICAL) == "11-22 23:00"
    assert told(rules, "2026-07-01T21:30+00:00") == "07-02 06:00"
    noon = route(quiet="12:00-13:00")
    assert told(noon, "2026-11-22T12:30+00:00") == "11-22 13:00"


def test_quiet_hours_follow_the_clocks_on_the_wall_when_they_change() -> None:
    rules = route(quiet="22:00-07:00", timezone="Europe/Dublin")
    assert told(rules, "2026-03-28T23:00+00:00") == "03-29 06:00"
    assert told(rules, "2026-10-24T22:00+00:00") == "10-25 07:00"
    gap = route(quiet="23:00-01:30", timezone="Europe/Dublin")
    assert told(gap, "2026-03-29T00:15+00:00") == "03-29 01:30"
    twice = route(quiet="23:00-01:30", timezone="Europe/Dublin")
    assert told(twice, "2026-10-25T00:10+00:00") == "10-25 00:30"
    assert told(twice, "2026-10-25T01:10+00:00") == "10-25 01:30"


@pytest.mark.parametrize(
    "zone", ["Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
def test_what_is_held_back_is_never_due_in_quiet_hours_nor_more_than_a_day_later(zone: str) -> None:
    rules = route(quiet="21:30-07:15", timezone=zone, digest="08:05")
    quiet = route(quiet="21:30-07:15", timezone=zone)
    for hour in range(0, 24 * 366, 5):
        when = at("2026-01-01T00:00+00:00") + hour * HOUR + 17 * 60_000_000
        due = quiet.due(HIGH, when)
        assert when <= due <= when + 11 * HOUR
        assert quiet.due(HIGH, due) == due
        assert when < rules.due(HIGH, when) <= when + 25 * HOUR


def test_a_digest_comes_at_its_time_or_in_steps() -> None:
    daily = route(digest="08:00", timezone="Europe/Dublin")
    assert told(daily, "2026-07-01T06:59+00:00") == "07-01 07:00"
    assert told(daily, "2026-07-01T07:00+00:00") == "07-02 07:00"
    assert told(daily, "2026-07-01T06:59+00:00", CRITICAL) == "07-01 06:59"
    hourly = route(digest="1h")
    assert told(hourly, "2026-07-01T06:59+00:00") == "07-01 07:00"
    night = route(digest="1h", quiet="22:00-07:00")
    assert told(night, "2026-07-01T22:10+00:00") == "07-02 07:00"


def test_waits_begin_within_seconds_grow_to_hours_and_end_after_three_days() -> None:
    waits = [retry.next_try(failed, refused=False, draw=0.999999) / 1e6 for failed in range(1, 10)]
    assert waits[:3] == pytest.approx([5, 30, 120], rel=1e-3)
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(3 * 3600, rel=1e-3)
    assert retry.next_try(1, refused=False, draw=0.0) == 2_500_000
    assert retry.next_try(1, refused=True, draw=0.0) == 300_000_000
    assert not retry.is_over(0, 72 * HOUR - 1)
    assert retry.is_over(0, 72 * HOUR)


def test_the_72_hours_are_counted_and_said() -> None:
    found = awareness.deadline(0, 41 * HOUR)
    assert found.at == 72 * HOUR
    assert awareness.in_words(found.left) == "31 h 0 min left"
    assert awareness.in_words(awareness.deadline(0, 74 * HOUR).left) == "over since 2 h 0 min"
