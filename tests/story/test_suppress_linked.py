"""Exports of tables that refer to customers, told by their own numbers alone: orders, tickets."""

import sqlite3
from pathlib import Path

import pytest

from desk import Desk
from handed_out import OWNED
from shop import shop
from trapstreet.app.workspace import Workspace
from trapstreet.store.models import Planting

pytestmark = pytest.mark.slow

COUNT, DECOYS = 300, 15


@pytest.fixture
def owner(desk: Desk) -> Desk:
    """A desk of a company that owns two mail domains, with a registered shop."""
    file = desk.workspace / "trapstreet.toml"
    file.write_text(file.read_text().replace("domains = []", OWNED))
    shop(base(desk), COUNT)
    desk.do("register", f"sqlite:///{base(desk)}?table=customers", "--name", "customers", "--key", "id")
    return desk


def base(desk: Desk) -> Path:
    return desk.folder / "shop.sqlite3"


def export(desk: Desk, name: str, statement: str) -> Path:
    with sqlite3.connect(base(desk)) as database:
        found = database.execute(statement)
        header = [column[0] for column in found.description]
        lines = [",".join("" if cell is None else str(cell) for cell in row) for row in (header, *found)]
    return desk.write(name, "\n".join(lines) + "\n")


def add(desk: Desk, name: str, *more: object, status: int = 0) -> None:
    asked = ("--data-set", "customers", "--purpose", "statistics", "--rows", COUNT)
    desk.do(
        "suppress", "job", "add", name, *asked, "--token", desk.folder / f"{name}.token", *more, status=status
    )


def kept(desk: Desk, name: str, given: Path, *, status: int = 0) -> list[str]:
    """The lines of what comes out, but the header."""
    out, token = desk.folder / f"{name}-out.csv", desk.folder / f"{name}.token"
    out.unlink(missing_ok=True)
    desk.do("suppress", "run", name, given, "--out", out, "--token", token, status=status)
    return out.read_text().splitlines()[1:] if out.exists() else []


ORDERS = "SELECT number, amount FROM orders ORDER BY number"
TICKETS = "SELECT ticket, subject FROM tickets ORDER BY ticket"


def test_orders_of_decoys_fall_out_of_an_export_with_nothing_but_order_numbers(owner: Desk) -> None:
    real = export(owner, "before.csv", ORDERS).read_text().splitlines()[1:]
    planted = owner.json("plant", "customers", "--decoys", DECOYS)
    assert planted["rows"]["orders"] > 0
    add(owner, "billing", "--column", "orders.number=number")
    given = export(owner, "orders.csv", ORDERS)
    assert len(given.read_text().splitlines()) == 1 + len(real) + planted["rows"]["orders"]

    assert kept(owner, "billing", given) == real
    owner.do("decoy", "retire", "p1")
    assert kept(owner, "billing", given) == real, "retired ones lie there as before"


def test_codes_are_known_by_the_name_of_their_column_bare_numbers_have_to_be_named(owner: Desk) -> None:
    real = export(owner, "before.csv", TICKETS).read_text().splitlines()[1:]
    owner.do("plant", "customers", "--decoys", DECOYS)
    add(owner, "helpdesk")
    assert kept(owner, "helpdesk", export(owner, "tickets.csv", TICKETS)) == real

    kept(owner, "helpdesk", export(owner, "orders.csv", ORDERS), status=2)
    assert "of orders: --column orders.number=number" in owner.err


def test_a_column_that_is_not_known_is_one_clear_line(owner: Desk) -> None:
    owner.do("plant", "customers", "--decoys", DECOYS)
    add(owner, "billing", "--column", "orders.nr=number", status=2)
    assert "orders.number" in owner.err


def test_numbers_count_from_when_the_script_has_run_until_decoys_are_taken_out(owner: Desk) -> None:
    script = owner.folder / "plant.sql"
    owner.do("plant", "customers", "--decoys", DECOYS, "--script", script)
    add(owner, "helpdesk")
    before = export(owner, "before.csv", TICKETS)
    with sqlite3.connect(base(owner), isolation_level=None) as database:
        lines = (line for line in script.read_text().splitlines() if not line.startswith("."))
        database.executescript("\n".join(lines))
    given = export(owner, "tickets.csv", TICKETS)
    assert kept(owner, "helpdesk", given) == given.read_text().splitlines()[1:], "nobody knows that it ran"

    owner.do("decoy", "reconcile", "p1")
    assert kept(owner, "helpdesk", given) == before.read_text().splitlines()[1:]

    owner.do("plant", "--undo", "p1")
    assert kept(owner, "helpdesk", given) == given.read_text().splitlines()[1:], "numbers are free again"


def test_a_planting_whose_numbers_nobody_noted_is_one_clear_line_until_it_is_reconciled(owner: Desk) -> None:
    real = export(owner, "before.csv", TICKETS).read_text().splitlines()[1:]
    planting = owner.json("plant", "customers", "--decoys", DECOYS)["planting"]
    add(owner, "helpdesk")
    given = export(owner, "tickets.csv", TICKETS)
    Workspace.open(owner.workspace)
    entered = Planting.objects.get()
    Planting.objects.update(tables=[[name, columns] for name, columns, *_ in entered.tables])

    assert kept(owner, "helpdesk", given, status=2) == []
    assert f"decoy reconcile {planting}" in owner.err
    owner.do("decoy", "reconcile", "--all")
    assert Planting.objects.get().tables == entered.tables
    assert kept(owner, "helpdesk", given) == real


def test_a_number_completes_what_addresses_tell_and_contradicts_none(owner: Desk) -> None:
    """A decoy without e-mail address and phone number is known by its order; an order that is somebody's by
    now is not."""
    joined = "orders JOIN customers ON customers.id = orders.customer"
    statement = f"SELECT number, email, phone FROM {joined} ORDER BY number"
    real = export(owner, "before.csv", statement).read_text().splitlines()[1:]
    owner.do("plant", "customers", "--decoys", DECOYS)
    add(owner, "billing", "--column", "orders.number=number")
    given = export(owner, "orders.csv", statement)
    assert kept(owner, "billing", given) == real

    header, *lines = given.read_text().splitlines()
    (one, other, *_) = sorted(set(lines) - set(real))
    bare, moved = f"{one.split(',')[0]},,", f"{other.split(',')[0]},liam@post.example,"
    changed = [bare if line == one else moved if line == other else line for line in lines]
    given.write_text("\n".join([header, *changed]) + "\n")
    out = kept(owner, "billing", given)
    assert bare not in out
    assert [line for line in out if line not in real] == [moved]
