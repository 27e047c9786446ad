"""Fingerprints of many data sets, asked many at a time."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trapstreet.core.fields import kinds
from trapstreet.core.fields.kind import Column, Kind, Search
from trapstreet.core.model.errors import UnusableInput
from trapstreet.index.runs import among
from trapstreet.index.segment import Segment
from trapstreet.index.table import Positions, Table, build, slot_values

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

_PLANTING = re.compile(r"p\d")

_NONE = np.empty(0, dtype=np.uint64)

KeyOf = Callable[[Kind, int], bytes]
"""The SipHash key of a field kind in an epoch."""


@dataclass(frozen=True, slots=True)
class DataSetIndex:
    """A data set as the search sees it: versions in their order, and the decoys of its copies by copy id."""

    data_set: str
    name: str
    epoch: int
    columns: tuple[Column, ...]
    versions: tuple[Segment, ...]
    copies: dict[str, Segment]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a fingerprint is: a record of a data set in one version's state, or a decoy.

    copy  the copy, the pool or the planting that has the decoy, "" for a record
    """

    data_set: int
    version: int = 0
    copy: str = ""

    @property
    def planting(self) -> str:
        """The planting that has the decoy; "" for any other owner."""
        return self.copy if is_planting(self.copy) else ""


def is_planting(owner: str) -> bool:
    """Whether an owner of decoys, by its id, is a planting, not a copy or a pool."""
    return bool(_PLANTING.match(owner))


class Lookup:
    """Answers, for fingerprints, which records own them.

    owners          whose the records are; `Table.owners` has their numbers
    tables          one for each version of each data set, in memory maps, and one in memory for the decoys of
                    all copies (of an epoch), made when the lookup is: 0.3 s for 1,000 copies of 300 decoys
                    (one core)
    phone_lengths   digits of the registered phone numbers that have fewer than nine
    unicode_emails  whether any registered e-mail address is not ASCII
    """

    def __init__(self, data_sets: Sequence[DataSetIndex]) -> None:
        """Raises UnusableInput where the latest version of a data set is in another format, or in normal
        forms of another version, than is searched for."""
        self.data_sets = tuple(data_sets)
        self.owners: list[Owner] = []
        tables: list[Table] = []
        copies: dict[int, list[tuple[int, Segment]]] = defaultdict(list)
        for number, data_set in enumerate(self.data_sets):
            _refuse_outdated(data_set)
            for version, segment in enumerate(data_set.versions, start=1):
                self.owners.append(Owner(number, version=version))
                if segment.current:
                    tables.append(segment.table(len(self.owners) - 1))
            for copy, segment in data_set.copies.items():
                self.owners.append(Owner(number, copy=copy))
                copies[segment.header.epoch].append((len(self.owners) - 1, segment))
        versions = [segment for segment in self._segments() if not segment.header.of_copy]
        self._shared = np.sort(np.concatenate([_NONE, *(segment.shared for segment in versions)]))
        tables += [_copies_table(epoch, each, without=self._shared) for epoch, each in sorted(copies.items())]
        self.tables: tuple[Table, ...] = tuple(tables)
        headers = [segment.header for segment in self._segments()]
        self.phone_lengths = frozenset(length for each in headers for length in each.phone_lengths)
        self.unicode_emails = any(each.unicode_emails for each in headers)
        self._slot_values: dict[tuple[Kind, int], list[U32]] = {}

    def columns(self, kind: Kind) -> list[Column]:
        """Every column of the kind, of all data sets."""
        parts = {Kind.NAME: (Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME)}.get(kind, (kind,))
        return [column for each in self.data_sets for column in each.columns if column.kind in parts]

    def search(self, kind: Kind) -> Search:
        """What a search for candidates of the kind goes by."""
        return Search(tuple(self.columns(kind)), self.phone_lengths, self.unicode_emails)

    def anchors(self) -> list[tuple[Kind, int]]:
        """The anchor kinds that have keys, with their epochs, in order."""
        return sorted({(kind, each.header.epoch) for each in self._segments() for kind in each.header.keys})

    def confirmers(self) -> list[tuple[Kind, int]]:
        """The confirming kinds that have slots, with their epochs, in order."""
        return sorted({(kind, table.epoch) for table in self.tables for kind in table.slots})

    def contains(self, kind: Kind, epoch: int, fingerprints: U64) -> NDArray[np.bool_]:
        """For each fingerprint whether any record or decoy owns it, or seems to; what is set aside is owned.

        An anchor's that nobody owns seems owned with a probability below 1e-11 for each table of up to 10
        million records; a confirming form's, of which 32 bits are kept, with one of slots / 2**32.
        """
        there = np.zeros(len(fingerprints), dtype=np.bool_)
        if kinds()[kind].anchor:
            there[self.find(epoch, fingerprints)[0]] = True
            return there | among(fingerprints, self._shared)
        slots = slot_values(fingerprints)
        for known in self._known_slots(kind, epoch):
            there |= among(slots, known)
        return there

    def find(self, epoch: int, fingerprints: U64) -> tuple[Positions, U32, U32]:
        """(position in fingerprints, table's number, record's number in it) of every key of the epoch met, in
        the order of tables and positions. Table.find says what one costs."""
        positions, records = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.uint32)]
        tables = [np.empty(0, dtype=np.uint32)]
        for number, table in enumerate(self.tables):
            if table.epoch == epoch:
                at, met = table.find(fingerprints)
                positions.append(at)
                records.append(met)
                tables.append(np.full(len(at), number, dtype=np.uint32))
        return np.concatenate(positions), np.concatenate(tables), np.concatenate(records)

    def _segments(self) -> Iterator[Segment]:
        """Every segment whose fingerprints are looked up."""
        for each in self.data_sets:
            yield from (segment for segment in each.versions if segment.current)
            yield from each.copies.values()

    def _known_slots(self, kind: Kind, epoch: int) -> list[U32]:
        """What stands in the slots of each table, sorted; made when first asked for."""
        if (kind, epoch) not in self._slot_values:
            self._slot_values[kind, epoch] = [
                np.sort(table.slots[kind], axis=None)
                for table in self.tables
                if table.epoch == epoch and kind in table.slots and table.slots[kind].size
            ]
        return self._slot_values[kind, epoch]


