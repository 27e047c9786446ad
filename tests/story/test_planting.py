"""Decoy customers in one's own tables, told as users meet them: plant, find in a leak, test, take out."""

import csv
import shutil
import sqlite3
from pathlib import Path

import pytest

from desk import Desk, Kept, done, workspace_in
from handed_out import OWNED
from shop import dump, shop
from trapstreet.app.workspace import Workspace
from trapstreet.store import plantings

DECOYS = 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """900 customers of a shop, registered; the company owns two mail domains."""
    folder = workspace_in(tmp_path_factory.mktemp("shop"))
    workspace = folder / "workspace"
    file = workspace / "trapstreet.toml"
    file.write_text(file.read_text().replace("domains = []", OWNED))
    shop(folder / "shop.sqlite3", 900)
    done("register", table_of(folder), "--name", "customers", "--key", "id", "--workspace", workspace)
    return Kept(folder)


@pytest.fixture
def desk(made: Kept, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk at the shop as it was."""
    return made.again(capsys)


def table_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'shop.sqlite3'}?table=customers"


def rows(desk: Desk, statement: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(desk.folder / "shop.sqlite3") as database:
        return database.execute(statement).fetchall()


def statements(script: Path) -> str:
    """A script without what only the sqlite3 shell understands."""
    return "\n".join(line for line in script.read_text().splitlines() if not line.startswith("."))


def planted_ids(desk: Desk, before: list[tuple[object, ...]]) -> set[object]:
    return {row[0] for row in rows(desk, "SELECT id FROM customers")} - {row[0] for row in before}


@pytest.mark.slow
def test_a_persona_is_one_person_in_all_linked_tables(desk: Desk) -> None:
    before = rows(desk, "SELECT id FROM customers")

    result = desk.json("plant", "customers", "--decoys", DECOYS, "--owner", "CRM team", "--tag", "crm")

    assert (result["decoys"], result["state"]) == (DECOYS, "planted")
    assert list(result["rows"]) == ["customers", "orders", "tickets", "contacts"]
    ids = planted_ids(desk, before)
    assert len(ids) == DECOYS == result["rows"]["customers"]
    listed = ", ".join(map(str, ids))
    orders = rows(desk, f"SELECT * FROM orders WHERE customer IN ({listed})")
    tickets = rows(
        desk, f"SELECT ticket, customer_id, opened_at FROM tickets WHERE customer_id IN ({listed})"
    )
    assert len(orders) == result["rows"]["orders"] > 0
    assert len(tickets) == result["rows"]["tickets"] > 0
    names = ", ".join(f"'{row[0]}'" for row in tickets)
    assert len(rows(desk, f"SELECT * FROM contacts WHERE ticket IN ({names})")) == result["rows"]["contacts"]
    born = dict(rows(desk, "SELECT id, created_at FROM customers"))
    assert all(row[3] >= born[row[1]] for row in orders), "nobody orders before being a customer"
    assert rows(desk, "PRAGMA foreign_key_check") == []
    highest = max(row[0] for row in before)
    assert max(ids) < highest, "the numbers are free ones between those in use"


@pytest.mark.slow
def test_a_leak_of_the_table_itself_is_told_from_one_of_a_copy(desk: Desk) -> None:
    cork = desk.folder / "cork.csv"
    desk.do("share", "customers", "--to", "Call centre Cork", "--out", cork, "--decoys", 40)
    planting = desk.json("plant", "customers", "--decoys", DECOYS)["planting"]
    leak = desk.folder / "leak.csv"
    with leak.open("w", newline="") as file:
        csv.writer(file).writerows(rows(desk, "SELECT name, email, phone, city FROM customers"))

    found = desk.json("scan", leak, status=1)["findings"][0]
    assert found["planted"] == {planting: DECOYS}
    assert f"{DECOYS} decoys of planting {planting}: this left through the table itself" in desk.do(
        "scan", leak, status=1
    )
    traced = desk.json("trace", leak, status=1)["data_sets"][0]
    assert (traced["verdict"], traced["accused"]) == ("place", [])
    assert [(each["planting"], each["decoys"]) for each in traced["places"]] == [(planting, DECOYS)]
    assert len(traced["not_only_source"]) == 1, "the copy has none of the planted decoys"
    assert "It came out of the table itself" in desk.do("trace", leak, status=1)
    assert desk.json("decoy", "list")["plantings"][0]["states"] == {"touched": DECOYS}

    copy = desk.json("trace", cork, status=1)["data_sets"][0]
    assert (copy["verdict"], copy["places"]) == ("accused", [])


@pytest.mark.slow
def test_copies_and_new_versions_go_without_planted_decoys(desk: Desk) -> None:
    desk.do("plant", "customers", "--decoys", DECOYS)

    again = desk.json("register", table_of(desk.folder), "--name", "customers")
    assert again["new_version"] is False
    assert sum(again["decoy_rows"].values()) == DECOYS
    copy = desk.json("share", "customers", "--to", "Auditor", "--out", desk.folder / "a.csv", "--decoys", 30)
    assert copy["rows"] == 900


@pytest.mark.slow
def test_undo_leaves_the_database_as_it_was(desk: Desk) -> None:
    before = dump(desk.folder / "shop.sqlite3")
    planting = desk.json("plant", "customers", "--decoys", DECOYS)
    assert dump(desk.folder / "shop.sqlite3") != before

    undone = desk.json("plant", "--undo", planting["planting"])

    assert undone["removed"] == sum(planting["rows"].values())
    assert dump(desk.folder / "shop.sqlite3") == before
    assert desk.json("decoy", "list")["plantings"][0]["states"] == {"retired": DECOYS}
    assert desk.json("plant", "--undo", "p1")["removed"] == 0, "again gives the same once"


@pytest.mark.slow
def test_a_decoy_that_was_touched_stays_touched_when_it_is_taken_out(desk: Desk) -> None:
    desk.do("plant", "customers", "--decoys", DECOYS)
    workspace = Workspace.open(desk.workspace)
    plantings.touch_at(plantings.planting_named("p1"), [0, 3], ring=workspace.ring, at=1)
    desk.do("plant", "--undo", "p1")
    (listed,) = desk.json("decoy", "list")["plantings"]
    assert listed["states"] == {"retired": DECOYS - 2, "touched": 2}
    assert listed["removed"]


@pytest.mark.slow
def test_the_removal_script_works_without_trapstreet(desk: Desk) -> None:
    before = dump(desk.folder / "shop.sqlite3")
    desk.do("plant", "customers", "--decoys", DECOYS)
    script = desk.folder / "remove.sql"
    desk.do("plant", "--removal", "p1", "--out", script)
    assert script.stat().st_mode & 0o777 == 0o600

    with sqlite3.connect(desk.folder / "shop.sqlite3", isolation_level=None) as database:
        database.executescript(statements(script))

    assert dump(desk.folder / "shop.sqlite3") == before
    lost = desk.json("decoy", "reconcile", "p1", status=1)["plantings"][0]
    assert lost["lost"] == list(range(1, DECOYS + 1))


@pytest.mark.slow
def test_a_script_plants_for_somebody_who_may_not_write_there(desk: Desk) -> None:
    before = dump(desk.folder / "shop.sqlite3")
    script = desk.folder / "plant.sql"
    planned = desk.json("plant", "customers", "--decoys", DECOYS, "--script", script)
    assert planned["state"] == "planned"
    assert dump(desk.folder / "shop.sqlite3") == before
    assert desk.json("decoy", "list")["plantings"][0]["states"] == {"planned": DECOYS}

    with sqlite3.connect(desk.folder / "shop.sqlite3", isolation_level=None) as database:
        database.executescript(statements(script))

    reconciled = desk.json("decoy", "reconcile", "p1")["plantings"][0]
    assert reconciled["appeared"] == list(range(1, DECOYS + 1))
    assert desk.json("decoy", "list")["plantings"][0]["states"] == {"planted": DECOYS}


@pytest.mark.slow
def test_life_is_found_out_lost_edited_copied_and_brought_back(desk: Desk) -> None:
    desk.do("plant", "customers", "--decoys", DECOYS)
    backup = desk.folder / "backup.sqlite3"
    shutil.copy(desk.folder / "shop.sqlite3", backup)

    listed = desk.json("decoy", "list", "p1")["decoys"]
    assert [each["decoy"] for each in listed[:2]] == ["p1/1", "p1/2"]
    tested = desk.json("decoy", "test")["plantings"][0]
    assert (tested["in_place"], tested["recognised"], tested["unheard"]) == (DECOYS, DECOYS, [])

    elsewhere = desk.json("decoy", "reconcile", "--in", f"sqlite:///{backup}?table=customers", status=1)
    assert list(elsewhere["elsewhere"][0]["decoys"].values()) == [DECOYS]

    desk.do("plant", "--undo", "p1")
    shutil.copy(backup, desk.folder / "shop.sqlite3")
    back = desk.json("decoy", "reconcile", "--all", status=1)["plantings"][0]
    assert back["resurrected"] == list(range(1, DECOYS + 1))


@pytest.mark.slow
def test_rotation_dates_a_theft(desk: Desk) -> None:
    desk.do("plant", "customers", "--decoys", DECOYS, "--tag", "crm")
    old = rows(desk, "SELECT name, email, phone FROM customers")
    rotated = desk.json("decoy", "rotate", "p1")
    assert rotated["planted"]["decoys"] == DECOYS
    new = rows(desk, "SELECT name, email, phone FROM customers")
    for number, leaked in ((1, old), (2, new)):
        leak = desk.folder / f"leak{number}.csv"
        with leak.open("w", newline="") as file:
            csv.writer(file).writerows(leaked)
        places = desk.json("trace", leak, status=1)["data_sets"][0]["places"]
        assert [each["planting"].partition("-")[0] for each in places] == [f"p{number}"]
    assert [each["tags"] for each in desk.json("decoy", "list")["plantings"]] == [["crm"], ["crm"]]


def test_decoys_are_retired_by_tag_and_go_on_being_recognised(desk: Desk) -> None:
    planting = desk.json("plant", "customers", "--decoys", DECOYS, "--tag", "crm")["planting"]
    assert len(desk.json("decoy", "retire", "--tag", "crm")["retired"]) == DECOYS
    leak = desk.folder / "leak.csv"
    with leak.open("w", newline="") as file:
        csv.writer(file).writerows(rows(desk, "SELECT email FROM customers"))
    assert desk.json("scan", leak, status=1)["findings"][0]["planted"] == {planting: DECOYS}
