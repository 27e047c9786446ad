"""By which numbers rows of linked tables are told, and which columns of an export hold them."""

from collections.abc import Sequence

import numpy as np
import pytest

from trapstreet.core.model.ground import GroundTable, Kinship
from trapstreet.core.model.table import Row
from trapstreet.plant.domain.kinships import as_laid, kinships
from trapstreet.suppress.domain.finder import quick_record_ids
from trapstreet.suppress.domain.numbers import NumberFinder, Numbers, WithNumbers, told_by_numbers

ROOT = GroundTable("public.customers", ("id", "name"), (True,) * 2, (0,))
ORDERS = GroundTable(
    "public.orders", ("id", "number", "customer", "at"), (True,) * 4, (0,), 0, (2,), (0,), ((1,),)
)
PLANTED: list[list[Row]] = [[(15, "Ann")], [(7, "ORD-7", 15, "2026-01-02 11:12:13")]]
KEY = bytes(16)


def in_a_file(key: int, cell: str) -> tuple[Kinship, ...]:
    table = GroundTable(
        "/data/orders.csv", ("a", "b"), (True,) * 2, (key,), 0, (1,), (0,), ((0,), (1,)), upheld=False
    )
    return kinships([ROOT, table], [[(15, "Ann")], [(cell, "15")]])


def test_a_database_tells_rows_by_every_key_that_it_upholds() -> None:
    assert kinships([ROOT, ORDERS], PLANTED) == (Kinship((("id",), ("number",)), 0, ("customer",), ("id",)),)


@pytest.mark.parametrize("cell", ["50012", "ORD-7", "TS_700/12", "6f1c2a34-0000-4000-8000-00000000000f", 12])
def test_a_file_tells_rows_by_numbers_and_codes(cell: str) -> None:
    assert in_a_file(0, cell)[0].keys == (("a",),)


@pytest.mark.parametrize(
    "cell", ["2026-01-02", "2/1/2026", "2026-01-02T11:12:13", "11:12", "19.90", "tea, 2", "Ann", "", None]
)
def test_what_only_happens_never_to_repeat_in_a_file_is_no_key(cell: str) -> None:
    assert in_a_file(0, cell)[0].keys == ()


def test_what_was_found_is_given_to_the_tables_as_they_were_planted() -> None:
    later = GroundTable("public.returns", ("id", "customer"), (True,) * 2, (0,), 0, (1,), (0,))
    found = kinships([ROOT, later, ORDERS], [PLANTED[0], [], PLANTED[1]])
    laid = [("moved.customers", ROOT.columns), ("public.orders", ORDERS.columns)]
    assert as_laid([ROOT, later, ORDERS], found, laid) == (found[1],)
    assert as_laid([ROOT, later], found[:1], laid) is None
    renamed = [laid[0], ("public.orders", ("id", "number", "buyer", "at"))]
    assert as_laid([ROOT, later, ORDERS], found, renamed) is None


def told(header: Sequence[str], row: Row, **renamed: str) -> list[tuple[int, ...]]:
    said = {name.replace("__", "."): theirs for name, theirs in renamed.items()}
    keys = [("orders.number",), ("lines.number", "lines.at")]
    return [each.positions for each in told_by_numbers(header, [row] * 30, keys, renamed=said)]


def test_columns_of_an_export_are_told_by_name_where_they_hold_codes() -> None:
    assert told(("day", "Number"), ("Monday", "ORD-7")) == [(1,)]
    assert told(("day", "Number"), ("Monday", "5007")) == []
    assert told(("day", "order_no"), ("Monday", "ORD-7")) == []
    assert told(("number", "at"), ("ORD-7", "3a")) == [(0,), (0, 1)]
    assert told(("day", "no"), ("Monday", "5007"), orders__number="no") == [(1,)]


def test_rows_are_found_by_number_in_any_type() -> None:
    known = np.sort(quick_record_ids(KEY, [["5007", "5009"]]))
    finder = NumberFinder([Numbers((1,), known)], key=KEY)
    rows: list[Row] = [("a", 5007), ("b", "5008"), ("c", None), ("d", " 5009 "), ("e", 5009.0)]
    hashes, found = finder.look(rows)
    assert found == [0, 3, 4]
    assert len(hashes) == 4, "a row without a number says of none who it is"


class ByAddress:
    """What finds one decoy by its address, in column 0."""

    def look(self, rows: Sequence[Row]) -> tuple[np.ndarray, list[int]]:
        said = [row[0] for row in rows if row[0]]
        found = [at for at, row in enumerate(rows) if row[0] == "ann@owned.example"]
        return quick_record_ids(KEY, [said]), found


def test_numbers_decide_where_no_address_does_and_count_there() -> None:
    known = np.sort(quick_record_ids(KEY, [["5007", "5008", "5009"]]))
    finder = WithNumbers(ByAddress(), NumberFinder([Numbers((1,), known)], key=KEY), [0])
    rows: list[Row] = [
        ("ann@owned.example", "5007"),
        ("liam@post.example", "5008"),
        ("", "5009"),
        (None, "1"),
    ]
    told, found = finder.look(rows)
    assert found == [0, 2]
    assert len(set(told.tolist())) == 4, "rows without an address are given by their numbers"
    assert [len(each) for each in finder.look([])] == [0, 0]
