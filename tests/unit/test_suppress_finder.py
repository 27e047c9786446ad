"""Decoys fall out of an export whatever columns it has; real rows never do."""

from pathlib import Path

import numpy as np
import pytest

from suppressing import HEADER, KEYS, decoy_rows, finder, found, index_of, read, real_rows
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Row
from trapstreet.index import DataSetIndex
from trapstreet.suppress.domain.finder import quick_record_ids

REAL, DECOYS = 400, 40
NUMBER, NAME, EMAIL, PHONE, CITY = range(5)


@pytest.fixture
def index(tmp_path: Path) -> DataSetIndex:
    return index_of(tmp_path, real_rows(REAL), decoy_rows(DECOYS))


def mixed() -> tuple[list[Row], list[int]]:
    """Real rows with a decoy after each ten, and where the decoys are."""
    rows: list[Row] = []
    at = []
    decoys = iter(decoy_rows(DECOYS))
    for number, row in enumerate(real_rows(REAL), start=1):
        rows.append(row)
        if number % 10 == 0:
            at.append(len(rows))
            rows.append(next(decoys))
    return rows, at


COLUMNS = {
    "all": (0, 1, 2, 3, 4),
    "in another order": (4, 3, 2, 1, 0),
    "the key alone": (0,),
    "e-mail addresses alone": (2,),
    "phone numbers alone": (3,),
    "phone numbers and names": (3, 1),
    "no key": (1, 2, 3, 4),
}


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_all_decoys_are_found_and_nothing_else(index: DataSetIndex, columns: tuple[int, ...]) -> None:
    rows, decoys = mixed()
    export = [tuple(row[at] for at in columns) for row in rows]
    assert found(index, [HEADER[at] for at in columns], export) == decoys


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_so_they_are_where_the_columns_have_other_names(
    index: DataSetIndex, columns: tuple[int, ...]
) -> None:
    rows, decoys = mixed()
    export = [tuple(row[at] for at in columns) for row in rows]
    theirs = ("Kd-Nr", "Wer", "Kontakt", "Erreichbar unter Telefon", "Wo")
    assert found(index, [theirs[at] for at in columns], export) == decoys


def test_a_name_that_is_only_spelled_otherwise_is_the_same_column(index: DataSetIndex) -> None:
    assert read(index, ["Customer No", "x"], [("CU-100003", "1")]).key == ("Customer No",)


REWRITTEN = {
    "upper case": lambda row: (row[0], row[1], row[2].upper(), row[3], row[4]),
    "blanks round the key": lambda row: (f" {row[0]} ", *row[1:]),
    "another e-mail address in the same cell": lambda row: (
        "",
        *row[1:2],
        f"Fergal <{row[2]}>; second@other.example",
        *row[3:],
    ),
}


@pytest.mark.parametrize("rewrite", REWRITTEN.values(), ids=REWRITTEN)
def test_a_decoy_is_known_in_another_layout(index: DataSetIndex, rewrite) -> None:
    rows, decoys = mixed()
    rows = [rewrite(row) if at in decoys else row for at, row in enumerate(rows)]
    assert found(index, HEADER, rows) == decoys


