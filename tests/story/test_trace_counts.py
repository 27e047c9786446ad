"""What a trace counts: records of ours, others that stand beside them, decoys."""

import csv
import io
import shutil
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from desk import Desk, workspace_in
from formats_office import pdf
from handed_out import do
from people import read_csv
from trapstreet.app.demo.people import customers

DECOYS = 20
HEADER = ("ticket", "name", "email", "phone", "born")


def made_up(count: int, *, seed: int) -> list[tuple[str, ...]]:
    random = Random(seed)
    dates = (
        f"{random.randrange(1940, 2005)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
        for _ in range(count)
    )
    people = customers(count, seed=seed, first=1_000_000 * seed)
    return [(*row[:4], date) for row, date in zip(people, dates, strict=True)]


def table(rows: Iterable[tuple[str, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, *rows])
    return out.getvalue()


OURS, STRANGERS = made_up(300, seed=1), made_up(40, seed=2)


def handed_out(folder: Path, phones: str) -> Path:
    """300 customers with birth dates, and a copy of them in copy.csv whose decoys have numbers of a range."""
    workspace = workspace_in(folder) / "workspace"
    settings = workspace / "trapstreet.toml"
    own = f'domains = ["post.harbour.example"]\nphones = ["{phones}"]'
    settings.write_text(settings.read_text().replace("domains = []\nphones = []", own))
    source = folder / "customers.csv"
    source.write_text(table(OURS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
        do("register", source, "--name", "customers", "--workspace", workspace)
        share = ("--to", "Auditor", "--decoys", DECOYS, "--out", folder / "copy.csv")
        do("share", "customers", *share, "--workspace", workspace)
    return folder


@pytest.fixture(scope="module")
def short_numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The range's numbers have eight digits, as a birth date has."""
    return handed_out(tmp_path_factory.mktemp("short"), "+353 1 900 0000-9999")


@pytest.fixture(scope="module")
def long_numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handed_out(tmp_path_factory.mktemp("long"), "+353 87 0000000-9999999")


@pytest.fixture
def desk(short_numbers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(shutil.copytree(short_numbers, tmp_path / "office"), capsys)


@pytest.fixture
def mobile(long_numbers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(shutil.copytree(long_numbers, tmp_path / "office"), capsys)


def shown(rows: Iterable[dict[str, str]], *columns: str, between: str = ";") -> str:
    return "".join(between.join(row[column] for column in columns) + "\n" for row in rows)


def strangers() -> list[dict[str, str]]:
    return [dict(zip(HEADER, row, strict=True)) for row in STRANGERS]


@pytest.mark.parametrize("between", [";", " "])
def test_birth_dates_and_decoys_are_no_others(desk: Desk, between: str) -> None:
    rows = read_csv(desk.folder / "copy.csv")
    leak = desk.write("leak.txt", shown(rows, "phone", "born", between=between))
    (result,) = desk.json("trace", leak, status=1)["data_sets"]
    assert result["records"] == {"matched": len(OURS), "foreign": 0}
    assert "beside" not in desk.do("trace", leak, status=1)

    numbers = len({row["phone"] for row in strangers()} - {""})
    leak = desk.write("mixed.txt", shown([*rows, *strangers()], "phone", "born", between=between))
    (result,) = desk.json("trace", leak, status=1)["data_sets"]
    assert result["records"] == {"matched": len(OURS), "foreign": numbers}
    assert f"beside {numbers} others that are not yours" in desk.do("trace", leak, status=1)


def test_another_data_set_of_ours_is_no_other(desk: Desk) -> None:
    desk.do("register", desk.write("strangers.csv", table(STRANGERS)), "--name", "partners")
    leak = desk.write("leak.csv", table([*OURS, *STRANGERS]))
    told = {each["data_set"]: each["records"] for each in desk.json("trace", leak, status=1)["data_sets"]}
    assert told == {
        "customers": {"matched": len(OURS), "foreign": 0},
        "partners": {"matched": len(STRANGERS), "foreign": 0},
    }


def test_lines_of_a_document_make_no_others(desk: Desk) -> None:
    """Its reader puts what follows an address at the end of a line behind it, too."""
    rows = [[row[1], row[3], row[2]] for row in OURS]
    (result,) = desk.json("trace", desk.write("ours.pdf", pdf(rows, pages=6)), status=1)["data_sets"]
    assert result["records"] == {"matched": len(OURS), "foreign": 0}
    rows += [[row[1], row[3], row[2]] for row in STRANGERS]
    (result,) = desk.json("trace", desk.write("mixed.pdf", pdf(rows, pages=7)), status=1)["data_sets"]
    assert result["records"] == {"matched": len(OURS), "foreign": len(STRANGERS)}


@pytest.mark.parametrize("some", [DECOYS, 3])
def test_decoys_that_scan_tells_are_told_by_trace(mobile: Desk, some: int) -> None:
    """Known by number and birth date only, as the real rows beside them are."""
    keys = {row[0] for row in OURS}
    rows = read_csv(mobile.folder / "copy.csv")
    decoys = [row for row in rows if row["ticket"] not in keys][:some]
    real = [row for row in rows if row["ticket"] in keys]
    leak = mobile.write("leak.txt", shown([*decoys, *real[:50]], "phone", "born"))
    (finding,) = mobile.json("scan", leak, status=1)["findings"]
    (result,) = mobile.json("trace", leak, status=1)["data_sets"]
    assert result["decoys"] == finding["decoys"] == some
    assert "no decoys" not in mobile.do("trace", leak, status=1)


def test_decoys_with_nothing_real_beside_them_are_ours(desk: Desk) -> None:
    keys = {row[0] for row in OURS}
    rows = [row for row in read_csv(desk.folder / "copy.csv") if row["ticket"] not in keys]
    leak = desk.write("leak.txt", shown(rows, "phone", "born"))
    (result,) = desk.json("trace", leak, status=1)["data_sets"]
    assert (result["records"]["matched"], result["decoys"]) == (0, DECOYS)


def test_planted_decoys_known_by_number_and_date_show_that_the_table_leaked(mobile: Desk) -> None:
    table_of = mobile.folder / "customers.csv"
    # Fixtures copy the folder: the table that is planted in must be this test's own.
    mobile.do("register", table_of, "--name", "customers")
    planting = mobile.json("plant", "customers", "--decoys", DECOYS)["planting"]
    leak = mobile.write("leak.txt", shown(read_csv(table_of), "phone", "born"))
    (finding,) = mobile.json("scan", leak, status=1)["findings"]
    (result,) = mobile.json("trace", leak, status=1)["data_sets"]
    assert finding["planted"] == {planting: result["decoys"]} == {planting: DECOYS}
    assert result["verdict"] == "place"
    assert [(each["planting"], each["decoys"]) for each in result["places"]] == [(planting, DECOYS)]
    assert mobile.json("decoy", "list")["plantings"][0]["states"] == {"touched": DECOYS}


def test_a_file_given_twice_weakens_nothing_and_is_said(desk: Desk) -> None:
    rows = read_csv(desk.folder / "copy.csv")
    leak = desk.write("leak.csv", shown(rows, "ticket", "phone"))
    again = desk.write("again.csv", leak.read_bytes())

    def accused(*leaks: object) -> object:
        (result,) = desk.json("trace", *leaks, status=1)["data_sets"]
        return result["accused"]

    once = accused(leak)
    assert once
    assert accused(leak, leak) == accused(leak, again) == once
    desk.do("trace", leak, again, status=1)
    assert f"{again} holds what {leak} does: what is the same counts once" in desk.err
    desk.do("trace", leak, leak, again, status=1)
    assert f"{leak} is given twice, and 1 more like it: what is the same counts once" in desk.err
    desk.do("trace", leak, status=1)
    assert "counts once" not in desk.err

    proof = desk.folder / "proof.json"
    desk.do("trace", leak, again, "--proof", proof, status=1)
    assert desk.run("verify", proof, leak, again) == 0, desk.out + desk.err
