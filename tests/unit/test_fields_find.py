"""Candidates in foreign text: where a value stands, what touches it, and what is none."""

import random
import string

import pytest

from trapstreet.core.fields import Column, Kind, kinds
from trapstreet.core.fields.shapes import learn_shapes


def found(kind: Kind, text: str | bytes, **learnt: object) -> set[bytes]:
    data = text if isinstance(text, bytes) else text.encode()
    columns = [Column("cell", kind, "", **learnt)]
    return {form for candidate in kinds()[kind].find(data, columns) for form in candidate.forms}


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
    "text", ["ann@localhost", "@example.com", "ann@", "ann@@x", "a" * 65 + "@example.com", "ann@1.2"]
)
def test_what_is_no_address_is_no_candidate(text):
    assert found(Kind.EMAIL, text) == set()


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


@pytest.mark.parametrize(
    "text", ["a0871234567", "0871234567b", "087123", "0" * 30, "1.1.1.1", "1 2 3 4 5 6 7 8 9"]
)
def test_what_is_no_phone_number_is_no_candidate(text):
    assert found(Kind.PHONE, text, region="IE") == set()


def base36(n: int) -> str:
    return "".join(random.Random(n).choices(string.ascii_lowercase + string.digits, k=8))


LAYOUTS = [  # values of a column; how a leak writes the last of them
    (
        [f"TCK-{n:06}" for n in range(100, 160)],
        ["TCK-000159", "tck 000159", "#000159", "TCK000159", "[tck_000159]"],
    ),
    ([f"2019/{n:05}-A" for n in range(40)], ["2019/00039-A", "201900039a", "2019-00039-A", "2019 00039 A"]),
    ([f"AB{n:02}-{n * 37:04}" for n in range(40)], ["AB39-1443", "ab391443", "AB39 1443"]),
    (
        [f"{n * 2654435761 % 2**32:08x}-4f89-41d3-9a0c-0305e82c3301" for n in range(1, 40)],
        ["8a6e7a77-4f89-41d3-9a0c-0305e82c3301".replace("8a6e7a77", f"{39 * 2654435761 % 2**32:08X}")],
    ),
    ([str(47110000 + n) for n in range(40)], ["47110039", "Nr. 47110039.", '"47110039"']),
    ([f"C{n:07}" for n in range(12345, 12400)], ["C0012399", "c-0012399", "0012399"]),
    ([f"INV.2021.{n:06}" for n in range(4700, 4760)], ["INV.2021.004759", "inv-2021-004759", "2021/004759"]),
    ([f"{4711 + n}-22-{n % 10}3" for n in range(40)], ["4750-22-93", "47502293", "4750 22 93"]),
    ([base36(n) for n in range(40)], [base36(39), base36(39).upper(), f"({base36(39)})"]),
    (
        [f"INC{n:07}" for n in range(30)] + [f"REQ-{n:05}" for n in range(30)],
        ["REQ-00029", "req00029", "REQ 00029"],
    ),
]


@pytest.mark.parametrize(("values", "leaked"), LAYOUTS, ids=[values[0] for values, _ in LAYOUTS])
def test_a_reference_number_is_found_in_ten_layouts(values, leaked):
    grammar = learn_shapes(values)
    column = Column("ref", Kind.REFERENCE, "", grammar=grammar)
    cell = set(kinds()[Kind.REFERENCE].forms(values[-1], column))
    for text in leaked:
        assert found(Kind.REFERENCE, f"see {text}, please", grammar=grammar) & cell, (text, grammar)


def test_a_grammar_names_a_prefix_only_when_twenty_records_have_it():
    assert learn_shapes([f"TCK-{n:06}" for n in range(20)]) == ("=TCK D6",)
    assert learn_shapes([f"TCK-{n:06}" for n in range(19)]) == ("A3 D6",)
    mixed = [f"TCK-{n:06}" for n in range(30)] + [f"SMITH-{n:06}" for n in range(5)]
    assert not any("SMITH" in shape for shape in learn_shapes(mixed))


def test_digits_alone_do_not_stand_for_a_code_whose_letters_differ():
    column = Column("ref", Kind.REFERENCE, "", grammar=("A2 D6",))
    assert kinds()[Kind.REFERENCE].forms("AB-123456", column) == (b"AB123456",)


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
    (Kind.NAME, "Seán O'Brien", [r"O\'Brien, Sean", "sean o''brien"]),
    (
        Kind.ADDRESS,
        "Hauptstraße 12",
        ["12 hauptstr.", "Hauptstr. 12a", "wohnt Haupt-Straße 12, Hauptstrasse 12"],
    ),
    (Kind.POSTCODE, "SW1A 1AA", ["SW1A1AA", "sw1a 1aa London", "London,SW1A,1AA"]),
    (
        Kind.BIRTH_DATE,
        "1980-02-01",
        ["01/02/1980", "02/01/1980", "1.2.80", "19800201", "Feb 1, 1980", "1 febbraio 1980"],
    ),
]


@pytest.mark.parametrize(("kind", "cell", "windows"), NEAR)
def test_a_confirming_value_is_seen_near_a_hit(kind, cell, windows):
    registered = set(kinds()[kind].forms(cell, Column("cell", kind, "")))
    for window in windows:
        assert kinds()[kind].near(window.encode(), []) & registered, window


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
    assert not kinds()[Kind.NAME].near(window.encode(), []) & set(
        kinds()[Kind.NAME].forms(cell, Column("name", Kind.NAME, ""))
    )


@pytest.mark.parametrize("between", ["\n", "\r\n", ",\n", "\n\n", ";"])
def test_every_line_of_a_list_of_ibans_is_found(between):
    ibans = ["DE89370400440532013000", "GB82WEST12345698765432", "IE29AIBK93115212345678"]
    assert found(Kind.IBAN, "iban\n" + between.join(ibans)) == {iban.encode() for iban in ibans}
