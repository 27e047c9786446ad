"""The loop of the worker: no job waits for another, none is done by two, none is lost to nobody."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hearing import wait_for
from registries import migrated, registry
from trapstreet.store import leases
from trapstreet.store.models import Lease
from trapstreet.work import loop as loops
from trapstreet.work.loop import Job, Loop, Turn, Why, once_each

__all__ = ["migrated", "registry"]


class Hand:
    """Does a job: counts the rounds, and raises what it is told to."""

    def __init__(self) -> None:
        self.rounds = 0
        self.raises: Exception | None = None

    def __call__(self, _turn: Turn) -> int:
        if self.raises:
            raise self.raises
        self.rounds += 1
        return 1


class Slow:
    """Does a job that takes until it is released; a step each 10 ms if it moves."""

    def __init__(self, *, moves: bool = True) -> None:
        self.entered, self.release, self.left = (threading.Event() for _ in range(3))
        self.moves, self.broke_off = moves, False

    def __call__(self, turn: Turn) -> int:
        self.entered.set()
        while not self.release.wait(0.01):
            if self.moves and not turn.goes_on():
                self.broke_off = True
                break
        self.left.set()
        return 0


@contextmanager
def working(*jobs: Job, holder: str = "a", told: list[str] | None = None) -> Iterator[Loop]:
    lines = told if told is not None else []
    made = Loop(
        jobs, holder=holder, explain=lambda error: Why(type(error).__name__, str(error)), tell=lines.append
    )
    made.begin()
    try:
        yield made
    finally:
        made.stop()


def test_a_job_that_takes_long_keeps_no_other_waiting(registry: str) -> None:
    slow, quick = Slow(), Hand()
    with working(Job("take", 0.01, slow), Job("messages", 0.01, quick)):
        assert slow.entered.wait(20)
        before = quick.rounds
        assert wait_for(lambda: quick.rounds > before + 5)
        slow.release.set()


def test_what_waits_for_a_job_is_done_at_once_when_it_did_something(registry: str) -> None:
    first, then = Hand(), Hand()

    def once_the_other_waits(turn: Turn) -> int:
        assert wait_for(lambda: then.rounds == 1)  # else its first round is the one that is asked for
        return first(turn)

    with working(Job("take", 3600, once_the_other_waits, then=("alerts",)), Job("alerts", 3600, then)):
        assert wait_for(lambda: then.rounds == 2)
    assert first.rounds == 1


def test_of_two_workers_one_does_the_job_and_the_other_when_it_ends(registry: str) -> None:
    ours, theirs = Hand(), Hand()
    with working(Job("alerts", 0.02, theirs), holder="b") as other:
        assert wait_for(lambda: theirs.rounds > 0)
        with working(Job("alerts", 0.02, ours)) as standing_by:
            assert wait_for(lambda: standing_by.standings["alerts"].elsewhere)
            before = theirs.rounds
            assert wait_for(lambda: theirs.rounds > before + 3)
            assert ours.rounds == 0
            other.stop()
            assert wait_for(lambda: ours.rounds > 0), "at once: it was given back"
            assert not standing_by.standings["alerts"].elsewhere
    assert leases.held() == []


def test_every_worker_does_what_need_not_be_done_alone(registry: str) -> None:
    ours, theirs = Hand(), Hand()
    with (
        working(Job("messages", 0.02, ours, alone=False)),
        working(Job("messages", 0.02, theirs, alone=False), holder="b"),
    ):
        assert wait_for(lambda: min(ours.rounds, theirs.rounds) > 3)
    assert leases.held() == []


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases run out after a second, instead of 20."""
    monkeypatch.setattr(leases, "LASTS", 1)
    monkeypatch.setattr(loops, "_RENEW", 0.3)


