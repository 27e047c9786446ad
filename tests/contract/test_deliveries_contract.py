"""What every destination by URL promises: the same rows, all at once or none."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from deliveries import EVERYWHERE, Place
from given import AWKWARD, COLUMNS, Given, rows_of, texts, write
from servers import mariadb_url, postgres_url, sshd  # noqa: F401 - fixtures
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Row, cell_text
from trapstreet.plugins.tables import create_table, open_table

WHOLE = Batch(AWKWARD, range(1, 1 + len(AWKWARD)))


@pytest.fixture(params=EVERYWHERE)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    folder, scratch = tmp_path / "place", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    made: Place = request.param(request, folder)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    return made


def _sorted(rows: Sequence[Row]) -> list[list[str]]:
    """Rows of a database come in no order."""
    return sorted(texts(rows))


def test_what_is_delivered_is_read_back_the_same(place: Place) -> None:
    write(place.url, Given(COLUMNS, AWKWARD * 3))
    table = open_table(place.read)
    assert table.columns == COLUMNS
    assert _sorted(rows_of(table)) == _sorted(AWKWARD * 3)


def test_text_of_a_csv_file_stays_text(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "source.csv"
    source.write_text(
        'id,born,yes,amount,none,"a ""b"" %s c;d"\n0007,2020-01-02,true,1.10,,x\n8,1.1.2020,0,1e3,,\n'
    )
    write(place.url, open_table(str(source)))
    copy = open_table(place.read)
    assert copy.columns == ("id", "born", "yes", "amount", "none", 'a "b" %s c;d')
    assert sorted(rows_of(copy)) == [
        ("0007", "2020-01-02", "true", "1.10", "", "x"),
        ("8", "1.1.2020", "0", "1e3", "", ""),
    ]


def test_typed_cells_come_back_as_the_same_values(place: Place) -> None:
    moment = datetime(2020, 1, 2, 3, 4, 5, 678000)  # noqa: DTZ001
    rows: list[Row] = [
        (
            7,
            2**63 - 1,
            10**30,
            Decimal("1.10"),
            2.5,
            date(2020, 2, 29),
            moment,
            time(9, 30),
            b"\x00\xff",
            "é\\",
            None,
        ),
        (None,) * 11,
        (-(10**17), 0, 1, Decimal("-2.25"), 1e-9, date(1800, 1, 1), moment, time(0), b"", "", None),
    ]
    names = ("whole", "large", "huge", "exact", "part", "day", "moment", "clock", "raw", "text", "nothing")
    write(place.url, Given(names, rows))
    assert _sorted(rows_of(open_table(place.read))) == _sorted(rows)


def test_columns_of_many_types_become_text(place: Place) -> None:
    uuid = UUID("12345678-1234-5678-1234-567812345678")
    zoned = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    cells: list[Row] = [(7,), ("seven",), (Decimal("NaN"),), (uuid,), (zoned,), (date(2020, 1, 2),), (None,)]
    write(place.url, Given(("any",), cells))
    assert _sorted(rows_of(open_table(place.read))) == _sorted(cells)


def test_a_copy_of_a_copy_is_the_copy(place: Place) -> None:
    write(place.url, Given(COLUMNS, AWKWARD))
    first = open_table(place.read)
    write(_again(place.url), first)
    second = open_table(_again(place.read))
    assert _sorted(rows_of(second)) == _sorted(rows_of(first))
    assert {type(cell) for row in rows_of(second) for cell in row} == {
        type(cell) for row in rows_of(first) for cell in row
    }
    assert getattr(second, "types", ()) == getattr(first, "types", ())


def _again(location: str) -> str:
    head, _, tail = location.rpartition("copy")
    return f"{head}again{tail}"


def test_nothing_is_to_be_seen_before_the_end(place: Place) -> None:
    before = place.there()
    with create_table(place.url, like=Given(COLUMNS, AWKWARD)) as writer:
        writer.write(WHOLE)
        assert not _named(place)
        writer.complete()
        assert not _named(place)
    assert len(place.there() - before) == 1
    assert _sorted(rows_of(open_table(place.read))) == _sorted(AWKWARD)


def _named(place: Place) -> set[str]:
    return place.there() & {"copy", "copy.csv", "new.db"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError, OverflowError])
@pytest.mark.parametrize("late", [False, True])
def test_nothing_is_left_when_it_breaks_off_and_the_error_stays_what_it_is(
    place: Place, error: type[BaseException], late: bool, tmp_path: Path
) -> None:
    before = place.there()
    with pytest.raises(error) as caught, create_table(place.url, like=Given(COLUMNS, AWKWARD)) as writer:
        writer.write(WHOLE)
        if late:
            writer.complete()
        raise error("of somebody else")
    assert str(caught.value) == "of somebody else"
    assert place.there() == before
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_name_that_is_taken_is_refused_at_once(place: Place) -> None:
    place.block()
    with pytest.raises(UnusableInput):
        create_table(place.url, like=Given(COLUMNS, AWKWARD))


def test_a_name_that_is_taken_meanwhile_is_not_overwritten(place: Place) -> None:
    writer = create_table(place.url, like=Given(COLUMNS, AWKWARD))
    place.block()
    before = place.there()
    with pytest.raises(UnusableInput, match=r"nothing is ever overwritten"), writer:
        writer.write(WHOLE)
    assert place.there() == before


def test_trying_leaves_nothing(place: Place) -> None:
    before = place.there()
    create_table(place.url, like=Given(COLUMNS, AWKWARD))
    assert place.there() == before


def test_a_table_without_rows_is_delivered(place: Place) -> None:
    write(place.url, Given(COLUMNS, []))
    table = open_table(place.read)
    assert (table.columns, rows_of(table)) == (COLUMNS, [])


def test_many_rows_are_delivered(place: Place) -> None:
    rows: list[Row] = [(number, f"name {number}", None) for number in range(30_000)]
    write(place.url, Given(("id", "name", "note"), rows))
    assert _sorted(rows_of(open_table(place.read))) == _sorted(rows)


def test_the_label_shows_no_user(place: Place) -> None:
    label = create_table(place.url, like=Given(COLUMNS, AWKWARD)).label
    assert "copy" in label
    assert "@" not in label
    assert cell_text(label) == label
