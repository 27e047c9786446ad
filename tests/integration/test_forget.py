"""A person is erased: nothing of theirs is left, everybody and everything else is as it was."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import cbor2
import numpy as np
import psycopg
import pytest

from desk import Desk
from handed_out import do, handed_out
from people import read_csv
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.record_id import record_ids
from trapstreet.core.model.table import Row
from trapstreet.index import Fingerprinter, Segment
from trapstreet.store import catalogue, disconnect, log
from trapstreet.store.models import SuppressionCall, SuppressionJob

pytestmark = pytest.mark.slow

ROWS = 800
PERSON = (
    "TS-9000001",
    "Zebulon Quartermaine",
    "zeb.q@sentinel-post.example",
    "+353 86 739 1846",
    "Cork",
    "Antivirus Plus",
    "2018-04-09",
)
MOVED = (
    *PERSON[:2],
    "zebulon@new-post.example",
    "+353 87 555 2847",
    "Sligo",
    *PERSON[5:],
)
SENTINELS = (PERSON[0], PERSON[1], PERSON[2], MOVED[2], "7391846", "5552847")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """800 customers and three copies of them; then a person comes, and moves: a copy of each version.

    Two suppression jobs have been given the table: one knows rows by their key, one by e-mail address.
    """
    folder = handed_out(
        tmp_path_factory.mktemp("made"),
        rows=ROWS,
        recipients=["Cork", "Galway", "Sligo"],
        share=("--decoys", 40, "--withhold", "5%"),
    )
    at = ("--workspace", folder / "workspace")
    customers = (folder / "customers.csv").read_text()
    for number, row in enumerate((PERSON, MOVED), start=3):
        (folder / "customers.csv").write_text(f"{customers}{','.join(row)}\n")
        do("register", folder / "customers.csv", "--name", "customers", *at)
        out = folder / f"copy{number}.csv"
        do("share", "customers", "--to", f"Recipient {number}", "--out", out, "--decoys", 40, *at)
    with (folder / "customers.csv").open() as table, (folder / "mails.csv").open("w", newline="") as file:
        csv.writer(file).writerows(row[1:] for row in csv.reader(table))
    for job, table in (("billing", "customers.csv"), ("mailing", "mails.csv")):
        token = folder / f"{job}.token"
        asked = ("--data-set", "customers", "--purpose", "p", "--rows", ROWS, "--token", token)
        do("suppress", "job", "add", job, *asked, *at)
        do("suppress", "run", job, folder / table, "--out", folder / f"{job}.csv", "--token", token, *at)
    disconnect()
    return folder


@pytest.fixture
def office(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """The same, to work at; the source stays where it was registered."""
    folder = tmp_path / "office"
    shutil.copytree(made, folder)
    yield Desk(folder, capsys)
    disconnect()


def named(desk: Desk, *lines: str) -> Path:
    return desk.write("person.txt", "\n".join(lines))


def segments(desk: Desk) -> list[Segment]:
    return [Segment(path) for path in sorted(desk.workspace.glob("index/*/version-*.segment"))]


def sources(desk: Desk) -> dict[str, bytes]:
    """The index as it is on disk."""
    return {str(path): path.read_bytes() for path in desk.workspace.glob("index/**/*") if path.is_file()}


def prints(desk: Desk) -> Fingerprinter:
    opened = Workspace.open(desk.workspace)
    data_set = catalogue.data_set_named("customers")
    columns = catalogue.columns_of(data_set)
    return Fingerprinter(data_set.id, columns, data_set.key_columns, epoch=1, keys=opened.ring)


def traces(desk: Desk, *rows: Row) -> dict[str, bytes]:
    """Everything that the workspace made of some rows, as it would stand in a file: hashes of 8 bytes, but
    of confirming forms their upper half, and of anchors what the entries of each version have of it."""
    reader = prints(desk)
    found = {"RecordId": reader.record_ids(rows)[:1].tobytes()}
    found |= {f"digest {at}": each.tobytes() for at, each in enumerate(reader.digests(rows))}
    opened = Workspace.open(desk.workspace)
    told = opened.ring.siphash_key("suppress", catalogue.data_set_named("customers").id)
    found |= {f"told {row[2]}": record_ids(told, [(row[2],)]).tobytes() for row in rows}
    for kind, each in reader.fingerprints(rows).items():
        for at, fingerprint in enumerate(each.fingerprints):
            half = np.uint32(fingerprint >> np.uint64(32))
            found[f"{kind} {at}"] = half.tobytes() if each.width else fingerprint.tobytes()
    for number, segment in enumerate(segments(desk), start=1):
        table = segment.table(0)
        ids = set(np.flatnonzero(np.isin(table.record_ids, reader.record_ids(rows))).tolist())
        low = (1 << table.shift) - 1
        own = [entry for entry in table.entries if int(entry) & low in ids]
        found |= {f"entry {at} of version {number}": each.tobytes() for at, each in enumerate(own)}
    return found


def left_of(desk: Desk, known: dict[str, bytes]) -> set[str]:
    """What of it stands anywhere in the workspace's files or in the log."""
    contents = [path.read_bytes() for path in desk.workspace.rglob("*") if path.is_file()]
    contents += [cbor2.dumps(dict(entry)) for entry in log.all_entries()]
    return {
        name
        for name, each in known.items()
        if any(each in content or each[::-1] in content for content in contents)
    }


