"""What a search is made of: the workspace's indexes, the matcher, and the texts at a location."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from trapstreet.app.passwords import Passwords
from trapstreet.app.reading import told
from trapstreet.app.stopping import Stop
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.core.ports import Progress
from trapstreet.index import KernelMatcher, Lookup, Matcher, ReferenceMatcher, Shelf, native
from trapstreet.plugins import decoders
from trapstreet.plugins.decoders import decoded
from trapstreet.plugins.formats import Text, read
from trapstreet.plugins.formats._stream import Limits
from trapstreet.plugins.sources import objects
from trapstreet.watch import Public


@dataclass(slots=True)
class SourceText:
    """A text and the source it was found at; its chunks tell what is encoded in it, too, and end at a stop.

    size  of the bytes that were read, without what was decoded
    cut   whether the stop came before its end
    """

    source: str
    text: Text
    stop: Stop = field(default_factory=Stop)
    size: int = 0
    cut: bool = False
    chunks: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.chunks = decoded(self._counted())

    @property
    def path(self) -> str:
        return self.text.path

    @property
    def sha256(self) -> str:
        return self.text.sha256

    def _counted(self) -> Iterator[bytes]:
        for chunk in self.stop.until(self.text.chunks):
            self.size += len(chunk)
            yield chunk
        self.cut = self.stop.early


def texts(
    locations: Sequence[str],
    progress: Progress | None = None,
    *,
    passwords: Passwords = (),
    ocr: bool = False,
    stop: Stop | None = None,
) -> Iterator[SourceText | Unread]:
    """Every text at the locations. A location that cannot be reached raises before the first is read.

    passwords  are tried where something is encrypted
    ocr        whether pictures of text are read, too
    stop       ends it early: in the middle of a text, too, which an Unread then says
    """
    listings = [objects(location) for location in locations]
    found = chain.from_iterable(listings)
    watched = told(found, locations, progress) if progress and progress.watched else found
    stop = stop or Stop()
    return _until(stop, _read(watched, passwords, Limits(ocr=ocr), stop))


def _until(stop: Stop, found: Iterator[SourceText | Unread]) -> Iterator[SourceText | Unread]:
    last: SourceText | Unread | None = None
    for last in stop.until(found):
        yield last
    if isinstance(last, SourceText) and last.cut:
        why = "the scan was stopped while it was read: its rest was not looked at"
        yield Unread(last.path, why, partly=last.size > 0)


def _read(
    found: Iterable[SourceObject | Unread], passwords: Passwords, limits: Limits, stop: Stop
) -> Iterator[SourceText | Unread]:
    for each in found:
        if isinstance(each, Unread):
            yield each
        else:
            for part in read(each, limits, passwords=passwords):
                yield part if isinstance(part, Unread) else SourceText(each.source, part, stop)


def shelf_of(workspace: Workspace) -> Shelf:
    """Where the workspace's segments lie."""
    return Shelf(workspace.index, scratch=workspace.tmp)


def matcher_of(workspace: Workspace) -> tuple[Lookup, Matcher]:
    """All data sets of the workspace, and the matcher that finds them.

    It is the kernel, on all processors, where there is one.
    """
    from trapstreet.store import catalogue

    lookup = Lookup(catalogue.all_indexes(shelf_of(workspace)))
    key_of = workspace.ring.fingerprint_key
    if native.load():
        return lookup, KernelMatcher(lookup, key_of, threads=processors())
    return lookup, ReferenceMatcher(lookup, key_of)


def processors() -> int:
    """How many threads search: as many as this process may use processors, one where there is no kernel.

    The reference holds Python's lock: side by side it gains nothing.
    """
    return len(os.sched_getaffinity(0)) if native.load() else 1


def matcher_remark() -> str:
    """What users should know of the search; "" if all of it is compiled that can be."""
    return native.remark() or decoders.remark()


def public_of(workspace: Workspace, lookup: Lookup) -> Public:
    """The values that scans set aside: those that the settings name, and examples that are everywhere."""
    return Public.of(workspace.settings.scan.public, lookup, workspace.ring.fingerprint_key)
