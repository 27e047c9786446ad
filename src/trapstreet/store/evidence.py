"""Snapshots of what was found: entered with the alerts that they belong to, opened, destroyed. Times are Unix
microseconds, UTC."""

import hmac
from collections.abc import Collection, Iterable
from hashlib import sha256

import msgspec
from django.db import transaction
from django.db.models import Max, Q, Sum

from trapstreet.core.model.encoding import Plain
from trapstreet.core.model.errors import UnusableInput
from trapstreet.keys.ring import KeyRing
from trapstreet.keys.sealing import open_sealed, seal
from trapstreet.store import log
from trapstreet.store.models import Case, Snapshot, SnapshotOf


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a snapshot is of.

    source    the watched source's name;  path  where it lay there, safe to print
    version   as the source told it;  modified  Unix µs, None where nobody knows;  readers  who may read it
    size      of all that lay there, None where nobody knows;  kept  bytes of it in the snapshot
    sha256    of those;  whole  that is all there was
    again     it was fetched once more, since it was too large to be kept while it was read
    remark    what is not as it should be: why nothing is kept, or not all, or that it changed meanwhile
    excerpts  some of the places, masked
    """

    source: str
    path: str
    version: str = ""
    modified: int | None = None
    readers: str = ""
    size: int | None = None
    kept: int = 0
    sha256: str = ""
    whole: bool = False
    again: bool = False
    remark: str = ""
    excerpts: tuple[str, ...] = ()


class Frozen(msgspec.Struct, frozen=True):
    """What lay there, in a file that is on disk but in no alert yet.

    name  of the file;  key  of its own, b"" where there is no file;  stored  bytes of it
    """

    name: str
    about: About
    key: bytes = b""
    stored: int = 0


class Taken(msgspec.Struct, frozen=True):
    """A snapshot of a case; `there` until it is destroyed, and never where nothing could be kept."""

    id: int
    name: str
    about: About
    alerts: tuple[int, ...]
    taken_at: int
    destroyed_at: int | None
    there: bool


def enter(frozen: Frozen, alert: int, *, ring: KeyRing, at: int) -> bool:
    """The leak of an alert, by its number, lies in the snapshot; whether its file is needed: the same content
    is kept once. In the transaction that raises the alert; `sign` ends it."""
    if (
        not frozen.key
        and SnapshotOf.objects.filter(alert_id=alert).exclude(snapshot__name=frozen.name).exists()
    ):
        return False  # that nothing could be kept is said once
    mark = _mark(frozen.about.sha256, ring) if frozen.key else ""
    same = Snapshot.objects.filter(mark=mark).exclude(key=b"").first() if mark else None
    row = same or Snapshot.objects.filter(name=frozen.name).first() or _entered(frozen, mark, ring, at)
    SnapshotOf.objects.get_or_create(snapshot=row, alert_id=alert)
    return row.name == frozen.name


def sign(ring: KeyRing) -> None:
    """What the log holds of new snapshots is signed for."""
    if not log.is_signed():
        log.checkpoint(ring.log_signer())


def has_any(alerts: Collection[int]) -> set[int]:
    """Those of some alerts, by their numbers, of which there is a snapshot."""
    found = SnapshotOf.objects.filter(alert__in=alerts).exclude(snapshot__key=b"")
    return set(found.values_list("alert_id", flat=True))


def knows(content: str, ring: KeyRing) -> bool:
    """Whether content of this SHA-256 is kept."""
    return Snapshot.objects.filter(mark=_mark(content, ring)).exclude(key=b"").exists()


def stored() -> tuple[int, int]:
    """How many snapshots are kept, and how many bytes they take."""
    kept = Snapshot.objects.exclude(key=b"")
    return kept.count(), kept.aggregate(all=Sum("stored"))["all"] or 0


def of_case(case: Case, ring: KeyRing) -> list[Taken]:
    """The snapshots of a case, in the order in which they were taken."""
    alerts: dict[int, list[int]] = {}
    links = SnapshotOf.objects.filter(alert__case=case).order_by("id")
    for snapshot, alert in links.values_list("snapshot_id", "alert_id"):
        alerts.setdefault(snapshot, []).append(alert)
    rows = Snapshot.objects.filter(id__in=alerts).order_by("id")
    return [
        Taken(
            row.id,
            row.name,
            about_of(row, ring),
            tuple(alerts[row.id]),
            row.taken_at,
            row.destroyed_at,
            bool(row.key),
        )
        for row in rows
    ]


def about_of(row: Snapshot, ring: KeyRing) -> About:
    """What a snapshot is of, also when it was destroyed."""
    return msgspec.msgpack.decode(
        open_sealed(_key(ring), bytes(row.about), aad=_aad("about", row.name)), type=About
    )


def key_of(snapshot: int, ring: KeyRing) -> tuple[str, bytes]:
    """The file's name and its key. Raises UnusableInput where it was destroyed."""
    row = Snapshot.objects.get(id=snapshot)
    if not row.key:
        raise UnusableInput(
            f"the snapshot s{snapshot} is no longer there", hint="trapstreet case show says why, and its hash"
        )
    return row.name, open_sealed(_key(ring), bytes(row.key), aad=_aad("key", row.name))