def test_nothing_that_was_made_of_the_person_is_left_in_the_workspace(office: Desk) -> None:
    known = traces(office, PERSON, MOVED)
    assert len([name for name in known if name.startswith("entry")]) == 6, "three anchors in two states"
    reach = {job.told_by: len(job.reach) for job in SuppressionJob.objects.all()}
    assert set(reach) == {"key", "email"}
    there = left_of(office, known)
    fingerprints = {name for name in known if name.split()[0] in ("email", "phone", "reference")}
    assert there == set(known) - fingerprints - {f"told {PERSON[2]}"}, "the test looks at the right places"

    result = office.json(
        "forget",
        "--from",
        named(office, f"key: {PERSON[0]}", f"email: {MOVED[2]}"),
        "--data-set",
        "customers",
    )

    assert left_of(office, known) == set()
    assert (result["records"], result["versions"]) == (1, 2)
    assert result["data_sets"][0]["states"] == 2
    assert not [path for path in office.workspace.glob("index/**/*") if path.suffix != ".segment"][1:]
    assert reach == {job.told_by: len(job.reach) for job in SuppressionJob.objects.all()}
    assert all(sorted(sketch) == sketch for sketch in sketches())
    (entry,) = [entry for entry in log.all_entries() if entry["event"] == "forget"]
    assert set(entry) == {"event", "records", "versions", "data_sets", "time"}
    office.do("doctor")


def sketches() -> list[list[int]]:
    kept = [*SuppressionJob.objects.values_list("reach"), *SuppressionCall.objects.values_list("sketch")]
    return [np.frombuffer(bytes(each), dtype="<u8").tolist() for (each,) in kept]


def test_scan_and_trace_no_longer_know_the_person_and_everybody_else_as_before(office: Desk) -> None:
    leak = office.write("leak.csv", (office.folder / "copy4.csv").read_bytes())
    only = office.write("only.txt", " / ".join(MOVED))
    office.do("scan", only, status=1)
    (before,) = office.json("scan", leak, status=1)["findings"]
    verdict = office.json("trace", leak, status=1)["data_sets"][0]
    office.do("forget", "--from", named(office, f"email: {PERSON[2]}"))
    assert office.json("scan", only)["findings"] == []
    (after,) = office.json("scan", leak, status=1)["findings"]
    assert (after["records"], after["decoys"]) == (before["records"] - 1, before["decoys"])
    again = office.json("trace", leak, status=1)["data_sets"][0]
    assert again["verdict"] == verdict["verdict"] == "accused"
    assert [each["copy"] for each in again["accused"]] == [each["copy"] for each in verdict["accused"]]
    assert again["taken"] == verdict["taken"]
    assert again["records"]["matched"] == verdict["records"]["matched"] - 1


