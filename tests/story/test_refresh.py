"""Copies that are brought up to date: the same recipients, decoys and codes, however often."""

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random

import cbor2
import pytest

from desk import Desk, Kept, workspace_in
from people import customer_file, read_csv
from trapstreet.app.demo.people import HEADER, customers
from trapstreet.app.workspace import Workspace
from trapstreet.cli import run
from trapstreet.core.model.commitment import commitment
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed
from trapstreet.share.domain.opening import nonce_and_decoys
from trapstreet.share.opening import open_copy
from trapstreet.store import catalogue, copies, log
from trapstreet.store.models import Copy, Edition, Version

pytestmark = pytest.mark.slow

ROWS, NEW, DECOYS = 1_300, 260, 250
FIRST, SECOND, THIRD = range(3)
"""The copies: the first of all, which shares no decoys, and two that do."""

Table = dict[str, tuple[str, ...]]
"""The rows of a file by their ticket numbers."""


@dataclass
class Editions:
    """A workspace with three copies, each handed out of three versions.

    versions  the table as it was;  copies  per copy its files
    """

    folder: Path
    versions: list[Table] = field(default_factory=list)
    copies: list[list[Table]] = field(default_factory=list)

    def file(self, copy: int, edition: int) -> Path:
        return self.folder / f"copy{copy}-{edition}.csv"

    def decoys(self, copy: int, edition: int) -> set[tuple[str, ...]]:
        return {row for key, row in self.copies[copy][edition].items() if key not in self.versions[edition]}

    def real(self, copy: int, edition: int) -> set[str]:
        return self.copies[copy][edition].keys() & self.versions[edition].keys()


