"""Every mark keeps what docs/marks.md promises, on any cell."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trapstreet.core.fields import Column, Kind, Search, kinds, record_forms
from trapstreet.core.fields.tokens import tokens
from trapstreet.core.marks import marks
from trapstreet.core.model.table import cell_text
from tries import tries

pytestmark = pytest.mark.slow

SETTINGS = settings(max_examples=tries(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def texts(layout):
    return st.from_regex(layout, fullmatch=True)


def dates(*layouts):
    return st.builds(date.strftime, st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(layouts))


@st.composite
def phones(draw):
    """Digits in groups behind a country code, an area code in brackets, or neither."""
    head = draw(
        st.sampled_from(["", "0", "+353 ", "+1 ", "0049 ", "+353", "+44-", "(0", "+49 (0)", "(212) "])
    )
    groups = draw(st.lists(st.integers(100, 9999).map(str), min_size=2, max_size=3))
    tail = ")" if head == "(0" else ""
    return head + tail + draw(st.sampled_from([" ", "-", "/", "."])).join(groups)


@st.composite
def ibans(draw):
    account = f"{draw(st.integers(0, 10**18 - 1)):018}"
    digits = f"{98 - int(account + '131400') % 97:02}"
    size = draw(st.sampled_from([4, 4, 22, 3]))
    iban = f"DE{digits}{account}"
    return " ".join(iban[at : at + size] for at in range(0, 22, size))


STREETS = st.one_of(
    texts(
        r"([0-9]{1,3}[A-Z]? )?[A-Z][a-zäß']{2,6} (Street|STREET|St|Avenue|ave|Court|Sq\.?)(, [A-Z][a-z]{2})?"
    ),
    texts(r"(Karl-|Am |Berg)([Ss]traße|[Ss]trasse|[Ss]tr\.?|STRASSE|STR) [0-9]{1,3}[a-c]?"),
    texts(r"(Calle|C/|CALLE|Avda\.|Avenida|Bd|boulevard) [A-Z][a-z]{2,8},? [0-9]{1,3}"),
)
NOTES = texts(r"[A-Za-zé&]{1,8}( {1,2}[A-Za-zé&]{1,8}){2,4}[.!]?")
LIKELY = {  # cells that a mark is for, and their neighbours
    "address-abbreviation": STREETS,
    "date-layout": dates("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%-d-%-m-%Y", "%d.%-m.%Y"),
    "full-stop": NOTES,
    "iban-layout": ibans(),
    "letter-case": texts(
        r"([a-z]{1,8}|[A-Z][a-z]{1,5})([._'][a-z]{1,6})?[0-9]{0,2}(\+[a-zA-Z]{1,5})?@([a-z]{2,8}|[A-Zä])\.(com|IE)"
    ),
    "number-layout": texts(r"(-|\+?[€$] ?)?[1-9][0-9]{0,2}([.,]?[0-9]{3}){0,2}[.,][0-9]{1,2}( EUR|€)?"),
    "optional-field": NOTES,
    "phone-layout": phones(),
    "postcode-spacing": texts(
        r"[A-Za-z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][0-9W] ?[A-Z0-9]{4}|[0-9]{4} ?([A-Z]{2}|[0-9])"
    ),
    "punctuation": texts(r"(Dr\.?|Acme|Mr) [A-Z][a-z]{1,6},? (Ltd|Co|Inc\.|Jr|St\.)(, [A-Z][a-z]{1,4})?"),
    "spacing": st.one_of(NOTES, STREETS),
    "timestamp-seconds": st.one_of(
        st.datetimes(timezones=st.one_of(st.none(), st.timezones(), st.just(timezone(timedelta(hours=5.5))))),
        dates("%Y-%m-%dT10:15:42Z", "%Y-%m-%d 23:59:59.25+01:00", "%Y-%m-%d 00:00:01", "%Y-%m-%dT%H:31:6%j"),
    ),
    "web-address": texts(r"(https?|HTTP|ftp)://[a-z]{1,8}\.[a-z]{2,3}(:[0-9]{2,5})?(/|/a|/a/|//)?"),
}
ANY_TEXT = st.one_of(
    st.text(max_size=60),
    st.text("aS1 .,-/@+tr\n\x00\u00a0ß", max_size=30),
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zs", "Nd", "No"]), max_size=20),
    st.builds(str.__mul__, st.text(min_size=1, max_size=5), st.integers(1, 4000)),
)
ANY_CELL = st.one_of(
    ANY_TEXT,
    *LIKELY.values(),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.dates(),
    st.times(),
    st.binary(max_size=20),
    st.uuids(),
)


def cells(mark):
    return st.booleans().flatmap(lambda likely: LIKELY[mark.name] if likely else ANY_CELL)


@st.composite
def columns(draw, mark):
    return Column(
        "cell",
        draw(st.sampled_from(sorted(mark.suits))),
        "",
        region=draw(st.sampled_from(["", "IE", "GB", "US", "DE", "IT"])),
        day_first=draw(st.sampled_from([None, True, False])),
    )


@pytest.mark.parametrize("name", marks())
def test_likely_cells_are_marked_so_that_the_promises_below_are_about_something(name):
    marked = []

    @settings(SETTINGS, derandomize=True, database=None)
    @given(LIKELY[name], columns(marks()[name]))
    def run(cell, column):
        marked.append(marks()[name].spellings(cell, column) is not None)

    run()
    assert sum(marked) > 0.3 * len(marked)


MARKS = pytest.mark.parametrize("mark", marks().values(), ids=marks())
READ_BACK = pytest.mark.parametrize(
    "mark", [mark for mark in marks().values() if mark.reversible], ids=lambda mark: mark.name
)


def same(one, other):
    return type(one) is type(other) and cell_text(one) == cell_text(other)


@MARKS
@SETTINGS
@given(st.data())
def test_both_spellings_are_cells_of_the_originals_type_and_one_is_the_original(mark, data):
    cell, column = data.draw(cells(mark)), data.draw(columns(mark))
    pair = mark.spellings(cell, column)
    if pair is not None:
        zero, one = pair
        assert type(zero) is type(one) is type(cell)
        assert not same(zero, one)
        assert same(cell, zero) or (mark.reversible and same(cell, one))


@READ_BACK
@SETTINGS
@given(st.data())
def test_a_marked_cell_has_the_same_two_spellings(mark, data):
    cell, column = data.draw(cells(mark)), data.draw(columns(mark))
    pair = mark.spellings(cell, column)
    if pair is not None:
        for spelling in pair:
            again = mark.spellings(spelling, column)
            assert again is not None
            assert same(again[0], pair[0])
            assert same(again[1], pair[1])


@READ_BACK
@SETTINGS
@given(st.data())
def test_registration_does_not_notice_a_mark(mark, data):
    cell, column = data.draw(cells(mark)), data.draw(columns(mark))
    pair = mark.spellings(cell, column)
    if pair is None:
        return
    other = {Kind.GIVEN_NAME: Kind.FAMILY_NAME, Kind.FAMILY_NAME: Kind.GIVEN_NAME}.get(column.kind, Kind.TEXT)
    table = (column, Column("other", other, ""))
    before, after = (
        {kind: (found.forms, found.slots.tolist()) for kind, found in record_forms(table, [row]).items()}
        for row in ((pair[0], "Smith"), (pair[1], "Smith"))
    )
    assert before == after


@READ_BACK
@SETTINGS
@given(st.data())
def test_matching_does_not_notice_a_mark(mark, data):
    cell, column = data.draw(cells(mark)), data.draw(columns(mark))
    pair = mark.spellings(cell, column)
    if pair is not None and column.kind in kinds():
        assert found(pair[0], column) == found(pair[1], column)


def found(text, column):
    """Which of the cell's forms are found in its text."""
    field = kinds()[column.kind]
    data = f"x\t{text}\ty".encode("utf-8", "replace")
    if field.anchor:
        return {form for place in field.find(data, Search((column,))) for form in place.forms} & set(
            field.forms(text, column)
        )
    near = {in_any_order(form) for _, _, form in field.near(tokens(data))}
    return near & set(map(in_any_order, field.forms(text, column)))


