"""Leaks and registries that a trace of coded copies must bear: an answer, or one clear line, and no crash."""

import csv
import gzip
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cbor2
import pytest

from children import ran
from desk import Desk
from people import customer_file, read_csv
from trapstreet.cli import run

ROWS = 2_000
SIZE = 200_000_000
MORE = 100_000_000
"""Bytes of memory that a leak of 200 MB in one line may need more than a short one."""


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 customers; two copies without 2 % of them and with marks, the second with shared decoys."""
    folder = tmp_path_factory.mktemp("desk")
    there = ("--workspace", folder / "workspace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
        patch.setattr("trapstreet.keys.kit._LOG2_N", 8)
        _do("init", there[1], "--keys", folder / "keys", "--kit", folder / "kit.txt", "--kit-confirmed")
        _do("register", customer_file(folder / "customers.csv", ROWS), "--name", "customers", *there)
        for copy in range(2):
            asked = ("--decoys", 250, "--withhold", "2%", "--mark", "phone=phone-layout")
            out = ("--to", f"Recipient {copy}", "--out", folder / f"copy{copy}.csv")
            _do("share", "customers", *asked, *out, *there)
    return folder


def _do(*arguments: object) -> None:
    assert run([str(each) for each in arguments]) == 0


@pytest.fixture
def desk(registered: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(registered, capsys)


def written(desk: Desk, rows: list[dict[str, str]], name: str = "leak.csv") -> Path:
    path = desk.folder / name
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def accused(desk: Desk, leak: Path) -> list[str]:
    """The numbers of the copies that took part."""
    (result,) = desk.json("trace", leak, status=1)["data_sets"]
    return sorted(each["copy"].partition("-")[0] for each in result["accused"])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n \t\r\n",
        b"ticket,name,email,phone,city,product,opened\n",
        b"\xef\xbb\xbf",
        b"\x00" * 5_000,
        b"Dear all, nothing of this is anybody's.",
    ],
    ids=["empty", "blank", "a header alone", "a byte-order mark", "zeros", "a letter"],
)
def test_a_leak_with_nothing_in_it_is_nobody_s(desk: Desk, content: bytes) -> None:
    leak = desk.write("leak.txt", content)
    assert desk.json("trace", leak, status=0) == {"data_sets": [], "unread": []}
    html, proof = desk.folder / "empty.html", desk.folder / "empty.json"
    said = desk.do("trace", leak, "--html", html, "--proof", proof, status=0)
    assert "This leak shows none of the registered data." in said
    assert "NO PROOF" in said
    assert html.exists()
    assert not proof.exists()
    html.unlink()


def test_of_a_leak_that_was_not_read_at_all_nothing_is_said_but_that(desk: Desk) -> None:
    leak = desk.write("leak.parquet", b"PARE" + bytes(99) + b"PARE")
    html = desk.folder / "unread.html"
    said = desk.do("trace", leak, "--html", html, status=6)
    assert said.startswith("Nothing of this leak could be read.\nNOT READ  ")
    assert "<h1>Nothing of this leak could be read</h1>" in html.read_text()
    assert "none of the registered data" not in said + html.read_text()
    html.unlink()


def test_a_leak_of_other_people_is_nobody_s(desk: Desk) -> None:
    """They have their own tickets; their phone numbers are drawn from the same ranges."""
    strangers = read_csv(customer_file(desk.folder / "strangers.csv", ROWS, seed=9))
    rows = [
        row | {"ticket": f"XK-{at}", "email": f"p{at}@elsewhere.example"} for at, row in enumerate(strangers)
    ]
    assert desk.json("trace", written(desk, rows), status=0)["data_sets"] == []


HOSTILE = (
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202e\u200b\ufeff",
    "'; DROP TABLE store_copy; --",
    '","\n"',
    "\\u0000\\x1b",
    "\x00",
    "%s%n{0}{{",
)
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b\ufeff]")


def test_hostile_cells_and_names_change_no_verdict_and_reach_no_terminal_or_page(desk: Desk) -> None:
    rows = read_csv(desk.folder / "copy1.csv")
    for at, row in enumerate(rows):
        row["city"], row["product"] = HOSTILE[at % len(HOSTILE)], HOSTILE[at * 7 % len(HOSTILE)]
    heap, html = desk.folder / "heap", desk.folder / "hostile.html"
    heap.mkdir()
    written(desk, rows, "heap/leak \x1b[31m<b>&\u202e.csv")
    (heap / "cut \x1b[31m<b>&\u202e.gz").write_bytes(gzip.compress(bytes(999))[:20])
    said = desk.do("trace", heap, "--html", html, status=1)
    page = html.read_text()
    assert "Copy 2-" in said
    assert "PARTLY READ" in said
    assert page.count("&lt;b&gt;&amp;") >= 2
    for text in (said, page):
        assert not CONTROL.search(text)
        assert not any(cell in text for cell in HOSTILE if len(cell) > 4)
    html.unlink()


def test_hostile_text_in_the_cells_that_are_marked_is_read_as_no_spelling(desk: Desk) -> None:
    rows = read_csv(desk.folder / "copy0.csv")
    for at, row in enumerate(rows):
        row["phone"] = HOSTILE[at % len(HOSTILE)] + row["phone"][:5]
    assert accused(desk, written(desk, rows)) == ["1"]


@pytest.mark.slow
def test_a_leak_of_200_mb_in_one_line_takes_no_more_memory_than_a_short_one(desk: Desk) -> None:
    strangers = customer_file(desk.folder / "strangers.csv", 20_000, seed=9).read_bytes()
    strangers = strangers.replace(b"\r\n", b" ").replace(b"@", b"@x")
    ours = (desk.folder / "copy1.csv").read_bytes().replace(b"\r\n", b" ")
    peaks = []
    for times in (1, SIZE // len(strangers)):
        leak = desk.folder / "leak.txt"
        with leak.open("wb") as out:
            for _ in range(times):
                out.write(strangers)
            out.write(ours)
        ended = ran(desk.folder, ["trace", leak, "--workspace", desk.workspace, "--json"])
        leak.unlink()
        assert ended.status == 1, ended.err
        (result,) = json.loads(ended.out)["data_sets"]
        assert [each["copy"][:2] for each in result["accused"]] == ["2-"]
        peaks.append(ended.peak)
    assert peaks[1] < peaks[0] + MORE, peaks


def test_a_leak_without_the_key_column_is_traced_and_cannot_be_stripped(desk: Desk) -> None:
    rows = [
        {name: row[name] for name in ("phone", "email", "name")}
        for row in read_csv(desk.folder / "copy1.csv")
    ]
    leak = written(desk, rows)
    assert accused(desk, leak) == ["2"]
    out = desk.folder / "clean.csv"
    assert "has the key columns of no data set" in desk.refused(2, "strip", leak, "--out", out)
    assert not out.exists()


def test_rows_without_their_keys_are_traced_by_what_else_they_show(desk: Desk) -> None:
    rows = read_csv(desk.folder / "copy0.csv")
    for row in rows[::2]:
        row["ticket"] = ""
    for row in rows[::3]:
        row["ticket"] = rows[0]["ticket"]
    assert accused(desk, written(desk, rows)) == ["1"]


def test_without_the_workspace_s_keys_nothing_is_traced(desk: Desk) -> None:
    keys, away = desk.folder / "keys", desk.folder / "keys away"
    keys.rename(away)
    try:
        status = desk.run("trace", desk.folder / "copy0.csv", "--workspace", desk.workspace)
    finally:
        away.rename(keys)
    assert status in (2, 3, 4)
    assert desk.out == ""
    (line,) = desk.err.splitlines()
    assert "key" in line


@pytest.fixture
def p_table(desk: Desk) -> Iterator[Callable[[bytes], None]]:
    """Gives the second copy another p-table."""
    desk.do("copy", "list")
    from trapstreet.store.models import Copy

    own = Copy.objects.filter(number=2)
    (kept,) = own.values_list("p_table", flat=True)
    yield lambda data: own.update(p_table=data) and None
    own.update(p_table=kept)


TO_COME = cbor2.dumps([["rows", 5], ["groups", 3, 4]], canonical=True)
WRONG = {
    "an entry to come": TO_COME,
    "a mark to come": cbor2.dumps([["mark", 1, "phone", "upside-down", [[1 << 32, 5]]]], canonical=True),
    "a text for a number": cbor2.dumps([["rows", "many"]], canonical=True),
    "texts in classes": cbor2.dumps([["mark", 1, "phone", "phone-layout", [["a", "b"]]]], canonical=True),
    "a chance above one": cbor2.dumps([["pool", 1 << 65, 5, bytes(32)]], canonical=True),
    "a number": cbor2.dumps(7),
    "nothing": b"",
}
UNREAD = "cannot be read: use the trapstreet that made the copy, or restore the registry from a backup"


@pytest.mark.parametrize("case", WRONG)
def test_a_code_that_this_version_does_not_read_is_one_clear_line(
    desk: Desk, p_table: Callable[[bytes], None], case: str
) -> None:
    p_table(WRONG[case])
    line = desk.refused(2, "trace", desk.folder / "copy1.csv")
    assert "the code of copy 2-" in line
    assert UNREAD in line


def test_no_command_takes_a_code_that_it_does_not_read_for_none(
    desk: Desk, p_table: Callable[[bytes], None]
) -> None:
    p_table(TO_COME)
    copy, out = desk.folder / "copy1.csv", desk.folder / "out.csv"
    assert UNREAD in desk.refused(2, "strip", copy, "--out", out)
    assert UNREAD in desk.refused(2, "register", copy, "--name", "customers")
    assert "copy 2-" in desk.refused(2, "copy", "refresh", "2", "--out", out)
    assert not out.exists()


@pytest.fixture
def pool(desk: Desk) -> Iterator[Path]:
    """The segment of the shared decoys, in whose place a test may put something else."""
    (path,) = (desk.workspace / "index").glob("*/copy-pool-*")
    kept = shutil.copy(path, desk.folder / "pool.kept")
    yield path
    shutil.move(kept, path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(bytes(path.stat().st_size)),
        lambda path: path.unlink(),
        lambda path: shutil.copy(next(path.parent.glob("copy-1-*")), path),
    ],
    ids=["its last byte gone", "empty", "zeros", "gone", "a copy's"],
)
def test_damaged_shared_decoys_are_one_clear_line(
    desk: Desk, pool: Path, damage: Callable[[Path], object]
) -> None:
    damage(pool)
    out = desk.folder / "out.csv"
    for command in (
        ("trace", desk.folder / "copy1.csv"),
        ("scan", desk.folder / "copy1.csv"),
        ("strip", desk.folder / "copy1.csv", "--out", out),
        ("share", "customers", "--to", "X", "--out", out),
        ("copy", "refresh", "2", "--out", out),
    ):
        line = desk.refused(2, *command)
        assert pool.name in line
        assert "restore it from a backup" in line
    assert not out.exists()
