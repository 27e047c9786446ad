"""Data sets that come later are found in what was read before, and nothing else is read again."""

import base64
import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import Desk
from trapstreet.app.demo.people import customers, write_rows
from trapstreet.store.models import Alert, IndexedSegment, SeenObject, WatchedSource
from trapstreet.watch.remembered import Memory
from watched import PEOPLE, leak, once, opened, watched

__all__ = ["opened"]

MORE = (
    ("Orla Keane", "orla.keane@quayside.example", "+353 87 123 7001", "TCK-100231"),
    ("Liam Nolan", "liam.nolan@quayside.example", "+353 87 123 7002", "TCK-100232"),
)


def register(desk: Desk, rows: tuple[tuple[str, ...], ...], name: str = "customers") -> None:
    lines = "".join(f"{number},{','.join(each[:3])}\n" for number, each in enumerate(rows))
    table = desk.write(f"{name}.csv", f"id,name,email,phone\n{lines}")
    desk.do("register", table, "--name", name, "--key", "id")


def findings() -> int:
    return Alert.objects.filter(kind="finding").count()


@pytest.fixture
def share(desk: Desk) -> Path:
    """A watched folder that was read before anything was registered: a leak among other texts."""
    folder = watched(desk, "share")
    (folder / "export.csv").write_text(leak(0, 1))
    for number in range(20):
        (folder / f"other-{number}.txt").write_text(
            f"someone.{number}@elsewhere.example, +353 86 555 {number:04}\n"
        )
    assert once(desk)["share"]["read"] == 21
    return folder


def test_a_data_set_registered_later_is_found_and_no_other_object_is_read(
    desk: Desk, share: Path, opened: list[str]
) -> None:
    opened.clear()
    register(desk, PEOPLE)
    found = once(desk, status=1)["share"]
    assert opened == ["export.csv"]
    assert (found["read"], found["findings"]) == (1, 1)
    assert findings() == 1
    opened.clear()
    assert once(desk)["share"]["findings"] == 0
    assert opened == []
    assert findings() == 1


def test_records_that_a_new_version_adds_are_found_and_the_old_ones_are_not_told_again(
    desk: Desk, share: Path, opened: list[str]
) -> None:
    (share / "two.csv").write_text("".join(f"{', '.join(each[:3])}\n" for each in MORE))
    register(desk, PEOPLE)
    once(desk, status=1)
    opened.clear()
    register(desk, (*PEOPLE, *MORE))
    assert once(desk, status=1)["share"]["findings"] == 1
    assert opened == ["two.csv"]
    assert findings() == 2


def test_decoys_of_a_copy_issued_later_are_found(desk: Desk, share: Path, opened: list[str]) -> None:
    register(desk, PEOPLE)
    once(desk, status=1)
    before = max(IndexedSegment.objects.values_list("id", flat=True))
    desk.do("share", "customers", "--to", "a partner", "--out", desk.folder / "copy.csv", "--decoys", 3)
    (share / "late.csv").write_text((desk.folder / "copy.csv").read_text())
    once(desk, status=1)
    opened.clear()
    once(desk)
    assert opened == []
    memory, source = Memory(desk.workspace / "remembered"), WatchedSource.objects.get().id
    memory.raise_stand(source, [each.place for each in memory.blocks(source)], before)
    once(desk, status=1)
    assert opened == ["late.csv"]


def test_what_is_gone_by_then_is_told_from_what_is_remembered(
    desk: Desk, share: Path, opened: list[str]
) -> None:
    (share / "export.csv").unlink()
    once(desk)
    opened.clear()
    register(desk, PEOPLE)
    assert once(desk, status=1)["share"]["findings"] == 1
    assert opened == []
    shown = desk.do("case", "show", "1")
    assert "told from what is remembered" in shown
    assert PEOPLE[0][1] not in shown
    assert once(desk)["share"]["findings"] == 0
    assert findings() == 1


def test_an_object_that_changed_meanwhile_is_not_taken_for_what_it_was(
    desk: Desk, share: Path, opened: list[str]
) -> None:
    (share / "export.csv").write_text("nothing of yours any more\n")
    once(desk)
    opened.clear()
    register(desk, PEOPLE)
    assert once(desk)["share"]["findings"] == 0
    assert opened == []


def test_what_a_killed_recall_has_begun_is_told_once(
    desk: Desk, share: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    register(desk, PEOPLE)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Memory, "raise_stand", killed)
        desk.run("watch", "run", "--once", "--workspace", desk.workspace)
    assert SeenObject.objects.filter(recalled__isnull=False).count() == 1
    assert "1 object seen before, with values of new data, will be read again" in desk.do(
        "watch", "status", "share"
    )
    opened.clear()
    assert once(desk, status=1)["share"]["findings"] == 1
    assert opened == ["export.csv"]
    once(desk)
    assert findings() == 1


def test_what_is_remembered_of_a_removed_source_is_gone(desk: Desk, share: Path) -> None:
    (file,) = (desk.workspace / "remembered").glob("*.seen")
    assert leak(0).encode() not in file.read_bytes()
    assert PEOPLE[0][1].encode() not in file.read_bytes()
    desk.do("watch", "remove", "share")
    assert not file.exists()


