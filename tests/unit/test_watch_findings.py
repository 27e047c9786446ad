"""What a scan tells: records, single values, shares, decoys, and what it sets aside."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from trapstreet.app.demo.people import customers
from trapstreet.core.fields import Kind
from trapstreet.index import DataSetIndex, Lookup
from trapstreet.render.findings import finding_lines, set_aside_lines
from watching import Rows, columns_of, found, lookup_of, scanned, segment

TICKET, NAME, EMAIL, PHONE = range(4)
COUNT = 2_000


@pytest.fixture(scope="module")
def ours() -> Rows:
    return list(customers(COUNT, seed=7))


@pytest.fixture(scope="module")
def decoys() -> Rows:
    return list(customers(60, seed=8, first=9_000_000, domains=("decoys.example",)))


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory, ours: Rows, decoys: Rows) -> Lookup:
    return lookup_of(tmp_path_factory.mktemp("index"), ours, columns_of(ours), {"1-abc": decoys})


def text(rows: Rows, *columns: int) -> str:
    return "\n".join(";".join(row[at] for at in columns or range(len(row))) for row in rows)


def test_rows_are_records_with_all_their_fields(lookup: Lookup, ours: Rows) -> None:
    (finding,) = found(lookup, text(ours[:100]))
    assert (finding.records, finding.by_column, finding.of) == (100, 0, COUNT)
    assert finding.share == 100 / COUNT
    assert finding.fields == dict.fromkeys((Kind.EMAIL, Kind.NAME, Kind.PHONE, Kind.REFERENCE), 100)
    assert finding.histogram == {4: 100}
    assert finding.singles == {}
    assert finding.decoys == 0
    assert finding.p_value < 1e-100


def test_the_same_rows_twice_are_the_same_records(lookup: Lookup, ours: Rows) -> None:
    (finding,) = found(lookup, text(ours[:100]) + "\n" * 1_000 + text(ours[:100]))
    assert finding.records == 100


def test_columns_one_after_the_other_are_told_apart_from_rows(lookup: Lookup, ours: Rows) -> None:
    apart = "\n" * 1_000
    (finding,) = found(lookup, text(ours[:100], EMAIL) + apart + text(ours[:100], PHONE))
    assert (finding.records, finding.by_column, finding.share) == (0, 100, 100 / COUNT)
    assert finding.histogram == {2: 100}
    assert finding.singles == {Kind.EMAIL: 100, Kind.PHONE: 100}


def test_fields_per_record_are_counted(lookup: Lookup, ours: Rows) -> None:
    parts = [
        text(ours[:10], EMAIL, PHONE),
        text(ours[100:130], NAME, EMAIL, PHONE),
        text(ours[200:205], EMAIL),
    ]
    (finding,) = found(lookup, ("\n" * 1_000).join(parts))
    assert finding.records == 40
    assert finding.histogram == {1: 5, 2: 10, 3: 30}
    assert finding.singles == {Kind.EMAIL: 5}


def test_a_list_of_bare_addresses_is_found(lookup: Lookup, ours: Rows) -> None:
    (finding,) = found(lookup, text(ours[:3], EMAIL))
    assert (finding.records, finding.singles, finding.histogram) == (0, {Kind.EMAIL: 3}, {1: 3})


def test_a_list_of_bare_numbers_is_found_with_what_chance_explains(lookup: Lookup, ours: Rows) -> None:
    (finding,) = found(lookup, text(ours[:50], PHONE))
    assert (finding.singles, finding.share) == ({Kind.PHONE: 50}, 50 / COUNT)
    assert 0 < finding.expected[Kind.PHONE] < 1
    assert finding.p_value < 1e-6


@pytest.mark.parametrize("written", [(0,), (1,), (0, 1)])
def test_a_number_that_two_columns_hold_is_explained_once(
    tmp_path: Path, ours: Rows, written: Sequence[int]
) -> None:
    """Numbered one after another: chance explains every record's."""
    header = ("id", "ticket", "name", "email")
    rows = [
        (f"{number}", f"TS-{number}", *row[NAME : EMAIL + 1])
        for number, row in enumerate(ours[:1_000], 2_000_000)
    ]
    lookup = lookup_of(tmp_path, rows, columns_of(rows, header))
    (finding,) = found(lookup, text(rows[:199], *written, 3))
    assert finding.fields[Kind.REFERENCE] == 199
    assert finding.expected == {Kind.REFERENCE: 199}


