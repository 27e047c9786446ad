"""What folders hold about people: tables in any format, texts, and what is packed in them."""

import csv
import json
import os
import socket
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from desk import Desk
from discovering import found, kinds_of, person, thing
from trapstreet.app.discovered import holdings_at, place_of
from trapstreet.plugins.inventories import sqlite
from trapstreet.plugins.sources import directory

PEOPLE = 300
HEADER = ("full_name", "email", "phone")


def csv_text(count: int = PEOPLE) -> str:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows(map(person, range(count)))
    return text.getvalue()


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """A folder with one file of each sort."""
    top = tmp_path / "share"
    (top / "hr").mkdir(parents=True)
    (top / "hr" / "people.csv").write_text(csv_text())
    people = [person(n) for n in range(PEOPLE)]
    columns = {name: [each[at] for each in people] for at, name in enumerate(HEADER)}
    pq.write_table(pa.table(columns), top / "people.parquet")
    with xlsxwriter.Workbook(top / "book.xlsx") as book:
        for name, rows in (("Staff", [HEADER, *people]), ("Stock", [("sku", "colour", "amount"), thing(1)])):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    with zipfile.ZipFile(top / "packed.zip", "w") as archive:
        archive.writestr("in/people.csv", csv_text(50))
    with closing(sqlite3.connect(top / "app.db")) as database:
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, blob BLOB)")
        rows = [(n, person(n)[1], b"\xff\xfe") for n in range(PEOPLE)]
        database.executemany("INSERT INTO users VALUES (?, ?, ?)", rows)
        database.commit()
    note = "".join(f"Please call {person(n)[0]} back, {person(n)[1]}.\nThanks.\n" for n in range(20))
    (top / "note.txt").write_text(note)
    (top / "cards.log").write_text("paid with 4111 1111 1111 1111\npaid with 5500 0000 0000 0004\n")
    (top / "plain.txt").write_text("nothing in here\n" * 50)
    return top


def test_tables_of_every_format_and_texts_are_found(desk: Desk, share: Path) -> None:
    place, unknown = found(desk, share)
    assert unknown == []
    held = {
        each["path"][0].removeprefix(str(share)) + "/" + "!".join(each["path"][1:]): each
        for each in place["holdings"]
    }
    for name in ("/hr/people.csv", "/people.parquet", "/book.xlsx!Staff"):
        assert kinds_of(held[name])["email"] == "email", name
        assert (held[name]["records"], held[name]["people"]) == (PEOPLE, PEOPLE), name
    assert kinds_of(held["/book.xlsx!Stock"]) == {}
    assert held["/packed.zip!in/people.csv"]["people"] == 50
    assert held["/app.db!users"]["people"] == PEOPLE
    assert kinds_of(held["/app.db!users"])["email"] == "email"
    note = held["/note.txt"]
    assert (note["kind"], note["people"], kinds_of(note)) == ("text", 20, {"": "email"})
    assert (note["columns"][0]["fitting"], note["columns"][0]["sampled"]) == (20, 40)
    assert kinds_of(held["/cards.log"]) == {"": "card"}
    assert kinds_of(held["/plain.txt"]) == {}


