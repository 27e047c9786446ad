"""Leaks that are known: told once however they are shown again, and those that are out already as no news."""

import csv
import json
import random
import shutil
from pathlib import Path

import pytest

from desk import Desk
from handed_out import handed_out
from trapstreet.store.models import Alert, Baseline, BaselinePart, Case
from watched import once, watched

pytestmark = pytest.mark.slow

ROWS = 600


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    return handed_out(folder, rows=ROWS, recipients=("Acme", "Quay"), share=("--decoys", 10))


@pytest.fixture
def company(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    desk = Desk(tmp_path, capsys)
    watched(desk, "share")
    return desk


def found(desk: Desk) -> int:
    """How many alerts for findings there are after another round."""
    once(desk, "share", status=1)
    return Alert.objects.filter(kind="finding").count()


def rows(desk: Desk, name: str) -> list[dict[str, str]]:
    with (desk.folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_leak_that_is_shown_again_otherwise_is_one_alert_which_lists_every_place(company: Desk) -> None:
    share = company.folder / "share"
    text, copy = (company.folder / "copy0.csv").read_text(), rows(company, "copy0.csv")
    shuffled = random.Random(1).sample(copy, len(copy))
    own = rows(company, "customers.csv")
    fewer = [row for at, row in enumerate(shuffled) if at % 40 or row not in own]
    shown = {
        "a.csv": text,
        "b.txt": "FRESH!\n\n" + "\n".join(" | ".join(reversed(row.values())) for row in shuffled),
        "c.jsonl": "".join(f"{json.dumps(row)}\n" for row in fewer),
        "d.csv": "\n".join(";".join(row.values()) for row in copy[5:]),
    }
    for name, content in shown.items():
        (share / name).write_text(content)
        assert found(company) == 1, name
    (alert,) = company.json("case", "show", "k1")["alerts"]
    assert [each["where"].rpartition("/")[2] for each in alert["found"]] == list(shown)
    assert all(each["first"] and each["last"] for each in alert["found"])


def test_the_copies_of_two_recipients_are_two_leaks_though_they_have_the_same_records(company: Desk) -> None:
    share = company.folder / "share"
    for number in range(2):
        shutil.copy(company.folder / f"copy{number}.csv", share / f"{number}.csv")
        assert found(company) == number + 1
    shutil.copy(company.folder / "customers.csv", share / "table.csv")
    assert found(company) == 3, "without decoys it is neither's"


def test_what_leaks_are_compared_by_is_in_no_answer(company: Desk) -> None:
    (finding,) = company.json("scan", company.folder / "copy0.csv", status=1)["findings"]
    assert finding["records"] == ROWS and "shape" not in finding
    copy = rows(company, "copy0.csv")
    (company.folder / "b.txt").write_text("\n".join(" ".join(row.values()) for row in copy[3:]))
    company.do("scan", company.folder / "b.txt", status=1)
    assert company.err == "", "scan knows it again, too"
    assert Alert.objects.count() == 1


def test_an_excerpt_and_a_larger_leak_are_leaks_of_their_own(company: Desk) -> None:
    share = company.folder / "share"
    lines = (company.folder / "copy0.csv").read_text().splitlines(keepends=True)
    (share / "teaser.csv").write_text("".join(lines[:100]))
    assert found(company) == 1
    (share / "all.csv").write_text("".join(lines))
    assert found(company) == 2
    (share / "others.csv").write_text("".join(lines[60:160]))
    assert found(company) == 3


def test_an_old_leak_that_is_found_again_is_no_news(company: Desk) -> None:
    share = company.folder / "share"
    shutil.copy(company.folder / "copy0.csv", company.folder / "old.csv")
    said = company.do("baseline", "add", "dump-of-2019", company.folder / "old.csv")
    assert f"an old leak: {ROWS + 10} records of customers" in said
    copy = rows(company, "copy0.csv")
    (share / "again.txt").write_text("\n".join(" ".join(row.values()) for row in copy[::-2]))
    assert found(company) == 1
    (alert,) = company.json("alert", "list", "--all")["alerts"]
    assert alert["severity"] == "low"
    assert alert["headline"].startswith("The known leak dump-of-2019 was found again: ")
    assert Case.objects.get().subject == "known leak dump-of-2019"
    assert "trapstreet case evidence CASE --out FILE" in company.do("case", "show", "k1")

    shutil.copy(company.folder / "copy1.csv", share / "new.csv")
    assert found(company) == 2
    assert sorted(Case.objects.values_list("subject", flat=True)) == [
        "data set customers",
        "known leak dump-of-2019",
    ]
    company.do("baseline", "remove", "dump-of-2019")
    assert not BaselinePart.objects.exists()
    assert company.do("baseline", "list") == "No baselines.\n"


def test_a_leak_with_one_record_more_than_the_old_one_is_news(company: Desk) -> None:
    share = company.folder / "share"
    lines = (company.folder / "customers.csv").read_text().splitlines(keepends=True)
    (company.folder / "old.csv").write_text("".join(lines[:60]))
    company.do("baseline", "add", "old", company.folder / "old.csv")
    (share / "a.csv").write_text("".join(lines[:61]))
    assert found(company) == 1
    assert Case.objects.get().subject == "data set customers"


def test_public_values_are_set_aside_wherever_they_are_found_and_decoys_are_never_public(
    company: Desk,
) -> None:
    share = company.folder / "share"
    people = rows(company, "customers.csv")
    staff, others = people[:5], people[5:8]
    page = company.folder / "page.html"
    page.write_text("".join(f"<p>{row['name']} {row['email']} {row['phone']}</p>" for row in staff))
    assert "set aside: 5 records" in company.do("baseline", "add", "website", page, "--public")
    (share / "a.txt").write_text("".join(f"{row['name']} {row['email']} {row['phone']}\n" for row in staff))
    assert once(company, "share")["share"]["findings"] == 0
    (share / "a.txt").write_text("".join(f"{row['name']} {row['email']}\n" for row in [*staff, *others]))
    once(company, "share", status=1)
    (alert,) = company.json("alert", "list", "--all")["alerts"]
    assert alert["facts"]["records"] == "3"

    company.refused(2, "baseline", "add", "copy", company.folder / "copy0.csv", "--public")
    company.refused(2, "baseline", "add", "website", page)
    empty = company.write("empty.txt", "nothing of yours")
    company.refused(2, "baseline", "add", "nothing", empty)
    company.refused(2, "baseline", "remove", "nothing")
    assert Baseline.objects.count() == 1


def test_a_baseline_is_kept_sealed_and_comes_back_with_a_backup(company: Desk) -> None:
    shutil.copy(company.folder / "copy0.csv", company.folder / "old.csv")
    company.do("baseline", "add", "old", company.folder / "old.csv")
    backup, again = company.folder / "backup", company.folder / "again"
    company.do("backup", backup)
    assert rows(company, "copy0.csv")[0]["email"].encode() not in backup.read_bytes()
    assert company.run("restore", backup, again, "--keys", company.folder / "keys") == 0, company.err
    assert company.run("baseline", "list", "--workspace", again) == 0
    assert "records of customers" in company.out