@pytest.mark.slow
def test_a_restored_workspace_remembers(desk: Desk, share: Path, opened: list[str]) -> None:
    desk.do("backup", desk.folder / "backup")
    restored = desk.folder / "restored"
    assert desk.run("restore", desk.folder / "backup", restored, "--keys", desk.folder / "keys") == 0
    assert [each.name for each in (restored / "remembered").iterdir() if each.suffix == ".seen"]


def test_a_person_who_is_forgotten_is_not_remembered(desk: Desk, share: Path, opened: list[str]) -> None:
    (share / "alone.csv").write_text(PEOPLE[2][1])
    register(desk, PEOPLE)
    once(desk, status=1)
    desk.do("forget", "--from", desk.write("who.txt", f"email: {PEOPLE[2][1]}\n"))
    register(desk, PEOPLE[2:3], "others")
    opened.clear()
    assert once(desk)["share"]["findings"] == 0
    assert opened == []


def test_what_was_remembered_in_a_step_that_was_never_committed_does_no_harm(
    desk: Desk, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = watched(desk, "share")
    (folder / "export.csv").write_text(leak(0, 1))
    with monkeypatch.context() as patch:
        patch.setattr("trapstreet.store.watching.add_tests", lambda _: 1 / 0)
        desk.run("watch", "run", "--once", "--workspace", desk.workspace)
    assert [len(block.entries) for block in Memory(desk.workspace / "remembered").blocks(1)] == [1]
    assert not SeenObject.objects.exists()
    (folder / "export.csv").write_text("nothing of yours any more\n")
    once(desk)
    opened.clear()
    register(desk, PEOPLE)
    assert once(desk)["share"]["findings"] == 0
    assert opened == []


def test_the_very_file_that_a_data_set_was_registered_from_is_no_leak(desk: Desk, opened: list[str]) -> None:
    folder = watched(desk, "share")
    table = folder / "customers.csv"
    table.write_text(
        "id,name,email,phone\n" + "".join(f"{n},{','.join(each)}\n" for n, each in enumerate(PEOPLE))
    )
    once(desk)
    desk.do("register", table, "--name", "customers", "--key", "id")
    table.rename(desk.folder / "elsewhere.csv")
    once(desk)
    assert findings() == 0


def written(rows: list[tuple[str, ...]]) -> Iterator[tuple[str, bytes]]:
    """Leaks of some customers in many shapes, and texts of others."""
    strangers = [*customers(400, seed=99)]
    for number in range(len(rows) // 30):
        some = rows[30 * number :][:30]
        mixed = [line for pair in zip(strangers[30 * number :], some, strict=False) for line in pair]
        yield f"{number}-table.csv", "\n".join(",".join(row) for row in some).encode()
        yield f"{number}-mixed.tsv", "\n".join("\t".join(row) for row in mixed).encode()
        yield f"{number}-addresses.txt", "\n".join(row[2] for row in some).encode()
        yield f"{number}-one.html", f"<p>Dear {some[0][1]}, <b>{some[0][2]}</b></p>".encode()
        yield f"{number}-phones.txt", "\n".join(row[3].replace(" ", "") for row in some).encode()
        yield f"{number}-tickets.log", "\n".join(f"closed {row[0].lower()} today" for row in some).encode()
        yield f"{number}-calls.json", json.dumps([{"who": row[1], "tel": row[3]} for row in some]).encode()
        yield f"{number}-packed.json.gz", gzip.compress(json.dumps(some).encode())
        yield f"{number}-coded.txt", base64.b64encode("\n".join(";".join(row) for row in some).encode())
        yield f"{number}-wide.txt", "\n".join(" ".join(row) for row in some).encode("utf-16")
        yield f"{number}-prose.txt", b"Write to %d@elsewhere.example before noon.\n" % number
        yield (
            f"{number}-others.csv",
            "\n".join(",".join(row) for row in strangers[30 * number :][:30]).encode(),
        )


@pytest.mark.slow
def test_what_is_found_later_is_what_a_search_finds(desk: Desk, opened: list[str]) -> None:
    rows = [*customers(2000, seed=5)]
    before, after = watched(desk, "before"), desk.folder / "after"
    for name, content in written(rows[:120]):
        (before / name).write_bytes(content)
    shutil.copytree(before, after)
    once(desk)
    table = desk.folder / "customers.csv"
    write_rows(table, rows)
    desk.do("register", table, "--name", "customers", "--key", "ticket")
    desk.do("watch", "add", "directory", "--name", "after", "--url", after)
    opened.clear()
    figures = once(desk, status=1)
    found = {
        source: {
            Path(path).name
            for path in SeenObject.objects.filter(source__name=source, found__gt=0).values_list(
                "path", flat=True
            )
        }
        for source in ("before", "after")
    }
    assert found["before"] == found["after"]
    assert len(found["after"]) >= 30
    assert figures["before"]["read"] < figures["after"]["read"]
