"""When the leaked state was current, from the versions that its records match."""

from collections.abc import Iterable
from typing import NamedTuple


class Window(NamedTuple):
    """Unix microseconds; None where the versions set no limit."""

    begin: int | None
    end: int | None


def intersect(states: Iterable[tuple[int, int | None]], times: list[int]) -> Window | None:
    """The window in which all states were current at once; None where there is none, or no version says
    anything.

    states  per leaked record the version in which the state began and the one in which it was over (None: it
            holds)
    times   when each version was registered, versions[0] being version 1
    A state that version 1 already had may be any age. A state that began in version v was not there when
    version
    v - 1 was registered; the window opens at that earlier time, since the change came at some moment after
    it.
    """
    begin: int | None = None
    end: int | None = None
    for since, until in states:
        if since > 1:
            begin = max(begin or 0, times[since - 2])
        if until is not None:
            end = times[until - 1] if end is None else min(end, times[until - 1])
    if begin is None and end is None:
        return None
    if begin is not None and end is not None and begin > end:
        return None
    return Window(begin, end)
