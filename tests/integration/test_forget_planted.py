"""A person of a table that decoys are planted in."""

import sqlite3
from pathlib import Path

import pytest

from desk import Desk
from handed_out import OWNED
from shop import shop


@pytest.mark.slow
def test_planted_decoys_that_show_what_the_person_alone_has_are_to_be_rotated(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk.workspace / "trapstreet.toml"
    file.write_text(file.read_text().replace("domains = []", OWNED))
    base = shop(desk.folder / "shop.sqlite3", 1_200)
    before = ids(base)
    desk.do("register", f"sqlite:///{base}?table=customers", "--name", "customers", "--key", "id")
    desk.do("plant", "customers", "--decoys", 20)
    decoy = min(ids(base) - before)
    person = min(before)
    with sqlite3.connect(base) as database:
        ((name,),) = database.execute("SELECT name FROM customers WHERE id = ?", [decoy])
        database.execute("UPDATE customers SET name = ? WHERE name = ? AND id <> ?", ["Una Doe", name, decoy])
        database.execute("UPDATE customers SET name = ? WHERE id = ?", [name, person])
    desk.do("register", f"sqlite:///{base}?table=customers", "--name", "customers")
    named = desk.write("person.txt", f"key: {person}")

    result = desk.json("forget", "--from", named)

    (report,) = result["data_sets"]
    assert (report["records"], report["versions"], report["source"]) == (1, 2, "holds")
    (alike,) = report["decoys"]
    assert alike["owner"].startswith("p1-")
    assert alike["decoys"] >= 1
    (advice,) = [each for each in result["remains"] if alike["owner"] in each["what"]]
    assert f"trapstreet decoy rotate {alike['owner']}" in advice["why"]
    assert name not in str(result)
    assert ids(base) >= before, "the source is only read"

    other = desk.write("person.txt", f"key: {max(before)}")
    assert desk.json("forget", "--from", other)["data_sets"][0]["decoys"] == []


def ids(base: Path) -> set[int]:
    with sqlite3.connect(base) as database:
        return {each for (each,) in database.execute("SELECT id FROM customers")}