def in_any_order(form):
    return b" ".join(sorted(form.split(b" ")))


def number(text):
    """A number in either style: the last sign before its last digits is the decimal one."""
    kept = "".join(letter for letter in text if letter.isdigit() or letter in "+-.,")
    at = max(kept.rfind("."), kept.rfind(","))
    return Decimal(kept[:at].replace(".", "").replace(",", "") + "." + kept[at + 1 :])


def moment(cell):
    """The minute and what is smaller and larger than the second, and the second by twos."""
    if isinstance(cell, datetime):
        return cell.replace(second=0), cell.tzinfo, cell.second // 2
    return cell[:17], cell[19:], int(cell[17:19]) // 2


MEANING = {  # of cells in columns without normal forms
    "date-layout": lambda text: [int(part) for part in text.replace("/", "-").replace(".", "-").split("-")],
    "full-stop": lambda text: text.rstrip("."),
    "number-layout": number,
    "punctuation": lambda text: text.replace(".", ""),
    "spacing": str.split,
    "timestamp-seconds": moment,
    "web-address": lambda text: urlsplit(text)._replace(path=urlsplit(text).path or "/"),
}


def test_every_mark_of_text_columns_has_a_meaning_that_it_keeps():
    assert set(MEANING) == {
        name for name, mark in marks().items() if Kind.TEXT in mark.suits and mark.reversible
    }


@pytest.mark.parametrize("name", MEANING)
@SETTINGS
@given(st.data())
def test_both_spellings_mean_the_same(name, data):
    mark = marks()[name]
    pair = mark.spellings(data.draw(cells(mark)), Column("cell", Kind.TEXT, ""))
    if pair is not None:
        assert MEANING[name](pair[0]) == MEANING[name](pair[1])


@SETTINGS
@given(phones(), columns(marks()["phone-layout"]))
def test_an_international_number_stays_international(text, column):
    pair = marks()["phone-layout"].spellings(text, column)
    if pair is not None:
        digits = ["".join(filter(str.isdigit, spelling)) for spelling in pair]
        assert digits[0] == digits[1]
        assert pair[0].startswith("+") == pair[1].startswith("+")


@MARKS
@SETTINGS
@given(st.data())
def test_no_spelling_upsets_a_delimited_file_or_a_narrow_column(mark, data):
    cell, column = data.draw(cells(mark)), data.draw(columns(mark))
    if not isinstance(cell, str):
        return
    for spelling in mark.spellings(cell, column) or ():
        added = set(spelling) - set(cell)
        assert not added & set("\"'\\;|\t\r\n")
        assert mark.name == "number-layout" or "," not in added
        assert spelling[:1] in ("", cell[:1]) or spelling[0] not in "=+-@"
        assert len(spelling) <= len(cell) + 8


@MARKS
@SETTINGS
@given(cell=st.one_of(st.none(), st.text(st.sampled_from(" \t\n\u00a0"), max_size=5)), data=st.data())
def test_blank_cells_are_left(mark, cell, data):
    assert mark.spellings(cell, data.draw(columns(mark))) is None
