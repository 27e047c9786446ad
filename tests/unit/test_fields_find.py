"""Candidates in foreign text: where a value stands, what touches it, and what is none."""

from collections.abc import Iterable

import pytest

from trapstreet.core.fields import Candidate, Column, Kind, Search, kinds
from trapstreet.core.fields.kinds.birth_date import month_words
from trapstreet.core.fields.kinds.email import unicode_candidate
from trapstreet.core.fields.kinds.phone import calling_codes, local_prefixes
from trapstreet.core.fields.tokens import tokens


def candidates(kind: Kind, text: str | bytes, **learnt: object) -> list[Candidate]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(kinds()[kind].find(data, Search((Column("cell", kind, "", **learnt),))))


def found(kind: Kind, text: str | bytes, **learnt: object) -> set[bytes]:
    return {form for candidate in candidates(kind, text, **learnt) for form in candidate.forms}


ADDRESSES = [
    ("Write to ann@example.com.", b"ann@example.com"),
    ("<ann@example.com>", b"ann@example.com"),
    ('"ann@example.com","x"', b"ann@example.com"),
    ("('ann@example.com','x')", b"ann@example.com"),
    ("('o''brien','o'brien@example.com')", b"o'brien@example.com"),
    ("href=mailto:ann@example.com?subject=x", b"ann@example.com"),
    ("/?email=ann@example.com&next=1", b"ann@example.com"),
    ("|ann@example.com|", b"ann@example.com"),
    ("_ann@example.com_", b"ann@example.com"),
    (r'"a\nann@example.com\n"', b"ann@example.com"),
    ("ann@example.com.Then", b"ann@example.com"),
    ("“jörg@straße.de”", "jörg@straße.de".encode()),
    ("邮箱ann@example.com邮箱", b"ann@example.com"),
    ("ann@example.com，", b"ann@example.com"),
    ("\u00a0ann@example.com\u00a0", b"ann@example.com"),
    ("ANN@EXAMPLE.CO.UK;", b"ann@example.co.uk"),
    ("ann+tag@example.com", b"ann@example.com"),
    ("a" * 64 + "@example.com", b"a" * 64 + b"@example.com"),
    (b"\xff\xfeann@example.com\xff", b"ann@example.com"),
]


@pytest.mark.parametrize(("text", "form"), ADDRESSES)
def test_an_address_is_found_whatever_touches_it(text, form):
    assert form in found(Kind.EMAIL, text)


@pytest.mark.parametrize(
    "text", ["ann@localhost", "@example.com", "ann@", "ann@@x", "-@example.com", "ann@1.2", "ann@example.c0m"]
)
def test_what_is_no_address_is_no_candidate(text):
    assert found(Kind.EMAIL, text) == set()


READINGS = [  # text, candidate's bytes, its forms in order
    ("ann@example.com", "ann@example.com", ["ann@example.com"]),
    ("(Ann@Example.com)", "Ann@Example.com", ["ann@example.com"]),
    ("x=Ann@Example.com", "x=Ann@Example.com", ["x=ann@example.com", "ann@example.com"]),
    (r"\nann@x.org", "nann@x.org", ["nann@x.org", "ann@x.org"]),
    (r"\n.ann@x.org", "n.ann@x.org", ["n.ann@x.org", "ann@x.org"]),
    (r"\nn=ann@x.org", "nn=ann@x.org", ["nn=ann@x.org", "n=ann@x.org", "ann@x.org"]),
    ("a!b!c!d!e!f!g!h!i!j@x.org", "b!c!d!e!f!g!h!i!j@x.org", None),
    ("+._-ann.@x.org", "ann.@x.org", ["ann.@x.org"]),
    (
        "ann+x@x.org.Then",
        "ann+x@x.org.Then",
        ["ann+x@x.org.then", "ann@x.org.then", "ann+x@x.org", "ann@x.org"],
    ),
    ("a" * 70 + "@x.org", "a" * 64 + "@x.org", ["a" * 64 + "@x.org"]),
    ("ann@x.org-", "ann@x.org", ["ann@x.org"]),
    ("ann@x.xn--p1ai", "ann@x.xn--p1ai", ["ann@x.xn--p1ai", "ann@x.рф"]),
    ("ann@X.XN--P1AI", "ann@X.XN--P1AI", ["ann@x.xn--p1ai", "ann@x.рф"]),
    ("jörg@x.org", "rg@x.org", ["rg@x.org", "jörg@x.org"]),
    ("jörß@x.org.", "jörß@x.org", ["jörß@x.org"]),
    ("ann@straße.de, ", "ann@straße.de", ["ann@straße.de"]),
]