def names() -> set[str]:
    """Those of the files that there should be."""
    return set(Snapshot.objects.exclude(key=b"").values_list("name", flat=True))


def over(*, before: int, most: int) -> list[int]:
    """Snapshots that were taken before a time, and whose cases were all closed before it."""
    kept = Q(alert__case__closed_at__isnull=True) | Q(alert__case__closed_at__gte=before)
    held = SnapshotOf.objects.filter(kept).values("snapshot_id")
    old = Snapshot.objects.filter(taken_at__lt=before).exclude(key=b"").exclude(id__in=held)
    return list(old.order_by("id").values_list("id", flat=True)[:most])


def destroy(ids: Collection[int], *, why: str, ring: KeyRing, at: int) -> list[str]:
    """The keys of some snapshots are gone for good, which the log tells; the names of their files.

    why  "time" or "asked"
    """
    with transaction.atomic():
        rows = list(Snapshot.objects.select_for_update().filter(id__in=ids).exclude(key=b""))
        for row in rows:
            _note({"event": "snapshot destroyed", "snapshot": row.name, "why": why}, at)
        Snapshot.objects.filter(id__in=[row.id for row in rows]).update(key=b"", destroyed_at=at)
        if rows:
            log.checkpoint(ring.log_signer())
    return [row.name for row in rows]


def newest_alert(case: Case) -> int:
    """The number of the newest of a case's alerts of which a snapshot is kept; 0 for none."""
    found = SnapshotOf.objects.filter(alert__case=case).exclude(snapshot__key=b"")
    return found.aggregate(last=Max("alert_id"))["last"] or 0


def cases_with_snapshots() -> Iterable[Case]:
    """The open cases of which snapshots are kept, the oldest first."""
    found = SnapshotOf.objects.filter(alert__case__closed_at__isnull=True).exclude(snapshot__key=b"")
    return Case.objects.filter(id__in=found.values("alert__case")).order_by("id")


def _entered(frozen: Frozen, mark: str, ring: KeyRing, at: int) -> Snapshot:
    key = _key(ring)
    about = seal(key, msgspec.msgpack.encode(frozen.about), aad=_aad("about", frozen.name))
    digest = sha256(about).digest()
    row = Snapshot.objects.create(
        name=frozen.name,
        mark=mark,
        key=seal(key, frozen.key, aad=_aad("key", frozen.name)) if frozen.key else b"",
        about=about,
        stored=frozen.stored,
        taken_at=at,
    )
    _note({"event": "snapshot", "snapshot": frozen.name, "digest": digest}, at)
    return row


def _note(entry: dict[str, Plain], at: int) -> None:
    log.append({**entry, "time": at})


def _mark(content: str, ring: KeyRing) -> str:
    return hmac.digest(ring.found_key(), b"snapshot " + content.encode(), "sha256")[:16].hex()


def _key(ring: KeyRing) -> bytes:
    return ring.derive("evidence")


def _aad(what: str, name: str) -> bytes:
    return f"snapshot {what} {name}".encode()
