"""Work done side by side, its results in turn."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Here(Executor):
    """Does at once what it is given, in the caller's thread; what that raises, it raises."""

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(work(*args, **kwargs))
        return done


def workers(threads: int) -> Executor:
    """So many threads; one is the caller's own."""
    return ThreadPoolExecutor(threads) if threads > 1 else Here()


def in_turn(futures: Iterable[Future[T]], *, ahead: int) -> Iterator[T]:
    """The results in the order of the futures; at most so many are asked for before the first is taken.

    Raises what the work raised, in its turn.
    """
    waiting: deque[Future[T]] = deque()
    for each in futures:
        waiting.append(each)
        while waiting and (waiting[0].done() or len(waiting) > ahead):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
