"""What lies in the logs and journals beside SQLite files, and that nothing is left there."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest

from databases import LEFT, beside, crashed
from desk import Desk
from discovering import found, kinds_of, person
from servers import PASSWORD
from source_yards.smb import Here
from trapstreet.plugins import _sqlite_log


def state(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Everything in a folder: content and times of change."""
    return {
        each.name: (each.read_bytes(), each.stat().st_mtime_ns, each.stat().st_ctime_ns)
        for each in folder.iterdir()
    }


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


def test_a_log_holds_what_its_database_holds(desk: Desk, app: Path) -> None:
    file = crashed(app / "app.db")
    assert person(7)[1].encode() not in file.read_bytes()
    place, unknown = found(desk, app)
    assert unknown == []
    log = place["by_name"][f"{app}.app.db-wal.staff"]
    assert (log["records"], log["people"], log["sensitivity"]) == (LEFT, LEFT, "contact")
    assert kinds_of(log) == {"full_name": "name", "email": "email"}
    assert place["by_name"][f"{app}.app.db.staff"]["people"] == LEFT
    assert f"{app}/app.db-wal!staff, of app.db" in desk.do("discover", app)
    assert found(desk, app)[0]["unchanged"] == 2
    alone, _ = found(desk, beside(file, "-wal"))
    assert alone["holdings"][-1]["people"] == LEFT


def test_reading_a_log_that_nobody_has_open_changes_nothing_and_leaves_nothing(desk: Desk, app: Path) -> None:
    file = crashed(app / "app.db")
    before = state(app)
    for location in (f"sqlite:///{file}", str(app), str(file)):
        place, unknown = found(desk, location)
        assert unknown == []
        assert LEFT in {each["people"] for each in place["holdings"]}
        assert state(app) == before, location


def test_what_a_transaction_did_that_never_ended_does_not_count(desk: Desk, app: Path) -> None:
    file = crashed(app / "app.db", in_a_transaction=True)
    before = state(app)
    place, _ = found(desk, f"sqlite:///{file}")
    assert [each["records"] for each in place["holdings"]] == [LEFT]
    assert state(app) == before


def test_a_log_in_memory_is_what_sqlite_makes_of_it(desk: Desk, app: Path, tmp_path: Path) -> None:
    """A database that grew and shrank in its log, against SQLite on a copy."""
    file = app / "app.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA wal_autocheckpoint = 0")
        for name, count in (("a", 900), ("b", 30)):
            base.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, email TEXT)")
            base.executemany(f"INSERT INTO {name} (email) VALUES (?)", [person(n)[1:2] for n in range(count)])
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        base.execute("DROP TABLE a")
        base.execute("VACUUM")
        base.executemany("INSERT INTO b (email) VALUES (?)", [person(n)[1:2] for n in range(30, 70)])
        copy = tmp_path / "copy"
        copy.mkdir()
        for ending in ("", "-wal"):
            shutil.copy(beside(file, ending), copy)
    place, unknown = found(desk, copy)
    assert unknown == []
    assert {name.rpartition(".")[2]: each["records"] for name, each in place["by_name"].items()} == {"b": 70}
    assert {each["people"] for each in place["holdings"]} == {70}