def test_a_file_that_did_not_change_is_not_opened_again(
    desk: Desk, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _ = found(desk, share)
    assert (place["looked"], place["unchanged"]) == (8, 0)
    opened: list[str] = []
    usual = directory._open

    def noted(path: str) -> Any:
        opened.append(path)
        return usual(path)

    monkeypatch.setattr(directory, "_open", noted)
    again, _ = found(desk, share)
    assert (again["looked"], again["unchanged"], opened) == (0, 8, [])
    assert again["holdings"] == place["holdings"]
    (share / "note.txt").write_text("changed: a@mail.example\n")
    third, _ = found(desk, share)
    assert (third["looked"], third["unchanged"]) == (1, 7)
    assert set(opened) == {str(share / "note.txt")}


def test_a_file_that_is_gone_is_forgotten_and_one_behind_a_closed_door_is_not(
    desk: Desk, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(desk, share)
    (share / "note.txt").unlink()
    usual = os.listdir

    def refused(path: Any) -> list[Any]:
        if os.fsdecode(path).endswith("/hr"):
            raise PermissionError(13, "Permission denied")
        return usual(path)

    monkeypatch.setattr(os, "listdir", refused)
    place, unknown = found(desk, share, status=6)
    assert unknown == [f"{share}/hr: permission denied"]
    assert place["gone"] == 1
    names = {each["path"][1] for each in place["holdings"]}
    assert "people.csv" in names
    assert "note.txt" not in names


def test_of_a_long_text_the_beginning_is_read(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "share" / "long.csv"
    path.parent.mkdir()
    rows = csv_text(2_000).splitlines()
    path.write_text("\n".join([rows[0], *rows[1:] * 30]))
    assert path.stat().st_size > 3 << 20
    place, unknown = found(desk, path.parent)
    assert unknown == []
    (held,) = place["holdings"]
    assert held["records"] == pytest.approx(60_000, rel=0.05)


def test_numbers_that_only_look_like_cards_are_none(desk: Desk, tmp_path: Path) -> None:
    text = "".join(f"order {4_000_000_000_000_000 + 7 * n} shipped\n" for n in range(200))
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "orders.log").write_text(text)
    place, _ = found(desk, tmp_path / "share")
    assert [kinds_of(each) for each in place["holdings"]] == [{}]


def test_what_cannot_be_read_is_said_each_time(desk: Desk, tmp_path: Path) -> None:
    top = tmp_path / "share"
    top.mkdir()
    (top / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(60))
    (top / "broken.db").write_bytes(b"SQLite format 3\0" + bytes(4_000))
    for _ in range(2):
        _, unknown = found(desk, top, status=6)
        assert {each.partition(": ")[0].partition("!")[0] for each in unknown} == {
            str(top / "broken.zip"),
            str(top / "broken.db"),
        }


def test_one_file_is_looked_at_as_it_is_in_its_folder(desk: Desk, share: Path) -> None:
    whole, _ = found(desk, share)
    (share / "link.csv").symlink_to("hr/people.csv")
    for name, target in (
        ("hr/people.csv", "hr/people.csv"),
        ("link.csv", "hr/people.csv"),
        ("note.txt", "note.txt"),
        ("app.db", "app.db"),
        ("book.xlsx", "book.xlsx"),
        ("packed.zip", "packed.zip"),
    ):
        place, unknown = found(desk, share / name)
        assert (unknown, place["place"]) == ([], str(share / target)), name
        wanted = [each for each in whole["holdings"] if "/".join(each["path"][:2]) == str(share / target)]
        assert [(each["path"], each["people"], kinds_of(each)) for each in place["holdings"]] == [
            (each["path"], each["people"], kinds_of(each)) for each in wanted
        ], name
    assert found(desk, share / "app.db")[0]["unchanged"] == 1


def test_what_is_no_file_is_one_line(desk: Desk, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert desk.run("discover", "--workspace", desk.workspace, tmp_path / "nothing.csv") == 4
    assert desk.err == f"trapstreet: {tmp_path}/nothing.csv: no such file or directory: check the path\n"
    _, unknown = found(desk, tmp_path / "pipe", status=6)
    assert unknown == [f"{tmp_path}/pipe: a named pipe, not a file"]


def test_pipes_and_sockets_that_are_met_hold_nothing_and_are_not_said(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    os.mkfifo(share / "pipe")
    monkeypatch.chdir(share)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock")
        (share / "people.csv").write_text("name,email\nAnn Ash,ann@you.example\nBo Birk,bo@you.example\n")
        place, unknown = found(desk, share)
    assert unknown == []
    assert [each["path"][1] for each in place["holdings"]] == ["people.csv"]


def test_a_sqlite_file_can_be_asked_by_its_url(desk: Desk, share: Path) -> None:
    url = f"sqlite:///{share}/app.db"
    place, unknown = found(desk, url)
    assert (unknown, place["place"]) == ([], url)
    assert place["by_name"]["users"]["people"] == PEOPLE
    assert found(desk, url)[0]["unchanged"] == 1


def test_nothing_is_left_beside_a_sqlite_file_with_a_log(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "app" / "app.db"
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE customers (email text)")
        database.executemany("INSERT INTO customers VALUES (?)", [(f"a{n}@x.example",) for n in range(9)])
    assert [each.name for each in file.parent.iterdir()] == ["app.db"]
    for location in (f"sqlite:///{file}", str(file.parent)):
        place, _ = found(desk, location)
        assert [each["people"] for each in place["holdings"]] == [9]
        assert [each.name for each in file.parent.iterdir()] == ["app.db"]
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("INSERT INTO customers VALUES ('b@x.example')")
        database.commit()
        place, _ = found(desk, f"sqlite:///{file}")  # what is in the log alone counts
        assert [each["people"] for each in place["holdings"]] == [10]


def test_a_sqlite_table_that_takes_too_long_is_said_and_the_others_are_looked_at(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "STATEMENT_SECONDS", 0.0)  # SQLite asks once in 10,000 steps
    file = tmp_path / "crm.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE customers (email text)")
        connection.executemany("INSERT INTO customers VALUES (?)", [(person(n)[1],) for n in range(PEOPLE)])
        connection.execute("CREATE TABLE slow (a text)")
        connection.executemany("INSERT INTO slow VALUES (?)", [("x",)] * 10_000)
        connection.commit()
    place, unknown = found(desk, f"sqlite:///{file}", status=6)
    assert unknown == ["slow: took too long"]
    assert place["by_name"]["customers"]["people"] == PEOPLE


def test_rows_of_a_large_sqlite_table_come_from_all_over_it(desk: Desk, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "large.db")) as database:
        database.execute("CREATE TABLE letters (rowid TEXT, email TEXT)")
        rows = ((str(n), person(n)[1] if n > 15_000 else "") for n in range(30_000))
        database.executemany("INSERT INTO letters VALUES (?, ?)", rows)
        database.commit()
    place, _ = found(desk, f"sqlite:///{tmp_path}/large.db")
    letters = place["by_name"]["letters"]
    assert letters["records"] == 30_000
    assert letters["people"] == pytest.approx(15_000, rel=0.25)


def test_a_file_whose_name_is_no_text_is_looked_at_and_shown_safely(desk: Desk, tmp_path: Path) -> None:
    top = tmp_path / "share"
    top.mkdir()
    name = os.fsencode(top) + b"/odd\xff\x1b[31m\n.csv"
    Path(os.fsdecode(name)).write_text(csv_text(20))
    place, unknown = found(desk, top)
    assert (unknown, place["holdings"][0]["people"]) == ([], 20)
    said = desk.do("discover", top)
    assert "1 unchanged" in said
    assert "\x1b" not in said
    assert len(said.splitlines()) == 4


def test_a_file_without_a_header_keeps_nobody_as_the_name_of_a_column(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "list.csv").write_text("\n".join(csv_text(60).splitlines()[1:]))
    place, _ = found(desk, tmp_path / "share")
    (held,) = place["holdings"]
    assert [each["name"] for each in held["columns"]] == ["column 1", "column 2", "column 3"]
    assert (held["records"], kinds_of(held)["column 2"]) == (60, "email")


def test_rows_whose_numbers_lie_far_apart_are_not_counted_by_the_largest(desk: Desk, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sparse.db")) as database:
        database.execute("CREATE TABLE letters (id INTEGER PRIMARY KEY, email TEXT)")
        rows = ((n * 1_000_003, person(n)[1]) for n in range(3_000))
        database.executemany("INSERT INTO letters VALUES (?, ?)", rows)
        database.commit()
    place, _ = found(desk, f"sqlite:///{tmp_path}/sparse.db")
    assert place["by_name"]["letters"]["records"] == pytest.approx(3_000, rel=0.2)


def test_columns_without_names_or_with_one_twice_are_no_obstacle(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    rows = "".join(f"{n};;{person(n)[1]};{thing(n)[1]}\n" for n in range(40))
    (tmp_path / "share" / "odd.csv").write_text(f"id;;email;email\n{rows}")
    place, unknown = found(desk, tmp_path / "share")
    (held,) = place["holdings"]
    assert unknown == []
    assert [each["name"] for each in held["columns"]] == ["id", "column 2", "email", "column 4"]
    assert kinds_of(held)["email"] == "email"


def test_others_read_what_was_found_by_the_name_of_the_place(desk: Desk, share: Path) -> None:
    desk.do("discover", share)
    everything = holdings_at(place_of(f"{share}/"))
    assert {each.place for each in everything} == {str(share)}
    inside = holdings_at(place_of(str(share / "hr")))
    assert [each.path for each in inside] == [(f"{share}/hr", "people.csv")]
    assert holdings_at("/nowhere") == []


def test_a_sample_never_touches_the_disk(desk: Desk, share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = share.parent / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    desk.do("discover", share, "--all")
    shown = desk.out + desk.do("discover", share, "--json")
    for value in person(7):
        assert value not in shown
        assert not [each for each in contents(desk.workspace, scratch) if value.encode() in each]


@pytest.mark.slow
def test_a_backup_has_the_policy_and_what_was_found(desk: Desk, share: Path) -> None:
    desk.do("discover", "--write-policy")
    policy = desk.workspace / "policy.toml"
    policy.write_text(policy.read_text().replace("[contact]", "[scammers]"))
    before, _ = found(desk, share)
    desk.do("backup", desk.folder / "backup")
    again = desk.folder / "again"
    assert desk.run("restore", desk.folder / "backup", again, "--keys", desk.folder / "keys") == 0
    assert (again / "policy.toml").read_text() == policy.read_text()
    assert desk.run("discover", share, "--workspace", again, "--json") == 0
    (place,) = json.loads(desk.out)["places"]
    assert (place["looked"], place["holdings"]) == (0, before["holdings"])


def contents(*folders: Path) -> Iterator[bytes]:
    """Every file in some folders."""
    for folder in folders:
        yield from (each.read_bytes() for each in folder.rglob("*") if each.is_file())
