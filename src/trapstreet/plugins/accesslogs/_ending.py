"""The end of a log that still grows: a statement of its last seconds may go on in lines yet to be written."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from trapstreet.core.model.access_events import AccessEvent, Unread
from trapstreet.plugins.accesslogs._lines import Lines

_AHEAD = 60_000_000
"""That a server's clock may go before ours. A log whose end lies further off is not being written now."""
_MOST = 100_000
"""Lines that are held back, and so many more of the last seconds."""
_BEFORE = 20
"""Times as long as a statement may wait for more lines: how long before the end holding back begins, for
those that began long ago and end among lines that wait."""


class Said(NamedTuple):
    """What one statement's lines say.

    first, last  numbers of the first and the last of them;  time  of the last
    """

    first: int
    last: int
    events: Sequence[AccessEvent | Unread]
    time: int = 0


class Ending:
    """Holds back what stands in a log from the first line on of a statement that may go on: the next run
    begins there. Until lines come that are as young as that, it costs a comparison a line.

    clock  Unix microseconds;  young  so many after a statement's last line more of it may come
    """

    def __init__(self, lines: Lines, clock: Callable[[], int], *, young: int) -> None:
        self._lines, self._clock, self._young = lines, clock, young
        now = clock()
        self._since, self._late = now - _BEFORE * young, now - 2 * young
        self._held: list[Said] = []
        self._begin = 0

    def reached(self, time: int) -> None:
        """The lines that are not settled yet are of this time. To be called before they are."""
        most = 2 * _MOST if time >= self._late else _MOST
        if self._lines.held < most if self._begin else time < self._since:
            return
        now = self._clock()
        self._lines.release()
        self._begin = self._lines.first if now - _BEFORE * self._young <= time <= now + _AHEAD else 0
        if self._begin:
            self._lines.hold()

    def over(
        self, said: Iterator[Said], left: Callable[[], Iterable[Said]]
    ) -> Iterator[AccessEvent | Unread]:
        """What is said, but for what is held back.

        left  what is known at the end of statements of which more may come
        """
        for each in said:
            if self._begin:
                self._held.append(each)
                if self._held[0].first >= self._begin:
                    continue
                yield from _events(self._held)
                self._held.clear()
            else:
                yield from each.events
        yield from self._end([*left()])

    def _end(self, left: list[Said]) -> Iterator[AccessEvent | Unread]:
        now, begin = self._clock(), self._begin
        since, until = now - self._young, now + _AHEAD
        unsure = (each.first for each in left if since < each.time <= until and each.first >= begin)
        cut = min(unsure, default=0) if begin else 0
        held = [*self._held, *left]
        if not cut:
            yield from _events(held)
            self._lines.release()
            return
        for each in sorted(held, key=lambda each: each.last, reverse=True):
            if each.last < cut:
                break
            cut = max(begin, min(cut, each.first))  # no statement is cut in two
        yield from _events(each for each in held if each.last < cut or each.first < begin)
        self._lines.release(before=cut)


def _events(said: Iterable[Said]) -> Iterator[AccessEvent | Unread]:
    for each in said:
        yield from each.events
