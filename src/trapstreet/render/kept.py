"""What is kept of a case's findings in plain words, and whose copy they are from."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from trapstreet.core.model.objects import printable
from trapstreet.core.model.words import counted
from trapstreet.render.words import minute

_PLACES = 10
"""Snapshots that are shown one by one."""


class SnapshotShown(msgspec.Struct, frozen=True):
    """What is kept of what was found: `there` until it is destroyed, which is due at `until` unless an open
    case needs it.

    source  the watched source;  path  where it lay there, `readers` who may read it;  version, modified  as
            the source told
    size    of all that lay there, null where nobody knows;  kept  bytes of that in the snapshot, of which
            `sha256` is;  whole  it is all of it;  again  it was fetched once more
    remark  what is not as it should be, "" for nothing;  excerpts  some of the places, masked
    """

    snapshot: str
    alerts: tuple[str, ...]
    source: str
    path: str
    readers: str
    version: str
    modified: datetime | None
    size: int | None
    kept: int
    sha256: str
    whole: bool
    again: bool
    remark: str
    excerpts: tuple[str, ...]
    taken: datetime
    until: datetime | None
    destroyed: datetime | None
    there: bool


class TraceShown(msgspec.Struct, frozen=True):
    """A trace of a case's snapshots that the worker made.

    look   which look at the case it was;  ended  null while it goes on, and where it was interrupted
    lines  what it came to, in sentences;  accused  the copies that took part
    """

    look: int
    begun: datetime
    ended: datetime | None
    lines: tuple[str, ...]
    accused: tuple[str, ...]


def evidence_lines(traces: Sequence[TraceShown], snapshots: Sequence[SnapshotShown]) -> Iterator[str]:
    """What a trace came to, and what is kept of what was found."""
    if traces:
        yield ""
        yield "Which copy it was"
        for trace in traces:
            yield f"  {minute(trace.begun)}, look {trace.look}:"
            yield from (f"      {printable(line)}" for line in trace.lines)
    if snapshots:
        yield ""
        yield "What is kept of it"
        for each in snapshots[:_PLACES]:
            yield f"  {each.snapshot}  {each.path} (source {printable(each.source)}), {minute(each.taken)}"
            yield from (f"      {printable(line)}" for line in snapshot_lines(each))
        if (more := len(snapshots) - _PLACES) > 0:
            yield f"  and {counted(more, 'more snapshot')}: --json has them"


def snapshot_lines(each: SnapshotShown) -> Iterator[str]:
    """How much a snapshot holds, for how long, and what is not as it should be."""
    if each.kept:
        of = f" of {each.size:,}" if each.size is not None and not each.whole else ""
        yield f"{each.kept:,}{of} bytes, SHA-256 {each.sha256}"
    if each.readers:
        yield f"May be read by: {each.readers}"
    yield from each.excerpts
    if each.remark:
        yield f"{each.remark[0].upper()}{each.remark[1:]}."
    if each.destroyed:
        yield f"Destroyed {minute(each.destroyed)}: its hash stays."
    elif each.there and each.until:
        yield f"Kept until {minute(each.until)}, and as long as a case with it is open."
