"""What becomes of planted decoys when tables live on: columns change, numbers are given again, files move."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from desk import Desk
from handed_out import OWNED
from shop import shop

pytestmark = pytest.mark.slow

DECOYS = 12


@pytest.fixture
def planted(desk: Desk) -> Desk:
    """A shop of 300 customers with decoys in it and in what refers to them."""
    file = desk.workspace / "trapstreet.toml"
    file.write_text(file.read_text().replace("domains = []", OWNED))
    shop(base(desk), 300)
    desk.do("register", table_of(desk), "--name", "customers", "--key", "id")
    desk.do("plant", "customers", "--decoys", DECOYS)
    return desk


def base(desk: Desk) -> Path:
    return desk.folder / "shop.sqlite3"


def table_of(desk: Desk, table: str = "customers") -> str:
    return f"sqlite:///{base(desk)}?table={table}"


def change(desk: Desk, *statements: str) -> None:
    with sqlite3.connect(base(desk)) as database:
        for statement in statements:
            database.execute(statement)


def reconciled(desk: Desk, *, status: int = 0) -> dict[str, object]:
    found: dict[str, object] = desk.json("decoy", "reconcile", "p1", status=status)["plantings"][0]
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE customers ADD COLUMN vat TEXT",
        "ALTER TABLE customers DROP COLUMN city",
        "CREATE TABLE a_returns (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id))",
    ],
)
def test_a_table_that_changed_its_shape_is_reconciled_and_cleared(planted: Desk, statement: str) -> None:
    change(planted, statement)
    assert reconciled(planted)["present"] == DECOYS
    assert planted.json("decoy", "test")["plantings"][0]["in_place"] == DECOYS
    planted.do("plant", "--undo", "p1")
    with sqlite3.connect(base(planted)) as database:
        assert database.execute("SELECT count(*) FROM customers").fetchone() == (300,)


def test_a_linked_table_that_is_gone_is_one_clear_line(planted: Desk) -> None:
    change(planted, "DROP TABLE contacts")
    if "contacts" in planted.do("plant", "--undo", "p1", status=2) + planted.err:
        assert "gone" in planted.err


def test_columns_in_another_order_change_nothing(desk: Desk) -> None:
    file = desk.workspace / "trapstreet.toml"
    file.write_text(file.read_text().replace("domains = []", OWNED))
    shop(base(desk), 300)
    with sqlite3.connect(base(desk)) as database:
        rows = database.execute("SELECT id, name, email, phone, city FROM customers").fetchall()
    table = desk.write(
        "c.csv", "\n".join(["id,name,email,phone,city", *(",".join(str(c or "") for c in r) for r in rows)])
    )
    desk.do("register", table, "--name", "customers", "--key", "id")
    desk.do("plant", "customers", "--decoys", DECOYS)
    lines = [line.split(",") for line in table.read_text().splitlines()]
    table.write_text("\n".join(",".join([b, a, *rest]) for a, b, *rest in lines) + "\n")
    assert reconciled(desk)["present"] == DECOYS
    assert desk.json("decoy", "test")["plantings"][0]["unheard"] == []
    desk.do("plant", "--undo", "p1")
    assert len(table.read_text().splitlines()) == 301


def test_retired_decoys_stay_without_an_alarm(planted: Desk) -> None:
    planted.do("decoy", "retire", "p1/1-3")
    assert reconciled(planted)["resurrected"] == []


def test_a_customer_with_the_number_of_a_decoy_that_was_taken_out_is_a_customer(planted: Desk) -> None:
    with sqlite3.connect(base(planted)) as database:
        ids = {row[0] for row in database.execute("SELECT id FROM customers")}
    planted.do("plant", "--undo", "p1")
    with sqlite3.connect(base(planted)) as database:
        (freed, *_) = ids - {row[0] for row in database.execute("SELECT id FROM customers")}
    change(
        planted,
        f"INSERT INTO customers VALUES ({freed}, 'Real One', 'real@quickmail.example', NULL, 'Cork', 'X', "
        "'2026-01-01')",
    )
    assert reconciled(planted)["resurrected"] == []
    planted.do("register", table_of(planted), "--name", "customers")
    token = planted.folder / "token"
    job = ("--data-set", "customers", "--purpose", "invoices", "--rows", 300, "--column", "id=id")
    planted.do("suppress", "job", "add", "billing", *job, "--token", token)
    with sqlite3.connect(base(planted)) as database:
        rows = database.execute("SELECT id FROM customers").fetchall()
    export = planted.write("export.csv", "id,amount\n" + "".join(f"{row[0]},1\n" for row in rows))
    out = planted.folder / "out.csv"
    planted.do("suppress", "run", "billing", export, "--out", out, "--token", token)
    assert f"{freed},1" in out.read_text().splitlines()


def test_another_data_set_of_the_planted_table_is_shared_without_its_decoys(planted: Desk) -> None:
    planted.do("register", table_of(planted), "--name", "again", "--key", "id")
    copy = planted.json("share", "again", "--to", "Auditor", "--out", planted.folder / "a.csv", "--decoys", 5)
    assert copy["rows"] == 300


def test_a_table_that_moved_is_found_where_the_data_set_is_now(planted: Desk) -> None:
    moved = planted.folder / "moved.sqlite3"
    shutil.move(base(planted), moved)
    planted.do("register", f"sqlite:///{moved}?table=customers", "--name", "customers")
    assert reconciled(planted)["present"] == DECOYS


def test_when_one_table_is_away_the_others_are_still_told_of(planted: Desk) -> None:
    table = planted.write(
        "b.csv", "id,email\n" + "".join(f"{n},c{n}@quickmail.example\n" for n in range(0, 900, 3))
    )
    planted.do("register", table, "--name", "others", "--key", "id")
    planted.do("plant", "others", "--decoys", 5)
    table.unlink()
    told = planted.json("decoy", "reconcile", "--all", status=6)
    assert [each["present"] for each in told["plantings"]] == [DECOYS]
    assert [each["planting"].partition("-")[0] for each in told["unread"]] == ["p2"]


def test_two_things_at_once_are_refused(planted: Desk) -> None:
    assert "two things" in planted.refused(2, "plant", "customers", "--plan", "--audit", "--undo", "p1")
    assert "--out is the file of --removal" in planted.refused(2, "plant", "customers", "--out", "x")
