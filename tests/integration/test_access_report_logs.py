"""Who can read people's data where a SQLite file is closed, and its log lies open."""

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest

from databases import LEFT, beside, crashed
from desk import Desk


@pytest.fixture
def share() -> Iterator[Path]:
    """A database without rows that its owner alone reads; its log has them, and everybody reads that."""
    top = Path("/tmp") / f"trapstreet-logs-{os.getpid()}"
    top.mkdir()
    try:
        top.chmod(0o755)
        crashed(top / "app.db").chmod(0o600)
        beside(top / "app.db", "-wal").chmod(0o644)
        yield top
    finally:
        rmtree(top)


def test_rows_in_the_log_of_a_closed_database_are_open_to_who_reads_the_log(desk: Desk, share: Path) -> None:
    desk.do("discover", share)
    answer = desk.json("access", "report", share)
    assert answer["answer"].startswith("Yes: everybody of ")
    assert f"about {LEFT} people" in answer["answer"]
    assert {each["what"][1]: (each["people"], each["everybody"]) for each in answer["widest"]} == {
        "1 file rw-------": (LEFT, False),
        "1 file rw-r--r--": (LEFT, True),
    }


def test_who_is_in_a_database_and_in_its_log_counts_once(desk: Desk, share: Path) -> None:
    (share / "app.db").chmod(0o644)
    desk.do("discover", share)
    answer = desk.json("access", "report", share)
    assert [each["people"] for each in answer["widest"]] == [LEFT]


def test_a_log_without_its_database_is_not_called_nothing(desk: Desk, share: Path) -> None:
    (share / "app.db").unlink()
    (share / "staff.csv").write_text("full_name,email\nAnna Byrne,anna@harbour.example\n")
    (share / "staff.csv").chmod(0o600)
    assert desk.run("discover", share, "--all", "--workspace", desk.workspace) == 6
    said = desk.do("access", "report", share, status=6)
    assert "Not everybody, as far as is known: nothing about people is open" in said
    assert f"NOT KNOWN what it holds: {share}/app.db-wal: its database app.db is gone" in said
    answer = desk.json("access", "report", share / "app.db-wal", status=6)
    assert any("app.db-wal" in each for each in answer["unknown"])
