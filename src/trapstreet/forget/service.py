"""Forget: find a person's records, say where they are still to be found, make the index anew without them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.ports import Progress
from trapstreet.forget.domain.erasure import DataSetErasure, Erasure
from trapstreet.forget.domain.identities import By, Identity
from trapstreet.forget.whereabouts import OpenSource, Source, copies_with, decoys_like, row_hashes
from trapstreet.index import DataSetIndex, Segment, Shelf, fingerprints_of
from trapstreet.index.erase import erase, mentions, random_ids, records_having, states_of
from trapstreet.index.runs import among, distinct
from trapstreet.keys.files import sync_folder
from trapstreet.keys.ring import KeyRing
from trapstreet.store import catalogue, erasures
from trapstreet.store.models import DataSet

U64 = NDArray[np.uint64]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Met:
    """The records of a data set that some identities mean.

    by_line    RecordIds, ascending, by the number of the line
    hit        versions in which an e-mail address or phone number of theirs was met
    set_aside  lines of values that too many records share
    """

    data_set: DataSet
    index: DataSetIndex
    by_line: dict[int, U64]
    hit: frozenset[int]
    set_aside: frozenset[int]

    @property
    def record_ids(self) -> U64:
        return distinct(np.concatenate([np.empty(0, dtype=np.uint64), *self.by_line.values()]))

    @property
    def touched(self) -> list[Segment]:
        """The segments that speak of these records; those in which a value finds them come last, so that an
        erasure that breaks off can be taken up."""
        ids = self.record_ids
        found = [(number in self.hit, each) for number, each in enumerate(self.index.versions, start=1)]
        return [each for _, each in sorted(found, key=lambda pair: pair[0]) if mentions(each, ids)]


def forget(
    identities: Sequence[Identity],
    data_sets: Sequence[DataSet],
    *,
    several: bool,
    dry_run: bool,
    ring: KeyRing,
    shelf: Shelf,
    open_source: OpenSource,
    now: int,
    progress: Progress,
) -> Erasure:
    """Erase the persons whom the identities name from these data sets' indexes and the registry.

    several  a line may name more than one record of a data set
    dry_run  find out everything and change nothing
    now      Unix time in microseconds, UTC
    The workspace must be held for writing, unless it is a dry run. Reads the source of each data set that has
    them once or twice, and writes its segments that speak of them anew (bench/forget.py). Interrupted, it has
    changed nothing or can be run again.
    Raises UnusableInput where a line names several records and it may not.
    """
    looked = [_look(identities, each, ring, shelf) for each in data_sets]
    if not several:
        _refuse_several(looked)
    met = [each for each in looked if len(each.record_ids)]
    found = [_report(each, identities, ring, open_source, progress) for each in met]
    erasure = _summed(identities, looked, [report for report, _ in found], dry_run=dry_run)
    if met and not dry_run:
        counts = erasures.Counts(erasure.records, erasure.versions, len(met))
        hashes = {each.data_set.id: own for each, (_, own) in zip(met, found, strict=True)}
        _write(met, lambda: erasures.enter(counts, hashes, ring=ring, at=now))
    return erasure


def _summed(
    identities: Sequence[Identity],
    looked: Sequence[_Met],
    reports: Sequence[DataSetErasure],
    *,
    dry_run: bool,
) -> Erasure:
    found = {line for each in looked for line, ids in each.by_line.items() if len(ids)}
    set_aside = frozenset().union(*(each.set_aside for each in looked)) - found
    return Erasure(
        dry_run=dry_run,
        data_sets=tuple(reports),
        not_found=tuple(each.line for each in identities if each.line not in found | set_aside),
        set_aside=tuple(sorted(set_aside)),
        older=tuple(each.data_set.name for each in looked if not all(v.current for v in each.index.versions)),
    )


def _look(identities: Sequence[Identity], data_set: DataSet, ring: KeyRing, shelf: Shelf) -> _Met:
    index = catalogue.index_of(data_set, shelf)
    by_line: dict[int, U64] = {}
    hit: set[int] = set()
    set_aside: set[int] = set()
    for identity in identities:
        if identity.by is By.KEY:
            by_line[identity.line] = _by_key(identity, data_set, index, ring)
            continue
        kind, forms = identity.forms(index.columns)
        having = [np.empty(0, dtype=np.uint64)]
        for number, segment in enumerate(index.versions, start=1):
            fingerprints = fingerprints_of(ring.fingerprint_key(kind, segment.header.epoch), kind, forms)
            having.append(records_having(segment, fingerprints))
            if len(having[-1]):
                hit.add(number)
            if segment.current and among(fingerprints, segment.shared).any():
                set_aside.add(identity.line)
        by_line[identity.line] = distinct(np.concatenate(having))
    return _Met(data_set, index, by_line, frozenset(hit), frozenset(set_aside))


def _by_key(identity: Identity, data_set: DataSet, index: DataSetIndex, ring: KeyRing) -> U64:
    cells = identity.key_cells(len(data_set.key_columns))
    if cells is None:
        return np.empty(0, dtype=np.uint64)
    own = record_ids(ring.record_key(data_set.id), [cells])
    return own if any(mentions(each, own) for each in index.versions) else own[:0]


def _refuse_several(looked: Sequence[_Met]) -> None:
    several = [
        f"line {line} names {len(ids):,} records of {each.data_set.name}"
        for each in looked
        for line, ids in each.by_line.items()
        if len(ids) > 1
    ]
    if several:
        raise UnusableInput(
            "; ".join(several[:_SHOWN]),
            hint="name the person's own by key, or pass --all for every one of them; nothing was changed",
        )


def _report(
    met: _Met, identities: Sequence[Identity], ring: KeyRing, open_source: OpenSource, progress: Progress
) -> tuple[DataSetErasure, erasures.RowHashes]:
    """Where the person is, and the hashes by which suppression may remember the rows."""
    ids = met.record_ids
    source = Source(met.data_set, ids, ring=ring, open_source=open_source, progress=progress)
    given = [each for each in identities if len(met.by_line[each.line])]
    touched = met.touched
    report = DataSetErasure(
        data_set=met.data_set.name,
        records=len(ids),
        states=sum(states_of(each, ids) for each in touched),
        versions=len(touched),
        source=source.state,
        rows=len(source.rows),
        why=source.why,
        copies=copies_with(met.data_set, met.index, ids, ring=ring),
        decoys=decoys_like(met.data_set, [each.value.reveal() for each in given], source, ring=ring),
    )
    return report, row_hashes(met.data_set, ids, given, source, ring=ring)


def _write(met: Sequence[_Met], enter: Callable[[], None]) -> None:
    """The new segments are written beside the old; once the registry has it too they take their places."""
    with ExitStack() as undo:
        staged = []
        for each in met:
            ids = each.record_ids
            ghosts = random_ids(len(ids))
            for segment in each.touched:
                new = segment.path.with_suffix(".partial")
                undo.callback(new.unlink, missing_ok=True)
                erase(segment, ids, ghosts, new)
                staged.append((new, segment.path))
        enter()
        for new, path in staged:
            new.replace(path)
        for folder in {path.parent for _, path in staged}:
            sync_folder(folder)
