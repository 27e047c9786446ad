"""What docs/marks.md says of each mark, and which columns a mark may be set on."""

import re
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from people import as_batches
from trapstreet.app.demo.people import HEADER, customers
from trapstreet.core.fields import Column, Kind, kinds
from trapstreet.core.marks import allowed_on, mark_named, marks
from trapstreet.core.model.errors import UnusableInput

PAGE = (Path(__file__).parents[2] / "docs/marks.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| `")
]
EXAMPLES = [row for row in ROWS if len(row) == 4]
SURVIVAL = [row for row in ROWS if len(row) > 4]
CLEAN_UPS = [cell.strip() for cell in re.search(r"\| mark \| (ends.*) \|\n", PAGE)[1].split("|")]

TITLES = {field.title: kind for kind, field in kinds().items()} | {"text": Kind.TEXT}
NAMES = {Kind.NAME, Kind.GIVEN_NAME, Kind.FAMILY_NAME}


def shown(cell):
    text = cell.strip("`")
    return "" if text == " " else text.replace("␣", " ")


def kinds_of(cell):
    named = set(cell.split(", "))
    return {TITLES[title] for title in named - {"names"}} | (NAMES if "names" in named else set())


def column(kind, **learnt):
    return Column("cell", kind, "", **learnt)


def first_example(name):
    row = next(row for row in EXAMPLES if row[0] == f"`{name}`")
    return shown(row[1]), shown(row[2])


def test_the_page_names_every_mark():
    assert [row[0].strip("`") for row in SURVIVAL] == list(marks())
    assert sorted({row[0].strip("`") for row in EXAMPLES}) == list(marks())


@pytest.mark.parametrize("row", EXAMPLES, ids=[f"{row[0]} {row[1]}" for row in EXAMPLES])
def test_an_example_of_the_page_never_changes(row):
    mark, pair = mark_named(row[0].strip("`")), (shown(row[1]), shown(row[2]))
    assert mark.suits == kinds_of(row[3])
    for kind in mark.suits:
        for cell in pair if mark.reversible else pair[:1]:
            assert mark.spellings(cell, column(kind)) == pair


def typed(text):
    """What a spreadsheet makes of a text that looks like a number or a date."""
    for layout in ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, layout).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    number = text.replace(",", "")
    return str(float(number)) if re.fullmatch(r"\d+\.\d+", number) else text


DONE = {
    "ends trimmed": str.strip,
    "blanks collapsed": lambda text: re.sub(r"\s+", " ", text),
    "all blanks removed": lambda text: re.sub(r"\s+", "", text),
    "lower case": str.lower,
    "upper case": str.upper,
    "punctuation removed": lambda text: re.sub(r"[^\w\s@]", "", text),
    "opened and saved by a spreadsheet": typed,
}


@pytest.mark.parametrize("clean_up", CLEAN_UPS)
@pytest.mark.parametrize("row", SURVIVAL, ids=[row[0] for row in SURVIVAL])
def test_a_mark_survives_what_the_page_says(row, clean_up):
    mark = mark_named(row[0].strip("`"))
    zero, one = (DONE[clean_up](text) for text in first_example(mark.name))
    kind = min(mark.suits)
    survives = zero != one and all(
        mark.spellings(text, column(kind)) == (zero, one) for text in (zero, one) if mark.reversible
    )
    assert row[1 + CLEAN_UPS.index(clean_up)] == ("yes" if survives else "no")


LEFT = [
    ("phone-layout", Kind.PHONE, "0871234567"),  # where would it be divided?
    ("phone-layout", Kind.PHONE, "087 123-4567"),
    ("phone-layout", Kind.PHONE, "+353-87-123-4567"),
    ("phone-layout", Kind.PHONE, "123 45"),
    ("spacing", Kind.TEXT, "2021-03-07 10:15:42"),
    ("spacing", Kind.TEXT, "1 234,50"),
    ("spacing", Kind.TEXT, "7 March 2021"),
    ("spacing", Kind.TEXT, "one   three"),
    ("letter-case", Kind.EMAIL, "ANN.LEE@example.com"),
    ("letter-case", Kind.EMAIL, "123@example.com"),
    ("letter-case", Kind.EMAIL, "Ann <ann@example.com>"),
    ("address-abbreviation", Kind.ADDRESS, "12 St Mary's Close"),
    ("address-abbreviation", Kind.ADDRESS, "12 Main St."),
    ("address-abbreviation", Kind.ADDRESS, "350 5th Ave"),  # Ave is all that the normal form has
    ("address-abbreviation", Kind.ADDRESS, "12 Main Str"),  # an English typing error
    ("address-abbreviation", Kind.ADDRESS, "Av. Paulista 5"),  # Avenida or avenue?
    ("address-abbreviation", Kind.ADDRESS, "CALLE MAYOR 5"),  # C/ would be read back as Calle
    ("punctuation", Kind.TEXT, "ann@acme.Co"),
    ("full-stop", Kind.TEXT, "and so on..."),
    ("full-stop", Kind.TEXT, "called back twice "),
    ("full-stop", Kind.TEXT, "see https://acme.example"),
    ("full-stop", Kind.TEXT, "Acme Ltd"),
    ("date-layout", Kind.TEXT, "21.11.2021"),
    ("date-layout", Kind.TEXT, "2021-02-30"),
    ("date-layout", Kind.TEXT, "7.03.2021"),
    ("number-layout", Kind.TEXT, "1,234"),
    ("number-layout", Kind.TEXT, "2021"),
    ("number-layout", Kind.TEXT, "12.34"),
    ("number-layout", Kind.TEXT, "0001234.56"),
    ("number-layout", Kind.TEXT, "10.0.0.1"),
    ("number-layout", Kind.TEXT, Decimal("1234.50")),
    ("timestamp-seconds", Kind.TEXT, "2021-03-07 10:15:00"),
    ("timestamp-seconds", Kind.TEXT, datetime(2021, 3, 7, 10, 15, 1, tzinfo=UTC)),
    ("timestamp-seconds", Kind.TEXT, date(2021, 3, 7)),
    ("postcode-spacing", Kind.POSTCODE, "114 55"),
    ("iban-layout", Kind.IBAN, "DE89 370400440532013000"),
    ("web-address", Kind.TEXT, "https://acme.example/about/"),
    ("optional-field", Kind.TEXT, 5),
]


