"""Reading that whoever started it may end early: what was read until then counts."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether reading is to end.

    early  True once something was left for that reason
    """

    def __init__(self) -> None:
        self.early = False
        self._asked = False
        self._fetching = False

    def until(self, items: Iterator[T]) -> Iterator[T]:
        """The items until the stop, which comes between two of them or while the next one is waited for.

        Only the fetching of an item is broken off, never what is done with it.
        """
        try:
            while True:
                try:
                    self._fetching = True
                    if self._asked:  # looked at last: from here on the signal itself breaks it off
                        break
                    item = next(items, None)
                finally:
                    self._fetching = False
                if item is None:
                    return
                yield item
        except _Asked:
            pass
        self.early = True

    @contextmanager
    def by_signal(self) -> Iterator[None]:
        """Until the context ends, Ctrl-C or SIGTERM is the stop, and the second one is KeyboardInterrupt.

        For the main thread, which has to do the fetching, too. A signal that the process was started to
        ignore stays ignored.
        """
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
        for number in taken:
            signal.signal(number, self._ask)
        try:
            yield
        finally:
            for number in taken:
                signal.signal(number, before[number])

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        if self._fetching:
            raise _Asked


class _Asked(BaseException):
    """Breaks off the fetching of an item; no Exception, so that no reader takes it for one."""
