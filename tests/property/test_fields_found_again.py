"""A registered value is found again however a leak writes it, and wherever the bytes are cut."""

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from trapstreet.core.fields import Column, Kind, kinds
from trapstreet.core.fields.numbering import plan_of
from trapstreet.core.fields.shapes import learn_shapes

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

DRESSES = [
    lambda text: text,
    lambda text: f"text={text}",
    lambda text: text.upper(),
    lambda text: f'"1","{text}","x"',
    lambda text: json.dumps({"v": text}, ensure_ascii=False),
    lambda text: f"INSERT INTO t VALUES (1,'{text}');",
    lambda text: f"<{text}>, and so on.",
    lambda text: f"a\t{text}\tb\r\n",
]
dresses = st.sampled_from(DRESSES)

LETTERS = st.characters(categories=["Lu", "Ll"], max_codepoint=0x17F, exclude_characters="ıſŉĸİµ")
WORDS = st.text(LETTERS, min_size=2, max_size=12)


def seen(column: Column, data: bytes) -> set[bytes]:
    field = kinds()[column.kind]
    if field.anchor:
        return {form for candidate in field.find(data, [column]) for form in candidate.forms}
    return field.near(data, [column])


def found_again(column: Column, value: str, text: str) -> bool:
    return bool(set(kinds()[column.kind].forms(value, column)) & seen(column, text.encode()))


locals_ = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._+-]{0,20}[A-Za-z0-9])?", fullmatch=True)
unicode_locals = st.text(LETTERS, min_size=1, max_size=20)
domains = st.from_regex(r"([a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?\.){1,3}[a-z]{2,6}", fullmatch=True)


@SETTINGS
@given(st.one_of(locals_, unicode_locals), domains, dresses)
def test_an_address_is_found_again(local, domain, dress):
    address = f"{local}@{domain}"
    assert found_again(Column("mail", Kind.EMAIL, ""), address, dress(address))


REGIONS = ["IE", "GB", "US", "DE", "FR", "ES", "IT", "NL", "PL", "SE", "DK", "HU", "BR", "AU", "RU", "JP"]
SEPARATORS = st.sampled_from(["", " ", "-", ".", "/", "\u00a0", "\u202f", ") ", " - "])


def grouped(digits: str, draw_sizes: list[int], separator: str) -> str:
    groups = []
    while digits and len(draw_sizes) > len(groups) + 1:
        size = draw_sizes[len(groups)]
        groups, digits = [*groups, digits[:size]], digits[size:]
    return separator.join([*groups, digits] if digits else groups)


@SETTINGS
@given(
    st.sampled_from(REGIONS),
    st.integers(min_value=0, max_value=10**9),
    st.lists(st.integers(2, 4), min_size=5, max_size=5),
    SEPARATORS,
    st.sampled_from(["trunk", "bare", "+", "00", "digits", "(0)"]),
    st.sampled_from(["trunk", "+"]),
    dresses,
)
def test_a_phone_number_is_found_again(region, seed, sizes, separator, leaked, registered, dress):
    from phonenumbers import PhoneNumberType, example_number_for_type, national_significant_number

    plan = plan_of(region)
    example = national_significant_number(example_number_for_type(region, PhoneNumberType.MOBILE))
    number = example[:-4] + f"{seed % 10000:04}"
    written = {
        "trunk": plan.trunk + number,
        "bare": number,
        "+": f"+{plan.country_code} {number}",
        "00": f"00{plan.country_code}{number}",
        "digits": plan.country_code + number,
        "(0)": f"+{plan.country_code} (0){number}",
    }
    column = Column("phone", Kind.PHONE, "", region=region)
    text = written[leaked]
    if leaked in ("trunk", "bare", "+"):
        text = text.replace(number, grouped(number, sizes, separator))
    assert found_again(column, written[registered], dress(text))


@SETTINGS
@given(st.lists(WORDS, min_size=2, max_size=4), dresses, st.sampled_from(["{}", "Dr. {}", "{} PhD"]))
def test_a_name_is_found_again(words, dress, titled):
    name = " ".join(words)
    assert found_again(Column("name", Kind.NAME, ""), titled.format(name), dress(name))


