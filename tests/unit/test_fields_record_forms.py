"""The forms of whole batches."""

from datetime import date

import numpy as np

from trapstreet.core.fields import Column, Kind, record_forms


def by_row(forms, owners):
    rows = {}
    for form, owner in zip(forms, owners.tolist(), strict=True):
        rows.setdefault(owner, []).append(form)
    return rows


def test_each_form_carries_the_number_of_its_row():
    columns = [Column("mail", Kind.EMAIL, ""), Column("note", Kind.TEXT, "")]
    found = record_forms(columns, [("a@x.com", "b@x.com"), (None, ""), ("c+d@x.com", "")])
    forms, owners = found[Kind.EMAIL]
    assert forms == [b"a@x.com", b"c+d@x.com", b"c@x.com"]
    assert owners.dtype == np.uint32
    assert owners.tolist() == [0, 2, 2]
    assert set(found) == {Kind.EMAIL}


def test_a_row_has_each_form_once_however_many_columns_hold_it():
    columns = [Column(name, Kind.PHONE, "", region="IE") for name in ("phone", "mobile")]
    found = record_forms(columns, [("087 123 4567", "+353 87 123 4567"), ("021 555 1234", "")])
    assert {row: len(forms) for row, forms in by_row(*found[Kind.PHONE]).items()} == {0: 3, 1: 3}


def test_given_and_family_names_are_read_together():
    columns = [Column("last", Kind.FAMILY_NAME, ""), Column("first", Kind.GIVEN_NAME, "")]
    found = record_forms(columns, [("Smith", "John"), ("Smith", None)])
    assert by_row(*found[Kind.NAME]) == {0: [b"john smith", b"*j smith"]}


def test_typed_cells_have_the_forms_of_their_text():
    columns = [Column("dob", Kind.BIRTH_DATE, ""), Column("no", Kind.REFERENCE, "", grammar=("D8",))]
    found = record_forms(columns, [(date(1980, 2, 1), 47110001), ("1980-02-01", 47110001.0)])
    assert found[Kind.BIRTH_DATE][0] == [b"1980-02-01"] * 2
    assert found[Kind.REFERENCE][0] == [b"47110001"] * 2


def test_an_empty_batch_has_no_forms():
    forms, owners = record_forms([Column("mail", Kind.EMAIL, "")], [])[Kind.EMAIL]
    assert forms == []
    assert owners.shape == (0,)
