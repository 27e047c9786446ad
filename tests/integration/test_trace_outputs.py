"""What `trace` writes beside the verdict: a file that cannot be is said, and takes no verdict away."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desk import Desk
from people import customer_file
from trapstreet.app.demo.people import customers

NAMES = ("crm/people", "crm:people", "crm people")
WHY = ("--reason", "they have to be told")


def registered(desk: Desk, names: tuple[str, ...] = ("customers",)) -> list[Path]:
    """Data sets of 400 customers each, all of them others; a copy of the first in copy.csv."""
    sources = []
    for at, name in enumerate(names):
        rows = list(customers(400, seed=at + 2, first=1_000_000 * (at + 1)))
        sources.append(customer_file(desk.folder / f"source{at}.csv", 0, rows=rows))
        desk.do("register", sources[-1], "--name", name)
    desk.do("share", names[0], "--to", "Auditor", "--decoys", 50, "--out", desk.folder / "copy.csv")
    return sources


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing that is written privately reaches the disk."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("trapstreet.keys.files.os.fsync", full)
        yield


def log_size(desk: Desk) -> int:
    desk.do("copy", "list")
    from trapstreet.store.models import LogLeaf

    return LogLeaf.objects.count()


def test_a_verdict_is_told_though_the_source_is_away(desk: Desk) -> None:
    (source,) = registered(desk)
    source.rename(desk.folder / "away.csv")
    who, proof = desk.folder / "who.csv", desk.folder / "proof.json"
    told = desk.do("trace", desk.folder / "copy.csv", "--customers", who, "--proof", proof, *WHY, status=1)
    assert "took part" in told
    assert "NO CUSTOMERS  'customers': " in told
    assert str(source) in told
    assert f"Proof: {proof}" in told
    assert not who.exists()
    answer = desk.json("trace", desk.folder / "copy.csv", "--customers", who, *WHY, status=1)
    assert answer["data_sets"][0]["verdict"] == "accused"
    (customers_of,) = answer["customers"]
    assert customers_of.keys() == {"data_set", "file", "why"}
    assert customers_of["file"] is None


@pytest.mark.slow
def test_a_verdict_is_told_though_the_disk_is_full(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    registered(desk)
    html, who, proof = (desk.folder / name for name in ("page.html", "who.csv", "proof.json"))
    asked = ("--html", html, "--customers", who, "--proof", proof, *WHY)
    with full_disk(monkeypatch):
        told = desk.do("trace", desk.folder / "copy.csv", *asked, status=1)
        answer = desk.json("trace", desk.folder / "copy.csv", *asked, status=1)
    assert "took part" in told
    assert "NO DOSSIER  the disk is full" in told
    assert "NO PROOF  the disk is full" in told
    assert answer["html"]["file"] is answer["proof"]["file"] is None
    assert "the disk is full" in answer["html"]["why"]
    assert not any(path.exists() for path in (html, proof, who))
    told = desk.do("trace", desk.folder / "copy.csv", *asked, status=1)
    assert "NO " not in told
    assert all(path.exists() for path in (html, proof, who))


def test_a_verdict_is_told_though_the_log_cannot_be_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then no recipient is shown, and no customer's row is written."""
    registered(desk)
    who = desk.folder / "who.csv"
    with full_disk(monkeypatch), monkeypatch.context() as patch:
        patch.setattr("trapstreet.app.workspace.Workspace.record", lambda *_: os.fsync(-1))
        told = desk.do("trace", desk.folder / "copy.csv", "--customers", who, "--unmask", *WHY, status=1)
    assert "took part" in told
    assert "NO RECIPIENTS" in told
    assert "NO CUSTOMERS" in told
    assert "Auditor" not in told
    assert not who.exists()


def test_a_verdict_is_told_before_a_bug_in_the_dossier_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(desk)
    monkeypatch.setattr("tempfile.tempdir", str(desk.folder))
    monkeypatch.setattr("trapstreet.app.tracing.dossier", lambda *_: {}["no"])
    told = desk.do("trace", desk.folder / "copy.csv", "--html", desk.folder / "page.html", status=70)
    assert "took part" in told
    assert "a bug: KeyError" in desk.err


@pytest.mark.slow
def test_names_of_data_sets_that_are_no_names_of_files_are_made_ones(desk: Desk) -> None:
    sources = registered(desk, NAMES)
    leak = desk.write("leak.csv", "".join(source.read_text() for source in sources))
    answer = desk.json("trace", leak, "--customers", desk.folder / "who.csv", *WHY, status=1)
    files = {Path(each["file"]).name: each["data_set"] for each in answer["customers"]}
    assert files.keys() == {"who-crm-people.csv", "who-crm-people-2.csv", "who-crm-people-3.csv"}
    assert sorted(files.values()) == sorted(NAMES)
    for name, data_set in files.items():
        source = sources[NAMES.index(data_set)]
        assert set((desk.folder / name).read_text().split()) == set(source.read_text().split())


CANNOT_BE = (
    ("--html", "there.html"),
    ("--proof", "there.json"),
    ("--customers", "there.csv"),
    ("--customers", "who.csv"),
    ("--customers", "who.nothing"),
    ("--customers", "nowhere/who.csv"),
    ("--html", "nowhere/page.html"),
    ("--html", "proof.json"),
)


@pytest.mark.slow
def test_an_output_that_cannot_be_is_refused_before_anything_is_logged(desk: Desk) -> None:
    registered(desk, NAMES[:2])
    for there in ("there.html", "there.json", "there.csv", "who-crm-people-2.csv"):
        desk.write(there, "precious")
    before = log_size(desk)
    for option, name in CANNOT_BE:
        asked = ["--case", "one", option, desk.folder / name]
        if option != "--proof":
            asked += ["--proof", desk.folder / "proof.json"]
        if option == "--customers":
            asked += WHY
        status = 4 if name.startswith("nowhere") else 2
        desk.refused(status, "trace", desk.folder / "copy.csv", *asked)
        assert log_size(desk) == before, (option, name)
    assert (desk.folder / "who-crm-people-2.csv").read_text() == "precious"
    assert not (desk.folder / "proof.json").exists()
