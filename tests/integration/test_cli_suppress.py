"""`trapstreet suppress`: rows go through registered jobs, decoys fall out, every call is on record."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billing import DECOYS, ROWS, make_office
from desk import Desk
from people import customer_file
from trapstreet.app.demo.people import HEADER, customers
from trapstreet.app.suppressing import suppress
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import AccessDenied
from trapstreet.core.model.protected import Protected
from trapstreet.core.model.table import Batch
from trapstreet.plugins.tables import open_table
from trapstreet.store import disconnect, log
from trapstreet.store.models import SuppressionCall, SuppressionJob

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of which one copy is out, and a job of its size: made once."""
    folder = tmp_path_factory.mktemp("made")
    make_office(folder)
    return folder


@pytest.fixture
def office(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """The same, to work at."""
    monkeypatch.delenv("TRAPSTREET_WORKSPACE", raising=False)
    folder = tmp_path / "office"
    shutil.copytree(made, folder)
    yield Desk(folder, capsys)
    disconnect()


def add(desk: Desk, name: str, *more: object, rows: int = ROWS) -> None:
    asked = ("--data-set", "customers", "--purpose", "monthly invoices", "--rows", rows)
    desk.do("suppress", "job", "add", name, *asked, "--token", desk.folder / f"{name}.token", *more)


def run(desk: Desk, name: str, given: str, *, out: str = "out.csv", status: int = 0) -> Path:
    token = desk.folder / f"{name}.token"
    written = desk.folder / out
    desk.do("suppress", "run", name, desk.folder / given, "--out", written, "--token", token, status=status)
    return written


def entries(desk: Desk, event: str) -> list[dict[str, object]]:
    Workspace.open(desk.workspace)
    return [dict(entry) for entry in log.all_entries() if entry["event"] == event]


def cut(desk: Desk, name: str, rows: list[str]) -> str:
    header = (desk.folder / "copy.csv").read_text().splitlines(keepends=True)[0]
    desk.write(name, header + "".join(rows))
    return name


def lines(desk: Desk, name: str = "copy.csv") -> list[str]:
    return (desk.folder / name).read_text().splitlines(keepends=True)[1:]


def others(count: int) -> list[str]:
    """Rows that are nobody's."""
    return [f"XX-{at:05},N,n{at}@x.example,,Cork,A,2016-01-01\n" for at in range(count)]


def test_what_comes_out_is_the_table_without_decoys_to_the_byte(office: Desk) -> None:
    out = run(office, "billing", "copy.csv")
    assert out.read_bytes() == (office.folder / "customers.csv").read_bytes()
    assert "ALERT" not in office.err
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".xlsx", ".tsv"])
def test_so_it_is_in_every_format_of_tables(office: Desk, suffix: str) -> None:
    office.do("share", "customers", "--to", "B", "--decoys", DECOYS, "--out", office.folder / f"b{suffix}")
    out = run(office, "billing", f"b{suffix}", out=f"out{suffix}")
    left = [row for batch in open_table(str(out)).batches() for row in batch.rows]
    assert left == list(customers(ROWS, seed=7))


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_standard_input_goes_to_standard_output(office: Desk, suffix: str) -> None:
    given, left = office.folder / "copy.csv", (office.folder / "customers.csv").read_bytes()
    if suffix == "jsonl":
        given = office.folder / "copy.jsonl"
        office.do("share", "customers", "--to", "B", "--decoys", DECOYS, "--out", given)
        rows = (json.dumps(dict(zip(HEADER, row, strict=True))) for row in customers(ROWS, seed=7))
        left = "".join(f"{row}\n" for row in rows).encode()
    with given.open("rb") as source:
        ended = child(office, "billing", "-", stdin=source)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == left
    assert list((office.workspace / "tmp").iterdir()) == []


