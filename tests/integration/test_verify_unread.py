"""A proof and a leak that cannot be read, or only with a password: nothing is said of what was not read."""

import io
import json
from pathlib import Path

import pytest

from desk import Desk, workspace_in
from people import customer_file


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A proof of a leaked workbook, and the workbook in an encrypted one."""
    folder = tmp_path_factory.mktemp("office")
    table, copy = customer_file(folder / "customers.csv", 400), folder / "copy.xlsx"
    workspace_in(
        folder,
        ("register", table, "--name", "customers"),
        ("share", "customers", "--to", "A", "--out", copy, "--decoys", "40"),
    )
    from msoffcrypto.format.ooxml import OOXMLFile

    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(copy.read_bytes())).encrypt("five words", locked)
    (folder / "locked.xlsx").write_bytes(locked.getvalue())
    return folder


@pytest.fixture
def desk(proved: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    desk = Desk(proved, capsys)
    if not (proved / "proof.json").exists():
        desk.do("trace", proved / "copy.xlsx", "--proof", proved / "proof.json", status=1)
    return desk


def test_a_leak_that_was_not_read_is_not_said_to_be_another(desk: Desk) -> None:
    proof, locked = desk.folder / "proof.json", desk.folder / "locked.xlsx"
    assert desk.run("verify", proof, locked) == 6, desk.out
    assert f"NOT READ  {locked}: encrypted" in desk.out
    assert f"cannot be compared with its leak: {locked} was not read." in desk.out
    assert "does not hold" not in desk.out
    assert desk.run("verify", proof, locked, "--json") == 6
    answer = json.loads(desk.out)
    assert answer["holds"] is None
    assert answer["why"] == f"{locked} was not read"


def test_another_leak_is_still_said_to_be_another(desk: Desk) -> None:
    assert desk.run("verify", desk.folder / "proof.json", desk.folder / "customers.csv") == 1
    assert "are not in the files given" in desk.out


def test_what_a_password_opens_is_compared(desk: Desk) -> None:
    passwords = desk.write("passwords", "no\nfive words\n")
    passwords.chmod(0o600)
    line = ("verify", desk.folder / "proof.json", desk.folder / "locked.xlsx", "--password-file", passwords)
    assert desk.run(*line) == 0, desk.out + desk.err
    assert "The proof holds" in desk.out
    assert "NOT READ" not in desk.out
