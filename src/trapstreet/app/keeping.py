"""What the watch found is kept as it was: sealed in the workspace's folder before anybody is told of it."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from trapstreet.app.leaks import Witness, is_kept
from trapstreet.app.settings import evidence_limits
from trapstreet.app.snapshots import folder_of
from trapstreet.app.watched_texts import Opening
from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import TrapstreetError, Unreachable
from trapstreet.core.model.objects import Ref, printable
from trapstreet.core.model.urls import without_password
from trapstreet.core.ports import Source
from trapstreet.keys.files import sync_folder
from trapstreet.keys.streams import sealed_pieces
from trapstreet.store import evidence
from trapstreet.store.evidence import About, Frozen
from trapstreet.watch import Finding
from trapstreet.watch.domain.steps import Read, Step
from trapstreet.watch.rounds import Stopped

_HELD = 16 << 20
"""Bytes of objects that are held in memory between two commits, in case something is found in them."""

_BLOCK = 1 << 18
_PATH, _SHORT, _EXCERPTS = 2_000, 300, 9


class Keeper:
    """Keeps what one round at a source finds. For one thread.

    name  of the watched source;  goes_on  asked at every block that is fetched: Stopped where it says no
    """

    def __init__(
        self, workspace: Workspace, source: Source, name: str, *, goes_on: Callable[[], bool], location: str
    ) -> None:
        self._workspace, self._source, self._name = workspace, source, name
        self._goes_on, self._location = goes_on, location
        self._opened: dict[str, Opening] = {}

    def opened(self, ref: Ref) -> Opening:
        """Begin to read an object, whose first bytes are held until the next commit."""
        opening = Opening(self._source, ref, self._location, self._goes_on)
        room = _HELD - sum(each.held.size for each in self._opened.values())
        opening.held.most = min(opening.held.most, max(0, room))
        self._opened[ref.path] = opening
        return opening

    @contextmanager
    def kept(self, step: Step) -> Iterator[dict[str, Witness]]:
        """What is known of the objects in which a step found something, by the findings' paths, each with its
        snapshot: on disk, and gone again at the end unless it was entered. Raises Stopped."""
        witnesses: dict[str, Witness] = {}
        committed = False
        room = evidence_limits(self._workspace.settings).room - evidence.stored()[1] if step.findings else 0
        try:
            for read, findings in _by_object(step):
                witness = Witness(printable(read.ref.readers), read.why)
                if not is_kept(self._workspace, findings):
                    witness.frozen = self._freeze(read.ref, findings, room=room)
                    room -= witness.frozen.stored
                witnesses |= {each.path: witness for each in findings}
            if any(each.frozen and each.frozen.key for each in witnesses.values()):
                sync_folder(folder_of(self._workspace))
            yield witnesses
            committed = True
        finally:
            self._opened.clear()
            for witness in witnesses.values():
                if witness.frozen and not (committed and witness.entered):
                    (folder_of(self._workspace) / witness.frozen.name).unlink(missing_ok=True)

    def _freeze(self, ref: Ref, findings: Sequence[Finding], *, room: int) -> Frozen:
        about = About(
            source=self._name,
            path=_shown(ref.path)[:_PATH],
            version=printable(ref.version)[:_SHORT],
            modified=ref.modified,
            readers=printable(ref.readers)[:_SHORT],
            size=ref.size,
            excerpts=tuple(chain.from_iterable(each.excerpts for each in findings))[:_EXCERPTS],
        )
        name = secrets.token_hex(16)
        if room <= 0:
            why = "not kept: the snapshots take all the room that they have (room under [evidence])"
            return Frozen(name, msgspec.structs.replace(about, remark=why))
        read = {each.sha256 for each in findings if each.path == printable(ref.path)}
        largest = evidence_limits(self._workspace.settings).largest
        content = _Content(min(largest, room), self._chunks(ref))
        key = secrets.token_bytes(32)
        try:
            stored = self._write(name, sealed_pieces(key, content))
        except Exception as error:  # noqa: BLE001 - whatever a source does, what was found is told
            return Frozen(name, msgspec.structs.replace(about, remark=f"not kept: {_words(error)}"))
        found = content.sha256
        again = self._held(ref) is None
        about = msgspec.structs.replace(
            about,
            kept=content.size,
            sha256=found,
            whole=not content.cut,
            again=again,
            remark=_remark(content, changed=bool(read) and not content.cut and found not in read),
        )
        return Frozen(name, about, key, stored)

    def _write(self, name: str, pieces: Iterable[bytes]) -> int:
        """The file is on disk under its name; its size."""
        folder = folder_of(self._workspace)
        folder.mkdir(mode=0o700, exist_ok=True)
        with NamedTemporaryFile(dir=self._workspace.tmp, prefix="snapshot-", delete=False) as file:
            temporary = Path(file.name)
            try:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(folder / name)
                return file.tell()
            finally:
                temporary.unlink(missing_ok=True)

    def _held(self, ref: Ref) -> bytes | None:
        opening = self._opened.get(ref.path)
        return opening.held.content(ref.size) if opening else None

    def _chunks(self, ref: Ref) -> Iterator[bytes]:
        if (held := self._held(ref)) is not None:
            yield held
            return
        with self._source.open(ref) as file:
            block = file.read(_BLOCK)
            if not block:
                raise Unreachable("nothing lies there any more")
            while block:
                if not self._goes_on():
                    raise Stopped
                yield block
                block = file.read(_BLOCK)


class _Content:
    """The first bytes of some content, hashed and counted as they go by; `cut` where more followed."""

    def __init__(self, most: int, chunks: Iterable[bytes]) -> None:
        self.size, self.cut = 0, False
        self._most, self._chunks, self._hash = most, chunks, sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            part = chunk[: self._most - self.size]
            self.cut = len(part) < len(chunk)
            self.size += len(part)
            self._hash.update(part)
            if part:
                yield part
            if self.cut:
                return


def _by_object(step: Step) -> list[tuple[Read, list[Finding]]]:
    found: dict[int, list[Finding]] = {}
    places = step.objects_of(each.path for each in step.findings)
    for each, at in zip(step.findings, places, strict=True):
        if at is not None:
            found.setdefault(at, []).append(each)
    return [(step.read[at], findings) for at, findings in found.items()]


def _shown(path: str) -> str:
    return printable(without_password(path) if "://" in path else path)


def _remark(content: _Content, *, changed: bool) -> str:
    if content.cut:
        return f"only the first {content.size:,} bytes are kept (largest and room under [evidence])"
    return "it changed between being read and being kept: this is what it was then" if changed else ""


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return (
            f"it could not be fetched once more, or not be written: {(error.strerror or 'no answer').lower()}"
        )
    return error.message if isinstance(error, TrapstreetError) else f"a bug ({type(error).__name__})"