@SETTINGS
@given(WORDS, WORDS)
def test_a_name_is_found_again_in_the_other_order(given_name, family_name):
    column = Column("name", Kind.NAME, "")
    assert found_again(column, f"{given_name} {family_name}", f"x;{family_name};{given_name};y")
    assert found_again(column, f"{family_name}, {given_name}", f"{given_name} {family_name}")


LAYOUTS = [
    "TCK-{:06}",
    "2019/{:05}-A",
    "AB{:02}-{:04}",
    "{:08}",
    "C{:07}",
    "INV.2021.{:06}",
    "{:04}-22-{:02}",
    "k{:05x}qz",
]


@SETTINGS
@given(st.sampled_from(LAYOUTS), st.integers(0, 59), st.sampled_from(["", "-", " ", "/"]), dresses)
def test_a_reference_number_is_found_again(layout, which, separator, dress):
    values = [layout.format(n, n * 7) for n in range(40, 100)]
    column = Column("ref", Kind.REFERENCE, "", grammar=learn_shapes(values))
    value = values[which]
    assert found_again(column, value, dress(value))
    other = "".join(separator if character in "-/." else character for character in value)
    assert found_again(column, value, dress(other))


@SETTINGS
@given(st.integers(1, 9999), WORDS.filter(lambda word: len(word) > 6), dresses)
def test_an_address_of_a_street_is_found_again(number, street, dress):
    for cell in (f"{number} {street} Street", f"{street}str. {number}", f"Calle {street}, {number}"):
        column = Column("street", Kind.ADDRESS, "")
        assume(kinds()[Kind.ADDRESS].forms(cell, column))  # not where the name is a word such as Straße
        assert found_again(column, cell, dress(cell))


@SETTINGS
@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_a_birth_date_is_found_again_in_every_layout(day):
    column = Column("dob", Kind.BIRTH_DATE, "")
    for layout in (
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%Y%m%d",
        "%d%m%Y",
        "%d/%m/%y",
        "%B %d, %Y",
        "%d %b %Y",
    ):
        assert found_again(column, day.isoformat(), f'x,"{day.strftime(layout)}",y'), layout


@SETTINGS
@given(
    st.binary(max_size=300),
    st.binary(max_size=300),
    st.sampled_from([kind for kind in kinds() if kinds()[kind].anchor]),
)
def test_a_candidate_depends_only_on_bytes_nearby(before, after, kind):
    column = Column("cell", kind, "", region="IE", grammar=("=TCK D6", "D4 D2 D2", "X8"))
    middle = b" ann@example.com,087 123 4567,TCK-000123,DE89 3704 0044 0532 0130 00,4111 1111 1111 1111 "
    pad = b"." * 600
    alone = list(kinds()[kind].find(pad + middle + pad, [column]))
    inside = list(kinds()[kind].find(before + pad + middle + pad + after, [column]))
    shifted = [(c.start + len(before), c.end + len(before), c.forms) for c in alone]
    assert set(shifted) <= {tuple(c) for c in inside}


@SETTINGS
@given(st.binary(max_size=2000), st.sampled_from(list(kinds())))
def test_any_bytes_have_an_answer(data, kind):
    seen(Column("cell", kind, "", region="IE", grammar=("D6", "A3 D6", "X8")), data)


@SETTINGS
@given(st.text(max_size=60), st.sampled_from(list(kinds())))
def test_any_cell_has_an_answer(text, kind):
    column = Column("cell", kind, "", region="IE", grammar=("D6", "A3 D6", "X8"))
    forms = kinds()[kind].forms(text, column)
    assert len(set(forms)) == len(forms)
    assert b"" not in forms


@pytest.mark.parametrize("kind", [Kind.EMAIL, Kind.IBAN, Kind.CARD])
def test_what_may_stand_alone_is_an_anchor(kind):
    assert kinds()[kind].anchor
    assert kinds()[kind].alone
