"""Shared decoys last for years; by and by a customer gets the key of one."""

import csv
import shutil
from pathlib import Path

import pytest

from desk import Desk, workspace_in
from people import customer_file, read_csv
from trapstreet.app.demo.people import HEADER, customers

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 customers and three copies; each key that two copies' decoys share is a new customer's by now."""
    folder = tmp_path_factory.mktemp("made")
    source = customer_file(folder / "customers.csv", 2_000, seed=2)
    copies = [folder / f"copy{number}.csv" for number in range(3)]
    shares = (("share", "customers", *asked(number), "--out", copy) for number, copy in enumerate(copies))
    workspace_in(folder, ("register", source, "--name", "customers"), *shares)
    known = {row["ticket"] for row in read_csv(source)}
    one, other = ({row["ticket"] for row in read_csv(copy)} for copy in copies[1:])
    taken = sorted((one & other) - known)
    assert taken
    newcomers = zip(taken, customers(len(taken), seed=77), strict=True)
    more = [dict(zip(HEADER, (key, *new[1:]), strict=True)) for key, new in newcomers]
    write(source, [*read_csv(source), *more])
    return folder


@pytest.fixture
def overtaken(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk at a workspace of this test's own; the table is the module's, which no test changes."""
    return Desk(shutil.copytree(made, tmp_path / "office"), capsys)


def asked(number: int) -> tuple[object, ...]:
    return ("--to", f"Office {number}", "--recipient-is-new", "--decoys", 250, "--withhold", "2%")


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_new_copy_has_no_decoy_with_the_key_of_a_real_row(overtaken: Desk) -> None:
    copy = overtaken.folder / "copy3.csv"
    overtaken.do("share", "customers", *asked(3), "--out", copy, "--new-version")
    keys = [row["ticket"] for row in read_csv(copy)]
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
