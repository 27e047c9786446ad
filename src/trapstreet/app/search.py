"""What a search is made of: the workspace's indexes, the matcher, and the texts at a location."""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from trapstreet.app.passwords import Passwords
from trapstreet.app.reading import told
from trapstreet.app.source_text import SourceText, searched
from trapstreet.app.stopping import Stop
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.objects import SourceObject, Unread
from trapstreet.core.ports import Progress
from trapstreet.index import KernelMatcher, Lookup, Matcher, ReferenceMatcher, Shelf, native
from trapstreet.plugins import decoders
from trapstreet.plugins.formats import read
from trapstreet.plugins.formats._stream import Limits
from trapstreet.plugins.sources import objects
from trapstreet.watch import Public


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
    return texts_in(watched, passwords=passwords, ocr=ocr, stop=stop)


def texts_in(
    found: Iterable[SourceObject | Unread],
    *,
    passwords: Passwords = (),
    ocr: bool = False,
    stop: Stop | None = None,
) -> Iterator[SourceText | Unread]:
    """Every text in objects that were listed; otherwise as `texts`."""
    stop = stop or Stop()
    return _until(stop, _read(found, passwords, Limits(ocr=ocr), stop))


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
                yield from [part] if isinstance(part, Unread) else searched(each.source, part, stop)


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
    """The values that scans set aside: those that the settings and baselines name, and examples that are
    everywhere."""
    from trapstreet.store.baselines import public_values

    named = Public.of(workspace.settings.scan.public, lookup, workspace.ring.fingerprint_key)
    return named.beside(public_values(workspace.ring))