@pytest.mark.parametrize(("name", "kind", "cell"), LEFT)
def test_what_could_be_called_wrong_is_left(name, kind, cell):
    assert mark_named(name).spellings(cell, column(kind)) is None


MARKED = [
    ("phone-layout", Kind.PHONE, ("(212) 555 0123", "(212) 555-0123")),
    ("phone-layout", Kind.PHONE, ("+1 212 555 0123", "+1 212-555-0123")),
    ("phone-layout", Kind.PHONE, ("+49 (0)30 123456", "+49 (0)30-123456")),
    ("phone-layout", Kind.PHONE, ("01 23 45 67 89", "01-23-45-67-89")),
    ("letter-case", Kind.EMAIL, ("o'brien+news@example.ie", "O'Brien+news@example.ie")),
    ("address-abbreviation", Kind.ADDRESS, ("12 HIGH ROAD, LONDON", "12 HIGH RD, LONDON")),
    ("address-abbreviation", Kind.ADDRESS, ("12 St Mary's Road", "12 St Mary's Rd")),
    ("address-abbreviation", Kind.ADDRESS, ("Badener Strasse 5", "Badener Str 5")),
    ("address-abbreviation", Kind.ADDRESS, ("Karl-Marx-Straße 5, Berlin", "Karl-Marx-Str. 5, Berlin")),
    ("punctuation", Kind.NAME, ("Dr Ann Lee", "Dr. Ann Lee")),
    ("number-layout", Kind.TEXT, ("-€ 1234,56", "-€ 1.234,56")),
    ("number-layout", Kind.TEXT, ("1.234,50 EUR", "1.234,5 EUR")),
    ("postcode-spacing", Kind.POSTCODE, ("D02 X285", "D02X285")),
    ("postcode-spacing", Kind.POSTCODE, ("1012 AB", "1012AB")),
    (
        "timestamp-seconds",
        Kind.TEXT,
        (datetime(2021, 3, 7, 10, 15, 42, 7, UTC), datetime(2021, 3, 7, 10, 15, 43, 7, UTC)),
    ),
    ("timestamp-seconds", Kind.TEXT, ("2021-03-07T10:15:58.5Z", "2021-03-07T10:15:59.5Z")),
]


@pytest.mark.parametrize(("name", "kind", "pair"), MARKED)
def test_a_common_cell_has_both_spellings(name, kind, pair):
    for cell in pair:
        assert mark_named(name).spellings(cell, column(kind)) == pair


def test_every_cell_of_the_demo_can_be_marked():
    rows = next(as_batches(list(customers(2000, seed=3)), 2000)).rows
    for name, kind, header in (
        ("phone-layout", Kind.PHONE, "phone"),
        ("letter-case", Kind.EMAIL, "email"),
        ("spacing", Kind.NAME, "name"),
        ("date-layout", Kind.TEXT, "opened"),
    ):
        cells = [row[HEADER.index(header)] for row in rows]
        marked = sum(
            mark_named(name).spellings(cell, column(kind, region="IE")) is not None for cell in cells
        )
        assert marked == len(cells)


def test_a_mark_is_known_by_name_or_all_names_are_told():
    with pytest.raises(UnusableInput, match="no mark is named colour") as told:
        mark_named("colour")
    assert all(name in told.value.hint for name in marks())


def test_a_mark_may_be_set_on_columns_that_it_suits():
    phone = Column("mobile", Kind.PHONE, "")
    assert allowed_on(mark_named("phone-layout"), phone, key=False) == ""
    assert "key column" in allowed_on(mark_named("phone-layout"), phone, key=True)
    assert allowed_on(mark_named("letter-case"), phone, key=False) == (
        "letter-case is for columns of kind e-mail address; mobile is of kind phone number"
    )


@pytest.mark.parametrize("kind", sorted(NAMES))
def test_names_of_persons_are_marked_only_if_that_is_asked_for(kind):
    spacing, who = mark_named("spacing"), Column("who", kind, "")
    assert "only if that is asked for" in allowed_on(spacing, who, key=False)
    assert allowed_on(spacing, who, key=False, names=True) == ""
    assert "key column" in allowed_on(spacing, who, key=True, names=True)


HOSTILE = [
    "1 ",
    "a ",
    "a.",
    "St ",
    "street ",
    "straße",
    "+1 ",
    "1,234",
    "Ltd.",
    "- ",
    "a@",
    "4",
    " ",
    "(0)",
    "\n,",
]


@pytest.mark.parametrize("name", marks())
def test_hostile_cells_take_linear_time(name):
    mark = mark_named(name)
    began = time.process_time()
    for piece in HOSTILE:
        for size in (10_000, 1_000_000):
            for kind in mark.suits:
                mark.spellings(piece * (size // len(piece)), column(kind))
                mark.spellings("x" + piece * (size // len(piece)) + "\x00", column(kind))
    assert time.process_time() - began < 10  # ten times the cost measured; quadratic work takes minutes
