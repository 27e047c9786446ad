"""Work done side by side, its results in turn."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Here(Executor):
    """Does at once what it is given, in the caller's thread; what that raises, it raises."""

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(work(*args, **kwargs))
        return done


@contextmanager
def workers(threads: int) -> Iterator[Executor]:
    """So many threads; one is the caller's own. What has not begun when the context ends is dropped."""
    if threads < 2:
        yield Here()
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def in_turn(futures: Iterable[Future[T]], *, ahead: int) -> Iterator[T]:
    """The results in the order of the futures; so many may wait for the one that is next.

    Raises what the work raised, in its turn; what the next future raises when it is asked for comes at once.
    """
    waiting: deque[Future[T]] = deque()
    for each in futures:
        waiting.append(each)
        while waiting and (waiting[0].done() or len(waiting) > ahead):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
