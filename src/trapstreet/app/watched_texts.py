"""What a round of the watch reads with: objects as texts, and the search of the workspace's data sets."""

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, cast

from trapstreet.app.held import Held
from trapstreet.app.search import matcher_of, public_of
from trapstreet.app.source_text import searched
from trapstreet.app.stands import stand_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.objects import Ref, SourceObject, Unread
from trapstreet.core.ports import Source, Text
from trapstreet.index import Lookup, Matcher
from trapstreet.plugins.formats import read
from trapstreet.plugins.sources import Changed
from trapstreet.store import watching
from trapstreet.watch import Public, Scan
from trapstreet.watch.rounds import Stopped
from trapstreet.watch.service import scan_on

_LOOKED_AT = 10.0
"""Seconds between two looks whether data sets were registered, copied or erased from."""


class Opening:
    """An object that is being read (watch.rounds.Opened).

    location  stands for its source in findings;  goes_on  asked at every block: Stopped where it says no
    """

    def __init__(self, source: Source, ref: Ref, location: str, goes_on: Callable[[], bool]) -> None:
        self.fetched = 0
        self.broke: OSError | None = None
        self.changed = False
        self.held = Held()
        self._source, self._ref, self._goes_on = source, ref, goes_on
        self.parts: Iterator[Text | Unread] = self._parts(location)

    def _parts(self, location: str) -> Iterator[Text | Unread]:
        for part in read(SourceObject(location, self._ref.path, self._ref.size, self._open)):
            yield from [part] if isinstance(part, Unread) else searched(location, part)

    def _open(self) -> BinaryIO:
        try:
            file = self._source.open(self._ref)
        except OSError as error:
            self._breaks(error)
            raise
        self.held.begin()
        return cast(BinaryIO, _Counted(file, self))

    def take(self, file: BinaryIO, size: int) -> bytes:
        """The next bytes of the object's file."""
        if not self._goes_on():
            raise Stopped
        try:
            block = file.read(size)
        except OSError as error:
            self._breaks(error)
            raise
        fetched = self.fetched + len(block)  # some formats read parts of a file twice
        self.fetched = fetched if self._ref.size is None else min(fetched, self._ref.size)
        return block

    def _breaks(self, error: OSError) -> None:
        self.broke = error
        self.changed = isinstance(error, (Changed, FileNotFoundError))

    def taken_elsewhere(self) -> None:
        """Somebody else reads the file, by its number."""
        self.fetched = max(self.fetched, self._ref.size or 0)


class _Counted(io.RawIOBase):
    def __init__(self, file: BinaryIO, opening: Opening) -> None:
        self._file, self._opening, self._at = file, opening, 0

    def read(self, size: int = -1) -> bytes:
        block = self._opening.take(self._file, size)
        self._opening.held.take(self._at, block)
        self._at += len(block)
        return block

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = self._file.seek(offset, whence)
        return self._at

    def seekable(self) -> bool:
        return self._file.seekable()

    def fileno(self) -> int:
        number = self._file.fileno()
        self._opening.taken_elsewhere()
        return number

    def close(self) -> None:
        self._file.close()
        super().close()


class Search:
    """Looks for the workspace's data sets, as they are now, in texts. Any number of threads may share it.

    The matcher is made anew when segments or their owners have changed: some tenths of a second.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._looked = -_LOOKED_AT
        self._stand: object = None
        self._made: tuple[Lookup, Matcher, Public] | None = None
        self._number = 0

    @property
    def stand(self) -> int:
        """Up to which segment it searches (app.stands), or further."""
        self._current()
        return self._number

    def __call__(self, texts: Iterable[Text | Unread]) -> tuple[Scan, int]:
        """What was found, and in how many texts chance could have shown a data set, once for each."""
        lookup, matcher, public = self._current()
        before = watching.tests()
        return scan_on(texts, lookup=lookup, matcher=matcher, public=public, before=before)

    def _current(self) -> tuple[Lookup, Matcher, Public]:
        with self._lock:
            now = time.monotonic()
            if self._made and now < self._looked + _LOOKED_AT:
                return self._made
            stand = self._stands()
            if not self._made or stand != self._stand:
                lookup, matcher = matcher_of(self._workspace)
                self._made = lookup, matcher, public_of(self._workspace, lookup)
                self._number = stand_of(lookup)
                self._stand = stand
            self._looked = now
            return self._made

    def _stands(self) -> object:
        """Something that changes with the index."""
        from trapstreet.store.models import Baseline, Copy, DataSet, Planting, Pool, Version

        owners = [model.objects.count() for model in (DataSet, Version, Copy, Pool, Planting)]
        owners += Baseline.objects.filter(public=True).values_list("id", flat=True)
        files = sorted(self._workspace.index.glob("*/*.segment"))
        return owners, [(str(file), (at := file.stat()).st_mtime_ns, at.st_ino) for file in files]