def test_the_copies_that_hold_the_person_are_listed_for_their_recipients_to_be_told(office: Desk) -> None:
    rows = read_csv(office.folder / "customers.csv")
    tickets = [{row["ticket"] for row in read_csv(office.folder / f"copy{at}.csv")} for at in range(5)]
    lacking = [row for row in rows if sum(row["ticket"] in of for of in tickets) not in (0, 5)]
    everywhere = [row for row in rows if all(row["ticket"] in of for of in tickets)]
    assert len({tuple(row["ticket"] in of for of in tickets) for row in lacking}) > 3
    for row in [*lacking[:6], everywhere[0], lacking[-1]]:
        path = named(office, f"email: {row['email']}")
        (result,) = office.json("forget", "--from", path, "--dry-run")["data_sets"]
        holding = [int(each["copy"].split("-")[0]) - 1 for each in result["copies"]]
        assert holding == [at for at, of in enumerate(tickets) if row["ticket"] in of]
        assert all(each["recipient"].startswith("r-") for each in result["copies"])
    assert lacking[-1]["ticket"] == PERSON[0], "it came after the first three copies"


def test_a_dry_run_says_the_same_and_changes_nothing(office: Desk) -> None:
    before, size = sources(office), len(list(log.all_entries()))
    path = named(office, f"phone: {PERSON[3]}")
    planned = office.json("forget", "--from", path, "--dry-run")
    assert sources(office) == before
    assert len(list(log.all_entries())) == size
    done = office.json("forget", "--from", path)
    assert planned == done | {"dry_run": True}
    assert sources(office).keys() == before.keys()
    assert sources(office) != before


def test_whether_the_source_still_holds_the_person_is_said(office: Desk, made: Path) -> None:
    path = named(office, f"email: {PERSON[2]}")
    said = office.do("forget", "--from", path, "--dry-run")
    assert "it still holds this person: delete there too" in said
    table = office.folder / "customers.csv"
    rows = table.read_text().splitlines(keepends=True)
    table.write_text("".join(rows[:-1]))
    office.do("register", table, "--name", "customers")
    (report,) = office.json("forget", "--from", path, "--dry-run")["data_sets"]
    assert (report["source"], report["rows"]) == ("gone", 0)
    table.unlink()
    said = office.do("forget", "--from", path)
    assert f"could not be checked: {table}: there is no such file" in said


def test_a_person_whom_the_source_still_holds_comes_back_and_one_it_lost_went(office: Desk) -> None:
    table = office.folder / "customers.csv"
    office.do("forget", "--from", named(office, f"key: {PERSON[0]}"))
    again = office.json("register", table, "--name", "customers")
    assert (again["appeared"], again["changed"], again["went"]) == (1, 0, 1)
    office.do("forget", "--from", named(office, f"key: {PERSON[0]}"))
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    again = office.json("register", table, "--name", "customers")
    assert (again["rows"], again["appeared"], again["went"]) == (ROWS, 0, 1)
    office.do("share", "customers", "--to", "Later", "--out", office.folder / "later.csv")
    assert PERSON[0] not in (office.folder / "later.csv").read_text()


def test_a_line_that_names_several_records_is_refused_until_all_are_meant(office: Desk) -> None:
    table = office.folder / "customers.csv"
    with table.open("a") as file:
        file.write(
            ",".join(("TS-9000002", "Una Quartermaine", "una@sentinel-post.example", *MOVED[3:])) + "\n"
        )
    office.do("register", table, "--name", "customers")
    before = sources(office)
    path = named(office, f"phone: {MOVED[3]}")
    line = office.refused(2, "forget", "--from", path)
    assert "line 1 names 2 records of customers" in line
    assert sources(office) == before
    assert office.json("forget", "--from", path, "--all")["records"] == 2
    assert not left_of(office, {"id": prints(office).record_ids([PERSON]).tobytes()})


