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
from trapstreet.decoys.domains import groups, nearest
from trapstreet.decoys.gaps import LikelyGaps
from trapstreet.decoys.local_parts import in_letters, taken_apart
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
    assert [census.rows_with([0, 1], (town, 1)) for town in ("Cork", None, "Dublin")] == [2, 1, 0]


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
    heads, tails = ("hazel", "birken", "brink", "north", "west", "elm"), ("ridge", "brook", "meyer", "meier")
    words = [f"{head}{tail}" for at, head in enumerate(heads) for tail in tails[at % 2 :: 2]]
    threes = {word[at : at + 3] for word in words for at in range(len(word) - 2)}
    splices, source = Splices(words, set(words)), draws()
    made = {word for _ in range(200) if (word := splices.draw(source))}
    assert len(made) > 5
    assert not made & set(words)
    assert all(word[at : at + 3] in threes for word in made for at in range(len(word) - 2))


def test_decoys_stand_in_groups_as_large_and_as_often_as_the_tables_own() -> None:
    source, donors = draws(), [1] * 100 + [4] * 100 + [40] * 100
    rows = Counter[int]()
    for _ in range(400):
        found = groups(donors, 300, source)
        assert sum(size for _, size in found) == 300
        assert all(size in (donors[donor], 300 - 40 * 7) for donor, size in found)
        for _, size in found:
            rows[size] += size
    assert all(abs(rows[size] / 400 - 100) < 10 for size in (1, 4, 40))


def test_too_few_empty_domains_make_all_groups_larger() -> None:
    found = groups([1] * 40, 10, draws())
    assert len(found) <= 10
    assert sum(size for _, size in found) == 40
    assert max(size for _, size in found) <= 8


def test_decoys_stand_together_where_all_customers_do() -> None:
    found = groups([2700] * 100, 3, draws())
    assert sum(size for _, size in found) == 100


def test_donors_of_a_large_domain_go_to_one_with_as_many_customers() -> None:
    assert nearest({"shop.example": 4500}, 5000, at_any_distance=False) == "shop.example"
    assert nearest({"shop.example": 4500}, 2, at_any_distance=False) is None
    assert nearest({"shop.example": 4500}, 2, at_any_distance=True) == "shop.example"


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


@pytest.mark.parametrize(
    ("local", "joint", "other"),
    [
        ("karl-josef.ackermann44", "-", "hans-peter.von-bulow44"),
        ("karljosef.ackermann44", "", "hanspeter.vonbulow44"),
        ("karl.josef_ackermann", ".", "hans.peter_von.bulow"),
        ("ackermann44", None, "vonbulow44"),
    ],
)
def test_a_name_of_several_words_is_known_however_it_is_joined(
    local: str, joint: str | None, other: str
) -> None:
    pieces = taken_apart(local, "Karl-Josef", "Ackermann", spelt_out=False)
    assert pieces.joint == joint
    names = [in_letters(name, spelt_out=False, joint=joint or "") for name in ("Hans-Peter", "von Bülow")]
    assert pieces.written(*names, word=str, digits=str) == other


def test_a_remark_has_no_word_of_one_text_alone() -> None:
    texts = [f"called about invoice {n}, pays late" for n in range(100, 140)] + [
        "called about invoice of Zebulon"
    ]
    remarks = Remarks(texts, draws())
    assert all("Zebulon" not in remarks.like(texts[-1]) for _ in range(20))
    assert remarks.like(texts[0]).startswith("called about invoice")
