"""The append-only log in its database: what is changed behind its back is seen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction

from offices import Office
from trapstreet.app.workspace import Workspace
from trapstreet.core.maths.merkle import Frontier, leaf_hash
from trapstreet.core.model.encoding import canonical_cbor
from trapstreet.core.model.errors import UnusableInput
from trapstreet.keys.notes import NoteSigner
from trapstreet.store import log
from trapstreet.store.models import Checkpoint, LogHead, LogLeaf


@pytest.fixture
def workspace(office: Office) -> Workspace:
    """A workspace with a log of a dozen entries, signed for one by one."""
    office.run("init", "ws")
    opened = Workspace.open(Path("ws"))
    for number in range(11):
        opened.record({"event": "test", "number": number})
    return opened


def test_a_log_holds_what_was_recorded(workspace: Workspace) -> None:
    state = log.verify(workspace.settings.keys.log)
    assert (state.size, state.signed) == (12, 12)


def test_an_entry_goes_with_the_transaction_that_it_belongs_to(workspace: Workspace) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        workspace.record({"event": "test", "number": 99})
        raise RuntimeError
    assert log.verify(workspace.settings.keys.log).size == 12


def test_entries_not_yet_signed_are_counted(workspace: Workspace) -> None:
    log.append({"event": "test"})
    state = log.verify(workspace.settings.keys.log)
    assert (state.size, state.signed) == (13, 12)
    workspace.sign_log()
    assert log.verify(workspace.settings.keys.log).signed == 13


def test_a_value_that_may_not_be_logged_is_refused(workspace: Workspace) -> None:
    with pytest.raises(TypeError, match="holds no float"):
        workspace.record({"event": "test", "number": 0.5})  # type: ignore[dict-item]
    assert log.verify(workspace.settings.keys.log).size == 12


def _change() -> None:
    LogLeaf.objects.filter(index=5).update(entry=canonical_cbor({"event": "test", "number": 7}))


def _swap() -> None:
    fourth, fifth = (LogLeaf.objects.get(index=index) for index in (4, 5))
    LogLeaf.objects.filter(index=4).update(entry=fifth.entry)
    LogLeaf.objects.filter(index=5).update(entry=fourth.entry)


def _remove() -> None:
    LogLeaf.objects.filter(index=5).delete()


def _cut() -> None:
    LogLeaf.objects.filter(index__gte=10).delete()


def _cut_with_checkpoints() -> None:
    _cut()
    Checkpoint.objects.filter(size__gt=10).delete()


def _add() -> None:
    LogLeaf.objects.create(index=12, entry=canonical_cbor({"event": "test"}))


def _forge_note() -> None:
    note = Checkpoint.objects.get(size=5)
    note.note = NoteSigner(note.note.splitlines()[0], bytes(32)).sign(note.note.partition("\n\n")[0] + "\n")
    note.save()


def _write_anew() -> None:
    """Another history, with the tree that belongs to it: all that somebody without the keys can do."""
    _change()
    frontier = Frontier()
    for entry in LogLeaf.objects.order_by("index").values_list("entry", flat=True):
        frontier = frontier.add(leaf_hash(bytes(entry)))
    LogHead.objects.update(size=frontier.size, roots=b"".join(frontier.roots))


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (_change, "the entries up to 5 are not the ones that were signed"),
        (_swap, "the entries up to 4 are not the ones that were signed"),
        (_remove, "entry 5 is missing"),
        (_cut, "it does not end at entry 9"),
        (_cut_with_checkpoints, "it does not end at entry 9"),
        (_add, "it does not end at entry 12"),
        (_forge_note, "the entries up to 4 are not the ones that were signed"),
        (_write_anew, "the entries up to 5 are not the ones that were signed"),
    ],
)
def test_a_log_changed_behind_its_back_does_not_hold(
    workspace: Workspace, office: Office, tamper: Callable[[], None], message: str
) -> None:
    tamper()
    with pytest.raises(UnusableInput, match=message):
        log.verify(workspace.settings.keys.log)
    checks = office.json("doctor", "--workspace", "ws", status=1)["checks"]
    assert "log" in {check["name"] for check in checks if not check["ok"]}
