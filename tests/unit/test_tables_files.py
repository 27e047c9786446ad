"""Opening and making files: who may, what is there, how much room is left; JSON lines and Parquet."""

import errno
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.table import Batch, Row
from trapstreet.plugins.tables import Table, create_table, formats, open_table
from trapstreet.plugins.tables._files import reading


def _rows(table: Table) -> list[Row]:
    return [row for batch in table.batches() for row in batch.rows]


def _copy(table: Table, out: Path, extra: Row | None = None) -> Path:
    with create_table(out, like=table) as writer:
        for batch in table.batches(3):
            writer.write(batch)
        if extra is not None:
            writer.write(Batch([extra], [0]))
    return out


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "given.csv").write_text("id,name\n1,Anne\n2,Bob\n")
    return open_table(str(tmp_path / "given.csv"))


def test_every_format_is_known_by_its_presence() -> None:
    assert {known.name for known in formats()} == {
        "csv",
        "jsonl",
        "parquet",
        "xlsx",
        "xls",
        "ods",
        "sqlite",
        "postgresql",
        "mariadb",
    }


def test_a_missing_file_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"nowhere\.csv.*no such file"):
        open_table(str(tmp_path / "nowhere.csv"))


def test_a_folder_or_a_pipe_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="folder"):
        open_table(str(tmp_path))
    with pytest.raises(UnusableInput, match="no regular file"):
        open_table("/dev/null")


@pytest.mark.parametrize(
    ("number", "wanted", "words"),
    [
        (errno.EACCES, AccessDenied, "may not read"),
        (errno.ENOSPC, Unreachable, "No space left"),
        (errno.EIO, Unreachable, "read failed"),
        (errno.ENOENT, Unreachable, "no such file"),
    ],
)
def test_errors_of_the_file_system_come_in_our_words(
    number: int, wanted: type[Exception], words: str
) -> None:
    with pytest.raises(wanted, match=words), reading("some/file.csv"):
        raise OSError(number, os.strerror(number))


def test_an_unknown_scheme_is_refused_without_showing_the_url() -> None:
    with pytest.raises(UnusableInput, match="oracle:// is no place") as caught:
        open_table("oracle://bob:s3cret@db/x?table=y")
    assert "s3cret" not in str(caught.value)


def test_a_question_mark_may_be_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "what?.csv").write_text("id,name\n1,Anne\n")
    assert _rows(open_table(str(tmp_path / "what?.csv"))) == [("1", "Anne")]


@pytest.mark.parametrize("name", ["out.docx", "out", "missing/out.csv"])
def test_a_name_that_cannot_be_written_is_refused_at_once(name: str, table: Table, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput):
        create_table(tmp_path / name, like=table)


