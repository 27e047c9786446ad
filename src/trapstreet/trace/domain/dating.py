"""When the leaked state was current, from the versions that its records match."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Window(NamedTuple):
    """Unix microseconds; None where the versions set no limit."""

    begin: int | None
    end: int | None


class VersionSeen(NamedTuple):
    """When a version was seen: first, last (Unix µs), and whether it only read the same records in another
    way."""

    first: int
    last: int
    reread: bool


def intersect(states: Iterable[tuple[int, int | None]], versions: Sequence[VersionSeen]) -> Window | None:
    """The window in which all states were current at once; None where there is none, or no version says
    anything.

    states    per leaked record the version in which the state began and the one in which it was over (None:
              it
              holds);  versions[0] is version 1
    A state that version 1 already had may be any age. One that began in version v was not there yet when
    version v - 1 was last seen: the window opens then, since the change came at some moment after it.
    """
    begin: int | None = None
    end: int | None = None
    for since, until in states:
        if since > 1 and not versions[since - 1].reread:
            begin = max(begin or 0, versions[since - 2].last)
        if until is not None and not versions[until - 1].reread:
            end = min(end or versions[until - 1].first, versions[until - 1].first)
    if begin is None and end is None:
        return None
    if begin is not None and end is not None and begin > end:
        return None
    return Window(begin, end)
