"""A data set with decoys, and jobs that its exports pass through, for tests of suppression."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

import matcher_world
from trapstreet.core.fields import recognise
from trapstreet.core.model.table import Row
from trapstreet.index import DataSetIndex, KernelMatcher, living, native
from trapstreet.suppress.domain.columns import Reading, reading
from trapstreet.suppress.domain.finder import Finder, decoys_alone, quick_record_ids

KEYS = matcher_world.Keys()
HEADER = ("customer_no", "name", "email", "phone", "city")
KEY = ("customer_no",)


def real_rows(count: int) -> list[Row]:
    """Customers whose numbers have gaps; every one has an address, nine of ten a phone number."""
    names = ("Aoife Byrne", "Conor Walsh", "Siobhán O'Neill", "Liam Doyle", "Niamh Kelly", "Seán Ryan")
    return [
        (
            f"CU-{100_000 + 7 * at}",
            names[at % len(names)],
            f"{names[at % len(names)].split()[0].lower()}{at}@post.example",
            f"+353 87 {at // 10_000:03} {at % 10_000:04}" if at % 10 else None,
            ("Cork", "Galway", "Sligo")[at % 3],
        )
        for at in range(count)
    ]


def decoy_rows(count: int) -> list[Row]:
    """Decoys between them."""
    return [
        (
            f"CU-{100_003 + 7 * at}",
            f"Fergal Moran{'o' * (at % 3)}",
            f"fergal.m{at}@mail.example",
            f"+353 20 914 {at:04}",
            "Cork",
        )
        for at in range(count)
    ]


def index_of(
    folder: Path,
    real: Sequence[Row],
    decoys: Sequence[Row],
    *,
    header: Sequence[str] = HEADER,
) -> DataSetIndex:
    """The rows registered, with one planting of the decoys; the key is the first column."""
    columns = recognise(header, [*real, *decoys], region="IE", types={}, ignore=())
    return matcher_world.index_of(folder, "ds", columns, [real], {"p1": decoys}, epoch=1, tickets={})


def read(
    index: DataSetIndex,
    header: Sequence[str],
    rows: Sequence[Row],
    *,
    key: Sequence[str] = KEY,
    renamed: Mapping[str, str] | None = None,
) -> Reading:
    """How an export of these rows is read."""
    known = np.concatenate([living(index.versions).record_ids, index.copies["p1"].record_ids])
    return reading(
        header,
        rows[:1000],
        index.columns,
        key,
        renamed=renamed or {},
        are_keys=lambda cells: float(np.isin(quick_record_ids(KEYS.record_key("ds"), [cells]), known).mean()),
        where="export.csv",
    )


def finder(index: DataSetIndex, as_read: Reading, *, exact: bool = False) -> Finder:
    """What finds decoys in such an export; exact  without looking quickly first."""
    quick = None if exact or not native.load() else KernelMatcher(decoys_alone(index), KEYS.fingerprint_key)
    return Finder(index, as_read, keys=KEYS, matcher=quick)


def found(index: DataSetIndex, header: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """Where the decoys are in an export."""
    return finder(index, read(index, header, rows)).look(rows)[1]
