"""What register says of where a data set is read from, and the list of data sets."""

import shlex
from pathlib import Path

import pytest

from desk import Desk
from people import customer_file
from trapstreet.app.demo.people import customers


@pytest.fixture
def source(desk: Desk) -> Path:
    path = customer_file(desk.folder / "march.csv", 60)
    desk.do("register", path, "--name", "customers")
    return path


@pytest.mark.parametrize("rows", [60, 61], ids=["the same rows", "a new version"])
def test_another_source_under_a_known_name_is_said_in_one_line(desk: Desk, source: Path, rows: int) -> None:
    other = customer_file(desk.folder / "april.csv", 0, rows=list(customers(61, seed=7))[:rows])
    said = f"customers was registered from {source} before; it is read from {other} from now on."
    assert said in desk.do("register", other, "--name", "customers").splitlines()
    assert "read from" not in desk.do("register", other, "--name", "customers")
    result = desk.json("register", source, "--name", "customers")
    assert result["source_before"] == str(other)
    assert desk.json("register", source, "--name", "customers")["source_before"] is None


def test_one_place_spelled_in_two_ways_is_one_source(
    desk: Desk, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    for spelled in ("march.csv", "workspace/../march.csv"):
        assert "read from" not in desk.do("register", spelled, "--name", "customers")


def test_a_copy_that_came_back_is_no_source(desk: Desk, source: Path) -> None:
    copy = desk.folder / "back from Cork.csv"
    desk.do("share", "customers", "--to", "Auditor", "--decoys", 1, "--out", copy)
    said = desk.do("register", copy, "--name", "customers")
    assert "read from" not in said
    assert "1 row is a decoy of copy" in said
    assert f"trapstreet strip {shlex.quote(str(copy))} --out CLEAN" in said
    assert shlex.quote(str(copy)).startswith("'"), "a name with spaces is one word to a shell"
    assert desk.json("data-set", "list")["data_sets"][0]["source"] == str(source)


def test_data_sets_are_listed(desk: Desk, source: Path) -> None:
    desk.do("register", customer_file(source, 59), "--name", "customers")
    partners = customer_file(desk.folder / "partners.csv", 1)
    desk.do("register", partners, "--name", "partners", "--key", "ticket", "--key", "email")
    first, second = desk.json("data-set", "list")["data_sets"]
    assert (first["data_set"], first["versions"], first["records"]) == ("customers", 2, 59)
    assert (second["data_set"], second["versions"], second["records"]) == ("partners", 1, 1)
    assert second["key"] == ["ticket", "email"]
    assert second["source"] == str(partners)
    header, *lines = desk.do("data-set", "list").splitlines()
    assert header.split() == ["data_set", "versions", "records", "registered", "checked", "key", "source"]
    assert [line.split()[:3] for line in lines] == [["customers", "2", "59"], ["partners", "1", "1"]]
    assert lines[1].endswith(f"ticket + email  {partners}")


def test_a_workspace_without_data_sets_says_how_to_begin(desk: Desk) -> None:
    assert desk.do("data-set", "list") == "None. Register one: trapstreet register TABLE --name NAME\n"
    assert desk.json("data-set", "list") == {"data_sets": []}


def test_more_decoys_than_rows_are_said(desk: Desk, source: Path) -> None:
    asked = ("share", "customers", "--to", "Auditor", "--decoys")
    said = desk.do(*asked, 61, "--out", desk.folder / "many.csv")
    assert "61 decoys among 60 rows stand out" in said
    assert "stand out to whoever knows" not in desk.do(*asked, 60, "--out", desk.folder / "few.csv")
