"""Statements of a server_audit.log that may be cut: it leaves out what is longer than its limit.

The limit is not in the log. But where it cut anything, nothing in the log is longer, and what it cut is as
long as that, or a byte less where a backslash and what it stands before did not fit.
"""

from collections.abc import Iterable, Iterator

import msgspec

from trapstreet.core.model.access_events import AccessEvent, Doubt, Unread

_LEAST = 500
"""Bytes: nobody sets a limit that is smaller."""
_MOST = 200
"""Statements of one length that are held back: more of them are taken for cut at once."""


class Sized(AccessEvent, frozen=True, gc=False):
    """An event with the bytes of its statement as they stand in the log."""

    size: int = 0


def with_doubts(events: Iterable[AccessEvent | Unread]) -> Iterator[AccessEvent | Unread]:
    """The events, those that may be cut marked. Of the longest some come later than they stood there."""
    longest, waiting, many = _LEAST, list[Sized](), False
    for each in events:
        if not isinstance(each, Sized) or each.size < longest - 1 or each.size < _LEAST:
            yield each
            continue
        if each.size > longest:
            longest, many = each.size, False
            yield from (one for one in waiting if one.size < longest - 1)
            waiting = [one for one in waiting if one.size >= longest - 1]
        waiting.append(each)
        if many or len(waiting) > _MOST:
            many = True
            yield from map(_cut, waiting)
            waiting.clear()
    yield from map(_cut, waiting)


def _cut(event: Sized) -> AccessEvent:
    return msgspec.structs.replace(event, doubt=Doubt.CUT)
