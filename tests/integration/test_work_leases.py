"""Leases: of several workers one does a job, and nobody's death keeps it from being done."""

import threading

import pytest
from django.db import connections

from registries import migrated, registry
from trapstreet.store import leases

__all__ = ["migrated", "registry"]


class Time:
    """The registry's clock, in seconds, set by hand."""

    def __init__(self) -> None:
        self.seconds = 1_795_000_000

    def __call__(self) -> int:
        return self.seconds * 1_000_000


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    set_by_hand = Time()
    monkeypatch.setattr(leases, "clock", set_by_hand)
    return set_by_hand


def test_a_lease_is_one_workers_until_it_runs_out(registry: str, time: Time) -> None:
    assert leases.take("alerts", "a")
    assert not leases.take("alerts", "b")
    assert leases.take("checks", "b")
    time.seconds += leases.LASTS - 1
    assert not leases.take("alerts", "b")
    assert [(each.name, each.holder, each.seconds) for each in leases.held()] == [
        ("alerts", "a", 1.0),
        ("checks", "b", 1.0),
    ]
    time.seconds += 1
    assert leases.held() == []
    assert leases.take("alerts", "b")
    assert not leases.take("alerts", "a"), "who was away too long has lost it"


def test_a_lease_is_renewed_by_taking_it_again(registry: str, time: Time) -> None:
    for _ in range(5):
        assert leases.take("alerts", "a")
        time.seconds += leases.LASTS - 1
        assert not leases.take("alerts", "b")


def test_a_lease_that_was_given_back_is_anybodys_at_once(registry: str, time: Time) -> None:
    assert leases.take("alerts", "a")
    leases.give_back("alerts", "b")
    assert not leases.take("alerts", "b"), "nobody gives back what is another's"
    leases.give_back("alerts", "a")
    assert leases.take("alerts", "b")


def test_a_clock_that_was_set_back_keeps_no_lease_for_ever(registry: str, time: Time) -> None:
    time.seconds += 86_400
    assert leases.take("alerts", "a")
    time.seconds -= 86_400
    assert leases.take("alerts", "b")


def test_old_leases_are_forgotten(registry: str, time: Time) -> None:
    assert leases.take("take /gone", "a")
    time.seconds += 2 * 86_400
    assert leases.take("alerts", "a")
    assert leases.forget_old(days=1) == 1
    assert [each.name for each in leases.held()] == ["alerts"]


def test_of_many_who_ask_at_once_one_has_it(registry: str) -> None:
    asking, won = threading.Barrier(8), list[str]()

    def ask(holder: str) -> None:
        try:
            for number in range(5):
                asking.wait(30)
                if leases.take(f"job {number}", holder):
                    won.append(f"job {number}")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [f"job {number}" for number in range(5)]
