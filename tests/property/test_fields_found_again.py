"""A registered value is found again however a leak writes it, and wherever the bytes are cut."""

import json
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from trapstreet.core.fields import Column, Kind, Search, kinds
from trapstreet.core.fields.numbering import plan_of
from trapstreet.core.fields.shapes import learn_shapes
from trapstreet.core.fields.tokens import LONGEST_SOURCE, token_texts, tokens
from tries import tries

SETTINGS = settings(max_examples=tries(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])

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
        return {form for each in field.find(data, Search((column,))) for form in each.forms}
    return {in_any_order(form) for _, _, form in field.near(tokens(data))}


def in_any_order(form: bytes) -> bytes:
    """A form of a confirming kind as it is fingerprinted: whatever the order of its tokens."""
    return b" ".join(sorted(form.split(b" ")))


def found_again(column: Column, value: str, text: str) -> bool:
    field = kinds()[column.kind]
    forms = field.forms(value, column)
    return bool(set(forms if field.anchor else map(in_any_order, forms)) & seen(column, text.encode()))


locals_ = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._+-]{0,20}[A-Za-z0-9])?", fullmatch=True)
unicode_locals = st.text(LETTERS, min_size=1, max_size=20).filter(
    lambda text: text.upper().lower() == text.lower()  # ß in capitals is SS
)
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
    column = Column("name", Kind.NAME, "")
    assume(kinds()[Kind.NAME].forms(titled.format(name), column))  # not where every word folds to one letter
    assert found_again(column, titled.format(name), dress(name))


@SETTINGS
@given(WORDS, WORDS)
def test_a_name_is_found_again_in_the_other_order(given_name, family_name):
    column = Column("name", Kind.NAME, "")
    assume(kinds()[Kind.NAME].forms(f"{given_name} {family_name}", column))
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
    alone = list(kinds()[kind].find(pad + middle + pad, Search((column,))))
    inside = list(kinds()[kind].find(before + pad + middle + pad + after, Search((column,))))
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


PIECES = st.sampled_from(
    [
        *"aeosz'\\0189 -.\n",
        *(
            "''",
            "\\'",
            "\\n",
            "\\t",
            "\\u00e9",
            "\\u0301",
            "\\ud83d",
            "é",
            "ß",
            "½",
            "王",
            "·",
            "\u0301",
            "\u200b",
        ),
        *("\u00ad" * 9, "’", "𝐉", "strasse", "O'Brien", "x" * 30, "0" * 20),
    ]
)
TEXTS = st.lists(st.one_of(PIECES.map(str.encode), st.binary(max_size=3)), max_size=60).map(b"".join)


@settings(SETTINGS, max_examples=tries(200))
@given(TEXTS, st.integers(0, 200), st.integers(0, 200))
def test_a_window_has_the_tokens_that_the_whole_text_has_there(text, begin, size):
    """Wherever it is cut, 96 bytes off: an escape or a character that is cut is no token's there."""
    text = text * (1 + 300 // max(1, len(text)))
    first = max(0, begin - 96)
    window = text[first : begin + size + 96]
    whole = [token for token in tokens(text) if begin <= token.start < begin + size]
    cut = [
        token._replace(start=first + token.start, end=first + token.end)
        for token in tokens(window)
        if begin <= first + token.start < begin + size
    ]
    assert cut == whole


@settings(SETTINGS, max_examples=tries(200))
@given(TEXTS.filter(bytes.isascii))
def test_plain_ascii_is_read_as_any_other_text(text):
    assert tokens(text) == tokens(text + " é".encode())[:-1]
    lines = text.decode().replace("\\", "")
    assert token_texts(lines) == [token.text for token in tokens(lines.encode())]


@settings(SETTINGS, max_examples=tries(200))
@given(TEXTS)
def test_tokens_stand_in_order_and_within_bounds(text):
    seen = tokens(text)
    assert all(0 < token.end - token.start <= LONGEST_SOURCE for token in seen)
    assert all(one.start <= other.start and one.end <= other.end for one, other in pairwise(seen))
    assert all(token.text.isalpha() if token.word else token.text.isdigit() for token in seen)


@SETTINGS
@given(TEXTS, st.sampled_from([kind for kind in kinds() if kinds()[kind].slots]))
def test_what_is_seen_depends_on_nothing_but_its_tokens(text, kind):
    run = tokens(text)
    for first, last, form in kinds()[kind].near(run):
        inside = kinds()[kind].near(run[first : last + 1])
        assert (0, last - first, form) in set(inside)