def test_what_nobody_has_is_said_and_changes_nothing(office: Desk) -> None:
    before = sources(office)
    decoy = next(
        row
        for row in read_csv(office.folder / "copy0.csv")
        if row["email"].endswith(("harbour.example", "quay.example"))
    )
    path = named(office, "email: nobody@nowhere.example", f"email: {decoy['email']}", "key: TS-0")
    assert office.json("forget", "--from", path)["not_found"] == [1, 2, 3]
    assert "nothing was changed" in office.do("forget", "--from", path)
    assert sources(office) == before
    assert not [entry for entry in log.all_entries() if entry["event"] == "forget"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "names nobody"),
        (f"email: {PERSON[2]}\n{PERSON[1]}\n", "line 2 of"),
        (f"name: {PERSON[1]}\n", "line 1 of"),
        (f"email: {PERSON[1]}\n", "has no e-mail address"),
        (f"\n\nphone: {PERSON[1]}\n", "line 3 of"),
        ("email:\n", "line 1 of"),
        (PERSON[1].encode("utf-16"), "is not UTF-8"),
        (b"email: " + b"x" * (1 << 20), "larger than 1 MiB"),
    ],
)
def test_lines_that_name_nobody_are_one_clear_line_without_what_stands_in_them(
    office: Desk, lines: str | bytes, said: str
) -> None:
    line = office.refused(2, "forget", "--from", office.write("person.txt", lines))
    assert said in line
    assert not [value for value in SENTINELS if value in line]


def test_neither_words_nor_json_nor_files_show_the_person(office: Desk) -> None:
    path = named(office, *(f"email: {each[2]}" for each in (PERSON, MOVED)), f"phone: {PERSON[3]}")
    before = {each for each in office.folder.rglob("*") if each.is_file()}
    said = office.do("forget", "--from", path, "--dry-run") + office.err
    said += office.do("forget", "--from", path, "--json") + office.err
    assert not [value for value in SENTINELS if value in said]
    for file in {each for each in office.folder.rglob("*") if each.is_file()} - before:
        assert not [value for value in SENTINELS if value.encode() in file.read_bytes()], file


def test_a_decoy_that_shows_what_the_person_alone_has_is_counted_and_stays(office: Desk) -> None:
    decoys = [row for row in read_csv(office.folder / "copy0.csv") if row["email"].endswith(".example")]
    real = {row["name"] for row in read_csv(office.folder / "customers.csv")}
    alike = next(row["name"] for row in decoys if row["name"] not in real)
    table = office.folder / "customers.csv"
    with table.open("a") as file:
        file.write(",".join(("TS-9000002", alike, "alike@sentinel-post.example", *MOVED[3:])) + "\n")
    office.do("register", table, "--name", "customers")
    copy = read_csv(office.folder / "copy0.csv")
    expected = sum(row["name"] == alike for row in copy)
    path = named(office, "key: TS-9000002")
    (report,) = office.json("forget", "--from", path)["data_sets"]
    counts = {each["owner"].split("-")[0]: each["decoys"] for each in report["decoys"]}
    assert counts["1"] == expected
    (report,) = office.json("forget", "--from", named(office, f"key: {PERSON[0]}"))["data_sets"]
    assert report["decoys"] == [], "city and product are other people's too"


