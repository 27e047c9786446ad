"""Imported logs: whose they may be, which there are, and taking them away again."""

import gzip
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from desk import Desk
from trapstreet.app.uses import past_uses
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.access_events import PastUse
from trapstreet.core.model.errors import Unreachable
from trapstreet.events import Events
from trapstreet.plugins import accesslogs, permissions
from trapstreet.store import database, imports
from trapstreet.store import log as registry_log
from trapstreet.store.models import LogImport

RECORDED = Path(__file__).parent.parent / "access_logs"
PLACE = "postgresql://db.internal/"


def line(n: int, who: str = "anna", month: int = 11) -> str:
    return f'{{"ts": "2026-{month:02d}-01T10:00:{n:02d}Z", "user": "{who}", "object": "crm.public.t{n}"}}\n'


def lines(first: int, last: int, who: str = "anna", month: int = 11) -> str:
    return "".join(line(n, who, month) for n in range(first, last))


def uses(desk: Desk, place: str = PLACE) -> int:
    return sum(each.times for each in past_uses(Workspace.open(desk.workspace), place))


def imported(desk: Desk, name: str, text: str, place: object = PLACE) -> Path:
    log = desk.folder / name
    log.write_text(text)
    desk.do("access", "import", log, "--place", place)
    return log


def listed(desk: Desk, *options: object) -> list[dict[str, object]]:
    return list(desk.json("access", "log", "list", *options)["logs"])


def parquet(desk: Desk) -> list[Path]:
    return [*(desk.workspace / "events").rglob("*.parquet")]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("foo", "there is no folder foo"),
        ("", "--place is empty"),
        ("/no/such/folder", "there is no folder /no/such/folder"),
        ("oracle://db.internal/", "oracle://db.internal/ is no place"),
        ("sqlite:////srv/app.db", "is no place whose rights can be read"),
        ("postgresql://", "names no host"),
        ("postgresql:///crm", "names no host"),
        ("mariadb://:3306/", "names no host"),
        ("postgresql://db.internal:5432x/", "no URL that can be read"),
        ("postgresql://[::1/crm", "the URL cannot be read"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused_in_one_line(desk: Desk, place: str, why: str) -> None:
    said = desk.refused(2, "access", "import", RECORDED / "postgresql.csv", "--place", place)
    assert why in said
    assert listed(desk) == []


def test_no_password_of_a_place_is_said(desk: Desk) -> None:
    said = desk.refused(2, "access", "import", RECORDED / "postgresql.csv", "--place", "foo://a:S3cret@b/")
    assert "S3cret" not in said


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("postgresql.csv", "mariadb://db.internal/"),
        ("postgresql.json", "mysql://db.internal/"),
        ("server_audit.log", "postgresql://db.internal/"),
        ("server_audit.log", "."),
    ],
)
def test_a_log_is_refused_for_a_place_that_does_not_write_such(desk: Desk, name: str, place: str) -> None:
    said = desk.refused(2, "access", "import", RECORDED / name, "--place", place)
    assert "name the place that wrote it" in said
    assert listed(desk) == []


@pytest.mark.parametrize("place", ["postgres://db.internal", "postgresql:///crm?host=/run/postgresql", "."])
def test_places_that_other_commands_take_are_taken(desk: Desk, place: str) -> None:
    used = line(0) if "://" in place else line(0).replace("crm.public.t0", str(Path.cwd() / "staff.csv"))
    imported(desk, "own.jsonl", used, place)
    assert uses(desk, place) == 1


def test_what_was_imported_is_listed_with_what_is_known_of_it(desk: Desk) -> None:
    assert "No logs were imported." in desk.do("access", "log", "list")
    log = imported(desk, "own.jsonl", lines(0, 3, month=9))
    log.write_text(lines(0, 3, month=9) + lines(3, 5))
    desk.do("access", "import", log, "--place", PLACE)  # it grew: one log still
    imported(desk, "b.jsonl", lines(7, 9), "mariadb://other.internal/")
    first, second = listed(desk)
    assert (first["log"], first["file"], first["kind"], first["events"]) == ("l1", "own.jsonl", "own", 5)
    assert (first["place"], first["lines"]) == ("postgresql://db.internal:5432", 5)
    assert (first["first"], first["last"]) == (1_788_256_800_000_000, 1_793_527_204_000_000)
    assert second["place"] == "mariadb://other.internal:3306"
    assert listed(desk, "--place", "postgresql://me@db.internal:5432/crm") == [first]
    assert "No logs of this place" in desk.do("access", "log", "list", "--place", "/srv/none")
    text = desk.do("access", "log", "list")
    assert "2026-09-01  2026-11-01" in text
    assert text.splitlines()[1].startswith("l1   own.jsonl  own")


