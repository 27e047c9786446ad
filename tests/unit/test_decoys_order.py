"""Decoys merged into the rows of their source."""

from collections.abc import Callable, Sequence

import pytest

from trapstreet.core.model.table import Batch, Cell, Row
from trapstreet.decoys import Decoy, Decoys, insert
from trapstreet.decoys.order import SortOrder, SortProbe, as_stored


def batches(rows: Sequence[Row], size: int, *, raw: bool = False) -> list[Batch]:
    return [
        Batch(
            rows[at : at + size],
            list(range(at + 2, at + 2 + len(rows[at : at + size]))),
            [f"<{row[0]}>" for row in rows[at : at + size]] if raw else None,
        )
        for at in range(0, len(rows), size)
    ]


def decoys(cells: Sequence[Cell], order: SortOrder | None, places: Sequence[int] = ()) -> Decoys:
    made = (Decoy((cell,), (), {}, places[at] if places else None) for at, cell in enumerate(cells))
    return Decoys(tuple(made), order)


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("descending", [False, True])
def test_a_sorted_file_stays_sorted(size: int, descending: bool) -> None:
    rows: list[Row] = [(n,) for n in range(0, 60, 3)]
    rows = rows[::-1] if descending else rows
    made = decoys([-5, 7, 8, 31, 99], SortOrder(0, as_stored, descending))
    merged = [row[0] for batch in insert(made, batches(rows, size)) for row in batch.rows]
    assert merged == sorted([*range(0, 60, 3), -5, 7, 8, 31, 99], reverse=descending)


@pytest.mark.parametrize("size", [1, 4, 100])
def test_decoys_of_an_unsorted_file_come_after_as_many_rows_as_they_say(size: int) -> None:
    rows: list[Row] = [(n,) for n in range(10)]
    made = decoys(["a", "b", "c", "d"], None, [10, 0, 4, 4])
    merged = [row[0] for batch in insert(made, batches(rows, size)) for row in batch.rows]
    assert merged == ["b", 0, 1, 2, 3, "c", "d", 4, 5, 6, 7, 8, 9, "a"]


def test_a_decoy_has_no_raw_text_and_no_line() -> None:
    rows: list[Row] = [(n,) for n in range(4)]
    (batch, rest) = insert(decoys(["a", "z"], None, [2, 4]), batches(rows, 4, raw=True))
    assert batch.raw == ["<0>", "<1>", None, "<2>", "<3>"]
    assert list(batch.lines) == [2, 3, 0, 4, 5]
    assert (list(rest.rows), rest.raw) == [("z",)] or (list(rest.rows), rest.raw) == ([("z",)], [None])


def test_a_batch_without_decoys_passes_untouched() -> None:
    (batch,) = batches([(1,), (2,)], 5)
    assert next(insert(Decoys(()), [batch])) is batch


@pytest.mark.parametrize(
    ("values", "steps", "stray", "descending"),
    [
        ([1, 2, 2, 5], 2, 0, False),
        ([5, 4, 4, 1], 2, 0, True),
        ([1, None, 3, 2], 2, 1, False),
        (["a", 1], 0, 0, False),
        ([None, None], 0, 0, False),
    ],
)
def test_the_order_of_values_is_counted(
    values: list[object], steps: int, stray: int, descending: bool
) -> None:
    split: list[Callable[[], list[list[object]]]] = [lambda: [values], lambda: [[value] for value in values]]
    for parts in split:
        probe = SortProbe()
        for part in parts():
            probe.observe(part)
        assert (probe.steps, probe.stray if steps else 0, probe.descending if steps else False) == (
            steps,
            stray,
            descending,
        )
