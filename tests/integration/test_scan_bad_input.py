"""Texts that hurt programs, with a record of ours inside: found, in time that grows with the size only."""

import csv
import json
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, Self

import pytest

from desk import Desk, workspace_in
from people import customer_file
from trapstreet.plugins.sources import directory

MB = 1_000_000
ALARMED = "1 new alert: trapstreet case list\n"
SMALL, LARGE = 2 * MB, 8 * MB
PATIENT = 0.12
"""Seconds that a short command may differ from itself."""


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with customers.csv, and a workspace that knows it."""
    folder = tmp_path_factory.mktemp("desk")
    table = customer_file(folder / "customers.csv", 2000)
    return workspace_in(folder, ("register", table, "--name", "customers"))


@pytest.fixture
def desk(registered: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(registered, capsys)


@pytest.fixture
def row(desk: Desk) -> str:
    """One of our records as a line: name, e-mail address, phone number, ticket."""
    with (desk.folder / "customers.csv").open(newline="") as file:
        record = list(csv.DictReader(file))[700]
    return " ; ".join(record[name] for name in ("name", "email", "phone", "ticket"))


def repeated(unit: bytes) -> Callable[[int], bytes]:
    return lambda size: unit * (size // len(unit))


def hex_dump(size: int) -> bytes:
    data = random.Random(5).randbytes(size // 78 * 16)
    lines = (f"{at:08x}  {data[at : at + 16].hex(' ')}  |{'.' * 16}|\n" for at in range(0, len(data), 16))
    return "".join(lines).encode()


def words(size: int) -> bytes:
    return (b"all of it in one line, and on it goes; " * (size // 39 + 1))[:size]


def numbers(size: int) -> bytes:
    draw = random.Random(6)
    return "-".join(str(draw.randrange(10**7)) for _ in range(size // 8)).encode()


TEXTS: Mapping[str, Callable[[int], bytes]] = {
    "no line break": words,
    "a hex dump": hex_dump,
    "a long address without an end": lambda size: b"a." * (size // 2) + b"@",
    "a long address": lambda size: b"a." * (size // 2) + b"@a.example",
    "a long domain": lambda size: b"a@" + b"a." * (size // 2),
    "at signs": repeated(b"@"),
    "addresses of one letter": repeated(b"a@a.aa@"),
    "digits": repeated(b"1"),
    "groups of digits": numbers,
    "zeros in brackets": repeated(b"(0) "),
    "letters of a reference": repeated(b"TS-"),
    "backslashes": repeated(b"\\n\\u0061"),
    "zero bytes": repeated(b"\0"),
    "surrogates as UTF-8": repeated(b"\xed\xa0\x80"),
    "bytes of no encoding": repeated(b"\xff\xc0\x80\xfe"),
    "letters in two bytes": repeated("ü".encode()),
    "marks without letters": repeated("\u0301".encode()),
}


def records_in(report: Mapping[str, object]) -> int:
    findings = report["findings"]
    assert isinstance(findings, list)
    return sum(each["records"] for each in findings)


def cost(desk: Desk, ours: bytes, text: bytes) -> float:
    """Seconds of CPU for a scan of the text with our record before, inside and behind it, which is found."""
    half = len(text) // 2
    file = desk.write("text", ours + text[:half] + ours + text[half:] + ours)
    began = sum(os.times()[:4])
    report = desk.json("scan", file, status=1)
    seconds = sum(os.times()[:4]) - began
    assert desk.err in ("", ALARMED)
    assert records_in(report) == 1
    (finding,) = report["findings"]
    assert finding["fields"]["email"] == 1
    return seconds


@pytest.mark.parametrize("name", TEXTS)
def test_a_record_is_found_before_inside_and_behind(desk: Desk, row: str, name: str) -> None:
    cost(desk, f"\n{row}\n".encode(), TEXTS[name](MB // 10))


@pytest.mark.slow
def test_the_time_of_a_scan_is_linear_in_the_text(desk: Desk, row: str) -> None:
    """Four times the text takes less than eight times as long, a square would take sixteen; a busy machine is
    given three chances."""
    ours = f"\n{row}\n".encode()
    nothing = cost(desk, ours, b"")
    for name, text in TEXTS.items():
        for chance in range(3):
            small, large = (cost(desk, ours, text(size)) - nothing for size in (SMALL, LARGE))
            if large < 8 * max(small, PATIENT):
                break
            assert chance < 2, f"{name}: {small:.2f} s, {large:.2f} s"


def test_a_table_of_100000_columns_is_searched_to_its_last_cell(desk: Desk) -> None:
    with (desk.folder / "customers.csv").open(newline="") as file:
        ours = list(csv.DictReader(file))[700:720]
    header = ",".join(f"column {number}" for number in range(100_000))
    rows = (f"{',' * 99_996}{each['name']},{each['phone']},{each['ticket']},{each['email']}" for each in ours)
    report = desk.json("scan", desk.write("wide.csv", "\n".join([header, *rows])), status=1)
    (finding,) = report["findings"]
    assert (finding["records"], finding["fields"]["name"], finding["fields"]["reference"]) == (20, 20, 20)
    assert report["unread"] == []


HALVES = {"one": "D800", "the other": "DC00", "both in the wrong order": "DC00 D800"}


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("half", HALVES)
def test_a_record_is_found_beside_half_characters_in_utf_16(
    desk: Desk, row: str, order: Literal["little", "big"], half: str
) -> None:
    codec = f"utf-16-{order[0]}e"
    halves = b"".join(int(each, 16).to_bytes(2, order) for each in HALVES[half].split())
    line = "Άλλα λόγια, και μισά γράμματα\n".encode(codec) + halves
    ours = f"\n{row}\n".encode(codec)
    for mark in ("\ufeff", ""):
        text = mark.encode(codec) + ours + line * 50_000 + ours
        assert records_in(desk.json("scan", desk.write("text", text), status=1)) == 1
    text = desk.write("text", ours + halves * 100_000 + ours)
    assert desk.run("scan", text, "--workspace", desk.workspace, "--json") in (0, 1)
    assert json.loads(desk.out)["unread"] == []


class Changing:
    """A file to which something really happens when two blocks were read of it."""

    def __init__(self, file: BinaryIO, change: Callable[[], object]) -> None:
        self._file, self._change, self._reads = file, change, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._reads += 1
        if self._reads == 2:
            self._change()
        return block


@pytest.fixture
def large(desk: Desk, row: str) -> Path:
    """A record, and 8 MB of other things behind it."""
    return desk.write("large.txt", f"{row}\n".encode() + b"nothing of ours\n" * 500_000)


def changing(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    opened = directory._open
    monkeypatch.setattr(directory, "_open", lambda path: Changing(opened(path), change))


def test_a_file_that_grows_while_it_is_read_is_read_to_its_new_end(
    desk: Desk, large: Path, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = large.read_bytes().replace(row.encode(), b"")
    large.write_bytes(data)

    def grow() -> None:
        with large.open("ab") as file:
            file.write(row.encode())

    changing(monkeypatch, grow)
    report = desk.json("scan", large, status=1)
    assert records_in(report) == 1
    assert report["scanned"] == {"objects": 1, "bytes": len(data) + len(row)}
    assert report["unread"] == []


def test_a_file_that_shrinks_while_it_is_read_is_read_as_far_as_it_goes_and_said(
    desk: Desk, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing(monkeypatch, lambda: os.truncate(large, 5_000_000))
    report = desk.json("scan", large, status=1)
    assert records_in(report) == 1
    (unread,) = report["unread"]
    assert unread["path"] == str(large)
    assert "it shrank while it was read: 5,000,000 of" in unread["why"]


def test_a_file_that_vanishes_between_listing_and_opening_is_said(
    desk: Desk, row: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.folder / "heap"
    folder.mkdir()
    (folder / "a.txt").write_text(row)
    (folder / "b.txt").write_text(row)
    opened = directory._open

    def vanished(path: str) -> BinaryIO:
        if path.endswith("b.txt"):
            Path(path).unlink()
        return opened(path)

    monkeypatch.setattr(directory, "_open", vanished)
    report = desk.json("scan", folder, status=1)
    assert records_in(report) == 1
    assert report["unread"] == [{"path": str(folder / "b.txt"), "why": "no such file or directory"}]
