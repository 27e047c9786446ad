"""A unit that kills its workers is cut until what kills them stands alone; nothing else is left out."""

import pytest

from trapstreet.app.scale.tries import LEFT_OUT, LOSSES, Piece
from trapstreet.app.scale.units import Unit
from trapstreet.core.model.objects import Ref, Unread
from trapstreet.watch import Part


def unit(count: int) -> Unit:
    return Unit(100, 0, tuple(Ref(f"file {number}", "v", 1) for number in range(count)))


def given(piece: Piece) -> Part:
    """What a worker that lives gives: a note for each object."""
    return Part(unread=[Unread(each.path, "seen") for each in piece.unit.items], texts=len(piece.unit.items))


def run(count: int, poison: set[int]) -> tuple[Part, int]:
    """The unit's whole part, and how many workers died."""
    first, deaths = Piece.of(unit(count)), 0
    waiting = [first]
    while waiting:
        piece = waiting.pop(0)
        if any(each.path == f"file {number}" for each in piece.unit.items for number in poison):
            deaths += 1
            waiting += piece.died()
        else:
            piece.finished(given(piece))
    part = first.whole.part()
    assert part is not None
    return part, deaths


@pytest.mark.parametrize("poison", [set[int](), {0}, {7}, {15}, {3, 4}, {0, 9, 15}])
def test_only_what_kills_is_left_out_and_all_else_is_told_once_and_in_order(poison: set[int]) -> None:
    part, _ = run(16, poison)
    assert [each.path for each in part.unread] == [f"file {number}" for number in range(16)]
    assert {int(each.path.split()[1]) for each in part.unread if each.why == LEFT_OUT} == poison
    assert part.texts == 16 - len(poison)


def test_one_of_4096_objects_is_found_in_15_deaths() -> None:
    assert run(4096, {1234})[1] == 2 + 11 + 2


def test_a_worker_that_dies_once_proves_nothing() -> None:
    piece = Piece.of(unit(4))
    assert piece.died() == [piece]
    piece.finished(given(piece))
    part = piece.whole.part()
    assert part is not None
    assert part.texts == 4


def test_a_node_that_goes_is_no_fault_of_what_it_had() -> None:
    piece = Piece.of(unit(1))
    for _ in range(LOSSES - 1):
        assert piece.lost() == [piece]
    assert piece.deaths == 0


def test_what_takes_one_node_after_the_other_is_cut_too() -> None:
    piece = Piece.of(unit(2))
    waiting = [piece]
    gone = 0
    while waiting:
        gone += 1
        waiting += waiting.pop(0).lost()
    assert piece.whole.part() == Part(unread=[Unread("file 0", LEFT_OUT), Unread("file 1", LEFT_OUT)])
    assert gone < 20


def test_a_unit_is_whole_when_all_of_it_has_come() -> None:
    piece = Piece.of(unit(2))
    assert piece.whole.part() is None
    piece.finished(given(piece))
    assert piece.whole.part() is not None