def child(desk: Desk, *arguments: object, **options: object) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "trapstreet.cli", "suppress", "run", *map(str, arguments)]
    token = (desk.folder / "billing.token").read_text().strip()
    environment = os.environ | {"TRAPSTREET_WORKSPACE": str(desk.workspace), "TRAPSTREET_JOB_TOKEN": token}
    program = "from trapstreet.cli import main; main()"
    command[1:3] = ["-c", program]
    return subprocess.run(command, capture_output=True, env=environment, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_json_says_how_many_rows_went_in_and_not_how_many_fell_out(office: Desk) -> None:
    arguments = ("run", "billing", office.folder / "copy.csv", "--out", office.folder / "out.csv")
    answer = office.json("suppress", *arguments, "--token", office.folder / "billing.token")
    assert answer == {
        "job": "billing",
        "out": str(office.folder / "out.csv"),
        "rows": ROWS + DECOYS,
        "alerts": [],
    }


def test_every_call_is_in_the_log_and_no_row_of_it(office: Desk) -> None:
    run(office, "billing", "copy.csv")
    (begun,), (ended,) = entries(office, "suppression"), entries(office, "suppressed")
    assert begun["job"] == ended["job"]
    assert begun["call"] == ended["call"]
    assert ended["rows"] == ROWS + DECOYS
    assert isinstance(ended["by"], str)
    assert isinstance(ended["sketch"], bytes)
    assert len(ended["sketch"]) == 32
    assert set(ended) == {"event", "job", "call", "by", "rows", "sketch", "time"}


def test_the_token_is_in_its_file_alone(office: Desk) -> None:
    token = (office.folder / "billing.token").read_text().strip()
    assert (office.folder / "billing.token").stat().st_mode & 0o777 == 0o600
    assert len(token) >= 43
    kept = [path for path in office.workspace.rglob("*") if path.is_file()]
    assert not any(token.encode() in path.read_bytes() for path in kept)


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (None, 0, "the token cannot be read from"),
        ("", 0o600, "does not hold the token: it is the only text in its file"),
        ("one\ntwo\n", 0o600, "does not hold the token alone: it is one line of text"),
        ("t0ken", 0o640, "others may read"),
    ],
)
def test_a_file_that_is_no_tokens_is_said_to_be_none(
    office: Desk, text: str | None, mode: int, said: str
) -> None:
    file = office.folder / "my.token"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    out = office.folder / "out.csv"
    asked = ("run", "billing", office.folder / "copy.csv", "--out", out, "--token", file)
    assert said in office.refused(2, "suppress", *asked)
    assert not out.exists()


