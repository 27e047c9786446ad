"""Sorted columns: runs of equal values, and what is where."""

import numpy as np
import pytest

from trapstreet.index.runs import among, distinct, lengths, ranges, runs


def column(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


@pytest.mark.parametrize("values", [[], [5], [5, 5], [1, 1, 2, 5, 5, 5]])
def test_runs_begin_where_the_value_changes(values: list[int]) -> None:
    first = runs(column(*values))
    assert [values[at] for at in first] == sorted(set(values))
    assert lengths(first, len(values)).tolist() == [values.count(value) for value in sorted(set(values))]
    assert distinct(column(*values[::-1])).tolist() == sorted(set(values))


@pytest.mark.parametrize("known", [[], [0], [3], [1, 3, 3, 2**64 - 1]])
@pytest.mark.parametrize("values", [[], [3], [0, 1, 2, 3, 4, 2**64 - 1, 3]])
def test_among_says_which_values_a_sorted_column_has(values: list[int], known: list[int]) -> None:
    assert among(column(*values), column(*known)).tolist() == [value in known for value in values]


@pytest.mark.parametrize("spans", [[], [(7, 0)], [(4, 2)], [(9, 1), (3, 0), (0, 3), (1, 2)]])
def test_ranges_give_every_position_of_each_range(spans: list[tuple[int, int]]) -> None:
    starts, counts = np.array(spans, dtype=np.intp).reshape(-1, 2).T
    which, at = ranges(starts, counts)
    wanted = [(number, start + step) for number, (start, count) in enumerate(spans) for step in range(count)]
    assert list(zip(which.tolist(), at.tolist(), strict=True)) == wanted
