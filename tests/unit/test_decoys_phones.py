"""Numbers of decoys: only those that the user owns or that nobody has, in the table's own layouts."""

import pytest

from trapstreet.core.fields import record_forms
from trapstreet.core.fields.kind import Column, Kind
from trapstreet.core.maths.draws import KeyedDraws
from trapstreet.core.model.errors import UnusableInput
from trapstreet.decoys.fiction import RANGES
from trapstreet.decoys.phones import PhoneStyle, fictional_numbers, learn_phone_style, owned_numbers


@pytest.mark.parametrize(
    ("text", "size", "first"),
    [
        ("+353 1 900 0100-0199", 100, "353 19000100"),
        ("+353 1 900 0100 - 0199", 100, "353 19000100"),
        ("+44 7700 900000–900999", 1000, "44 7700900000"),
        ("+49 30 23125-000-499", 500, "49 3023125000"),
        ("+1 (212) 555-0123", 1, "1 2125550123"),
    ],
)
def test_a_range_of_the_user_is_read(text: str, size: int, first: str) -> None:
    numbers = owned_numbers([text])
    assert (numbers.size, numbers.text(0)) == (size, first)


@pytest.mark.parametrize(
    "text", ["", "01 900 0100-0199", "+353 1 900 0199-0100", "+999 123 4567", "+353 x", "+353-1"]
)
def test_a_range_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(UnusableInput, match="phones"):
        owned_numbers([text])


@pytest.mark.parametrize("region", sorted(RANGES))
def test_reserved_numbers_are_told_apart_by_their_last_nine_digits(region: str) -> None:
    numbers = fictional_numbers(PhoneStyle(region, (), ()))
    texts = [numbers.text(index).replace(" ", "") for index in range(numbers.size)]
    assert len({text[-9:] for text in texts}) == numbers.size


def test_north_american_numbers_stay_in_area_codes_of_the_table() -> None:
    style = learn_phone_style(["(212) 736-5000", "312-736-5001", "+1 415 736 5002"], "US")
    numbers = fictional_numbers(style)
    assert numbers.size == 200  # 212 and 312 end alike: one of them is enough
    assert all(
        numbers.text(i)[2:].removesuffix(numbers.text(i)[-2:])[3:] == "55501" for i in range(numbers.size)
    )


def test_a_region_without_reserved_numbers_has_none() -> None:
    assert fictional_numbers(PhoneStyle("JP", (), ())).size == 0
    assert fictional_numbers(PhoneStyle("", (), ())).size == 0


@pytest.mark.parametrize(
    ("region", "sample", "number", "expected"),
    [
        ("IE", "+353 87 123 4567", ("353", "209101234"), "+353 20 910 1234"),
        ("IE", "087 123 4567", ("353", "209101234"), "020 910 1234"),
        ("IE", "(087) 123-4567", ("353", "209101234"), "(020) 910-1234"),
        ("IE", "00353871234567", ("353", "209101234"), "00353209101234"),
        ("GB", "+44 (0)20 7123 4567", ("44", "2079460123"), "+44 (0)20 7946 0123"),
        ("DE", "0171/1234567", ("49", "3023125123"), "0302/3125123"),
        ("FR", "06.12.34.56.78", ("33", "639981234"), "06.39.98.12.34"),
        ("US", "(212) 736-5000", ("1", "2125550123"), "(212) 555-0123"),
        ("SE", "070-123 45 67", ("46", "846500401"), "084-650 04 01"),
        ("IE", "087 123 4567", ("353", "19000123"), "01 900 0123"),
        ("IE", "(087) 1234567", ("353", "19000123"), "(01) 9000123"),
        ("FR", "0612345678", ("33", "199001234"), "0199001234"),
        ("IE", "+44 20 7123 4567", ("353", "209101234"), "+353 209101234"),
    ],
)
def test_a_number_is_written_in_the_tables_layout(
    region: str, sample: str, number: tuple[str, str], expected: str
) -> None:
    style = learn_phone_style([sample] * 5, region)
    text = style.write(*number, KeyedDraws(b"p" * 16, 0))
    assert text == expected


@pytest.mark.parametrize("region", sorted(RANGES))
def test_a_written_number_reads_as_the_number_meant(region: str) -> None:
    samples = {"IE": "087 123 4567", "GB": "07123 456789", "FR": "06 12 34 56 78", "DE": "0171 1234567"}
    style = learn_phone_style([samples.get(region, "+46 70 123 45 67")] * 5, region)
    numbers = fictional_numbers(style)
    draws = KeyedDraws(b"p" * 16, 1)
    column = Column(name="phone", kind=Kind.PHONE, why="", region=region)
    for _ in range(50):
        code, national = numbers.text(draws.below(numbers.size)).split()
        cell = style.write(code, national, draws)
        forms, _, _ = record_forms([column], [(cell,)])[Kind.PHONE]
        meant = f"~{national[-9:]}" if len(national) >= 9 else f"n{national}"
        assert meant.encode() in forms, cell


def test_ranges_that_overlap_hold_each_number_once() -> None:
    """A number that stood in several ranges would be drawn more often than its bits say."""
    numbers = owned_numbers(["+353 1 900 0100-0199", "+353 1 900 0100-0109", "+353 1 900 0150-0249"])
    assert numbers.size == 150
    assert len({numbers.text(index) for index in range(numbers.size)}) == 150


def test_numbers_of_many_ranges_are_had_one_by_one_in_their_order() -> None:
    numbers = owned_numbers(["+353 1 900 0100-0119", "+353 87 1234567", "+44 7700 900000-900002"])
    assert [numbers.text(index) for index in range(numbers.size)] == [*numbers.texts()]
    with pytest.raises(IndexError):
        numbers.text(numbers.size)