@pytest.mark.parametrize(("text", "place", "forms"), READINGS)
def test_an_address_has_every_reading_of_its_two_sides(text, place, forms):
    (candidate,) = candidates(Kind.EMAIL, text)
    data = text.encode()
    assert data[candidate.start : candidate.end].decode() == place
    assert forms is None or [form.decode() for form in candidate.forms] == forms
    assert len(candidate.forms) <= 36


@pytest.mark.parametrize(("text", "place", "forms"), READINGS)
def test_what_unicode_adds_to_an_address_can_be_asked_for_alone(text, place, forms):
    (whole,) = candidates(Kind.EMAIL, text)
    added = unicode_candidate(text.encode(), text.encode().index(b"@"))
    assert (added is None) == all(form.isascii() for form in whole.forms)
    if added:
        assert added[:2] == whole[:2]
        assert added.forms == tuple(form for form in whole.forms if not form.isascii())


NUMBERS = [
    ("087 123 4567", "IE"),
    ("+353 87 123 4567", "DE"),
    ("+353 (0)87 123 4567", "DE"),
    ("+353\u00a087\u00a0123\u00a04567", "DE"),
    ("00353-87-123-4567", "DE"),
    ("011 353 87 123 4567", "US"),
    ("353871234567", "IE"),
    ("(087) 123-4567", "IE"),
    ("087/123.45.67", "IE"),
    ("087–123–4567", "IE"),
    ("tel:+353871234567", ""),
    ("+353 8 71 23 45 67", ""),
    ("0871234567x12", "IE"),
    ("'087-1234567'", "IE"),
    ("12,0871234567,2019-01-01", "IE"),
    ("12 087 123 4567", "IE"),
    (r"\n0871234567\n", "IE"),
]


@pytest.mark.parametrize(("text", "region"), NUMBERS)
def test_a_phone_number_is_found_in_any_dress(text, region):
    registered = Column("phone", Kind.PHONE, "", region="IE")
    cell = kinds()[Kind.PHONE].forms("+353 87 123 4567", registered)
    assert found(Kind.PHONE, text, region=region) & set(cell)


SHORT = [  # a number of eight digits, +45 55 51 23 45: text, region, whether it is found
    ("55512345", "DK", True),
    ("55 51 23 45", "", True),
    ("+4555512345", "", True),
    ("+45 55512345", "", True),
    ("(+45) 55 51 23 45", "", True),
    ("+(45)55512345", "", True),
    ("004555512345", "", True),
    ("01145 55512345", "", True),
    ("0114555512345", "", True),
    ("+45(0)55512345", "", True),
    ("+450 55512345", "", True),
    ("+45055512345", "", True),
    ("0055512345", "", False),
    ("055512345", "", True),
    ("4555512345", "DK", True),
    ("4555512345", "", False),
    ("155512345", "DK", False),
    ("+9955512345", "", False),
    ("12345 55512345", "", True),
    ("x55512345", "DK", False),
    ("5551234567", "DK", False),
]


@pytest.mark.parametrize(("text", "region", "is_found"), SHORT)
def test_a_short_number_is_found_only_behind_what_people_dial(text, region, is_found):
    assert (b"n55512345" in found(Kind.PHONE, text, region=region)) == is_found


def test_a_number_of_nine_digits_is_found_whatever_stands_before_them():
    for text in ("99 871234567", "99871234567", "(0)871234567", "8 7 123 4 56 7", "+1 (0) 87-123-4567"):
        assert b"~871234567" in found(Kind.PHONE, text), text


