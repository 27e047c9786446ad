"""What every place that rows can be planted in promises; tests/contract/test_ground.py runs it on all.

A place is a `Field`: customers and the orders that refer to them, in tables of one kind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from trapstreet.core.model.errors import TrapstreetError, UnusableInput
from trapstreet.core.model.ground import Removed
from trapstreet.core.model.table import Cell, Row
from trapstreet.core.ports import Ground

CUSTOMERS = ("id", "name", "email", "city", "note")
ORDERS = ("id", "customer_id", "what", "total")
REAL_CUSTOMERS = [
    (10 * n, f"Jörg {n}", f"joerg{n}@mail.example", "Cork", f"'quoted' \\ \"{n}\"") for n in range(1, 6)
]
REAL_ORDERS = [(100 * n + m, 10 * n, f"tea; {m}%s", 7 * m) for n in range(1, 6) for m in range(n % 3)]
PLANTED_CUSTOMERS = [
    (15, "Ann O'Neil 名", "ann@owned.example", "Cork", "a\\b 'c'"),
    (33, "Bo", "bo@owned.example", "", "x"),
]
PLANTED_ORDERS = [(151, 15, "tea; 1%s", 7), (152, 15, "more\nlines", 14), (331, 33, "tea; 0%s", 0)]


@dataclass(frozen=True)
class Field:
    """Where customers and orders lie.

    open    opens the ground; table 0 is customers, table 1 is orders
    edit    somebody sets a cell: number of the table, id of the row, name of the column, the cell
    add     somebody adds a row to a table
    drop    somebody removes a row of a table, by its id
    run     runs a script of the ground as its heading says
    """

    open: Callable[[], Ground]
    edit: Callable[[int, int, str, str], object]
    add: Callable[[int, Row], object]
    drop: Callable[[int, int], object]
    run: Callable[[str], object]

    def rows(self, number: int) -> list[Row]:
        """All rows of a table, in the order of its first column."""
        found = [row for batch in self.open().table(number).batches() for row in batch.rows]
        return sorted(found, key=lambda row: int(str(row[0])))


def typed(ground: Ground, rows: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """The rows with cells of the types that the tables have: a CSV file holds text alone."""
    made = []
    for number, table_rows in enumerate(rows):
        model = next(iter(ground.table(number).batches())).rows[0]
        made.append([tuple(map(_as, row, model)) for row in table_rows])
    return made


def _as(cell: Cell, model: Cell) -> Cell:
    return str(cell) if isinstance(model, str) else cell


def planted(field: Field) -> tuple[Ground, list[list[Row]]]:
    """The ground after two customers and their orders were planted, and these as stored."""
    ground = field.open()
    return ground, ground.plant(typed(ground, [PLANTED_CUSTOMERS, PLANTED_ORDERS]))


class GroundContract:
    """The promises. A subclass gives the fixture `field`."""

    def test_the_root_comes_first_and_what_refers_to_it_says_so(self, field: Field) -> None:
        root, child = field.open().tables
        assert root.columns == CUSTOMERS
        assert (root.parent, root.refers, root.referred, root.key) == (None, (), (), (0,))
        assert child.columns == ORDERS
        assert (child.parent, child.refers, child.referred) == (0, (1,), (0,))
        assert all(root.given) and all(child.given)

    def test_planted_rows_are_there_and_nothing_else_changed(self, field: Field) -> None:
        before = [field.rows(0), field.rows(1)]
        ground, stored = planted(field)
        assert stored == typed(ground, [PLANTED_CUSTOMERS, PLANTED_ORDERS])
        for number in (0, 1):
            assert [row for row in field.rows(number) if row not in stored[number]] == before[number]
            assert all(row in field.rows(number) for row in stored[number])

    def test_removing_leaves_what_there_was(self, field: Field) -> None:
        before = [field.rows(0), field.rows(1)]
        ground, stored = planted(field)
        assert ground.remove(stored) == Removed(rows=5, absent=0, edited=[])
        assert [field.rows(0), field.rows(1)] == before

    def test_removing_twice_says_that_nothing_is_there(self, field: Field) -> None:
        ground, stored = planted(field)
        ground.remove(stored)
        assert field.open().remove(stored) == Removed(rows=0, absent=5, edited=[])

    def test_rows_are_found_by_key_in_the_order_of_asking(self, field: Field) -> None:
        ground, stored = planted(field)
        (ann, bo), (nobody, *_) = ([row[:1] for row in stored[0]], typed(ground, [[(999_999,) * 5], []])[0])
        assert field.open().find(0, [bo, nobody[:1], ann]) == [stored[0][1], None, stored[0][0]]
        assert field.open().find(1, [row[:1] for row in stored[1]]) == stored[1]

    def test_kin_are_the_rows_that_refer_and_no_others(self, field: Field) -> None:
        ground = field.open()
        real = field.rows(1)
        wanted = typed(ground, [[row for row in REAL_CUSTOMERS if row[0] in (20, 40)], []])[0]
        kin = [row for batch in ground.kin(1, [row[:1] for row in wanted]) for row in batch.rows]
        assert sorted(kin, key=str) == sorted((row for row in real if int(str(row[1])) in (20, 40)), key=str)
        assert kin

    def test_rows_are_found_by_any_of_several_cells_and_each_once(self, field: Field) -> None:
        ground, stored = planted(field)
        (ann, bo), orders = stored
        by_value = {(2,): [(ann[2],), (None,)], (3,): [("nowhere",)], (0,): [ann[:1], bo[:1]]}
        found = [row for batch in field.open().having(0, by_value) for row in batch.rows]
        assert sorted(found, key=str) == sorted((ann, bo), key=str)
        both = {(1,): [ann[:1]], (0,): [orders[0][:1], orders[2][:1]]}
        found = [row for batch in field.open().having(1, both) for row in batch.rows]
        assert sorted(found, key=str) == sorted(orders, key=str)
        assert [
            batch.rows
            for batch in field.open().having(
                1, {(1,): [row[:1] for row in typed(ground, [[(77,) * 5], []])[0]]}
            )
        ] == []

    def test_a_taken_key_plants_nothing(self, field: Field) -> None:
        ground = field.open()
        before = [field.rows(0), field.rows(1)]
        taken = [*PLANTED_ORDERS[:-1], (REAL_ORDERS[-1][0], *PLANTED_ORDERS[-1][1:])]
        with pytest.raises(UnusableInput, match="nothing was planted") as caught:
            ground.plant(typed(ground, [PLANTED_CUSTOMERS, taken]))
        one_clear_line(caught.value)
        assert [field.rows(0), field.rows(1)] == before

    def test_an_edited_row_stays_with_what_refers_to_it(self, field: Field) -> None:
        _, stored = planted(field)
        for column in ("name", "email", "note"):
            field.edit(0, 15, column, "somebody real")
        assert field.open().remove(stored) == Removed(rows=2, absent=0, edited=[0])
        assert {int(str(row[0])) for row in field.rows(0)} & {15, 33} == {15}
        assert {int(str(row[0])) for row in field.rows(1)} & {151, 152, 331} == {151, 152}

    def test_a_small_edit_does_not_keep_a_row(self, field: Field) -> None:
        _, stored = planted(field)
        field.edit(0, 15, "note", "called back on Monday")
        assert field.open().remove(stored) == Removed(rows=5, absent=0, edited=[])

    def test_a_row_that_somebody_removed_is_absent(self, field: Field) -> None:
        _, stored = planted(field)
        field.drop(1, 331)
        field.drop(0, 33)
        assert field.open().remove(stored) == Removed(rows=3, absent=2, edited=[])

    def test_nothing_is_removed_while_rows_of_others_refer_to_it(self, field: Field) -> None:
        ground, stored = planted(field)
        (other,) = typed(ground, [[], [(155, 15, "from the shop", 3)]])[1]
        field.add(1, other)
        before = [field.rows(0), field.rows(1)]
        with pytest.raises(UnusableInput, match=r"orders.*nothing was removed") as caught:
            field.open().remove(stored)
        one_clear_line(caught.value)
        assert [field.rows(0), field.rows(1)] == before

    def test_the_change_script_does_what_planting_does(self, field: Field) -> None:
        ground = field.open()
        script = ground.change_script(typed(ground, [PLANTED_CUSTOMERS, PLANTED_ORDERS]))
        field.run(script)
        stored = [field.rows(0), field.rows(1)]
        ground.remove(typed(ground, [PLANTED_CUSTOMERS, PLANTED_ORDERS]))
        planted(field)
        assert [field.rows(0), field.rows(1)] == stored
        assert "ecret" in script

    def test_the_removal_script_does_what_removing_does(self, field: Field) -> None:
        before = [field.rows(0), field.rows(1)]
        ground, stored = planted(field)
        script = ground.removal_script(stored)
        field.run(script)
        assert [field.rows(0), field.rows(1)] == before
        assert "ecret" in script

    def test_the_removal_script_leaves_an_edited_row_and_what_refers_to_it(self, field: Field) -> None:
        ground, stored = planted(field)
        script = ground.removal_script(stored)
        for column in ("name", "email", "note"):
            field.edit(0, 15, column, "somebody real")
        field.run(script)
        assert {int(str(row[0])) for row in field.rows(0)} & {15, 33} == {15}
        assert {int(str(row[0])) for row in field.rows(1)} & {151, 152, 331} == {151, 152}


def one_clear_line(error: TrapstreetError) -> None:
    """It says what to do, and shows no cell."""
    assert "\n" not in str(error)
    assert error.hint
    text = f"{error!r} {error} {error.__cause__}"
    assert not any(secret in text for secret in ("Jörg", "joerg", "O'Neil", "owned.example", "mail.example"))
