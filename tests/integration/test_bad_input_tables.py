"""Tables that cannot be registered as they are: one clear line, the exit status, no cell, nothing written."""

import io
import zipfile
from pathlib import Path

import pytest

from desk import Desk
from offices import Office

HEADER = "ref,name,email"
SECRET = "Quillfeather"
"""Stands in the cells of every table here, and may stand in no message."""


@pytest.fixture
def desk(office: Office) -> Desk:
    """A fresh workspace with a confirmed kit."""
    office.init("workspace")
    return Desk(office.folder, office.capsys)


def rows(count: int, first: int = 0) -> list[str]:
    return [
        f"AB-{2_000_000 + 7 * n},Ann {SECRET}{chr(97 + n % 26)},ann{n}.{SECRET.lower()}@mail.example"
        for n in range(first, first + count)
    ]


def table(lines: list[str], header: str = HEADER) -> str:
    return "\n".join([header, *lines, ""])


def workbook() -> bytes:
    """A ZIP file that is no workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("notes.txt", SECRET)
    return out.getvalue()


def nothing_is_registered(desk: Desk) -> None:
    kept = [path for part in ("index", "sealed", "tmp") for path in (desk.workspace / part).rglob("*")]
    assert kept == []
    assert "register it:" in desk.refused(
        2, "share", "customers", "--to", "X", "--out", desk.folder / "x.csv"
    )


BROKEN = table([*rows(95), *["AB-1,too few", f"AB-2,{SECRET},a@b.example,too,many"]])

UNUSABLE = {
    "2 % of the rows are broken": (
        "t.csv",
        BROKEN,
        ["2 of 97 rows", "line 97: 2 cells instead of 3", "line 98: 5 cells", "mend the file"],
    ),
    "every row is broken": ("t.csv", table(["x", "y"]), ["2 of 2 rows", "mend the file"]),
    "the key repeats": (
        "t.csv",
        table([*rows(5_000), rows(1)[0]]),
        ["key 'ref'", "lines 2 and 5002 have the same", "pass --key"],
    ),
    "the key is empty": (
        "t.csv",
        table([*rows(5_000), f",Ann {SECRET},z@mail.example"]),
        ["key 'ref' is empty in line 5002", "pass --key"],
    ),
    "no key is there": (
        "t.csv",
        table([*rows(30), rows(1)[0]]),
        ["no column identifies a row", "--key"],
    ),
    "no column can be found again": (
        "t.csv",
        table([f"{SECRET},blue,no", f"{SECRET}s,green,yes"], "word,colour,done"),
        ["none of its 3 columns", "--type"],
    ),
    "no header": ("t.csv", "\n".join(rows(20)), ["the first row looks like data", "add a first row"]),
    "a header and no rows": ("t.csv", HEADER + "\n", ["to register"]),
    "an empty file": ("t.csv", "", ["the file is empty"]),
    "two columns of one name": ("t.csv", table(rows(3), "ref,name,name"), ["columns 2 and 3"]),
    "an encoding that the file is not in": ("t.csv?encoding=utf-16", table(rows(5)), []),
    "an encoding that is none of text": ("t.csv?encoding=hex", table(rows(5)), ["no such encoding"]),
    "an encoding that does not exist": ("t.csv?encoding=klingon", table(rows(5)), ["no such encoding"]),
    "an encoding half of the rows are not in": (
        "t.csv?encoding=ascii",
        table([row.replace("Ann", "Änne") for row in rows(5)]),
        ["line 2: holds bytes that are not ascii", "mend the file"],
    ),
    "a workbook that is no zip": ("t.xlsx", b"PK\x03\x04" + SECRET.encode() * 90, [".xlsx"]),
    "a zip that is no workbook": ("t.xlsx", workbook(), ["t.xlsx"]),
    "a picture": ("t.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 20, ["no table that can be read"]),
    "a damaged Parquet file": ("t.parquet", b"PAR1" + SECRET.encode() * 9 + b"PAR1", ["t.parquet"]),
    "JSON that is no table": ("t.jsonl", f'["{SECRET}"]\n[1', ["t.jsonl"]),
    "a damaged gzip file": ("t.csv", b"\x1f\x8b\x08\x00" + bytes(40), ["data is damaged", "unpack it first"]),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_table_that_cannot_be_used_is_refused_in_one_line_without_its_cells(desk: Desk, case: str) -> None:
    location, content, words = UNUSABLE[case]
    path = desk.write(location.partition("?")[0], content)
    given = str(path) + location.removeprefix(path.name)
    line = desk.refused(2, "register", given, "--name", "customers")
    assert str(path) in line, "it says where"
    for word in words:
        assert word in line
    assert SECRET.lower() not in line.lower()
    nothing_is_registered(desk)


def test_up_to_one_per_cent_of_broken_rows_are_left_out_with_their_lines(desk: Desk) -> None:
    lines = rows(300)
    lines[99] = f"AB-9,{SECRET}"
    lines[199] = f'AB-8,"{SECRET}'[:-3] + ",x,y"
    path = desk.write("t.csv", table(lines[:199] + lines[200:] + [lines[199]]))
    report = desk.json("register", path, "--name", "customers")
    assert report["rows"] == 298
    assert [each["line"] for each in report["rejected"]] == [101, 301]
    assert all(SECRET[:6] not in each["why"] for each in report["rejected"])
    shown = desk.do("register", path, "--name", "customers")
    assert "2 rows could not be read and are left out" in shown
    assert "line 101: 2 cells instead of 3" in shown
    assert SECRET not in shown


def test_a_broken_row_is_left_out_of_the_copy_too(desk: Desk) -> None:
    lines = rows(200)
    lines[50] = f"AB-9,{SECRET}only"
    desk.do("register", desk.write("t.csv", table(lines)), "--name", "customers")
    out = desk.folder / "out.csv"
    report = desk.json("share", "customers", "--to", "Auditor", "--out", out)
    assert report["rows"] == 199
    assert len(out.read_text().splitlines()) == 1 + 199 + report["decoys"]
    assert f"{SECRET}only" not in out.read_text()


def test_a_latin_1_file_needs_nobody_to_say_so(desk: Desk) -> None:
    path = desk.write("t.csv", table([row.replace("Ann", "Änne") for row in rows(50)]).encode("latin-1"))
    assert desk.json("register", path, "--name", "customers")["rows"] == 50
    leak = desk.write("leak.txt", table([row.replace("Ann", "ÄNNE") for row in rows(5)]))
    assert desk.json("scan", leak, status=1)["findings"][0]["records"] == 5


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "latin-1"])
def test_the_encoding_of_a_file_can_be_named(desk: Desk, encoding: str) -> None:
    text = table([row.replace("Ann", "Änne") for row in rows(20)])
    for number, prefix in enumerate(("", "\ufeff") if encoding == "utf-16-le" else ("",)):
        path = desk.write(f"t{number}.csv", (prefix + text).encode(encoding))
        for name in (encoding, encoding[:6]):
            report = desk.json("register", f"{path}?encoding={name}", "--name", f"{name}{number}")
            assert report["rows"] == 20
            assert report["columns"][0]["name"] == "ref"


def test_another_key_can_be_named_where_the_usual_one_repeats(desk: Desk) -> None:
    path = desk.write("t.csv", table([*rows(30), "AB-2000000,Bob,bob@mail.example"]))
    desk.do("register", path, "--name", "customers", "--key", "email")


def test_a_refused_second_version_leaves_the_first_as_it_was(desk: Desk) -> None:
    path = desk.write("customers.csv", table(rows(97)))
    desk.do("register", path, "--name", "customers")
    kept = sorted((desk.workspace / "index").rglob("*"))
    path.write_text(BROKEN)
    desk.refused(2, "register", path, "--name", "customers")
    assert sorted((desk.workspace / "index").rglob("*")) == kept
    path.write_text(table(rows(97)))
    assert desk.json("register", path, "--name", "customers")["version"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--key", "nowhere"], "no column 'nowhere'"),
        (["--type", "name"], "is not COL=KIND"),
        (["--type", "name=colour"], "kinds are"),
        (["--type", "nowhere=email"], "nowhere"),
        (["--ignore", "nowhere"], "nowhere"),
        (["--region", "Ireland"], "region"),
    ],
)
def test_a_wrong_word_about_the_columns_is_refused(desk: Desk, arguments: list[str], words: str) -> None:
    path = desk.write("t.csv", table(rows(20)))
    assert words in desk.refused(2, "register", path, "--name", "customers", *arguments)
    nothing_is_registered(desk)


def test_a_copy_is_refused_where_it_cannot_be_written(desk: Desk) -> None:
    desk.do("register", desk.write("t.csv", table(rows(50))), "--name", "customers")
    there = desk.write("there.csv", "mine")
    for out, words in {
        there: "the file exists",
        desk.folder / "nowhere" / "x.csv": "no such folder",
        desk.folder / "x.doc": "which format",
    }.items():
        assert words in desk.refused(2, "share", "customers", "--to", "Auditor", "--out", out)
    assert there.read_text() == "mine"
    assert desk.json("copy", "list")["copies"] == []
    assert not list(Path(desk.folder).glob(".*"))
