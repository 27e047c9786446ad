"""How common a name is: among all records of its data set, whichever table holds the record."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from trapstreet.app.demo.people import customers
from trapstreet.index import DataSetIndex, Lookup, Seen
from trapstreet.watch.domain import spread
from trapstreet.watch.domain.spread import Spread
from watching import Rows, columns_of, lookup_of, segment

NAME, PHONE = 1, 3


def people(count: int, *, first: int) -> Rows:
    return list(customers(count, seed=first, first=first))


def named(rows: Rows, name: str) -> Rows:
    return [(*row[:NAME], name, *row[NAME + 1 :]) for row in rows]


def rarity(lookup: Lookup, table: int) -> list[float]:
    """Of every record of a table, its full name met."""
    held = lookup.tables[table]
    count = len(held.record_ids)
    owner = np.broadcast_to(np.asarray(held.owners, dtype=np.uint32), count)
    nothing = np.zeros(count, dtype=np.uint16)
    seen = Seen(
        owner=owner,
        record=held.record_ids,
        table=np.full(count, table, dtype=np.uint32),
        number=np.arange(count, dtype=np.uint32),
        anchors=nothing,
        near=nothing,
        pairs=nothing,
        slots=np.tile(np.array([1, 0, 0, 0], dtype=np.uint8), (count, 1)),
    )
    found = Spread(lookup, 0).rarity(seen)
    assert (found[:, 1:] == 1).all(), "what was not confirmed is not rare"
    return found[:, 0].tolist()


def shares(rows: Rows, records: Rows) -> list[float]:
    """Per row how common its name is among other records."""
    same = Counter(row[NAME] for row in records)
    tickets = {row[0] for row in records}
    return [(same[row[NAME]] - (row[0] in tickets) + 0.25) / (len(records) + 64) for row in rows]


def test_names_are_as_common_as_in_the_whole_data_set(tmp_path: Path) -> None:
    """A later version of few records and the decoys of a copy are judged like the many others."""
    ours = people(300, first=1_000_000)
    later = [
        *named(people(5, first=2_000_000), "Zenobia Quill"),
        *named(people(5, first=3_000_000), ours[0][NAME]),
    ]
    decoys = [
        *named(people(3, first=4_000_000), "Yorick Vane"),
        *named(people(3, first=5_000_000), ours[1][NAME]),
    ]
    columns = columns_of(ours)
    versions = (
        segment(tmp_path / "one", ours, columns),
        segment(tmp_path / "two", later, columns, owner="version:2"),
    )
    copies = {"1-abc": segment(tmp_path / "copy", decoys, columns, owner="copy:1-abc")}
    lookup = Lookup([DataSetIndex("ds-1", "customers", 1, columns, versions, copies)])
    for table, rows in enumerate((ours, later, decoys)):
        assert rarity(lookup, table) == pytest.approx(shares(rows, [*ours, *later]))


def test_other_data_sets_and_their_decoys_tell_nothing(tmp_path: Path) -> None:
    ours, others = people(300, first=1_000_000), named(people(300, first=2_000_000), "Yorick Vane")
    decoys = named(people(1, first=3_000_000), "Yorick Vane")
    columns = columns_of(ours)
    sets = []
    for name, rows in (("ours", ours), ("others", others)):
        folder = tmp_path / name
        folder.mkdir()
        sets += lookup_of(folder, rows, columns, {f"1-{name}": decoys}).data_sets
    lookup = Lookup(sets)
    assert rarity(lookup, 0) == pytest.approx(shares(ours, ours))
    assert rarity(lookup, 2)[0] == pytest.approx(0.25 / 364)


def test_nobody_is_a_namesake_of_his_former_self(tmp_path: Path) -> None:
    ours = people(300, first=1_000_000)
    changed = [(*row[:PHONE], f"+353 86 999 {at:04}", *row[PHONE + 1 :]) for at, row in enumerate(ours[:200])]
    columns = columns_of(ours)
    versions = (
        segment(tmp_path / "one", ours, columns),
        segment(tmp_path / "two", changed, columns, owner="version:2", before=ours),
    )
    lookup = Lookup([DataSetIndex("ds-1", "customers", 1, columns, versions, {})])
    for table, rows in enumerate((ours, changed)):
        assert rarity(lookup, table) == pytest.approx(shares(rows, ours))


@pytest.mark.slow
def test_of_very_many_records_a_sample_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_SAMPLED", 2_000)
    common = named(people(2_000, first=1_000_000), "Zenobia Quill")
    ours = [*common, *people(6_000, first=2_000_000)]
    found = rarity(lookup_of(tmp_path, ours, columns_of(ours)), 0)
    assert found[:2_000] == pytest.approx([0.25] * 2_000, abs=0.03)
    assert np.mean(found) == pytest.approx(np.mean(shares(ours, ours)), rel=0.1)
    assert min(found) >= 0.25 / (2_000 + 64)
