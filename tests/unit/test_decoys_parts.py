"""The parts that planted decoys are made of: counts, gaps, moments, splices, domains, check digits."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pytest

from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell
from trapstreet.decoys.census import Census, RowsOfNumbers
from trapstreet.decoys.checks import learn_check
from trapstreet.decoys.domains import settled
from trapstreet.decoys.gaps import LikelyGaps
from trapstreet.decoys.local_parts import taken_apart
from trapstreet.decoys.measures import NOTHING, learn_measure
from trapstreet.decoys.splicing import Splices
from trapstreet.decoys.texts import Remarks


def draws() -> KeyedDraws:
    return KeyedDraws(b"sixteen bytes ok", 0)


def test_a_census_counts_values_and_tuples() -> None:
    kept = RowsOfNumbers(2)
    rows = [("Cork", 1), ("Cork", 2), ("Cork", 1), (None, 1)]
    kept.add([map(hash, cells) for cells in zip(*rows, strict=True)], len(rows))
    census = Census(kept.finish())
    assert census.count([0], [("Cork",), (None,), ("Dublin",)]).tolist() == [3, 1, 0]
    assert census.count([0, 1], [("Cork", 1), ("Cork", 2), ("Cork", 3)]).tolist() == [2, 1, 0]
    assert census.alone(0, None)


def test_of_a_long_table_every_other_row_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trapstreet.decoys.census._MOST_ROWS", 100)
    kept = RowsOfNumbers(1)
    for start in range(0, 330, 33):
        kept.add([range(start, start + 33)], 33)
    assert kept.stride == 4
    assert kept.finish()[0].tolist() == list(range(0, 330, 4))


@pytest.mark.parametrize(
    ("cells", "other"),
    [
        ([f"2024-03-{n:02d} 10:00:{n:02d}" for n in range(1, 29)], "2023-12-31 23:59:58"),
        ([f"2024-03-{n:02d}T10:00:00.{n:03d}Z" for n in range(1, 29)], "2023-12-31T23:59:58.120Z"),
        ([f"{n:02d}.03.2024" for n in range(1, 29)], "31.12.2023"),
        ([f"03/{n:02d}/2024 9:0{n % 10}" for n in range(1, 29)], "12/31/2023 23:58"),
        ([date(2024, 3, n) for n in range(1, 29)], date(2023, 12, 31)),
        ([datetime(2024, 3, n, 10, n) for n in range(1, 29)], datetime(2023, 12, 31, 23, 58)),  # noqa: DTZ001
        ([f"{n},50" for n in range(1, 29)], "1234,50"),
        ([Decimal(n) / 4 for n in range(1, 29)], Decimal("7.25")),
        ([float(n) for n in range(1, 29)], 77.0),
        (list(range(1, 29)), 77),
    ],
)
def test_a_measure_writes_what_it_reads(cells: list[Cell], other: Cell) -> None:
    measure = learn_measure(cells)
    assert measure is not None
    assert measure.written(measure.number(other), cells[0]) == other
    assert measure.number(other) % measure.unit == 0
    assert measure.number(None) == NOTHING


def test_words_are_no_measure() -> None:
    assert learn_measure([f"note {n}" for n in range(40)]) is None


def test_gaps_are_divided_as_a_donors_two_are() -> None:
    rng = np.random.default_rng(1)
    used = np.cumsum(rng.geometric(0.5, 20_000))
    gaps, source = LikelyGaps(used), draws()
    at = rng.choice(np.arange(1, len(used) - 1), 400, replace=False)
    drawn = [gap for n in at if (gap := gaps.draw(int(used[n]), source))]
    assert len({gap.number for gap in drawn}) == 400
    assert not {gap.number for gap in drawn} & set(used.tolist())
    before = Counter(gap.number - gap.low for gap in drawn)
    assert all(abs(before[n] / 400 - 0.5**n) < 0.06 for n in (1, 2, 3, 4))


def test_a_full_range_has_no_gap() -> None:
    assert LikelyGaps(np.arange(100)).draw(50, draws()) is None


def test_a_splice_is_new_and_of_the_words_own_letters() -> None:
    words = ["hazelridge", "hazelbrook", "birkenmeyer", "brinkmeier", "northbrook", "westridge", "birkenfeld"]
    threes = {word[at : at + 3] for word in words for at in range(len(word) - 2)}
    splices, source = Splices(words, set(words)), draws()
    made = {word for _ in range(200) if (word := splices.draw(source))}
    assert len(made) > 5
    assert not made & set(words)
    assert all(word[at : at + 3] in threes for word in made for at in range(len(word) - 2))


def test_decoys_fill_empty_domains_in_groups_as_large_as_their_donors() -> None:
    chosen = settled([1] * 10 + [5] * 20, {}, 100)
    assert sorted(Counter(chosen).values()) == [1] * 10 + [5] * 4


def test_too_few_empty_domains_make_all_groups_larger() -> None:
    chosen = settled([1] * 40, {}, 10)
    assert len(set(chosen)) == 10
    assert max(Counter(chosen).values()) <= 5


def test_donors_of_a_large_domain_go_to_one_with_as_many_customers() -> None:
    chosen = settled([5000, 4000, 2], {"shop.example": 4500}, 3)
    assert chosen[:2] == ["shop.example", "shop.example"]
    assert isinstance(chosen[2], int)


def test_the_scheme_of_check_digits_is_learnt() -> None:
    from stdnum import luhn

    numbers = [f"{n}-{luhn.calc_check_digit(str(n))}" for n in range(1000, 1200)]
    check = learn_check(numbers)
    assert check is not None
    assert check(numbers[0])
    assert not check(numbers[0][:-1] + str((int(numbers[0][-1]) + 1) % 10))
    assert learn_check([str(n) for n in range(1000, 1200)]) is None


@pytest.mark.parametrize(
    ("local", "parts"),
    [
        ("anna.byrne", ["given", "sign", "family"]),
        ("abyrne71", ["given initial", "family", "digits"]),
        ("byrnea", ["family", "given initial"]),
        ("sunnyanna", ["word", "given"]),
        ("info", ["word"]),
    ],
)
def test_a_local_part_is_taken_apart(local: str, parts: list[str]) -> None:
    pieces = taken_apart(local, "Anna", "Byrne", spelt_out=False)
    assert [part for part, _ in pieces.pieces] == parts
    again = pieces.written("anna", "byrne", word=str, digits=str)
    assert again == local


def test_a_remark_has_no_word_of_one_text_alone() -> None:
    texts = [f"called about invoice {n}, pays late" for n in range(100, 140)] + [
        "called about invoice of Zebulon"
    ]
    remarks = Remarks(texts, draws())
    assert all("Zebulon" not in remarks.like(texts[-1]) for _ in range(20))
    assert remarks.like(texts[0]).startswith("called about invoice")
