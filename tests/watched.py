"""Folders that are watched, with texts that hold a data set's records, and a count of what was opened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from desk import Desk, workspace_in
from trapstreet.core.model.objects import Ref
from trapstreet.plugins.sources import directory

PEOPLE = (
    ("Aoife Byrne", "aoife.byrne@quayside.example", "+353 87 123 4567"),
    ("Sean Kelly", "sean.kelly@quayside.example", "+353 87 123 4999"),
    ("Niamh Walsh", "niamh.walsh@quayside.example", "+353 87 123 8888"),
    ("Cian Murphy", "cian.murphy@quayside.example", "+353 87 123 2222"),
)


def leak(*numbers: int) -> str:
    """Lines that show these people."""
    return "".join(f"{', '.join(PEOPLE[number])}\n" for number in numbers)


def registered(desk: Desk) -> Desk:
    """The desk, with the people registered as data set "customers"."""
    desk.do("register", _table(desk.folder), "--name", "customers", "--key", "id")
    return desk


def registered_in(folder: Path) -> Path:
    """The folder, with a workspace that knows the people as data set "customers"."""
    return workspace_in(folder, ("register", _table(folder), "--name", "customers", "--key", "id"))


def _table(folder: Path) -> Path:
    rows = "".join(f"{number},{','.join(each)}\n" for number, each in enumerate(PEOPLE))
    (folder / "customers.csv").write_text(f"id,name,email,phone\n{rows}")
    return folder / "customers.csv"


def watched(desk: Desk, name: str, *options: object) -> Path:
    """A folder that is watched under a name."""
    folder = desk.folder / name
    folder.mkdir()
    desk.do("watch", "add", "directory", "--name", name, "--url", folder, *options)
    return folder


def once(desk: Desk, *names: str, status: int = 0) -> dict[str, dict[str, Any]]:
    """The figures of one round of each, by source; the error is "error"."""
    rounds = desk.json("watch", "run", "--once", *names, status=status)["rounds"]
    return {each["name"]: {**each["figures"], "error": each["error"]} for each in rounds}


def health(desk: Desk, name: str) -> dict[str, Any]:
    (found,) = desk.json("watch", "status", name)["sources"]
    return dict(found)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of files that were opened at watched folders, in their order."""
    names: list[str] = []
    real = directory._Directory.open

    def counted(self: Any, ref: Ref, start: int = 0, end: int | None = None) -> BinaryIO:
        names.append(Path(ref.path).name)
        return real(self, ref, start, end)

    monkeypatch.setattr(directory._Directory, "open", counted)
    yield names