LAYOUTS = (
    "020 914 {:04}",
    "(020) 914-{:04}",
    "00353-20-914{:04}",
    "tel: 0 2 0 9 1 4 {:04}",
    "+35320914{:04}",
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_decoy_s_phone_number_is_known_in_another_layout(index: DataSetIndex, layout: str) -> None:
    phones = [(row[PHONE],) for row in real_rows(REAL)] + [(layout.format(at),) for at in range(DECOYS)]
    assert found(index, ["phone"], phones) == list(range(REAL, REAL + DECOYS))


def test_a_real_row_that_came_to_have_a_decoy_s_number_stays(index: DataSetIndex) -> None:
    number = decoy_rows(1)[0][NUMBER]
    row = (number, "Brigid Nolan", "brigid@post.example", "+353 87 111 2222", "Cork")
    assert found(index, HEADER, [row, *real_rows(20)]) == []


def test_a_decoy_whose_address_a_human_changed_is_known_by_number_and_phone(index: DataSetIndex) -> None:
    number, name, _, phone, city = decoy_rows(1)[0]
    assert found(index, HEADER, [*real_rows(20), (number, name, None, phone, city)]) == [20]


def test_without_a_key_a_phone_number_says_nothing_against_another_address_or_name(
    index: DataSetIndex,
) -> None:
    _, name, email, phone, _ = decoy_rows(1)[0]
    rows = [
        (name, "brigid@post.example", phone),
        ("Brigid Nolan", None, phone),
        (name, None, phone),
        (None, None, phone),
        (None, email, None),
    ]
    filler = [row[1:4] for row in real_rows(50)]
    assert found(index, HEADER[1:4], [*filler, *rows]) == [52, 53, 54]


def test_a_phone_number_that_a_customer_has_by_now_too_needs_the_name(tmp_path: Path) -> None:
    real, decoys = real_rows(50), decoy_rows(5)
    moved = (*real[0][:3], decoys[0][PHONE], "Cork")
    index = index_of(tmp_path, [moved, *real[1:]], decoys)
    assert found(index, ["phone"], [(moved[PHONE],), *[(row[PHONE],) for row in real]]) == []
    named = [(row[NAME], row[PHONE]) for row in [moved, decoys[0], *real]]
    assert found(index, ["name", "phone"], named) == [1]


def test_bare_numbers_of_another_table_are_never_taken_for_the_key(tmp_path: Path) -> None:
    """Order numbers from 1 on, and customers numbered from 1 on."""
    real: list[Row] = [(at, f"c{at}@post.example") for at in range(1, 501) if at % 9]
    decoys: list[Row] = [(at, f"d{at}@mail.example") for at in range(1, 501) if not at % 9]
    index = index_of(tmp_path, real, decoys, header=("id", "email"))
    orders: list[Row] = [(at, 1 + at % 500) for at in range(1, 501)]
    with pytest.raises(UnusableInput, match="no column by which decoys are known: neither id"):
        read(index, ("order_no", "buyer"), orders, key=("id",))
    meant = read(index, ("order_no", "buyer"), orders, key=("id",), renamed={"id": "buyer"})
    at = finder(index, meant).look(orders)[1]
    assert [orders[each][1] for each in at] == [of for _, of in orders if not of % 9]


def test_bare_numbers_under_the_key_s_name_need_a_word_of_the_user(tmp_path: Path) -> None:
    """An order's id is not a customer's."""
    decoys: list[Row] = [(at, f"d{at}@mail.example") for at in range(9, 500, 9)]
    real: list[Row] = [(at, f"c{at}@post.example") for at in range(1, 501) if at % 9]
    index = index_of(tmp_path, real, decoys, header=("id", "email"))
    orders: list[Row] = [(at, "paid") for at in range(1, 101)]
    with pytest.raises(UnusableInput, match=r"id holds bare numbers.*--column id=id"):
        read(index, ("id", "state"), orders, key=("id",))
    meant = read(index, ("id", "state"), orders, key=("id",), renamed={"id": "id"})
    assert [orders[at][0] for at in finder(index, meant).look(orders)[1]] == list(range(9, 101, 9))


def test_a_column_that_is_not_there_is_one_clear_line(index: DataSetIndex) -> None:
    with pytest.raises(UnusableInput, match=r"export\.csv has no column buyer: its columns are a, email"):
        read(index, ("a", "email"), [("1", "x@y.example")], renamed={"customer_no": "buyer"})


def test_nothing_falls_out_where_there_are_no_decoys(tmp_path: Path) -> None:
    index = index_of(tmp_path, real_rows(50), [])
    for columns in COLUMNS.values():
        rows = [tuple(row[at] for at in columns) for row in real_rows(50)]
        assert found(index, [HEADER[at] for at in columns], rows) == []


KEY_CELLS = {
    "one length": ["CU-1", "CU-2"],
    "many lengths": ["1", "22", "333", "4444", "55555", "666666"],
    "blanks": [" 12", "12 ", "\t1 2\n"],
    "other scripts": ["Ä1", "A\u0308 1", "一", "x"],
    "other types": [1, "1", 1.0, None, "", True],
    "nothing": [],
    "empty cells": ["", " ", "a"],
    "NULs": ["a\0", "a", "\0"],
    "long": ["x" * 127, "y"],
    "longer": ["x" * 128, "y" * 300, "z"],
}


@pytest.mark.parametrize("cells", KEY_CELLS.values(), ids=KEY_CELLS)
def test_quick_record_ids_are_the_record_ids(cells) -> None:
    key = KEYS.record_key("ds")
    expected = record_ids(key, [(cell,) for cell in cells])
    assert np.array_equal(quick_record_ids(key, [cells]), expected)
    both = record_ids(key, list(zip(cells, cells[::-1], strict=True)))
    assert np.array_equal(quick_record_ids(key, [cells, cells[::-1]]), both)


def test_every_row_is_told_apart_once(index: DataSetIndex) -> None:
    rows, _ = mixed()
    told, _ = finder(index, read(index, HEADER, rows)).look([*rows, *rows])
    assert len(told) == 2 * len(rows)
    assert len(set(told.tolist())) == len(rows)
