"""Proofs at real servers: shares and buckets that are written to, sites and lists that are only read."""

import importlib
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from desk import Desk
from hostile_web import HostileWeb, answer
from source_yards import Yard, yards
from source_yards.poller import PasteSite
from trapstreet.app import watched
from trapstreet.app.workspace import Workspace
from trapstreet.core.ports import WritableSource
from trapstreet.store.models import Alert, ControlRecord, SourceRhythm, WatchedSource
from trapstreet.watch.domain.control import NOT_NAMED
from trapstreet.watch.domain.rhythm import DAY
from trapstreet.watch.domain.rules import Rules
from watched import health, once, registered

_SHARES = ("azure", "ftp", "gcs", "imap", "s3", "sftp", "smb", "webdav")


@pytest.fixture
def office(desk: Desk) -> Desk:
    return registered(desk)


@pytest.fixture(params=[each for each in yards() if each.id in _SHARES])
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Yard]:
    folder = tmp_path / "yard"
    folder.mkdir()
    made = request.param(request, folder)
    yield made
    made.close()


def add(desk: Desk, name: str, kind: str, settings: dict[str, Any], *, every: int = 3_600) -> None:
    workspace = Workspace.open(desk.workspace)
    watched.add(workspace, name, kind, settings, every=every, rules=Rules())


def proof(desk: Desk, name: str) -> dict[str, Any]:
    return dict(health(desk, name)["proof"])


def age(days: float) -> None:
    """All that the registry knows of control records and rhythms happened so many days earlier."""
    for model in (ControlRecord, SourceRhythm):
        for row in model.objects.all():
            for name in ("put_at", "due_at", "proved_at", "failing_since", "since", "last"):
                if (at := getattr(row, name, None)) is not None:
                    setattr(row, name, at - int(days * DAY))
            row.save()


@pytest.mark.slow
def test_a_control_record_is_put_found_written_anew_and_taken_away(office: Desk, yard: Yard) -> None:
    with closing(yard.source()) as source:
        assert isinstance(source, WritableSource)
    add(office, "share", yard.kind, yard.settings())
    office.do("watch", "control", "share", "--as", "old contacts.csv")
    assert once(office)["share"]["findings"] == 0
    first = proof(office, "share")
    assert (first["state"], first["why"]) == ("proven", "")
    age(1.1)
    once(office)
    once(office)
    again = proof(office, "share")
    assert again["state"] == "proven"
    assert again["proved_at"] > first["proved_at"]
    assert not Alert.objects.exists()
    assert "LEFT" not in office.do("watch", "remove", "share")
    with closing(yard.source()) as source:
        assert not [each for each in source.list("") if hasattr(each, "version")]


def folder_page(*lines: str) -> bytes:
    """What nginx writes for a folder."""
    up = '<a href="../">../</a>'
    shown = "\n".join([up, *lines])
    title = "Index of /dump/"
    return (
        f"<html><head><title>{title}</title></head><body><h1>{title}</h1><hr><pre>{shown}</pre><hr></body></html>"
    ).encode()


TERMS = f'<a href="terms.txt">terms.txt</a>{" " * 42}01-Mar-2024 10:00{" " * 19}13'


def test_a_site_that_answers_as_ever_and_lists_nothing_any_more_is_told(office: Desk) -> None:
    pages = {"/dump/": folder_page(TERMS), "/dump/terms.txt": b"Terms of use\n"}

    def serve(client: socket.socket, path: str) -> None:
        if path in pages:
            kind = "text/html" if path.endswith("/") else "text/plain"
            client.sendall(answer(pages[path], Content_Type=kind))
        else:
            client.sendall(answer(status="404 Not Found"))

    with HostileWeb(serve) as server:
        add(office, "dump", "web", {"url": f"{server.url}/dump/", "rate": 6_000})
        office.do("watch", "control", "dump", "--known", f"{server.url}/dump/terms.txt")
        once(office)
        assert proof(office, "dump")["state"] == "proven"
        pages["/dump/"] = folder_page()
        age(1.1)
        assert once(office)["dump"]["error"] == ""
        assert proof(office, "dump")["why"] == NOT_NAMED
        age(0.2)
        once(office)
    assert Alert.objects.filter(kind="trouble").count() == 1
    assert "does not prove any more that it would find something" in office.do("alert", "list")


def test_a_paste_site_whose_list_is_empty_since_it_changed_is_told_by_its_rhythm(office: Desk) -> None:
    with closing(PasteSite()) as site:
        settings = {
            "url": f"{site.url}/list?page={{page}}",
            "items": "data.pastes",
            "id": "key",
            "item": f"{site.url}/raw/{{id}}",
            "rate": 5_000,
        }
        add(office, "pastes", "poller", settings)
        for number in range(3):
            site.pastes[f"p{number}"] = (number, b"nothing of yours")
            once(office)
            age(0.4)
        assert proof(office, "pastes")["state"] == "learning"
        learnt = SourceRhythm.objects.get()
        assert learnt.gaps == 2
        SourceRhythm.objects.update(gaps=40, since=learnt.since - 20 * DAY)
        assert proof(office, "pastes")["state"] == "rhythm"
        assert not Alert.objects.exists()
        site.pastes.clear()
        age(1.0)
        assert once(office)["pastes"]["error"] == "", "an answer as ever, and an empty list"
        assert not Alert.objects.exists()
        age(0.5)
        once(office)
        once(office)
        (alert,) = Alert.objects.all()
        assert alert.kind == "trouble"
        assert proof(office, "pastes")["state"] == "silent"
        assert "has had nothing new for unusually long" in office.do("alert", "list")
        assert "SILENT since" in office.do("watch", "status")
        site.pastes["new"] = (99, b"nothing of yours")
        once(office)
        assert proof(office, "pastes")["state"] == "rhythm"


def test_what_cannot_be_written_to_says_what_else_can_be_done(office: Desk) -> None:
    with HostileWeb(lambda client, _: client.sendall(answer(folder_page()))) as server:
        add(office, "dump", "web", {"url": f"{server.url}/dump/"})
        line = office.refused(2, "watch", "control", "dump")
    assert "nothing can be written to" in line
    assert "--known PATH" in line
    assert not ControlRecord.objects.exists()
    assert WatchedSource.objects.count() == 1
    assert importlib.import_module("trapstreet.plugins.sources.web").title in line