def test_only_the_lengths_that_are_registered_are_looked_for():
    column = Column("cell", Kind.PHONE, "", region="DK")
    field = kinds()[Kind.PHONE]
    assert [c.forms for c in field.find(b"55512345", Search((column,), frozenset()))] == []
    assert [c.forms for c in field.find(b"55512345", Search((column,), frozenset((8,))))] == [(b"n55512345",)]
    assert [c.forms for c in field.find(b"55512345", Search((column,), frozenset((7,))))] == []


def test_a_nought_in_brackets_is_neither_digit_nor_group_nor_end():
    text = b"+44 (0)20 1 2 3 4 (0)567"
    nine = Search((Column("cell", Kind.PHONE, ""),), phone_lengths=frozenset())
    assert list(kinds()[Kind.PHONE].find(text, nine)) == [Candidate(7, 24, (b"~201234567",))]
    assert found(Kind.PHONE, "87123456(0)", region="IE") == {b"n87123456"}
    assert found(Kind.PHONE, "8712(0)") == set()


def test_what_is_dialled_before_a_number_comes_from_the_numbering_plans():
    columns = [Column("cell", Kind.PHONE, "", region=region) for region in ("IE", "HU", "")]
    assert local_prefixes(columns) == {"0", "353", "3530", "06", "36", "360", "3606"}
    assert {"1", "353", "800"} <= calling_codes()
    assert "0" not in calling_codes()


@pytest.mark.parametrize(
    "text",
    [
        "a0871234567",
        "0871234567b",
        "08712",
        "0" * 30,
        "1.1.1.1",
        "1 2 3 4 5",
        "1    2    3    4    5    6    7",
    ],
)
def test_what_is_no_phone_number_is_no_candidate(text):
    assert found(Kind.PHONE, text, region="IE") == set()


NEAR = [
    (
        Kind.NAME,
        "John Smith",
        ["Smith;John;x", '"first": "John", "last": "Smith"', "Dr. JOHN P. SMITH", r"\nJohn\tSmith"],
    ),
    (Kind.NAME, "J. Smith", ["John Smith", "Smith, J."]),
    (Kind.NAME, "Jörg Müller", ["joerg mueller", "JORG MULLER", "Müller, Jörg"]),
    (
        Kind.NAME,
        "Jörg Müller",
        [r'"J\u00f6rg M\u00FCller"', r'\ud83d "vorname": "J\u00f6rg", "name": "M\u00fcller"'],
    ),
    (Kind.NAME, "Joerg Mueller", ["Jörg Müller", "jo\u0308rg mu\u0308ller", r"Jo\u0308rg\tMU\u0308LLER"]),
    (Kind.NAME, "Seán O'Brien", [r"O\'Brien, Sean", "sean o''brien"]),
    (
        Kind.ADDRESS,
        "Hauptstraße 12",
        ["12 hauptstr.", "Hauptstr. 12a", "wohnt Haupt-Straße 12, Hauptstrasse 12"],
    ),
    (Kind.ADDRESS, "350 5th Ave", ["350 5TH AVE", "Ave 5th, 350", "350 Fifth Ave., New York"]),
    (Kind.ADDRESS, "Flat 2, 14 The Close", ["14 The Close", "14, the close"]),
    (Kind.POSTCODE, "SW1A 1AA", ["SW1A1AA", "sw1a 1aa London", "London,SW1A,1AA"]),
    (
        Kind.BIRTH_DATE,
        "1980-02-01",
        ["01/02/1980", "02/01/1980", "1.2.80", "19800201", "Feb 1, 1980", "1 febbraio 1980", "01021980"],
    ),
]


def as_sums(forms: Iterable[bytes]) -> set[tuple[bytes, ...]]:
    """Forms as they are fingerprinted: the order of their tokens does not matter."""
    return {tuple(sorted(form.split(b" "))) for form in forms}