def test_uses_that_an_older_version_kept_count_beside_new_ones_and_alone(desk: Desk) -> None:
    """It did not keep whether they were made with root's rights."""
    imported(desk, "a.jsonl", lines(0, 3))
    kept = [each for each in parquet(desk) if each.name.endswith(".uses.parquet")]
    for path in kept:
        pq.write_table(pq.read_table(path).drop_columns(["as_root"]), path)
    assert kept and uses(desk) == 3
    imported(desk, "b.jsonl", lines(2, 8, "bert"))
    found = past_uses(Workspace.open(desk.workspace), PLACE)
    assert sum(each.times for each in found) == 9
    assert {each.as_root for each in found} == {False}


def test_a_log_that_is_taken_away_leaves_nothing_and_can_be_imported_again(desk: Desk) -> None:
    log = imported(desk, "own.jsonl", lines(0, 3, month=9))
    log.write_text(lines(0, 3, month=9) + lines(3, 8))
    desk.do("access", "import", log, "--place", PLACE)
    imported(desk, "other.jsonl", lines(10, 14, "bert"))
    assert uses(desk) == 12
    assert "own.jsonl (l1) is taken away, with 8 uses" in desk.do("access", "log", "remove", "l1")
    assert uses(desk) == 4
    everything = b"".join(each.read_bytes() for each in parquet(desk))
    assert b"anna" not in everything
    assert b"bert" in everything
    assert [each["log"] for each in listed(desk)] == ["l3"]
    (again,) = desk.json("access", "import", log, "--place", PLACE)["logs"]
    assert (again["events"], again["bytes_before"]) == (8, 0)
    assert uses(desk) == 12


def test_of_two_logs_that_begin_alike_one_stays(desk: Desk) -> None:
    log = imported(desk, "own.jsonl", lines(0, 3))
    log.write_text(lines(0, 1) + lines(20, 25))  # changed behind its beginning: another log
    desk.do("access", "import", log, "--place", PLACE)
    desk.do("access", "log", "remove", "l1")
    assert [(each["log"], each["events"]) for each in listed(desk)] == [("l2", 6)]
    assert uses(desk) == 6


def test_that_a_log_was_taken_away_stays_on_record(desk: Desk) -> None:
    imported(desk, "own.jsonl", lines(0, 3))
    (known,) = listed(desk)
    desk.do("access", "log", "remove", "l1")
    Workspace.open(desk.workspace)
    entry = [*registry_log.all_entries()][-1]
    assert entry["event"] == "log removed"
    assert (entry["digest"], entry["uses"]) == (known["sha256"], 3)
    desk.do("doctor")


def test_several_logs_are_taken_away_all_or_none(desk: Desk) -> None:
    imported(desk, "a.jsonl", lines(0, 3))
    imported(desk, "b.jsonl", lines(5, 9, "bert"))
    assert "there is no log l9" in desk.refused(2, "access", "log", "remove", "l1", "l9")
    assert "is no imported log" in desk.refused(2, "access", "log", "remove", "own.jsonl")
    assert uses(desk) == 7
    removed = desk.json("access", "log", "remove", "l2", "l1", "l1")["removed"]
    assert [each["log"] for each in removed] == ["l2", "l1"]
    assert (uses(desk), parquet(desk)) == (0, [])


