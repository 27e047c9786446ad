"""Tables in containers: registered, shared and traced as if they lay there unpacked, and never written to."""

import bz2
import gzip
import io
import lzma
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from desk import Desk
from given import AWKWARD, COLUMNS, Given, rows_of, write
from people import customer_file
from trapstreet.app.demo.people import HEADER, customers
from trapstreet.app.packed import open_table
from trapstreet.core.model.errors import UnusableInput

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet", ".xlsx")
Pack = Callable[[str, bytes], bytes]


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    info = tarfile.TarInfo(name)
    info.size = len(content)
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def mailed(name: str, content: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "the table"
    message["Date"] = "Mon, 02 Feb 2026 10:00:00 +0000"
    message.set_content("Here it is.\n")
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def seven_zipped(name: str, content: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(content)
        command = [shutil.which("7z") or "7z", "a", "-bd", "packed.7z", name]
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        return Path(folder, "packed.7z").read_bytes()


PACKED: dict[str, Pack] = {
    ".gz": lambda _, content: gzip.compress(content),
    ".bz2": lambda _, content: bz2.compress(content),
    ".xz": lambda _, content: lzma.compress(content),
    ".zst": lambda _, content: zstandard.ZstdCompressor().compress(content),
    ".zip": lambda name, content: zipped({f"a b/{name}": content, "README": b"Nothing\nto see\n"}),
    ".zip.zip": lambda name, content: zipped({"dump.zip": zipped({name: content})}),
    ".tar": tarred,
    ".tar.gz": lambda name, content: gzip.compress(tarred(name, content)),
    ".tar.zst": lambda name, content: zstandard.ZstdCompressor().compress(tarred(name, content)),
    ".eml": mailed,
}


def written(path: Path) -> Path:
    write(path, Given(COLUMNS, AWKWARD))
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("packing", PACKED)
def test_a_packed_table_is_read_as_the_table(packing: str, suffix: str, tmp_path: Path) -> None:
    plain = written(tmp_path / f"table{suffix}")
    packed = tmp_path / f"table{suffix}{packing}"
    packed.write_bytes(PACKED[packing](plain.name, plain.read_bytes()))
    table = open_table(str(packed))
    assert table.format == open_table(str(plain)).format
    assert table.columns == COLUMNS
    assert rows_of(table) == rows_of(open_table(str(plain)))
    assert table.label.startswith(f"{packed}!/")
    assert rows_of(open_table(table.label), 2) == rows_of(table)


@pytest.mark.system
def test_a_table_in_a_7z_archive_is_read(tmp_path: Path) -> None:
    plain = written(tmp_path / "table.parquet")
    packed = tmp_path / "backup.7z"
    packed.write_bytes(seven_zipped(plain.name, plain.read_bytes()))
    assert rows_of(open_table(f"{packed}!/table.parquet")) == rows_of(open_table(str(plain)))


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_database_in_an_archive_is_read(journal: str, tmp_path: Path) -> None:
    database = tmp_path / "crm.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE customers (ref TEXT, name TEXT)")
        connection.execute("CREATE TABLE others (ref TEXT)")
        connection.executemany("INSERT INTO customers VALUES (?, ?)", [row[:2] for row in AWKWARD])
    packed = tmp_path / "crm.tar.zst"
    packed.write_bytes(PACKED[".tar.zst"]("crm.db", database.read_bytes()))
    for location in (f"{packed}?table=customers", f"{packed}!/crm.db?table=customers"):
        table = open_table(location)
        assert [*rows_of(table)] == [row[:2] for row in AWKWARD]
    with pytest.raises(UnusableInput, match="there are customers, others"):
        open_table(str(packed))


@pytest.mark.system
@pytest.mark.parametrize("suffix", [".xls", ".ods"])
def test_workbooks_of_other_programs_are_tables_packed_or_not(suffix: str, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["ref", "name", "score"], ["TS-1", "Jörg Müller", 2.5], ["TS-2", "名前", None]):
        book.worksheets[0].append(row)
    book.create_sheet("Alt").append(["only"])
    book.save(tmp_path / "list.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", suffix[1:], "--outdir", tmp_path]
    subprocess.run([*command, tmp_path / "list.xlsx"], stdout=subprocess.DEVNULL, check=True)
    plain = tmp_path / f"list{suffix}"
    unnamed = tmp_path / "unnamed"
    shutil.copy(plain, unnamed)
    packed = tmp_path / "dump.zip"
    packed.write_bytes(zipped({plain.name: plain.read_bytes()}))
    for place in (plain, unnamed, packed):
        table = open_table(str(place))
        assert (table.format, table.columns) == (suffix[1:], ("ref", "name", "score"))
        assert rows_of(table) == [("TS-1", "Jörg Müller", 2.5), ("TS-2", "名前", None)]
    assert open_table(f"{packed}?sheet=Alt").columns == ("only",)


def test_steps_on_the_way_in_may_be_left_out(tmp_path: Path) -> None:
    plain = written(tmp_path / "list.csv")
    inner = zipped({"a/list.csv": plain.read_bytes(), "b/list.csv": b"id\n1\n"})
    packed = tmp_path / "dump.tar.gz"
    packed.write_bytes(gzip.compress(tarred("inner.zip", inner)))
    whole = f"{packed}!/dump.tar!/inner.zip!/a/list.csv"
    for given in (whole, f"{packed}!/inner.zip!/a/list.csv", f"{packed}!/a/list.csv"):
        table = open_table(given)
        assert (table.label, table.columns) == (whole, COLUMNS)


def test_options_follow_the_way_in(tmp_path: Path) -> None:
    packed = tmp_path / "dump.zip"
    packed.write_bytes(zipped({"a.csv": "id|näme\n1|x,y\n".encode("cp1252")}))
    for given in (f"{packed}?delimiter=|", f"{packed}!/a.csv?delimiter=|&encoding=cp1252"):
        assert rows_of(open_table(given)) == [("1", "x,y")]


def test_a_text_that_looks_like_something_else_is_still_a_table(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text("<html>,name\n" + "".join(f"<p>{n}</p>,b\n" for n in range(50)))
    assert len(rows_of(open_table(str(path)))) == 50


A_TABLE = b"ref,name\nTS-1,Ann\n"
UNCLEAR = {
    "several": (
        {"a.csv": A_TABLE, "b/c.csv": A_TABLE},
        "",
        "2 tables are there: pass one of: {at}!/a.csv, {at}!/b/c.csv",
    ),
    "many": (
        {f"{n}.csv": A_TABLE for n in range(9)},
        "",
        f"9 tables are there: pass one of: {', '.join(f'{{at}}!/{n}.csv' for n in range(5))} and 4 more",
    ),
    "none of the name": ({"a.csv": A_TABLE}, "!/b.csv", "there is no such table: pass {at}!/a.csv"),
    "none": ({"a.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256))}, "", "there is no table in it"),
    "an empty archive": ({}, "", "there is no table in it"),
    "a name with control characters": (
        {"a\x1b[2J.csv": A_TABLE, "b.csv": A_TABLE},
        "",
        "pass one of: {at}!/a\\x1b[2J.csv, {at}!/b.csv",
    ),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_is_meant_must_be_clear(case: str, desk: Desk) -> None:
    members, inner, said = UNCLEAR[case]
    packed = desk.write("dump.zip", zipped(members))
    line = desk.refused(2, "register", f"{packed}{inner}", "--name", "customers")
    assert said.format(at=packed) in line
    assert line.startswith(f"trapstreet: {packed}")


def test_a_table_is_found_by_the_name_that_is_shown(tmp_path: Path) -> None:
    packed = tmp_path / "dump.zip"
    packed.write_bytes(zipped({"a\x1b[2J.csv": A_TABLE, "b\\c.csv": A_TABLE}))
    for given in ("a\\x1b[2J.csv", "a\x1b[2J.csv", "b\\\\c.csv", "b\\c.csv"):
        assert rows_of(open_table(f"{packed}!/{given}")) == [("TS-1", "Ann")]


LONG = A_TABLE + b"".join(b"TS-%d,Ann Other\n" % number for number in range(9000))
DAMAGED: dict[str, tuple[bytes, str]] = {
    "t.csv.gz": (gzip.compress(LONG, 1)[:-2000], "ends in the middle"),
    "t.csv.xz": (lzma.compress(LONG)[:-20], "ends in the middle"),
    "t.csv.bz2": (bz2.compress(LONG)[:-20], "ends in the middle"),
    "t.tar": (tarred("t.csv", LONG)[:60_000], "ends in the middle"),
    "bomb.csv.gz": (gzip.compress(A_TABLE * (6 << 20)), "stopped after"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_of_a_damaged_table_nothing_is_registered(name: str, desk: Desk) -> None:
    content, why = DAMAGED[name]
    line = desk.refused(2, "register", desk.write(name, content), "--name", "customers")
    assert why in line
    assert name in line
    assert "Ann" not in line
    assert "register it:" in desk.refused(
        2, "share", "customers", "--to", "X", "--out", desk.folder / "x.csv"
    )


def test_an_encrypted_table_is_said_to_be_that(desk: Desk) -> None:
    data = bytearray(zipped({"a.csv": A_TABLE}))
    for at in (6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    for given in ("", "!/a.csv"):
        line = desk.refused(2, "register", f"{desk.write('dump.zip', bytes(data))}{given}", "--name", "c")
        assert "a.csv: encrypted: pass the table itself, unpacked" in line


def test_there_is_no_file_with_a_name_while_a_packed_table_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    for suffix in SUFFIXES:
        plain = written(tmp_path / f"table{suffix}")
        packed = tmp_path / f"dump{suffix}.zip"
        packed.write_bytes(zipped({plain.name: plain.read_bytes()}))
        batches = open_table(str(packed)).batches(1)
        next(batches)
        assert list(scratch.iterdir()) == []
        batches.close()  # type: ignore[attr-defined]


def test_reading_many_packed_tables_leaves_no_descriptor_open(tmp_path: Path) -> None:
    packed = tmp_path / "dump.zip"
    packed.write_bytes(zipped({"a.csv": A_TABLE}))
    rows_of(open_table(str(packed)))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        rows_of(open_table(str(packed)))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.slow
def test_a_packed_table_is_registered_shared_and_traced(desk: Desk) -> None:
    rows = list(customers(400, seed=3))
    plain = customer_file(desk.folder / "customers.csv", 0, rows=rows)
    packed = desk.write("dump.zip", zipped({"crm/customers.csv": plain.read_bytes(), "notes": b"none\n"}))
    first = desk.json("register", packed, "--name", "customers")
    assert (first["rows"], first["table"]) == (400, f"{packed}!/crm/customers.csv")
    assert f"Read from {packed}!/crm/customers.csv" in desk.do("register", packed, "--name", "customers")
    again = desk.json("register", plain, "--name", "customers")
    assert not again["new_version"], "it is the same table, packed or not"

    fewer = customer_file(desk.folder / "fewer.csv", 0, rows=rows[:390])
    packed.write_bytes(zipped({"crm/customers.csv": fewer.read_bytes()}))
    changed = desk.json("register", f"{packed}!/crm/customers.csv", "--name", "customers")
    assert (changed["version"], changed["went"]) == (2, 10)

    copy = desk.folder / "copy.csv"
    desk.do("share", "customers", "--to", "Auditor", "--decoys", 50, "--out", copy)
    leak = desk.write("leak.csv.gz", gzip.compress(copy.read_bytes()))
    who = desk.folder / "who.csv"
    answer = desk.json("trace", leak, "--customers", who, "--reason", "to tell them", status=1)
    assert answer["data_sets"][0]["verdict"] == "accused"
    assert len(who.read_text().splitlines()) == 391


def test_the_source_of_a_data_set_is_kept_with_the_way_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = customer_file(desk.folder / "customers.csv", 200)
    (desk.folder / "in").mkdir()
    desk.write("dump.zip", zipped({"../customers.csv": plain.read_bytes(), "b.csv": A_TABLE}))
    monkeypatch.chdir(desk.folder / "in")
    desk.do("register", "../dump.zip!/../customers.csv", "--name", "customers")
    monkeypatch.chdir("/")
    desk.do("share", "customers", "--to", "Auditor", "--out", desk.folder / "copy.csv")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["customers.csv.gz", "dump.zip", "dump.tar"])
def test_nothing_is_planted_in_a_packed_table(name: str, desk: Desk) -> None:
    content = customer_file(desk.folder / "customers.csv", 200).read_bytes()
    pack = PACKED["." + name.rpartition(".")[2]]
    packed = desk.write(name, pack("customers.csv", content))
    before = packed.read_bytes()
    desk.do("register", packed, "--name", "customers")
    assert "unpack it first" in desk.refused(2, "plant", "customers")
    desk.do("register", f"{packed}!/customers.csv" if name != "dump.zip" else packed, "--name", "again")
    line = desk.refused(2, "plant", "again")
    assert str(packed) in line
    assert "unpack it first" in line
    assert packed.read_bytes() == before


@pytest.mark.slow
def test_a_packed_table_does_not_go_through_suppression(desk: Desk) -> None:
    plain = customer_file(desk.folder / "customers.csv", 400)
    desk.do("register", plain, "--name", "customers")
    desk.do("plant", "customers", "--decoys", 5)
    asked = ("--data-set", "customers", "--purpose", "bills", "--rows", 500, "--token", desk.folder / "token")
    desk.do("suppress", "job", "add", "billing", *asked)
    packed = desk.write("due.zip", zipped({"due.csv": plain.read_bytes()}))
    for given in (packed, f"{packed}!/due.csv"):
        out = desk.folder / "out.csv"
        line = desk.refused(
            2, "suppress", "run", "billing", given, "--out", out, "--token", desk.folder / "token"
        )
        assert "unpack it first" in line
        assert not out.exists()


def _sheet(rows: Sequence[Sequence[str]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(out)
    return out.getvalue()


def _database(rows: Sequence[Sequence[str]]) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE people ({', '.join(HEADER)})")
        connection.executemany(f"INSERT INTO people VALUES ({', '.join('?' * len(HEADER))})", rows[1:])
        connection.commit()
        return connection.serialize()


def _columns(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))), out)
    return out.getvalue()


LEAKS: dict[str, Callable[[bytes, Sequence[Sequence[str]]], bytes]] = {
    "csv.gz": lambda text, _: gzip.compress(text),
    "csv.bz2": lambda text, _: bz2.compress(text),
    "csv.xz": lambda text, _: lzma.compress(text),
    "csv.zst": lambda text, _: zstandard.ZstdCompressor().compress(text),
    "zip": lambda text, _: zipped({"a/b.csv": text}),
    "tar.gz": lambda text, _: gzip.compress(tarred("b.csv", text)),
    "eml": lambda text, _: mailed("b.csv.gz", gzip.compress(text)),
    "xlsx": lambda _, rows: _sheet(rows),
    "zip with a workbook": lambda _, rows: zipped({"b.xlsx": _sheet(rows)}),
    "sqlite": lambda _, rows: _database(rows),
    "parquet": lambda _, rows: _columns(rows),
    "zip with all": lambda _, rows: zipped(
        {"a.xlsx": _sheet(rows[:200]), "b.db": _database(rows[:1] + rows[200:])}
    ),
}


@pytest.fixture(scope="module")
def _copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from desk import workspace_in

    folder = tmp_path_factory.mktemp("copied")
    source, copy = customer_file(folder / "customers.csv", 400), folder / "copy.csv"
    return workspace_in(
        folder,
        ("register", source, "--name", "customers"),
        ("share", "customers", "--to", "Auditor", "--decoys", 50, "--out", copy),
    )


@pytest.mark.parametrize("kind", LEAKS)
def test_a_leak_names_the_copy_whatever_it_is_packed_in(
    kind: str, _copied: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (_copied / "copy.csv").read_bytes()
    rows = [line.split(",") for line in text.decode().splitlines()]
    leak = tmp_path / "leak"
    leak.write_bytes(LEAKS[kind](text, rows))
    desk = Desk(shutil.copytree(_copied, tmp_path / "copied"), capsys)
    answer = desk.json("trace", leak, status=1)
    (found,) = answer["data_sets"]
    assert found["verdict"] == "accused"
    assert found["records"]["matched"] == 400, "every customer of the table"
    assert answer["unread"] == []
