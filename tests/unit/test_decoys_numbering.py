"""Grammars of reference numbers and the numbers that they leave free."""

from decimal import Decimal
from uuid import UUID

import pytest

from trapstreet.core.model.table import Cell
from trapstreet.decoys.numbering import Codes, Numbering, NumberingBuilder, Running, pool_bits, retyped


def learnt(cells: list[Cell]) -> Numbering | None:
    builder = NumberingBuilder(0)
    builder.observe(cells)
    return builder.finish(cells[:4000])


@pytest.mark.parametrize(
    ("cells", "fixed", "width"),
    [
        ([f"TS-{n:07d}" for n in range(5, 900, 3)], ("TS-", ""), 7),
        ([f"{n}" for n in range(5, 900, 3)], ("", ""), 0),
        ([f"2019/{n:04d}/IE" for n in range(5, 900, 3)], ("2019/", "/IE"), 4),
        ([f"A-{n}-1" for n in range(100, 900, 3)], ("A-", "-1"), 0),
        (list(range(5, 900, 3)), ("", ""), 0),
        ([float(n) for n in range(5, 900, 3)], ("", ""), 0),
        ([Decimal(n) for n in range(5, 900, 3)], ("", ""), 0),
    ],
)
def test_a_running_number_is_found_between_its_fixed_parts(
    cells: list[Cell], fixed: tuple[str, str], width: int
) -> None:
    numbering = learnt(cells)
    assert numbering is not None
    (group,) = numbering.groups
    assert isinstance(group, Running)
    assert (group.fixed, group.width) == (fixed, width)


def test_each_year_is_a_grammar_of_its_own() -> None:
    numbering = learnt([f"{year}-{n:05d}" for year in (2021, 2022) for n in range(1, 900, 2)])
    assert numbering is not None
    assert [group.fixed for group in numbering.groups if isinstance(group, Running)] == [
        ("2021-", ""),
        ("2022-", ""),
    ]
    assert numbering.group_of("2022-00004") == 1


def test_uuids_keep_their_version_and_layout() -> None:
    import random

    rng = random.Random(1)
    cells: list[Cell] = [UUID(int=rng.getrandbits(128), version=4) for _ in range(2000)]
    numbering = learnt(cells)
    assert numbering is not None
    (group,) = numbering.groups
    assert isinstance(group, Codes)
    assert pool_bits(group) == pytest.approx(122)
    made = retyped(group.text(12345678901234567890), cells[0])
    assert isinstance(made, UUID)
    assert made.version == 4


def test_letter_case_adds_nothing_to_the_bits_of_a_code() -> None:
    assert pool_bits(Codes(("aA", "0123"))) == pytest.approx(2)


def test_categories_are_not_renumbered() -> None:
    assert learnt([f"BRANCH-{n % 20}" for n in range(1000)]) is None
    assert learnt(["gold", "silver", "bronze"] * 300) is None


def test_dense_numbers_leave_room_only_beyond_the_end() -> None:
    numbering = learnt([str(n) for n in range(1, 2001)])
    assert numbering is not None
    (group,) = numbering.groups
    assert isinstance(group, Running)
    pool, beyond = next(group.pools(20))
    assert beyond
    assert (pool.text(0), pool.text(pool.size - 1)) == ("2001", "9999")


def test_a_full_width_grows_by_one_digit_rather_than_running_out() -> None:
    numbering = learnt([f"{n:03d}" for n in range(990)])
    assert numbering is not None
    ((pool, beyond),) = numbering.groups[0].pools(20)
    assert beyond
    assert (pool.text(0), pool.text(pool.size - 1)) == ("990", "9999")


def test_decoys_do_not_fill_a_hole_between_two_eras_of_numbers() -> None:
    numbering = learnt([*range(1, 1000, 2), *range(5_000_000, 5_001_000, 2)])
    assert numbering is not None
    pool, beyond = next(numbering.groups[0].pools(3))
    numbers = [int(pool.text(index)) for index in range(pool.size)]
    assert not beyond
    assert sum(1200 < number < 4_999_999 for number in numbers) == 0


@pytest.mark.parametrize("like", ["7", 7, 7.0, Decimal(7)])
def test_a_number_has_the_type_of_the_column(like: Cell) -> None:
    assert type(retyped("123", like)) is type(like)
