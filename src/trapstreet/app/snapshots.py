"""Snapshots of what was found: opened, written out for those who have to see them, destroyed in time."""

import io
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from trapstreet.app.clock import now
from trapstreet.app.settings import evidence_limits
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import Unreachable, UnusableInput
from trapstreet.core.model.words import counted
from trapstreet.keys.files import publish, refuse_taken, unfinished
from trapstreet.keys.sealing import seal
from trapstreet.keys.streams import opened_pieces
from trapstreet.store import cases, evidence
from trapstreet.store.erasures import empty_journal
from trapstreet.store.evidence import Taken
from trapstreet.store.leases import clock

FOLDER = "evidence"
"""In the workspace: a sealed file for each snapshot."""

_AT_ONCE = 100
_ORPHANED = 86_400.0
"""Seconds after which a file that no snapshot names belongs to no round that still goes on."""


def folder_of(workspace: Workspace) -> Path:
    """Where the sealed files lie; it is made with the first of them."""
    return workspace.root / FOLDER


def content_of(workspace: Workspace, snapshot: Taken) -> Iterator[bytes]:
    """What lay there, in pieces of 1 MiB. Raises UnusableInput where the snapshot was destroyed or its file
    is damaged, Unreachable where the file is not in this folder."""
    name, key = evidence.key_of(snapshot.id, workspace.ring)
    try:
        file = (folder_of(workspace) / name).open("rb")
    except FileNotFoundError as error:
        raise Unreachable(
            f"the file of snapshot s{snapshot.id} is not in {folder_of(workspace)}",
            hint="it lies with the watcher that found it, or in a backup",
        ) from error
    with file:
        yield from opened_pieces(key, file)


def snapshot_named(workspace: Workspace, case: str, name: str | None) -> Taken:
    """A snapshot of a case: `s7`, or the only one that is there. Raises UnusableInput that names them."""
    found = evidence.of_case(cases.case_named(case), workspace.ring)
    there = [each for each in found if each.there]
    if name is not None:
        digits = name.strip().lower().removeprefix("s")
        there = [each for each in found if digits.isdecimal() and each.id == int(digits)]
    if len(there) == 1:
        return there[0]
    if not found:
        raise UnusableInput(
            f"the case {case} has no snapshot",
            hint="trapstreet watch keeps one of what it finds; scan does not",
        )
    if not there and name is None:
        raise UnusableInput(f"the case {case} has no snapshot any more", hint="trapstreet case show says why")
    named = ", ".join(f"s{each.id}" for each in (there or found)[:20])
    raise UnusableInput(
        f"the case {case} has no snapshot {name}" if name else f"the case {case} has {len(there)} snapshots",
        hint=f"name one with --snapshot: {named}",
    )


def write_out(workspace: Workspace, snapshot: Taken, out: Path, *, reason: str) -> None:
    """What lay there, as it was, in a new file that its owner alone may read; the log has it first that
    somebody asked, and why."""
    refuse_taken(out)
    pieces = content_of(workspace, snapshot)
    with unfinished(out) as temporary, temporary.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        sealed = seal(workspace.ring.derive("reasons"), reason.encode(), aad=b"snapshot")
        with workspace.writing():
            workspace.record(
                {"event": "snapshot read", "snapshot": snapshot.name, "reason": sealed, "time": now()}
            )
        publish(temporary, out)


def destroy(workspace: Workspace, snapshots: Sequence[Taken]) -> int:
    """Some snapshots are gone for good: their keys, then their files. How many."""
    with workspace.writing():
        ids = [each.id for each in snapshots]
        return _remove(workspace, evidence.destroy(ids, why="asked", ring=workspace.ring, at=clock()))


def destroy_old(workspace: Workspace, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Those that were kept for as long as the settings say are gone, and files that belong to none; how many
    snapshots."""
    keep = evidence_limits(workspace.settings).keep
    gone, some = 0, _AT_ONCE
    while some == _AT_ONCE and goes_on():
        with workspace.writing():
            some = _remove(workspace, _destroyed(workspace, before=clock() - keep))
        gone += some
    _sweep(workspace)
    return gone


def gone_words(number: int, keep: str) -> str:
    """What people are told of it."""
    return f"{counted(number, 'snapshot')} destroyed: kept for {keep}, and in no open case."


def _destroyed(workspace: Workspace, *, before: int) -> list[str]:
    """The files of snapshots whose keys are gone now: no alert gets one of them meanwhile."""
    with cases.raising():
        ids = evidence.over(before=before, most=_AT_ONCE)
        return evidence.destroy(ids, why="time", ring=workspace.ring, at=clock())


def _remove(workspace: Workspace, names: Sequence[str]) -> int:
    if names:
        empty_journal()
    for name in names:
        (folder_of(workspace) / name).unlink(missing_ok=True)
    return len(names)


def _sweep(workspace: Workspace) -> None:
    """Files of which no snapshot knows any more, or never did: a round was killed, or a key destroyed."""
    folder = folder_of(workspace)
    if not folder.is_dir():
        return
    known, before = evidence.names(), time.time() - _ORPHANED
    for file in folder.iterdir():
        if file.name not in known and file.lstat().st_mtime < before:
            file.unlink(missing_ok=True)


class SealedFile(io.RawIOBase):
    """The content of a snapshot as a file, to be read once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._ahead = pieces, memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """Up to so many of the next bytes; b"" at the end."""
        if not self._ahead:
            self._ahead = memoryview(next(self._pieces, b""))
        end = len(self._ahead) if size < 0 else size
        found, self._ahead = bytes(self._ahead[:end]), self._ahead[end:]
        return found
