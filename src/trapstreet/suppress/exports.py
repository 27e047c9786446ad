"""What finds the decoys in the export that a job passes on."""

from collections.abc import Sequence

import numpy as np

from trapstreet.core.fields import Kind
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Cell, Row
from trapstreet.index import DataSetIndex, KernelMatcher, Shelf, living, native
from trapstreet.index.runs import among
from trapstreet.keys.ring import KeyRing
from trapstreet.registered.linked import LinkedKeys, linked_keys, number_key, numbers_of
from trapstreet.store import catalogue
from trapstreet.store.models import DataSet, SuppressionJob
from trapstreet.suppress.domain.columns import reading, refuse_missing
from trapstreet.suppress.domain.finder import Finder, decoys_alone, quick_record_ids
from trapstreet.suppress.domain.numbers import (
    TOLD_BY,
    Look,
    NumberFinder,
    Numbers,
    Told,
    WithNumbers,
    spelled_alike,
    told_by_numbers,
)


def finder_for(
    job: SuppressionJob,
    columns: Sequence[str],
    sample: Sequence[Row],
    *,
    ring: KeyRing,
    shelf: Shelf,
    where: str,
) -> tuple[str, Look]:
    """What the rows of a job's export are told apart by, and what finds the decoys among them: those of all
    copies, pools and plantings of the data set, and their rows in linked tables.

    Raises UnusableInput where nothing in the export tells decoys.
    """
    data_set = job.data_set
    linked = linked_keys(data_set)
    of_linked = {name: job.columns[name] for key in linked.keys for name in key.names if name in job.columns}
    refuse_missing(columns, job.columns, where=where)
    told = told_by_numbers(columns, sample, [key.names for key in linked.keys], renamed=of_linked)
    numbers = _number_finder(data_set, linked, told, ring) if told else None
    index = catalogue.index_of(data_set, shelf)
    taken = {column: name for name, column in of_linked.items()}
    try:
        read = reading(
            [taken.get(name, name) for name in columns],
            sample,
            index.columns,
            data_set.key_columns,
            renamed={name: theirs for name, theirs in job.columns.items() if name not in of_linked},
            are_keys=lambda cells: _share_of_keys(cells, index, ring),
            where=where,
        )
    except UnusableInput as error:
        if numbers is None or linked.outdated:
            raise _or_by_numbers(error, columns, linked) from None
        return TOLD_BY, numbers
    matcher = KernelMatcher(decoys_alone(index), ring.fingerprint_key) if native.load() else None
    finder = Finder(index, read, keys=ring, matcher=matcher)
    if numbers is None or read.key:
        return read.told_by, finder
    return read.told_by, WithNumbers(finder, numbers, [*read.places(Kind.EMAIL), *read.places(Kind.PHONE)])


def _number_finder(
    data_set: DataSet, linked: LinkedKeys, told: Sequence[Told], ring: KeyRing
) -> NumberFinder:
    by_names = {key.names: key for key in linked.keys}
    known = numbers_of(data_set, [by_names[each.names] for each in told], ring=ring)
    numbers = [Numbers(each.positions, hashes) for each, hashes in zip(told, known, strict=True)]
    return NumberFinder(numbers, key=number_key(data_set.id, ring))


def _or_by_numbers(error: UnusableInput, columns: Sequence[str], linked: LinkedKeys) -> UnusableInput:
    """The error, with what would let numbers of linked tables tell."""
    if linked.outdated:
        them = " ".join(linked.outdated)
        return UnusableInput(
            error.message,
            hint=f"{error.hint}; trapstreet decoy reconcile {them} notes numbers of linked tables as well",
        )
    for key in linked.keys:
        if meant := spelled_alike(columns, key.names):
            pairs = " ".join(
                f"--column {name}={columns[at]}" for name, at in zip(key.names, meant, strict=True)
            )
            return UnusableInput(error.message, hint=f"{error.hint}; or, of {key.table}: {pairs}")
    return error


def _share_of_keys(cells: Sequence[Cell], index: DataSetIndex, ring: KeyRing) -> float:
    ids = quick_record_ids(ring.record_key(index.data_set), [cells])
    known = [living(index.versions).record_ids, *(each.record_ids for each in index.copies.values())]
    return float(np.mean(among(ids, np.sort(np.concatenate(known)))))
