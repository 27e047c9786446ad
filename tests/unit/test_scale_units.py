"""What is listed is cut into units of neighbours, and a unit comes through a message as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from trapstreet.app.scale import units
from trapstreet.app.scale.units import Item, Listing, Unit
from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.objects import Ref, Unread

MB = 1 << 20


def refs(*sizes: int, folder: str = "a") -> list[Ref]:
    return [Ref(f"{folder}/{number}", "v1", size) for number, size in enumerate(sizes)]


def cut(*items: Item) -> list[list[str]]:
    return [[each.path for each in unit] for unit in units._cut(iter(items))]


def test_a_unit_is_full_at_512_megabytes() -> None:
    assert [len(each) for each in cut(*refs(*[100 * MB] * 12))] == [5, 5, 2]


def test_an_object_that_is_larger_is_a_unit_by_itself() -> None:
    assert [len(each) for each in cut(*refs(MB, 2000 * MB, MB, MB))] == [1, 1, 2]


def test_a_unit_that_is_half_full_ends_with_its_folder() -> None:
    first, rest = refs(*[100 * MB] * 3), refs(*[100 * MB] * 3, folder="b")
    assert [len(each) for each in cut(*first, *rest)] == [3, 3]
    assert [len(each) for each in cut(*first[:1], *rest)] == [4]


def test_small_objects_and_those_of_unknown_size_fill_a_unit_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "OBJECTS", 3)
    assert [len(each) for each in cut(*refs(*[0] * 7))] == [3, 3, 1]
    monkeypatch.setattr(units, "OBJECTS", 10_000)
    unknown = [Ref(str(number), "v") for number in range(1024)]
    assert [len(each) for each in cut(*unknown)] == [512, 512]


def test_what_cannot_be_looked_at_stays_in_its_place() -> None:
    items: list[Item] = [Ref("a", "v", 1), Unread("b", "permission denied"), Ref("c", "v", 1)]
    assert cut(*items) == [["a", "b", "c"]]


def test_units_are_made_while_the_listing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "OBJECTS", 2)
    came = []

    def listed() -> Iterator[Item]:
        for each in refs(*[1] * 100):
            came.append(each)
            yield each

    next(units._cut(listed()))
    assert len(came) == 3


def test_a_listing_numbers_its_items_over_all_locations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "OBJECTS", 2)
    for name in ("x", "y"):
        folder = tmp_path / name
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.txt").write_text("text")
    with Listing([f"{tmp_path}/x", f"{tmp_path}/y"]) as listing:
        found = list(listing.units())
    assert [(each.begin, each.location, len(each.items)) for each in found] == [
        (0, 0, 2),
        (2, 0, 1),
        (3, 1, 2),
        (5, 1, 1),
    ]
    with pytest.raises(Unreachable):
        Listing([f"{tmp_path}/x", f"{tmp_path}/nowhere"])


def test_a_unit_comes_through_as_it_was() -> None:
    items: tuple[Item, ...] = (
        Ref("a \udcff\ud83d", 'W/"é"', 5, 6, "everybody", "handle \udc80"),
        Ref("b"),
        Unread("c \udcfe", "permission denied", partly=True),
    )
    unit = Unit(7, 1, items)
    assert Unit.decoded(unit.encoded()) == unit
    assert unit.size == 5


def test_halves_are_the_unit_in_its_order() -> None:
    unit = Unit(10, 2, tuple(refs(1, 2, 3)))
    first, rest = unit.halves()
    assert (first.begin, rest.begin) == (10, 11)
    assert first.items + rest.items == unit.items
    assert {first.location, rest.location} == {2}


def test_the_key_of_a_unit_is_another_one_when_an_object_is() -> None:
    one = Unit(0, 0, (Ref("a", "v1", 5), Ref("b", "v1", 5)))
    assert one.key() == Unit(99, 0, one.items).key()  # what lies elsewhere has changed
    others = [
        Unit(0, 0, (Ref("a", "v2", 5), Ref("b", "v1", 5))),
        Unit(0, 0, (Ref("a", "v1", 5),)),
        Unit(0, 1, one.items),
        Unit(0, 0, (Ref("a", "v1", 5), Unread("b", "denied"))),
    ]
    assert len({one.key(), *(each.key() for each in others)}) == 5


def test_a_unit_has_no_key_where_a_change_could_not_be_told() -> None:
    assert Unit(0, 0, (Ref("a", "v1", 5), Ref("b", "", 5))).key() is None