def _refuse_outdated(data_set: DataSetIndex) -> None:
    if data_set.versions and not data_set.versions[-1].current:
        raise UnusableInput(
            f"data set {data_set.name!r} is indexed in another version of the normal forms",
            hint="register the data set again, under the same name",
        )


def _copies_table(epoch: int, copies: Sequence[tuple[int, Segment]], *, without: U64) -> Table:
    """One table of the decoys of many copies, given with their owners' numbers.

    without  sorted fingerprints that versions set aside: what many real records share, no decoy owns alone
    """
    counts = [len(segment.record_ids) for _, segment in copies]
    first = (np.cumsum(counts) - counts).tolist()
    count = sum(counts)
    values = [_NONE]
    records = [np.empty(0, dtype=np.uint32)]
    slots: dict[Kind, list[tuple[U32, NDArray[np.uint8], U32]]] = defaultdict(list)
    for (_, segment), base in zip(copies, first, strict=True):
        for kind in segment.kinds():
            fingerprints, own = segment.fingerprints(kind)
            own = own + np.uint32(base)
            if kinds()[kind].anchor:
                values.append(fingerprints)
                records.append(own)
            elif segment.current:
                slots[kind].append((own, segment.form_slots(kind), slot_values(fingerprints)))
    fingerprints = np.concatenate(values)
    order = np.argsort(fingerprints, kind="stable")
    order = order[~among(fingerprints[order], without)]
    fingerprints = fingerprints[order]
    return Table(
        epoch,
        *build(fingerprints, np.concatenate(records)[order], count=count),
        record_ids=np.concatenate([segment.record_ids for _, segment in copies]),
        owners=np.repeat(np.array([owner for owner, _ in copies], dtype=np.uint32), counts),
        slots={kind: _slots(count, parts) for kind, parts in slots.items()},
        exact=fingerprints,
    )


def _slots(records: int, parts: Sequence[tuple[U32, NDArray[np.uint8], U32]]) -> U32:
    """Slots by record number, from (record, slot, value) of every form."""
    record, slot, value = (np.concatenate(each) for each in zip(*parts, strict=True))
    slots = np.zeros((records, int(slot.max(initial=0)) + 1), dtype=np.uint32)
    slots[record, slot] = value
    return slots
