"""Access logs on their way into the workspace: each stretch of a log once."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

from trapstreet.app.clock import now
from trapstreet.app.kept_names import imports_of
from trapstreet.app.logged_places import Straying, refuse_foreign
from trapstreet.app.workspace import BUSY_SECONDS, Workspace, locked
from trapstreet.core.model.access_events import AccessEvent, Unread
from trapstreet.core.model.errors import AccessDenied, Unreachable, UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.core.ports import Progress
from trapstreet.keys.files import sync_folder
from trapstreet.plugins.accesslogs import DAMAGED, HEAD_BYTES, Lines, Log, kind_of, unpacked

if TYPE_CHECKING:
    from trapstreet.events import Imported, Writer
    from trapstreet.store.models import LogImport

FOLDER = "events"

_TOLD_EVERY = 4_096
_DAY = 86_400_000_000
_EARLIEST = 946_684_800_000_000
"""2000-01-01: one clock that is wrong would make all that is said of days wrong."""
_SCHEMAS = {"postgresql": "public"}


def folder_of(workspace: Workspace, place: str) -> Path:
    """The folder of a place's events."""
    return workspace.root / FOLDER / hashlib.sha256(place.encode()).hexdigest()[:16]


def zone_named(name: str | None) -> tzinfo | None:
    """A time zone like Europe/Dublin; None where none is named. Raises UnusableInput."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnusableInput(
            f"--time-zone: {printable(name)} is not known here",
            hint="write it like Europe/Dublin; where none is known, install tzdata",
        ) from error


@contextmanager
def importing(workspace: Workspace) -> Iterator[None]:
    """Nobody else imports logs meanwhile. Raises Unreachable if another command does so for long."""
    with locked(workspace.root / ".import", wait=BUSY_SECONDS):
        yield


def import_log(
    workspace: Workspace, path: Path, *, place: str, zone: tzinfo | None, progress: Progress
) -> "Imported":
    """The events of a log, as far as it was not imported yet, are in the workspace.

    place  whose log it is, as `logged_place` names it
    zone   of its times, where they do not say it;  progress  is told the bytes of it, unpacked
    Raises UnusableInput for a file that is no log, is no such place's, or whose times cannot be told;
    Unreachable where there is no file, AccessDenied.
    Others may write to the workspace meanwhile. Within `importing`.
    """
    label = printable(path.name)
    head, damaged = _head(path)
    if not head:  # just rotated, or cut within the first that is packed
        from trapstreet.events import Imported

        return Imported(label, "empty", 0, 0, None, None, 0, 0, None, "", torn=False, damaged=damaged)
    name, kind = kind_of(head, label)
    refuse_foreign(kind, place, label)
    end = head.find(b"\n")
    mark = hashlib.sha256(head[: end + 1]).hexdigest()
    known = _known(path, place, mark) if end >= 0 else None
    with _readable(path) as stream:
        lines = Lines(stream)
        if known:
            lines.pass_over(known.size, known.lines)
        told = _telling(kind.read(lines, Log(label, zone, place, now)), lines, progress)
        return _take(
            workspace, lines, told, label, place=place, kind=name, mark=mark, log=known.log if known else ""
        )


def _telling(
    events: Iterator[AccessEvent | Unread], lines: Lines, progress: Progress
) -> Iterator[AccessEvent | Unread]:
    for n, each in enumerate(events):
        if not n % _TOLD_EVERY:
            progress(lines.settled)
        yield each


def _take(
    workspace: Workspace,
    lines: Lines,
    events: Iterator[AccessEvent | Unread],
    label: str,
    *,
    place: str,
    kind: str,
    mark: str,
    log: str,
) -> "Imported":
    from trapstreet.events import Imported
    from trapstreet.store import imports
    from trapstreet.store.models import LogImport

    before, name = lines.settled, secrets.token_hex(8)
    unread: list[Unread] = []
    latest, straying = now() + _DAY, Straying(place)
    count = 0
    with TemporaryDirectory(prefix="import-", dir=workspace.tmp) as scratch:
        writer = _writer(workspace, Path(scratch), name, place)
        for each in events:
            if isinstance(each, Unread):
                count += 1
                unread = unread or [each]
            elif _EARLIEST <= each.time <= latest:
                writer.add(each)
                straying.add(each.on)
            else:
                count += 1
                unread = unread or [Unread(lines.number, "a time before 2000, or still to come")]
        writer.finish()
        if lines.settled > before:
            with workspace.writing():
                sweep(workspace)
                _move(Path(scratch), folder_of(workspace, place))
                imports.enter(
                    LogImport(
                        name=name, log=log or name, place=place, kind=kind, label=label, head=mark,
                        digest=lines.digest, size=lines.settled, lines=lines.first - 1, events=writer.events,
                        unparsed=writer.unparsed, unread=count, first=writer.first, last=writer.last,
                        imported_at=now(),
                    )
                )  # fmt: skip
    return Imported(
        label, kind, before, writer.events, writer.first, writer.last, writer.unparsed, count,
        unread[0].line if unread else None, unread[0].why if unread else "", lines.torn, lines.damaged,
        straying.found, lines.waiting, writer.cut,
    )  # fmt: skip


def _move(made: Path, folder: Path) -> None:
    """The files of each month are among the place's."""
    for month in sorted(made.iterdir()):
        into = folder / month.name
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in month.iterdir():
            path.rename(into / path.name)
        sync_folder(into)


def sweep(workspace: Workspace) -> None:
    """Files of events that no import names are gone: of imports that were killed after these were moved, and
    of logs that were taken away. Within `Workspace.writing`."""
    from trapstreet.store import imports

    known = imports.names()
    for path in (workspace.root / FOLDER).glob("*/*/*.parquet"):
        if path.name.partition(".")[0].rpartition("-")[0] not in known:
            path.unlink()


def _head(path: Path) -> tuple[bytes, bool]:
    """The beginning of a log, and whether what it is packed in breaks off there."""
    head = b""
    with _readable(path) as stream:
        try:
            while len(head) < HEAD_BYTES and (line := stream.readline(HEAD_BYTES)):
                head += line
        except DAMAGED:
            return head, True
    return head[:HEAD_BYTES], False


def _known(path: Path, place: str, mark: str) -> "LogImport | None":
    """The import up to whose end a log was taken in before: it may have grown since, or been moved."""
    beginning = [row for row in imports_of(place) if row.head == mark]
    for row in sorted(beginning, key=lambda row: (-row.size, -row.id)):
        with _readable(path) as stream:
            if Lines(stream).pass_over(row.size, row.lines) == row.digest:
                return row
    return None


def _writer(workspace: Workspace, folder: Path, name: str, place: str) -> "Writer":
    from trapstreet.events import Writer, mariadb, postgresql

    scheme = place.partition("://")[0]
    return Writer(
        folder, name,
        dialect=postgresql() if scheme == "postgresql" else mariadb(),
        schema=_SCHEMAS.get(scheme, ""),
        databases=scheme in ("postgresql", "mariadb"),
        key_of=lambda path, column: workspace.ring.uses_key(place, path, column),
    )  # fmt: skip


@contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    try:
        with unpacked(path) as stream:
            yield stream
    except FileNotFoundError as error:
        raise Unreachable(f"there is no file {printable(str(path))}", hint="name a log") from error
    except IsADirectoryError as error:
        raise UnusableInput(f"{printable(str(path))} is a folder", hint="name the logs in it") from error
    except PermissionError as error:
        raise AccessDenied(f"may not read {printable(str(path))}", hint="run it as who may") from error