REFUSED = {
    "unknown": (["suppress", "run", "invoicing"], "there is no such job"),
    "token": (["suppress", "run", "mailing"], "this is not its token"),
    "ended": (["suppress", "run", "old"], "it has ended"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_who_may_not_call_is_refused_and_on_record(office: Desk, why: str) -> None:
    add(office, "mailing")
    add(office, "old")
    office.do("suppress", "job", "end", "old")
    arguments, said = REFUSED[why]
    token = office.folder / ("old.token" if why == "ended" else "billing.token")
    if why == "ended":
        token = office.folder / "billing.token"
    out = office.folder / "out.csv"
    line = office.refused(3, *arguments, office.folder / "copy.csv", "--out", out, "--token", token)
    assert said in line
    assert not out.exists()
    alerts = entries(office, "alert")
    assert [each["what"] for each in alerts] == [[why], [why]]
    assert all(arguments[-1].encode() not in bytes(each["asked"]) for each in alerts)


def test_a_probe_is_refused_and_on_record(office: Desk) -> None:
    cut(office, "probe.csv", lines(office)[:100])
    arguments = ("run", "billing", office.folder / "probe.csv", "--out", office.folder / "out.csv")
    line = office.refused(3, "suppress", *arguments, "--token", office.folder / "billing.token")
    assert "takes 120 different rows and more" in line
    assert not (office.folder / "out.csv").exists()
    assert entries(office, "alert")[0]["what"] == ["small"]
    assert entries(office, "suppression refused")[0]["rows"] == 100


def test_far_more_rows_than_registered_are_refused_and_on_record(office: Desk) -> None:
    cut(office, "more.csv", [*lines(office), *others(ROWS + 300)])
    assert not run(office, "billing", "more.csv", status=3).exists()
    assert entries(office, "alert")[0]["what"] == ["large", "reach"]


def test_a_probe_padded_with_one_row_again_and_again_is_refused(office: Desk) -> None:
    cut(office, "probe.csv", lines(office)[:1] * ROWS + lines(office)[1:2])
    run(office, "billing", "probe.csv", status=3)


OUT_OF_THE_ORDINARY: dict[str, tuple[Callable[[list[str]], list[str]], list[str]]] = {
    "half of it": (lambda rows: rows[: len(rows) // 2], ["changed"]),
    "a third of it": (lambda rows: rows[: len(rows) // 3], ["small", "changed"]),
    "a third more": (lambda rows: [*rows, *others(ROWS // 3)], ["large", "changed"]),
    "the same": (lambda rows: rows, []),
    "in another order": (lambda rows: rows[::-1], []),
    "a little more": (lambda rows: [*rows, "TS-1,N,n@x.example,,Cork,A,2016-01-01\n"], []),
}


@pytest.mark.parametrize("what", OUT_OF_THE_ORDINARY)
def test_a_second_call_with_other_rows_is_an_alert_and_goes_through(office: Desk, what: str) -> None:
    change, expected = OUT_OF_THE_ORDINARY[what]
    run(office, "billing", "copy.csv")
    assert run(
        office, "billing", cut(office, "again.csv", change(lines(office))), out="again-out.csv"
    ).exists()
    assert [each["what"] for each in entries(office, "alert")] == ([expected] if expected else [])
    assert office.err.count("ALERT") == len(expected)


def test_more_calls_than_registered_are_an_alert(office: Desk) -> None:
    add(office, "daily", "--calls", "1/day")
    run(office, "daily", "copy.csv")
    run(office, "daily", "copy.csv", out="second.csv")
    assert entries(office, "alert")[0]["what"] == ["often"]


def test_rows_that_are_told_apart_in_another_way_are_an_alert(office: Desk) -> None:
    run(office, "billing", "copy.csv")
    narrow = "".join(f"{line.split(',')[2]}\n" for line in ["t,n,email,p", *lines(office)])
    office.write("mails.csv", narrow)
    out = run(office, "billing", "mails.csv", out="mails-out.csv")
    assert "columns" in entries(office, "alert")[0]["what"]  # type: ignore[operator]
    assert len(out.read_text().splitlines()) == ROWS + 1


def test_a_renamed_key_is_named_at_registering(office: Desk) -> None:
    add(office, "orders", "--column", "ticket=buyer")
    rows = [f"{at},{line.split(',')[0]}\n" for at, line in enumerate(lines(office))]
    office.write("orders.csv", "order,buyer\n" + "".join(rows))
    assert len(run(office, "orders", "orders.csv").read_text().splitlines()) == ROWS + 1


UNUSABLE = {
    "no column": ("a,b\n1,2\n3,4\n", "has no column by which decoys are known"),
    "no rows": ("ticket,name,email,phone,city,product,opened\n", "takes 120 different rows and more"),
    "an unreadable row": ("ticket,email\nTS-1,a@b.example\nTS-2\n", "line 3 cannot be read"),
    "nothing": ("", "the file is empty"),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_table_that_cannot_be_used_is_one_clear_line_and_no_file(office: Desk, what: str) -> None:
    text, said = UNUSABLE[what]
    given, out = office.write("bad.csv", text), office.folder / "out.csv"
    asked = ("run", "billing", given, "--out", out, "--token", office.folder / "billing.token")
    assert said in office.refused(3 if what == "no rows" else 2, "suppress", *asked)
    assert not out.exists()


def test_an_existing_file_is_not_overwritten(office: Desk) -> None:
    out = office.write("out.csv", "mine")
    run(office, "billing", "copy.csv", status=2)
    assert out.read_text() == "mine"


def test_a_job_for_single_people_is_refused(office: Desk) -> None:
    asked = ("--data-set", "customers", "--purpose", "x", "--rows", 5, "--token", office.folder / "t")
    assert "100 rows and more" in office.refused(2, "suppress", "job", "add", "one", *asked)
    assert not (office.folder / "t").exists()


BAD_JOBS = {
    "--calls 2/fortnight": "write it like 2/day",
    "--calls 0/day": "write it like 2/day",
    "--column buyer": "write it like customer_no=buyer",
    "--column buyer=ticket": "has no column buyer",
}


@pytest.mark.parametrize("options", BAD_JOBS)
def test_a_job_that_makes_no_sense_is_refused(office: Desk, options: str) -> None:
    asked = ("--data-set", "customers", "--purpose", "x", "--rows", 500, "--token", office.folder / "t")
    line = office.refused(2, "suppress", "job", "add", "odd", *asked, *options.split())
    assert BAD_JOBS[options] in line
    assert not (office.folder / "t").exists()


def test_a_name_is_free_again_when_its_job_has_ended(office: Desk) -> None:
    assert "already" in office.refused(
        2, "suppress", "job", "add", "billing", "--data-set", "customers", "--purpose", "x", "--rows", 500,
        "--token", office.folder / "t",
    )  # fmt: skip
    office.do("suppress", "job", "end", "billing")
    (office.folder / "billing.token").unlink()
    add(office, "billing")
    assert [each["status"][:5] for each in office.json("suppress", "job", "list")["jobs"]] == [
        "ended",
        "open",
    ]


def test_a_killed_call_leaves_no_output_and_is_in_the_log(office: Desk) -> None:
    fifo = office.folder / "rows"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [sys.executable, "-c", "from trapstreet.cli import main; main()", "suppress", "run", "billing", "-"],
        env=os.environ
        | {
            "TRAPSTREET_WORKSPACE": str(office.workspace),
            "TRAPSTREET_JOB_TOKEN": (office.folder / "billing.token").read_text(),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write((office.folder / "copy.csv").read_bytes()[:20_000])
        process.stdin.flush()
        deadline = time.monotonic() + 30
        spooled = "*/in"  # one that is interrupted while it makes the folder leaves that for the sweep
        while not list((office.workspace / "tmp").glob(spooled)) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert out == b""
    assert process.returncode == 130
    assert list((office.workspace / "tmp").iterdir()) == []


def in_python(desk: Desk, batches: list[Batch]) -> "list[Batch]":
    token = Protected((desk.folder / "billing.token").read_text())
    table = open_table(str(desk.folder / "copy.csv"))
    workspace = Workspace.open(desk.workspace)
    return list(suppress("billing", table.columns, batches, token=token, workspace=workspace))


def test_the_python_function_gives_the_rows_that_are_no_decoys(office: Desk) -> None:
    batches = list(open_table(str(office.folder / "copy.csv")).batches(100))
    left = [row for batch in in_python(office, batches) for row in batch.rows]
    assert left == list(customers(ROWS, seed=7))


def test_the_python_function_gives_nothing_of_a_probe(office: Desk) -> None:
    batches = list(open_table(str(office.folder / "copy.csv")).batches(100))[:1]
    got: list[Batch] = []
    with pytest.raises(AccessDenied):
        got += in_python(office, batches)
    assert got == []


def test_a_caller_who_stops_in_the_middle_is_on_record_with_what_it_gave(office: Desk) -> None:
    token = Protected((office.folder / "billing.token").read_text())
    table = open_table(str(office.folder / "copy.csv"))
    workspace = Workspace.open(office.workspace)
    call = suppress("billing", table.columns, table.batches(100), token=token, workspace=workspace)
    next(call)
    call.close()
    (kept,) = SuppressionCall.objects.all()
    assert (kept.whole, kept.rows) == (False, 200)
    assert len(bytes(SuppressionJob.objects.get().reach)) == 200 * 8
    assert entries(office, "suppression broken off")[0]["rows"] == 200


def test_a_declared_use_is_kept_with_the_copy_and_in_the_log(office: Desk) -> None:
    asked = ("--to", "B", "--decoys", 20, "--out", office.folder / "b.csv")
    told = office.json("share", "customers", *asked, "--used-for", "spring campaign", "--until", "2099-03-31")
    assert told["used_for"] == {"what": "spring campaign", "until": "2099-03-31 23:59 UTC", "senders": []}
    (warned,) = office.err.splitlines()
    assert warned.startswith("WARNING  without --sender all that comes to its decoys until then is expected")
    first, second = office.json("copy", "list")["copies"]
    assert first["expected_uses"] == []
    assert second["expected_uses"][0]["what"] == "spring campaign"
    assert "is expected to be used until 2099-03-31 23:59 UTC: spring campaign" in office.do("copy", "list")
    (entry,) = entries(office, "expected use")
    assert entry["copy"] == told["copy"]
    assert b"spring" not in bytes(entry["what"])  # type: ignore[call-overload]


def test_half_a_declaration_is_refused_before_anything_is_written(office: Desk) -> None:
    asked = ("--to", "B", "--out", office.folder / "b.csv", "--used-for", "campaign")
    assert "belong together" in office.refused(2, "share", "customers", *asked)
    assert not (office.folder / "b.csv").exists()


def test_nothing_of_a_call_is_left_in_the_workspace(office: Desk) -> None:
    run(office, "billing", "copy.csv")
    rows = list(csv.reader(io.StringIO((office.folder / "copy.csv").read_text())))
    values = {row[at].encode() for row in rows[1:50] for at in (1, 2, 3)}
    kept = b"".join(path.read_bytes() for path in office.workspace.rglob("*") if path.is_file())
    assert not any(value in kept for value in values)


def test_planted_decoys_fall_out_of_the_table_that_they_were_planted_in(office: Desk) -> None:
    source = office.folder / "mine.csv"
    before = customer_file(source, ROWS, seed=8).read_bytes()
    office.do("register", source, "--name", "mine")
    office.do("plant", "mine", "--decoys", 20)
    assert len(source.read_bytes()) > len(before)
    asked = ("--data-set", "mine", "--purpose", "statistics", "--rows", ROWS)
    office.do("suppress", "job", "add", "statistics", *asked, "--token", office.folder / "statistics.token")
    assert run(office, "statistics", "mine.csv").read_bytes() == before
