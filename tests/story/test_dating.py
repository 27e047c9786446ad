"""From registered versions to a window of time, and to the copies that existed then."""

import csv
from pathlib import Path

import pytest

from desk import Desk, Kept, done, workspace_in
from people import read_csv
from trapstreet.app.demo.people import HEADER, customers

OWNED = 'domains = ["post.harbour.example"]\nphones = ["+353 87 0000000-9999999"]'


def table(path: Path, rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def moved(rows: list[tuple[str, ...]], which: range, seed: int) -> list[tuple[str, ...]]:
    """The rows, some of them with other phone numbers."""
    phones = [row[3] for row in customers(len(rows), seed=seed)]
    return [(*row[:3], phones[at], *row[4:]) if at in which else row for at, row in enumerate(rows)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Three versions, and a copy of each."""
    folder = workspace_in(tmp_path_factory.mktemp("office"))
    settings = folder / "workspace" / "trapstreet.toml"
    settings.write_text(settings.read_text().replace("domains = []\nphones = []", OWNED))
    rows, there = list(customers(300, seed=31)), ("--workspace", folder / "workspace")
    for version, change in enumerate((range(0), range(100), range(100, 200))):
        rows = moved(rows, change, seed=40 + version)
        done("register", table(folder / "customers.csv", rows), "--name", "customers", *there)
        out = folder / f"copy-of-version-{version + 1}.csv"
        done("share", "customers", "--to", f"Office {'ABC'[version]}", "--out", out, *there)
    return Kept(folder)


@pytest.fixture
def office(made: Kept, capsys: pytest.CaptureFixture[str]) -> Desk:
    return made.again(capsys)


def copy_of(desk: Desk, version: int) -> Path:
    return desk.folder / f"copy-of-version-{version}.csv"


def leak(desk: Desk, version: int) -> Path:
    return desk.write("leak.txt", "\n".join(lines(desk, version)))


def lines(desk: Desk, version: int) -> list[str]:
    return list(by_ticket(desk, version).values())


def by_ticket(desk: Desk, version: int) -> dict[str, str]:
    return {row["ticket"]: ";".join(row.values()) for row in read_csv(copy_of(desk, version))}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_leaked_copy_is_dated_to_its_version_and_the_bound_kept_for_its_like(
    office: Desk, version: int
) -> None:
    (traced,) = office.json("trace", leak(office, version), status=1)["data_sets"]
    assert traced["times"] == "one"
    assert traced["taken"]["versions"] == [version]
    assert traced["taken"]["agree"] == 1
    assert traced["copies_then"] == 1
    (accused,) = traced["accused"]
    assert accused["copy"].startswith(f"{version}-")
    assert accused["weight"] == pytest.approx(0.9 + 0.1 / 3)


def test_rows_of_two_copies_have_no_window_and_all_copies_weigh_the_same(office: Desk) -> None:
    """Each customer from one of the copies, the decoys of both."""
    page = office.folder / "dossier.html"
    copies = by_ticket(office, 1), by_ticket(office, 3)
    customers_of_both = sorted(copies[0].keys() & copies[1].keys())
    taken = {ticket: copies[at % 2][ticket] for at, ticket in enumerate(customers_of_both)}
    mixed = office.write("mixed.txt", "\n".join((copies[0] | copies[1] | taken).values()))
    (traced,) = office.json("trace", mixed, "--html", page, status=1)["data_sets"]
    assert (traced["times"], traced["taken"], traced["copies_then"]) == ("several", None, 0)
    assert {each["weight"] for each in traced["accused"]} <= {1 / 3}
    assert "do not agree on one time" in office.do("trace", mixed, status=1)
    assert "<svg" in page.read_text()


def test_all_of_two_copies_together_have_no_window_that_leaves_one_out(office: Desk) -> None:
    both = office.write("both.txt", "\n".join([*lines(office, 1), *lines(office, 3)]))
    (traced,) = office.json("trace", both, status=1)["data_sets"]
    assert traced["taken"] is None
    assert {each["weight"] for each in traced["accused"]} == {1 / 3}
    assert sorted(each["copy"].partition("-")[0] for each in traced["accused"]) == ["1", "3"]