def near(kind: Kind, window: str) -> set[tuple[bytes, ...]]:
    return as_sums(form for _, _, form in kinds()[kind].near(tokens(window.encode())))


@pytest.mark.parametrize(("kind", "cell", "windows"), NEAR)
def test_a_confirming_value_is_seen_near_a_hit(kind, cell, windows):
    registered = as_sums(kinds()[kind].forms(cell, Column("cell", kind, "")))
    for window in windows:
        assert near(kind, window) & registered, window


@pytest.mark.parametrize(
    "text", ["DE89 3704 0044 0532 0130 00 und", "de89370400440532013000", "IBAN:DE89.3704.0044.0532.0130.00"]
)
def test_an_iban_ends_where_its_country_says(text):
    assert found(Kind.IBAN, text) == {b"DE89370400440532013000"}


@pytest.mark.parametrize(
    "text", ["DE89370400440532013001", "XDE89370400440532013000", "DE893704004405320130001"]
)
def test_a_wrong_iban_is_no_candidate(text):
    assert found(Kind.IBAN, text) == set()


def test_a_card_number_needs_its_check_digit():
    assert found(Kind.CARD, "4111-1111 1111.1111") == {b"4111111111111111"}
    assert found(Kind.CARD, "4111 1111 1111 1112") == set()


@pytest.mark.parametrize(
    ("cell", "window"),
    [("John Smith", "Jane Smith"), ("J. Smith", "A. Smith"), ("John Smith", "James Smith")],
)
def test_an_initial_in_common_makes_no_two_people_one(cell, window):
    registered = as_sums(kinds()[Kind.NAME].forms(cell, Column("name", Kind.NAME, "")))
    assert not near(Kind.NAME, window) & registered


@pytest.mark.parametrize("between", ["\n", "\r\n", ",\n", "\n\n", ";"])
def test_every_line_of_a_list_of_ibans_is_found(between):
    ibans = ["DE89370400440532013000", "GB82WEST12345698765432", "IE29AIBK93115212345678"]
    assert found(Kind.IBAN, "iban\n" + between.join(ibans)) == {iban.encode() for iban in ibans}


PLACES = [  # what each kind sees: (first token, last token, form)
    (
        Kind.NAME,
        "Ann 7 B Lee",
        [
            (0, 0, "ann"),
            (0, 2, "ann b"),
            (0, 2, "~a b"),
            (0, 3, "ann lee"),
            (0, 3, "~a lee"),
            (0, 2, "*b ann"),
            (2, 3, "b lee"),
            (2, 3, "*b lee"),
            (2, 3, "~l b"),
            (3, 3, "lee"),
        ],
    ),
    (
        Kind.ADDRESS,
        "007 Main a b c d Road, 123456 0",
        [(0, 1, "7 main"), (6, 8, "0 road")],
    ),
    (
        Kind.POSTCODE,
        "SW1A 1AA x12345678901 D2   7",
        [(0, 2, "sw1a"), (0, 4, "sw1a1a"), (7, 9, "d27")],
    ),
    (
        Kind.BIRTH_DATE,
        "1980-02-01 to 31.12.99",
        [(0, 2, "19800201"), (4, 6, "19991231"), (4, 6, "20991231")],
    ),
    (
        Kind.BIRTH_DATE,
        "May 5 1980 29021980 30.02.1980",
        [(0, 2, "19800505"), (3, 3, "19800229")],
    ),
]


@pytest.mark.parametrize(("kind", "text", "seen"), PLACES)
def test_a_form_says_from_which_tokens_it_is(kind, text, seen):
    places = kinds()[kind].near(tokens(text.encode()))
    assert sorted({(first, last, form.decode()) for first, last, form in places}) == sorted(seen)


def test_an_index_of_months_has_each_name_in_the_spelling_of_tokens():
    months = month_words()
    assert (months[b"marz"], months[b"mart"], months[b"aout"]) == (3, 3, 8)
    assert {tokens(word)[0].text for word in months} == set(months)
    assert set(months.values()) == set(range(1, 13))
