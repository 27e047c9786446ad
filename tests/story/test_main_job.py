"""The main job, told as users meet it: register, share, scan, trace."""

import json
from pathlib import Path
from random import Random

import pytest

from desk import Desk, Kept
from handed_out import OWNED, handed_out
from people import customer_file, read_csv
from trapstreet.app.demo.people import customers

RECIPIENTS = ("Call centre Cork", "Mailing house Lyon", "Auditor")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """2,000 customers registered and handed to three recipients; the company owns two mail domains."""
    folder = tmp_path_factory.mktemp("office")
    return Kept(handed_out(folder, rows=2_000, recipients=RECIPIENTS, share=("--decoys", 60)))


@pytest.fixture
def shared(office: Kept, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk at the workspace as it was, with the copies and the table."""
    return office.again(capsys)


def retyped(rows: list[dict[str, str]]) -> str:
    """The rows as somebody types them into a paste: other order, other case, other phone format."""
    lines = ["hey, fresh ones, dm me"]
    for row in rows:
        given, family = row["name"].split(" ", 1)
        digits = "0" + row["phone"].removeprefix("+353").replace(" ", "").lstrip("0")
        lines.append(
            f"{family.upper()}, {given} / {digits[:3]}-{digits[3:6]}-{digits[6:]} / {row['email'].upper()}"
        )
    return "\n".join(lines)


def test_a_leak_typed_anew_is_found_and_names_its_copy_only(shared: Desk) -> None:
    rows = read_csv(shared.folder / "copy1.csv")
    leaked = Random(1).sample(rows, 500)
    heap = shared.folder / "heap"
    heap.mkdir()
    (heap / "paste.txt").write_text(retyped(leaked))
    (heap / "minutes.txt").write_text("Nothing here but 14:30 and 2410 and +1 202 555 0143.\n" * 50)

    found = shared.json("scan", heap, status=1)
    assert [Path(each["path"]).name for each in found["findings"]] == ["paste.txt"]
    finding = found["findings"][0]
    assert finding["records"] + finding["decoys"] == 500
    assert finding["fields"]["email"] == finding["fields"]["phone"] == finding["records"]
    assert finding["decoys"] > 0

    traced = shared.json("trace", heap / "paste.txt", status=1)
    (result,) = traced["data_sets"]
    copies = [each["copy"] for each in shared.json("copy", "list")["copies"]]
    assert result["verdict"] == "accused"
    assert [each["copy"] for each in result["accused"]] == [copies[1]]
    assert result["not_only_source"] == [copies[0], copies[2]]
    assert result["records"]["matched"] == finding["records"]
    assert result["bound"] == 1e-6


def test_a_leak_of_the_source_itself_accuses_nobody(shared: Desk) -> None:
    leak = shared.write("leak.txt", retyped(read_csv(shared.folder / "customers.csv")))
    (result,) = shared.json("trace", leak, status=1)["data_sets"]
    assert result["verdict"] == "no verdict"
    assert result["accused"] == result["not_only_source"] == []
    assert result["records"]["matched"] == 2_000


def test_foreign_data_is_not_ours(shared: Desk) -> None:
    strangers = customer_file(shared.folder / "strangers.csv", 3_000, seed=99)
    foreign = read_csv(strangers)
    for row in foreign:
        row["email"] = "x" + row["email"]
    leak = shared.write("foreign.txt", "\n".join(f"{row['name']};{row['email']}" for row in foreign))
    assert shared.json("trace", leak)["data_sets"] == []
    assert shared.json("scan", leak)["findings"] == []


def test_a_copy_differs_from_its_source_by_its_decoys_alone(shared: Desk) -> None:
    source = (shared.folder / "customers.csv").read_text().splitlines()
    copy = (shared.folder / "copy0.csv").read_text().splitlines()
    assert len(copy) == len(source) + 60
    remaining = iter(copy)
    assert all(line in remaining for line in source), (
        "the source's lines stand in the copy, unchanged and in order"
    )
    tickets = [int(row["ticket"].removeprefix("TS-")) for row in read_csv(shared.folder / "copy0.csv")]
    assert tickets == sorted(tickets)


def test_decoys_of_two_copies_have_nothing_in_common_and_are_nobody(shared: Desk) -> None:
    real = read_csv(shared.folder / "customers.csv")
    known = {column: {row[column] for row in real} for column in ("ticket", "email", "phone")}
    seen: dict[str, set[str]] = {"ticket": set(), "email": set()}
    for number in range(len(RECIPIENTS)):
        decoys = [
            row
            for row in read_csv(shared.folder / f"copy{number}.csv")
            if row["ticket"] not in known["ticket"]
        ]
        assert len(decoys) == 60
        for row in decoys:
            assert row["email"].split("@")[1] in ("post.harbour.example", "mail.quay.example")
            assert row["email"] not in known["email"]
            assert row["phone"] not in known["phone"]
            for column, values in seen.items():
                assert row[column] not in values
                values.add(row[column])


def test_a_returned_copy_is_recognised_and_stripped(shared: Desk) -> None:
    shared.do("strip", shared.folder / "copy2.csv", "--out", shared.folder / "clean.csv")
    assert (shared.folder / "clean.csv").read_bytes() == (shared.folder / "customers.csv").read_bytes()
    result = shared.json("register", shared.folder / "copy2.csv", "--name", "customers")
    assert result["version"] == 1, "without its decoys the copy is what is registered"
    assert list(result["decoy_rows"].values()) == [60]
    assert "strip" in shared.do("register", shared.folder / "copy2.csv", "--name", "customers")


def test_a_changed_source_is_shared_only_as_a_new_version(shared: Desk) -> None:
    path = shared.folder / "customers.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:1500] + lines[1510:]))
    out = shared.folder / "late.csv"
    shared.do("share", "customers", "--to", "Newcomer", "--out", out, status=2)
    assert "--new-version" in shared.err
    assert not out.exists()
    result = shared.json("share", "customers", "--to", "Newcomer", "--out", out, "--new-version")
    assert result["version"] == 2
    assert out.exists()


def test_nothing_is_overwritten(shared: Desk) -> None:
    out = shared.write("there.csv", "precious")
    shared.do("share", "customers", "--to", "Auditor", "--out", out, status=2)
    assert out.read_text() == "precious"


def test_a_recipient_spelled_almost_alike_is_asked_about(shared: Desk) -> None:
    shared.do("share", "customers", "--to", "Call center Cork", "--out", shared.folder / "x.csv", status=2)
    assert "almost this name" in shared.err
    assert "Call centre" not in shared.err, "the known name shows masked"
    first = shared.json("copy", "list")["copies"][0]["recipient"]
    again = shared.json("share", "customers", "--to", "call  centre CORK", "--out", shared.folder / "y.csv")
    assert again["recipient"] == first
    other = shared.json(
        "share",
        "customers",
        "--to",
        "Call center Cork",
        "--out",
        shared.folder / "z.csv",
        "--recipient-is-new",
    )
    assert other["recipient"] != first


def test_unmasking_needs_a_reason_and_is_logged(shared: Desk) -> None:
    leak = shared.write("leak.txt", retyped(read_csv(shared.folder / "copy1.csv")))
    assert "Lyon" not in shared.do("trace", leak, status=1)
    shared.do("trace", leak, "--unmask", status=2)
    assert "Mailing house Lyon" in shared.do("trace", leak, "--unmask", "--reason", "case 17", status=1)
    shared.do("doctor")


def test_the_dossier_is_one_file_that_loads_nothing(shared: Desk) -> None:
    leak = shared.write(
        "leak.txt", retyped(read_csv(shared.folder / "copy1.csv")) + "\n<script>alert(1)</script>"
    )
    page = shared.folder / "dossier.html"
    shared.do("trace", leak, "--html", page, status=1)
    html = page.read_text()
    copies = [each["copy"] for each in shared.json("copy", "list")["copies"]]
    assert f"Copy {copies[1]} took part" in html
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")
    shared.do("trace", leak, "--html", page, status=2)


def test_a_list_of_bare_numbers_is_recognised_and_its_decoys_are_no_foreigners(shared: Desk) -> None:
    rows = read_csv(shared.folder / "copy0.csv")
    leak = shared.write("numbers.txt", "\n".join(row["phone"] for row in rows if row["phone"]))
    (finding,) = shared.json("scan", leak, status=1)["findings"]
    assert finding["records"] == 0, "one field of a record is no record"
    assert finding["singles"]["phone"] >= 2_000, "so many of ours are no chance"
    assert finding["p_value"] <= 1e-6
    (result,) = shared.json("trace", leak, status=1)["data_sets"]
    assert result["records"] == {"matched": 2_000, "foreign": 0}
    assert result["fields"] == {"phone": 2_000}
    assert result["decoys"] > 0


def test_a_json_dump_with_escaped_letters_names_its_copy(desk: Desk) -> None:
    """What json.dump writes unless told otherwise."""
    settings = desk.workspace / "trapstreet.toml"
    owned = OWNED + '\nphones = ["+353 87 0000000-9999999"]'
    settings.write_text(settings.read_text().replace("domains = []\nphones = []", owned))
    people = [
        (*row[:1], row[1].replace("o", "ö").replace("e", "é"), *row[2:]) for row in customers(1_000, seed=7)
    ]
    desk.do("register", customer_file(desk.folder / "c.csv", 0, rows=people), "--name", "customers")
    out = desk.folder / "x.csv"
    copy = desk.json("share", "customers", "--to", "X", "--out", out, "--decoys", 60)["copy"]
    shown = [{"name": row["name"], "tel": row["phone"]} for row in read_csv(out)]
    leak = desk.write("dump.json", json.dumps(shown))
    (finding,) = desk.json("scan", leak, status=1)["findings"]
    assert (finding["records"], finding["decoys"], finding["singles"]) == (1_000, 60, {})
    (result,) = desk.json("trace", leak, status=1)["data_sets"]
    assert [each["copy"] for each in result["accused"]] == [copy]
