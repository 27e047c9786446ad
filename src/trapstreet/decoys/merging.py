"""Decoys merged into the rows of their source."""

from collections import deque
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from trapstreet.core.model.table import Batch, Row
from trapstreet.decoys.decoy import Decoys


def insert(decoys: Decoys, batches: Iterable[Batch]) -> Iterator[Batch]:
    """Merge decoys into the rows of their source, each where it belongs; one batch is held at a time.

    A decoy has line 0 and no raw text (None). The batches must hold the rows that the model was learnt from.
    """
    waiting = _Waiting(decoys)
    has_raw = False
    for batch in batches:
        has_raw = batch.raw is not None
        places = [(at, cells) for at, row in enumerate(batch.rows) for cells in waiting.due(row)]
        yield _merged(batch, places) if places else batch
    rest = waiting.rest()
    if rest:
        yield Batch(rest, [0] * len(rest), [None] * len(rest) if has_raw else None)


class _Waiting:
    """The decoys that are still to come, nearest first."""

    def __init__(self, decoys: Decoys) -> None:
        self._order = order = decoys.order
        self._passed = 0
        placed: list[tuple[Any, Row]] = [
            (order.key(decoy.cells) if order else decoy.after, decoy.cells) for decoy in decoys.decoys
        ]
        anywhere = [pair for pair in placed if pair[0] is None]
        ordered = [pair for pair in placed if pair[0] is not None]
        ordered.sort(key=itemgetter(0), reverse=order is not None and order.descending)
        self._queue = deque(anywhere + ordered)

    def due(self, row: Row) -> Iterator[Row]:
        """The decoys that come before this row of the source, and after the one before it."""
        here = self._order.key(row) if self._order and self._queue else None
        while self._queue and self._comes_before(self._queue[0][0], here):
            yield self._queue.popleft()[1]
        self._passed += 1

    def _comes_before(self, place: Any, here: Any) -> bool:
        if place is None:
            return True
        if self._order is None:
            return bool(place <= self._passed)
        return here is not None and self._order.precedes(place, here)

    def rest(self) -> list[Row]:
        return [cells for _, cells in self._queue]


def _merged(batch: Batch, places: list[tuple[int, Row]]) -> Batch:
    rows, lines = list(batch.rows), list(batch.lines)
    raw = None if batch.raw is None else list(batch.raw)
    for at, cells in reversed(places):
        rows.insert(at, cells)
        lines.insert(at, 0)
        if raw is not None:
            raw.insert(at, None)
    return Batch(rows, lines, raw, batch.rejected)
