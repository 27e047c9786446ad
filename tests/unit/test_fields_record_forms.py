"""The forms of whole batches."""

from datetime import date

import numpy as np
import pytest

from trapstreet.core.fields import Column, Forms, Kind, record_forms, slot_widths


def by_row(found: Forms) -> dict[int, list[bytes]]:
    rows: dict[int, list[bytes]] = {}
    for form, row in zip(found.forms, found.rows.tolist(), strict=True):
        rows.setdefault(row, []).append(form)
    return rows


def by_slot(found: Forms) -> dict[tuple[int, int], bytes]:
    places = zip(found.rows.tolist(), found.slots.tolist(), strict=True)
    return dict(zip(places, found.forms, strict=True))


def test_each_form_carries_the_number_of_its_row():
    columns = [Column("mail", Kind.EMAIL, ""), Column("note", Kind.TEXT, "")]
    found = record_forms(columns, [("a@x.com", "b@x.com"), (None, ""), ("c+d@x.com", "")])
    forms, rows, slots = found[Kind.EMAIL]
    assert forms == [b"a@x.com", b"c+d@x.com", b"c@x.com"]
    assert (rows.dtype, slots.dtype) == (np.uint32, np.uint8)
    assert rows.tolist() == [0, 2, 2]
    assert slots.tolist() == [0, 0, 1]
    assert set(found) == {Kind.EMAIL}


def test_a_row_has_each_form_of_an_anchor_once_however_many_columns_hold_it():
    columns = [Column(name, Kind.PHONE, "", region="IE") for name in ("phone", "mobile")]
    rows = [("087 123 4567", "+353 87 123 4567"), ("021 555 1234", ""), ("", "087 123 4567")]
    assert by_row(record_forms(columns, rows)[Kind.PHONE]) == {
        0: [b"~871234567"],
        1: [b"~215551234"],
        2: [b"~871234567"],
    }


def test_the_first_forms_of_cells_are_told_from_the_others():
    columns = [Column(name, Kind.PHONE, "", region="DK") for name in ("phone", "mobile")]
    found = record_forms(columns, [("55 51 23 45", ""), ("", ""), ("55 51 23 45", "+353 87 123 4567")])
    forms, rows, slots = found[Kind.PHONE]
    assert forms == [b"n55512345", b"~555512345", b"n55512345", b"~555512345", b"~871234567"]
    assert rows.tolist() == [0, 0, 2, 2, 2]
    assert slots.tolist() == [0, 1, 0, 1, 0]


def test_what_is_the_first_form_of_one_cell_is_so_for_the_row():
    columns = [Column(name, Kind.EMAIL, "") for name in ("mail", "other")]
    for row in (("a+x@b.com", "a@b.com"), ("a@b.com", "a+x@b.com")):
        assert set(record_forms(columns, [row])[Kind.EMAIL].slots.tolist()) == {0}


def test_given_and_family_names_are_read_together():
    columns = [Column("last", Kind.FAMILY_NAME, ""), Column("first", Kind.GIVEN_NAME, "")]
    found = record_forms(columns, [("Smith", "John"), ("Smith", None)])
    assert by_slot(found[Kind.NAME]) == {(0, 0): b"john smith", (0, 1): b"*j smith"}


def test_the_slots_of_a_kinds_columns_stand_one_column_after_the_other():
    columns = [
        Column("first", Kind.GIVEN_NAME, ""),
        Column("last", Kind.FAMILY_NAME, ""),
        Column("name", Kind.NAME, ""),
        Column("zip", Kind.POSTCODE, ""),
        Column("maiden", Kind.NAME, ""),
    ]
    found = record_forms(
        columns, [("John", "Smith", "Cher", "12345-6789", "John Lee"), ("", "", "", "", "Bo Li")]
    )
    assert by_slot(found[Kind.NAME]) == {
        (0, 0): b"cher",
        (0, 2): b"john lee",
        (0, 3): b"*j lee",
        (0, 4): b"john smith",
        (0, 5): b"*j smith",
        (1, 2): b"bo li",
        (1, 3): b"*b li",
    }
    assert by_slot(found[Kind.POSTCODE]) == {(0, 0): b"123456789", (0, 1): b"12345"}
    assert slot_widths(columns) == {Kind.NAME: 6, Kind.POSTCODE: 2}


def test_the_same_name_in_two_columns_stands_in_the_slots_of_both():
    columns = [Column("name", Kind.NAME, ""), Column("contact", Kind.NAME, "")]
    found = record_forms(columns, [("John Smith", "John Smith")])
    assert sorted(by_slot(found[Kind.NAME])) == [(0, 0), (0, 1), (0, 2), (0, 3)]


def test_a_name_column_without_its_other_half_has_no_slots():
    assert slot_widths([Column("first", Kind.GIVEN_NAME, ""), Column("mail", Kind.EMAIL, "")]) == {}


def test_typed_cells_have_the_forms_of_their_text():
    columns = [Column("dob", Kind.BIRTH_DATE, ""), Column("no", Kind.REFERENCE, "", grammar=("D8",))]
    found = record_forms(columns, [(date(1980, 2, 1), 47110001), ("1980-02-01", 47110001.0)])
    assert found[Kind.BIRTH_DATE].forms == [b"19800201"] * 2
    assert found[Kind.REFERENCE].forms == [b"47110001"] * 2


@pytest.mark.parametrize("kind", [Kind.EMAIL, Kind.NAME])
def test_an_empty_batch_has_no_forms(kind):
    forms, rows, slots = record_forms([Column("cell", kind, "")], [])[kind]
    assert forms == []
    assert rows.shape == slots.shape == (0,)
