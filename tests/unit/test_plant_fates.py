"""What became of planted rows: told from the rows that their table has by now."""

from collections.abc import Sequence

import pytest

from trapstreet.core.model.ground import GroundTable
from trapstreet.core.model.table import Row
from trapstreet.plant.domain.fates import Fates, PlantedTable
from trapstreet.plant.domain.related import Referring, Showing

CUSTOMERS = GroundTable("customers", ("id", "name", "email", "phone", "city"), (True,) * 5, (0,))
ORDERS = GroundTable("orders", ("no", "customer", "what", "total", "day"), (True,) * 5, (0,), 0, (1,), (0,))
NOTES = GroundTable("notes", ("customer", "text", "day"), (True,) * 3, (), 0, (0,), (0,))
ANN = (15, "Ann Byrne", "ann@owned.example", "+353 20 914 0001", "Cork")
BO = (33, "Bo Walsh", "bo@owned.example", None, "Sligo")
TEA, MILK, BREAD = (
    (151, 15, "tea", 7, "Monday"),
    (152, 15, "milk", 3, "Friday"),
    (331, 33, "bread", 4, "Monday"),
)


def roots(there: Sequence[Row], *, absent: Sequence[int] = ()) -> Fates:
    planted = PlantedTable(CUSTOMERS, (True,) * 5, [ANN, BO], range(2), absent=set(absent))
    return planted.fates(there, Showing([ANN, BO], emails=[2], numbers=[3]))


def orders(there: Sequence[Row], *, absent: Sequence[int] = (), own: Sequence[Row] = (ANN, BO)) -> Fates:
    planted = PlantedTable(ORDERS, (True,) * 5, [TEA, MILK, BREAD], [0, 0, 1], absent=set(absent))
    return planted.fates(there, Referring(ORDERS, enumerate(own)))


def test_rows_that_are_as_planted_are_there_and_nothing_else_is() -> None:
    found = orders([BREAD, MILK, TEA])
    assert found.now == [TEA, MILK, BREAD]
    assert (found.copied, found.others) == ([], [])


def test_what_is_not_there_is_none() -> None:
    assert orders([MILK]).now == [None, MILK, None]


@pytest.mark.parametrize("edited", [(151, 15, "tea", 700, "Monday"), (151, 10, "x", 1, "Y")])
def test_a_row_under_a_planted_key_is_the_planted_one_however_it_was_edited(edited: Row) -> None:
    planted = PlantedTable(ORDERS, (True,) * 5, [TEA], [0], absent=set())
    assert planted.fates([edited], Referring(ORDERS, [(0, ANN)])).now == [edited]
    assert planted.edited(0, edited)
    assert not planted.edited(0, ("151", "15", "tea", "7", "Monday")), "a file of another kind changes types"


def test_a_column_that_came_later_is_no_edit() -> None:
    planted = PlantedTable(ORDERS, (True, True, True, True, False), [(*TEA[:4], None)], [0], absent=set())
    assert not planted.edited(0, TEA)


@pytest.mark.parametrize("copy", [(951, 15, "tea", 7, "Monday"), (951, 15, "tea", 7, "Sunday"), TEA])
def test_a_row_that_is_mostly_a_planted_one_is_its_copy(copy: Row) -> None:
    found = orders([TEA, MILK, BREAD, copy])
    assert (found.now, found.copied, found.others) == ([TEA, MILK, BREAD], [0], [])


def test_a_row_that_somebody_entered_for_a_decoy_is_no_copy() -> None:
    found = orders([TEA, MILK, BREAD, (951, 33, "coffee", 9, "Sunday")])
    assert (found.copied, found.others) == ([], [1])


def test_a_decoy_left_twice_is_found_by_what_only_decoys_have() -> None:
    merged = (815, "BYRNE, ANN", "Ann@Owned.Example", None, "CORK")
    by_phone = (816, "Ann Byrne", None, "+353 20 914 0001", "Cork")
    found = roots([ANN, merged, by_phone, ANN, BO])
    assert found.now == [ANN, BO]
    assert found.copied == [0, 0, 0]
    assert (0, merged) in found.own, "what refers to the copy refers to the decoy"


def test_a_second_row_under_the_same_key_is_a_copy_unless_it_is_somebody_else() -> None:
    real = (15, "Liam Doyle", "liam@post.example", None, "Galway")
    assert roots([ANN, BO, real]).copied == [], "two systems gave the same number"
    bare = GroundTable("codes", ("id", "name"), (True,) * 2, (0,))
    planted = PlantedTable(bare, (True,) * 2, [(15, None)], [0], absent=set())
    assert planted.fates([(15, None), (15, None)], lambda _: None).copied == [0]


def test_a_customer_who_came_to_have_a_decoys_phone_number_is_no_copy() -> None:
    real = (816, "Liam Doyle", "liam@post.example", "+353 20 914 0001", "Galway")
    assert roots([ANN, BO, real]).copied == []


def test_copies_of_what_belongs_to_a_copied_decoy_are_found() -> None:
    copy = (815, *ANN[1:])
    own = [(0, ANN), (1, BO), (0, copy)]
    planted = PlantedTable(ORDERS, (True,) * 5, [TEA, MILK, BREAD], [0, 0, 1], absent=set())
    found = planted.fates([TEA, MILK, BREAD, (951, 815, "tea", 7, "Monday")], Referring(ORDERS, own))
    assert found.copied == [0]


def test_who_has_the_key_of_a_decoy_that_was_taken_out_is_somebody_else() -> None:
    real = (15, "Liam Doyle", "liam@post.example", None, "Galway")
    found = roots([real], absent=[0, 1])
    assert found.now == [None, None]
    assert found.copied == []
    assert 0 not in dict(found.own), "what refers to this row is not the decoy's"
    assert roots([ANN], absent=[0, 1]).now == [ANN, None], "back"


def test_an_order_with_the_number_of_one_that_was_taken_out_is_somebody_elses() -> None:
    real = (151, 20, "tea", 7, "Monday")
    assert orders([real], absent=[0], own=[]).now == [None, None, None]
    assert orders([TEA], absent=[0], own=[]).now == [TEA, None, None], "back"


def test_a_table_without_a_key_is_told_by_likeness() -> None:
    rows = [(15, "called back", "Monday"), (15, "no answer", "Friday"), (33, "no answer", "Friday")]
    planted = PlantedTable(NOTES, (True,) * 3, rows, [0, 0, 1], absent=set())
    edited, entered = (15, "no answer!", "Friday"), (33, "sent the manual", "Sunday")
    found = planted.fates([rows[0], edited, rows[2], rows[2], entered], Referring(NOTES, [(0, ANN), (1, BO)]))
    assert found.now == [rows[0], edited, rows[2]]
    assert (found.copied, found.others) == ([1], [1])
