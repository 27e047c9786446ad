"""A copy's commitment opens with what the registry keeps, whatever its table looks like; so a leak is
proved."""

from pathlib import Path

import pytest

from desk import Desk
from people import read_csv
from trapstreet.app.demo.people import customers
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.commitment import commitment
from trapstreet.proof import read
from trapstreet.share import open_copy

NAMES = ("ticket", "name", "email", "phone", "city", "product", "opened")


def table(desk: Desk, name: str, columns: dict[str, str], rows: int = 400) -> Path:
    """Customers under other headers; a column is a template of the usual ones, or empty for some."""
    lines = [",".join(columns)]
    for number, row in enumerate(customers(rows, seed=3)):
        known = dict(zip(NAMES, row, strict=True))
        cells = [template.format(**known, number=number) for template in columns.values()]
        if "extra" in columns and number % 3:
            cells[list(columns).index("extra")] = ""
        lines.append(",".join(f'"{cell}"' for cell in cells))
    return desk.write(name, "\n".join(lines) + "\n")


TABLES = {
    "plain": {"ticket": "{ticket}", "name": "{name}", "email": "{email}", "phone": "{phone}"},
    "login repeats": {"ticket": "{ticket}", "login email": "{email}", "email": "{email}", "name": "{name}"},
    "gaps": {"ticket": "{ticket}", "email": "{email}", "extra": "{phone}", "name": "{name}"},
    "text first": {"city": "{city}", "note": "seen {number}", "email": "{email}", "ticket": "{ticket}"},
    "accents": {"billet n°": "{ticket}", "adresse électronique": "{email}", "nom": "{name}"},
}


@pytest.mark.parametrize("name", TABLES)
def test_the_commitment_of_a_copy_opens(desk: Desk, name: str) -> None:
    source = table(desk, "table.csv", TABLES[name])
    desk.do("register", source, "--name", "t", *(["--type", "extra=phone"] if name == "gaps" else []))
    shared = desk.json("share", "t", "--to", "A", "--out", desk.folder / "copy.csv", "--decoys", 40)
    facts = open_copy(shared["copy"], Workspace.open(desk.workspace).ring)
    assert commitment(facts).hex() == shared["commitment"]
    rows = read_csv(desk.folder / "copy.csv")
    real = {row["email"] for row in read_csv(source)} if "email" in TABLES[name] else set()
    if real:
        forms = {cell.form for decoy in facts.decoys for cell in decoy.cells if cell.column == "email"}
        assert forms == {row["email"].lower().encode() for row in rows if row["email"] not in real}


@pytest.mark.parametrize("name", TABLES)
def test_a_leak_of_the_copy_is_proved(desk: Desk, name: str) -> None:
    source = table(desk, "table.csv", TABLES[name])
    desk.do("register", source, "--name", "t", *(["--type", "extra=phone"] if name == "gaps" else []))
    desk.do("share", "t", "--to", "A", "--out", desk.folder / "copy.csv", "--decoys", 40)
    proof = desk.folder / "proof.json"
    answer = desk.json("trace", desk.folder / "copy.csv", "--proof", proof, status=1)
    assert answer["proof"]["why"] is None
    assert desk.run("verify", proof, desk.folder / "copy.csv") == 0, desk.out
    (accused,) = read(proof.read_bytes()).claims.data_sets[0].accused
    assert accused.own
    assert len(accused.own.hits) == accused.own.of == 40


def test_a_source_with_its_columns_turned_still_opens(desk: Desk) -> None:
    columns = TABLES["plain"] | {"city": "{city}"}
    desk.do("register", table(desk, "table.csv", columns), "--name", "t")
    table(desk, "table.csv", dict(reversed(columns.items())))
    shared = desk.json("share", "t", "--to", "A", "--out", desk.folder / "copy.csv", "--decoys", 20)
    open_copy(shared["copy"], Workspace.open(desk.workspace).ring)