def test_a_number_that_two_columns_hold_is_evidence_once(tmp_path: Path, ours: Rows) -> None:
    numbers = Random(5).sample(range(2_000_000, 9_000_000), 1_000)
    rows = [
        (f"{number}", f"TS-{number}", *row[NAME : EMAIL + 1])
        for number, row in zip(numbers, ours, strict=False)
    ]
    p = []
    for at, name in ((1, "one"), (0, "two")):
        (tmp_path / name).mkdir()
        columns = columns_of([row[at:] for row in rows], ("id", "ticket", "name", "email")[at:])
        (finding,) = found(lookup_of(tmp_path / name, [row[at:] for row in rows], columns), text(rows[:6], 1))
        p.append(finding.p_value)
    one, two = p
    assert two >= one > 0


def test_one_number_alone_is_none_whatever_it_is(lookup: Lookup, ours: Rows) -> None:
    assert found(lookup, ours[5][PHONE]) == []
    assert found(lookup, f"see {ours[5][TICKET]}, please") == []


def test_more_texts_need_more_numbers(lookup: Lookup, ours: Rows) -> None:
    """What is beyond chance in one text is not in one of a hundred thousand."""
    few = text(ours[:2], PHONE)
    assert len(found(lookup, few)) == 1
    assert found(lookup, few, *["+353 1 200 3456"] * 3_000) == []


def test_decoys_are_certain(lookup: Lookup, ours: Rows, decoys: Rows) -> None:
    (finding,) = found(lookup, text([*ours[:20], *decoys[:5]]))
    assert (finding.records, finding.decoys, finding.share) == (20, 5, 20 / COUNT)
    (finding,) = found(lookup, decoys[0][EMAIL])
    assert (finding.records, finding.decoys, finding.singles, finding.share) == (0, 1, {}, 0)
    told = list(finding_lines(finding))
    assert told[1] == "  customers: nothing but decoys"
    assert any("certain" in line for line in told)
    (finding,) = found(lookup, text(decoys[:1], TICKET, PHONE))
    assert finding.decoys == 1
    (finding,) = found(lookup, text([*ours[:50], *decoys[:5]], PHONE))
    assert (finding.records, finding.decoys, finding.share) == (0, 0, 50 / COUNT), "a number alone is not"
    assert finding.singles == {Kind.PHONE: 55}


@pytest.mark.parametrize("columns", [(), (NAME, EMAIL), (NAME, PHONE), (EMAIL,)])
def test_records_and_decoys_are_counted_apart(
    tmp_path: Path, ours: Rows, decoys: Rows, columns: Sequence[int]
) -> None:
    """The whole table leaked, with the decoys that lie in it: it has no more records than it has."""
    lookup = lookup_of(tmp_path, ours, columns_of(ours), {"p1-abc": decoys})
    (finding,) = found(lookup, text([*ours, *decoys], *columns))
    assert finding.records in (0, COUNT)
    assert finding.records + finding.singles.get(Kind.EMAIL, 0) == COUNT
    assert (finding.decoys, finding.planted, finding.share) == (60, {"p1-abc": 60}, 1.0)
    assert sum(finding.histogram.values()) == COUNT
    assert set(finding.fields.values()) <= {COUNT}
    assert finding.certain == (60 if EMAIL in columns or not columns else 0)
    if finding.records:
        assert "2,000 of 2,000 records (100 %)" in list(finding_lines(finding))[1]


def test_decoys_of_the_same_name_are_told_like_all_others(tmp_path: Path, ours: Rows, decoys: Rows) -> None:
    """Two of a copy's few decoys share a name that no record of the data set has."""
    twins = [(*row[:NAME], "Zenobia Quill", *row[NAME + 1 :]) for row in decoys[:2]]
    copies = {"1-abc": [*twins, *decoys[2:20]]}
    lookup = lookup_of(tmp_path, ours, columns_of(ours), copies)
    (finding,) = found(lookup, text([*ours, *copies["1-abc"]], NAME, PHONE))
    assert (finding.records, finding.decoys, finding.singles) == (COUNT, 20, {})


