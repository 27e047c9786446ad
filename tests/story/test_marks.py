"""Copies that spell values in their own way: who is named by that, who never is, and what people are told."""

import csv
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from desk import Desk
from given import Given, rows_of, texts, write
from handed_out import handed_out
from people import customer_file, read_csv
from trapstreet.app.demo.people import customers
from trapstreet.plugins.tables import open_table

pytestmark = pytest.mark.slow

ROWS = 2_000
RECIPIENTS = ("Call centre Cork", "Mailing house Lyon", "Auditor")
MARKS = '\n[share.customers]\nmarks = ["phone=phone-layout", "email=letter-case"]\n'

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 customers and three copies with marks on phone numbers and e-mail addresses."""
    return handed_out(tmp_path_factory.mktemp("office"), rows=ROWS, recipients=RECIPIENTS, settings=MARKS)


@pytest.fixture(autouse=True)
def cheap_kit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kits cost 1 ms instead of 0.4 s."""
    monkeypatch.setattr("trapstreet.keys.kit._LOG2_N", 8)


@pytest.fixture
def shared(office: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk at the workspace, which no test changes for good."""
    return Desk(office, capsys)


@pytest.fixture
def moved(shared: Desk) -> Iterator[Path]:
    """The source, in whose place a test may put something else."""
    source, kept = shared.folder / "customers.csv", shared.folder / "kept.csv"
    shutil.copy(source, kept)
    yield source
    kept.replace(source)


def source_rows(desk: Desk) -> Rows:
    return read_csv(desk.folder / "customers.csv")


def real_rows(desk: Desk, number: int) -> Rows:
    """The rows of a copy without its decoys."""
    real = {row["ticket"] for row in source_rows(desk)}
    return [row for row in read_csv(desk.folder / f"copy{number}.csv") if row["ticket"] in real]


def leaked(desk: Desk, rows: Rows, name: str = "leak.csv") -> Path:
    path = desk.folder / name
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def accused(result: dict[str, object]) -> set[int]:
    """The numbers of the copies that took part, from 0 on, as in the names of the files."""
    return {int(each["copy"].partition("-")[0]) - 1 for each in result["accused"]}  # type: ignore[attr-defined]


def traced(desk: Desk, rows: Rows) -> dict[str, object]:
    (result,) = desk.json("trace", leaked(desk, rows), status=1)["data_sets"]
    return result  # type: ignore[no-any-return]


def test_forty_rows_as_they_are_name_the_copy_by_its_marks_alone(shared: Desk) -> None:
    result = traced(shared, Random(1).sample(real_rows(shared, 1), 40))
    assert accused(result) == {1}
    (each,) = result["accused"]  # type: ignore[misc]
    (evidence,) = each["evidence"]  # type: ignore[index]
    assert evidence["kind"] == "marks"
    assert {layer["column"]: layer["agree"] == layer["cells"] >= 35 for layer in evidence["layers"]} == {
        "phone": True,
        "email": True,
    }


def test_two_whose_rows_are_taken_by_turns_are_both_named(shared: Desk) -> None:
    random = Random(2)
    turns = [random.choice(both) for both in zip(real_rows(shared, 0), real_rows(shared, 2), strict=True)]
    assert accused(traced(shared, random.sample(turns, 600))) == {0, 2}


def cleaned(row: dict[str, str]) -> dict[str, str]:
    return row | {"phone": "".join(filter(str.isdigit, row["phone"])), "email": row["email"].lower()}


def test_values_that_were_cleaned_name_nobody_and_no_word_of_marks_is_said(shared: Desk) -> None:
    leak = leaked(shared, [cleaned(row) for row in real_rows(shared, 1)])
    (result,) = shared.json("trace", leak, status=1)["data_sets"]
    assert result["records"]["matched"] == ROWS
    assert (result["verdict"], result["accused"], result["not_only_source"]) == ("no verdict", [], [])
    said = shared.do("trace", leak, status=1)
    assert "No verdict" in said
    assert "spells" not in said


def test_a_leak_of_the_source_names_nobody(shared: Desk) -> None:
    assert accused(traced(shared, source_rows(shared))) == set()


@pytest.mark.parametrize("number", range(len(RECIPIENTS)))
def test_a_copy_without_its_decoys_and_its_spelling_is_the_source_byte_for_byte(
    shared: Desk, number: int
) -> None:
    out = shared.folder / f"clean{number}.csv"
    result = shared.json("strip", shared.folder / f"copy{number}.csv", "--out", out)
    assert out.read_bytes() == (shared.folder / "customers.csv").read_bytes()
    assert ROWS / 2 < result["restored"] < ROWS
    assert result["unmended"] is None


@pytest.mark.parametrize("name", ["customers", "somebody else's"])
def test_a_marked_copy_that_came_back_is_not_registered(shared: Desk, name: str) -> None:
    line = shared.refused(2, "register", shared.folder / "copy0.csv", "--name", name)
    assert "is copy 1-" in line
    assert "nothing was registered" in line


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["ticket=punctuation"], "ticket is a key column"),
        (["telephone=phone-layout"], "no column 'telephone' to mark: the columns are ticket, name, email"),
        (["phone=phone-lay-out"], "no mark is named phone-lay-out: the marks are address-abbreviation"),
        (["city=phone-layout"], "phone-layout is for columns of kind phone number; city is of kind text"),
        (["city=spacing", "city=full-stop"], "column 'city' has two marks"),
        (["phone"], "'phone' is no COLUMN=MARK"),
        (["=phone-layout"], "'=phone-layout' is no COLUMN=MARK"),
        (["phone="], "'phone=' is no COLUMN=MARK"),
    ],
)
def test_a_mark_that_cannot_be_meant_is_refused_in_one_line(
    shared: Desk, asked: list[str], words: str
) -> None:
    out = shared.folder / "refused.csv"
    marks = [part for mark in asked for part in ("--mark", mark)]
    for where in (["--plan"], ["--to", "Auditor", "--out", out]):
        assert words in shared.refused(2, "share", "customers", *where, *marks)
    assert not out.exists()


@pytest.fixture
def settings(shared: Desk) -> Iterator[Path]:
    path = shared.workspace / "trapstreet.toml"
    text = path.read_text()
    yield path
    path.write_text(text)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('["phone"]', "'phone' is no COLUMN=MARK"),
        ('["phone=phone-lay-out"]', "no mark is named phone-lay-out"),
        ('"phone=phone-layout"', "expected `array`, got `str`"),
        ("[1]", "expected `str`, got `int`"),
    ],
)
def test_wrong_marks_in_the_settings_are_refused_with_their_line(
    shared: Desk, settings: Path, said: str, words: str
) -> None:
    lines = settings.read_text().splitlines()
    number = next(at for at, line in enumerate(lines) if line.startswith("marks = "))
    settings.write_text("\n".join([*lines[:number], f"marks = {said}", ""]))
    line = shared.refused(2, "share", "customers", "--to", "Auditor", "--out", shared.folder / "refused.csv")
    assert f"{settings}, line {number + 1}: " in line
    assert words in line


def remark(desk: Desk, leak: Path) -> str:
    """The one thing that was not read."""
    (unread,) = desk.json("trace", leak, status=1)["unread"]
    assert unread["path"] == "the source of 'customers'"
    assert f"NOT READ  {unread['path']}: {unread['why']}" in desk.do("trace", leak, status=1)
    return str(unread["why"])


GONE: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (Path.unlink, "no such file"),
    "empty": (lambda path: path.write_bytes(b""), "the file is empty"),
    "a column more": (
        lambda path: path.write_text(path.read_text().replace("\n", ",x\n").replace("opened,x", "opened,y")),
        "has other columns than it was registered with",
    ),
    "no table": (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(999)), ""),
}


@pytest.mark.parametrize("case", GONE)
def test_without_the_source_a_leak_is_answered_without_marks_and_that_is_said(
    shared: Desk, moved: Path, case: str
) -> None:
    leak = leaked(shared, Random(3).sample(real_rows(shared, 1), 200))
    whole = shutil.copy(shared.folder / "copy1.csv", shared.folder / "whole.csv")
    change, words = GONE[case]
    change(moved)
    why = remark(shared, leak)
    assert why.startswith("so the marks of its copies are not read: ")
    assert words in why
    (result,) = shared.json("trace", leak, status=1)["data_sets"]
    assert (result["records"]["matched"], result["accused"]) == (200, [])
    (result,) = shared.json("trace", whole, status=1)["data_sets"]
    assert accused(result) == {1}, "its own decoys say so"


def test_rows_that_changed_in_the_source_are_read_by_what_is_left_of_them(shared: Desk, moved: Path) -> None:
    """A third of the rows went, another third has other phone numbers."""
    leak = leaked(shared, Random(4).sample(real_rows(shared, 1), 200))
    kept = [
        row | {"phone": f"+353 1 900 {at:04}"} if at % 3 == 1 else row
        for at, row in enumerate(source_rows(shared))
        if at % 3
    ]
    leaked(shared, kept, moved.name)
    report = shared.json("trace", leak, status=1)
    assert report["unread"] == []
    assert accused(report["data_sets"][0]) == {1}


def test_strip_without_the_source_takes_decoys_out_and_says_that_marks_stay(
    shared: Desk, moved: Path
) -> None:
    moved.unlink()
    out = shared.folder / "half clean.csv"
    assert "NOT RESTORED  marked values stay as they are: " in shared.do(
        "strip", shared.folder / "copy0.csv", "--out", out
    )
    assert len(read_csv(out)) == ROWS


def test_decoys_are_marked_as_often_as_other_rows(shared: Desk) -> None:
    """None of the three copies has a decoy that its spelling betrays, nor spells all decoys in one way."""
    real = {row["ticket"] for row in source_rows(shared)}
    marked = {"real": [0, 0], "decoys": [0, 0]}
    for number in range(len(RECIPIENTS)):
        for row in read_csv(shared.folder / f"copy{number}.csv"):
            counts = marked["real" if row["ticket"] in real else "decoys"]
            counts[0] += "-" in row["phone"]
            counts[1] += 1
    assert marked["decoys"][1] == 3 * ROWS // 100
    assert marked["real"][0] / marked["real"][1] == pytest.approx(0.5, abs=0.05)
    assert 10 <= marked["decoys"][0] <= 50, "half of 60, less than 3 in 10 million otherwise"


TYPED = ("ref", "name", "email", "phone", "joined", "seen", "spent", "remark")
TYPED_MARKS = ("phone=phone-layout", "seen=timestamp-seconds", "remark=optional-field")


def typed(count: int) -> Given:
    """Customers with cells that are dates, points in time and amounts; every third has a remark."""
    rows = []
    for at, (ticket, name, email, phone, *_) in enumerate(customers(count, seed=3)):
        seen = datetime(2021, 3, 1, 9, 30, 12) + at * timedelta(minutes=7, seconds=5)  # noqa: DTZ001
        remark = f"called back {at} times" if at % 3 == 0 else None
        rows.append((ticket, name, email, phone, seen.date(), seen, 19.99 + at, remark))
    return Given(TYPED, rows)


PLACES = {"XLSX": "{folder}/{name}.xlsx", "SQLite": "sqlite:///{folder}/{name}.db?table=clients"}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_typed_cells_keep_their_types_and_name_the_copy_and_come_back_as_they_were(
    desk: Desk, place: str
) -> None:
    where = {name: place.format(folder=desk.folder, name=name) for name in ("source", "copy")}
    write(where["source"], typed(600))
    desk.do("register", where["source"], "--name", "clients")
    marks = [part for mark in TYPED_MARKS for part in ("--mark", mark)]
    result = desk.json("share", "clients", "--to", "Auditor", "--out", where["copy"], *marks)
    assert result["marked"] > 300
    source, copy = (rows_of(open_table(each)) for each in where.values())
    assert len(copy) == 606
    seen = TYPED.index("seen")
    assert {type(row[seen]) for row in copy} == {type(row[seen]) for row in source}
    was = {row[0]: row for row in source}
    changed = [(row, was[row[0]]) for row in copy if row[0] in was and row != was[row[0]]]
    assert {at for new, old in changed for at in range(len(TYPED)) if new[at] != old[at]} == {3, 5, 7}
    leak = str(desk.folder / "leak.csv")
    write(leak, Given(TYPED, [row for row in copy if row[0] in was][:60]))
    (found,) = desk.json("trace", leak, status=1)["data_sets"]
    assert accused(found) == {0}
    assert {each["kind"] for each in found["accused"][0]["evidence"]} == {"marks"}
    clean = str(desk.folder / "clean.csv")
    assert desk.json("strip", where["copy"], "--out", clean)["unmended"] is None
    assert texts(rows_of(open_table(clean))) == texts(source)


def test_a_workbook_that_leaked_as_it_is_shows_the_marks_of_its_cells(desk: Desk) -> None:
    source, copy, leak = (str(desk.folder / f"{name}.xlsx") for name in ("source", "copy", "leak"))
    write(source, typed(300))
    desk.do("register", source, "--name", "clients")
    desk.do("share", "clients", "--to", "Auditor", "--out", copy, "--mark", "seen=timestamp-seconds")
    real = {row[0] for row in rows_of(open_table(source))}
    write(leak, Given(TYPED, [row for row in rows_of(open_table(copy)) if row[0] in real]))
    (found,) = desk.json("trace", leak, status=1)["data_sets"]
    assert accused(found) == {0}
    (layer,) = found["accused"][0]["evidence"][0]["layers"]
    assert layer["agree"] == layer["cells"] > 250


def test_a_leak_of_a_copy_whose_marked_column_is_registered_no_more_is_judged_by_the_rest(
    desk: Desk,
) -> None:
    source = customer_file(desk.folder / "customers.csv", 300)
    desk.do("register", source, "--name", "customers")
    copy = desk.folder / "copy.csv"
    marks = ("--mark", "phone=phone-layout", "--mark", "email=letter-case")
    desk.do("share", "customers", "--to", "Auditor", "--out", copy, *marks)
    leaked(desk, [{key: row[key] for key in row if key != "phone"} for row in read_csv(source)], source.name)
    desk.do("register", source, "--name", "customers")
    report = desk.json("trace", copy, status=1)
    assert accused(report["data_sets"][0]) == {0}
    strip = desk.json("strip", copy, "--out", desk.folder / "clean.csv")
    assert strip["rows"] == 300


def test_a_column_that_stands_in_another_one_too_is_not_marked(desk: Desk) -> None:
    """Joined: the same number in a second column; computed: the town, which the address ends with."""
    rows = [(f"K-{n:05}", f"+353 86 555 {n:04}", "Cork", f"{n} Main Street, Cork") for n in range(300)]
    table = desk.folder / "joined.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerow(["id", "phone", "town", "address", "mobile"])
        csv.writer(file).writerows((*row, row[1]) for row in rows)
    desk.do("register", table, "--name", "joined", "--type", "address=address", "--type", "town=text")
    out = ("--to", "Office", "--out", desk.folder / "out.csv")
    said = desk.refused(2, "share", "joined", *out, "--mark", "phone=phone-layout")
    assert "'phone' stands in 'mobile' too" in said
    assert "'town' stands in 'address' too" in desk.refused(
        2, "share", "joined", *out, "--mark", "town=punctuation"
    )
    assert desk.json("share", "joined", *out, "--mark", "address=address-abbreviation")["marked"] > 100
