"""A file without a header begins with somebody's record: that is no list of names of columns."""

import pytest

from trapstreet.discover.domain.own_names import is_headless, numbered

RECORD = (
    "QZX-739184625",
    "Zebulon Quartermaine",
    "zeb@post.example",
    "4471 Thistledown Crescent",
    "1957-03-29",
)


def test_a_first_row_with_an_address_of_somebody_is_a_record() -> None:
    assert is_headless(RECORD)
    assert numbered(RECORD, all_of_them=True) == [f"column {n}" for n in range(1, 6)]


@pytest.mark.parametrize("value", RECORD)
def test_a_value_among_names_is_not_kept_as_one(value: str) -> None:
    header = ["id", value, "city", "colour", "amount", "note", "status"]
    assert numbered(header) == ["id", "column 2", "city", "colour", "amount", "note", "status"]


@pytest.mark.parametrize(
    "header",
    [
        ["id", "email", "First Name", "Date of Birth", "addr_line_2", "phone"],
        ["Kunde", "E-Mail Adresse", "Straße", "PLZ", "Umsatz 2024"],
        ["Customer Name", "Blood Type", "Account Owner", "q1 2024", "col_17"],
    ],
)
def test_headers_are_left_as_they_are(header: list[str]) -> None:
    assert not is_headless(header)
    assert numbered(header) == header
