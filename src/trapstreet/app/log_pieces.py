"""Logs that are the beginning of one that was taken in before: a copy of an earlier hour, or a part of it.

Kept of a log is the hash of its whole text, by which a part of it cannot be told. But its uses are kept: a
log that begins with the same line, is shorter, and has no use that is not among them, tells nothing new.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from trapstreet.app.log_files import readable
from trapstreet.core.model.access_events import AccessEvent, Doubt, Unread
from trapstreet.plugins.accesslogs import Lines

if TYPE_CHECKING:
    from trapstreet.events import Events, Writer

Read = Callable[[Lines, Callable[[], int]], Iterator[AccessEvent | Unread]]
"""The events of a log's lines, by a clock (Unix µs)."""

_LONG_AFTER = 1 << 62


def is_piece(
    path: Path, read: Read, kept: "Events", *, unread: int, writer: Callable[[Path], "Writer"], within: Path
) -> bool:
    """Whether all that a log tells of is among what is kept of a longer one.

    unread  how many lines of that one could not be read;  within  a folder for what is taken in meanwhile
    Its end may cut a statement, which is otherwise then, but for its time and who it was. So it is read once
    more as if its last use were made right now, and nothing else may differ. Which statements are as long as
    any, and so perhaps not whole themselves, may.
    """
    with TemporaryDirectory(prefix="piece-", dir=within) as scratch:
        every, whole = Path(scratch, "every"), Path(scratch, "whole")
        latest, written = 0, writer(every)
        for each in _read(path, read, _LONG_AFTER):
            if isinstance(each, AccessEvent):
                latest = max(latest, each.time)
                written.add(each)
        written.finish()
        if not kept.has_all_of(every, by="time, who, client, program"):
            return False
        written = writer(whole)
        for each in _read(path, read, latest):
            if isinstance(each, Unread):
                unread -= 1
            elif each.doubt != Doubt.CUT:
                written.add(each)
        written.finish()
        return unread >= 0 and kept.has_all_of(whole, by="time, who, client, program, rows, act, shape")


def _read(path: Path, read: Read, clock: int) -> Iterator[AccessEvent | Unread]:
    with readable(path) as stream:
        yield from read(Lines(stream), lambda: clock)
