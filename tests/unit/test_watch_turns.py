"""Work done side by side: results in turn, no more of it waiting than was said, errors where they belong."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from trapstreet.watch.turns import Here, in_turn, workers

PATIENCE = 60.0


def test_what_is_done_first_waits_for_its_turn() -> None:
    second_done = threading.Event()

    def first() -> str:
        assert second_done.wait(PATIENCE)
        return "first"

    def second() -> str:
        second_done.set()
        return "second"

    with workers(2) as pool:
        jobs = (pool.submit(job) for job in (first, second))
        assert list(in_turn(jobs, ahead=2)) == ["first", "second"]


def test_no_more_is_asked_for_than_may_wait() -> None:
    asked: list[Future[int]] = []

    def jobs() -> Iterator[Future[int]]:
        for number in range(10):
            asked.append(Future())
            if number == 3:
                asked[0].set_result(0)
            yield asked[-1]

    results = in_turn(jobs(), ahead=3)
    assert next(results) == 0
    assert len(asked) == 4


def test_one_thread_is_the_callers_own() -> None:
    with workers(1) as here:
        assert here.submit(threading.get_ident).result() == threading.get_ident()


def test_what_is_raised_elsewhere_comes_in_its_turn() -> None:
    def fail() -> int:
        raise ValueError("of the third")

    with workers(2) as pool:
        results = in_turn((pool.submit(job) for job in (int, int, fail, int)), ahead=4)
        assert [next(results), next(results)] == [0, 0]
        with pytest.raises(ValueError, match="of the third"):
            next(results)


def test_what_is_raised_here_comes_at_once() -> None:
    with pytest.raises(ZeroDivisionError):
        Here().submit(divmod, 1, 0)


def test_what_has_not_begun_when_an_error_ends_the_work_is_dropped() -> None:
    began, held = threading.Event(), threading.Event()
    ran: list[int] = []

    def hold() -> None:
        began.set()
        assert held.wait(PATIENCE)

    with pytest.raises(KeyboardInterrupt), workers(2) as pool:
        for _ in range(2):
            pool.submit(hold)
        for number in range(20):
            pool.submit(ran.append, number)
        assert began.wait(PATIENCE)
        threading.Timer(0.2, held.set).start()
        raise KeyboardInterrupt
    assert not ran
