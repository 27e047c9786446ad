"""Copies that were mixed, cleaned and thinned out: who took part is still named, and nobody else."""

import csv
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from desk import Desk
from handed_out import handed_out
from people import read_csv

pytestmark = pytest.mark.slow

ROWS = 6_000
RECIPIENTS = ("Call centre Cork", "Mailing house Lyon", "Auditor", "Printing works Brno")

Rows = dict[str, dict[str, str]]
"""The rows of a file by their ticket numbers."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6,000 customers and four copies, each without 1 % of them; the company owns two mail domains."""
    folder, settings = tmp_path_factory.mktemp("office"), '\n[share.customers]\nwithhold = "1%"\n'
    return handed_out(folder, rows=ROWS, recipients=RECIPIENTS, share=("--decoys", 300), settings=settings)


@pytest.fixture
def shared(folder: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk at the workspace, which no test here changes."""
    return Desk(folder, capsys)


def copy_file(desk: Desk, number: int) -> Path:
    return desk.folder / f"copy{number}.csv"


def rows_of(desk: Desk, number: int) -> Rows:
    return {row["ticket"]: row for row in read_csv(copy_file(desk, number))}


def real(desk: Desk) -> set[str]:
    return {row["ticket"] for row in read_csv(desk.folder / "customers.csv")}


def leaked(desk: Desk, rows: list[dict[str, str]], name: str) -> Path:
    """The rows in another order, with the columns the other way round."""
    Random(1).shuffle(rows)
    path = desk.folder / name
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0])[::-1], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path


def accused(desk: Desk, leak: Path) -> set[int]:
    """The numbers of the copies that take part, from 0 on, as in the names of the files."""
    (result,) = desk.json("trace", leak, status=1)["data_sets"]
    return {int(each["copy"].partition("-")[0]) - 1 for each in result["accused"]}


def test_copies_go_without_one_row_in_a_hundred_each_without_others(shared: Desk) -> None:
    missing = [real(shared) - rows_of(shared, number).keys() for number in range(len(RECIPIENTS))]
    assert all(30 <= len(each) <= 95 for each in missing)
    assert all(len(a & b) <= 5 for a, b in pairwise(missing))


def test_two_who_keep_only_what_both_have_are_both_named(shared: Desk) -> None:
    """No decoy of either alone is left, and hardly one that both had."""
    one, other = rows_of(shared, 1), rows_of(shared, 2)
    both = [row for ticket, row in one.items() if ticket in other]
    assert accused(shared, leaked(shared, both, "both.csv")) == {1, 2}


def test_three_who_keep_only_what_all_have_are_named(shared: Desk) -> None:
    copies = [rows_of(shared, number) for number in (0, 1, 3)]
    everywhere = [row for ticket, row in copies[0].items() if all(ticket in each for each in copies)]
    assert accused(shared, leaked(shared, everywhere, "three.csv")) == {0, 1, 3}


def test_a_copy_without_a_single_decoy_left_is_named_from_what_it_lacks(shared: Desk) -> None:
    known = real(shared)
    kept = [row for ticket, row in rows_of(shared, 2).items() if ticket in known]
    leak = leaked(shared, Random(2).sample(kept, 4_000), "cleaned.csv")
    (result,) = shared.json("trace", leak, status=1)["data_sets"]
    (each,) = result["accused"]
    assert each["copy"].startswith("3-")
    (evidence,) = each["evidence"]
    (pool, withheld) = evidence["layers"]
    assert pool["shown"] == 0
    assert withheld == {"kind": "rows", "chance": 0.99, "positions": ROWS, "shown": 4_000, "held": 4_000}
    assert result["not_only_source"], "the leak shows too much that was withheld from others"
    assert each["copy"] not in result["not_only_source"]


def test_rows_of_two_copies_taken_by_turns_name_both(shared: Desk) -> None:
    one, other, random = rows_of(shared, 1), rows_of(shared, 3), Random(3)
    mixed = [each for ticket in one | other if (each := random.choice([one, other]).get(ticket))]
    assert accused(shared, leaked(shared, mixed, "turns.csv")) == {1, 3}


def test_a_leak_of_the_source_itself_accuses_nobody(shared: Desk) -> None:
    rows = Random(4).sample(read_csv(shared.folder / "customers.csv"), 5_000)
    leak = leaked(shared, rows, "source.csv")
    assert accused(shared, leak) == set()
    assert "No verdict" in shared.do("trace", leak, status=1)


def test_a_leak_of_what_every_copy_holds_but_a_stranger_took_accuses_nobody(shared: Desk) -> None:
    """Whoever has the source and knows no copy cannot leave out what one copy lacks."""
    everybody = [row for row in read_csv(shared.folder / "customers.csv") if int(row["ticket"][-1]) % 2]
    assert accused(shared, leaked(shared, everybody, "odd.csv")) == set()


def test_duplicates_other_order_and_other_spelling_change_no_verdict(shared: Desk) -> None:
    one, other = rows_of(shared, 1), rows_of(shared, 2)
    both = [row for ticket, row in one.items() if ticket in other]
    text = "\n".join(
        f"{row['name'].upper()} <{row['email'].upper()}> {row['ticket'].lower()}"
        for row in Random(5).sample(both, 5_000) * 2
    )
    assert accused(shared, shared.write("spelt.txt", text)) == {1, 2}


def test_from_the_second_copy_on_copies_share_some_of_their_decoys(shared: Desk) -> None:
    known = real(shared)
    decoys = [
        {tuple(row.values()) for ticket, row in rows_of(shared, number).items() if ticket not in known}
        for number in range(len(RECIPIENTS))
    ]
    assert [len(each) for each in decoys] == [300] * len(RECIPIENTS)
    assert decoys[0].isdisjoint(decoys[1] | decoys[2] | decoys[3]), "the first has nobody to share with"
    pool = (decoys[1] & decoys[2]) | (decoys[1] & decoys[3]) | (decoys[2] & decoys[3])
    assert all(15 <= len(each & pool) <= 80 for each in decoys[1:])
    for column in (0, 2):
        values = [row[column] for row in decoys[1] | decoys[2] | decoys[3]]
        assert len(set(values)) == len(values), "what is shared is whole decoys"


def test_damaged_values_cost_rows_and_no_verdict(shared: Desk) -> None:
    """One cell in ten is cut, mistyped or empty."""
    one, other, random = rows_of(shared, 1), rows_of(shared, 2), Random(6)
    both = [dict(row) for ticket, row in one.items() if ticket in other]
    for row in both:
        for column in row:
            if random.random() < 0.1:
                row[column] = random.choice(["", row[column][: len(row[column]) // 2], row[column][::-1]])
    assert accused(shared, leaked(shared, both, "damaged.csv")) == {1, 2}
