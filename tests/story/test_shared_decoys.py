"""Shared decoys last for years; by and by a customer gets the key of one."""

import csv
from pathlib import Path

import pytest

from desk import Desk
from people import customer_file, read_csv
from trapstreet.app.demo.people import HEADER, customers


@pytest.fixture
def overtaken(desk: Desk) -> Desk:
    """2,000 customers and three copies; each key that two copies' decoys share is a new customer's by now."""
    source = customer_file(desk.folder / "customers.csv", 2_000, seed=2)
    desk.do("register", source, "--name", "customers")
    for number in range(3):
        share(desk, number)
    known = {row["ticket"] for row in read_csv(source)}
    one, other = ({row["ticket"] for row in read_csv(copy_file(desk, number))} for number in (1, 2))
    taken = sorted((one & other) - known)
    assert taken
    newcomers = zip(taken, customers(len(taken), seed=77), strict=True)
    more = [dict(zip(HEADER, (key, *new[1:]), strict=True)) for key, new in newcomers]
    write(source, [*read_csv(source), *more])
    return desk


def share(desk: Desk, number: int, *more: str) -> None:
    asked = ("--to", f"Office {number}", "--recipient-is-new", "--decoys", 250, "--withhold", "2%")
    desk.do("share", "customers", *asked, "--out", copy_file(desk, number), *more)


def copy_file(desk: Desk, number: int) -> Path:
    return desk.folder / f"copy{number}.csv"


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_new_copy_has_no_decoy_with_the_key_of_a_real_row(overtaken: Desk) -> None:
    share(overtaken, 3, "--new-version")
    keys = [row["ticket"] for row in read_csv(copy_file(overtaken, 3))]
    assert len(keys) == len(set(keys))


def test_a_leak_with_such_customers_is_traced_and_proved(overtaken: Desk) -> None:
    refreshed = overtaken.folder / "refreshed.csv"
    overtaken.do("copy", "refresh", 2, "--out", refreshed, "--new-version")
    known = {row["ticket"] for row in read_csv(overtaken.folder / "customers.csv")}
    kept = [row for row in read_csv(refreshed) if row["ticket"] in known]
    leak = write(overtaken.folder / "leak.csv", kept)
    answer = overtaken.json("trace", leak, "--proof", overtaken.folder / "proof.json", status=1)
    assert [each["copy"][0] for each in answer["data_sets"][0]["accused"]] == ["2"]
    assert answer["proof"]["file"], answer["proof"]["why"]