def test_a_log_that_changes_the_size_in_every_frame_is_put_together_in_no_time() -> None:
    """One that was made up to keep whoever reads it busy."""
    page, salts = 512, b"of a log"
    head = _sqlite_log.MAGICS[0] + bytes(4) + page.to_bytes(4) + bytes(4) + salts + bytes(8)
    sizes = [size for _ in range(500) for size in (_sqlite_log.LARGEST // page, 1)]
    frames = (b"\0\0\0\1" + size.to_bytes(4) + salts + bytes(8 + page) for size in sizes)
    begun = time.process_time()
    image = _sqlite_log.with_log(BytesIO(bytes(4_096)), BytesIO(head + b"".join(frames)))
    assert time.process_time() - begun < 2
    assert len(image) == page


def test_what_is_in_the_log_of_a_database_named_by_a_link_is_seen_the_next_time(
    desk: Desk, app: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(app / "app.db")
    with closing(sqlite3.connect(app / "app.db", isolation_level=None)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("CREATE TABLE staff (email TEXT)")
        for count in (30, 60):
            base.executemany("INSERT INTO staff VALUES (?)", [person(n)[1:2] for n in range(30)])
            place, _ = found(desk, f"sqlite:///{link}")
            assert [each["records"] for each in place["holdings"]] == [count]


def test_a_log_of_a_large_database_is_not_read_and_said_to_be(
    desk: Desk, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = crashed(app / "app.db")
    with closing(sqlite3.connect(file, isolation_level=None)) as base:
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        base.execute("CREATE TABLE later (email TEXT)")
        for ending in ("", "-wal"):
            shutil.copy(beside(file, ending), app / f"copy.db{ending}")
    before = {each: state(app)[each] for each in ("copy.db", "copy.db-wal")}
    monkeypatch.setattr(_sqlite_log, "LARGEST", 10_000)
    place, unknown = found(desk, app / "copy.db", status=6)
    assert [each["people"] for each in place["holdings"]] == [LEFT]
    assert [each.partition(" was not read: more than ")[0] for each in unknown] == [f"{app}/copy.db: its log"]
    place, unknown = found(desk, app / "copy.db-wal", status=6)
    assert [each.partition(" was not read: more than ")[0] for each in unknown] == [
        f"{app}/copy.db-wal: its log"
    ]
    assert {each: state(app)[each] for each in before} == before
    assert {*state(app)} == {"app.db", "copy.db", "copy.db-wal"}


@pytest.mark.parametrize("left", ["gone", "damaged", "encrypted"])
def test_what_lies_in_the_log_of_a_database_that_cannot_be_read_is_not_known(
    desk: Desk, app: Path, left: str
) -> None:
    file = crashed(app / "app.db")
    if left == "gone":
        file.unlink()
    elif left == "encrypted":
        file.write_bytes(os.urandom(4_096))
    else:
        file.write_bytes(b"SQLite format 3\0" + bytes(80))
        os.truncate(beside(file, "-wal"), 40)
    for _ in range(2):
        _, unknown = found(desk, app, status=6)
        assert [each for each in unknown if each.startswith(f"{app}/app.db-wal: ")], unknown


@pytest.fixture
def journalled(app: Path) -> Iterator[Path]:
    file = app / "crm.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as base:
        base.execute("PRAGMA journal_mode = PERSIST")
        base.execute("CREATE TABLE staff (full_name TEXT, email TEXT)")
        base.executemany("INSERT INTO staff VALUES (?, ?)", [person(n)[:2] for n in range(40)])
        base.execute("DELETE FROM staff WHERE rowid <= 10")
    yield file


def test_a_journal_that_stays_holds_rows_of_its_database(desk: Desk, journalled: Path) -> None:
    assert person(20)[1].encode() in beside(journalled, "-journal").read_bytes()
    place, unknown = found(desk, journalled.parent)
    assert unknown == []
    assert {each["path"][1]: each["people"] for each in place["holdings"]} == {
        "crm.sqlite": 30,
        "crm.sqlite-journal": 30,
    }


def test_what_only_has_the_name_of_a_journal_is_a_text(desk: Desk, app: Path) -> None:
    (app / "travel-journal").write_text("Please write to anna@mail.example.\n")
    place, unknown = found(desk, app)
    assert (unknown, [each["kind"] for each in place["holdings"]]) == ([], ["text"])


def plain(file: Path) -> Path:
    """A database without a log, of 30 people."""
    with closing(sqlite3.connect(file)) as base, base:
        base.execute("CREATE TABLE customers (email TEXT)")
        base.executemany("INSERT INTO customers VALUES (?)", [person(n)[1:2] for n in range(30)])
    return file


@pytest.mark.system
def test_on_a_server_a_log_holds_what_its_database_holds(
    desk: Desk, app: Path, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPSTREET_SMB_PASSWORD", PASSWORD)
    yard = Here(request, tmp_path)
    file = crashed(app / "app.db")
    for ending in ("", "-wal"):
        yard.put(f"apps/app.db{ending}", beside(file, ending).read_bytes())
    yard.put("apps/plain.db", plain(app / "plain.db").read_bytes())
    yard.put("apps/old.db-wal", beside(file, "-wal").read_bytes())
    place, unknown = found(desk, yard.url, status=6)
    assert place["by_name"][f"{yard.name('apps')}.app.db-wal.staff"]["people"] == LEFT
    assert place["by_name"][f"{yard.name('apps')}.plain.db.customers"]["people"] == 30
    assert [each.partition(": ")[0] for each in unknown] == [yard.name("apps/old.db-wal")]
