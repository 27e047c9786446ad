"""Columns of invented tables in nine languages are taken for what they are."""

import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from trapstreet.core.fields import Kind, kinds, recognise
from trapstreet.core.model.errors import UnusableInput

COLUMNS = tomllib.loads((Path(__file__).parents[1] / "cases/fields/columns.toml").read_text("utf-8"))[
    "column"
]
TABLES = defaultdict(list)
for number, labelled in enumerate(COLUMNS):
    TABLES[labelled.get("table", f"{number}: {labelled['header']}")].append(labelled)

REGIONS = {
    "support_ie": "IE",
    "crm_gb": "GB",
    "orders_us": "US",
    "kunden_de": "DE",
    "clients_fr": "FR",
    "clientes_es": "ES",
    "anagrafica_it": "IT",
    "klanten_nl": "NL",
    "clientes_br": "BR",
    "klienci_pl": "PL",
    "kunder_se": "SE",
    "export": "IE",
}


def recognised(columns, **corrections):
    rows = list(zip(*(column["values"] for column in columns), strict=True))
    asked = {"region": None, "types": {}, "ignore": ()} | corrections
    return recognise([column["header"] for column in columns], rows, **asked)


@pytest.mark.parametrize("table", TABLES)
def test_each_column_is_taken_for_what_it_is(table):
    columns = TABLES[table]
    taken = {column.name: column.kind.value for column in recognised(columns)}
    assert taken == {column["header"]: column["kind"] for column in columns}


@pytest.mark.parametrize(("table", "region"), REGIONS.items())
def test_the_region_of_national_numbers_is_inferred(table, region):
    assert {column.region for column in recognised(TABLES[table]) if column.kind is Kind.PHONE} == {region}


def test_every_kind_but_text_has_a_file():
    assert set(kinds()) == set(Kind) - {Kind.TEXT}


def test_why_says_header_share_and_region_but_no_value():
    email, phone = (
        next(column for column in recognised(TABLES["support_ie"]) if column.kind is kind)
        for kind in (Kind.EMAIL, Kind.PHONE)
    )
    assert email.why == "header says e-mail address, 100 % of 12 sampled values read as one"
    assert phone.why.endswith("; national numbers read as IE, from the e-mail domains")
    for column in recognised(TABLES["support_ie"]):
        values = next(c["values"] for c in TABLES["support_ie"] if c["header"] == column.name)
        assert not any(str(value) in column.why for value in values)


def test_the_user_has_the_last_word():
    header, rows = ["a", "b"], [("ann@example.com", "12345678"), ("bob@example.com", "12345679")]
    a, b = recognise(header, rows, region=None, types={"b": Kind.REFERENCE}, ignore=["a"])
    assert (a.kind, a.why, a.ignored) == (Kind.TEXT, "ignored by you", True)
    assert (b.kind, b.grammar) == (Kind.REFERENCE, ("D8",))
    assert b.why.startswith("set by you")


def test_a_region_that_is_given_is_not_inferred():
    (phone,) = recognise(["phone"], [("087 123 4567",)], region="ie", types={}, ignore=())
    assert phone.region == "IE"
    assert phone.why.endswith("national numbers read as IE, as you said")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"types": {"mail": Kind.EMAIL}}, "no column mail: the columns are a, b"),
        ({"ignore": ["x", "a"]}, "no column x: the columns are a, b"),
        ({"region": "XX"}, "unknown region XX: give a country code such as IE, DE or US"),
    ],
)
def test_a_wrong_correction_is_refused(asked, message):
    with pytest.raises(UnusableInput) as refused:
        recognise(["a", "b"], [], **({"region": None, "types": {}, "ignore": ()} | asked))
    assert str(refused.value) == message


def test_an_empty_table_is_judged_by_its_header():
    email, other = recognise(["e-mail", "colour"], [], region=None, types={}, ignore=())
    assert (email.kind, other.kind) == (Kind.EMAIL, Kind.TEXT)
    assert email.why == "header says e-mail address, no values sampled"


def test_a_country_column_tells_the_region():
    rows = [("087 123 4567", "Irland"), ("021 555 1234", "Irland"), ("01 234 5678", "Irland")]
    phone, _ = recognise(["phone", "Land"], rows, region=None, types={}, ignore=())
    assert (phone.region, phone.why.endswith("from the country column")) == ("IE", True)


def test_an_unknown_region_is_said_and_falls_back_to_digits():
    (phone,) = recognise(["phone"], [("1234567",), ("2345678",)], region=None, types={}, ignore=())
    assert phone.region == ""
    assert phone.why.endswith("by their digits alone, no single region fits; pass --region")


@pytest.mark.parametrize(
    ("values", "day_first"),
    [
        (["13/02/1980", "01/02/1980"], True),
        (["02/13/1980", "01/02/1980"], False),
        (["1980-02-13"], None),
        (["01.02.1980"], True),
    ],
)
def test_the_order_of_dates_is_learnt_from_the_column(values, day_first):
    (column,) = recognise(["dob"], [(value,) for value in values], region=None, types={}, ignore=())
    assert column.day_first is day_first
