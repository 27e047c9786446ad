"""Access logs on their way into the workspace: each stretch of a log once."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from trapstreet.app.clock import now
from trapstreet.app.kept_names import imports_of
from trapstreet.app.log_files import head_of, readable
from trapstreet.app.log_pieces import is_piece
from trapstreet.app.logged_places import Straying, refuse_foreign
from trapstreet.app.workspace import BUSY_SECONDS, Workspace, locked
from trapstreet.core.model.access_events import AccessEvent, Unread
from trapstreet.core.model.errors import UnusableInput
from trapstreet.core.model.words import printable
from trapstreet.core.ports import Progress
from trapstreet.keys.files import sync_folder
from trapstreet.plugins.accesslogs import Lines, Log, kind_of

if TYPE_CHECKING:
    from trapstreet.events import Events, Imported, Writer
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
    from trapstreet.events import Imported
    from trapstreet.store import imports

    label = printable(path.name)
    head, damaged = head_of(path)
    if not head:  # just rotated, or cut within the first that is packed
        return Imported.nothing(label, "empty", damaged=damaged)
    name, kind = kind_of(head, label)
    refuse_foreign(kind, place, label)
    end = head.find(b"\n")
    mark = hashlib.sha256(head[: end + 1]).hexdigest()
    known, further, size, damaged = _known(path, place, mark) if end >= 0 else (None, [], 0, damaged)

    def read(lines: Lines, clock: Callable[[], int]) -> Iterator[AccessEvent | Unread]:
        if known:
            lines.pass_over(known.size, known.lines)
        told = kind.read(lines, Log(label, zone, place, clock))
        return _telling(_in_time(told, lines), lines, progress)

    for log in dict.fromkeys(row.log for row in further):
        rows = [row for row in imports_of(place) if row.log == log]
        unread, writer = sum(row.unread for row in rows), partial(_writer, workspace, place, "piece")
        kept = _events_of(workspace, rows)
        if is_piece(path, read, kept, unread=unread, writer=writer, within=workspace.tmp):
            number = imports.number_of(log)
            return Imported.nothing(label, name, before=size, piece_of=number, damaged=damaged)
    with readable(path) as stream:
        lines = Lines(stream)
        events = read(lines, now)
        return _take(
            workspace, lines, events, label, place=place, kind=name, mark=mark, log=known.log if known else ""
        )


def _events_of(workspace: Workspace, rows: "Sequence[LogImport]") -> "Events":
    """What is kept of some imports."""
    from trapstreet.events import Events

    folders = {folder_of(workspace, row.place) for row in rows}
    return Events(sorted(folders), [row.name for row in rows], scratch=workspace.tmp)


def _telling(
    events: Iterator[AccessEvent | Unread], lines: Lines, progress: Progress
) -> Iterator[AccessEvent | Unread]:
    for n, each in enumerate(events):
        if not n % _TOLD_EVERY:
            progress(lines.settled)
        yield each


def _in_time(events: Iterator[AccessEvent | Unread], lines: Lines) -> Iterator[AccessEvent | Unread]:
    latest = now() + _DAY
    for each in events:
        if isinstance(each, Unread) or _EARLIEST <= each.time <= latest:
            yield each
        else:
            yield Unread(lines.number, "a time before 2000, or still to come")


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
    straying, count = Straying(place), 0
    with TemporaryDirectory(prefix="import-", dir=workspace.tmp) as scratch:
        writer = _writer(workspace, place, name, Path(scratch))
        for each in events:
            if isinstance(each, Unread):
                count += 1
                unread = unread or [each]
            else:
                writer.add(each)
                straying.add(each.on)
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


def _known(path: Path, place: str, mark: str) -> "tuple[LogImport | None, list[LogImport], int, bool]":
    """The import up to whose end a log was taken in before: it may have grown since, or been moved.

    Where it ends before others that began with the same line: these, the longest first, its size, and whether
    what it is packed in breaks off there.
    """
    beginning = [row for row in imports_of(place) if row.head == mark]
    further: list[LogImport] = []
    size, damaged = 0, False
    for row in sorted(beginning, key=lambda row: (-row.size, -row.id)):
        with readable(path) as stream:
            lines = Lines(stream)
            if lines.pass_over(row.size, row.lines) == row.digest:
                return row, further, size, damaged
            if lines.settled < row.size:
                further.append(row)
                size, damaged = lines.settled, lines.damaged
    return None, further, size, damaged


def _writer(workspace: Workspace, place: str, name: str, folder: Path) -> "Writer":
    from trapstreet.events import Writer, mariadb, postgresql

    scheme = place.partition("://")[0]
    return Writer(
        folder, name,
        dialect=postgresql() if scheme == "postgresql" else mariadb(),
        schema=_SCHEMAS.get(scheme, ""),
        databases=scheme in ("postgresql", "mariadb"),
        key_of=lambda path, column: workspace.ring.uses_key(place, path, column),
    )  # fmt: skip
