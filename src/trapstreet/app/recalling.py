"""Data sets that came or grew are looked for in what is remembered: what holds them is read again."""

import fcntl
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import log10
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from trapstreet.app.alarming import alarm_findings
from trapstreet.app.remembering import FOLDER, memory_of
from trapstreet.app.search import public_of, shelf_of
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.words import counted
from trapstreet.index import DataSetIndex, Lookup
from trapstreet.store import cases, catalogue, recalls, watching
from trapstreet.store.leases import clock
from trapstreet.store.models import DataSet, WatchedSource
from trapstreet.watch import Finding
from trapstreet.watch.blocks import Block, Place
from trapstreet.watch.domain.findings import NUMBERS_ALONE
from trapstreet.watch.domain.recall import Recall
from trapstreet.watch.domain.recollection import Recollection

GONE = "(cannot be read any more: told from what is remembered of it)"

_AGAIN = 600.0
"""Seconds after which it is asked again though no segment is new: a long round may have ended that began
before the last one came."""
_PRINTS = 1 << 20
"""Fingerprints that are asked for at once."""
_SLACK = 1_000
_NAMES = np.dtype([("source", "<u8"), ("key", "V16"), ("state", "<i8")])


@dataclass(slots=True)
class _Pass:
    """All blocks of one stand. cut  objects of a source that hold more values than are remembered"""

    recall: Recall
    places: dict[int, list[Place]] = field(default_factory=lambda: defaultdict(list))
    waiting: list[tuple[NDArray[Any], int, NDArray[Any], NDArray[Any]]] = field(default_factory=list)
    size: int = 0
    cut: Counter[int] = field(default_factory=Counter)

    def take(self, source: int, block: Block) -> None:
        self.places[source].append(block.place)
        if not block.current:
            return
        names = np.zeros(len(block.entries), dtype=_NAMES)
        names["source"] = source
        names["key"], names["state"] = block.entries["key"], block.entries["state"]
        prints, counts = block.objects()
        self.cut[source] += int(np.count_nonzero(block.entries["cut"]))
        if self.waiting and self.waiting[-1][1] != block.epoch:
            self.ask()
        self.waiting.append((names, block.epoch, prints, counts))
        self.size += len(prints)
        if self.size > _PRINTS:
            self.ask()

    def ask(self) -> None:
        if self.waiting:
            names, prints, counts = (np.concatenate([each[at] for each in self.waiting]) for at in (0, 2, 3))
            self.recall.add(names, self.waiting[0][1], prints, counts)
            self.waiting, self.size = [], 0


class Recalling:
    """Compares what is remembered with segments that were not there when it was read. Several may exist; one
    of a workspace's folder works at a time.

    say  told a line for each source of which something is read again
    """

    def __init__(self, workspace: Workspace, say: Callable[[str], None]) -> None:
        self._workspace, self._say = workspace, say
        self._memory = memory_of(workspace)
        self._newest, self._next = -1, 0.0
        self._here = threading.Lock()

    def turn(self, goes_on: Callable[[], bool] = lambda: True, only: Collection[int] | None = None) -> int:
        """How many objects have to be read again. Costs a question to the registry where nothing is new.

        only  the ids of sources to which it is confined
        """
        with self._here:
            newest = max(recalls.numbered(recalls.segment_names()).values(), default=0)
            if newest == self._newest and time.monotonic() < self._next:
                return 0
            with _alone(self._workspace.root / FOLDER) as is_ours:
                if not is_ours:
                    return 0
                found = self._recall(newest, goes_on, only)
            if only is None and goes_on():
                self._newest, self._next = newest, time.monotonic() + _AGAIN
            return found

    def _recall(self, newest: int, goes_on: Callable[[], bool], only: Collection[int] | None) -> int:
        """Each pass is written down before its blocks are said to be searched."""
        passes: dict[int, _Pass] = {}
        rows = {each.id: each for each in watching.sources()}
        for source in self._memory.sources():
            if source not in rows:
                self._memory.forget(source)
            elif only is None or source in only:
                self._tidy(source)
                for block in self._memory.blocks(source):
                    if not goes_on():
                        return 0
                    if block.stand < newest:
                        if block.stand not in passes:
                            passes[block.stand] = _Pass(self._since(block.stand))
                        passes[block.stand].take(source, block)
        found = sum(self._mark(each, rows) for each in passes.values())
        for each in passes.values():
            for source, places in each.places.items():
                self._memory.raise_stand(source, places, newest)
        return found

    def _mark(self, of: _Pass, rows: dict[int, WatchedSource]) -> int:
        of.ask()
        found: dict[int, dict[bytes, tuple[int, list[Any]]]] = defaultdict(dict)
        for name, shows in of.recall.again():
            shown = [msgspec.to_builtins(each) for each in shows]
            found[int(name["source"])][name["key"].tobytes()] = int(name["state"]), shown
        total = 0
        for source, objects in found.items():
            if marked := recalls.mark(source, objects, at=clock()):
                total += marked
                what = f"{counted(marked, 'object')} seen before, with values of new data, read again"
                cut = (
                    f"; {counted(of.cut[source], 'large object')} known by a sample" if of.cut[source] else ""
                )
                self._say(f"{rows[source].name}: {what}{cut}")
        return total

    def _since(self, stand: int) -> Recall:
        """Asks for the segments that came after a stand."""
        numbers = recalls.numbered(recalls.segment_names())
        indexes = [
            _after(stand, index, numbers) for index in catalogue.all_indexes(shelf_of(self._workspace))
        ]
        lookup = Lookup([each for each in indexes if each.versions or each.copies])
        return Recall(lookup, public_of(self._workspace, lookup).fingerprints)

    def _tidy(self, source: int) -> None:
        """More than half of what is remembered is of objects that changed or went: it is thrown away."""
        entries = sum(len(each.entries) for each in self._memory.blocks(source))
        if entries > _SLACK and entries > 2 * recalls.count(source):
            self._memory.tidy(source, recalls.living(source))


def conclude(workspace: Workspace, row: WatchedSource) -> int:
    """How many findings are told of objects that should have been read again, and could not be: after a round
    that listed all there is. They are told from what is remembered."""
    tests = max(1, watching.tests())
    sizes = {each.name: (catalogue.latest(each).rows, each.source) for each in DataSet.objects.all()}
    findings: list[Finding] = []
    for path, shows in recalls.pending(row):
        for each in msgspec.convert(shows, list[Recollection]):
            rows, registered = sizes.get(each.data_set, (0, ""))
            beyond = each.certain or each.log10_p <= log10(NUMBERS_ALONE / tests)
            if rows and beyond and Path(path) != Path(registered):
                url = str(row.options.get("url", ""))
                findings.append(each.finding(url, f"{path} {GONE}", of=rows))
    with cases.raising():
        if findings:
            alarm_findings(workspace, findings)
        recalls.concluded(row)
    return len(findings)


def _after(stand: int, index: DataSetIndex, numbers: dict[str, int]) -> DataSetIndex:
    def is_new(path: Path) -> bool:
        return numbers.get(f"{index.data_set}/{path.stem}", 0) > stand

    return replace(
        index,
        versions=tuple(each for each in index.versions if each.current and is_new(each.path)),
        copies={copy: each for copy, each in index.copies.items() if is_new(each.path)},
    )


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether nobody else recalls in this folder meanwhile."""
    folder.mkdir(mode=0o700, exist_ok=True)
    file = os.open(folder / ".recalling", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(file)