def test_a_dangling_link_is_not_written_through(table: Table, tmp_path: Path) -> None:
    (tmp_path / "out.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(UnusableInput, match="exists"):
        create_table(tmp_path / "out.csv", like=table)


def test_a_file_system_without_hard_links_is_written_too(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    out = _copy(table, tmp_path / "out.csv")
    assert out.read_text() == "id,name\n1,Anne\n2,Bob\n"
    with pytest.raises(UnusableInput, match="exists"), create_table(tmp_path / "late.csv", like=table):
        (tmp_path / "late.csv").write_text("precious")
    assert (tmp_path / "late.csv").read_text() == "precious"


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from trapstreet.core.model.errors import Unreachable
from trapstreet.core.model.table import Batch
from trapstreet.plugins.tables import create_table, open_table
source, out = map(Path, sys.argv[1:])
table = open_table(str(source))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with create_table(out, like=table) as writer:
        for number in range(400):
            writer.write(Batch([(f"{number:x}" * 50, f"{number * number * 7919:x}" * 30)] * 10, [0] * 10))
except Unreachable as error:
    print(error)
print(sorted(path.name for path in out.parent.iterdir()))
"""


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_a_full_disk_is_reported_in_one_line_and_leaves_nothing(suffix: str, tmp_path: Path) -> None:
    source, out = tmp_path / "given.csv", tmp_path / f"out{suffix}"
    source.write_text("id,name\n1,Anne\n")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FULL_DISK, source, out],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    message, left = done.stdout.splitlines()
    assert message.startswith(f"{out}: write failed (File too large)")
    assert left == "['given.csv']"


JSON_STYLES = {
    "spaced": '{"id": 1, "name": "Zoë", "tags": ["a", "b"], "score": 1.10}\n'
    '{"id": 2, "name": null, "tags": [], "score": 2}\n',
    "compact, ASCII, CRLF": '{"id":1,"name":"Zo\\u00eb","tags":["a","b"],"score":1.10}\r\n'
    '{"id":2,"name":null,"tags":[],"score":2}\r\n',
    "missing members, no last line break": '{"id":1,"name":"Zoë","tags":{"a":{"b":1}},"score":1.10}\n'
    '{"id":2,"tags":{},"score":2}',
}


@pytest.mark.parametrize("style", JSON_STYLES)
def test_json_lines_are_copied_as_they_stand_and_new_ones_look_alike(style: str, tmp_path: Path) -> None:
    text = JSON_STYLES[style]
    (tmp_path / "given.jsonl").write_bytes(text.encode())
    table = open_table(str(tmp_path / "given.jsonl"))
    assert table.columns == ("id", "name", "tags", "score")
    rows = _rows(table)
    assert _copy(table, tmp_path / "same.jsonl").read_bytes() == text.encode()
    copy = _copy(table, tmp_path / "more.jsonl", rows[1]).read_bytes().decode()
    assert copy.splitlines() == [*text.splitlines(), text.splitlines()[1]]
    assert copy.endswith("\n") is text.endswith("\n")


def test_a_member_that_first_appears_in_the_last_line_is_a_column(tmp_path: Path) -> None:
    (tmp_path / "given.jsonl").write_text('{"id": 1}\n' * 5000 + '{"id": 2, "phone": "1"}\n')
    table = open_table(str(tmp_path / "given.jsonl"))
    assert table.columns == ("id", "phone")
    assert [_rows(table)[0], _rows(table)[-1]] == [(1, None), (2, "1")]


def test_broken_json_is_rejected_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "given.jsonl").write_text('{"id": 1}\n\n{"id": \n[1]\n{"id": NaN}\n{"id": 2}\n')
    (batch,) = open_table(str(tmp_path / "given.jsonl")).batches()
    assert [(r.line, r.why) for r in batch.rejected] == [(n, "is not a JSON object") for n in (3, 4, 5)]
    assert batch.rows == [(1,), (2,)]


@pytest.mark.parametrize("text", ['[{"id": 1}, {"id": 2}]', '{\n  "id": 1\n}\n'])
def test_a_json_document_is_told_from_json_lines(text: str, tmp_path: Path) -> None:
    (tmp_path / "given.json").write_text(text)
    with pytest.raises(UnusableInput, match="one object to a line"):
        open_table(str(tmp_path / "given.json"))


def test_objects_with_ever_new_members_are_no_table(tmp_path: Path) -> None:
    (tmp_path / "given.jsonl").write_text("".join(json.dumps({f"key{i}": 1}) + "\n" for i in range(3000)))
    with pytest.raises(UnusableInput, match="2,000 different members"):
        open_table(str(tmp_path / "given.jsonl"))


@pytest.fixture
def arrow() -> Iterator[Any]:
    pytest.importorskip("pyarrow")
    import pyarrow as pa

    yield pa


def test_a_parquet_copy_keeps_schema_compression_and_every_value(arrow: Any, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    pa = arrow
    moment = datetime(2020, 1, 2, 3, 4, 5, 678901)  # noqa: DTZ001
    columns = {
        "id": pa.array([1, None, 3], pa.int32()),
        "name": pa.array(["a", "b", None]).dictionary_encode(),
        "price": pa.array([Decimal("1.10"), None, Decimal("2.00")], pa.decimal128(9, 2)),
        "day": pa.array([date(2020, 1, 2), None, date(1, 1, 1)]),
        "at": pa.array([moment, None, moment], pa.timestamp("us", "Europe/Dublin")),
        "exact": pa.array([1_000_000_000_000_000_001, None, 5], pa.timestamp("ns")),
        "far": pa.array([10**15, None, 1], pa.timestamp("s")),
        "hour": pa.array([time(1, 2, 3), None, time(0)], pa.time64("us")),
        "span": pa.array([timedelta(days=2), None, timedelta(seconds=1)], pa.duration("us")),
        "blob": pa.array([b"\x00\xff", None, b""], pa.binary()),
        "tags": pa.array([["a"], None, []], pa.list_(pa.string())),
        "more": pa.array([{"x": 1, "at": moment}, None, {"x": None, "at": None}]),
        "map": pa.array([[("k", b"v")], None, []], pa.map_(pa.string(), pa.binary())),
    }
    given = pa.table(columns).replace_schema_metadata({"made": "here"})
    pq.write_table(given, tmp_path / "given.parquet", compression={"id": "gzip", "name": "none"})
    table = open_table(str(tmp_path / "given.parquet"))
    assert [type(cell) for cell in _rows(table)[0]][:6] == [int, str, Decimal, date, datetime, str]
    copy = pq.ParquetFile(_copy(table, tmp_path / "out.parquet"))
    assert copy.read().equals(pq.read_table(tmp_path / "given.parquet"), check_metadata=True)
    group = copy.metadata.row_group(0)
    assert (group.column(0).compression, group.column(1).compression) == ("GZIP", "UNCOMPRESSED")
    copy.close()


def test_text_in_a_new_row_becomes_what_the_parquet_column_holds(arrow: Any, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    pa = arrow
    given = pa.table(
        {"id": pa.array([1]), "day": pa.array([date(2020, 1, 2)]), "at": pa.array([datetime.now(UTC)])}
    )
    pq.write_table(given, tmp_path / "given.parquet")
    table = open_table(str(tmp_path / "given.parquet"))
    copy = open_table(
        str(_copy(table, tmp_path / "out.parquet", ("7", "1999-12-31", "2020-01-02T03:04:05+00:00")))
    )
    assert _rows(copy)[1] == (7, date(1999, 12, 31), datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))
    with pytest.raises(UnusableInput, match=r"column 'id'.*int64") as caught:
        _copy(table, tmp_path / "bad.parquet", ("bob@example.com", None, None))
    assert "bob" not in str(caught.value)


@pytest.mark.parametrize("size", [4, 100, -10])
def test_a_parquet_file_cut_short_is_unusable(size: int, arrow: Any, table: Table, tmp_path: Path) -> None:
    whole = _copy(table, tmp_path / "given.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:size])
    with pytest.raises(UnusableInput, match="no readable Parquet"):
        open_table(str(tmp_path / "cut.parquet"))


@pytest.mark.slow
def test_memory_stays_flat_while_a_long_file_is_read_and_copied(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("id,name,note\n")
        file.writelines(f"{i},name {i},{'x' * 200}\n" for i in range(200_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _copy(open_table(str(path)), tmp_path / "out.csv")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
