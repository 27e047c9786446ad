"""How many people a table is about, and what a text without columns holds."""

import pytest

from trapstreet.core.model.holdings import HeldColumn
from trapstreet.core.model.inventories import ColumnName, ShownColumn, lies_in, shown_columns
from trapstreet.discover import default_policy
from trapstreet.discover.domain.mentions import mentioned
from trapstreet.discover.domain.people import people_in
from trapstreet.discover.domain.texts import LONGEST, held_in


def column(kind: str, distinct: int | None) -> tuple[ShownColumn, HeldColumn]:
    return ShownColumn("x", "text", distinct, ()), HeldColumn("x", kind, 0, 0, "")


@pytest.mark.parametrize(
    ("columns", "records", "people"),
    [
        ([("", 900), ("", 3)], 900, 0),
        ([("email", 300), ("name", 280)], 900, 300),
        ([("health", 12)], 900, 900),
        ([("email", None)], 900, 900),
        ([("email", 1_200)], 900, 900),
        ([("email", 300)], None, 300),
        ([("health", None)], None, None),
    ],
)
def test_people_are_counted_by_what_tells_them_apart(
    columns: list[tuple[str, int | None]], records: int | None, people: int | None
) -> None:
    shown, held = zip(*(column(*each) for each in columns), strict=True)
    assert people_in(shown, held, records=records) == people


def test_of_a_sample_the_distinct_values_are_kept_and_all_of_them_estimated() -> None:
    rows = [(f"u{n % 400}@mail.example", None if n % 2 else "x", " ") for n in range(600)]
    email, half, blank = shown_columns([ColumnName("a"), ColumnName("b"), ColumnName("c")], rows, records=600)
    assert (len(email.values), email.distinct) == (400, 400)
    assert (list(half.values), half.distinct) == (["x"], 1)
    assert (list(blank.values), blank.distinct) == ([], 0)


def test_a_shown_column_prints_none_of_its_values() -> None:
    (shown,) = shown_columns([ColumnName("a")], [("secret@mail.example",)], records=1)
    assert "secret" not in repr(shown)


def test_lines_that_hold_a_value_are_counted_and_different_values() -> None:
    text = (
        b"call a@mail.example\n\nor A@Mail.Example, b@mail.example\nIBAN DE89 3704 0044 0532 0130 00\nend\n"
    )
    held, people = held_in(text, default_policy())
    by_kind = {each.kind: each for each in held}
    assert set(by_kind) == {"email", "iban"}
    assert (by_kind["email"].fitting, by_kind["email"].sampled) == (2, 4)
    assert people == 2
    assert all(each.sensitivity for each in held)
    assert "mail.example" not in "".join(each.why for each in held)


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111111111111111",
        "paid with 4111-1111-1111-1111.",
        "It was 4111 1111 1111 1111. They sent 12 back.",
        "4111.1111.1111.1111",
        "4111 1111 1111 1111\n0.5\n0.6789012345678901\n0.1234567890123456\n0.3141592653589793",
    ],
)
def test_a_card_is_found_however_it_is_written(text: str) -> None:
    assert [each.kind for each in held_in(text.encode(), default_policy())[0]] == ["card"]
    said = f"the number of the card is {text}"
    assert mentioned([said]) == ({} if "4111." in text else {"card": 1})


@pytest.mark.parametrize(
    "text",
    [
        "0.4111111111111111",
        "12.4111111111111111",
        "41111111111.11111",
        "4111111111111111.25",
        "0.4111 1.1111 1.1111 1.111",
    ],
)
def test_the_digits_of_a_decimal_fraction_are_no_card(text: str) -> None:
    assert held_in(text.encode(), default_policy()) == ([], 0)
    assert mentioned([f"the share of them is {text}"]) == {}


@pytest.mark.parametrize(
    "text", ["3782 822463 10005", "378282246310005", "4222222222222", "5555-5555-5555-4444"]
)
def test_a_card_is_found_in_the_groups_of_its_issuer(text: str) -> None:
    said = f"the number of the card is {text}"
    assert [each.kind for each in held_in(said.encode(), default_policy())[0]] == ["card"]
    assert mentioned([said]) == {"card": 1}


@pytest.mark.parametrize(
    "text",
    [
        "+49 (0) 8050 769041",
        "+49 (0) 1648 705502",
        "49 8050 769041 6",
        "+4908050769041",
        "+43 4111 1111 1111 1111",
        "9111 1111 1111 1110",
        "41 11 11 11 11 11 11 11",
        "4111 1111-1111 1111",
    ],
)
def test_a_phone_number_that_passes_the_check_of_cards_is_no_card(text: str) -> None:
    said = f"please call us back: {text}"
    assert held_in(said.encode(), default_policy()) == ([], 0)
    assert mentioned([said]) == {}


def test_what_comes_after_the_first_stretch_of_a_text_does_not_count() -> None:
    held, people = held_in(b"x\n" * (LONGEST // 2) + b"a@mail.example", default_policy())
    assert (held, people) == ([], 0)


def test_the_login_of_a_url_is_nobodys_address() -> None:
    text = b"ssh://root@host.example and mailto:a@mail.example\n"
    ((email,), people) = held_in(text, default_policy())
    assert (email.kind, people) == ("email", 1)


def test_an_empty_text_holds_nothing() -> None:
    assert held_in(b"", default_policy()) == ([], 0)


def test_a_folder_is_no_part_of_one_whose_name_begins_like_it() -> None:
    assert lies_in(("/srv/a", "x"), "/srv/a")
    assert lies_in(("/srv/a/b", "x"), "/srv/a")
    assert lies_in(("/srv/a/b", "x"), "/")
    assert not lies_in(("/srv/ab", "x"), "/srv/a")
