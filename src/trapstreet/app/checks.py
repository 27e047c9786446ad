"""What goes wrong around a workspace while nobody looks: certificates, disks, spools, clocks.

The doctor says it when asked, the worker every hour.
"""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trapstreet.app.workspace import Workspace
from trapstreet.core.model.errors import TrapstreetError, Unreachable
from trapstreet.trap.settings import FILE_NAME as SETTINGS_NAME
from trapstreet.trap.settings import SpoolSection, TrapSettings, read_settings
from trapstreet.trap.spool import FILE_NAME as SPOOL_NAME
from trapstreet.trap.spool import SpoolReader, Waiting

ENDS_SOON = 14
"""Days before a certificate's end on which it should have been renewed."""
LEAST_FREE = 500_000_000
MOST_OF_SPOOL = 0.5
MOST_OF_ROOM = 0.8
CLOCKS_APART = 60.0
"""Seconds between two clocks that confuse what was before what."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and what to do if it is not as it should be.

    about  which of several things of the name it is, "" where there is one
    """

    name: str
    ok: bool
    found: str
    advice: str = ""
    about: str = ""


def around(workspace: Workspace, traps: Sequence[Path]) -> Iterator[Check]:
    """Every check that costs milliseconds and asks nobody outside."""
    for folder in dict.fromkeys((workspace.root, *traps)):
        yield disk(folder)
    yield clock()
    yield from watched()
    yield from evidence(workspace)
    yield from rights(workspace)
    own = workspace.root / workspace.settings.serve.trap
    for trap in traps:
        yield spool(trap)
        yield from certificates(trap, own=trap == own)


def disk(folder: Path) -> Check:
    """Whether there is room on the disk of a folder."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check(
            "disk", False, f"{folder}: {error.strerror}", "mount it, or look at its name", str(folder)
        )
    if free < LEAST_FREE:
        found = f"{free / 1e6:.0f} MB are free on the disk of {folder}"
        return Check("disk", False, found, "make room: a full disk keeps no hit", str(folder))
    return Check("disk", True, f"{free / 1e9:.0f} GB free at {folder}", about=str(folder))


def clock() -> Check:
    """Whether this machine's time agrees with the registry's server, and with what traps have heard."""
    from django.db.models import Max

    from trapstreet.store import leases
    from trapstreet.store.models import Incident

    heard = Incident.objects.aggregate(last=Max("last"))["last"] or 0
    now = time.time()
    apart = max(abs(leases.clock() / 1e6 - now), heard / 1e6 - now)
    if apart > CLOCKS_APART:
        return Check(
            "clock",
            False,
            f"the clocks of this machine, the registry and the traps are {apart:.0f} s apart",
            "let each of the machines follow a time server (timedatectl)",
        )
    return Check("clock", True, "agrees with the registry and the traps")


def watched() -> Iterator[Check]:
    """Whether somebody looks at the sources that are watched."""
    from trapstreet.store import leases, watching

    late = watching.late(at=leases.clock())
    if late:
        more = f" and {len(late) - 1:,} more" if len(late) > 1 else ""
        yield Check(
            "watch",
            False,
            f"nobody looks at the watched source {late[0]}{more}",
            "start trapstreet serve anew, or trapstreet watch run",
        )
    elif watching.any_there():
        yield Check("watch", True, "every watched source is looked at in time")


def evidence(workspace: Workspace) -> Iterator[Check]:
    """Whether there is room for snapshots of what the watch finds."""
    from trapstreet.app.settings import evidence_limits
    from trapstreet.store.evidence import stored

    count, size = stored()
    if not count:
        return
    room = evidence_limits(workspace.settings).room
    found = f"{size / 1e6:,.1f} MB of {room / 1e6:,.0f} MB for snapshots are taken, by {count:,}"
    if size > MOST_OF_ROOM * room:
        advice = "close cases that are over, or raise room under [evidence] in trapstreet.toml"
        yield Check("evidence", False, found, advice)
    else:
        yield Check("evidence", True, found)


def rights(workspace: Workspace) -> Iterator[Check]:
    """Whether the rights of each place that the settings name were compared in time."""
    if workspace.settings.access.targets:
        from trapstreet.app.drift_work import compared_in_time

        yield from compared_in_time(workspace)


def spool(trap: Path) -> Check:
    """Whether what a trap heard is taken from it in time."""
    try:
        there = waiting(trap)
    except (TrapstreetError, OSError) as error:
        return Check("spool", False, str(error), "let the worker read and write in it", str(trap))
    settings = _settings(trap)
    limit = (settings.spool if settings else SpoolSection()).megabytes * 1_000_000
    if there is None:
        return Check("spool", True, f"nothing was heard yet in {trap}", about=str(trap))
    found = f"{there.bytes / 1e6:.1f} MB of {limit / 1e6:,.0f} wait in {trap}"
    if there.bytes > MOST_OF_SPOOL * limit:
        return Check("spool", False, found, "see that a worker runs (trapstreet serve, or work)", str(trap))
    return Check("spool", True, found, about=str(trap))


def certificates(trap: Path, *, own: bool) -> Iterator[Check]:
    """How long the certificates that a trap shows will do.

    own  it runs on this machine; what another one's settings name may lie there alone
    """
    settings = _settings(trap)
    files = {
        getattr(section, "certificate", None) for section in (settings.listeners if settings else {}).values()
    }
    for file in sorted(file for file in files if isinstance(file, Path)):
        try:
            left = (_ends(file) - datetime.now(UTC)).days
        except (OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError) and not own:
                continue
            why = error.strerror if isinstance(error, OSError) else "no certificate in PEM"
            advice = "let this user read it, and look at trap.toml"
            yield Check("certificate", False, f"{file}: {why}", advice, str(file))
            continue
        if left < ENDS_SOON:
            when = f"ends in {left} days" if left >= 0 else "has ended"
            advice = "renew it: clients that do not trust it are not heard"
            yield Check("certificate", False, f"{file} {when}", advice, str(file))
        else:
            yield Check("certificate", True, f"{file} ends in {left} days", about=str(file))


def waiting(trap: Path) -> Waiting | None:
    """What waits in a trap's spool; None where nothing was ever heard. Raises Unreachable, OSError."""
    if not trap.is_dir():
        raise Unreachable(f"{trap} is gone", hint="mount it, or look at its name")
    if not (trap / SPOOL_NAME).is_file():
        return None
    with closing(SpoolReader(trap)) as reader:
        return reader.waiting()


def _settings(trap: Path) -> TrapSettings | None:
    """The trap's settings, where they lie beside its spool and do."""
    try:
        return read_settings(trap) if (trap / SETTINGS_NAME).is_file() else None
    except TrapstreetError:
        return None  # the trap itself says so


def _ends(file: Path) -> datetime:
    from cryptography import x509

    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
