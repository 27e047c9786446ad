"""No decoy is anybody: not a real row, not another copy's decoy; free numbers are exactly the unused ones."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decoys_tables import TABLES, owners_of
from trapstreet.core.fields import Kind, Search, kinds, record_forms
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Batch, Row, cell_text
from trapstreet.decoys import Decoy, Decoys, DecoySettings, generate, insert
from trapstreet.decoys.numbering import Running
from trapstreet.decoys.order import SortOrder, as_stored

FOUR_RANGES = (
    "+353 1 900 0000-9999",
    "+49 30 2312 0000-9999",
    "+33 1 99 00 0000-9999",
    "+1 212 555 0000-9999",
)
SETTINGS = DecoySettings(domains=("decoy.example.ie",), phones=FOUR_RANGES)
IDENTIFYING = (Kind.EMAIL, Kind.PHONE, Kind.REFERENCE)


@pytest.mark.parametrize("count", [250, pytest.param(750, marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", TABLES)
def test_no_decoy_of_two_copies_shares_a_key_address_phone_or_number_with_anybody(
    shape: str, count: int
) -> None:
    """Of each of seven tables 500 decoys, 3,500 in all; slowly 10,500."""
    table = TABLES[shape]()
    model, owners = table.learnt, owners_of(table)
    for copy in (b"first copy's key", b"other copy's key"):
        made = generate(model, SETTINGS, draws=KeyedDraws(copy, 0), count=count, taken=owners)
        rows = [decoy.cells for decoy in made.decoys]
        owned = {
            kind: sum(owners.forms(kind, forms))
            for kind, (forms, _, _) in record_forms(table.columns, rows).items()
            if kind in IDENTIFYING
        }
        assert not any(owned.values()), owned
        keys = [owners.key_of(row) for row in rows]
        assert len(set(keys)) == len(keys)
        assert not owners.known_keys & set(keys)
        for kind, (forms, numbers, _) in record_forms(table.columns, rows).items():
            if kind in IDENTIFYING:
                first = dict(zip(forms, numbers.tolist(), strict=True))
                assert all(first[form] == row for form, row in zip(forms, numbers.tolist(), strict=True)), (
                    kind
                )
        owners.add(rows)


@pytest.mark.parametrize("shape", TABLES)
def test_a_reference_number_of_a_decoy_is_found_by_the_grammar_of_its_column(shape: str) -> None:
    table = TABLES[shape]()
    made = generate(table.learnt, SETTINGS, draws=KeyedDraws(b"k" * 16, 0), count=200, taken=table.owned)
    reference = kinds()[Kind.REFERENCE]
    for at, column in enumerate(table.columns):
        if column.kind is Kind.REFERENCE:
            learnt = reference.learn(column, [cell_text(row[at]) or "" for row in table.rows])
            for decoy in made.decoys:
                text = cell_text(decoy.cells[at]) or ""
                candidates = reference.find(text.encode(), Search((learnt,)))
                found = {form for candidate in candidates for form in candidate.forms}
                assert set(reference.forms(text, learnt)) <= found or len(text) < 5


@given(numbers=st.sets(st.integers(0, 400), min_size=2, max_size=200), width=st.integers(0, 5))
def test_the_free_numbers_between_are_the_unused_ones_each_once(numbers: set[int], width: int) -> None:
    used = np.array(sorted(numbers), dtype=np.int64)
    running = Running(("N-", ""), width, used)
    free = [int(running.gaps.text(index)[2:]) for index in range(running.gaps.size)]
    unused = set(range(min(numbers), max(numbers))) - numbers
    assert len(set(free)) == len(free)
    assert set(free) <= unused
    longest = 64 * int(np.median(np.diff(used)))
    if all(after - before <= longest for before, after in pairwise(sorted(numbers))):
        assert set(free) == unused


@given(
    real=st.lists(st.integers(-50, 50), max_size=60),
    new=st.lists(st.integers(-60, 60), max_size=20),
    size=st.integers(1, 25),
    descending=st.booleans(),
)
def test_merging_keeps_every_row_and_the_order(
    real: list[int], new: list[int], size: int, descending: bool
) -> None:
    rows: list[Row] = [(number, "real") for number in sorted(real, reverse=descending)]
    made = Decoys(
        tuple(Decoy((number, "decoy"), (), {}, None) for number in new), SortOrder(0, as_stored, descending)
    )
    batches = [
        Batch(rows[at : at + size], range(at, at + len(rows[at : at + size])))
        for at in range(0, len(rows), size)
    ]
    merged = [row for batch in insert(made, batches) for row in batch.rows]
    assert [row for row in merged if row[1] == "real"] == rows
    assert [row[0] for row in merged] == sorted(real + new, reverse=descending)


@settings(max_examples=5, deadline=None)
@given(key=st.binary(min_size=16, max_size=16), count=st.integers(1, 40))
def test_any_copy_gets_as_many_decoys_as_were_asked_for(key: bytes, count: int) -> None:
    made = generate(MODEL, SETTINGS, draws=KeyedDraws(key, 0), count=count, taken=OWNERS)
    assert len({decoy.cells[TABLE.position("id")] for decoy in made.decoys}) == count
    assert all(draw.bits > 0 for decoy in made.decoys for draw in decoy.draws)
    shown = {draw for decoy in made.decoys for draws in decoy.columns.values() for draw in draws}
    assert shown <= set(range(max(len(decoy.draws) for decoy in made.decoys)))


TABLE = TABLES["dense ids"]()
MODEL, OWNERS = TABLE.learnt, owners_of(TABLE)
