"""What happens to data sets and copies in the years after the first day."""

import csv
import sqlite3
from pathlib import Path

import pytest

from desk import Desk
from people import customer_file, read_csv
from trapstreet.app.demo.people import HEADER, customers

OWNED = 'domains = ["post.harbour.example"]\nphones = ["+353 87 0000000-9999999"]'


@pytest.fixture
def office(desk: Desk) -> Desk:
    settings = desk.workspace / "trapstreet.toml"
    settings.write_text(settings.read_text().replace("domains = []\nphones = []", OWNED))
    return desk


def table(path: Path, rows: list[tuple[str, ...]], header: tuple[str, ...] = HEADER) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def dense(count: int) -> list[tuple[str, ...]]:
    """Customers whose numbers have no gaps: decoys go beyond the end."""
    return [(str(10_000 + at), *row[1:]) for at, row in enumerate(customers(count, seed=4))]


def test_a_sqlite_table_is_registered_and_shared_from_anywhere(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(office.folder / "shop.db") as shop:
        shop.execute(f"CREATE TABLE clients ({', '.join(HEADER)})")
        shop.executemany(f"INSERT INTO clients VALUES ({', '.join('?' * 7)})", customers(300, seed=1))
    monkeypatch.chdir(office.folder)
    office.do("register", "sqlite:///shop.db?table=clients", "--name", "shop")
    monkeypatch.chdir(office.folder.parent)
    office.do("share", "shop", "--to", "Auditor", "--out", office.folder / "out.csv")
    assert len(read_csv(office.folder / "out.csv")) == 303


def test_a_moved_source_is_shared_from_its_new_place(office: Desk) -> None:
    old = customer_file(office.folder / "old.csv", 300)
    office.do("register", old, "--name", "customers")
    new = old.rename(office.folder / "new.csv")
    assert not office.json("register", new, "--name", "customers")["new_version"]
    office.do("share", "customers", "--to", "Auditor", "--out", office.folder / "out.csv")


def test_columns_in_another_order_are_no_change(office: Desk) -> None:
    rows = list(customers(200, seed=5))
    office.do("register", table(office.folder / "a.csv", rows), "--name", "customers")
    turned = table(office.folder / "b.csv", [row[::-1] for row in rows], HEADER[::-1])
    assert not office.json("register", turned, "--name", "customers")["new_version"]


def test_a_correction_enters_records_anew_and_dates_nothing(office: Desk) -> None:
    source = customer_file(office.folder / "a.csv", 200)
    office.do("register", source, "--name", "customers", "--type", "phone=text")
    result = office.json("register", source, "--name", "customers", "--type", "phone=phone")
    assert (result["version"], result["appeared"], result["changed"], result["went"]) == (2, 0, 0, 0)
    leak = office.write("leak.txt", "\n".join(f"{row['name']} {row['phone']}" for row in read_csv(source)))
    (traced,) = office.json("trace", leak, status=1)["data_sets"]
    assert traced["records"]["matched"] == 200
    assert traced["taken"] is None


def test_versions_date_a_leak(office: Desk) -> None:
    rows = list(customers(200, seed=6))
    office.do("register", table(office.folder / "a.csv", rows[:150]), "--name", "customers")
    office.do("register", table(office.folder / "a.csv", rows), "--name", "customers")
    result = office.json("register", table(office.folder / "a.csv", rows[20:]), "--name", "customers")
    assert (result["version"], result["went"]) == (3, 20)
    leak = office.write("leak.txt", "\n".join(";".join(row) for row in rows))
    (traced,) = office.json("trace", leak, status=1)["data_sets"]
    assert traced["taken"]["from"] < traced["taken"]["to"]
    assert "between" in office.do("trace", leak, status=1)


def test_a_copy_registered_under_another_name_is_recognised(office: Desk) -> None:
    office.do("register", customer_file(office.folder / "a.csv", 300), "--name", "customers")
    copy = office.json("share", "customers", "--to", "Auditor", "--out", office.folder / "copy.csv")["copy"]
    result = office.json("register", office.folder / "copy.csv", "--name", "elsewhere")
    assert result["decoy_rows"] == {copy: 3}
    assert result["rows"] == 300


@pytest.mark.slow
def test_a_new_customer_who_gets_a_decoy_s_number_is_no_decoy(office: Desk) -> None:
    rows = dense(1_200)
    source = table(office.folder / "a.csv", rows[:1_000])
    office.do("register", source, "--name", "customers")
    for number in range(3):
        out = office.folder / f"copy{number}.csv"
        office.do("share", "customers", "--to", f"Office {'ABC'[number]}", "--out", out, "--decoys", 60)
    taken = {row["ticket"] for number in range(3) for row in read_csv(office.folder / f"copy{number}.csv")}
    newcomers = [(number, *rows[1_000 + at][1:]) for at, number in enumerate(sorted(taken)[-150:])]
    result = office.json("register", table(source, rows[:1_000] + newcomers), "--name", "customers")
    assert result["decoy_rows"] == {}
    assert result["appeared"] == 150


@pytest.mark.slow
def test_strip_knows_whose_copy_it_is_among_data_sets_with_the_same_key(office: Desk) -> None:
    for name, seed in (("alpha", 1), ("beta", 2), ("gamma", 3)):
        source = customer_file(office.folder / f"{name}.csv", 300, seed=seed)
        office.do("register", source, "--name", name)
        office.do("share", name, "--to", "Auditor", "--out", office.folder / f"{name}-copy.csv")
    for name in ("alpha", "beta", "gamma"):
        clean = office.folder / f"{name}-clean.csv"
        result = office.json("strip", office.folder / f"{name}-copy.csv", "--out", clean)
        assert result["data_set"] == name
        assert clean.read_bytes() == (office.folder / f"{name}.csv").read_bytes()


@pytest.mark.slow
def test_decoys_without_a_phone_do_not_weaken_those_that_have_one(office: Desk) -> None:
    rows = list(customers(3_000, seed=8))
    rows[::20] = [(*row[:3], "", *row[4:]) for row in rows[::20]]
    office.do("register", table(office.folder / "a.csv", rows), "--name", "customers")
    copy = office.json(
        "share", "customers", "--to", "Auditor", "--out", office.folder / "copy.csv", "--decoys", 200
    )["copy"]
    shown = [f"{row['name']} {row['phone']}" for row in read_csv(office.folder / "copy.csv")]
    (traced,) = office.json("trace", office.write("leak.txt", "\n".join(shown)), status=1)["data_sets"]
    assert [each["copy"] for each in traced["accused"]] == [copy]


def test_a_switchboard_number_of_very_many_does_not_stop_a_scan(office: Desk) -> None:
    hotline = "+353 1 555 0100"
    rows = list(customers(2_000, seed=9))
    rows[1::2] = [(*row[:3], hotline, *row[4:]) for row in rows[1::2]]
    source = table(office.folder / "a.csv", rows)
    office.do("register", source, "--name", "customers")
    text = f"call {hotline} now\n" * 20_000 + ";".join(rows[1])
    (finding,) = office.json("scan", office.write("calls.txt", text), status=1)["findings"]
    assert finding["records"] == 1
    assert finding["singles"] == {}


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "bell\x07"])
def test_names_are_one_line_that_prints(office: Desk, name: str) -> None:
    source = customer_file(office.folder / "a.csv", 50)
    office.refused(2, "register", source, "--name", name)
    office.do("register", source, "--name", "customers")
    out = office.folder / "x.csv"
    office.refused(2, "share", "customers", "--to", name, "--out", out)
    assert not out.exists()