def test_a_change_is_no_second_record(tmp_path: Path, ours: Rows) -> None:
    changed = [
        (*row[:PHONE], "+353 86 999 " + f"{at:04}", *row[PHONE + 1 :]) for at, row in enumerate(ours[:40])
    ]
    columns = columns_of(ours)
    versions = (
        segment(tmp_path / "one", ours, columns),
        segment(tmp_path / "two", changed, columns, owner="version:2", before=ours),
    )
    lookup = Lookup([DataSetIndex("ds-1", "customers", 1, columns, versions, {})])
    (finding,) = found(lookup, text(ours[:40]) + "\n" * 1_000 + text(changed, EMAIL, PHONE))
    assert (finding.records, finding.of) == (40, COUNT)


def test_public_values_are_set_aside_and_said(lookup: Lookup, ours: Rows) -> None:
    hotline, address = ours[3][PHONE], ours[4][EMAIL]
    page = f"call {hotline.replace(' ', '-')} or write to {address.upper()}"
    assert len(found(lookup, page)) == 1
    result = scanned(lookup, page, public=[hotline, address])
    assert result.findings == []
    assert result.set_aside.public == {Kind.EMAIL: 1, Kind.PHONE: 1}
    assert list(set_aside_lines(result.set_aside)) == [
        "SET ASIDE  public values and common examples: e-mail address 1, phone number 1"
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (EMAIL, "test@test.com"),
        (PHONE, "1234567890"),
        (PHONE, "+353 1 111 1111"),
        (TICKET, "TS-7777777"),
        (TICKET, "TS-1234567"),
    ],
)
def test_what_every_example_holds_is_no_finding(tmp_path: Path, ours: Rows, column: int, value: str) -> None:
    rows = [*ours[:500], tuple(value if at == column else cell for at, cell in enumerate(ours[500]))]
    result = scanned(lookup_of(tmp_path, rows, columns_of(ours)), f"for example {value}")
    assert result.findings == []
    assert sum(result.set_aside.public.values()) == 1


def test_values_of_very_many_are_said_not_to_be_searched_for(tmp_path: Path, ours: Rows) -> None:
    rows = [(*row[:PHONE], "+353 1 555 0100", *row[PHONE + 1 :]) for row in ours[:40]] + [*ours[40:]]
    result = scanned(lookup_of(tmp_path, rows, columns_of(ours)), "+353 1 555 0100")
    assert result.findings == []
    assert result.set_aside.shared["customers"][Kind.PHONE] >= 1
    assert any("many records share" in line for line in set_aside_lines(result.set_aside))


def lines(lookup: Lookup, *texts: str) -> Sequence[str]:
    return [line for finding in found(lookup, *texts) for line in finding_lines(finding)]


def test_a_finding_reads_as_sentences(lookup: Lookup, ours: Rows) -> None:
    told = lines(lookup, text(ours[:100]) + "\n" * 1_000 + text(ours[200:230], PHONE))
    assert told[0] == "FOUND  text-0"
    assert told[1].startswith(
        "  customers: 100 of 2,000 records (5 %): e-mail address 100, person name 100, phone number 100, "
        "reference number 100; on their own: phone number 30 (chance explains less than 0.01)"
    )
    assert told[2] == "    fields shown: 1 of 30 records, 4 of 100 records"
    assert told[3].startswith("    foreign data shows as much with a chance of at most 1 in 10^")
    assert ours[0][EMAIL] not in "\n".join(told)
    assert len(told) == 7


def test_excerpts_show_records_before_single_values(lookup: Lookup, ours: Rows) -> None:
    (finding,) = found(lookup, text(ours[500:600], PHONE) + "\n" * 1_000 + text(ours[:2], NAME, EMAIL))
    assert finding.excerpts[0].startswith("email ")
    assert len(finding.excerpts) == 3