def test_a_worker_that_hangs_loses_the_job_to_one_that_does_not(registry: str, short: None) -> None:
    hanging, quick = Slow(moves=False), Hand()
    with working(Job("take", 0.01, hanging), holder="b"):
        assert hanging.entered.wait(20)
        with working(Job("take", 0.05, quick)):
            assert wait_for(lambda: quick.rounds > 0)
            hanging.moves = True
            assert hanging.left.wait(20)
            assert hanging.broke_off, "it is told that the job is another's"


def test_a_worker_whose_job_takes_long_and_moves_keeps_it(
    registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "_RENEW", 0.05)
    slow, quick, began = Slow(), Hand(), leases.clock()
    with working(Job("take", 0.01, slow), holder="b"):
        assert slow.entered.wait(20)
        with working(Job("take", 0.01, quick)):
            assert wait_for(lambda: Lease.objects.get().until > began + (leases.LASTS + 1) * 1_000_000)
            assert quick.rounds == 0
            slow.release.set()
            assert slow.left.wait(20)
            assert not slow.broke_off


def test_what_fails_is_told_once_and_tried_again_until_it_works(registry: str) -> None:
    hands, told = [Hand(), Hand(), Hand()], list[str]()
    hands[0].raises = hands[1].raises = ValueError("the disk is gone")
    jobs = [Job(f"job {number}", 0.01, hand) for number, hand in enumerate(hands)]
    with working(*jobs, told=told) as made:
        assert wait_for(lambda: all(made.standings[f"job {n}"].failed for n in range(2)))
        before = hands[2].rounds
        assert wait_for(lambda: hands[2].rounds > before), "the others go on"
        assert "the disk is gone" in made.wrong()
        hands[0].raises = hands[1].raises = None
        assert wait_for(lambda: min(hand.rounds for hand in hands) > 0)
        assert wait_for(lambda: made.wrong() == "")
        assert wait_for(lambda: len(told) == 2)
    assert [line.split(": ", 1)[1] for line in told] == ["the disk is gone; it is tried again", "works again"]


def test_what_goes_on_failing_is_tried_more_and_more_seldom(
    registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = list[float]()
    monkeypatch.setattr(threading.Event, "wait", _noting(threading.Event.wait, waits))
    hand = Hand()
    hand.raises = ValueError("no")
    with working(Job("alerts", 1.0, hand)) as made:
        assert wait_for(lambda: made.standings["alerts"].failed > 8)
    ours = [seconds for seconds in waits if seconds >= 1]
    assert ours[:6] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]


def _noting(wait: Callable[..., bool], waits: list[float]) -> Callable[[threading.Event, float | None], bool]:
    def waiting(event: threading.Event, timeout: float | None = None) -> bool:
        if threading.current_thread().name == "alerts" and timeout:
            waits.append(timeout)
            return wait(event, 0.001)
        return wait(event, timeout)

    return waiting


def test_a_job_that_stands_still_hangs_and_the_rest_is_well(
    registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "HANGS_AFTER", 0.3)
    slow = Slow(moves=False)
    with working(Job("take", 0.01, slow), Job("checks", 3600, Hand())) as made:
        assert wait_for(lambda: made.hanging() == ["take"])
        assert made.wrong() == "take hangs"
        slow.release.set()
        assert wait_for(lambda: made.wrong() == "")


def test_a_worker_that_is_told_to_stop_ends_what_it_is_at(registry: str) -> None:
    slow = Slow()
    with working(Job("take", 0.01, slow), Job("checks", 3600, Hand())):
        assert slow.entered.wait(20)
    assert slow.broke_off
    assert leases.held() == []


def test_one_round_of_every_job_asks_nobody(registry: str) -> None:
    assert leases.take("take", "somebody else")
    first, second = Hand(), Hand()
    once_each([Job("take", 1, first), Job("alerts", 1, second)])
    assert (first.rounds, second.rounds) == (1, 1)
    second.raises = ValueError("no")
    with pytest.raises(ValueError, match="no"):
        once_each([Job("alerts", 1, second)])
