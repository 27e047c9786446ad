"""Reading that is stopped by a signal: what is waited for is broken off, what is done with it never."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from trapstreet.app.stopping import Stop


@pytest.fixture(autouse=True)
def _signals_are_heard() -> Iterator[None]:
    """A test run in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_all_items_come_if_nobody_stops() -> None:
    stop = Stop()
    with stop.by_signal():
        assert list(stop.until(iter("abc"))) == ["a", "b", "c"]
    assert not stop.early


def test_who_waits_for_an_item_waits_no_longer() -> None:
    closed = []

    def items() -> Iterator[int]:
        try:
            yield 1
            interrupt()
            time.sleep(60)
            yield 2
        finally:
            closed.append(True)

    stop = Stop()
    began = time.monotonic()
    with stop.by_signal():
        assert list(stop.until(items())) == [1]
    assert stop.early
    assert closed
    assert time.monotonic() - began < 30


def test_what_is_done_with_an_item_is_done_to_its_end() -> None:
    stop = Stop()
    done = []
    with stop.by_signal():
        for item in stop.until(iter([1, 2, 3])):
            if item == 2:
                interrupt()
                time.sleep(0.01)
            done.append(item)
    assert done == [1, 2]
    assert stop.early


def test_every_reading_ends_at_the_one_stop() -> None:
    stop = Stop()
    with stop.by_signal():
        interrupt()
        assert list(stop.until(iter([1, 2]))) == []
        assert list(stop.until(iter([3]))) == []


def test_the_second_signal_interrupts() -> None:
    with Stop().by_signal():
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ValueError, match="gone"), Stop().by_signal():
        assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] != before
        raise ValueError("gone")
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = Stop()
    with stop.by_signal():
        interrupt()
        assert list(stop.until(iter([1]))) == [1]
    assert not stop.early


def test_an_error_of_the_items_leaves_no_signal_waiting_to_break_something_off() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("away")

    stop = Stop()
    with stop.by_signal():
        with pytest.raises(OSError, match="away"):
            list(stop.until(items()))
        interrupt()  # breaks nothing off: nothing is fetched
    assert not stop.early
