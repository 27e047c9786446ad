"""The normal forms of version 2, and what they make equal."""

import tomllib
from pathlib import Path

import pytest

from trapstreet.core.fields import NORMAL_FORMS, Column, Kind, kinds

PAGE = Path(__file__).parents[2] / "docs/adr/0003-normal-forms.md"
CASES = tomllib.loads(PAGE.read_text("utf-8").rpartition("```toml\n")[2].removesuffix("```\n"))["cells"]


def forms(kind: Kind, text: str, **learnt: object) -> set[bytes]:
    """The forms as they are fingerprinted: the order of their tokens does not matter."""
    found = kinds()[kind].forms(text, Column("cell", kind, "", **learnt))
    return {b" ".join(sorted(form.split(b" "))) for form in found}


@pytest.mark.parametrize("case", CASES, ids=[f"{case['kind']}: {case['text']}" for case in CASES])
def test_a_normal_form_of_version_2_never_changes(case):
    column = Column(
        "cell",
        Kind(case["kind"]),
        "",
        region=case.get("region", ""),
        day_first=case.get("day_first"),
        grammar=tuple(case.get("grammar", ())),
    )
    assert NORMAL_FORMS == 2
    assert [form.decode() for form in kinds()[column.kind].forms(case["text"], column)] == case["forms"]


MEET = [
    (Kind.EMAIL, "Ann.Lee@Example.com", "ann.lee@EXAMPLE.COM"),
    (Kind.EMAIL, "ann@example.com", "ann+shop@example.com"),
    (Kind.EMAIL, "ann.lee@gmail.com", "annlee@googlemail.com"),
    (Kind.EMAIL, "jörg@straße.de", "jörg@xn--strae-oqa.de"),
    (Kind.EMAIL, "rene\u0301@example.fr", "ren\u00e9@example.fr"),
    (Kind.NAME, "Smith, John", "john smith"),
    (Kind.NAME, "SMITH JOHN", "John Smith"),
    (Kind.NAME, "Åse Aas", "Aase As"),
    (Kind.NAME, "Jörg Müller", "Joerg Mueller"),
    (Kind.NAME, "Jörg Müller", "Jorg Muller"),
    (Kind.NAME, "Łukasz Żak", "Lukasz Zak"),
    (Kind.NAME, "Prof. Dr. Anna Weiß", "Anna Weiss"),
    (Kind.NAME, "Seán O’Brien", "Sean O'Brien"),
    (Kind.NAME, "Jean-Pierre Roux", "Jean Pierre Roux"),
    (Kind.NAME, "John Peter Smith", "John Smith"),
    (Kind.NAME, "Иван Петров", "Ivan Petrov"),
    (Kind.ADDRESS, "Hauptstr. 12", "12 Hauptstraße"),
    (Kind.ADDRESS, "Mühlenstraße 7", "Muehlenstr. 7a"),
    (Kind.ADDRESS, "12 Main St", "12 Main Street, Springfield, IL"),
    (Kind.POSTCODE, "sw1a1aa", "SW1A 1AA"),
    (Kind.BIRTH_DATE, "1980-02-13", "13 February 1980"),
    (Kind.IBAN, "DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
    (Kind.CARD, "4111-1111-1111-1111", "4111 1111 1111 1111"),
]


@pytest.mark.parametrize(("kind", "one", "other"), MEET)
def test_two_spellings_of_one_value_share_a_form(kind, one, other):
    assert forms(kind, one) & forms(kind, other)


APART = [
    (Kind.EMAIL, "ann.lee@example.com", "annlee@example.com"),
    (Kind.NAME, "John Smith", "John Smyth"),
    (Kind.NAME, "Jan Smith", "Ann Smith"),
    (Kind.ADDRESS, "12 Main Street", "13 Main Street"),
    (Kind.ADDRESS, "12 Main Street", "12 Hill Street"),
    (Kind.BIRTH_DATE, "1980-02-01", "1980-01-02"),
]


@pytest.mark.parametrize(("kind", "one", "other"), APART)
def test_two_values_share_no_form(kind, one, other):
    assert not forms(kind, one) & forms(kind, other)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEXT])
@pytest.mark.parametrize("text", ["", " ", "-", "n/a", "?", "\u0000", "\ud800", "@", "+", "x" * 5000])
def test_a_cell_without_a_value_has_no_form_that_could_match_one(kind, text):
    found = forms(kind, text)
    assert all(len(form) > 3 for form in found)


def test_a_date_with_two_readings_is_read_in_the_order_of_its_column():
    assert forms(Kind.BIRTH_DATE, "03/04/1985", day_first=True) == {b"19850403"}
    assert forms(Kind.BIRTH_DATE, "03/04/1985", day_first=False) == {b"19850304"}


@pytest.mark.parametrize("kind", [kind for kind in kinds() if not kinds()[kind].anchor])
@pytest.mark.parametrize(
    "text", ["Anna Maria Berg, Dr.", "1 A Str 2, B Road 3, C Way 4, 12345-6789", "1.2.1980 x"]
)
def test_a_cell_has_no_more_forms_than_its_kind_has_slots(kind, text):
    assert len(forms(kind, text)) <= kinds()[kind].slots


PHONES = [  # each line one number, however it is written
    ("IE", ["087 123 4567", "+353 87 123 4567", "00353871234567", "871234567"]),
    ("DK", ["55 51 23 45", "+45 55512345", "004555512345", "4555512345"]),
    ("US", ["(212) 555-0123", "+1 212 555 0123", "1-212-555-0123"]),
    ("", ["+45 55512345", "0045 55512345", "55512345"]),
    ("", ["0871234567", "+353 87 123 4567", "353871234567", "871234567"]),
]


@pytest.mark.parametrize(("region", "spellings"), PHONES)
def test_a_number_has_one_form_in_common_however_it_is_written(region, spellings):
    seen = [forms(Kind.PHONE, text, region=region) for text in spellings]
    assert len(set.intersection(*seen)) >= 1
    assert max(map(len, seen)) <= 2


@pytest.mark.parametrize("text", ["12345", "+4512345", "+45 1234 5", "1" * 19])
def test_a_number_that_is_too_short_or_too_long_has_no_form(text):
    assert forms(Kind.PHONE, text) == set()