def test_an_erasure_that_breaks_off_is_finished_by_the_next(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = traces(office, PERSON, MOVED)
    replaced = []
    replace = Path.replace

    def breaks_off(self: Path, target: Path) -> Path:
        if self.suffix == ".partial":
            if replaced:
                raise KeyboardInterrupt
            replaced.append(target)
        return replace(self, target)

    path = named(office, f"email: {PERSON[2]}")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", breaks_off)
        office.do("forget", "--from", path, status=130)
    assert [each.name for each in replaced] == ["version-000003.segment"], (
        "by which the address is found: last"
    )
    assert left_of(office, known)
    office.do("scan", office.folder / "customers.csv", status=1)
    office.do("forget", "--from", path)
    assert left_of(office, known) - {f"told {MOVED[2]}"} == set()
    assert not list(office.workspace.glob("index/*/*.partial"))
    office.do("register", office.folder / "customers.csv", "--name", "customers")


def test_a_full_disk_leaves_everything_as_it_was(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sources(office)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("trapstreet.index.erase.write_header", full)
        office.do("forget", "--from", named(office, f"email: {PERSON[2]}"), status=4)
    assert sources(office) == before
    assert not [entry for entry in log.all_entries() if entry["event"] == "forget"]


def test_what_killed_commands_left_of_segments_goes_too(office: Desk) -> None:
    (folder,) = office.workspace.glob("index/ds-*")
    orphan = folder / "version-000004.segment"
    shutil.copy(folder / "version-000003.segment", orphan)
    shutil.copy(folder / "version-000003.segment", folder / "version-000005.partial")
    spill = office.workspace / "tmp" / "segment-left"
    spill.mkdir()
    (spill / "part-00").write_bytes(b"fingerprints")
    shutil.copytree(folder, folder.with_name("ds-unknown"))
    said = office.do("forget", "--from", named(office, f"email: {PERSON[2]}"))
    assert not orphan.exists()
    assert not (folder / "version-000005.partial").exists()
    assert not spill.exists()
    assert str(folder.with_name("ds-unknown")) in said, "it is not ours to delete"


def test_what_may_still_know_the_person_is_named(office: Desk) -> None:
    office.write("workspace/registry.sqlite3.before", b"")
    path = named(office, f"email: {PERSON[2]}")
    what = [each["what"] for each in office.json("forget", "--from", path, "--dry-run")["remains"]]
    assert str(office.workspace / "registry.sqlite3.before") in what
    assert "what suppression remembers of rows (1 job)" in what
    assert str(path) in what
    assert [each for each in what if each.startswith("copies of customers: 4-")]


def test_a_backup_made_afterwards_comes_back_without_the_person(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAPSTREET_KEYS", str(office.folder / "keys"))
    known = traces(office, PERSON, MOVED)
    office.do("forget", "--from", named(office, f"key: {PERSON[0]}", f"email: {MOVED[2]}"))
    office.do("backup", office.folder / "backup.tar")
    content = (office.folder / "backup.tar").read_bytes()
    assert not [name for name, each in known.items() if each in content]
    there = office.folder / "restored"
    assert office.run("restore", office.folder / "backup.tar", there) == 0, office.err
    assert office.run("scan", office.write("only.txt", " / ".join(MOVED)), "--workspace", there) == 0
    assert office.run("doctor", "--workspace", there) == 0


def test_too_many_share_a_value_to_tell_who_is_meant(office: Desk) -> None:
    table = office.folder / "customers.csv"
    with table.open("a") as file:
        for at in range(40):
            file.write(
                ",".join((f"TS-95{at:05}", f"A{at} B", f"a{at}@x.example", "+353 21 555 1234", *PERSON[4:]))
            )
            file.write("\n")
    office.do("register", table, "--name", "customers")
    said = office.do("forget", "--from", named(office, "phone: +353 21 555 1234"))
    assert "Line 1: too many records share the value" in said
    assert "name the person by key" in said


def test_verdicts_and_proofs_from_before_still_hold(office: Desk) -> None:
    leak = office.write("leak.csv", (office.folder / "copy4.csv").read_bytes())
    proof = office.folder / "proof.json"
    office.do("trace", leak, "--proof", proof, status=1)
    result = office.json("forget", "--from", named(office, f"email: {MOVED[2]}"))
    assert office.run("verify", proof, leak) == 0, office.out + office.err
    assert "proofs (1 written) and dossiers" in [each["what"] for each in result["remains"]]


def test_without_a_terminal_somebody_has_to_be_named(office: Desk) -> None:
    assert "pass --from FILE" in office.refused(2, "forget")


@pytest.mark.server("postgresql")
def test_a_registry_in_postgresql_forgets_as_well(
    office: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = traces(office, PERSON, MOVED)
    hashes = {name: each for name, each in known.items() if name.startswith(("told", "RecordId"))}
    office.do("backup", office.folder / "backup.tar")
    desk = Desk(office.folder / "server", office.capsys)
    desk.folder.mkdir()
    monkeypatch.setenv("TRAPSTREET_KEYS", str(office.folder / "keys"))
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute("DROP DATABASE IF EXISTS forget_test")
        database.execute("CREATE DATABASE forget_test")
    url = f"{postgres_url.rpartition('/')[0]}/forget_test"
    assert desk.run("restore", office.folder / "backup.tar", desk.workspace, "--database", url) == 0, desk.err
    result = desk.json("forget", "--from", named(desk, f"key: {PERSON[0]}", f"email: {MOVED[2]}"))
    assert "dead rows in the PostgreSQL server" in [each["what"] for each in result["remains"]]
    kept = {each for sketch in sketches() for each in sketch}
    assert not kept & {int.from_bytes(each, "little") for each in hashes.values()}
    assert desk.do("doctor")