KILLED = """
import os, pkgutil, signal
from trapstreet.cli import main
from trapstreet.store.django_settings import configure
configure()
owner, name = pkgutil.resolve_name("{owner}"), "{name}"
setattr(owner, name, lambda *_, **__: os.kill(os.getpid(), signal.{number}))
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def stopped(desk: Desk, where: str, number: str, *line: object) -> "subprocess.CompletedProcess[str]":
    """A command that is stopped by a real signal where it would call a function."""
    owner, _, name = f"trapstreet.{where}".rpartition(".")
    program = KILLED.format(owner=owner, name=name, number=number)
    whole = [sys.executable, "-c", program, *map(str, line), "--workspace", str(desk.workspace)]
    return subprocess.run(whole, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_removal_that_is_killed_has_taken_all_away_and_its_files_go_with_the_next(desk: Desk) -> None:
    log = imported(desk, "a.jsonl", lines(0, 3))
    imported(desk, "b.jsonl", lines(5, 9, "bert"))
    killed = stopped(desk, "app.imported_logs.sweep", "SIGKILL", "access", "log", "remove", "l1")
    assert killed.returncode == -signal.SIGKILL
    assert [each["log"] for each in listed(desk)] == ["l2"]
    assert uses(desk) == 4
    desk.do("access", "import", log, "--place", PLACE)
    assert uses(desk) == 7
    assert len({each.name.partition("-")[0] for each in parquet(desk)}) == 2


@pytest.mark.parametrize("number", ["SIGINT", "SIGKILL"])
@pytest.mark.parametrize(
    "where",
    [
        "store.imports.enter",
        pytest.param("app.log_imports._move", marks=pytest.mark.slow),
        pytest.param("events.Writer.finish", marks=pytest.mark.slow),
    ],
)
def test_an_import_that_is_stopped_wherever_it_is_counts_nothing_and_is_simply_run_again(
    desk: Desk, where: str, number: str
) -> None:
    imported(desk, "before.jsonl", lines(30, 32, "carl"))
    log = desk.folder / "a.jsonl"
    log.write_text(lines(0, 9))
    killed = stopped(desk, where, number, "access", "import", log, "--place", PLACE)
    if number == "SIGINT":
        said = "trapstreet: interrupted; nothing was half-written"
        assert (killed.returncode, killed.stdout, killed.stderr.strip()) == (130, "", said)
    else:
        assert killed.returncode == -signal.SIGKILL
    assert uses(desk) == 2
    desk.do("access", "import", log, "--place", PLACE)
    assert uses(desk) == 11
    names = set(LogImport.objects.values_list("name", flat=True))
    assert {each.name.partition("-")[0] for each in parquet(desk)} == names


def test_events_that_go_while_they_are_asked_for_are_said_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(desk, "a.jsonl", lines(0, 3))
    opened = Workspace.open(desk.workspace)
    asked = Events.past_uses

    def meanwhile(events: Events) -> list[PastUse]:
        for each in parquet(desk):
            each.unlink()
        return asked(events)

    monkeypatch.setattr(Events, "past_uses", meanwhile)
    with pytest.raises(Unreachable, match="run it again"):
        past_uses(opened, PLACE)


@pytest.mark.slow
def test_logs_of_before_are_told_apart_by_their_first_lines(tmp_path: Path) -> None:
    database.connect(f"sqlite:///{tmp_path}/registry.sqlite3")
    try:
        old = MigrationExecutor(connection).migrate([("store", "0015_access")]).apps
        fill = {
            "kind": "own",
            "label": "a",
            "digest": "",
            "lines": 3,
            "events": 3,
            "unparsed": 0,
            "unread": 0,
        }
        for name, place, head, size in (("a", "p", "1", 10), ("b", "p", "1", 30), ("c", "q", "1", 10)):
            old.get_model("store", "LogImport").objects.create(
                name=name, place=place, head=head, size=size, imported_at=5, **fill
            )
        MigrationExecutor(connection).migrate([("store", "0016_logs_of_imports")])
        assert [(each.number, each.events, each.size) for each in imports.logs()] == [(1, 6, 30), (3, 3, 10)]
    finally:
        database.disconnect()


def test_every_kind_of_log_is_of_places_that_have_rights() -> None:
    known = {each for kind in permissions.kinds().values() for each in kind.schemes}
    assert {name for name, kind in accesslogs.kinds().items() if not known.issuperset(kind.schemes)} == set()


def test_a_shorter_piece_of_a_log_that_was_imported_adds_nothing_and_says_so(desk: Desk) -> None:
    log = imported(desk, "own.jsonl", lines(0, 5, month=9))
    log.write_text(lines(0, 5, month=9) + lines(5, 9))
    desk.do("access", "import", log, "--place", PLACE)  # it grew
    for last in (1, 4, 5, 7):
        piece = desk.write("copy.jsonl", (lines(0, 5, month=9) + lines(5, 9))[: last * len(line(0))])
        (done,) = desk.json("access", "import", piece, "--place", PLACE)["logs"]
        assert (done["events"], done["bytes_before"]) == (0, last * len(line(0)))
        assert done["piece_of"] == "l1"
    assert "copy.jsonl: nothing new: l1 begins alike and has all of it (own)" in desk.do(
        "access", "import", piece, "--place", PLACE
    )
    assert uses(desk) == 9 and len(listed(desk)) == 1
    piece.write_text(lines(0, 5, month=9) + lines(5, 11))
    (done,) = desk.json("access", "import", piece, "--place", PLACE)["logs"]
    assert (done["events"], done["piece_of"]) == (2, None)


def test_a_piece_that_an_older_version_took_in_too_hides_no_other_one(desk: Desk) -> None:
    """It counted it as a log of its own."""
    log = imported(desk, "own.jsonl", lines(0, 2))
    LogImport.objects.update(log="x", name="x", head="")
    log.write_text(lines(0, 6))
    desk.do("access", "import", log, "--place", PLACE)
    LogImport.objects.filter(name="x").update(head=LogImport.objects.get(log="x").head)
    assert len(listed(desk)) == 2
    (done,) = desk.json("access", "import", desk.write("c", lines(0, 4)), "--place", PLACE)["logs"]
    assert (done["events"], done["piece_of"]) == (0, "l2")


def test_a_shorter_log_whose_lines_cannot_be_read_is_no_piece(desk: Desk) -> None:
    imported(desk, "a.jsonl", lines(0, 6))
    log = desk.write("b.jsonl", line(0) + "torn\n")
    (done,) = desk.json("access", "import", log, "--place", PLACE, status=6)["logs"]
    assert (done["unread"], done["piece_of"]) == (1, None)


@pytest.mark.parametrize("other", [line(7), line(1, "bert"), line(1) * 2])
def test_a_shorter_log_with_a_use_that_is_in_no_other_is_another_log(desk: Desk, other: str) -> None:
    imported(desk, "a.jsonl", lines(0, 6))
    log = desk.write("b.jsonl", lines(0, 2) + other)
    (done,) = desk.json("access", "import", log, "--place", PLACE)["logs"]
    assert (done["events"], done["piece_of"]) == (2 + other.count("\n"), None)


def test_a_packed_piece_that_breaks_off_adds_nothing_either(desk: Desk) -> None:
    text = "".join(line(n % 60, f"u{n * 7919}") for n in range(3_000)).encode()
    imported(desk, "a.jsonl", text.decode())
    piece = desk.folder / "b.jsonl.gz"
    piece.write_bytes(gzip.compress(text)[:-2_000])
    (done,) = desk.json("access", "import", piece, "--place", PLACE, status=6)["logs"]
    assert (done["events"], done["piece_of"], done["damaged"]) == (0, "l1", True)
    assert "NOT READ what comes behind" in desk.do("access", "import", piece, "--place", PLACE, status=6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["postgresql.csv", "server_audit.log"])
def test_a_log_that_is_cut_anywhere_is_a_piece_of_the_whole(desk: Desk, name: str) -> None:
    """Also where it cuts a statement that is told in several lines, but right before the one that says that
    it was refused, or that no row came: no use may be lost."""
    place = PLACE if name.startswith("p") else "mariadb://db.internal/"
    whole = (RECORDED / name).read_bytes()
    desk.do("access", "import", RECORDED / name, "--place", place)
    before = uses(desk, place)
    cuts = [n + 1 for n, each in enumerate(whole) if each == 10][:-1]
    piece, added = desk.folder / "piece.log", []
    for cut in cuts:
        piece.write_bytes(whole[:cut])
        (done,) = desk.json("access", "import", piece, "--place", place)["logs"]
        if done["events"]:
            added.append(whole[cut:].partition(b"\n")[0])
            desk.do("access", "log", "remove", listed(desk)[-1]["log"])
    assert all(b",ERROR," in each or b',""6,it\'s"",0"' in each for each in added) and len(added) <= 2
    assert uses(desk, place) == before


def test_a_piece_with_a_long_statement_is_known_though_a_longer_one_comes_later(desk: Desk) -> None:
    """The longest in a log is perhaps cut, and is not kept: which one that is changes."""
    place, columns = "mariadb://db.internal/", ", ".join(f"column_{n}" for n in range(80))
    asked = [
        f"20261101 10:00:0{n},srv,anna,h,{n},{n},QUERY,crm,'select {columns}{', more' * n} from a',0\n"
        for n in range(4)
    ]
    desk.do("access", "import", desk.write("audit.log", "".join(asked)), "--place", place)
    piece = desk.write("piece.log", "".join(asked[:2]))
    (done,) = desk.json("access", "import", piece, "--place", place)["logs"]
    assert (done["events"], done["piece_of"]) == (0, "l1")
