"""Which cells look like phone numbers to whoever recognises a column."""

import time

import pytest

from trapstreet.core.fields import Kind, kinds
from trapstreet.core.fields.kind import Column

PHONE = kinds()[Kind.PHONE]


@pytest.mark.parametrize("cell", ["1700012345", "20260105", "4100200300"])
def test_a_bare_integer_counts_half_though_it_holds_a_zero(cell):
    assert PHONE.plausible([cell]) < 1


@pytest.mark.parametrize("cell", ["0861234567", "+353 86 123 4567", "(01) 234 5678", "555-123-4567 x 12"])
def test_what_is_written_as_a_number_counts_whole(cell):
    assert PHONE.plausible([cell]) == 1


@pytest.mark.parametrize("cell", ["\t" * 40_000, "x" + "\t" * 40_000 + "a", "5" + " " * 40_000 + "x"])
def test_blanks_take_time_in_proportion(cell):
    began = time.process_time()
    PHONE.plausible([cell])
    PHONE.forms(cell, Column("phone", Kind.PHONE, ""))
    assert time.process_time() - began < 2