def dump(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def table(path: Path) -> Table:
    return {row["ticket"]: tuple(row.values()) for row in read_csv(path)}


def turned(rows: list[tuple[str, ...]], seed: int, first: int) -> list[tuple[str, ...]]:
    """A tenth is gone, a tenth has another address, and there are new ones at the end."""
    random = Random(seed)
    kept = [row for row in rows if random.random() > 0.1]
    moved = [(*row[:2], f"v{seed}.{row[2]}", *row[3:]) if random.random() < 0.1 else row for row in kept]
    return [*moved, *customers(NEW, seed=seed, first=first)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Editions:
    folder = tmp_path_factory.mktemp("office")
    made = Editions(folder)
    workspace, keys, kit = (folder / name for name in ("workspace", "keys", "kit.txt"))
    source, there = folder / "customers.csv", ("--workspace", workspace)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAPSTREET_KIT_PASSPHRASE", "a passphrase for tests")
        patch.setattr("trapstreet.keys.kit._LOG2_N", 8)
        _do("init", workspace, "--keys", keys, "--kit", kit, "--kit-confirmed")
        rows = list(customers(ROWS, seed=1))
        customer_file(source, 0, rows=rows)
        _do("register", source, "--name", "customers", *there)
        for copy in (FIRST, SECOND, THIRD):
            asked = ("--to", f"Recipient {copy % 2}", "--decoys", DECOYS, "--withhold", "3%")
            _do("share", "customers", *asked, "--out", made.file(copy, 0), *there)
        made.versions.append(table(source))
        for edition in (1, 2):
            rows = turned(rows, edition, 3_000_000 * edition)
            customer_file(source, 0, rows=rows)
            made.versions.append(table(source))
            for copy in (FIRST, SECOND, THIRD):
                out = ("--out", made.file(copy, edition), "--new-version")
                _do("copy", "refresh", copy + 1, *out, *there)
    made.copies += [[table(made.file(copy, each)) for each in range(3)] for copy in range(3)]
    return made


def _do(*arguments: object) -> None:
    assert run([str(each) for each in arguments]) == 0


@pytest.fixture
def shared(made: Editions, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk at the workspace, which no test changes."""
    return Desk(made.folder, capsys)


EACH = pytest.mark.parametrize("copy", [FIRST, SECOND, THIRD])


@EACH
def test_rows_that_were_in_a_copy_stay_in_it_and_withheld_ones_stay_out(made: Editions, copy: int) -> None:
    for before, after in pairwise(range(3)):
        both = made.versions[before].keys() & made.versions[after].keys()
        assert made.real(copy, before) & both == made.real(copy, after) & both
        assert 14 <= len(both - made.real(copy, after)) <= 72


@EACH
def test_new_rows_come_in_and_some_are_withheld_too(made: Editions, copy: int) -> None:
    new = made.versions[2].keys() - made.versions[0].keys()
    assert len(new) > NEW
    assert 1 <= len(new - made.real(copy, 2)) <= 40


@EACH
def test_changed_values_come_as_they_are_now(made: Editions, copy: int) -> None:
    for edition in range(3):
        for key in made.real(copy, edition):
            assert made.copies[copy][edition][key] == made.versions[edition][key]


@EACH
def test_decoys_are_the_same_in_every_edition(made: Editions, copy: int) -> None:
    first, second, third = (made.decoys(copy, edition) for edition in range(3))
    assert len(first) == DECOYS
    assert first == second == third


def test_copies_that_shared_decoys_go_on_sharing_the_same(made: Editions) -> None:
    assert not made.decoys(FIRST, 2) & made.decoys(SECOND, 2)
    assert len(made.decoys(SECOND, 2) & made.decoys(THIRD, 2)) > 5


def accused(desk: Desk, leak: Path) -> set[int]:
    """The copies that take part, by their numbers from 0 on."""
    (result,) = desk.json("trace", leak, status=1)["data_sets"]
    return {int(each["copy"].partition("-")[0]) - 1 for each in result["accused"]}


@EACH
@pytest.mark.parametrize("edition", range(3))
def test_a_leak_of_any_edition_names_the_copy(made: Editions, shared: Desk, copy: int, edition: int) -> None:
    assert accused(shared, made.file(copy, edition)) == {copy}


@pytest.mark.parametrize("edition", range(3))
def test_an_edition_without_its_decoys_names_the_copy_by_what_it_lacks(
    made: Editions, shared: Desk, edition: int
) -> None:
    kept = [row for row in read_csv(made.file(THIRD, edition)) if row["ticket"] in made.versions[edition]]
    assert accused(shared, dump(made.folder / "cleaned.csv", kept)) == {THIRD}


def test_two_editions_of_a_copy_laid_together_name_it_and_nobody_else(made: Editions, shared: Desk) -> None:
    both = {row["ticket"]: row for edition in (0, 2) for row in read_csv(made.file(SECOND, edition))}
    assert accused(shared, dump(made.folder / "together.csv", list(both.values()))) == {SECOND}


def opened(edition: Edition, ring: KeyRing) -> str:
    """The commitment to what the registry keeps of an edition."""
    copy = edition.copy
    kept = open_sealed(ring.storage_key(copy.id), bytes(edition.opening), aad=b"nonce " + copy.id.encode())
    columns = {column.name: column for column in catalogue.columns_of(copy.data_set)}
    record_ids, rows = copies.record_ids_of(copy).tolist(), copies.rows_of(copy, ring)
    nonce, decoys = nonce_and_decoys(kept, record_ids, rows, columns)
    facts = open_copy(copy.id, ring)
    version, at = edition.version.number, edition.issued_at
    return commitment(replace(facts, nonce=nonce, decoys=decoys, version=version, issued_us=at)).hex()


def test_the_log_has_a_commitment_for_every_edition_and_each_opens(shared: Desk) -> None:
    workspace = Workspace.open(shared.workspace)
    editions = list(Edition.objects.order_by("id"))
    assert [(each.copy.number, each.version.number) for each in editions] == [
        *((copy, 1) for copy in (1, 2, 3)),
        *((copy, version) for version in (2, 3) for copy in (1, 2, 3)),
    ]
    assert [opened(each, workspace.ring) for each in editions] == [each.commitment for each in editions]
    leaves = log.entries(log.verify(workspace.settings.keys.log).size)
    logged = [leaf for leaf in map(cbor2.loads, leaves) if leaf["event"] == "copy"]
    assert [(leaf["copy"], leaf["commitment"].hex(), leaf["time"]) for leaf in logged] == [
        (each.copy_id, each.commitment, each.issued_at) for each in editions
    ]
    assert len({each.commitment for each in editions}) == 9


def test_a_recipient_with_two_copies_has_both_refreshed_each_as_itself(made: Editions, shared: Desk) -> None:
    first, _, third = shared.json("copy", "list")["copies"]
    assert first["recipient"] == third["recipient"]
    assert made.decoys(FIRST, 2).isdisjoint(made.decoys(THIRD, 2))
    assert made.real(FIRST, 2) != made.real(THIRD, 2)


@EACH
def test_refreshed_again_in_the_same_version_it_is_the_same_file_and_nothing_is_registered(
    made: Editions, shared: Desk, copy: int
) -> None:
    before, out = shared.json("copy", "list"), made.folder / f"again{copy}.csv"
    result = shared.json("copy", "refresh", copy + 1, "--out", out, "--new-version")
    assert (result["new"], result["version"]) == (False, 3)
    assert out.read_bytes() == made.file(copy, 2).read_bytes()
    assert shared.json("copy", "list") == before
    assert before["copies"][copy]["commitment"] == result["commitment"]


def refreshed(desk: Desk, *arguments: object) -> dict[str, object]:
    return desk.json("copy", "refresh", *arguments, "--out", desk.folder / "out.csv")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A copy of 300 customers with marks, who are more by now."""
    folder = tmp_path_factory.mktemp("small")
    rows = list(customers(330, seed=2))
    source = customer_file(folder / "customers.csv", 0, rows=rows[:300])
    asked = ("--to", "Auditor", "--expires", "2100-01-01", "--mark", "phone=phone-layout")
    workspace_in(
        folder,
        ("register", source, "--name", "customers"),
        ("share", "customers", *asked, "--out", folder / "copy.csv"),
    )
    customer_file(source, 0, rows=rows)
    return Kept(folder)


@pytest.fixture
def small(begun: Kept, capsys: pytest.CaptureFixture[str]) -> Desk:
    return begun.again(capsys)


def refused(desk: Desk, *arguments: object) -> str:
    """Nothing was registered and nothing written; the line that says why."""
    before = state(desk)
    line = desk.refused(2, "copy", "refresh", *arguments, "--out", desk.folder / "out.csv")
    assert state(desk) == before
    return line


def state(desk: Desk) -> object:
    listed = desk.json("copy", "list")
    files = sorted(str(path.relative_to(desk.folder)) for path in desk.folder.rglob("*.*"))
    kept = [name for name in files if not name.endswith(("-wal", "-shm"))]
    return listed, Version.objects.count(), log.verify(Workspace.open(desk.workspace).settings.keys.log), kept


def test_a_withdrawn_copy_is_refused_and_still_traced(small: Desk) -> None:
    small.do("copy", "withdraw", "1")
    for new in ((), ("--new-version",)):
        assert "was withdrawn: hand out a new one with trapstreet share" in refused(small, "1", *new)
    assert accused(small, small.folder / "copy.csv") == {0}
    assert "was withdrawn on" in small.refused(2, "copy", "withdraw", "1")


def test_an_expired_copy_is_refused_until_it_has_a_new_day(
    small: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_2101 = 131 * 365 * 86_400_000_000 + 40 * 86_400_000_000
    monkeypatch.setattr("trapstreet.app.sharing.now", lambda: in_2101)
    for new in ((), ("--new-version",)):
        assert "has expired: pass --expires with a day that is to come" in refused(small, "1", *new)
    assert refreshed(small, "1", "--new-version", "--expires", "2110-01-01")["version"] == 2
    assert small.json("copy", "list")["copies"][0]["status"] == "out until 2110-01-01 23:59 UTC"


@pytest.mark.parametrize("new", [True, False], ids=["further edition", "same version"])
def test_a_new_day_is_in_registry_and_log_before_the_file_appears(
    small: Desk, new: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not new:
        refreshed(small, "1", "--new-version")
        (small.folder / "out.csv").unlink()
    size = len(list(log.all_entries()))
    out, seen = small.folder / "out.csv", []
    link = os.link

    def watched(source: Path, target: Path, **how: bool) -> None:
        if Path(target) == out:
            seen.append(Copy.objects.get().expires_at)
        link(source, target, **how)

    monkeypatch.setattr("os.link", watched)
    refreshed(small, "1", *(["--new-version"] if new else []), "--expires", "2110-01-01")
    entries = list(log.all_entries())[size:]
    at = Copy.objects.get().expires_at
    assert seen == [at]
    assert [each["event"] for each in entries] == [*(["version", "copy"] if new else []), "expires"]
    assert (entries[-1]["copy"], entries[-1]["at"]) == (Copy.objects.get().id, at)


def test_a_copy_that_there_is_not_is_refused(small: Desk) -> None:
    for name in ("2", "1-abcdefghjk", "Auditor"):
        assert f"no copy '{name}': trapstreet copy list shows them" in refused(small, name)


def test_a_table_that_changed_is_refused_without_new_version(small: Desk) -> None:
    assert "is not as it was registered (version 1)" in refused(small, "1")


@pytest.mark.parametrize("columns", [HEADER[:-1], (*HEADER, "extra")], ids=["one fewer", "one more"])
def test_a_table_of_other_columns_is_refused_in_a_line_that_says_what_to_do(
    small: Desk, columns: tuple[str, ...]
) -> None:
    path = small.folder / "customers.csv"
    dump(path, [{name: row.get(name, "x") for name in columns} for row in read_csv(path)])
    assert "has other columns than it was registered with: pass --new-version" in refused(small, "1")
    line = small.refused(2, "copy", "refresh", "1", "--new-version", "--out", small.folder / "out.csv")
    assert "has other columns than when the copy was made: withdraw it, and hand out a new one" in line
    assert not (small.folder / "out.csv").exists()


def test_columns_in_another_order_are_no_others(small: Desk) -> None:
    path = small.folder / "customers.csv"
    dump(path, [dict(reversed(row.items())) for row in read_csv(path)])
    refreshed(small, "1", "--new-version")
    old, new = (read_csv(small.folder / name) for name in ("copy.csv", "out.csv"))
    assert list(new[0]) == list(HEADER)[::-1]
    real = {row["ticket"] for row in read_csv(path)}
    decoys = [[row for row in rows if row["ticket"] not in real] for rows in (old, new)]
    assert len(decoys[0]) == 3
    assert sorted(map(str, map(sorted, map(dict.items, decoys[0])))) == sorted(
        map(str, map(sorted, map(dict.items, decoys[1])))
    )


def test_values_are_spelled_as_in_the_first_edition_and_new_ones_in_either_way(small: Desk) -> None:
    refreshed(small, "1", "--new-version")
    old, new = (table(small.folder / name) for name in ("copy.csv", "out.csv"))
    assert len(old) == 303
    assert old.items() <= new.items()
    assert 3 <= sum("-" in new[key][3] for key in new.keys() - old.keys()) <= 27


def test_a_decoy_whose_key_a_new_customer_has_is_left_out(small: Desk) -> None:
    path = small.folder / "customers.csv"
    rows, copy = read_csv(path), read_csv(small.folder / "copy.csv")
    decoy = next(row for row in copy if row["ticket"] not in {each["ticket"] for each in rows})
    (newcomer,) = customers(1, seed=77)
    dump(path, [*rows, dict(zip(HEADER, (decoy["ticket"], *newcomer[1:]), strict=True))])
    result = refreshed(small, "1", "--new-version")
    assert (result["left_out"], result["decoys"], result["rows"]) == (1, 2, 331)
    written = {row["ticket"]: row for row in read_csv(small.folder / "out.csv")}
    assert len(written) == 333
    assert written[decoy["ticket"]]["name"] == newcomer[1]
    assert accused(small, small.folder / "out.csv") == {0}


def test_a_refresh_that_is_killed_while_it_writes_is_simply_run_again(small: Desk) -> None:
    rows = list(customers(4_000, seed=2))
    customer_file(small.folder / "customers.csv", 0, rows=rows)
    out = small.folder / "out.csv"
    program = "from trapstreet.cli import main; main()"
    line = ("copy", "refresh", "1", "--out", out, "--new-version", "--workspace", small.workspace)
    process = subprocess.Popen([sys.executable, "-c", program, *map(str, line)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(small.folder.glob(".out.csv.*/part")):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    assert [each.version.number for each in Edition.objects.all()] == [1]
    result = refreshed(small, "1", "--new-version")
    assert (result["new"], result["version"], result["rows"]) == (True, 2, 4_000)
    assert len(read_csv(out)) == 4_003
    small.do("doctor")
