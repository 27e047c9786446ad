"""Another house, another day, and nothing left of the donor in other cells."""

from datetime import date, datetime

import pytest

from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.table import Cell
from trapstreet.decoys.nearby import another_day, another_house
from trapstreet.decoys.traces import rewritten


def of_kind(kind: Kind, name: str = "c", *, day_first: bool | None = None) -> Column:
    return Column(name=name, kind=kind, why="", day_first=day_first)


@pytest.mark.parametrize(
    ("address", "before", "after"),
    [
        ("12 Main Street", "", " Main Street"),
        ("Hauptstraße 5a", "Hauptstraße ", "a"),
        ("Hauptstr. 5, 10115 Berlin", "Hauptstr. ", ", 10115 Berlin"),
        ("221B Baker Street", "", "B Baker Street"),
    ],
)
def test_a_decoy_lives_in_another_house_of_the_street(address: str, before: str, after: str) -> None:
    draws = KeyedDraws(b"h" * 16, 0)
    for _ in range(20):
        found, choices = another_house(address, draws)
        assert isinstance(found, str)
        assert found != address
        assert found.startswith(before)
        assert found.endswith(after)
        assert choices >= 39


@pytest.mark.parametrize("address", ["Rose Cottage, Kinsale", "10115 Berlin", None, "", 7])
def test_an_address_without_a_house_number_stays(address: Cell) -> None:
    assert another_house(address, KeyedDraws(b"h" * 16, 0)) == (address, 1)


@pytest.mark.parametrize(
    ("born", "layout", "day_first"),
    [
        ("1980-05-17", "%Y-%m-%d", None),
        ("17/05/1980", "%d/%m/%Y", None),
        ("05/17/1980", "%m/%d/%Y", False),
        ("03/04/1980", "%m/%d/%Y", False),
        ("17.05.80", "%d.%m.%y", None),
        ("1980-05-17T00:00:00", "%Y-%m-%dT00:00:00", None),
        ("19800517", "%Y%m%d", None),
    ],
)
def test_a_birthday_moves_within_its_year_and_keeps_its_layout(
    born: str, layout: str, day_first: bool | None
) -> None:
    draws = KeyedDraws(b"d" * 16, 0)
    column = of_kind(Kind.BIRTH_DATE, day_first=day_first)
    for _ in range(400):
        found = another_day(born, column, draws)
        assert found is not None
        assert datetime.strptime(str(found[0]), layout).year == 1980  # noqa: DTZ007
        assert found[0] != born
        assert found[1] == 365


@pytest.mark.parametrize(
    ("born", "layout"),
    [("17 May 1980", "%d %B %Y"), ("May 17, 1980", "%B %d, %Y"), ("3. May 1980", "%d. %B %Y")],
)
def test_a_month_in_words_stays(born: str, layout: str) -> None:
    found = another_day(born, of_kind(Kind.BIRTH_DATE), KeyedDraws(b"d" * 16, 2))
    assert found is not None
    moved = datetime.strptime(str(found[0]), layout)  # noqa: DTZ007
    assert (moved.year, moved.month) == (1980, 5)
    assert found[0] != born
    assert found[1] == 27


def test_a_date_in_a_whole_number_stays_one() -> None:
    found = another_day(19800517, of_kind(Kind.BIRTH_DATE), KeyedDraws(b"d" * 16, 3))
    assert found is not None
    assert isinstance(found[0], int)
    assert 19800101 <= found[0] <= 19801231


def test_every_other_day_of_the_year_comes_up() -> None:
    draws = KeyedDraws(b"d" * 16, 1)
    column = of_kind(Kind.BIRTH_DATE)
    days = {found[0] for _ in range(5000) if (found := another_day(date(1981, 12, 31), column, draws))}
    assert len(days) == 364
    assert date(1981, 12, 31) not in days


@pytest.mark.parametrize("born", ["unknown", "31.02.1980", "1980", 1980, "May 1980"])
def test_what_is_no_date_has_no_other_day(born: Cell) -> None:
    assert another_day(born, of_kind(Kind.BIRTH_DATE), KeyedDraws(b"d" * 16, 0)) is None


COLUMNS = [
    of_kind(Kind.GIVEN_NAME, "first"),
    of_kind(Kind.FAMILY_NAME, "last"),
    of_kind(Kind.EMAIL, "mail"),
    of_kind(Kind.TEXT, "other"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna.byrne", "mary.kelly7"),
        ("ANNA BYRNE", "MARY KELLY"),
        ("spoke to Anna Byrne about Byrne Street", "spoke to Mary Kelly about Byrne Street"),
        ("mailto:anna.byrne@old.ie", "mailto:mary.kelly7@example.com"),
        ("gold", "gold"),
        ("annabyrne99", "annabyrne99"),
    ],
)
def test_cells_that_repeat_the_donor_repeat_the_decoy(text: str, expected: str) -> None:
    donor = ("Anna", "Byrne", "anna.byrne@old.ie", text)
    fresh: dict[int, Cell] = {0: "Mary", 1: "Kelly", 2: "mary.kelly7@example.com"}
    assert rewritten(COLUMNS, donor, fresh)[3] == expected
