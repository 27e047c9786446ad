"""Work done side by side, its results in turn."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Coming(Protocol[T_co]):
    """A result that is there, or will be."""

    def done(self) -> bool: ...
    def result(self) -> T_co: ...


class Workers(Protocol):
    """Who does work."""

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Coming[T]: ...


@dataclass(frozen=True, slots=True)
class _Done(Generic[T_co]):
    """A Future would take locks for it: as long as to open a file."""

    given: T_co

    def done(self) -> bool:
        return True

    def result(self) -> T_co:
        return self.given


class Here:
    """Does at once what it is given, in the caller's thread; what that raises, it raises."""

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Coming[T]:
        return _Done(work(*args, **kwargs))


@contextmanager
def workers(threads: int) -> Iterator[Workers]:
    """So many threads; one is the caller's own. What has not begun when the context ends is dropped."""
    if threads < 2:
        yield Here()
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def in_turn(futures: Iterable[Coming[T]], *, ahead: int) -> Iterator[T]:
    """The results in the order of the futures; so many may wait for the one that is next.

    Raises what the work raised, in its turn; what the next future raises when it is asked for comes at once.
    """
    waiting: deque[Coming[T]] = deque()
    for each in futures:
        waiting.append(each)
        while waiting and (waiting[0].done() or len(waiting) > ahead):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
