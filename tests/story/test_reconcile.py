"""What `decoy reconcile` finds when tables were merged, restored and worked in."""

import csv
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from desk import Desk
from handed_out import OWNED
from shop import shop

pytestmark = pytest.mark.slow

DECOYS = 12


@pytest.fixture
def owner(desk: Desk) -> Desk:
    """A desk of a company that owns two mail domains, with a shop of 300 customers."""
    file = desk.workspace / "trapstreet.toml"
    file.write_text(file.read_text().replace("domains = []", OWNED))
    shop(base(desk), 300)
    return desk


def base(desk: Desk) -> Path:
    return desk.folder / "shop.sqlite3"


def planted(desk: Desk) -> tuple[list[int], list[int]]:
    """The decoys' numbers, and those of their orders, once they are planted in the database."""
    before = [{row[0] for row in rows(desk, f"SELECT * FROM {table}")} for table in ("customers", "orders")]
    table = f"sqlite:///{base(desk)}?table=customers"
    desk.do("register", table, "--name", "customers", "--key", "id")
    desk.do("plant", "customers", "--decoys", DECOYS)
    after = [rows(desk, f"SELECT * FROM {table}") for table in ("customers", "orders")]
    customers, orders = (
        [row[0] for row in now if row[0] not in old] for now, old in zip(after, before, strict=True)
    )
    return customers, orders


def rows(desk: Desk, statement: str) -> list[tuple[int, ...]]:
    with sqlite3.connect(base(desk)) as database:
        return database.execute(statement).fetchall()


def linked(desk: Desk, table: str, *, status: int = 1) -> dict[str, list[int]]:
    found = desk.json("decoy", "reconcile", "p1", status=status)["plantings"][0]
    (one,) = (each for each in found["linked"] if each["table"] == table)
    return {what: numbers for what, numbers in one.items() if isinstance(numbers, list) and numbers}


def test_nothing_is_amiss_where_nothing_happened(owner: Desk) -> None:
    _, orders = planted(owner)
    found = owner.json("decoy", "reconcile", "p1")["plantings"][0]
    assert (found["present"], found["copied"]) == (DECOYS, [])
    assert {each["table"]: each["present"] for each in found["linked"]}["orders"] == len(orders) > 2
    assert "orders" in owner.do("decoy", "reconcile", "p1")


def test_linked_rows_that_are_lost_edited_copied_or_others_are_said(owner: Desk) -> None:
    _, (lost, edited, copied, *_) = planted(owner)
    whose = dict(rows(owner, "SELECT number, customer FROM orders"))
    for statement in (
        f"DELETE FROM orders WHERE number = {lost}",
        f"UPDATE orders SET amount = amount + 1 WHERE number = {edited}",
        f"INSERT INTO orders SELECT 900001, customer, amount, ordered_at FROM orders WHERE number = {copied}",
        f"INSERT INTO orders VALUES (900002, {whose[edited]}, 1.23, '2026-02-03 11:12:13')",
    ):
        rows(owner, statement)

    found = linked(owner, "orders")

    assert {what: len(numbers) for what, numbers in found.items()} == {
        "lost": 1,
        "edited": 1,
        "copied": 1,
        "others": 1,
    }
    assert found["edited"] == found["others"], "it is said whose they are"
    told = owner.do("decoy", "reconcile", "p1", status=1)
    assert f"orders: 1 row LOST: of p1/{found['lost'][0]}\n" in told
    assert "orders: 1 row of OTHERS refer" in told


def test_linked_rows_that_a_restore_brought_back_are_said(owner: Desk) -> None:
    _, orders = planted(owner)
    kept = rows(owner, f"SELECT * FROM orders WHERE number IN ({', '.join(map(str, orders))})")
    owner.do("plant", "--undo", "p1")
    with sqlite3.connect(base(owner)) as database:
        database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", kept)

    assert len(linked(owner, "orders")["resurrected"]) == len(orders)
    assert "BACK" in owner.do("decoy", "reconcile", "p1", status=1)


def test_a_customer_who_got_the_number_of_a_decoy_that_was_only_planned_is_none(owner: Desk) -> None:
    owner.do("register", f"sqlite:///{base(owner)}?table=customers", "--name", "customers", "--key", "id")
    script, other = owner.folder / "plant.sql", owner.folder / "other.sqlite3"
    owner.do("plant", "customers", "--decoys", DECOYS, "--script", script)
    shutil.copy(base(owner), other)
    with sqlite3.connect(other, isolation_level=None) as database:
        lines = (line for line in script.read_text().splitlines() if not line.startswith("."))
        database.executescript("\n".join(lines))
        planned = {row[0] for row in database.execute("SELECT id FROM customers")}
    (number, *_) = planned - {row[0] for row in rows(owner, "SELECT id FROM customers")}
    rows(
        owner,
        f"INSERT INTO customers VALUES ({number}, 'Real One', 'real@quickmail.example', NULL, 'Cork', 'X', "
        "'2026-01-01')",
    )

    found = owner.json("decoy", "reconcile", "p1")["plantings"][0]

    assert (found["present"], found["appeared"], found["lost"]) == (0, [], [])


def write(path: Path, header: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *lines])


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(newline="") as file:
        header, *lines = csv.reader(file)
    return header, lines


def test_a_merge_that_left_decoys_twice_is_found_in_files(owner: Desk) -> None:
    customers, orders = owner.folder / "customers.csv", owner.folder / "orders.csv"
    write(
        customers,
        ["id", "name", "email", "phone"],
        rows(owner, "SELECT id, name, email, phone FROM customers"),
    )
    write(orders, ["number", "customer", "amount", "day"], rows(owner, "SELECT * FROM orders"))
    owner.do("register", customers, "--name", "customers", "--key", "id")
    old = {row[0] for row in read(customers)[1]}
    owner.do("plant", "customers", "--decoys", DECOYS, "--link", f"{orders}:customer")
    assert owner.json("decoy", "reconcile", "p1")["plantings"][0]["copied"] == []

    header, lines = read(customers)
    decoys = [row for row in lines if row[0] not in old]
    again = decoys[3], ["77000001", decoys[5][1].upper(), decoys[5][2].upper(), ""]
    write(customers, header, [*lines, *again])
    header, lines = read(orders)
    of_copied = [["88000001", "77000001", *row[2:]] for row in lines if row[1] == decoys[5][0]]
    write(orders, header, [*lines, *lines, *of_copied])

    found = owner.json("decoy", "reconcile", "p1", status=1)["plantings"][0]
    assert len(set(found["copied"])) == 2
    assert found["present"] == DECOYS
    assert found["lost"] == found["edited"] == []
    (links,) = found["linked"]
    assert len(links["copied"]) == links["present"] + len(of_copied)
    assert links["lost"] == links["edited"] == links["others"] == []
    told = owner.do("decoy", "reconcile", "p1", status=1)
    assert "2 decoys THERE AGAIN, as further rows: a merge, perhaps: p1/" in told
