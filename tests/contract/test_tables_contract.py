"""What every format of tables promises, held against the same awkward rows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import pytest

from given import AWKWARD, COLUMNS, Given, rows_of, texts, write
from servers import PASSWORD, mariadb_url, postgres_url  # noqa: F401 - fixtures
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.table import Batch, Row, cell_text
from trapstreet.plugins.tables import create_table, formats, open_table

Make = Callable[[Given], str]


def _as_file(suffix: str) -> Callable[[pytest.FixtureRequest, Path], Make]:
    def maker(request: pytest.FixtureRequest, folder: Path) -> Make:
        def make(given: Given) -> str:
            path = folder / f"table{suffix}"
            write(path, given)
            return str(path)

        return make

    return maker


def _as_sqlite(request: pytest.FixtureRequest, folder: Path) -> Make:
    def make(given: Given) -> str:
        path = folder / "crm.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            _fill(connection.execute, given, mark="?")
        return f"sqlite:///{path}?table=customers"

    return make


def _as_postgresql(request: pytest.FixtureRequest, folder: Path) -> Make:
    url: str = request.getfixturevalue("postgres_url")

    def make(given: Given) -> str:
        import psycopg

        with psycopg.connect(url) as connection:
            connection.execute("DROP TABLE IF EXISTS customers")
            _fill(connection.execute, given, mark="%s")
            connection.execute("GRANT SELECT ON customers TO locked")
        return _with_password(url, "postgres")

    return make


def _as_mariadb(request: pytest.FixtureRequest, folder: Path) -> Make:
    url: str = request.getfixturevalue("mariadb_url")

    def make(given: Given) -> str:
        import pymysql

        port = int(url.rpartition(":")[2].partition("/")[0])
        with (
            pymysql.connect(
                host="127.0.0.1", port=port, user="tester", database="trapstreet", charset="utf8mb4"
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("DROP TABLE IF EXISTS customers")
            _fill(cursor.execute, given, mark="%s")
            cursor.execute("GRANT SELECT ON trapstreet.* TO locked@'%'")
            connection.commit()
        return _with_password(url, "tester")

    return make


def _with_password(url: str, user: str) -> str:
    from urllib.parse import quote

    return url.replace(f"{user}@", f"locked:{quote(PASSWORD, safe='')}@") + "?table=customers"


def _fill(execute: Callable[..., object], given: Given, *, mark: str) -> None:
    types = {"born": "DATE", "score": "DOUBLE PRECISION"}
    columns = ", ".join(f"{name} {types.get(name, 'TEXT')}" for name in given.columns)
    execute(f"CREATE TABLE customers ({columns})")
    for row in given.rows:
        cells = [cell.isoformat() if isinstance(cell, date) else cell for cell in row]
        execute(f"INSERT INTO customers VALUES ({', '.join([mark] * len(row))})", cells)


SYSTEM = (pytest.mark.server("mariadb"), pytest.mark.system)
FILES = [".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx"]
EVERYWHERE = [
    *(pytest.param(_as_file(suffix), id=suffix) for suffix in FILES),
    pytest.param(_as_sqlite, id="sqlite"),
    pytest.param(_as_postgresql, id="postgresql", marks=pytest.mark.server("postgresql")),
    pytest.param(_as_mariadb, id="mariadb", marks=SYSTEM),
]


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    made: Make = request.param(request, tmp_path)
    return made


everywhere = pytest.mark.parametrize("make", EVERYWHERE, indirect=True)
in_files = pytest.mark.parametrize("suffix", FILES)


@everywhere
def test_awkward_cells_come_back_as_they_were(make: Make) -> None:
    table = open_table(make(Given(COLUMNS, AWKWARD)))
    assert table.columns == COLUMNS
    assert texts(rows_of(table)) == texts(AWKWARD)


@everywhere
def test_a_table_can_be_read_again_and_twice_at_once(make: Make) -> None:
    table = open_table(make(Given(COLUMNS, AWKWARD * 3)))
    side_by_side = list(zip(table.batches(4), table.batches(4), strict=True))
    assert all(one == other for one, other in side_by_side)
    assert rows_of(table) == [row for one, _ in side_by_side for row in one.rows]


@everywhere
def test_batches_are_no_larger_than_asked_for_and_their_lines_ascend(make: Make) -> None:
    table = open_table(make(Given(COLUMNS, AWKWARD * 5)))
    batches = list(table.batches(4))
    assert all(len(batch.rows) == len(batch.lines) <= 4 for batch in batches)
    lines = [line for batch in batches for line in batch.lines]
    assert lines == sorted(set(lines))
    assert len(lines) == len(AWKWARD) * 5


@everywhere
def test_a_reading_that_is_given_up_leaves_nothing_open(make: Make) -> None:
    table = open_table(make(Given(COLUMNS, AWKWARD * 300)))
    batches = table.batches(10)
    next(batches)
    batches.close()  # type: ignore[attr-defined]


@everywhere
def test_a_table_without_rows_is_a_table_wherever_columns_have_names_by_themselves(make: Make) -> None:
    location = make(Given(COLUMNS, []))
    if location.endswith((".jsonl", ".ndjson")):
        with pytest.raises(UnusableInput, match="empty"):
            open_table(location)
        return
    table = open_table(location)
    assert table.columns == COLUMNS
    assert rows_of(table) == []


@everywhere
def test_the_label_shows_neither_user_nor_password(make: Make) -> None:
    table = open_table(make(Given(COLUMNS, AWKWARD)))
    assert table.label
    assert not any(word in table.label for word in (PASSWORD, "s3cr3t", "locked", "@"))
    assert table.format in {known.name for known in formats()}


@in_files
@everywhere
def test_every_format_can_be_written_as_every_other(make: Make, suffix: str, tmp_path: Path) -> None:
    table = open_table(make(Given(COLUMNS, AWKWARD)))
    out = tmp_path / f"out{suffix}"
    write(out, table)
    copy = open_table(str(out))
    assert copy.columns == COLUMNS
    assert texts(rows_of(copy)) == texts(rows_of(table))


@in_files
def test_a_copy_of_a_copy_is_the_copy(suffix: str, tmp_path: Path) -> None:
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write(first, Given(COLUMNS, AWKWARD))
    write(second, open_table(str(first)))
    assert rows_of(open_table(str(second))) == rows_of(open_table(str(first)))
    if suffix not in (".xlsx", ".parquet"):
        assert second.read_bytes() == first.read_bytes()


@in_files
def test_a_file_is_recognised_by_its_content_whatever_its_name(suffix: str, tmp_path: Path) -> None:
    path, unnamed = tmp_path / f"table{suffix}", tmp_path / "table"
    write(path, Given(COLUMNS, AWKWARD))
    path.rename(unnamed)
    assert texts(rows_of(open_table(str(unnamed)))) == texts(AWKWARD)


@in_files
def test_an_existing_file_is_never_overwritten(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"table{suffix}"
    path.write_text("precious")
    with pytest.raises(UnusableInput, match="exists"):
        create_table(path, like=Given(COLUMNS, AWKWARD))
    assert path.read_text() == "precious"


@in_files
def test_a_file_that_appears_meanwhile_is_not_overwritten_either(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"table{suffix}"
    with (
        pytest.raises(UnusableInput, match="exists"),
        create_table(path, like=Given(COLUMNS, AWKWARD)) as writer,
    ):
        writer.write(Batch(AWKWARD, range(1, 1 + len(AWKWARD))))
        path.write_text("precious")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "precious"


@in_files
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_nothing_is_left_behind_when_writing_breaks_off(
    suffix: str, error: type[BaseException], tmp_path: Path
) -> None:
    with pytest.raises(error), create_table(tmp_path / f"t{suffix}", like=Given(COLUMNS, AWKWARD)) as writer:
        writer.write(Batch(AWKWARD, range(1, 1 + len(AWKWARD))))
        raise error
    assert list(tmp_path.iterdir()) == []


@in_files
def test_the_new_file_is_its_owners_alone_and_not_there_before_it_is_whole(
    suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"table{suffix}"
    with create_table(path, like=Given(COLUMNS, AWKWARD)) as writer:
        writer.write(Batch(AWKWARD, range(1, 1 + len(AWKWARD))))
        assert not path.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@in_files
def test_rows_of_the_table_and_new_rows_can_be_mixed(suffix: str, tmp_path: Path) -> None:
    source, out = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write(source, Given(COLUMNS, AWKWARD))
    table = open_table(str(source))
    batch = next(table.batches())
    new: Row = tuple(batch.rows[1])
    raw = None if batch.raw is None else [batch.raw[0], None, *batch.raw[1:]]
    with create_table(out, like=table) as writer:
        writer.write(Batch([batch.rows[0], new, *batch.rows[1:]], [0] * (len(batch.rows) + 1), raw))
    assert texts(rows_of(open_table(str(out)))) == texts([AWKWARD[0], AWKWARD[1], *AWKWARD[1:]])


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".xlsx"])
def test_typed_cells_stay_typed(suffix: str, tmp_path: Path) -> None:
    rows: list[Row] = [(True, 7, 2.5, "7", datetime(2020, 1, 2, 3, 4, 5), date(2020, 1, 2), None)]  # noqa: DTZ001
    columns = ("yes", "whole", "part", "text", "moment", "day", "nothing")
    path = tmp_path / f"table{suffix}"
    write(path, Given(columns, rows))
    (row,) = rows_of(open_table(str(path)))
    expected: Row = rows[0]
    if suffix == ".jsonl":  # JSON has no dates
        expected = (*expected[:4], *map(cell_text, expected[4:6]), None)
    assert row == expected
    assert list(map(type, row)) == list(map(type, expected))
